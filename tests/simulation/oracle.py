"""Says of a simulated day which promises were broken. Folds the topics itself: it shares no rule with what it checks.

(The events' shapes and the service values are shared; who owns a journal, what is live, late, double or unsafe is not.)
"""

from __future__ import annotations

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple, TypeGuard

from shared.engine.broker import Stored
from shared.engine.redecide import Redecision
from shared.engine.service import Service
from shared.events import (
    DECIDED_BY,
    AssignmentEnded,
    AssignmentMoved,
    AssignmentWithdrawn,
    CadInformed,
    CallOverridden,
    CallReported,
    CallRouted,
    CallTriaged,
    Command,
    CommandDone,
    CommandRefused,
    DeadlineSet,
    DecisionConfirmed,
    Event,
    HoldAsked,
    HoldBegan,
    InputRefused,
    LateTakeAsked,
    OfferAccepted,
    OfferAnswered,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    PageDue,
    PlanSet,
    ProgrammeActivated,
    RoutingNoted,
    SafetyCheckDue,
    StatusReported,
    TeamSignedOn,
    TeamStays,
    UpgradeRaised,
)
from tests.simulation.city import CHECK, dangerous
from tests.simulation.oracle_duty import check_duty
from tests.simulation.simulate import DRAIN_SECONDS, SERVICES, Day, cached_decode
from tests.simulation.virtual_time import EPOCH

LATE = timedelta(seconds=1)
"""By the broker's clock; the machine that decides it may be that much behind."""
LATE_WITH_CARE = timedelta(seconds=2)
"""Who follows an owner that died notes first what it decides, and its partitions take turns: some appends more, each of
which takes up to a third of a second here."""
STALL = timedelta(seconds=40)
"""No fault of a simulated day keeps a partition without an owner for longer."""
GONE_SECONDS = 2.0
"""Nothing leaves for a call that was cancelled or taken so long ago."""


class Told(NamedTuple):
    """A record that counts, with its event."""

    stored: Stored
    event: Event


def check(day: Day) -> list[str]:
    """Every broken promise, a line each."""
    journals = {service.name: list(_counted(day, service)) for service in SERVICES}
    assignments = journals["team-availability"]
    return [
        *_conservation(day, assignments),
        *_reused(day, assignments),
        *_deadlines(day, assignments),
        *_unsafe(day, assignments),
        *_one_live_assignment(assignments),
        *_open_offers(assignments),
        *_silent_teams(day, assignments),
        *_pages(day, assignments),
        *_open_calls(day, assignments),
        *_windows(assignments),
        *_holds(assignments, journals["notification"]),
        *_late_pulls(assignments),
        *_overrides(assignments),
        *_explained(journals["triage"]),
        *_routed_and_why(assignments),
        *_commands(day, journals),
        *(line for service in SERVICES for line in _clocks_and_time(day, service.name, journals[service.name])),
        *(line for service in SERVICES for line in _decided_again(day, service, journals[service.name])),
        *_harmful(day, journals),
        *check_duty(journals),
        *_machines(day),
    ]


def _counted(day: Day, service: Service[Any]) -> Iterator[Told]:
    """The ownership rule, written once more: the first claim of a higher epoch takes over, its records count."""
    for (topic, _), records in sorted(day.log.places.items()):
        epoch = 0
        for stored in records if topic == service.writes.name else ():
            kind, written = stored.headers["type"], int(stored.headers["epoch"])
            if kind == b"claimed":
                epoch = max(epoch, json.loads(stored.value)["epoch"])
            elif written == epoch and kind != b"positions-noted":
                yield Told(stored, cached_decode(kind.decode(), stored.value))


# --- 1 and 2: one outcome each, in time -----------------------------------------------------------------------------


