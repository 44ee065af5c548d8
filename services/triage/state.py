"""What triage remembers of one agency: its documents, its switchboard, and the calls that are open."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from services.triage.apart import too_large
from shared.call import Call, order_of
from shared.engine.service import DecisionTooLong
from shared.engine.state import EMPTY, ByDay, Clocks, PMap
from shared.events import HeardLine
from shared.judgement import Located
from shared.programme import Judgement, Programme, ProgrammeRefused, Switchboard, read
from shared.programme.judging.evidence import Hazard
from shared.programme.judging.load import Load


@dataclass(frozen=True, slots=True)
class VerifiedDocument:
    """A programme document that was verified."""

    text: str
    document_hash: str
    version: int
    effective: datetime
    proposed_by: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a call, as far as it may have to be judged again."""

    event_id: str
    call: Call
    judged_at: datetime
    lines: tuple[HeardLine, ...]
    located: Located | None = None
    caller: str = ""
    """Pseudonym, where callers are counted."""
    read_by: str = ""
    """What a document looked for in its sealed part; empty: it has none."""
    received_at: datetime | None = None
    synthetic: bool = False
    """A test call of careroute's own."""

    @property
    def order(self) -> datetime:
        """Where it stands among the versions of its call."""
        return order_of(self.call.updated_at, self.received_at or self.call.updated_at)


class Standing(NamedTuple):
    """What is said of one hazard and not settled, see `standing.py`."""

    evidence: Hazard
    since: datetime
    """The order of the last version that said so."""
    given: tuple[int, ...]
    """What those who were asked had said that it is by then."""
    beside: tuple[int, ...] = ()
    """What they said besides, of that very instant: no answer yet, and one when it is said again later."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of all versions of a call."""

    order: datetime | None = None
    """Of the newest version."""
    created_at: datetime | None = None
    """When the incident began, as the first version says."""
    reopened: datetime | None = None
    """The order of the newest version that re-opened it: an end from before is over."""
    seen: tuple[str, ...] = ()
    """The last versions that were decided, by `version_key`."""
    standing: PMap[str, Standing] = EMPTY
    """By hazard."""
    doubted: PMap[str, tuple[str, ...]] = EMPTY
    """Lines, texts and cautions that put hazards in doubt → these hazards. Each does so once."""
    synthetic: bool = False
    """Whether any version was a test of careroute's own: then the call is one."""
    merged_into: str = ""
    """The call that stands for this one, since the CAD has merged it."""


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call that is not over: its newest version and the last judgement."""

    newest: Version | None = None
    judgement: Judgement | None = None
    """The last one that was published; one that differs in nothing is not published again."""
    memory: Memory = Memory()
    frozen: bool = False
    """A team was offered the call: roll-out gates stand, facts only tighten."""
    may_be_offered: bool = False
    """By the last judgement, so that a team may have been asked before triage hears of it."""
    accepted: bool = False
    offered: tuple[int, int] = (0, 0)
    """Episode and step of the newest offer."""
    held_until: datetime | None = None
    """It waits for a team until then at most."""

    @property
    def version(self) -> Version:
        """The newest; a call that was judged has one."""
        assert self.newest is not None  # noqa: S101
        return self.newest


@dataclass(frozen=True, slots=True)
class ClosedCall:
    """A call that is over for triage."""

    why: Literal["ended", "routed", "stale"]
    """By the CAD, by its outcome or its age here, or before it came."""
    memory: Memory


@dataclass(frozen=True, slots=True)
class SourceNotes:
    """What was noted of a source."""

    day: date | None = None
    offset: timedelta = timedelta(0)
    """How far its clock was ahead of ours when that was last said, on `day`."""
    beginnings_move: bool = False
    """It gives an incident another beginning with every version, so a beginning says nothing."""


@dataclass(frozen=True, slots=True)
class LoadEntry:
    """What a call that is offered to a team, or with one, counts as in the load of a response."""

    response: str
    district: str
    """Empty where nobody knows it: only a dispatcher sends a team there."""
    day: date
    offered: tuple[int, int] = (0, 0)
    """Episode and step of the newest offer."""
    accepted: bool = False
    """A team has the call, whatever triage has forgotten of it since."""
    unasked: bool = False
    """No judgement sent it there: that the call is dangerous shows no judgement wrong."""


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral or a follow-up that nobody has closed yet."""

    call_id: str
    due_at: datetime
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Everything that triage knows about one agency: the fold of its journal."""

    proposed: PMap[str, VerifiedDocument] = EMPTY
    adopted: PMap[str, VerifiedDocument] = EMPTY
    """Approved, waiting for their instant."""
    active: VerifiedDocument | None = None
    former: tuple[VerifiedDocument, ...] = ()
    """What was in force before, the latest last: where a roll-back goes."""
    rolled_back: tuple[VerifiedDocument, ...] = ()
    """What was rolled back from, the latest last; only a person who names it puts it in force again."""
    approved_version: int = 0
    """The greatest that was ever approved."""
    switchboard: Switchboard = field(default_factory=Switchboard)
    calls: PMap[str, OpenCall] = EMPTY
    closed_calls: ByDay[ClosedCall] = field(default_factory=ByDay)
    merged: ByDay[tuple[str, ...]] = field(default_factory=ByDay)
    """Calls that nobody has reported yet → those that were merged into them."""
    sources: PMap[str, SourceNotes] = EMPTY
    load: PMap[str, PMap[str, Load]] = EMPTY
    """The calls that a response has in a district, by response and district."""
    load_entries: PMap[str, LoadEntry] = EMPTY
    """By call id."""
    callers: ByDay[tuple[str, ...]] = field(default_factory=ByDay)
    """Pseudonym of a caller → the calls of that day."""
    upgrades: PMap[str, tuple[tuple[str, datetime], ...]] = EMPTY
    """By the key of the pause that they count for: calls that proved more dangerous, and when."""
    unreviewed_pauses: PMap[int, str] = EMPTY
    """Revision → who paused, until another person has looked into it."""
    audit_gaps: ByDay[datetime] = field(default_factory=ByDay)
    """Findings of the auditor that it was paused for."""
    referrals: PMap[str, Referral] = EMPTY
    closed_records: ByDay[datetime] = field(default_factory=ByDay)
    """Ids of closed referrals, and of notes."""
    to_judge: tuple[str, ...] = ()
    """Calls to be judged again since the programme or the switchboard changed."""
    answered: ByDay[datetime] = field(default_factory=ByDay)
    """Ids of commands."""
    clocks: Clocks = field(default_factory=Clocks)

    @property
    def programme(self) -> Programme | None:
        """The programme in force; None where there is none, or where today's rules refuse what was approved once."""
        return programme_of(self.active)

    def former_programme(self, programme_hash: str) -> Programme | None:
        """The programme of this hash that was in force before; None where it is kept no more, or refused by now."""
        kept = (*self.former, *self.rolled_back)
        return programme_of(next((document for document in kept if document.document_hash == programme_hash), None))


