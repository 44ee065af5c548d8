"""No test call of careroute's own ever reaches a team: each of two walls by itself, and both services together.

The first wall is triage's judgement, the second team availability's chain. Either is tried with the other one away.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from services.notification import metrics as notification_metrics
from services.team_availability import metrics as team_availability_metrics
from services.triage import metrics as triage_metrics
from services.triage.state import State, VerifiedDocument
from shared.answers import Answer
from shared.events import (
    AcceptOffer,
    AssignmentMoved,
    AssignmentUnconfirmed,
    CadNotInformed,
    CallCancelled,
    CallReported,
    CallRouted,
    CallTriaged,
    CommandDone,
    CommandHeld,
    CommandRefused,
    ConfirmationAsked,
    ConfirmDecision,
    Event,
    NoteMade,
    OfferAccepted,
    OfferMade,
    OfferShadowed,
    OverrideCall,
    ReferralMade,
    RoutingNoted,
)
from shared.judgement import Judgement
from shared.programme import read
from shared.programme.trying.explain import all_on
from tests.builders import judgement, verdict
from tests.services.team_availability.driver import Town, call_id
from tests.services.team_availability.test_whatever_comes import SEEDS, Chance
from tests.services.triage.driver import MADISON, Triage, madison, only, report, triaged
from tests.services.triage.test_any_order import TEXTS, version
from tests.shared.programme.generated import calls_of

TO_SOMEBODY = (OfferMade, OfferShadowed, OfferAccepted, ConfirmationAsked, ReferralMade, NoteMade)
Marked = TypeVar("Marked", bound=Event)
WITH_REPEATS = (
    MADISON.replace("[responses.cares] ", '[responses.cares]\nonly_when = { repeat_caller = "yes" }\n ')
    + '\n[repeat_callers]\ncalls = 2\nwithin_days = 30\nregion = "US"\n'
)


def marked(event: Marked) -> Marked:
    return event.model_copy(update={"synthetic": True})


# --- triage -----------------------------------------------------------------------------------------------------------


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(TEXTS, st.data())
def test_no_document_and_no_facts_let_a_test_call_go(text: str, data: st.DataObject) -> None:
    programme = read(text)
    first = data.draw(calls_of(programme))
    document = VerifiedDocument(text, programme.hash, programme.version, programme.effective, "ann")
    triage = Triage(State(active=document, switchboard=all_on(programme)), first["created_at"] + timedelta(minutes=5))
    for number in range(data.draw(st.integers(1, 4))):
        changed = data.draw(calls_of(programme)) | {key: first[key] for key in ("source", "incident_id", "created_at")}
        triage.put(marked(version(number, changed, data.draw(st.integers(0, 3)), data)))
        triage.run_clocks()
    assert not [event for event in triage.journal if isinstance(event, TO_SOMEBODY)]
    for event in triage.journal:
        if isinstance(event, CallTriaged):
            assert event.synthetic
            assert event.judgement.suitability == "unsuitable"
            assert "synthetic" in event.judgement.reasons


def test_the_gate_stands_beside_all_others_with_a_sentence_of_its_own() -> None:
    judged = triaged(madison().put(marked(report()))).judgement
    assert [gate.gate for gate in judged.gates if not gate.passed] == ["synthetic"]
    assert judged.sentence.endswith("it is a test call of careroute's own: nobody is sent to it.")
    assert [answer.may_go for answer in judged.responses] == [True]  # what it would have been is still said


def test_after_other_sentences_its_sentence_begins_as_one() -> None:
    judged = triaged(madison().put(marked(report(answers={})))).judgement
    *_, before, gate = [gate for gate in judged.gates if not gate.passed]
    assert judged.sentence.endswith(f"{before.sentence} It is a test call of careroute's own: nobody is sent to it.")
    assert gate.sentence == "it is a test call of careroute's own: nobody is sent to it."


def test_a_call_is_a_test_from_its_first_marked_version_on_and_judged_again_too() -> None:
    triage = madison()
    assert triaged(triage.put(report())).judgement.suitability == "suitable"
    triage.put(marked(report("e2", minute=1, priority="1")))
    later = triage.put(report("e3", minute=2, answers={"Q1": "no"}))
    assert {event.judgement.suitability for event in later if isinstance(event, CallTriaged)} <= {"unsuitable"}
    assert triage.refold() == triage.state


def test_a_test_call_is_counted_for_no_caller_and_in_no_load() -> None:
    triage = madison(document=WITH_REPEATS)
    for number in range(3):
        triage.put(marked(report(f"e{number}", number="+1 608 555 0100", incident_id=str(number))))
    assert not triage.state.callers
    triage.put(report("real", number="+1 608 555 0100", incident_id="real"))
    assert triage.state.callers
    assert not [event for event in triage.journal if isinstance(event, RoutingNoted)]


# --- team availability ------------------------------------------------------------------------------------------------


class TownWithTests(Town):
    """Every second call is a test, and triage's wall is away: its judgements let them go."""

    def hear(self, event: Event, topic: str, time: Any = None) -> list[Event]:
        if isinstance(event, CallReported | CallCancelled | CallTriaged) and is_test(event.call_id):
            event = marked(event)
        return super().hear(event, topic, time)


