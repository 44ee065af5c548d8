"""The topic `audit-log`: who saw, opened, handed out, changed and erased what.

Nothing personal stands here: people, devices and services are named by their ids. Each record is a link of a chain
(`shared.audit_log.chain`). The findings of the auditor are something else, and stand in `audits`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Id

Identified = Literal["", "token", "browser", "identity-provider", "link", "device", "key", "process"]
"""How a door knew who asked; empty: it did not."""
CameFrom = Literal["", "this-machine", "private", "public"]
"""The kind of network that a request came from. No address is kept: it would tell where a person was."""


class _AuditEntry(Event):
    at: AwareDatetime
    by: Id = ""
    """A person, a device, a CAD's source or a service; empty where nobody was recognised."""
    roles: tuple[str, ...] = ()
    identified: Identified = ""
    door: str = ""
    """The process that writes this down."""
    request: str = ""
    """What was asked for, e.g. `GET /v1/people`, without what a link or an id would tell."""
    came_from: CameFrom = ""


AuditEntry = _AuditEntry
"""What every entry says: who, over which door, and when."""


class _Repeated(_AuditEntry):
    times: int = Field(default=1, ge=1)
    """The first time is written at once; what repeats it within a minute is one more entry that counts them."""
    until: AwareDatetime | None = None
    """The last of several times, of which `at` is the first."""


class PersonalDataSeen(_Repeated):
    """Personal data was opened and shown to somebody."""

    what: Literal["call", "names", "addresses"]
    """The sealed part of a call; names of staff; addresses of staff."""
    call_id: str = ""
    person_id: Id = ""
    """Whose name or address it was; empty where it was everybody's of the agency."""
    key_id: str = ""
    """The key that opened it."""


class KeyUsed(_Repeated):
    """A service opened sealed data by itself, to do its work; nobody saw it."""

    key_id: str
    what: Literal["call", "names", "addresses"]
    purpose: Literal["judge", "send", "recognise"]
    """To look for a programme's words; to reach somebody; to know whose number a text came from."""


class SignedIn(_AuditEntry):
    """Somebody signed in at a browser, or used their token or key for the first time since the door started."""


class SignInRefused(_Repeated):
    """A token, a key, a link or a sign-in was refused: nobody is known by it, or whoever is may do nothing."""


class SignedOut(_AuditEntry):
    """Somebody signed out."""


class LinkHandedOut(_AuditEntry):
    """A link that acts for a person was shown or handed out."""

    what: Literal["shift", "calendar", "device"]
    person_id: Id = ""


class CommandIssued(_AuditEntry):
    """A person or a machine issued a command: an override, a pause, a programme, a contact, an erasure."""

    command_id: Id
    command_type: str
    call_id: str = ""
    person_id: Id = ""
    people: tuple[Id, ...] = ()
    """Others whom it is about: who is signed on, has a place in a shift, or held what is revoked."""
    district: str = ""
    position: str = ""
    """Where the command stands, `topic/partition/offset`; empty where that is not known."""
    digest: str = ""
    """SHA-256 of the command's record, in hex: what stands at the position must have it."""
    answer: Literal["done", "refused", "not-yet", "not-sent"]


class DataExported(_AuditEntry):
    """Figures, calls or a document were given out in bulk."""

    what: str
    since: str = ""
    until: str = ""


class PersonalDataErased(_AuditEntry):
    """Personal data was erased: a call's sealed part, or what there was of a person."""

    call_id: str = ""
    person_id: Id = ""
    reason: str = ""


class AuditEntriesLost(_AuditEntry):
    """A process had to give up entries that it could not write, because too many waited."""

    count: int = Field(ge=1)
    until: AwareDatetime


class HeadsCited(Event):
    """A process that had nothing else to write says which records of others it has seen."""

    at: AwareDatetime
