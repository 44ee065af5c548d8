"""The topic `notifications`, notification's journal."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.events.base import Event, Id
from shared.events.staff import ContactKind, ContactMethod

PageKind = Literal[
    "offer",
    "assigned",
    "hold",
    "withdrawn",
    "unconfirmed",
    "upgrade",
    "not-moving",
    "safety-check",
    "stays",
    "may-enter",
    "changed",
    "test",
    "signed-on",
    "reminder",
    "cover",
    "gap",
    "shift-moved",
    "team-missing",
    "team-unanswering",
    "left-out",
    "contact",
]
"""The first eleven tell of a call: `assigned` that it is the team's, which had answered within a window; `hold` that it
waits for a team. `test` is a roll call's; `left-out`: somebody who is planned is not on the team, for the reason `why`;
`contact`: a way to the person has changed, or failed."""


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
    about: str = ""
    """What a page tells of that is no call: a roll call, a planned shift, a way to the person."""


class LinksRenewed(Event):
    """A person's links were revoked: what they are sent from now on has links of this generation."""

    person_id: str
    generation: int
    contact_methods: tuple[ContactMethod, ...] = ()
    """The ways that they are still reached in, of those that they had before."""


class LadderStep(BaseModel):
    """One way to a person, and when its turn comes if nothing before it has ended the page."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    method_id: str
    kind: ContactKind
    at: AwareDatetime


class LadderSet(Event):
    """The later ways over which one person is paged for an offer, each at its time, or sooner where one before failed.

    A step whose time lies past the end of the offer stands in `never`, so that somebody sees it: it goes out only where
    every way before it failed.
    """

    offer_id: Id
    call_id: str
    episode: int
    team_id: str
    person_id: str
    not_after: AwareDatetime
    steps: tuple[LadderStep, ...] = ()
    never: tuple[LadderStep, ...] = ()
    district: str | None = None
    priority: str | None = None


class LadderEnded(Event):
    """An offer is over: nobody is paged for it any more, over whatever way."""

    offer_id: Id
    why: str
    calls_to_end: tuple[Id, ...] = ()
    """Of its pages by call those for which a phone rings, or will: nobody need pick up any more."""


class PageAttempted(Event):
    """The page is being handed to its provider; it will never be sent a second time."""

    page_id: Id


class PageDelivered(Event):
    """The provider took the page; whether it arrived, `PageReceived` and `PageUndelivered` tell."""

    page_id: Id
    taken_as: str = ""
    """Of a page over a carrier: the carrier, a slash, and its name for the text or call, if it gave one."""


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


class LineFreed(Event):
    """The call of a page is over, which nothing else says: the next one to that phone may ring.

    `over`: its carrier says so, of a call that was answered, or that we have ended; `no-news`: nobody has said how it
    ended, and it has.
    """

    page_id: Id
    why: Literal["over", "no-news"]


class RingStopped(Event):
    """A carrier was told, once, to end a call that rang for an offer which is over; one that was picked up goes on."""

    page_id: Id
    why: str = ""
    """Why it has not taken that: then the phone rings for as long as it would have."""


class PageUndelivered(Event):
    """The provider took the page and says that it has not arrived."""

    page_id: Id
    why: str
    """A stable reason, e.g. `unreachable`, `landline`, `no-answer`."""
    provider: str = ""
    kind: ContactKind | None = None
    """Of the way that it went."""


class PageReceived(Event):
    """More is known of a page than that its provider took it.

    `carrier`: the network says that the phone has it, which is a hint; `shown`: the phone showed it; `heard`: somebody
    picked up. Only an answer proves that a person has seen it.
    """

    page_id: Id
    evidence: Literal["carrier", "shown", "heard"]
    provider: str = ""
    kind: ContactKind | None = None
    """Of the way that it went."""


class ContactSet(Event):
    """A way to a person stands, or stands anew. Its address is sealed in `contacts`, at `position`."""

    person_id: str
    method_id: str
    kind: ContactKind
    after_seconds: int = 0
    """How long after an offer its turn comes."""
    shown: str = ""
    """What people may see of the address: "…23"."""
    fingerprint: str = ""
    """A pseudonym of the address: who answers from it is known by that."""
    position: int = -1
    """Offset in `contacts`; -1 where there is no address."""
    set_by: str = ""


class ContactRemoved(Event):
    """A way to a person is gone: removed, or erased with the person, or revoked with its device."""

    person_id: str
    method_id: str
    why: Literal["removed", "erased", "person-removed", "device-revoked"] = "removed"


class ContactProved(Event):
    """A person answered a page over this way: it works, and the person has it at hand."""

    person_id: str
    method_id: str
    page_id: Id = ""


UNPROVED = "unproved"
"""Why a way is taken for broken over which nobody has answered for months."""


class ContactBroken(Event):
    """A way to a person does not work, or nobody has answered over it for too long; a person has to see to it."""

    person_id: str
    method_id: str
    why: str
    """A stable reason, e.g. `unknown-number`, `landline`, `blocked`, `gone`, `unproved`."""
    was_last: bool = False
    """Whether the person cannot be reached at all any more."""


class ContactOptedOut(Event):
    """The person behind an address said STOP to the carrier: nothing goes there until they say START."""

    person_id: str
    method_id: str
    was_last: bool = False
    """Whether the person cannot be reached at all any more."""


class ContactOptedIn(Event):
    """The person behind an address said START again."""

    person_id: str
    method_id: str


class RollPlace(BaseModel):
    """One person over one way, in a roll call."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_id: str
    method_id: str


class RollCalled(Event):
    """Pages went out to see who can be reached: each person over each way, until `until`."""

    roll_id: Id
    asked: tuple[RollPlace, ...]
    until: AwareDatetime
    called_by: str = ""


class RollClosed(Event):
    """A roll call is over: who answered over which way, and who did not."""

    roll_id: Id
    answered: tuple[RollPlace, ...] = ()
    silent: tuple[RollPlace, ...] = ()


MessageKind = Literal[
    "call.routed",
    "unit.status",
    "call.upgraded",
    "assignment.withdrawn",
    "team.not-moving",
    "team.silent",
    "call.confirm",
    "call.hold",
    "call.held",
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