def _conservation(day: Day, assignments: list[Told]) -> Iterator[str]:
    begun = Counter((e.call_id, e.episode) for _, e in assignments if isinstance(e, DeadlineSet))
    routed = Counter((e.call_id, e.episode) for _, e in assignments if isinstance(e, CallRouted))
    for episode in begun | routed:
        if begun[episode] != 1 or routed[episode] != 1:
            yield f"conservation: {episode} began {begun[episode]} times and has {routed[episode]} outcomes"
    first: dict[str, bool] = {}
    for stored in _topic(day, "calls"):
        call_id = stored.headers["subject"].decode()
        first.setdefault(call_id, stored.headers["type"] == CallReported.type.encode())
    for call_id, reported in first.items():
        if reported and (call_id, 1) not in begun and day.city.harmful.get(call_id, ("", ""))[1] != "team-availability":
            yield f"conservation: {call_id} was acknowledged and has no episode"


def _reused(day: Day, assignments: list[Told]) -> Iterator[str]:
    """An incident that is given the number of another has an episode of its own, unless a team had the other."""
    begun = Counter(e.call_id for _, e in assignments if isinstance(e, DeadlineSet))
    with_team = {e.call_id for _, e in assignments if isinstance(e, OfferAccepted)}
    beginnings = defaultdict[str, set[datetime]](set)
    for stored in _topic(day, "calls"):
        event = cached_decode(stored.headers["type"].decode(), stored.value)
        if isinstance(event, CallReported) and event.call_id in day.city.reused:
            beginnings[event.call_id].add(event.call.created_at)
    for call_id, instants in beginnings.items():
        if begun[call_id] < len(instants) and call_id not in with_team:
            yield f"reused: {call_id} stood for {len(instants)} incidents and has {begun[call_id]} episodes"


def _topic(day: Day, name: str) -> Iterator[Stored]:
    return (stored for (topic, _), records in sorted(day.log.places.items()) if topic == name for stored in records)


def _deadlines(day: Day, assignments: list[Told]) -> Iterator[str]:
    """By the clock of the machine that decides, or the broker's where that is behind.

    A judgement that comes late may name a deadline that is over.
    """
    deadlines: dict[tuple[str, int], datetime] = {}
    with_care = _decided_with_care(day, "assignments")
    for stored, event in assignments:
        now = datetime.fromisoformat(stored.headers["time"].decode())
        if isinstance(event, DeadlineSet):
            deadlines[event.call_id, event.episode] = event.deadline
        elif isinstance(event, PlanSet):
            deadlines[event.call_id, event.episode] = max(event.deadline, now)
        elif isinstance(event, HoldBegan):
            deadlines[event.call_id, event.episode] = max(event.until, now)
        elif isinstance(event, CallRouted):
            deadline = deadlines[event.call_id, event.episode]
            late = min(now, stored.time) - deadline
            if late > max(_allowed(day, deadline, stored.time), LATE_WITH_CARE * (stored.position in with_care)):
                yield f"deadline: {event.call_id} was routed {late.total_seconds():.2f} s late ({event.outcome})"


def _decided_with_care(day: Day, topic: str) -> set[str]:
    """Where records stand whose cause the journal had noted before."""
    with_care, noted = set[str](), defaultdict[int, list[str]](list)
    for stored in _topic(day, topic):
        if stored.headers["type"] == b"positions-noted":
            noted[stored.partition] = json.loads(stored.value)["attempting"]
        elif stored.headers["cause"].decode() in noted[stored.partition]:
            with_care.add(stored.position)
    return with_care


def _troubled(day: Day, service: str, start: datetime, end: datetime) -> bool:
    """Whether something was being done to the service's machines at that time."""
    first, last = (start - EPOCH).total_seconds(), (end - EPOCH).total_seconds()
    return any(begun <= last and first <= over for begun, over in day.troubled.get(service, ()))


# --- 3: nobody unarmed is sent into danger --------------------------------------------------------------------------


