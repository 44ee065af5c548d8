"""The agencies file: who may knock at which door, and where the CADs' webhooks are. Read again whenever it changes.

A key or token is 256 random bits; the file holds its SHA-256 only. Two keys a source are valid at a time, so that one
can be changed without a gap.

A file that is wrong, or gone, takes nothing away: no call is lost for a missing bracket, and nobody who may press the
stop switch is locked out. So the file before it stays in force for as long as it takes, and log, metric, alert and
`/readyz` say so. What has to end meanwhile is ended by a command: a revoked token or key is let in nowhere, whatever
any file says, and for good.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
import sys
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self, TypeVar, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from shared.addresses import Url
from shared.call import Name
from shared.carriers import CarrierName, Carriers, Channel, MostPerDay, Reach, Telnyx, Twilio, Zone
from shared.clock import SystemClock
from shared.config import EXIT_SETTINGS
from shared.telemetry import AGENCIES_FILE, AGENCIES_FILE_REFUSED, logger
from shared.validation import faults_in, several

Holder = TypeVar("Holder", "Source", "Principal")
SourceKind = Literal["cad", "synthetic"]
"""What publishes: a CAD, or careroute itself, whose test calls no team is ever sent to."""
Role = Literal["cad", "dispatcher", "supervisor", "approver", "staff", "viewer"]
KeyHash = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
SECRET_PREFIX = "whsec_"  # noqa: S105  # not one itself
SECRET_BYTES = range(24, 65)
"""Standard Webhooks' own bounds."""
PROBE_AGENCY = re.compile(r"probe-[0-9]+")
"""Agencies of this name are careroute's own: made-up cities, one on every partition, whose calls go the whole way."""


def is_probe(agency: str) -> bool:
    """Whether an agency is made up to test careroute: no figure counts it, and the prober alone alarms for it."""
    return PROBE_AGENCY.fullmatch(agency) is not None


def hash_of(key: str) -> str:
    """What the file holds of a key or token."""
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def sign_in_hash(name: str) -> str:
    """What stands for a person who signs in under this name; nobody is let in for knowing it."""
    return hash_of(f"signs in as {name}")


def new_signing_secret() -> str:
    """What signs webhooks, as Standard Webhooks write it; nobody has it yet."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES[0])).decode()


def _signing_secret(secret: str) -> str:
    """A secret is tried when the file is read, not when the first message waits for it."""
    encoded = secret.removeprefix(SECRET_PREFIX).rstrip("=")
    try:
        size = len(base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not secret.startswith(SECRET_PREFIX) or size not in SECRET_BYTES:
        least, most = SECRET_BYTES[0], SECRET_BYTES[-1]
        message = f"must be {SECRET_PREFIX} and {least} to {most} random bytes in base64"
        raise ValueError(message)
    return secret


Secret = Annotated[str, AfterValidator(_signing_secret)]
Secrets = Annotated[tuple[Secret, ...], BeforeValidator(several), Field(min_length=1, max_length=2)]
"""One, or two while one is being changed: everything is signed with both."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CadWebhook(_Part):
    """Where a CAD is told outcomes, and the secret that signs them (Standard Webhooks)."""

    url: Url
    secret: Secrets


def _source_kind(kind: object) -> object:
    """A kind that is misspelt must not turn a test call into a real one, nor a real one into a test."""
    if kind not in get_args(SourceKind):
        raise ValueError(f"must be one of {', '.join(get_args(SourceKind))}; a source that says nothing is a cad")
    return kind


class Source(_Part):
    """A CAD that publishes calls for an agency."""

    kind: Annotated[SourceKind, BeforeValidator(_source_kind)] = "cad"
    """`synthetic`: careroute's own test calls. They are judged like any other, and never reach a team."""
    keys: tuple[KeyHash, ...] = Field(default=(), max_length=2)
    replay: bool = False
    """Calls of the past: the gates use the call's own time, the deadlines run in wall time."""
    webhook: CadWebhook | None = None
    agency: str = ""
    name: str = ""

    @model_validator(mode="after")
    def _nobody_hears_of_a_test(self) -> Self:
        """An acknowledgement of a machine would end what a person has to see to."""
        if self.kind == "synthetic" and self.webhook is not None:
            raise ValueError("a synthetic source has no webhook: of a test call nobody is told")
        return self


SignIn = Annotated[str, StringConstraints(max_length=255, pattern=r"^(sub:\S+|email:[^\sA-Z]+@[^\sA-Z]+)$")]
"""A person as the identity provider names them: `sub:…`, or `email:…` in small letters."""


class Principal(_Part):
    """A person, by their token, or by what an identity provider calls them."""

    token: KeyHash | None = None
    sign_in: SignIn | None = None
    roles: frozenset[Role]
    agency: str = ""
    name: str = ""

    @model_validator(mode="after")
    def _comes_in(self) -> Self:
        if self.token is None and self.sign_in is None:
            raise ValueError("a person has a token, or a sign_in at the identity provider, or both")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """The hashes under which they are known: of a token, and of a name at the identity provider."""
        return tuple(filter(None, (self.token, sign_in_hash(self.sign_in) if self.sign_in else None)))


