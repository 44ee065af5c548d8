"""What the prober knocks with: the probes file, and the made-up agencies that it needs in the agencies file.

A probe agency is a city of nobody's, one on every partition, whose calls go the whole way to a team of machines. A beat
is a real agency's own `synthetic` source. Keys and tokens stand here in the clear, so the file is the prober's alone.
"""

from __future__ import annotations

import json
import secrets
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.agencies import Role, Secret, hash_of, new_signing_secret
from shared.call import Name
from shared.validation import faults_in

EXIT_SETTINGS = 78
"""A setting is wrong."""
SOURCE = "cad"
"""The source of a probe agency."""
SUPERVISOR, APPROVER, ROBOT = "prober-one", "prober-two", "robot"
"""Its people: one proposes, another approves, the third is the team."""
PEOPLE: Mapping[str, tuple[Role, ...]] = {SUPERVISOR: ("supervisor",), APPROVER: ("approver",), ROBOT: ("staff",)}
TEAM, RESPONSE, DISTRICT = "robots", "robots", "Nowhere"
CALL_TYPE = {"system": "probe", "code": "PROBE"}
QUESTIONS = {"Q1": "weapon", "Q2": "violence", "Q3": "crime", "Q4": "injury", "Q5": "suicide"}
DOCUMENT = """\
# A city of nobody's: careroute sends itself a call there, and a team of machines takes it.
agency = "{agency}"
programme = "Probe"
version = 1
effective = 2024-01-01T00:00:00
time_zone = "UTC"
default = "nobody: this city does not exist"
[districts]
Nowhere = []
[call_types.probe]
PROBE = {{ category = "probe" }}
[heard]
answers = {{ Q1 = "weapon", Q2 = "violence", Q3 = "crime", Q4 = "injury", Q5 = "suicide" }}
[[level]]
name = "calm"
sends = ["robots"]
[[level]]
name = "dangerous"
sends = ["default"]
raised_by = [
  {{ weapon = "elsewhere or worse" }}, {{ violence = "past or worse" }}, {{ crime = "reported or worse" }},
  {{ injury = "minor or worse" }}, {{ suicide = "ideation or worse" }},
]
[responses.robots]
model = "mobile-crisis-team"
crew = ["clinician"]
takes = ["probe"]
goes = "instead of default"
reached_by = "offer"
[[rollout]]
response = "robots"
districts = "all"
from = 2024-01-01
hours = ["daily 00:00-24:00"]
phase = "live"
[when_no_team]
steps = [{{ try = "same response", seconds = 30 }}, {{ try = "default" }}]
"""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ProbeAgency(_Part):
    """What the prober has of one made-up agency."""

    partition: int | None = Field(default=None, ge=0)
    """The one that its records stand on; for people to know which worker is in question."""
    key: str = Field(min_length=1)
    webhook_secret: Secret
    page_secret: Secret
    tokens: dict[Name, str]
    """Of each of `PEOPLE`."""


class Beat(_Part):
    """What the prober has of a real agency: its synthetic source, and a viewer's token."""

    source: Name
    key: str = Field(min_length=1)
    token: str = Field(min_length=1)


class Probes(_Part):
    """The probes file."""

    agencies: dict[Name, ProbeAgency] = {}
    beats: dict[Name, Beat] = {}
    """By agency."""


class ProbesRefused(ValueError):
    """The probes file is wrong; says where."""


def read_probes(path: Path) -> Probes:
    """What a probes file says. Raises ProbesRefused, which says what to do where there is no such file."""
    try:
        return Probes.model_validate(tomllib.loads(path.read_text("utf-8")))
    except IsADirectoryError:
        raise ProbesRefused(
            f"{path.name}: it is a directory, as Docker makes one where a file is missing; remove it, then make "
            "the file (`careroute probe agencies`)"
        ) from None
    except FileNotFoundError:
        raise ProbesRefused(f"{path.name}: there is no such file; make it (`careroute probe agencies`)") from None
    except OSError as error:
        raise ProbesRefused(f"{path.name}: it cannot be read ({error.strerror})") from None
    except ValidationError as error:
        raise ProbesRefused(f"{path.name}: {'; '.join(faults_in(error))}") from None
    except ValueError as error:
        raise ProbesRefused(f"{path.name}: {error}") from None