def _unsafe(day: Day, assignments: list[Told]) -> Iterator[str]:
    judged: dict[tuple[str, int], str] = {}
    by_hand: set[tuple[str, int]] = set()
    for stored, event in assignments:
        if isinstance(event, PlanSet):
            judged[event.call_id, event.episode] = event.event_id
        elif isinstance(event, CallOverridden) or (_is_taken_late(event) and _before(event) in by_hand):
            by_hand.add((event.call_id, event.episode))
        elif _is_taken_late(event):  # it goes on with the plan of the one before
            judged[event.call_id, event.episode] = judged[_before(event)]
        elif isinstance(event, OfferMade | OfferAccepted):
            key = (event.call_id, event.episode)
            if key not in by_hand and (key not in judged or dangerous(day.city.versions[judged[key]])):
                yield f"unsafe: {stored.position} {event.type} of {event.call_id}, judged by {judged.get(key)}"
        if isinstance(event, OfferMade):
            call_id, _, number = event.call_id, 0, event.episode
            district = event.district
            if (call_id, number) not in by_hand and district not in ("Harbor", "Hillside"):
                yield f"unsafe: {stored.position} an offer in {district}"


def _is_taken_late(event: Event) -> TypeGuard[DeadlineSet]:
    return isinstance(event, DeadlineSet) and event.why == "late-pull"


def _before(event: DeadlineSet) -> tuple[str, int]:
    return event.call_id, event.episode - 1


# --- 4: one live assignment -----------------------------------------------------------------------------------------


def _one_live_assignment(assignments: list[Told]) -> Iterator[str]:
    of_call: dict[str, str] = {}
    of_team: dict[tuple[str, str], str] = {}
    for stored, event in assignments:
        if isinstance(event, OfferAccepted):
            team = (stored.key, event.team_id)
            if event.call_id in of_call:
                yield f"double: {event.call_id} goes to {team}, and {of_call[event.call_id]} has it"
            if team in of_team:
                yield f"double: {team} takes {event.call_id} and has {of_team[team]}"
            of_call[event.call_id], of_team[team] = event.team_id, event.call_id
        elif isinstance(event, AssignmentMoved):
            if event.to_call_id in of_call:
                yield f"double: {event.to_call_id} gets {event.team_id}, and {of_call[event.to_call_id]} has it"
            of_call[event.to_call_id] = of_call.pop(event.call_id)
            of_team[stored.key, event.team_id] = event.to_call_id
        elif isinstance(event, AssignmentEnded | AssignmentWithdrawn):
            of_call.pop(event.call_id, None)
            of_team.pop((stored.key, event.team_id), None)


def _open_offers(assignments: list[Told]) -> Iterator[str]:
    """A team is paged for one offer at a time; those of a call are for one response, and none outlives its outcome."""
    held: dict[str, tuple[str, OfferMade]] = {}
    """Agency and offer, by the offer's id."""
    for stored, event in assignments:
        if isinstance(event, OfferMade):
            for agency, other in held.values():
                if event.paged and other.paged and (agency, other.team_id) == (stored.key, event.team_id):
                    yield f"offers: {event.team_id} is offered {event.call_id} and holds {other.offer_id}"
                if other.call_id == event.call_id and other.response != event.response:
                    yield f"offers: {stored.position} a second response of {event.call_id} is offered"
            held[event.offer_id] = stored.key, event
        elif isinstance(event, OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn):
            held.pop(event.offer_id, None)
        elif isinstance(event, CallRouted):
            left = sorted(one.team_id for _, one in held.values() if one.call_id == event.call_id)
            if left:
                yield f"offers: {event.call_id} has its outcome, and {left} still hold offers of it"
    for agency, offer in held.values():
        yield f"offers: {agency}/{offer.team_id} still holds {offer.offer_id}"


# --- staff: who falls silent on scene is asked for ------------------------------------------------------------------


