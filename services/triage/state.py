"""What triage remembers of one agency: its documents, its switchboard, and the calls that are open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from services.triage.apart import too_large
from shared.call import Call
from shared.engine.service import DecisionTooLong
from shared.engine.state import EMPTY, ByDay, Clocks, PMap
from shared.events import HeardLine
from shared.judgement import Located
from shared.programme import Judgement, Programme, ProgrammeRefused, Switchboard, read
from shared.programme.judging.surroundings import Load

SAME_TIME_VERSIONS = 16
"""Versions of one call with one time stamp that are kept apart; of more only the judgement stays."""


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

    @property
    def order(self) -> datetime:
        """Where it stands among the versions of its call."""
        return self.call.order


@dataclass(frozen=True, slots=True)
class FirstMention:
    """What had been answered in the earliest version that has a certain line: only a later answer settles its words."""

    updated_at: datetime
    event_id: str
    answers: Mapping[str, str]
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call that is not over: its newest version (several, where they share one time stamp) and the last judgement."""

    newest: tuple[Version, ...] = ()
    judgement: Judgement | None = None
    """The last one that was published; one that differs in nothing is not published again."""
    seen: PMap[str, bool] = EMPTY
    """Each version that was decided, by `version_key`."""
    first_mentions: PMap[str, FirstMention] = EMPTY
    """By line."""
    frozen: bool = False
    """A team was offered the call: roll-out gates stand, facts only tighten."""
    accepted: bool = False
    offered: tuple[int, int] = (0, 0)
    """Episode and step of the newest offer."""

    @property
    def version(self) -> Version:
        """The one that speaks for all of the newest."""
        return self.newest[-1]


@dataclass(frozen=True, slots=True)
class LoadEntry:
    """What a call that is offered to a team, or with one, counts as in the load of a response."""

    response: str
    district: str
    """Empty where nobody knows it: only a dispatcher sends a team there."""
    day: date
    offered: tuple[int, int] = (0, 0)
    """Episode and step of the newest offer."""


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
    closed_calls: ByDay[datetime] = field(default_factory=ByDay)
    """Calls that are over → the order of their last version."""
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
        """The programme in force."""
        return parsed(self.active.text) if self.active else None


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


def version_key(event_id: str, fingerprint: str) -> str:
    """What tells a repeat: the sender's id, and the content, so that a careless id hides nothing."""
    return f"{event_id}/{fingerprint}"


def with_version(open_call: OpenCall, version: Version) -> OpenCall:
    """The call after one more version. An older one only tells when lines first appeared."""
    mentions = open_call.first_mentions
    for heard in version.lines:
        first = mentions.get(heard.line)
        if first is None or (version.call.updated_at, version.event_id) < (first.updated_at, first.event_id):
            call = version.call
            mention = FirstMention(call.updated_at, version.event_id, call.answers, call.facts)
            mentions = mentions.set(heard.line, mention)
    newest, frozen, accepted = open_call.newest, open_call.frozen, open_call.accepted
    if not newest or version.order > newest[0].order:
        if newest and version.call.status == "reopened" != newest[0].call.status:
            frozen = accepted = False  # a new episode: judged anew
        newest = (version,)
    elif version.order == newest[0].order:
        newest = tuple(sorted((*newest[-SAME_TIME_VERSIONS + 1 :], version), key=lambda twin: twin.event_id))
    return OpenCall(newest, open_call.judgement, open_call.seen, mentions, frozen, accepted, open_call.offered)
