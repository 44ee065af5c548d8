"""The agencies file: who may knock at which door, and where the CADs' webhooks are. Read again whenever it changes.

A key or token is 256 random bits; the file holds its SHA-256 only. Two keys a source are valid at a time, so that one
can be changed without a gap.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from shared.addresses import Url
from shared.call import Name

Found = TypeVar("Found")
Role = Literal["cad", "dispatcher", "supervisor", "approver", "staff", "viewer"]
KeyHash = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
SECRET_PREFIX = "whsec_"  # noqa: S105  # not one itself
SECRET_BYTES = range(24, 65)
"""Standard Webhooks' own bounds."""


def hash_of(key: str) -> str:
    """What the file holds of a key or token."""
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


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


def _as_several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Secret = Annotated[str, AfterValidator(_signing_secret)]
Secrets = Annotated[tuple[Secret, ...], BeforeValidator(_as_several), Field(min_length=1, max_length=2)]
"""One, or two while one is being changed: everything is signed with both."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CadWebhook(_Part):
    """Where a CAD is told outcomes, and the secret that signs them (Standard Webhooks)."""

    url: Url
    secret: Secrets


class Source(_Part):
    """A CAD that publishes calls for an agency."""

    keys: tuple[KeyHash, ...] = Field(default=(), max_length=2)
    replay: bool = False
    """Calls of the past: the gates use the call's own time, the deadlines run in wall time."""
    webhook: CadWebhook | None = None
    agency: str = ""
    name: str = ""


class Principal(_Part):
    """A person, by their token."""

    token: KeyHash
    roles: frozenset[Role]
    agency: str = ""
    name: str = ""


class Agency(_Part):
    """One agency's doors."""

    sources: dict[Name, Source] = {}
    people: dict[Name, Principal] = {}
    page_secret: Secrets | None = None
    """Signs the webhook pages to this agency's staff."""


class _File(_Part):
    agencies: dict[Name, Agency] = {}


class AgenciesRefused(ValueError):
    """The agencies file is wrong; says where."""


class Agencies:
    """The agencies file as it stands. A changed file that is wrong is not taken: the old one stays, loudly."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] = (0, 0)
        self.fault: str | None = None
        """What is wrong with the file as it is now, where the one before it still serves."""
        self._load()

    def source_of(self, key: str) -> Source | None:
        """The source that a key belongs to."""
        self.current()
        return _found(self._sources, key)

    def person_of(self, token: str) -> Principal | None:
        """The person that a token belongs to."""
        self.current()
        return _found(self._people, token)

    def names(self) -> tuple[str, ...]:
        """Every agency that has a door."""
        return tuple(self.current().agencies)

    def agency(self, name: str) -> Agency | None:
        """One agency's doors."""
        return self.current().agencies.get(name)

    def cad_webhook(self, agency: str, source: str) -> CadWebhook | None:
        """Where the CAD of a source is told outcomes."""
        held = self.agency(agency)
        found = held.sources.get(source) if held else None
        return found.webhook if found else None

    def page_secrets(self, agency: str) -> tuple[str, ...]:
        """What signs an agency's webhook pages; nothing where it has no secret."""
        doors = self.agency(agency)
        return (doors.page_secret or ()) if doors else ()

    def may_pause(self, agency: str) -> bool:
        """Whether somebody there can reach the stop switch."""
        held = self.agency(agency)
        return held is not None and any(person.roles & {"dispatcher", "supervisor"} for person in held.people.values())

    def current(self) -> _File:
        """The file, read again if it changed."""
        try:
            stat = self._path.stat()
            if (stat.st_mtime_ns, stat.st_size) != self._stamp:
                self._load()
        except (OSError, AgenciesRefused) as error:
            self.fault = str(error)
        return self._file

    def _load(self) -> None:
        stat = self._path.stat()
        self._stamp = (stat.st_mtime_ns, stat.st_size)
        try:
            raw = tomllib.loads(self._path.read_text("utf-8"))
            held = _File.model_validate(raw)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            message = f"{self._path.name}: {error}"
            raise AgenciesRefused(message) from error
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            message = f"{self._path.name}: {faults}"
            raise AgenciesRefused(message) from None
        self._file = _File(agencies={name: _named(name, agency) for name, agency in held.agencies.items()})
        agencies = self._file.agencies.values()
        self._sources = {
            key: source for agency in agencies for source in agency.sources.values() for key in source.keys
        }
        self._people = {person.token: person for agency in agencies for person in agency.people.values()}
        self.fault = None


def _found(known: Mapping[str, Found], key: str) -> Found | None:
    """What a key belongs to. Looked up by its hash: how long that takes tells nothing of the key."""
    return known.get(hash_of(key))


def _named(name: str, agency: Agency) -> Agency:
    """Sources and people know their agency and their own name."""
    return agency.model_copy(
        update={
            "sources": {k: v.model_copy(update={"agency": name, "name": k}) for k, v in agency.sources.items()},
            "people": {k: v.model_copy(update={"agency": name, "name": k}) for k, v in agency.people.items()},
        }
    )