def probes_of(path: Path) -> Probes:
    """What a probes file says. A wrong one ends the process (`EXIT_SETTINGS`) with a line."""
    try:
        return read_probes(path)
    except ProbesRefused as error:
        sys.stderr.write(f"CAREROUTE_PROBES_FILE: {error}\n")
        sys.exit(EXIT_SETTINGS)


def document_of(agency: str) -> str:
    """The programme document of a probe agency."""
    return DOCUMENT.format(agency=agency)


def names_on(partitions: int, partition_of: Callable[[str], int]) -> dict[str, int]:
    """The first names of probe agencies of which one is on every partition, and which."""
    found: dict[int, str] = {}
    for name in map("probe-{}".format, count()):
        found.setdefault(partition_of(name), name)
        if len(found) == partitions:
            return {found[partition]: partition for partition in sorted(found)}
    raise AssertionError


def fresh_agency(partition: int) -> ProbeAgency:
    """A probe agency with keys and secrets that nobody has yet."""
    tokens = {person: secrets.token_urlsafe(32) for person in PEOPLE}
    key, (webhook, page) = secrets.token_urlsafe(32), (new_signing_secret(), new_signing_secret())
    return ProbeAgency(partition=partition, key=key, webhook_secret=webhook, page_secret=page, tokens=tokens)


def probes_text(probes: Probes) -> str:
    """The probes file of these."""
    return "\n".join([*_lines_of_agencies(probes.agencies), *_lines_of_beats(probes.beats), ""])


def _lines_of_agencies(agencies: Mapping[str, ProbeAgency]) -> Iterator[str]:
    for name, agency in agencies.items():
        yield f"[agencies.{name}]"
        if agency.partition is not None:
            yield f"partition = {agency.partition}"
        yield f"key = {_quoted(agency.key)}"
        yield f"webhook_secret = {_quoted(agency.webhook_secret)}"
        yield f"page_secret = {_quoted(agency.page_secret)}"
        yield f"tokens = {_table(agency.tokens.items())}"


def _lines_of_beats(beats: Mapping[str, Beat]) -> Iterator[str]:
    for name, beat in beats.items():
        yield f"[beats.{_quoted(name)}]"
        yield from (f"{field} = {_quoted(value)}" for field, value in beat)


def agencies_text(agencies: Mapping[str, ProbeAgency], prober_url: str) -> str:
    """The part of the agencies file that makes these known: hashes, and where the prober is told and paged."""
    lines: list[str] = []
    for name, agency in agencies.items():
        webhook = {"url": cad_url(prober_url, name), "secret": agency.webhook_secret}
        lines += [f"[agencies.{name}]", f"page_secret = {_quoted(agency.page_secret)}"]
        lines += [f"[agencies.{name}.sources.{SOURCE}]", f"keys = [{_quoted(hash_of(agency.key))}]"]
        lines.append(f"webhook = {_table(webhook.items())}")
        for person, token in agency.tokens.items():
            roles = ", ".join(map(_quoted, PEOPLE[person]))
            lines += [f"[agencies.{name}.people.{person}]", f"token = {_quoted(hash_of(token))}", f"roles = [{roles}]"]
    return "\n".join([*lines, ""])


def beat_text(agency: str, beat: Beat) -> str:
    """The part of the agencies file that makes a real agency's synthetic source known, and who reads for it."""
    return "\n".join([
        f"[agencies.{_quoted(agency)}.sources.{_quoted(beat.source)}]",
        'kind = "synthetic"',
        f"keys = [{_quoted(hash_of(beat.key))}]",
        f"[agencies.{_quoted(agency)}.people.prober]",
        f"token = {_quoted(hash_of(beat.token))}",
        'roles = ["viewer"]',
        "",
    ])  # fmt: skip


def cad_url(prober_url: str, agency: str) -> str:
    """Where the prober is told what becomes of its calls."""
    return f"{prober_url}/cad/{agency}"


def pages_url(prober_url: str, agency: str) -> str:
    """Where its team of machines is paged."""
    return f"{prober_url}/pages/{agency}"


def _table(items: Iterable[tuple[str, str]]) -> str:
    return "{ " + ", ".join(f"{name} = {_quoted(value)}" for name, value in items) + " }"


def _quoted(value: str) -> str:
    return json.dumps(value)  # a JSON string of these characters is a TOML string