def is_test(call: str | None) -> bool:
    return int((call or "/1").rpartition("/")[2]) % 2 == 0


def test_whatever_comes_team_availability_offers_no_test_call() -> None:
    offers: Counter[bool] = Counter()
    for seed in range(SEEDS):
        town = Chance(seed, TownWithTests()).live()
        town.wait(300)
        offers += Counter(is_test(event.call_id) for event in town.journal if isinstance(event, TO_SOMEBODY))
        outcomes = {event.outcome for event in town.all(CallRouted) if is_test(event.call_id)}
        assert outcomes <= {"default", "cancelled"}
        assert all(event.synthetic == is_test(event.call_id) for event in town.all(CallRouted))
    assert offers[False] > SEEDS
    assert offers[True] == 0


def a_test_call(judged: Judgement | None = None) -> Town:
    town = TownWithTests()
    town.team()
    town.call("2", judged)
    return town


@pytest.mark.parametrize("reached_by", ["offer", "broadcast", "pull", "on-call page", "phone transfer"])
@pytest.mark.parametrize("phase", ["live", "advisory", "shadow"])
def test_what_triage_lets_go_is_the_default_at_once(reached_by: Any, phase: Any) -> None:
    town = a_test_call(judgement(verdict(reached_by=reached_by, phase=phase)))
    routed = town.last(CallRouted)
    assert (routed.outcome, routed.reasons, routed.synthetic) == ("default", ("synthetic",), True)
    assert not [event for event in town.journal if isinstance(event, TO_SOMEBODY)]


def test_an_override_and_a_confirmation_are_refused_and_the_default_never_is() -> None:
    town = a_test_call(judgement(suitability="indeterminate"))
    answer = town.command(OverrideCall, call_id=call_id("2"), send="cares")
    assert isinstance(answer, CommandRefused)
    assert (answer.reason, answer.sentence) == (
        "synthetic", "This is a test call of careroute's own: nobody is sent to it.",
    )  # fmt: skip
    assert isinstance(town.command(ConfirmDecision, call_id=call_id("2")), CommandRefused)
    assert isinstance(town.command(OverrideCall, call_id=call_id("2"), send="default"), CommandDone)
    assert isinstance(town.command(OverrideCall, call_id=call_id("2"), send="cares"), CommandRefused)
    assert not town.all(OfferMade)


def test_an_override_that_waited_for_its_call_is_refused_once_the_call_proves_a_test() -> None:
    town = TownWithTests()
    town.team()
    town.command(OverrideCall, call_id=call_id("2"), send="cares", command_id="early")
    town.call("2")
    answers = [event for event in town.journal if isinstance(event, Answer) and event.command_id == "early"]
    assert [type(answer) for answer in answers] == [CommandRefused]
    assert not town.all(OfferMade)


def send_cares(town: Town, incident: str, command_id: str) -> Event:
    return town.command(OverrideCall, call_id=call_id(incident), send="cares", command_id=command_id)


@pytest.mark.parametrize(("incident", "answer"), [("1", CommandDone), ("2", CommandRefused)])
def test_triage_says_what_a_call_is_of_which_the_report_was_refused(incident: str, answer: type[Event]) -> None:
    judged_before = TownWithTests()
    judged_before.team()
    judged_before.triage(incident=incident)
    judged_before.refuse_report(incident)
    assert isinstance(send_cares(judged_before, incident, "after"), answer)

    judged_later = TownWithTests()
    judged_later.team()
    judged_later.refuse_report(incident)
    assert isinstance(send_cares(judged_later, incident, "before"), CommandHeld)
    judged_later.triage(incident=incident)
    assert isinstance(judged_later.journal[-1], answer)

    for town in (judged_before, judged_later):
        assert {offer.call_id for offer in town.all(OfferMade)} == ({call_id(incident)} if incident == "1" else set())