@dataclass
class Crew:
    """A team as its own words and the journal tell of it."""

    call_id: str | None = None
    is_with_somebody: bool = False
    needs_police: bool = False
    upgraded: bool = False
    due: datetime | None = None

    def check(self) -> timedelta:
        return CHECK / 2 if self.upgraded or self.call_id is None else CHECK

    def hear(self, event: Event, at: datetime) -> None:
        if isinstance(event, OfferAccepted):
            self.call_id, self.is_with_somebody, self.needs_police, self.upgraded = event.call_id, False, False, False
        elif isinstance(event, CallRouted):
            self.is_with_somebody = event.outcome == "phone-accepted"
        elif isinstance(event, UpgradeRaised):
            self.upgraded |= event.more_dangerous
            self.due = min(self.due, at + self.check()) if self.due is not None else None
        elif isinstance(event, AssignmentEnded | AssignmentWithdrawn):
            self.call_id, self.is_with_somebody, self.needs_police = None, False, False
        elif isinstance(event, StatusReported):
            self.needs_police = event.status == "need-police" or (self.needs_police and event.assigned)
            if event.status in ("on-scene", "transporting", "need-police"):
                self.is_with_somebody = True
            elif not event.assigned or event.call_id is None:
                self.is_with_somebody = False
        if not isinstance(event, UpgradeRaised):
            self.due = at + self.check() if self.is_with_somebody or self.needs_police else None


def _silent_teams(day: Day, assignments: list[Told]) -> Iterator[str]:
    """A team with somebody is asked after each time of silence, and nobody else is; nothing takes it off its call."""
    crews: dict[tuple[str, str], Crew] = defaultdict(Crew)
    for stored, event in assignments:
        if not isinstance(event, WORDS) or not event.team_id:
            continue
        if isinstance(event, CallRouted) and "merged" in event.reasons:
            continue  # it had the call that was merged into this one, and stands where it stood
        at, asked, team = stored.time, isinstance(event, SafetyCheckDue), (stored.key, event.team_id)
        crew = crews[team]
        if asked and (crew.due is None or at < crew.due - _allowed(day, crew.due - CHECK, at)):
            yield f"silent: {stored.position} {team} is asked whether it is well, and had spoken"
        elif crew.due is not None and at > crew.due + _allowed(day, crew.due, at):
            yield f"silent: {team} was to be asked whether it is well at {crew.due}, and was not by {at}"
        if isinstance(event, AssignmentWithdrawn) and crew.is_with_somebody and event.why != "withdrawn":
            yield f"dropped: {stored.position} {team} is with somebody and loses its call ({event.why})"
        if isinstance(event, OfferAccepted) and crew.is_with_somebody:
            yield f"dropped: {stored.position} {team} is with somebody and takes another call"
        crew.hear(event, at)
    end = EPOCH + timedelta(seconds=day.city.ends_at + DRAIN_SECONDS)
    for team, crew in crews.items():
        if crew.due is not None and end > crew.due + _allowed(day, crew.due, end):
            yield f"silent: {team} was to be asked whether it is well at {crew.due}, and never was"


WORDS = (
    StatusReported, SafetyCheckDue, OfferAccepted, CallRouted, UpgradeRaised, AssignmentEnded, AssignmentWithdrawn,
)  # fmt: skip


def _allowed(day: Day, start: datetime, end: datetime) -> timedelta:
    return STALL if _troubled(day, "team-availability", start, end) else LATE


# --- 5: pages -------------------------------------------------------------------------------------------------------


def _pages(day: Day, assignments: list[Told]) -> Iterator[str]:
    over: dict[str, float] = {}
    for stored, event in assignments:
        if isinstance(event, OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn):
            over.setdefault(event.offer_id, (stored.time - EPOCH).total_seconds())
    went: Counter[tuple[str, str, str]] = Counter()
    for performed in day.performed:
        page = performed.effect.event
        if not isinstance(page, PageDue):
            continue
        key = (page.offer_id or "", page.person_id, f"{page.method.method_id}/{page.kind}/{page.page_id}")
        went[key] += 1
        if went[key] > 1:
            yield f"paged twice: {key} by {performed.machine}"
        if page.kind != "offer":
            continue
        went[key[0], key[1], page.method.method_id] += 1
        if went[key[0], key[1], page.method.method_id] > 1:
            yield f"paged twice for one offer: {page.person_id} by {performed.machine}"
        at = EPOCH + timedelta(seconds=performed.seconds)
        if at > page.not_after + LATE:
            yield f"ghost page: {page.page_id} at {at}, not after {page.not_after}"
        gone = over.get(page.offer_id or "")
        troubled = performed.delayed or _troubled(day, "notification", at - timedelta(seconds=GONE_SECONDS), at)
        if gone is not None and performed.seconds > gone + GONE_SECONDS and not troubled:
            yield f"ghost page: {page.page_id} of an offer that was over {performed.seconds - gone:.1f} s before"