class Agency(_Part):
    """One agency's doors, and how its staff are reached."""

    sources: dict[Name, Source] = {}
    people: dict[Name, Principal] = {}
    page_secret: Secrets | None = None
    """Signs the webhook pages to this agency's staff."""
    groups: dict[str, frozenset[Role]] = {}
    """What groups at the identity provider may do. Where there are any, who signs in there has these roles alone."""
    carriers: Carriers = Carriers()
    reach: Reach = Reach()
    """Who carries texts and calls to its staff."""
    at_most_per_day: MostPerDay = MostPerDay()
    """What it pays for. Offers, and what tells of a call, go out all the same."""
    zone: Zone | None = None

    @model_validator(mode="after")
    def _day_is_its_own(self) -> Self:
        if self.at_most_per_day != MostPerDay() and self.zone is None:
            raise ValueError("at_most_per_day needs the zone of the agency, whose day it is")
        return self

    @model_validator(mode="after")
    def _order_of_carriers_stands(self) -> Self:
        self.reach.check(self.carriers)
        return self


class _File(_Part):
    agencies: dict[Name, Agency] = Field(min_length=1)
    """An empty file would shut everybody out: it is one that was cut short, not one that somebody means."""

    @model_validator(mode="after")
    def _each_key_once(self) -> Self:
        """Who has a token, key or sign_in is one person or source: a line that was copied opens no other agency."""
        held: dict[str, str] = {}
        for name, agency in self.agencies.items():
            holders: Iterable[tuple[str, Principal | Source]] = (*agency.people.items(), *agency.sources.items())
            for holder, keys in ((f"{name}/{own}", frozenset(each.keys)) for own, each in holders):
                if twice := keys & held.keys():
                    first = held[min(twice)]
                    raise ValueError(
                        f"{first} and {holder} have the same token, key or sign_in: nobody could tell who comes"
                    )
                held |= dict.fromkeys(keys, holder)
        return self

    @model_validator(mode="after")
    def _each_sender_once(self) -> Self:
        """A carrier takes what is texted to a number to one address: to another agency's it would be a stranger's."""
        held: dict[str, str] = {}
        for name, agency in self.agencies.items():
            for sender in agency.carriers.ours:
                if (first := held.setdefault(sender, name)) != name:
                    raise ValueError(
                        f"{first} and {name} both send from {sender}: answers to one of them would be lost. "
                        "Give each agency senders of its own"
                    )
        return self


class DayLimit(NamedTuple):
    """How many pages of one kind of way an agency pays for in a day, and where its clocks stand."""

    most: int
    zone: ZoneInfo

    def day_began(self, now: datetime) -> datetime:
        """The agency's last midnight, in UTC."""
        midnight = now.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return midnight.astimezone(UTC)


class AgenciesRefused(ValueError):
    """The agencies file is wrong; says where."""


class Refusal(NamedTuple):
    """What is wrong with the file as it is now, and since when it is not taken."""

    fault: str
    since: datetime


NEVER_READ = (0, 0)