def programme_of(document: VerifiedDocument | None) -> Programme | None:
    """The programme that a document says; None without one, or where today's rules refuse what was verified once."""
    outcome = _read(document.text) if document else None
    return None if isinstance(outcome, ProgrammeRefused) else outcome


def parsed(text: str) -> Programme:
    """The programme that a document says. Raises ProgrammeRefused."""
    outcome = _read(text)
    if isinstance(outcome, ProgrammeRefused):
        raise outcome
    return outcome


@lru_cache(maxsize=1024)
def _read(text: str) -> Programme | ProgrammeRefused:
    """A document is read once, refused or not."""
    try:
        return read(text)
    except ProgrammeRefused as refused:
        return refused.with_traceback(None)
    except DecisionTooLong:  # once is enough: not again for each call of its agency
        return too_large()


def version_key(event_id: str, fingerprint: str, updated_at: datetime) -> str:
    """What tells a repeat: the sender's id, and content and time, so that a careless id hides nothing."""
    return f"{event_id}/{fingerprint}/{updated_at.astimezone(UTC).isoformat()}"


def memory_of(state: State, call_id: str) -> Memory:
    """What is remembered of a call's versions, whether it is open, over or unknown."""
    open_call = state.calls.get(call_id)
    if open_call is not None:
        return open_call.memory
    closed = state.closed_calls.get(call_id)
    return closed.memory if closed is not None else Memory()