def _open_calls(day: Day, assignments: list[Told]) -> Iterator[str]:
    """Of a call that teams take from their page nobody is paged; the team that took it has its notices."""
    unpaged = {event.offer_id for _, event in assignments if isinstance(event, OfferMade) and not event.paged}
    taken = {event.offer_id for _, event in assignments if isinstance(event, OfferAccepted)}
    for performed in day.performed:
        page = performed.effect.event
        if not isinstance(page, PageDue) or page.offer_id not in unpaged:
            continue
        if page.kind == "offer" or page.offer_id not in taken:
            yield f"paged for an open call: {page.person_id} ({page.kind}) by {performed.machine}"


# --- who answered soonest, what waits, and what is taken late -------------------------------------------------------


def _windows(assignments: list[Told]) -> Iterator[str]:
    """Within a window the call goes to whoever is there first, by their last word; or at once to who is soon enough."""
    asked: dict[str, OfferMade] = {}
    answered: dict[str, OfferAnswered] = {}
    calls_of_team: Counter[tuple[str, str]] = Counter()
    for stored, event in assignments:
        if isinstance(event, OfferMade) and event.window:
            asked[event.offer_id] = event
        elif isinstance(event, OfferAnswered):
            answered[event.offer_id] = event
        elif isinstance(event, TeamSignedOn):
            calls_of_team[stored.key, event.team_id] = 0
        elif isinstance(event, OfferDeclined | OfferExpired) or (
            isinstance(event, OfferWithdrawn) and event.why != "not-needed"
        ):
            asked.pop(event.offer_id, None)
        elif isinstance(event, OfferAccepted):
            if event.offer_id in asked and event.offer_id in answered:
                minutes = {
                    made.team_id: _minutes(answered[made.offer_id]) + 2 * calls_of_team[stored.key, made.team_id]
                    for made in asked.values()
                    if (made.call_id, made.episode) == (event.call_id, event.episode) and made.offer_id in answered
                }
                soon_enough = (event.eta_minutes or 1_000) <= 5
                if not soon_enough and minutes[event.team_id] > min(minutes.values()):
                    yield f"window: {stored.position} {event.team_id} has {event.call_id}, of {minutes}"
            calls_of_team[stored.key, event.team_id] += 1


def _minutes(answer: OfferAnswered) -> int:
    return 1_000 if answer.eta_minutes is None else answer.eta_minutes


def _holds(assignments: list[Told], notifications: list[Told]) -> Iterator[str]:
    """A call waits only once its CAD or a dispatcher has acknowledged that, once an episode, and for its minute."""
    acknowledged = {
        (e.call_id, e.episode) for _, e in notifications if isinstance(e, CadInformed) and e.kind == "call.hold"
    }
    asked: set[tuple[str, int]] = set()
    waiting: set[tuple[str, int]] = set()
    for stored, event in assignments:
        if isinstance(event, HoldAsked):
            asked.add((event.call_id, event.episode))
        elif isinstance(event, HoldBegan):
            episode = (event.call_id, event.episode)
            if episode not in asked or episode in waiting:
                yield f"hold: {stored.position} {episode} waits, and was not asked for, or twice"
            if event.acknowledged_by == "cad" and episode not in acknowledged:
                yield f"hold: {stored.position} {episode} waits, and its CAD has acknowledged nothing"
            if event.until - event.began_at != timedelta(minutes=1):
                yield f"hold: {stored.position} {episode} waits until {event.until}"
            waiting.add(episode)


