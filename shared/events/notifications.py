"""The topic `notifications`, notification's journal."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime

from shared.events.base import Event, Id
from shared.events.roster import ContactMethod

PageKind = Literal[
    "offer",
    "withdrawn",
    "unconfirmed",
    "upgrade",
    "not-moving",
    "safety-check",
    "stays",
    "may-enter",
    "changed",
]


class PageDue(Event):
    """A page to one person over one contact method is owed. For an offer: (offer step, person, contact method)."""

    page_id: Id
    kind: PageKind
    call_id: str
    episode: int
    team_id: str
    person_id: str
    method: ContactMethod
    not_after: AwareDatetime
    offer_id: Id | None = None
    district: str | None = None
    priority: str | None = None
    why: str = ""
    link_generation: int = 0
    """Of the person's links: which one leads somewhere."""


class LinksRenewed(Event):
    """A person's links were revoked: what they are sent from now on has links of this generation."""

    person_id: str
    generation: int
    contact_methods: tuple[ContactMethod, ...] = ()
    """The ways that they are still reached in, of those that they had before."""


class PageAttempted(Event):
    """The page is being handed to its provider; it will never be sent a second time."""

    page_id: Id


class PageDelivered(Event):
    """The provider took the page."""

    page_id: Id


class PageFailed(Event):
    """The page did not go out, or nobody knows (`unknown`: the process died while sending)."""

    page_id: Id
    why: str


class PageDropped(Event):
    """The page was owed and is not any more: past its deadline, cancelled, taken. Or it was never owed."""

    page_id: Id
    why: str
    page: PageDue | None = None
    """The page, where it was never owed: it came too late, or its offer pages nobody."""


MessageKind = Literal[
    "call.routed",
    "unit.status",
    "call.upgraded",
    "assignment.withdrawn",
    "team.not-moving",
    "team.silent",
    "call.confirm",
    "team.needs-police",
    "team.stays",
    "team.may-enter",
    "team.entered",
    "team.staged",
    "call.changed",
    "team.moved",
    "ping",
]


class CadMessageDue(Event):
    """A webhook message to the CAD of a source is owed, until `not_after`."""

    message_id: Id
    kind: MessageKind
    source: str
    body: dict[str, Any]
    not_after: AwareDatetime
    call_id: str = ""
    episode: int | None = None
    needs_police: str = ""
    """The team that asks for police in it."""


class CadInformed(Event):
    """The CAD acknowledged a message."""

    message_id: Id
    source: str
    kind: MessageKind
    call_id: str = ""
    episode: int | None = None
    needs_police: str = ""


class CadNotInformed(Event):
    """The CAD did not acknowledge a message in time."""

    message_id: Id
    source: str
    kind: MessageKind
    why: str
    call_id: str = ""
    episode: int | None = None
    alarm: bool = False
    """The CAD now believes something that is not so: a person has to tell it."""
    needs_police: str = ""


class AlertAcknowledged(Event):
    """Somebody looks after an alert, which stays open; or they take it for noise, and `reason` says why."""

    alert_id: str
    kind: str
    raised_at: AwareDatetime
    acknowledged_by: str
    reason: str = ""
    noise: bool = False


class CadWebhookDisabled(Event):
    """The CAD answered 410 Gone: nothing is sent to this source until a ping succeeds."""

    source: str


class CadWebhookEnabled(Event):
    """A ping succeeded."""

    source: str
