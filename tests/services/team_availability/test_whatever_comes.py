"""Whatever comes in whatever order: what must hold of the journal, seeded at random, replayed, drained and packed."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from services.team_availability.service import TEAM_AVAILABILITY
from services.team_availability.state import ASK_AGAIN, State
from shared.events import (
    AcceptOffer,
    AssignmentEnded,
    AssignmentMoved,
    AssignmentWithdrawn,
    CadNotInformed,
    CallRouted,
    ClockFailed,
    Command,
    CommandDone,
    CommandHeld,
    CommandRefused,
    ConfirmDecision,
    ConfirmIncident,
    CorrectStatus,
    DeadlineSet,
    DeclineOffer,
    DistrictPaused,
    DistrictResumed,
    InputRefused,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    OverrideCall,
    PauseApplied,
    ReleaseTeam,
    ReportStatus,
    SafetyCheckDue,
    SafetyCheckMissed,
    SignOff,
    SignOn,
    StatusCorrected,
    StatusReported,
    TeamSignedOff,
    TeamSignedOn,
    WithdrawTeam,
)
from shared.judgement import MISSED_SAFETY_CHECKS, Step
from shared.switch import Switch
from tests.builders import judgement, verdict
from tests.services.team_availability.driver import START, Town, call_id, unsuitable

SEEDS = int(os.environ.get("SEEDS", "60"))
STEPS = 220
TEAMS = ("one", "two", "three", "four")
CALLS = [str(number) for number in range(12)]
CHAINS = (
    (Step("same response", 30), Step("default", 0)),
    (Step("same response", 20), Step("next response", 20), Step("default", 0)),
    (Step("next response", 20), Step("default", 0)),
    (Step("default", 0),),
    (Step("same response", 15), Step("phone", 15), Step("next response", 15), Step("default", 0)),
    (Step("phone", 10), Step("neighbour pool", 10), Step("next response", 10), Step("phone", 5), Step("default", 0)),
)


class Chance:
    """A random life of a town."""

    def __init__(self, seed: int, town: Town | None = None) -> None:
        self.random = Random(seed)
        self.town = town or Town()
        for name in TEAMS[:3]:
            self.town.team(name, hours=self.random.choice((1.2, 3, 8)), pool=self.random.choice(("default", "south")))
        self.versions: dict[str, list[Any]] = defaultdict(list)

    def live(self) -> Town:
        does = [
            (self.report, 6),
            (self.old_version, 2),
            (self.cancel, 1),
            (self.merge, 3),
            (self.triage, 8),
            (self.answer, 8),
            (self.status, 8),
            (self.correct, 1),
            (self.let_in, 1),
            (self.take_off, 1),
            (self.shift, 2),
            (self.override, 2),
            (self.confirm, 2),
            (self.confirm_incident, 2),
            (self.pause, 1),
            (self.tell, 1),
            (self.refuse_input, 1),
            (self.again, 6),
            (self.wait, 8),
        ]
        for _ in range(STEPS):
            self.random.choices([one for one, _ in does], [weight for _, weight in does])[0]()
        return self.town

    def call(self) -> str:
        return self.random.choice(CALLS)

    def report(self) -> None:
        incident = self.call()
        changes = {
            "status": self.random.choice(("active", "active", "active", "reopened")),
            "requested_by": self.random.choice((None, None, "officer", "caller")),
            "units_on_scene": self.random.random() < 0.2,
            "district": self.random.choice(("Central", "West")),
            "created_at": self.random.choice((START, START, START + timedelta(hours=2))),
        }
        if self.random.random() < 0.2:
            changes["updated_at"] = self.town.now + timedelta(seconds=self.random.choice((-30, 240)))
        self.versions[incident].append(self.town.version(incident, **changes))
        if self.random.random() < 0.8:
            self.town.hear(self.versions[incident][-1], "calls")

    def old_version(self) -> None:
        incident = self.call()
        if self.versions[incident]:
            self.town.hear(self.random.choice(self.versions[incident]), "calls")

    def cancel(self) -> None:
        self.town.cancel(self.call(), status=self.random.choice(("cancelled", "closed", "merged")))

    def merge(self) -> None:
        """Most often a call that a team has, into one that is open."""
        calls = self.town.state.calls
        have_teams = [name for name in CALLS if call_id(name) in calls and calls[call_id(name)].assignment]
        are_open = [name for name in CALLS if call_id(name) in calls and calls[call_id(name)].is_open]
        into = self.random.choice((*are_open, self.call()))
        self.town.cancel(self.random.choice(have_teams or CALLS), status="merged", merged_into=into)

    def triage(self) -> None:
        incident = self.call()
        at = self.town.now
        if self.versions[incident] and self.random.random() < 0.7:
            at = self.random.choice(self.versions[incident]).call.updated_at
        version = self.random.choice(({}, {}, {"status": "reopened"}, {"requested_by": "officer"}))
        self.town.triage(self.judged(), incident, updated_at=at, version=version)

    def judged(self) -> Any:
        kind = self.random.random()
        if kind < 0.15:
            return unsuitable()
        phases = self.random.choices(("live", "live", "live", "shadow", "advisory", "off"), k=3)
        verdicts = [
            verdict(
                name,
                crew=("paramedic",),
                phase=phase,
                may_go=phase != "off",
                reasons=("phase-off",) if phase == "off" else (),
                reached_by=self.random.choice(("offer", "broadcast", "pull", "phone transfer")),
                on_upgrade=self.random.choice(("recall", "stage", "stay")),
                enters_when=self.random.choice(((), (), ("police on scene",), ("released by sergeant",))),
                pool=self.random.choice(("default", "default", "south")),
                expected_minutes=self.random.choice((30, 60)),
            )
            for name, phase in zip(("first", "second", "third"), phases, strict=True)
        ]
        return judgement(
            *verdicts,
            suitability="indeterminate" if kind < 0.25 else "suitable",
            level_rank=self.random.choice((0, 0, 1)),
            district=self.random.choice(("Central", "Central", "West")),
            steps=self.random.choice(CHAINS),
            routing_deadline_seconds=self.random.choice((30, 60)),
            transfer_ack_seconds=self.random.choice((10, 30)),
            on_scene_check_minutes=self.random.choice((1, 3)),
        )

    def offer(self) -> OfferMade | None:
        made = self.town.all(OfferMade)
        return self.random.choice(made[-6:]) if made else None

    def answer(self) -> None:
        if (offer := self.offer()) is not None:
            kind = self.random.choice((AcceptOffer, AcceptOffer, DeclineOffer))
            early = self.town.now - timedelta(seconds=self.random.choice((0, 0, 3)))
            person_id = f"{offer.team_id}-{self.random.choice(('medic', 'worker'))}"
            self.town.command(kind, early, offer_id=offer.offer_id, person_id=person_id)

    def status(self) -> None:
        statuses = (
            "available",
            "available",
            "out-of-service",
            "en-route",
            "on-scene",
            "transporting",
            "need-police",
            "staged",
            "cleared",
            "cleared",
        )
        disposition = self.random.choice((None, "refused", "resolved-on-scene"))
        self.town.command(
            ReportStatus,
            team_id=self.random.choice(TEAMS),
            status=self.random.choice(statuses),
            disposition=disposition,
        )

    def correct(self) -> None:
        status = self.random.choice(("en-route", "staged", "on-scene"))
        self.town.command(CorrectStatus, team_id=self.random.choice(TEAMS), status=status)

    def let_in(self) -> None:
        self.town.command(ReleaseTeam, team_id=self.random.choice(TEAMS))

    def take_off(self) -> None:
        self.town.command(WithdrawTeam, team_id=self.random.choice(TEAMS), reason=self.random.choice(("", "relieved")))

    def shift(self) -> None:
        team_id = self.random.choice(TEAMS)
        if self.random.random() < 0.5:
            self.town.command(SignOff, team_id=team_id)
        else:
            ends_at = self.town.now + timedelta(hours=self.random.choice((1.01, 4)))
            members = (f"{team_id}-medic", f"{team_id}-worker")
            self.town.command(SignOn, team_id=team_id, members=members, shift_ends_at=ends_at)

    def override(self) -> None:
        send = self.random.choice(("default", "first", "second", "nobody"))
        self.town.command(OverrideCall, call_id=call_id(self.call()), send=send)

    def confirm(self) -> None:
        self.town.command(ConfirmDecision, call_id=call_id(self.call()))

    def confirm_incident(self) -> None:
        have_teams = [name for name in CALLS if (call := self.town.state.calls.get(call_id(name))) and call.assignment]
        about = call_id(self.random.choice(have_teams or CALLS))
        self.town.command(ConfirmIncident, call_id=about, another=self.random.random() < 0.5)

    def pause(self) -> None:
        district = self.random.choice(("Central", "West", "all"))
        kind = DistrictPaused if self.random.random() < 0.4 else DistrictResumed
        response = self.random.choice((None, "first", "second", "third"))
        self.town.hear(kind(district=district, revision=1, changed_by="sue", response=response), "decisions")

    def tell(self) -> None:
        told = CadNotInformed(
            message_id="m", source="cad", kind="call.routed", why="timeout", call_id=call_id(self.call()), episode=1
        )
        self.town.hear(told, "notifications")

    def refuse_input(self) -> None:
        incident = self.call()
        if self.random.random() < 0.2:
            self.town.refuse_report(incident)

    def again(self) -> None:
        """An input from long ago comes once more."""
        event, cause, time = self.random.choice(self.town.heard)
        events = self.town.take(event, cause, time)
        assert not (events and isinstance(event, Command))

    def wait(self) -> None:
        self.town.wait(self.random.choice((0.1, 1, 5, 20, 31, 70)))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_comes(seed: int) -> None:
    town = Chance(seed).live()
    packed = TEAM_AVAILABILITY.packer.unpack(TEAM_AVAILABILITY.packer.pack(town.state))
    assert packed == town.state
    drain(town)
    check_outcomes(town)
    check_offers(town)
    check_assignments(town)
    check_answers(town)
    check_pauses(town)
    check_safety(town)
    check_nobody_is_dropped(town)
    check_rest(town)


def drain(town: Town) -> None:
    """Teams clear, everything that waits comes due."""
    for team_id in TEAMS:
        town.command(ReportStatus, team_id=team_id, status="cleared", disposition="refused")
        town.command(ReportStatus, team_id=team_id, status="available")
    town.wait(60)
    for team_id in TEAMS:  # what was offered is over by now; a team that was turned back says that it knows
        town.command(ReportStatus, team_id=team_id, status="available")
    town.wait(12 * 3600)


def check_outcomes(town: Town) -> None:
    """Every episode has one outcome, by its deadline; numbers count from one."""
    begun = [(event.call_id, event.episode) for event in town.all(DeadlineSet)]
    routed = Counter((event.call_id, event.episode) for event in town.all(CallRouted))
    refused = {event.call_id for event in town.all(InputRefused)}
    assert len(begun) == len(set(begun))
    assert set(routed.values()) <= {1}
    assert set(routed) <= set(begun)
    assert {call for call, _ in set(begun) - set(routed)} <= refused
    for call, episode in begun:
        assert episode == 1 or (call, episode - 1) in begun or call in refused


def check_offers(town: Town) -> None:
    """Every offer ends exactly once, or expires and is accepted by an answer that was in time.

    A team is paged for one at a time; what stands on its page besides goes when it takes a call. Those of a call that
    stand together were made together, and none outlives the outcome.
    """
    ended: dict[str, list[str]] = defaultdict(list)
    held: dict[str, OfferMade] = {}
    made_at_once: dict[str, tuple[str, Any]] = {}
    steps: Counter[tuple[str, int]] = Counter()
    for event, at in zip(town.journal, town.times, strict=True):
        if isinstance(event, OfferMade):
            of_team = [one for one in held.values() if one.team_id == event.team_id]
            assert not event.paged or not any(one.paged for one in of_team)
            assert all(one.call_id != event.call_id for one in of_team)
            if any(one.call_id == event.call_id for one in held.values()):
                assert made_at_once[event.call_id] == (event.response, at)
            made_at_once[event.call_id] = (event.response, at)
            held[event.offer_id] = event
            steps[event.call_id, event.episode] += 1
            assert event.step == steps[event.call_id, event.episode]
        elif isinstance(event, OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn):
            ended[event.offer_id].append(event.type)
            held.pop(event.offer_id, None)
            if isinstance(event, OfferAccepted):
                assert all(one.team_id != event.team_id for one in held.values()), "it goes, and leaves the rest"
        elif isinstance(event, CallRouted):
            assert all(one.call_id != event.call_id for one in held.values())
    assert not held
    assert set(ended) == {event.offer_id for event in town.all(OfferMade)}
    assert all(len(how) == 1 or how == ["offer-expired", "offer-accepted"] for how in ended.values())


def check_assignments(town: Town) -> None:
    """One live assignment per team and per call."""
    live: dict[str, str] = {}
    for event in town.journal:
        if isinstance(event, OfferAccepted):
            assert event.team_id not in live
            assert event.call_id not in live.values()
            live[event.team_id] = event.call_id
        elif isinstance(event, AssignmentEnded | AssignmentWithdrawn):
            assert live.pop(event.team_id) == event.call_id
        elif isinstance(event, AssignmentMoved):
            assert live.pop(event.team_id) == event.call_id
            assert event.to_call_id not in live.values()
            live[event.team_id] = event.to_call_id
        elif isinstance(event, OfferMade):
            assert event.team_id not in live
            assert event.call_id not in live.values()
    assert not live


def check_answers(town: Town) -> None:
    """Every command has one answer."""
    answers = Counter(event.command_id for event in town.journal if isinstance(event, CommandDone | CommandRefused))
    assert set(answers.values()) == {1}
    assert {event.command_id for event in town.all(CommandHeld)} <= set(answers)
    assert len(answers) == town.commands


def check_pauses(town: Town) -> None:
    """While a response is paused it is not offered, and what was open is withdrawn before anything else happens."""
    paused: set[str] = set()
    open_offers: dict[str, OfferMade] = {}
    for event in town.journal:
        if isinstance(event, PauseApplied):
            change = paused.add if event.paused else paused.discard
            change(Switch(event.district, event.response).key)
        elif isinstance(event, OfferMade):
            assert not is_paused(paused, event), event
            open_offers[event.offer_id] = event
        elif isinstance(event, OfferAccepted):
            assert event.offer_id not in open_offers or not is_paused(paused, open_offers[event.offer_id]), event
        if isinstance(event, OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn):
            open_offers.pop(event.offer_id, None)


def check_safety(town: Town) -> None:
    """Questions of a silent team count from one, police are asked for from the second missed on, and reports answer."""
    asked: Counter[str] = Counter()
    for event in town.journal:
        if isinstance(event, SafetyCheckDue):
            assert event.number == asked[event.team_id] + 1
            asked[event.team_id] = event.number
        elif isinstance(event, SafetyCheckMissed):
            assert event.missed == asked[event.team_id] >= MISSED_SAFETY_CHECKS
        elif isinstance(
            event,
            StatusReported | StatusCorrected | OfferAccepted | AssignmentEnded | AssignmentWithdrawn | TeamSignedOn,
        ):
            asked[event.team_id] = 0


def check_nobody_is_dropped(town: Town) -> None:
    """A team that has reported that it is with somebody stays until it clears, or a named person withdraws it.

    It is asked again within the interval of its call, half of it once the call is upgraded; by the journal alone.
    """
    with_somebody: dict[str, Any] = {}
    state = TEAM_AVAILABILITY.initial
    most = timedelta(minutes=30) + len(town.all(ClockFailed)) * ASK_AGAIN
    for event, at in zip(town.journal, town.times, strict=True):
        state = TEAM_AVAILABILITY.evolve(state, event, at)
        for team_id, spoken_at in with_somebody.items():
            assert at - spoken_at <= most, f"{team_id} is not asked"
        team_id = getattr(event, "team_id", "")
        if isinstance(event, AssignmentWithdrawn):
            assert team_id not in with_somebody or event.why == "withdrawn", event
        if isinstance(event, OfferMade | TeamSignedOff):
            assert team_id not in with_somebody, event
        if says_it_is_with_somebody(event) or (
            isinstance(event, SafetyCheckDue | StatusReported) and team_id in with_somebody
        ):
            with_somebody[team_id] = at
        elif isinstance(event, AssignmentWithdrawn | AssignmentEnded | StatusCorrected):
            with_somebody.pop(team_id, None)
        is_asked(state)


def says_it_is_with_somebody(event: Any) -> bool:
    is_report = isinstance(event, StatusReported) and event.assigned
    return is_report and event.status in ("on-scene", "transporting", "need-police")


def is_asked(state: State) -> None:
    """Whoever is with somebody has a clock that asks, with a call or without one."""
    for call_id_, call in state.calls.items():
        if call.assignment is not None and call.assignment.is_with_somebody:
            assert f"check/{call_id_}" in state.clocks
    for team_id, shift in state.on_shift():
        if shift.call_id is None and shift.status in ("on-scene", "transporting", "need-police"):
            assert f"watch/{team_id}" in state.clocks


def is_paused(paused: set[str], offer: OfferMade) -> bool:
    return any(
        Switch(district, response).key in paused
        for district in ("all", offer.district or "?")
        for response in (None, offer.response)
    )


def check_rest(town: Town) -> None:
    """Nothing is left but the roster, and what is remembered of closed calls."""
    state = town.state
    assert not state.calls
    assert not state.offers
    assert not state.waiting
    assert not state.waiting_for
    assert not len(state.clocks)
    assert not state.load_entries
    loads = [load for by_district in state.load.values() for load in by_district.values()]
    assert all(load.open == 0 <= load.taken for load in loads), "what caps are measured with"
    assert state == fold(town)


def fold(town: Town) -> Any:
    """The state is the fold of the journal: what left no event is nowhere in it."""
    again = TEAM_AVAILABILITY.initial
    for event, at in zip(town.journal, town.times, strict=True):
        again = TEAM_AVAILABILITY.evolve(again, event, at)
    return again
