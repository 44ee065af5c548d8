"""Which document is rehearsed, and which version follows it."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

from deploy.actors.scenario import PROGRAMMES
from shared.plain import how_many
from shared.programme import Programme, ProgrammeRefused, read


class CannotRehearse(ValueError):
    """There is no such document, or it cannot be played; says why."""


def find(name: str) -> Path:
    """The document that is meant; of a preset without a date the newest. Raises CannotRehearse."""
    if name.endswith(".toml"):
        if (path := Path(name)).exists():
            return path
        raise CannotRehearse(f"there is no file {name}.")
    dated = [path for path in sorted(PROGRAMMES.glob("*.toml")) if name in (path.stem, _family(path))]
    if not dated:
        families = ", ".join(sorted({_family(path) for path in PROGRAMMES.glob("*.toml")}))
        raise CannotRehearse(f"no preset is called {name!r}; there are {families}.")
    return dated[-1]


def verified(document: str, path: Path) -> Programme:
    """The programme that a document says. Raises CannotRehearse with its first faults."""
    try:
        return read(document)
    except ProgrammeRefused as refused:
        faults = "; ".join(str(fault) for fault in refused.faults[:3])
        raise CannotRehearse(f"{path.name} has {how_many(len(refused.faults), 'fault')}: {faults}") from None


def effective_now(document: str, now: datetime) -> str:
    """The document, taking effect at once where its instant is still to come."""
    effective = re.search(r"(?m)^effective\s*=\s*(\d{4}-\d\d-\d\d)", document)
    if effective is None or date.fromisoformat(effective[1]) < now.date():
        return document
    return re.sub(r"(?m)^(effective\s*=\s*)\S+", r"\g<1>2000-01-01T00:00:00", document, count=1)


def next_version(path: Path, document: str, programme: Programme, response: str) -> tuple[str, str]:
    """The version to put in force after this one, and what it is in words.

    The next document of its family by date, or the same document with a row of the response lowered.
    """
    version = programme.version + 1
    later = [other for other in sorted(path.parent.glob(f"{_family(path)}.*.toml")) if other.stem > path.stem]
    if later and _family(path) != path.stem:
        following = later[0].read_text("utf-8")
        version = max(version, verified(following, later[0]).version)
        return _numbered(following, version), f"version {version} ({later[0].name})"
    lowered = _lowered(_numbered(document, version), response)
    try:
        read(lowered)
    except ProgrammeRefused:
        return _numbered(document, version), f"version {version} (only its number differs)"
    return lowered, f"version {version} (one row of {response} lowered)"


def _family(path: Path) -> str:
    """A document's name without its date."""
    return path.stem.partition(".")[0]


def _numbered(document: str, version: int) -> str:
    return re.sub(r"(?m)^(version\s*=\s*)\d+", rf"\g<1>{version}", document, count=1)


def _lowered(document: str, response: str) -> str:
    """The document with the first row of a response one phase lower."""
    tables = re.split(r"(?m)^(?=\[)", document)
    for number, table in enumerate(tables):
        row = table.startswith("[[rollout]]") and re.search(rf'(?m)^response\s*= "{re.escape(response)}"', table)
        phase = re.search(r'(?m)^(phase\s*= )"(\w+)"', table) if row else None
        if phase is not None:
            lower = "shadow" if phase[2] in ("live", "advisory") else "off"
            tables[number] = table.replace(phase[0], f'{phase[1]}"{lower}"')
            break
    return "".join(tables)
