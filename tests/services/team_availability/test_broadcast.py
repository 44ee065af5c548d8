"""Broadcast and pull: every team is offered the call at once, the first to accept has it, the others hear so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from services.team_availability.choice import MOST_OPEN_CALLS
from services.team_availability.state import SETTLE
from shared.engine.topic import STEP_BYTES
from shared.events import (
    CallRouted,
    CommandRefused,
    ContactMethod,
    DistrictPaused,
    Event,
    FallBackStepped,
    InputRefused,
    OfferAccepted,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    OverrideCall,
    PauseApplied,
    Person,
    PersonDefined,
    SignOff,
    Team,
    TeamDefined,
    TeamSignedOn,
)
from shared.judgement import Judgement, Step
from tests.builders import judgement, verdict
from tests.services.team_availability.driver import Town, call_id, unsuitable

CHAIN = (Step("same response", 20), Step("next response", 20), Step("default", 0))


def to_all(reached_by: str = "broadcast") -> Judgement:
    """A response that reaches every team at once, then one that asks a team after the other."""
    line = verdict("line", model="crisis-call-diversion", crew=())
    return judgement(verdict("cares", reached_by=reached_by), line, steps=CHAIN, offer_expiry_seconds=20)


def town_of(*teams: str, reached_by: str = "broadcast") -> Town:
    town = Town()
    for team in teams or ("one", "two", "three"):
        town.team(team)
    town.team("line", model="crisis-call-diversion")
    town.call("1", to_all(reached_by))
    return town


def open_teams(town: Town, incident: str = "1") -> list[str]:
    call = town.state.calls.get(call_id(incident))
    return [offer.team_id for offer in call.episode.open_offers] if call and call.episode else []


@pytest.mark.parametrize("reached_by", ["broadcast", "pull"])
def test_every_team_is_offered_the_call_at_once(reached_by: str) -> None:
    offers = town_of(reached_by=reached_by).all(OfferMade)
    first = offers[0]
    assert [(offer.team_id, offer.step) for offer in offers] == [("one", 1), ("three", 2), ("two", 3)]
    assert len({offer.offer_id for offer in offers}) == 3
    assert {(offer.expires_at, offer.deadline) for offer in offers} == {(first.expires_at, first.deadline)}
    assert {offer.paged for offer in offers} == {reached_by == "broadcast"}
    assert (first.ranked, [team.team_id for team in first.bypassed]) == (("one", "three", "two"), ["line"])
    assert all(not offer.ranked and not offer.bypassed for offer in offers[1:]), "said once"
    assert all(offer.recipients[0].person_id == f"{offer.team_id}-medic" for offer in offers)


@pytest.mark.parametrize("reached_by", ["offer", "on-call page"])
def test_an_offer_and_an_on_call_page_ask_one_after_the_other(reached_by: str) -> None:
    town = town_of(reached_by=reached_by)
    assert [offer.team_id for offer in town.all(OfferMade)] == ["one"]
    assert town.last(OfferMade).paged
    town.decline(town.last(OfferMade))
    assert open_teams(town) == ["three"]


@pytest.mark.parametrize("reached_by", ["broadcast", "pull"])
def test_the_first_acceptance_wins_and_the_others_are_told(reached_by: str) -> None:
    town = town_of(reached_by=reached_by)
    one, three, two = town.all(OfferMade)
    assert town.accept(three).type == "command-done"
    assert town.last(CallRouted).team_id == "three"
    assert [(event.team_id, event.why) for event in town.all(OfferWithdrawn)] == [("one", "taken"), ("two", "taken")]
    for late in (one, two):
        answer = town.accept(late)
        assert isinstance(answer, CommandRefused)
        assert (answer.reason, answer.sentence) == ("taken", "three has this call.")
        assert town.decline(late).type == "command-done"
    assert [event.team_id for event in town.all(OfferAccepted)] == ["three"]
    town.call("2")
    assert town.last(OfferMade).team_id == "one", "the others are free again"
    town.wait(3600)
    assert len(town.all(CallRouted)) == 2


def test_who_leaves_the_call_leaves_it_to_the_others() -> None:
    town = town_of()
    one, three, two = town.all(OfferMade)
    town.decline(one)
    assert open_teams(town) == ["three", "two"]
    town.command(SignOff, team_id="three")
    assert open_teams(town) == ["two"]
    assert town.last(OfferWithdrawn).why == "signed-off"
    assert len(town.all(OfferMade)) == 3, "the call goes on when all have left it"
    town.decline(two)
    assert (town.last(OfferMade).team_id, town.last(OfferMade).step) == ("line", 4)
    assert three.offer_id == town.last(OfferWithdrawn).offer_id


def test_out_of_service_takes_one_teams_offer_only() -> None:
    town = town_of()
    town.status("out-of-service", team_id="two")
    assert open_teams(town) == ["one", "three"]
    assert [event.team_id for event in town.all(OfferWithdrawn)] == ["two"]


def test_the_chain_goes_on_once_all_offers_have_expired() -> None:
    town = town_of()
    town.wait(20 + SETTLE.total_seconds())
    assert [event.team_id for event in town.all(OfferExpired)] == ["one", "three", "two"]
    assert open_teams(town) == ["line"]
    stepped = town.last(FallBackStepped)
    assert (stepped.response, stepped.next_response) == ("cares", "line")
    town.wait(60)
    assert town.last(CallRouted).reasons == ("expired",)


def test_a_team_that_comes_free_is_asked_when_all_have_left_the_call() -> None:
    town = town_of("one", "two")
    town.team("late")
    assert open_teams(town) == ["one", "two"]
    for offer in town.all(OfferMade):
        town.decline(offer)
    assert open_teams(town) == ["late"]


def failed(town: Town) -> None:
    """Our own failure is the outcome, default; the clocks of the offers take them back."""
    town.fail_clock(f"deadline/{call_id()}")
    town.wait(0)


ENDS: dict[str, tuple[Callable[[Town], object], str]] = {
    "pause": (
        lambda town: town.hear(DistrictPaused(district="Central", revision=1, changed_by="sue"), "decisions"),
        "paused",
    ),
    "override": (lambda town: town.command(OverrideCall, call_id=call_id(), send="default"), "overridden"),
    "another response": (lambda town: town.command(OverrideCall, call_id=call_id(), send="line"), "overridden"),
    "cancellation": (lambda town: (town.wait(1), town.cancel()), "cancelled"),
    "upgrade": (lambda town: (town.wait(1), town.triage(unsuitable())), "upgraded"),
    "failure": (failed, "routed"),
}


@pytest.mark.parametrize("reached_by", ["broadcast", "pull"])
@pytest.mark.parametrize("end", ENDS)
def test_what_ends_one_offer_ends_all(end: str, reached_by: str) -> None:
    happens, why = ENDS[end]
    town = town_of(reached_by=reached_by)
    happens(town)
    assert [(event.team_id, event.why) for event in town.all(OfferWithdrawn)] == [
        (team, why) for team in ("one", "three", "two")
    ]
    assert all(shift.offer_id is None for team, shift in town.state.on_shift() if team != "line")


def test_the_deadline_ends_all() -> None:
    town = Town()
    for team in ("one", "two"):
        town.team(team)
    steps = (Step("same response", 60), Step("default", 0))
    town.call("1", judgement(verdict(reached_by="broadcast"), steps=steps, offer_expiry_seconds=60))
    town.wait(51)
    assert [event.team_id for event in town.all(OfferExpired)] == ["one", "two"]
    assert town.last(CallRouted).reasons == ("expired", "deadline")
    assert not [clock for clock in town.state.clocks.at if clock.startswith("offer/")]


def test_a_deadline_moved_before_the_expiry_takes_all_back() -> None:
    town = town_of()
    town.wait(5)
    town.triage(to_all().model_copy(update={"routing_deadline_seconds": 20}))
    town.wait(6)
    assert [event.why for event in town.all(OfferWithdrawn)] == ["routed"] * 3


def test_a_team_that_holds_an_offer_of_another_call_is_passed_over() -> None:
    town = Town()
    town.team("one")
    town.call("1")
    town.team("two")
    town.call("2", to_all())
    assert open_teams(town, "2") == ["two"]
    assert [(team.team_id, team.reasons) for team in town.last(OfferMade).bypassed] == [("one", ("offered-another",))]
    town.call("3", to_all())
    assert open_teams(town, "3") == []


def test_an_acceptance_in_time_read_after_the_expiry_takes_the_call_from_all() -> None:
    town = Town()
    town.team("one")
    steps = (Step("same response", 50), Step("default", 0))
    town.call("1", judgement(verdict(reached_by="broadcast"), steps=steps, offer_expiry_seconds=20))
    first = town.last(OfferMade)
    for team in ("two", "three"):
        town.team(team)
    town.wait(20 + SETTLE.total_seconds())
    assert open_teams(town) == ["three", "two"]
    assert town.accept(first, first.expires_at).type == "command-done"
    assert [(event.team_id, event.why) for event in town.all(OfferWithdrawn)] == [("three", "taken"), ("two", "taken")]
    assert town.last(CallRouted).team_id == "one"
    assert [town.accept(offer).type for offer in town.all(OfferMade)[1:]] == ["command-refused"] * 2


def test_of_another_call_such_an_acceptance_takes_back_the_teams_own_offer_only() -> None:
    town = town_of("one", "two")
    first = town.all(OfferMade)[0]
    town.wait(20 + SETTLE.total_seconds())
    town.call("2", to_all())
    assert open_teams(town, "2") == ["one", "two"]
    assert town.accept(first, first.expires_at).type == "command-done"
    assert open_teams(town, "2") == ["two"], "two may still take it"
    assert [event.team_id for event in town.all(OfferWithdrawn) if event.call_id == call_id("2")] == ["one"]
    assert town.accept(town.all(OfferMade)[-1]).type == "command-done"
    assert [event.team_id for event in town.all(OfferAccepted)] == ["one", "two"]


def test_of_two_acceptances_read_after_the_expiry_the_first_durable_one_wins() -> None:
    town = town_of("one", "two")
    one, two = town.all(OfferMade)
    town.wait(20 + SETTLE.total_seconds())
    assert town.accept(two, two.expires_at - timedelta(seconds=1)).type == "command-done"
    answer = town.accept(one, one.expires_at)
    assert isinstance(answer, CommandRefused)
    assert answer.reason == "taken"


def test_a_dispatcher_hears_who_is_offered_what_he_sends() -> None:
    town = Town()
    town.team("one", pool="south")
    town.team("two")
    town.call("1", unsuitable())
    town.call("2", to_all())
    answer = town.command(OverrideCall, call_id=call_id("1"), send="cares")
    assert getattr(answer, "sentence", "") == "Offered the call (cares): one."
    assert open_teams(town, "2") == ["two"]


def test_a_step_of_a_pause_takes_whatever_goes_on_to_many_teams() -> None:
    town = Town()
    for number in range(280):
        sign_on(town, number)
    after = verdict("outreach", crew=("paramedic",), reached_by="broadcast")
    for number in range(12):
        town.call(str(number), judgement(verdict(phase="advisory"), after, steps=CHAIN))
    events = town.hear(DistrictPaused(district="all", response="cares", revision=1, changed_by="sue"), "decisions")
    offers = Counter(offer.call_id for offer in town.all(OfferMade))
    first, *others = offers.values()
    assert first > 100
    assert set(others) == {1}, "as many as fit into the step, and one team at least for each call"
    assert sum(len(event.encode()) + 600 for event in events) < STEP_BYTES
    assert not town.last(PauseApplied).more


def sign_on(town: Town, number: int) -> None:
    """A team of two, each reached in two ways, with nobody asking whether it may."""
    team_id, people = f"team-{number}", (f"medic-{number}", f"worker-{number}")
    methods = tuple(
        ContactMethod(method_id=name, kind="webhook", url=f"https://pager.test/{name:x<130}") for name in "ab"
    )
    for person_id in people:
        person = Person(person_id=person_id, name=person_id, disciplines=("paramedic",), contact_methods=methods)
        town.fold(PersonDefined(person=person))
    town.fold(TeamDefined(team=Team(team_id=team_id, model="community-responder")))
    ends_at = town.now + timedelta(hours=8)
    town.fold(TeamSignedOn(team_id=team_id, shift_id=team_id, members=people, shift_ends_at=ends_at))


def test_an_open_call_keeps_no_team_from_another_call() -> None:
    town = town_of(reached_by="pull")
    town.call("2", to_all("pull"))
    town.call("3", judgement(verdict("cares")))
    paged = town.last(OfferMade)
    assert (paged.paged, paged.call_id) == (True, call_id("3"))
    assert open_teams(town, "1") == open_teams(town, "2") == ["one", "three", "two"]


def test_a_team_that_takes_one_open_call_leaves_the_others_to_others() -> None:
    town = town_of(reached_by="pull")
    town.call("2", to_all("pull"))
    first = next(offer for offer in town.all(OfferMade) if offer.team_id == "one")
    town.accept(first)
    assert open_teams(town, "1") == []
    assert open_teams(town, "2") == ["three", "two"]
    given_back = [event for event in town.all(OfferWithdrawn) if event.team_id == "one"]
    assert [(event.call_id, event.why) for event in given_back] == [(call_id("2"), "taken")]


@pytest.mark.parametrize("how", ["sign-off", "out-of-service"])
def test_a_team_that_goes_leaves_its_open_calls_to_others(how: str) -> None:
    town = town_of("one", "two", reached_by="pull")
    town.call("2", to_all("pull"))
    if how == "sign-off":
        town.command(SignOff, team_id="one")
    else:
        town.status("out-of-service", "one")
    assert open_teams(town, "1") == open_teams(town, "2") == ["two"]
    left = next(offer for offer in town.all(OfferMade) if (offer.team_id, offer.call_id) == ("two", call_id("1")))
    town.decline(left)
    assert open_teams(town, "1") == ["line"]


def test_no_page_has_more_open_calls_than_anybody_chooses_among() -> None:
    town = town_of("one", reached_by="pull")
    for number in range(2, MOST_OPEN_CALLS + 2):
        town.call(str(number), to_all("pull"))
    assert len(town.state.teams["one"].shift.open_offers) == MOST_OPEN_CALLS  # type: ignore[union-attr]
    last = call_id(str(MOST_OPEN_CALLS + 1))
    stepped = [event for event in town.all(FallBackStepped) if event.call_id == last]
    assert ("many-open-calls",) in [team.reasons for team in stepped[0].bypassed]


def big_team(town: Town, team_id: str) -> None:
    """On shift with as many ways to be reached as make an offer long."""
    members = (f"{team_id}-medic", *(f"{team_id}-{number}" for number in range(1, 4)))
    ways = tuple(
        ContactMethod(method_id=f"m{number}", kind="webhook", url="https://pager.example/" + "x" * 380)
        for number in range(4)
    )
    for number, member in enumerate(members):
        person = Person(
            person_id=member,
            name=member,
            disciplines=("paramedic", "crisis-worker") if number < 2 else ("peer",),
            contact_methods=ways,
        )
        town.fold(PersonDefined(person=person))
    town.fold(TeamDefined(team=Team(team_id=team_id, model="community-responder")))
    ends_at = town.now + timedelta(hours=8)
    town.fold(TeamSignedOn(team_id=team_id, shift_id=team_id, members=members, shift_ends_at=ends_at))


def size(events: list[Event]) -> int:
    return sum(len(event.encode()) + 600 for event in events)


def test_a_broadcast_to_teams_with_many_ways_to_be_reached_fits_into_a_step_and_the_rest_is_asked_later() -> None:
    town = Town()
    for number in range(100):
        big_team(town, f"team-{number:02}")
    events = town.call("1", to_all())
    assert size(events) < STEP_BYTES
    asked = set(open_teams(town))
    assert 20 < len(asked) < 100
    for offer in list(town.all(OfferMade)):
        town.decline(offer)
    assert asked.isdisjoint(open_teams(town))
    assert open_teams(town)


@pytest.mark.parametrize("how", ["accept", "sign-off", "out-of-service"])
def test_a_team_that_leaves_many_open_calls_to_many_others_does_so_in_one_step(how: str) -> None:
    """The night's only team holds open calls when the day's teams sign on."""
    town = Town()
    big_team(town, "night")
    for number in range(MOST_OPEN_CALLS):
        town.call(str(number), to_all("pull"))
    for number in range(60):
        big_team(town, f"day-{number:02}")
    before = len(town.journal)
    if how == "accept":
        town.accept(town.all(OfferMade)[0])
    elif how == "sign-off":
        town.command(SignOff, team_id="night")
    else:
        town.status("out-of-service", "night")
    assert size(town.journal[before:]) < STEP_BYTES
    assert all(open_teams(town, str(number)) for number in range(1, MOST_OPEN_CALLS))


def test_what_a_failure_of_ours_left_open_blocks_no_team() -> None:
    town = town_of("one", reached_by="pull")
    failed = InputRefused(position="calls/0/1", sha256="", length=0, wrong="KeyError", call_id=call_id("1"))
    town.fold(failed.model_copy(update={"input_type": "call-reported"}))
    town.report("1", status="reopened", updated_at=town.now + timedelta(seconds=1))
    assert town.state.teams["one"].shift.open_offers == ()  # type: ignore[union-attr]
    assert town.command(SignOff, team_id="one").type == "command-done"


def test_a_pause_of_many_open_calls_is_taken_in_steps_that_fit() -> None:
    town = Town()
    for number in range(40):
        town.team(f"team-{number}")
    for number in range(20):
        town.call(str(number), to_all("pull"))
    steps = [town.hear(DistrictPaused(district="all", revision=1, changed_by="ana"), "decisions")]
    while town.last(PauseApplied).more:
        before = len(town.journal)
        town.wait(0.01)
        steps.append(town.journal[before:])
    assert all(sum(len(event.encode()) + 600 for event in events) < STEP_BYTES for events in steps)
    assert len(town.all(OfferWithdrawn)) == 40 * MOST_OPEN_CALLS
    assert not any(open_teams(town, str(number)) for number in range(20))