def test_what_nobody_vouches_for_is_offered_to_nobody_and_gets_the_default_at_a_word() -> None:
    town = TownWithTests()
    town.team()
    town.triage(incident="3")  # so that the response is known
    town.refuse_report("1")
    assert isinstance(send_cares(town, "1", "early"), CommandHeld)
    assert isinstance(town.command(OverrideCall, call_id=call_id("1"), send="default"), CommandDone)
    town.wait(61)
    refused = town.last(CommandRefused)
    assert (refused.command_id, refused.reason) == ("early", "not-judged")
    town.triage(incident="1")
    assert not town.all(OfferMade)
    assert isinstance(send_cares(town, "1", "late"), CommandDone)
    assert town.last(OfferMade).call_id == call_id("1")


def test_nobody_accepts_for_a_team_what_proves_a_test_call() -> None:
    town = Town()
    town.team()
    town.call("1")
    offer = only(list(town.all(OfferMade)), OfferMade)
    town.wait(1)
    town.hear(marked(town.version("1")), "calls")
    answer = town.accept(offer)
    assert isinstance(answer, CommandRefused)
    assert answer.reason == "synthetic"


def test_a_team_does_not_follow_its_call_into_a_test() -> None:
    town = TownWithTests()
    town.team()
    town.call("1")
    town.accept(town.last(OfferMade))
    town.report("2")
    town.cancel("1", status="merged", merged_into="2")
    town.triage(incident="2")
    assert town.last(CallRouted).outcome == "default"
    assert not town.all(AssignmentMoved)


# --- both -------------------------------------------------------------------------------------------------------------

Turn = st.sampled_from(("calls", "decisions", "override", "confirm", "accept", "wait"))


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.booleans(), Turn, st.integers(0, 3)), min_size=4, max_size=24))
def test_in_whatever_order_the_two_services_read_nobody_is_offered_a_test_call(
    turns: list[tuple[bool, str, int]],
) -> None:
    triage, town = madison(), TownWithTests()
    town.now = triage.now
    town.team(models=("community-responder",), primary_districts=("Central",))
    reported: list[CallReported | CallCancelled] = []
    judged: list[Event] = []
    for number, (again, turn, pick) in enumerate(turns):
        incident = str(2 * (pick % 2))  # none but tests
        about = f"madison-wi/dane-county/{incident}"
        if turn == "calls":
            call = marked(report(f"e{number}", minute=number / 10, incident_id=incident))
            reported.append(call)
            judged += [event for event in triage.put(call) if isinstance(event, CallTriaged)]
            town.hear(reported[0] if again else call, "calls")
        elif turn == "decisions" and judged:
            town.hear(judged[0] if again else judged[-1], "decisions")
        elif turn == "override":
            town.command(OverrideCall, call_id=about, send="default" if again else "cares")
        elif turn == "confirm":
            town.command(ConfirmDecision, call_id=about)
        elif turn == "accept":
            town.command(AcceptOffer, offer_id="1", person_id="one-medic")
        else:
            town.wait(10 * pick)
    town.wait(300)
    assert not [event for event in (*triage.journal, *town.journal) if isinstance(event, TO_SOMEBODY)]
    assert {event.outcome for event in town.all(CallRouted)} <= {"default", "cancelled"}


# --- figures ----------------------------------------------------------------------------------------------------------


def test_a_made_up_agency_raises_no_alarm_that_the_prober_raises_itself() -> None:
    told = CadNotInformed(message_id="m", source="cad", kind="call.routed", why="timeout", alarm=True)
    unconfirmed = AssignmentUnconfirmed(call_id="a/b/c", episode=1, team_id="one")
    for agency in ("probe-0", "city-of-counts"):
        notification_metrics.watch(agency, told)
        team_availability_metrics.watch(agency, unconfirmed)
    for name in ("careroute_cad_not_informed_total", "careroute_assignments_unconfirmed_total"):
        assert REGISTRY.get_sample_value(name, {"agency": "probe-0"}) is None
        assert REGISTRY.get_sample_value(name, {"agency": "city-of-counts"}) == 1


def test_no_figure_counts_a_test_call() -> None:
    (judged,) = madison().put(marked(report()))
    triage_metrics.watch("city-of-tests", judged)
    team_availability_metrics.watch("city-of-tests", a_test_call().last(CallRouted))
    for name, value in (("careroute_calls_triaged_total", "unsuitable"), ("careroute_outcomes_total", "default")):
        label = "suitability" if "triaged" in name else "outcome"
        assert REGISTRY.get_sample_value(name, {"agency": "city-of-tests", label: value}) is None
