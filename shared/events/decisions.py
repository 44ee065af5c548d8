"""The topic `decisions`, triage's journal."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.call import Call
from shared.events.assignments import ProgrammeTerms
from shared.events.base import Event, Id
from shared.judgement import (
    Judgement,
    Located,
    Phase,
)

BY_ITSELF = "careroute"
"""Who changed the switchboard, or closed a referral, where no person did."""


class ProgrammeProposed(Event):
    """A verified document waits for another person's approval."""

    document: str
    document_hash: str
    version: int
    effective: AwareDatetime
    proposed_by: str
    reason: str = ""


class ProgrammeAdopted(Event):
    """A document was approved; it takes effect at its instant, or now if that is past."""

    document_hash: str
    version: int
    effective: AwareDatetime
    proposed_by: str
    approved_by: str
    reason: str = ""


class ProgrammeRejected(Event):
    """A document was turned down, or taken back before its time: it does not come into force."""

    document_hash: str
    version: int
    proposed_by: str
    rejected_by: str
    reason: str


class ProgrammeActivated(Event):
    """A document took effect; every decision from here on cites it."""

    document_hash: str
    version: int
    rolled_back_from: str | None = None
    """Where a person put it in force again: the hash of the document that it replaced."""
    changed_by: str = ""
    reason: str = ""
    terms: ProgrammeTerms | None = None
    """What it says of its responses: what a person may send, before any call is judged by it."""


class PhaseChanged(Event):
    """A response's phase in a district was set."""

    response: str
    district: str
    phase: Phase
    revision: int
    changed_by: str
    reason: str = ""


class DistrictPaused(Event):
    """A district, or `all`, was paused."""

    district: str
    revision: int
    changed_by: str
    reason: str = ""
    response: str | None = None
    """Only this response."""
    audit_gap: Id = ""
    """The auditor's finding that it was paused for."""


class DistrictResumed(Event):
    """A pause ended."""

    district: str
    revision: int
    changed_by: str
    reason: str = ""
    response: str | None = None


class PauseReviewed(Event):
    """Another person has looked into the pause that made a revision of the switchboard."""

    paused_at_revision: int
    reviewed_by: str
    reason: str


class CapChanged(Event):
    """The most calls that a response takes in a district, or with `all` in all together, was set; none: lifted."""

    response: str
    district: str
    at_most_open: int | None
    at_most_per_day: int | None
    revision: int
    changed_by: str
    reason: str = ""


class UpgradeNoted(Event):
    """A call that a team had accepted proved more dangerous; it counts towards this pause, by what it is known by."""

    call_id: str
    counts_for: str


class HeardLine(BaseModel):
    """A line of a narrative in which words of the document were heard: a keyed hash of it, and the hazards in doubt."""

    model_config = ConfigDict(frozen=True)

    line: str
    facts: tuple[str, ...]


class CallTriaged(Event):
    """A version of a call was judged: every gate, what raised the level, which responses may go."""

    call_id: str
    event_id: str
    updated_at: AwareDatetime
    judged_at: AwareDatetime
    judgement: Judgement
    heard: tuple[str, ...] = ()
    """Hazards that words in the narrative made unknown; of the narrative nothing else is kept."""
    fingerprint: str = ""
    priority: str | None = None
    language: str | None = None
    call: Call | None = None
    """The version that was judged; absent where known versions were judged again."""
    lines: tuple[HeardLine, ...] = ()
    located: Located | None = None
    caller: str = ""
    """Pseudonym of who called, where the document counts repeat callers."""
    read_by: str = ""
    """What the document looked for in the sealed part (`Programme.reads`); empty: there was none."""
    received_at: AwareDatetime | None = None
    """When intake received the version that was judged: with `updated_at` its place in the order of versions."""
    synthetic: bool = False
    """A test call of careroute's own."""


class VersionNoted(Event):
    """A version of a call was judged and changed nothing, or was not the newest: then only its hazards count."""

    call_id: str
    event_id: str
    updated_at: AwareDatetime
    why: Literal["unchanged", "late"]
    fingerprint: str = ""
    heard: tuple[str, ...] = ()
    judged_at: AwareDatetime | None = None
    call: Call | None = None
    """The version itself, where something of it has to be remembered."""
    lines: tuple[HeardLine, ...] = ()
    located: Located | None = None
    caller: str = ""
    read_by: str = ""
    received_at: AwareDatetime | None = None
    synthetic: bool = False
    """A test call of careroute's own."""


class RoutingNoted(Event):
    """Triage learnt how far a call is routed. From its first offer on the call's roll-out gates stand as judged."""

    call_id: str
    reached: Literal["offered", "held", "team-accepted", "phone-accepted", "default", "cancelled", "ended"]
    response: str | None = None
    """The response that has the call now; it counts in that one's load."""
    district: str | None = None
    day: date | None = None
    """On the agency's clocks."""
    episode: int = 0
    step: int = 0
    """Which offer it is."""
    until: AwareDatetime | None = None
    """Of a call on hold: when that is over."""
    unasked: bool = False
    """No judgement sent its team there: a dispatcher did, or it came with a call that was merged."""


class ReferralMade(Event):
    """Somebody is to get in touch by a time: a referral that the document sends, or a follow-up of a team's visit."""

    referral_id: Id
    kind: Literal["referral", "follow-up"]
    call_id: str
    response: str
    district: str | None
    phase: Phase
    """In `advisory` it is advised, and the office decides."""
    due_at: AwareDatetime


class ReferralOverdue(Event):
    """Nobody has said by its time what became of a referral."""

    referral_id: Id
    call_id: str


class ReferralClosed(Event):
    """What became of a referral; `withdrawn`: the call proved another one; `expired`: nobody ever said."""

    referral_id: Id
    call_id: str
    result: Literal["contacted", "not-reached", "refused", "no-longer-needed", "withdrawn", "expired"]
    closed_by: str
    reason: str = ""


class NoteMade(Event):
    """Somebody is to know of the call. A note routes nothing and asks for nothing."""

    note_id: Id
    call_id: str
    response: str
    district: str | None
    phase: Phase


class CallsJudgedAgain(Event):
    """So many of the calls that wait to be judged again, after a change of programme or switchboard, were."""

    count: int


class CallRetired(Event):
    """A call left triage's state long after its outcome; its id is remembered for seven days."""

    call_id: str


class CallEnded(Event):
    """The CAD ended a call; triage keeps its id, and what its versions said of hazards."""

    call_id: str
    event_id: str
    updated_at: AwareDatetime
    status: str
    received_at: AwareDatetime | None = None
    created_at: AwareDatetime | None = None
    fingerprint: str = ""
    judged_at: AwareDatetime | None = None
    call: Call | None = None
    """The version itself, where it says something of hazards that no version said before."""
    lines: tuple[HeardLine, ...] = ()


class CallStale(Event):
    """A call older than careroute remembers was published; it is recorded, and gets no outcome and no page."""

    call_id: str
    event_id: str
    updated_at: AwareDatetime
    received_at: AwareDatetime | None = None
    created_at: AwareDatetime | None = None
    fingerprint: str = ""


class CadClockNoted(Event):
    """A source stamped a version so far from our time that it is not diverted. Said once a day, and when that moves."""

    source: str
    offset_seconds: int
    """How far the CAD's clock is ahead of ours; behind: less than 0."""
    seen_at: AwareDatetime


class CadIdentityNoted(Event):
    """A source gives an incident another beginning with every version: a number stays one call, however long."""

    source: str
    call_id: str
    """The call that showed it."""