def _late_pulls(assignments: list[Told]) -> Iterator[str]:
    """A late call goes to the team that asked, after a dispatcher's yes, and to nobody else."""
    asked: dict[str, LateTakeAsked] = {}
    begun: dict[str, str] = {}
    for stored, event in assignments:
        if isinstance(event, LateTakeAsked):
            asked[event.call_id] = event
        elif isinstance(event, DeadlineSet) and event.why == "late-pull":
            if event.call_id not in asked:
                yield f"late: {stored.position} {event.call_id} begins again, and no team had asked"
            begun[event.call_id] = asked[event.call_id].team_id
        elif isinstance(event, OfferAccepted) and begun.pop(event.call_id, event.team_id) != event.team_id:
            yield f"late: {stored.position} {event.team_id} has {event.call_id}, and another had asked"
    for call_id in begun:
        yield f"late: {call_id} began again, and no team has it"


# --- 6: a person wins -----------------------------------------------------------------------------------------------


def _overrides(assignments: list[Told]) -> Iterator[str]:
    """After `default` nobody accepts the episode, and a team on its way loses it; after a name only that is offered."""
    sent: dict[tuple[str, int], str] = {}
    live: dict[str, int] = {}
    for _, event in assignments:
        if isinstance(event, CallOverridden):
            sent[event.call_id, event.episode] = event.send
        elif isinstance(event, OfferMade | OfferAccepted):
            send = sent.get((event.call_id, event.episode))
            if send == "default":
                yield f"override: {event.type} of {event.call_id} after a dispatcher sent the default"
            elif isinstance(event, OfferMade) and send not in (None, event.response):
                yield f"override: {event.response} offered {event.call_id} after a dispatcher sent {send}"
            if isinstance(event, OfferAccepted):
                live[event.call_id] = event.episode
        elif isinstance(event, AssignmentEnded | AssignmentMoved | AssignmentWithdrawn | TeamStays):
            live.pop(event.call_id, None)
    for call_id, episode in live.items():
        if sent.get((call_id, episode)) == "default":
            yield f"override: {call_id} still has its team"


# --- 7: everything is explained -------------------------------------------------------------------------------------


def _explained(decisions: list[Told]) -> Iterator[str]:
    """Each judgement cites the document in force; of a call that was offered, or the one that it was judged by."""
    active: dict[str, str] = {}
    judged_by: dict[str, str | None] = {}
    offered = set[str]()
    for stored, event in decisions:
        if isinstance(event, ProgrammeActivated):
            active[stored.key] = event.document_hash
        elif isinstance(event, RoutingNoted):
            (offered.discard if event.reached in ("default", "cancelled", "ended") else offered.add)(event.call_id)
        elif isinstance(event, CallTriaged):
            judgement, by = event.judgement, event.judgement.programme_hash
            if not judgement.gates or not judgement.sentence:
                yield f"unexplained: {stored.position}"
            if by != active.get(stored.key) and not (event.call_id in offered and by == judged_by.get(event.call_id)):
                yield f"unexplained: {stored.position} cites {by}"
            judged_by[event.call_id] = by


def _routed_and_why(assignments: list[Told]) -> Iterator[str]:
    by_hand = {(e.call_id, e.episode) for _, e in assignments if isinstance(e, DecisionConfirmed | CallOverridden)}
    for stored, event in assignments:
        if isinstance(event, CallRouted):
            by_plan = event.outcome == "team-accepted" and (event.call_id, event.episode) not in by_hand
            if not event.sentence or (by_plan and event.programme_hash is None):
                yield f"unexplained: {stored.position}"
    offers = [(stored, event) for stored, event in assignments if isinstance(event, OfferMade)]
    for stored, offer in offers:
        if offer.district == "Hillside" and (offer.call_id, offer.episode) not in by_hand:
            yield f"unconfirmed: {stored.position} an offer in an advisory district"