class Agencies:
    """The agencies file as it stands. A changed file that is wrong is not taken: the old one stays, loudly."""

    def __init__(self, path: Path) -> None:
        self._path, self._clock = path, SystemClock()
        self._stamp: tuple[int, int] = NEVER_READ
        self._refusal: Refusal | None = None
        self._revoked: set[tuple[str, str | None]] = set()
        """Agency and hash."""
        self._load()
        AGENCIES_FILE_REFUSED.set_function(lambda: float(self.refused_since is not None))

    @property
    def refused_since(self) -> datetime | None:
        """Since when the file is wrong or gone, and the one before it in force."""
        self.current()
        return self._refusal.since if self._refusal else None

    def remark(self) -> str:
        """What somebody should know who asks whether a door is ready; the log has what is wrong."""
        if (since := self.refused_since) is None:
            return ""
        return f"The agencies file is refused since {since:%Y-%m-%d %H:%M:%S} UTC: the one before it is in force."

    def revoke(self, agency: str, token_hash: str) -> None:
        """Let an agency's token or key in no more, whatever the file says."""
        self._revoked.add((agency, token_hash))

    def source_of(self, key: str) -> Source | None:
        """The source that a key belongs to."""
        self.current()
        return self._holder(self._sources, hash_of(key))

    def person_of(self, token: str) -> Principal | None:
        """The person that a token belongs to."""
        person = self.person_with(hash_of(token))
        return person if person is not None and person.token == hash_of(token) else None

    def person_with(self, key: str) -> Principal | None:
        """The person who is known under this hash, of a token or of a `sign_in`, for as long as it lets them in."""
        self.current()
        person = self._holder(self._people, key)
        return None if person is None or (person.agency, person.token) in self._revoked else person

    def names(self) -> tuple[str, ...]:
        """Every agency that has a door."""
        return tuple(self.current().agencies)

    def agency(self, name: str) -> Agency | None:
        """One agency's doors."""
        return self.current().agencies.get(name)

    def cad_webhook(self, agency: str, source: str) -> CadWebhook | None:
        """Where the CAD of a source is told outcomes."""
        doors = self.agency(agency)
        publishes = doors.sources.get(source) if doors else None
        return publishes.webhook if publishes else None

    def page_secrets(self, agency: str) -> tuple[str, ...]:
        """What signs an agency's webhook pages; nothing where it has no secret."""
        doors = self.agency(agency)
        return (doors.page_secret or ()) if doors else ()

    def carriers(self, agency: str, channel: Channel) -> Mapping[CarrierName, Twilio | Telnyx]:
        """Who carries an agency's texts or calls, in their order; nobody where it has no carrier."""
        doors = self.agency(agency)
        return doors.reach.order(channel, doors.carriers) if doors else {}

    def carrier(self, agency: str, name: CarrierName) -> Twilio | Telnyx | None:
        """An agency's account at a carrier."""
        doors = self.agency(agency)
        return doors.carriers.get(name) if doors else None

    def senders(self) -> dict[str, tuple[str, ...]]:
        """By agency, every number that its texts and calls come from."""
        return {name: senders for name, doors in self.current().agencies.items() if (senders := doors.carriers.senders)}

    def zone(self, agency: str) -> ZoneInfo | None:
        """Where an agency's clocks stand, if the file says so."""
        doors = self.agency(agency)
        return ZoneInfo(doors.zone) if doors and doors.zone else None

    def day_limit(self, agency: str, kind: str) -> DayLimit | None:
        """How many texts or calls an agency pays for in a day of its own, if it has said so."""
        doors = self.agency(agency)
        most = doors.at_most_per_day.of(kind) if doors else None
        zone = self.zone(agency)
        return None if most is None or zone is None else DayLimit(most, zone)

    def may_pause(self, agency: str) -> bool:
        """Whether somebody there can reach the stop switch."""
        doors = self.agency(agency)
        people = doors.people.values() if doors else ()
        keys = (key for person in people if person.roles & {"dispatcher", "supervisor"} for key in person.keys)
        return any(map(self.person_with, keys))

    def current(self) -> _File:
        """The file, read again if it changed."""
        try:
            stat = self._path.stat()
            if (stat.st_mtime_ns, stat.st_size) != self._stamp:
                self._load()
        except OSError as error:
            self._stamp = NEVER_READ  # so that it is read once it is back, even if it is the same
            self._refuse(f"{self._path.name}: {error.strerror}")
        except AgenciesRefused as error:
            self._refuse(str(error))
        return self._file

    def _refuse(self, fault: str) -> None:
        before = self._refusal
        if before is None or before.fault != fault:
            logger().error("agencies file refused, the one before it stays in force", wrong=fault)
        self._refusal = Refusal(fault, before.since if before else self._clock.now())

    def _load(self) -> None:
        stat = self._path.stat()
        self._stamp = (stat.st_mtime_ns, stat.st_size)
        text = self._path.read_bytes()
        written = _written(self._path.name, text)
        self._file = _File(agencies={name: _named(name, agency) for name, agency in written.agencies.items()})
        agencies = self._file.agencies.values()
        self._sources = {
            key: source for agency in agencies for source in agency.sources.values() for key in source.keys
        }
        people = [person for agency in agencies for person in agency.people.values()]
        self._people = {key: person for person in people for key in person.keys}
        AGENCIES_FILE.clear()
        AGENCIES_FILE.labels(hashlib.sha256(text).hexdigest()[:8]).set(1)
        if self._refusal is not None:
            logger().info("agencies file taken again")
        self._refusal = None

    def _holder(self, holders: Mapping[str, Holder], key_hash: str) -> Holder | None:
        """Who has a key. Looked up by its hash: how long that takes tells nothing of the key."""
        holder = holders.get(key_hash)
        return None if holder is None or (holder.agency, key_hash) in self._revoked else holder


def check(name: str, text: str) -> None:
    """See that a file of this name that says this would be taken. Raises AgenciesRefused."""
    _written(name, text.encode())


def _written(name: str, text: bytes) -> _File:
    try:
        return _File.model_validate(tomllib.loads(text.decode("utf-8-sig")))
    except ValidationError as error:
        message = f"{name}: {'; '.join(faults_in(error))}"
        raise AgenciesRefused(message) from None
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, a number without end, brackets without end
        message = f"{name}: {error}"
        raise AgenciesRefused(message) from error


def agencies_in(path: Path) -> Agencies:
    """The agencies file as a process begins with it. A wrong one ends the process (`EXIT_SETTINGS`) with a line."""
    try:
        return Agencies(path)
    except (OSError, AgenciesRefused) as error:
        sys.stderr.write(f"CAREROUTE_AGENCIES_FILE: {error}\n")
        sys.exit(EXIT_SETTINGS)


def _named(name: str, agency: Agency) -> Agency:
    """Sources and people know their agency and their own name."""
    return agency.model_copy(
        update={
            "sources": {k: v.model_copy(update={"agency": name, "name": k}) for k, v in agency.sources.items()},
            "people": {k: v.model_copy(update={"agency": name, "name": k}) for k, v in agency.people.items()},
        }
    )