def _commands(day: Day, journals: dict[str, list[Told]]) -> Iterator[str]:
    asked: dict[tuple[str, str], str] = {}
    for stored in _topic(day, "commands"):
        event = cached_decode(stored.headers["type"].decode(), stored.value)
        assert isinstance(event, Command)
        asked[stored.key, event.command_id] = DECIDED_BY[event.type]
    answers = {
        name: Counter((s.key, e.command_id) for s, e in told if isinstance(e, CommandDone | CommandRefused))
        for name, told in journals.items()
    }
    for key, service in asked.items():
        found = {name: counted[key] for name, counted in answers.items() if counted[key]}
        if found != {service: 1}:
            yield f"command: {key} for {service} was answered {found}"


# --- the journals themselves ----------------------------------------------------------------------------------------


def _harmful(day: Day, journals: dict[str, list[Told]]) -> Iterator[str]:
    """What a service cannot decide it refuses, once, and it refuses nothing else: that is `_clocks_and_time`'s."""
    published = {stored.headers["subject"].decode() for stored in _topic(day, "calls")}
    for call_id, (kind, service) in day.city.harmful.items():
        refused = [name for name, told in journals.items() for _, event in told
                   if isinstance(event, InputRefused) and event.call_id == call_id]  # fmt: skip
        if call_id in published and refused != [service]:
            yield f"harmful: {call_id} ({kind}, {service}) was refused by {refused}"


def _clocks_and_time(day: Day, name: str, told: list[Told]) -> Iterator[str]:
    harmful = {call_id for call_id, (_, service) in day.city.harmful.items() if service == name}
    fired = Counter(cause for cause, _ in groupby(stored.headers["cause"] for stored, _ in told))
    for cause, times in fired.items():
        if times > 1 and cause.startswith((b"tick/", b"calls/", b"commands/")):
            yield f"{name}: {cause.decode()} was decided {times} times"
    for _, group in groupby(told, lambda one: one.stored.partition):
        last, reached = "", dict[str, int]()
        for stored, event in group:
            if event.type in ("input-refused", "clock-failed") and event.subject not in harmful:
                yield f"{name}: {stored.position} {stored.value.decode()}"
            time = stored.headers["time"].decode()
            if datetime.fromisoformat(time) < datetime.fromisoformat(last or time):
                yield f"{name}: time goes back at {stored.position}"
            last = time
            for topic, (offset, _) in json.loads(stored.headers["positions"]).items():
                if offset < reached.get(topic, 0):
                    yield f"{name}: the position on {topic} goes back at {stored.position}"
                reached[topic] = offset


def _decided_again(day: Day, service: Service[Any], told: list[Told]) -> Iterator[str]:
    """Re-deciding from the log gives the same bytes; every seed does so for half of the agencies."""
    again = Redecision(service, lambda position: _stored_at(day, position), cached_decode)
    half = [one.stored for one in told if (zlib.crc32(one.stored.key.encode()) + day.seed) % 2]
    yield from (f"{service.name}: decided otherwise the second time: {found}" for found in again.differences(half))
    yield from _restored(day, service, again.states)


def _restored(day: Day, service: Service[Any], states: dict[str, Any]) -> Iterator[str]:
    """What the last owners hold is the fold of what counts."""
    for machine in day.machines:
        if machine.service is service and machine.worker is not None and machine.ended_by[-1:] == ["stopped"]:
            for number, partition in machine.worker.owned.items():
                epochs = [int(s.headers["epoch"]) for s in day.log.places[service.writes.name, number]]
                if partition.epoch == max(epochs):
                    for agency, state in partition.states.items():
                        if agency in states and state != states[agency]:
                            yield f"{service.name}: the owner's state of {agency} is not the fold of its journal"


def _stored_at(day: Day, position: str) -> Stored:
    topic, partition, offset = position.split("/")
    return day.log.places[topic, int(partition)][int(offset)]


def _machines(day: Day) -> Iterator[str]:
    for machine in day.machines:
        for why in machine.ended_by:
            if why not in ("stopped", "killed", "NotOwner", "BrokerUnavailable", "ClockSkewed", "Died"):
                yield f"{machine.name} ended by {why}"
