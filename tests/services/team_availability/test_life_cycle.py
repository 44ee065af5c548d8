"""The life cycle of an assignment, enumerated: every event in every state, and who is never dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import permutations
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.team_availability.life_cycle import ENDS, PROGRESS, WITH_SOMEBODY, AssignmentState, goes_back
from services.team_availability.state import Assignment
from shared.call import CallId
from shared.events import (
    AssignmentWithdrawn,
    CadNotInformed,
    CallChanged,
    CallRouted,
    CommandRefused,
    ConfirmIncident,
    CorrectStatus,
    DeadlineSet,
    DistrictPaused,
    EntryNotReleased,
    Event,
    InputRefused,
    LateStatusNoted,
    OfferMade,
    OfferWithdrawn,
    OverrideCall,
    RecallUnacknowledged,
    ReleaseTeam,
    RemovePerson,
    RemoveTeam,
    SafetyCheckDue,
    SafetyCheckMissed,
    SignOff,
    SignOn,
    StatusReported,
    TeamMayEnter,
    TeamSignedOff,
    TeamSignedOn,
    TeamStays,
    TeamStillStaged,
    UpgradeRaised,
    WithdrawTeam,
)
from shared.judgement import Gate, Judgement, RaisedBy, Unknown
from shared.withdrawn import WITHDRAWN
from tests.builders import judgement, verdict
from tests.services.team_availability.driver import START, Town, call_id, unsuitable
from tests.services.team_availability.test_whatever_comes import (
    check_nobody_is_dropped,
    check_safety,
    is_asked,
)
from tests.shared.programme.documents import MADISON, judged

HALF_HOUR = 30 * 60
REPORTS: dict[AssignmentState, tuple[str, ...]] = {
    "accepted": (),
    "on-phone": (),
    "en-route": ("en-route",),
    "staged": ("en-route", "staged"),
    "on-scene": ("en-route", "on-scene"),
    "transporting": ("on-scene", "transporting"),
    "need-police": ("en-route", "need-police"),
}
"""What a team reports to stand in each state."""


def in_state(state: AssignmentState, hours: float = 8, **changes: Any) -> Town:
    """Team one has the call, and stands so with it."""
    town = Town()
    town.team("one", hours=hours)
    reached_by = "phone transfer" if state == "on-phone" else "offer"
    town.call("1", judgement(verdict(reached_by=reached_by, **changes)))
    town.accept(town.last(OfferMade))
    for status in REPORTS[state]:
        town.wait(1)
        town.status(status)
    town.wait(1)
    assert assignment(town).state == state
    return town


def assignment(town: Town, incident: str = "1") -> Assignment:
    live = town.state.calls[call_id(incident)].assignment
    assert live is not None
    return live


def has_it(town: Town) -> bool:
    call = town.state.calls.get(call_id())
    return call is not None and call.assignment is not None


# --- every event in every state -------------------------------------------------------------------------------------


def recall(town: Town) -> None:
    town.triage(unsuitable())


def stage(town: Town) -> None:
    town.triage(judgement(verdict(on_upgrade="stage"), level_rank=1))


def stay(town: Town) -> None:
    town.triage(judgement(verdict(on_upgrade="stay"), level_rank=1))


def pause(town: Town) -> None:
    town.hear(DistrictPaused(district="all", revision=1, changed_by="sue"), "decisions")


def shift_is_over(town: Town) -> None:
    town.wait(9 * 3600)


def officer_asks(town: Town) -> None:
    town.report("2", requested_by="officer")
    town.triage(incident="2")


def sign_on_again(town: Town) -> None:
    town.command(SignOn, team_id="one", members=("one-medic",), shift_ends_at=town.now + timedelta(hours=4))


def cad_not_told(town: Town) -> None:
    town.hear(
        CadNotInformed(message_id="m", source="cad", kind="call.routed", why="timeout", call_id=call_id(), episode=1),
        "notifications",
    )


def refuse_input(town: Town) -> None:
    town.fold(
        InputRefused(
            position="calls/0/0",
            sha256="",
            length=0,
            wrong="KeyError",
            input_type="call-reported",
            call_id=call_id(),
        )
    )


HAPPENINGS: dict[str, tuple[str | None, Callable[[Town], object]]] = {
    "upgrade, recall": ("upgraded", recall),
    "upgrade, stage": (None, stage),
    "upgrade, stay": (None, stay),
    "CAD cancels": ("cancelled", lambda town: town.cancel()),
    "CAD closes": ("cancelled", lambda town: town.cancel(status="closed")),
    "CAD merges": ("cancelled", lambda town: town.cancel(status="merged")),
    "CAD closes, told as a report": ("cancelled", lambda town: town.report(status="closed")),
    "override to default": ("overridden", lambda town: town.command(OverrideCall, call_id=call_id(), send="default")),
    "pause": (None, pause),
    "sign-off": (None, lambda town: town.command(SignOff, team_id="one")),
    "shift ends": ("shift-ends", shift_is_over),
    "released to go in": (None, lambda town: town.command(ReleaseTeam, team_id="one")),
    "available": (None, lambda town: town.status("available")),
    "another's call": (None, lambda town: town.status("on-scene", call_id=call_id("9"))),
    "cleared": ("cleared", lambda town: town.status("cleared", disposition="refused")),
    "withdrawn by name": ("withdrawn", lambda town: town.command(WithdrawTeam, team_id="one", reason="relieved")),
    "withdrawn from its call": (
        "withdrawn",
        lambda town: town.command(WithdrawTeam, team_id="one", call_id=call_id(), reason="relieved"),
    ),
    "withdrawn from the call before it": (
        None,
        lambda town: town.command(WithdrawTeam, team_id="one", call_id=call_id("9"), reason="relieved"),
    ),
    "withdrawn without a reason": (None, lambda town: town.command(WithdrawTeam, team_id="one")),
    **{status: (None, partial(Town.status, status=status)) for status in PROGRESS[:-1]},
    "need-police": (None, lambda town: town.status("need-police")),
    "another address": (None, lambda town: town.report(address="b2")),
    "another district": (None, lambda town: town.report(district="West")),
    "another beginning": (None, lambda town: town.report(created_at=START + timedelta(days=1))),
    "a unit on scene": (None, lambda town: town.report(units_on_scene=True)),
    "reopened": (None, lambda town: town.report(status="reopened")),
    "corrected": (None, lambda town: town.command(CorrectStatus, team_id="one", status="en-route")),
    "an officer asks for another call": (None, officer_asks),
    "signed on again": (None, sign_on_again),
    "taken off the roster": (None, lambda town: town.command(RemoveTeam, team_id="one")),
    "a member taken off the books": (None, lambda town: town.command(RemovePerson, person_id="one-medic")),
    "the CAD was not told": (None, cad_not_told),
    "a version that cannot be decided": (None, refuse_input),
    "its safety check fails": (None, lambda town: town.fail_clock(f"check/{call_id()}")),
    "silence for hours": (None, lambda town: town.wait(3 * 3600)),
}
"""Whatever may happen to a team with a call, and as which ending; None: it ends no assignment."""


@pytest.mark.parametrize("state", get_args(AssignmentState))
@pytest.mark.parametrize("happening", HAPPENINGS)
def test_what_ends_an_assignment_stands_in_the_table(happening: str, state: AssignmentState) -> None:
    ending, happens = HAPPENINGS[happening]
    town = in_state(state)
    happens(town)
    ends = ending in ENDS[state]
    assert has_it(town) != ends, town.kinds()[-5:]
    withdrawn = [event.why for event in town.all(AssignmentWithdrawn)]
    assert withdrawn == ([ending] if ends and ending != "cleared" else [])
    if not ends and ending in ("cancelled", "overridden"):
        assert len(town.all(TeamStays)) == 1
    is_asked(town.state)


def test_only_its_own_word_or_a_named_person_takes_a_team_off_that_is_with_somebody() -> None:
    assert {ENDS[state] for state in WITH_SOMEBODY} == {frozenset(("cleared", "withdrawn"))}
    assert set(ENDS) == set(get_args(AssignmentState))


# --- an upgrade while the team is with somebody ---------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(WITH_SOMEBODY))
def test_an_upgrade_leaves_a_team_on_scene_assigned_and_asks_it_twice_as_often(state: AssignmentState) -> None:
    town = in_state(state)
    recall(town)
    upgrade = town.last(UpgradeRaised)
    assert (upgrade.team_on_scene, upgrade.on_upgrade, upgrade.send) == (True, "stay", "default")
    town.call("2")
    assert town.last(OfferMade).call_id == call_id(), "it is offered nothing else"
    town.wait(HALF_HOUR / 2)
    assert [event.number for event in town.all(SafetyCheckDue)] == [1]
    town.wait(HALF_HOUR)
    assert [event.missed for event in town.all(SafetyCheckMissed)] == [2]
    assert town.status("need-police").type == "command-done"


def test_an_upgrade_shortens_the_check_that_runs() -> None:
    town = in_state("on-scene")
    town.wait(20 * 60)
    recall(town)
    town.wait(10 * 60)
    assert len(town.all(SafetyCheckDue)) == 1, "it is not asked later than it would have been"


def raised(fact: str, value: str, unknown: Unknown | None = None) -> RaisedBy:
    return RaisedBy(fact, value, unknown, "cad", START)


def test_another_hazard_on_the_same_level_is_told_once_and_turns_nobody_back_who_still_fits() -> None:
    """On scene with a weapon told, violence in progress was told to nobody."""
    town = Town()
    town.team("one")
    past, elsewhere, feared = raised("violence", "past"), raised("weapon", "elsewhere"), raised("crime", "x", "words")
    town.call("1", judgement(verdict(), level_rank=1, raised_by=(past,)))
    town.accept(town.last(OfferMade))
    for hazards, upgrades in (((past,), 0), ((past, elsewhere), 1), ((elsewhere, feared), 1), ((past, elsewhere), 1)):
        town.wait(1)
        town.triage(judgement(verdict(), level_rank=1, raised_by=hazards))
        assert len(town.all(UpgradeRaised)) == upgrades, hazards
    assert (town.last(UpgradeRaised).on_upgrade, has_it(town)) == ("stay", True)


def test_a_gun_that_somebody_speaks_of_is_told_to_a_team_that_knows_of_another_danger_and_again_once_it_is_known() -> (
    None
):
    """`he has a gun` in the narrative, with a suicide attempt told before: the team on scene heard nothing."""
    town = Town()
    town.team("one")
    town.call()
    town.accept(town.last(OfferMade))
    town.status("on-scene")
    attempt, elsewhere = raised("suicide", "attempt"), raised("weapon", "elsewhere")
    feared, unasked = raised("weapon", "firearm", "words"), raised("crime", "reported", "not-asked")
    said: list[tuple[tuple[RaisedBy, ...], int]] = [
        ((attempt, unasked), 1),
        ((attempt, feared, unasked), 2),
        ((attempt, feared), 2),
        ((attempt, elsewhere), 3),
        ((attempt, feared), 3),
    ]
    for hazards, upgrades in said:
        town.wait(1)
        town.triage(unsuitable(level_rank=2, raised_by=hazards))
        assert len(town.all(UpgradeRaised)) == upgrades, hazards
    assert (town.last(UpgradeRaised).on_upgrade, has_it(town)) == ("stay", True)


def test_a_weapon_that_was_only_feared_when_a_dispatcher_sent_the_team_is_told_once_it_is_known() -> None:
    town = Town()
    town.team("one")
    feared = judgement(verdict(may_go=False), suitability="indeterminate", missing=("weapon",), level_rank=2)
    town.call("1", feared.model_copy(update={"raised_by": (raised("weapon", "firearm", "not-asked"),)}))
    town.command(OverrideCall, call_id=call_id(), send="cares", reason="I know the man.")
    town.accept(town.last(OfferMade))
    town.status("on-scene")
    town.wait(1)
    town.triage(unsuitable(level_rank=2, raised_by=(raised("weapon", "firearm"),)))
    upgrade = town.last(UpgradeRaised)
    assert (upgrade.team_on_scene, upgrade.on_upgrade, upgrade.send) == (True, "stay", "default")
    assert assignment(town).upgraded


def test_a_weapon_in_a_version_from_before_the_call_was_opened_again_is_told() -> None:
    """What triage says last is all that it knows; for the age of its version a firearm was passed over."""
    town = Town()
    town.call("1", unsuitable())
    before = town.now
    town.wait(5)
    town.report(status="reopened")
    town.team("one")
    town.triage(judgement(), version={"status": "reopened"})
    town.accept(town.last(OfferMade))
    town.status("on-scene")
    town.wait(5)
    town.cancel(status="closed")
    town.triage(unsuitable(level_rank=2, raised_by=(raised("weapon", "firearm"),)), updated_at=before)
    upgrade = town.last(UpgradeRaised)
    assert (upgrade.level_rank, upgrade.team_on_scene) == (2, True)


WEAPON = unsuitable(level_rank=2, raised_by=(raised("weapon", "firearm"),), sentence="Default: weapon firearm.")


@pytest.mark.parametrize("judged", [WEAPON, None])
def test_a_team_sent_by_hand_to_a_call_that_was_for_the_default_hears_why_it_was(judged: Judgement | None) -> None:
    """It went in to a firearm, and was told nothing, while nobody said anything new of the call."""
    town = Town()
    town.team("one")
    town.call("other", unsuitable().model_copy(update={"responses": (verdict(may_go=False),)}))  # it names the response
    town.report()
    if judged is not None:
        town.triage(judged)
    town.wait(60)
    town.status("available")
    town.command(OverrideCall, call_id=call_id(), send="cares", reason="I know the man.")
    assert not town.all(UpgradeRaised)
    town.accept(town.last(OfferMade))
    upgrade = town.last(UpgradeRaised)
    assert (upgrade.on_upgrade, upgrade.send, has_it(town)) == ("stay", "default", True)
    assert ("weapon firearm" if judged else "not-judged") in upgrade.sentence
    town.wait(1)
    town.triage(unsuitable(level_rank=2, raised_by=(raised("weapon", "firearm"),)))
    assert town.last(UpgradeRaised).level == "police needed"


@pytest.mark.parametrize("minutes", [1, 30])
def test_a_team_sent_by_hand_hears_what_was_said_after_the_default_had_gone_for_want_of_a_team(minutes: int) -> None:
    """Nobody had been offered the call, and it had left: it went in to a firearm, and was told nothing."""
    town = Town()
    town.call()
    assert town.last(CallRouted).reasons == ("no-team",)
    town.wait(5)
    town.report(facts={"weapon": "firearm"})
    town.triage(WEAPON)
    town.wait(60 * minutes)
    town.team("one")
    town.command(OverrideCall, call_id=call_id(), send="cares", reason="I know the man.")
    town.accept(town.last(OfferMade))
    assert ("weapon firearm" in town.last(UpgradeRaised).sentence, has_it(town)) == (True, True)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(
    ("why", "waits"), [("Ask about weapon.", 0), ("Ask about weapon.", 60), ("which does not send cares", 0)]
)
def test_a_team_sent_by_hand_hears_why_it_was_not_asked(why: str, waits: int, *, again: bool) -> None:
    """A knife that somebody spoke of took the offer back; a dispatcher sent the team, and it was told nothing."""
    in_doubt = judgement(suitability="indeterminate", level_rank=2, sentence=why).model_copy(update={"responses": ()})
    for_others = judgement(verdict("co-response"), level="police along", level_rank=1)
    town = Town()
    town.team("one")
    town.call()
    judged = in_doubt if why.startswith("Ask") else for_others
    town.triage(judged, updated_at=town.now + timedelta(seconds=1))
    assert town.last(OfferWithdrawn).team_id == "one"
    town.wait(waits)
    town.command(OverrideCall, call_id=call_id(), send="cares", reason="I know the man.")
    if again:
        town.triage(judged, updated_at=town.now + timedelta(seconds=2))
    town.accept(town.last(OfferMade))
    assert (why in town.last(UpgradeRaised).sentence, has_it(town)) == (True, True)


@pytest.mark.parametrize("asked", [False, True])
def test_a_team_sent_by_hand_hears_of_a_type_that_nobody_lists(*, asked: bool) -> None:
    """Nobody was asked because of `SHOTS FIRED`; one that an officer has asked for knows whom it goes to."""
    town = Town()
    town.team("one")
    said = "SHOTS FIRED is not a listed call type."
    gate = Gate(gate="call-type", passed=True, reason=None, sentence=said)
    cares = verdict(may_go=asked, reasons=() if asked else ("category-not-taken",))
    town.call("1", judgement(cares, gates=(gate,), sentence=said))
    if not asked:
        assert town.last(CallRouted).outcome == "default"
        town.command(OverrideCall, call_id=call_id(), send="cares", reason="I know the man.")
    town.accept(town.last(OfferMade))
    assert ["SHOTS FIRED" in event.sentence for event in town.all(UpgradeRaised)] == ([] if asked else [True])


def test_a_team_sent_by_hand_hears_no_doubt_that_was_settled_while_it_was_asked() -> None:
    town = Town()
    town.team("one")
    town.call("1", judgement(suitability="indeterminate", level_rank=2))
    town.command(OverrideCall, call_id=call_id(), send="cares", reason="I know the man.")
    town.triage(updated_at=town.now + timedelta(seconds=1))
    town.accept(town.last(OfferMade))
    assert (town.all(UpgradeRaised), has_it(town)) == ([], True)


@pytest.mark.parametrize("stays", [False, True])
def test_the_next_team_that_is_sent_by_hand_hears_what_the_one_before_it_was_told(*, stays: bool) -> None:
    """Turned back because of a firearm, or done with it: the team after it went in, and was told nothing."""
    town = Town()
    town.team("one")
    town.call()
    town.accept(town.last(OfferMade))
    if stays:
        town.status("on-scene")
    town.triage(WEAPON)
    town.status("cleared", disposition="resolved-on-scene")
    town.team("two")
    for _ in range(2):
        town.command(OverrideCall, call_id=call_id(), send="cares", reason="I know the man.")
        town.accept(town.last(OfferMade))
        upgrade = town.last(UpgradeRaised)
        assert upgrade.team_id == town.last(OfferMade).team_id
        assert upgrade.sentence.count("of which this was said: Default: weapon firearm.") == 1
        town.status("cleared", upgrade.team_id, disposition="resolved-on-scene")


def test_a_team_sent_by_hand_again_hears_what_was_said_long_after_the_first_one_was_done() -> None:
    town = Town()
    town.team("one")
    town.call()
    town.accept(town.last(OfferMade))
    town.status("cleared", disposition="resolved-on-scene")
    town.wait(1200)
    town.report(facts={"weapon": "firearm"})
    town.triage(WEAPON)
    town.status("available")
    town.command(OverrideCall, call_id=call_id(), send="cares", reason="I know the man.")
    town.accept(town.last(OfferMade))
    assert ("weapon firearm" in town.last(UpgradeRaised).sentence, has_it(town)) == (True, True)


@pytest.mark.parametrize("how", ["no team was free", "judged anew"])
def test_a_team_sent_by_hand_to_a_call_that_any_might_take_is_warned_of_nothing(how: str) -> None:
    town = Town()
    if how == "judged anew":
        town.call("1", WEAPON)
        town.wait(5)
        town.report(status="reopened")
        town.triage(judgement(), version={"status": "reopened"})
    else:
        town.call()
    town.wait(60)
    town.team("one")
    town.command(OverrideCall, call_id=call_id(), send="cares")
    town.accept(town.last(OfferMade))
    assert has_it(town)
    assert not town.all(UpgradeRaised)


ASKED = MADISON.replace('may_be_asked_by = ["caller"]', 'may_be_asked_by = ["caller", "officer"]')


@pytest.mark.parametrize(
    ("asked", "state", "told", "stays"),
    [
        ({}, "en-route", ("recall", "default"), False),
        ({}, "on-scene", ("stay", "default"), True),
        ({"caller_wants": "alternative"}, "en-route", ("recall", "default"), False),
        ({"requested_by": "officer"}, "en-route", ("stay", ""), True),
    ],
)
def test_a_call_type_that_nobody_lists_is_told_once_to_the_team_that_has_the_call(
    asked: dict[str, Any],
    state: str,
    told: tuple[str, str],
    stays: bool,  # noqa: FBT001
) -> None:
    """A call was retyped "SHOTS FIRED", which no document lists, and neither the team on its way nor the CAD heard."""
    town = Town()
    town.team("one")
    town.call("1", judged(ASKED, **asked))
    town.accept(town.last(OfferMade))
    town.status(state)
    for code, upgrades in (("MENTAL", 0), ("SHOTS FIRED", 1), ("SHOTS FIRED", 1)):
        town.wait(1)
        town.triage(judged(ASKED, code=code, **asked))
        assert len(town.all(UpgradeRaised)) == upgrades, code
    upgrade = town.last(UpgradeRaised)
    assert (upgrade.on_upgrade, upgrade.send, upgrade.unlisted_type) == (*told, "SHOTS FIRED")
    assert has_it(town) == stays


def test_a_team_that_was_asked_for_whatever_the_type_is_told_when_that_becomes_another_unlisted_one() -> None:
    town = Town()
    town.team("one")
    town.call("1", judged(ASKED, code="TRAFFIC", requested_by="officer"))
    town.accept(town.last(OfferMade))
    for code, upgrades in (("TRAFFIC", 0), ("SHOTS FIRED", 1)):
        town.wait(1)
        town.triage(judged(ASKED, code=code, requested_by="officer"))
        assert len(town.all(UpgradeRaised)) == upgrades, code
    assert has_it(town)


OF_AGE = MADISON.replace("[responses.cares]", '[responses.cares]\nonly_when = { age = "18 or more", consent = "yes" }')
GROWN = {"age": "44", "consent": "yes"}


@pytest.mark.parametrize("state", ["en-route", "on-scene"])
@pytest.mark.parametrize(
    ("code", "facts", "against"),
    [
        ("MENTAL", {"age": "9", "consent": "yes"}, ("age-not-met",)),
        ("MENTAL", {"consent": "yes"}, ("age-unknown",)),
        ("MENTAL", {"age": "44", "consent": "no"}, ("consent-not-met",)),
        ("TROUBLE", GROWN, ("category-not-taken",)),
    ],
)
def test_a_call_that_proves_to_be_none_for_its_response_is_told_as_that_and_once(
    state: AssignmentState, code: str, facts: dict[str, str], against: tuple[str, ...]
) -> None:
    """On its level nothing had changed: the team went on to a child, and neither it nor the CAD heard."""
    town = Town()
    town.team("one")
    town.call("1", judged(OF_AGE, facts=GROWN))
    town.accept(town.last(OfferMade))
    town.status(state)
    for said, kind, upgrades in ((GROWN, "MENTAL", 0), (facts, code, 1), (facts, code, 1)):
        town.wait(1)
        town.triage(judged(OF_AGE, facts=said, code=kind))
        assert len(town.all(UpgradeRaised)) == upgrades
    upgrade = town.last(UpgradeRaised)
    assert (upgrade.more_dangerous, upgrade.against, upgrade.send) == (False, against, "default")
    assert has_it(town) == (state == "on-scene")
    assert (upgrade.on_upgrade, upgrade.level_rank) == ("stay" if has_it(town) else "recall", 0)
    if has_it(town):
        assert not assignment(town).upgraded, "it is asked as often as before whether it is well"
        town.command(CorrectStatus, team_id="one", status="en-route")
    assert town.last(AssignmentWithdrawn).why == "may-not-go"


@pytest.mark.parametrize(
    ("facts", "code", "why"),
    [
        ({"age": "9", "consent": "yes"}, "MENTAL", "may-not-go"),
        (GROWN, "TROUBLE", "may-not-go"),
        (GROWN, "SHOTS FIRED", "upgraded"),
        (GROWN | {"weapon": "firearm"}, "MENTAL", "upgraded"),
    ],
)
def test_an_open_offer_is_taken_back_for_what_is_true(facts: dict[str, str], code: str, why: str) -> None:
    """Whoever had an open offer of a call to a child read that it had become more dangerous."""
    town = Town()
    town.team("one")
    town.call("1", judged(OF_AGE, facts=GROWN))
    town.wait(1)
    town.triage(judged(OF_AGE, facts=facts, code=code))
    assert [event.why for event in town.all(OfferWithdrawn)] == [why]
    assert ("more dangerous" in WITHDRAWN[why]) == (why == "upgraded"), "which its page says"
    assert town.last(CallRouted).outcome == "default"


def test_a_doubt_about_the_district_is_told_and_turns_nobody_back() -> None:
    """Where its position and its district came to differ, the team went on to the district, and nobody heard."""
    town = in_state("en-route")
    doubt = Gate("district", False, "district-conflict", "the CAD says Central, its position is in West.")  # noqa: FBT003
    for _ in range(2):
        town.wait(1)
        town.triage(judgement(suitability="unsuitable", reasons=("district-conflict",), gates=(doubt,), district=None))
    (upgrade,) = town.all(UpgradeRaised)
    assert (upgrade.more_dangerous, upgrade.against) == (False, ("district-conflict",))
    assert (upgrade.on_upgrade, upgrade.send, has_it(town)) == ("stay", "default", True)


def test_what_speaks_against_a_team_that_a_dispatcher_sends_is_told_once_and_turns_nobody_back() -> None:
    town = Town()
    town.team("one")
    child = {"age": "9", "consent": "yes"}
    town.call("1", judged(OF_AGE, facts=child))
    town.command(OverrideCall, call_id=call_id(), send="cares")
    town.accept(town.last(OfferMade))
    for facts, upgrades in ((child, 1), (child, 1), ({"age": "9", "consent": "no"}, 2)):
        town.wait(1)
        town.triage(judged(OF_AGE, facts=facts))
        assert len(town.all(UpgradeRaised)) == upgrades
    assert (town.last(UpgradeRaised).on_upgrade, has_it(town)) == ("stay", True)


@pytest.mark.parametrize("raised_by", [(raised("weapon", "firearm"),), (raised("weapon", "firearm", "not-asked"),)])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("state", ["en-route", "on-scene"])
def test_the_levels_of_another_document_do_not_compare(
    state: AssignmentState, rank: int, raised_by: tuple[RaisedBy, ...]
) -> None:
    """Under a new document with fewer levels its highest was below the one that the team had been told of."""
    town = Town()
    town.team("one")
    town.call("1", judgement(verdict(), level="careful", level_rank=2))
    town.accept(town.last(OfferMade))
    town.status(state)
    town.wait(1)
    town.triage(judgement(verdict(), level="careful", level_rank=rank - 1, programme_hash="h2", programme_version=2))
    assert not town.all(UpgradeRaised), "the same level by another number"
    for _ in range(2):
        town.wait(1)
        town.triage(unsuitable(level_rank=rank, raised_by=raised_by, programme_hash="h2", programme_version=2))
        assert len(town.all(UpgradeRaised)) == 1
    assert (town.last(UpgradeRaised).level, town.last(UpgradeRaised).send) == ("police needed", "default")
    assert has_it(town) == (state == "on-scene")


@pytest.mark.parametrize(
    ("what", "why"),
    [("recall", "upgraded"), ("close", "cancelled"), ("override", "overridden"), ("stay", None), ("open again", None)],
)
def test_what_a_team_stayed_in_spite_of_turns_it_back_once_it_says_that_it_is_not_there(
    what: str, why: str | None
) -> None:
    """It had tapped the wrong button: to a firearm, or a call that is over, it went on in silence."""
    town = in_state("on-scene", on_upgrade="stay" if what == "stay" else "recall")
    if what == "recall":
        recall(town)
    elif what == "stay":
        stay(town)
    elif what == "override":
        town.command(OverrideCall, call_id=call_id(), send="default")
    else:
        town.cancel(status="closed")
        town.wait(1)
        if what == "open again":
            town.report(status="reopened")
    assert has_it(town)
    answer = town.command(CorrectStatus, team_id="one", status="en-route", reason="the wrong button")
    assert answer.type == "command-done"
    assert has_it(town) == (why is None)
    assert [event.why for event in town.all(AssignmentWithdrawn)] == ([] if why is None else [why])


def test_a_call_that_the_cad_closes_and_opens_again_is_told_of_each_time() -> None:
    town = in_state("on-scene")
    for _ in range(2):
        town.wait(1)
        town.cancel(status="closed")
        town.wait(1)
        town.report(status="reopened")
    assert [event.why for event in town.all(TeamStays)] == ["closed", "closed"]
    assert has_it(town)


def test_a_dispatcher_sends_the_default_beside_a_team_on_scene_and_nothing_instead_of_it() -> None:
    town = in_state("on-scene")
    answer = town.command(OverrideCall, call_id=call_id(), send="default")
    assert answer.sentence.startswith("The default response goes. one is with somebody")  # type: ignore[attr-defined]
    assert town.last(TeamStays).send == "default"
    town.call("2", judgement(verdict("other", model="co-responder")))
    answer = town.command(OverrideCall, call_id=call_id(), send="other")
    assert isinstance(answer, CommandRefused)
    assert answer.reason == "team-on-scene"
    assert has_it(town)


# --- asking for police ----------------------------------------------------------------------------------------------


def test_need_police_is_refused_to_no_team_on_shift() -> None:
    town = Town()
    town.team("one")
    assert town.status("need-police").type == "command-done"
    said = town.last(StatusReported)
    assert (said.call_id, said.assigned) == (None, False)
    town.call()
    assert not town.all(OfferMade), "it is offered nothing before it says that it is available"
    assert town.command(SignOff, team_id="one").type == "command-refused"
    town.wait(HALF_HOUR / 2)
    assert [(event.call_id, event.team_id) for event in town.all(SafetyCheckDue)] == [("", "one")]
    town.wait(9 * 3600)
    assert not town.all(TeamSignedOff), "its shift does not end it"
    assert town.status("available").type == "command-done"
    town.wait(0)
    assert len(town.all(TeamSignedOff)) == 1


@pytest.mark.parametrize("status", ["need-police", "on-scene", "transporting"])
def test_a_team_whose_call_was_just_withdrawn_is_heard_and_asked(status: str) -> None:
    town = in_state("en-route")
    recall(town)
    assert not has_it(town)
    assert town.status(status).type == "command-done"
    said = town.last(StatusReported)
    assert (said.call_id, said.episode, said.assigned) == (call_id(), 1, False)
    town.wait(HALF_HOUR / 2)
    asked = town.last(SafetyCheckDue)
    assert (asked.call_id, asked.shift_id) == (call_id(), town.last(TeamSignedOn).shift_id)
    assert asked.members == ("one-medic", "one-worker")
    assert not town.all(RecallUnacknowledged)


def test_whatever_call_a_team_names_its_request_for_police_is_about_its_last_one() -> None:
    town = in_state("en-route")
    recall(town)
    assert town.status("need-police", call_id="no call id").type == "command-done"
    assert town.last(StatusReported).call_id == call_id()


def test_need_police_names_another_call_and_counts_for_the_one_that_the_team_has() -> None:
    town = in_state("on-scene")
    assert town.status("need-police", call_id=call_id("9")).type == "command-done"
    assert town.last(StatusReported).call_id == call_id()


# --- recalled -------------------------------------------------------------------------------------------------------


def test_a_recalled_team_is_offered_nothing_before_it_has_acknowledged() -> None:
    town = in_state("en-route")
    recall(town)
    town.call("2")
    assert len(town.all(OfferMade)) == 1
    assert isinstance(town.status("en-route"), CommandRefused)
    town.wait(299)
    assert not town.all(RecallUnacknowledged)
    town.wait(1)
    assert town.last(RecallUnacknowledged).team_id == "one"
    town.call("3")
    assert len(town.all(OfferMade)) == 1
    town.status("available")
    town.call("4")
    assert town.last(OfferMade).call_id == call_id("4")


def test_clearing_acknowledges_a_recall_too() -> None:
    town = in_state("en-route")
    town.cancel()
    assert town.status("cleared", disposition="cancelled").type == "command-done"
    town.call("2")
    assert town.last(OfferMade).call_id == call_id("2")


# --- order of reports -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(("en-route", "on-scene", "transporting"))))
def test_reports_in_any_order_go_forward_only(order: tuple[str, ...]) -> None:
    town = in_state("accepted")
    furthest = -1
    for status in order:
        happened_at = town.now
        town.wait(1)
        town.status(status, happened_at=happened_at)
        is_late = PROGRESS.index(status) < furthest
        furthest = max(furthest, PROGRESS.index(status))
        assert assignment(town).reported == PROGRESS[furthest]
        said: Event = town.last(LateStatusNoted) if is_late else town.last(StatusReported)
        assert (said.status, said.happened_at) == (status, happened_at)  # type: ignore[attr-defined]
    town.wait(HALF_HOUR)
    assert town.all(SafetyCheckDue)


def test_a_late_report_leaves_the_safety_check_running() -> None:
    town = in_state("on-scene")
    town.wait(HALF_HOUR - 60)
    town.status("en-route", happened_at=town.now - timedelta(minutes=40))
    town.wait(60)
    assert len(town.all(SafetyCheckDue)) == 1


def test_going_back_is_a_correction_that_says_so() -> None:
    town = in_state("on-scene")
    assert town.command(CorrectStatus, team_id="one", status="en-route").type == "command-done"
    assert assignment(town).state == "en-route"
    assert town.command(CorrectStatus, team_id="one", status="on-scene").result == "nothing-to-do"  # type: ignore[attr-defined]
    town.status("on-scene")
    town.wait(HALF_HOUR)
    assert len(town.all(SafetyCheckDue)) == 1


def test_a_status_cannot_have_happened_later_than_it_was_told() -> None:
    town = in_state("accepted")
    town.status("en-route", happened_at=town.now + timedelta(hours=1))
    assert town.last(StatusReported).happened_at == town.now


# --- by telephone ---------------------------------------------------------------------------------------------------


def test_whoever_accepted_by_phone_is_told_of_an_upgrade_and_asked_as_any_team() -> None:
    town = in_state("on-phone")
    town.wait(HALF_HOUR)
    assert len(town.all(SafetyCheckDue)) == 1
    recall(town)
    assert town.last(UpgradeRaised).team_id == "one"
    town.wait(HALF_HOUR)
    assert town.all(SafetyCheckMissed)


# --- the shift ends -------------------------------------------------------------------------------------------------


def test_a_call_is_handed_back_before_the_shift_ends_by_a_team_that_has_not_arrived() -> None:
    town = in_state("en-route", hours=2, expected_minutes=40)
    town.wait(79 * 60)
    assert has_it(town)
    town.wait(60)
    assert town.last(AssignmentWithdrawn).why == "shift-ends"
    assert not town.all(TeamSignedOff)
    town.status("available")
    town.wait(3600)
    assert len(town.all(TeamSignedOff)) == 1


def test_a_team_asked_just_in_time_has_half_of_what_a_call_takes_to_arrive() -> None:
    town = in_state("en-route", hours=1.01, expected_minutes=60)
    town.wait(29 * 60)
    assert has_it(town)
    town.wait(2 * 60)
    assert not has_it(town)


def test_a_team_that_has_arrived_hands_nothing_back() -> None:
    town = in_state("on-scene", hours=2)
    town.wait(5 * 3600)
    assert has_it(town)
    assert not town.all(TeamSignedOff)


# --- staged ---------------------------------------------------------------------------------------------------------


def staged(*enters_when: str) -> Town:
    return in_state("staged", enters_when=enters_when or ("police on scene", "released by sergeant"))


def test_a_staged_team_goes_in_once_the_cad_has_a_unit_on_scene() -> None:
    town = staged()
    town.report(units_on_scene=True)
    assert town.last(TeamMayEnter).released_by == "units-on-scene"
    town.status("on-scene")
    assert not town.all(EntryNotReleased)


def test_a_unit_on_scene_is_no_sergeants_word() -> None:
    town = staged("released by sergeant")
    town.report(units_on_scene=True)
    assert not town.all(TeamMayEnter)
    town.command(ReleaseTeam, team_id="one", released_by="Sergeant Ortiz")
    assert town.last(TeamMayEnter).released_by == "Sergeant Ortiz"
    assert town.command(ReleaseTeam, team_id="one").result == "nothing-to-do"  # type: ignore[attr-defined]


def test_a_release_that_names_another_call_lets_nobody_in() -> None:
    """Seen with a team's former call, it let the team in to the one that it had by then."""
    town = staged("released by sergeant")
    refused = town.command(ReleaseTeam, team_id="one", call_id=call_id("former"))
    assert refused.reason == "another-call"  # type: ignore[attr-defined]
    assert not assignment(town).may_enter
    town.command(ReleaseTeam, team_id="one", call_id=call_id())
    assert assignment(town).may_enter


def test_a_release_for_a_call_that_was_merged_since_is_for_the_same_place() -> None:
    town = staged("released by sergeant")
    town.team("two")
    town.call("2")
    town.wait(1)
    town.cancel(status="merged", merged_into="2")
    town.command(ReleaseTeam, team_id="one", call_id=call_id())
    assert assignment(town, "2").may_enter


def test_on_scene_without_a_release_is_recorded_with_its_answer_or_asked_about() -> None:
    town = staged()
    town.status("on-scene")
    assert town.last(EntryNotReleased).sentence.endswith("Has somebody released it?")
    answered = staged()
    answered.status("on-scene", released_by="Sergeant Ortiz")
    assert answered.last(StatusReported).released_by == "Sergeant Ortiz"
    assert not answered.all(EntryNotReleased)
    for on_scene in (town, answered):
        on_scene.wait(HALF_HOUR)
        assert on_scene.all(SafetyCheckDue), "either way it is on scene"


def test_the_dispatcher_is_told_of_a_team_that_waits_for_long() -> None:
    town = staged()
    town.wait(10 * 60)
    assert town.last(TeamStillStaged).staged_minutes == 10
    released = staged()
    released.command(ReleaseTeam, team_id="one")
    released.wait(3600)
    assert not released.all(TeamStillStaged)


def test_a_team_that_waits_nearby_of_itself_or_after_an_upgrade_is_not_forgotten() -> None:
    """Nothing ever asked after a team that was staged where the document names nothing to wait for."""
    town = in_state("staged")
    town.wait(10 * 60)
    assert town.last(TeamStillStaged).sentence.endswith("has waited nearby for 10 min for: somebody's word.")
    town.command(ReleaseTeam, team_id="one", call_id=call_id())
    assert town.last(TeamMayEnter).released_by == "dee", "it may go in already, it was said, and the alert stood"
    assert town.command(ReleaseTeam, team_id="one").result == "nothing-to-do"  # type: ignore[attr-defined]
    town.wait(3600)
    assert len(town.all(TeamStillStaged)) == 1


def test_a_team_that_goes_on_waiting_nearby_is_told_of_again_and_that_its_shift_is_over() -> None:
    """It was told of once: a team that waits of itself, whose shift ends, was asked after by nobody any more."""
    town = in_state("staged", hours=2)
    town.wait(3 * 3600)
    told = town.all(TeamStillStaged)
    assert [event.staged_minutes for event in told] == list(range(10, 181, 10))
    assert told[0].sentence.endswith("has waited nearby for 10 min for: somebody's word.")
    assert told[-1].sentence.endswith("for 180 min for: somebody's word. Its shift is over.")
    assert has_it(town)
    town.status("on-scene")
    town.wait(3600)
    assert town.all(TeamStillStaged) == told


def test_a_team_that_was_let_in_and_says_nothing_is_asked_whether_it_is_well() -> None:
    """Nothing was armed for it: it may have gone in without a word."""
    town = staged()
    town.command(ReleaseTeam, team_id="one")
    town.wait(HALF_HOUR)
    assert len(town.all(SafetyCheckDue)) == 1
    town.status("staged")
    town.wait(3 * HALF_HOUR)
    assert town.all(SafetyCheckMissed)
    assert not town.all(TeamStillStaged)


def test_a_team_that_an_upgrade_told_to_wait_nearby_waits_until_a_person_lets_it_in() -> None:
    """The next version, calmer or with another hazard, told it to carry on, and a unit on scene let it in."""
    town = in_state("en-route", enters_when=("police on scene",))
    stage(town)
    assert town.last(UpgradeRaised).on_upgrade == "stage"
    town.wait(1)
    town.triage(judgement(verdict(on_upgrade="stage"), level_rank=1, raised_by=(raised("violence", "past"),)))
    assert [event.on_upgrade for event in town.all(UpgradeRaised)] == ["stage", "stage"]
    town.wait(1)
    town.report(units_on_scene=True)
    town.triage(judgement(verdict(on_upgrade="stage")))
    assert not town.all(TeamMayEnter)
    town.status("staged")
    assert not assignment(town).may_enter
    town.command(ReleaseTeam, team_id="one", call_id=call_id())
    assert town.last(TeamMayEnter).released_by == "dee"
    town.status("on-scene")
    assert not town.all(EntryNotReleased)


@pytest.mark.parametrize("says", [(), ("staged",)])
def test_a_team_that_an_upgrade_told_to_wait_nearby_can_be_let_in_and_is_not_forgotten(says: tuple[str, ...]) -> None:
    """Where the document names nothing to wait for, it "may go in already", and nobody was told that it waits."""
    town = in_state("en-route")
    stage(town)
    for status in says:
        town.status(status)
    town.wait(10 * 60)
    assert town.last(TeamStillStaged).sentence.endswith("has waited nearby for 10 min for: somebody's word.")
    assert town.command(ReleaseTeam, team_id="one").type == "command-done"
    assert town.last(TeamMayEnter).released_by == "dee"
    town.wait(3600)
    assert len(town.all(TeamStillStaged)) == 1
    entered = in_state("en-route")
    stage(entered)
    entered.status("on-scene")
    assert entered.last(EntryNotReleased).sentence.endswith("somebody's word. Has somebody released it?")


def test_a_unit_that_is_on_scene_already_lets_the_team_in() -> None:
    town = Town()
    town.team("one")
    town.report(units_on_scene=True)
    town.triage(judgement(verdict(enters_when=("police on scene",))))
    town.accept(town.last(OfferMade))
    assert town.last(TeamMayEnter).released_by == "units-on-scene", "its page said to wait, and nobody would have come"
    town.status("on-scene")
    assert not town.all(EntryNotReleased)
    assert len(town.all(TeamMayEnter)) == 1


def test_so_does_one_at_the_call_that_its_own_was_merged_into() -> None:
    town = staged()
    town.team("two")
    town.report("2", units_on_scene=True)
    town.triage(judgement(), "2")
    town.wait(1)
    town.cancel(status="merged", merged_into="2")
    entered = town.last(TeamMayEnter)
    assert (entered.call_id, entered.released_by) == (call_id("2"), "units-on-scene")


# --- changes of the call --------------------------------------------------------------------------------------------


def test_A7_another_beginning_or_place_is_told_and_the_call_stays() -> None:  # noqa: N802
    town = in_state("en-route")
    town.report(created_at=town.now + timedelta(days=1), district="West")
    changed = town.last(CallChanged)
    assert changed.another_incident
    assert changed.changes[0] == "Beginning: 2026-03-02 12:00 UTC, now 2026-03-03 12:00 UTC."
    assert has_it(town)
    town.report(created_at=changed.begun_at, district="West", beat="12")
    assert [event.another_incident for event in town.all(CallChanged)] == [True, False]
    assert town.last(CallChanged).changes == ("Place: West, now West, beat 12.",)
    recall(town)
    assert town.last(UpgradeRaised).team_id == "one", "its hazards count"


def test_A7_another_address_is_told_to_the_team_each_time_and_no_spelling_of_it_is() -> None:  # noqa: N802
    town = Town()
    town.team("one")
    town.report(address="a1")
    town.triage()
    town.accept(town.last(OfferMade))
    for address, told in (("a1", 0), ("b2", 1), ("", 1), ("b2", 1), ("a1", 2), ("a1", 2)):
        town.wait(10)
        town.report(address=address)
        assert len(town.all(CallChanged)) == told
    changed = town.last(CallChanged)
    assert changed.address_changed
    assert not changed.another_incident
    assert changed.changes == ("Address: another than before.",)
    assert changed.changed_at == town.now - timedelta(seconds=10)


def test_a_call_that_moves_far_is_told_to_team_and_dispatcher_though_its_address_is_none_or_the_same() -> None:
    """Its position moved by five kilometres while the team drove to where it had been, and nobody heard."""
    town = Town()
    town.team("one")
    town.report(near=("b", "c"))
    town.triage()
    town.wait(1)
    town.report(near=("a", "b"))
    town.accept(town.last(OfferMade))
    for near, told in ((("a", "b"), 0), (("b", "c"), 0), ((), 0), (("c", "d"), 1), (("d", "e"), 1), (("a", "b"), 2)):
        town.wait(10)
        town.report(near=near)
        assert len(town.all(CallChanged)) == told, "far from where the team was sent, step by step or at once"
    changed = town.last(CallChanged)
    assert (changed.far, changed.another_incident) == (True, False)
    assert changed.changes == ("Position: far from where it was.",)


@pytest.mark.parametrize(
    ("minutes", "told", "another"), [(0, False, False), (5, True, False), (61, True, True), (-61, True, True)]
)
def test_A7_a_beginning_that_differs_is_told_and_far_from_before_it_is_an_alarm(  # noqa: N802
    *, minutes: int, told: bool, another: bool
) -> None:
    town = in_state("on-scene")
    begun_at = START + timedelta(minutes=minutes)
    for _ in range(2):
        town.wait(60)
        town.report(created_at=begun_at)
    assert [event.another_incident for event in town.all(CallChanged)] == ([another] if told else [])
    town.report(created_at=START)
    assert len(town.all(CallChanged)) == (2 if told else 0), "that it is as before is news again"
    assert has_it(town)


def confirm_incident(town: Town, *, another: bool) -> str:
    answer = town.command(ConfirmIncident, call_id=call_id(), another=another)
    return str(getattr(answer, "result", answer.type))


def test_A7_a_dispatcher_says_that_it_is_another_incident_which_gets_its_own_outcome() -> None:  # noqa: N802
    town = in_state("on-scene")
    assert confirm_incident(town, another=True) == "nothing-to-do"
    begun_at = town.now + timedelta(hours=3)
    town.report(created_at=begun_at)
    assert confirm_incident(town, another=True) == "done"
    assert has_it(town)
    assert len(town.all(DeadlineSet)) == 1
    town.status("cleared", disposition="resolved-on-scene")
    begun = town.last(DeadlineSet)
    assert (begun.episode, begun.why, begun.created_at) == (2, "number-reused", begun_at)
    town.wait(60)
    assert [event.outcome for event in town.all(CallRouted)] == ["team-accepted", "default"]
    town.report(created_at=begun_at)
    assert len(town.all(DeadlineSet)) == 2


@pytest.mark.parametrize(("minutes", "episodes"), [(180, 2), (59, 1), (-180, 1)])
def test_A7_whether_it_is_another_incident_nobody_says_until_its_team_is_done(  # noqa: N802
    minutes: int, episodes: int
) -> None:
    """It was never published again, and had neither a team nor an outcome."""
    town = in_state("on-scene")
    begun_at = START + timedelta(minutes=minutes)
    town.wait(60 * max(minutes, 1))
    town.report(created_at=begun_at)
    town.status("cleared", disposition="resolved-on-scene")
    town.wait(60)
    assert len(town.all(DeadlineSet)) == len(town.all(CallRouted)) == episodes
    town.report(created_at=begun_at)
    assert len(town.all(DeadlineSet)) == episodes


def test_A7_a_dispatcher_says_that_it_is_the_same_incident() -> None:  # noqa: N802
    town = in_state("on-scene")
    begun_at = town.now + timedelta(hours=3)
    town.report(created_at=begun_at)
    assert confirm_incident(town, another=False) == "done"
    assert confirm_incident(town, another=False) == "nothing-to-do"
    town.wait(60)
    town.report(created_at=begun_at)
    assert len(town.all(CallChanged)) == 1
    town.status("cleared", disposition="resolved-on-scene")
    town.wait(1)
    town.report(created_at=begun_at)
    assert len(town.all(DeadlineSet)) == 1


def test_a_call_that_the_cad_has_closed_begins_nothing_more() -> None:
    town = in_state("on-scene")
    town.report(created_at=town.now + timedelta(hours=3))
    confirm_incident(town, another=True)
    town.wait(1)
    town.cancel(status="closed")
    town.status("cleared", disposition="resolved-on-scene")
    assert len(town.all(DeadlineSet)) == 1


def test_a_source_whose_beginning_moves_says_nothing_by_it() -> None:
    town = in_state("en-route")
    for _ in range(3):
        town.wait(120)
        town.report(created_at=town.now)
    assert not town.all(CallChanged)


def test_a_place_that_goes_unsaid_and_comes_back_is_told_each_time() -> None:
    town = Town()
    town.team("one")
    town.report(district="Central")
    town.triage()
    town.accept(town.last(OfferMade))
    for district in (None, "West"):
        town.wait(1)
        town.report(district=district)
    assert [event.changes[0] for event in town.all(CallChanged)] == [
        "Place: Central, now not said.",
        "Place: not said, now West.",
    ]


# --- the property ---------------------------------------------------------------------------------------------------


HAPPENS_TO_A_TEAM = (
    *PROGRESS[:-1],
    "need-police",
    "available",
    "correct",
    "lost",
    "upgrade",
    "close",
    "reopen",
    "merge",
    "move",
    "override",
    "pause",
    "officer",
    "fails",
    "take off",
)


@settings(max_examples=400)
@given(
    st.lists(
        st.tuples(st.sampled_from(HAPPENS_TO_A_TEAM), st.integers(0, 2400), st.integers(0, 600)),
        max_size=16,
    )
)
def test_a_team_on_scene_is_never_without_a_safety_check(life: list[tuple[str, int, int]]) -> None:
    """Statuses lost, late and in any order, and whatever else happens in between: within half an hour it is asked.

    So it is with its call, with one that its call was merged into, and without one while it is in need.
    """
    town = in_state("accepted")
    town.team("two")
    for number, (what, seconds, late) in enumerate(life):
        town.wait(seconds)
        does(town, what, late, f"other {number}".replace(" ", "-"))
        is_asked(town.state)
    town.wait(3600)
    check_nobody_is_dropped(town)
    check_safety(town)


def does(town: Town, what: str, late: int, other: str) -> None:
    if what == "merge":
        town.call(other)
    if (happens := HAPPENS.get(what)) is not None:
        happens(town, its_call(town), other)
    elif what != "lost":
        town.status(what, happened_at=town.now - timedelta(seconds=late))


def its_call(town: Town) -> str:
    shift = town.state.teams["one"].shift
    return "1" if shift is None or shift.call_id is None else CallId.parse(shift.call_id).incident


def fail_checks(town: Town, call: str) -> None:
    for clock_id in (f"check/{call_id(call)}", "watch/one"):
        if clock_id in town.state.clocks:
            town.fail_clock(clock_id)


HAPPENS: dict[str, Callable[[Town, str, str], object]] = {
    "correct": lambda town, _call, _other: town.command(CorrectStatus, team_id="one", status="en-route"),
    "upgrade": lambda town, call, _other: town.triage(unsuitable(), call),
    "close": lambda town, call, _other: town.cancel(call, status="closed"),
    "reopen": lambda town, call, _other: town.report(call, status="reopened"),
    "merge": lambda town, call, other: town.cancel(call, status="merged", merged_into=other),
    "move": lambda town, call, other: town.report(call, address=other, created_at=START + timedelta(hours=3)),
    "override": lambda town, call, _other: town.command(OverrideCall, call_id=call_id(call), send="default"),
    "pause": lambda town, _call, _other: pause(town),
    "officer": lambda town, _call, _other: officer_asks(town),
    "fails": lambda town, call, _other: fail_checks(town, call),
    "take off": lambda town, _call, _other: town.command(WithdrawTeam, team_id="one", reason="relieved"),
}
"""What a step of a life does to a call and its team, where it is no report."""


def cases() -> Iterator[tuple[str, str]]:
    return ((before, status) for before in PROGRESS for status in PROGRESS)


@pytest.mark.parametrize(("before", "status"), list(cases()))
def test_order_of_statuses(before: str, status: str) -> None:
    order = ("en-route", "staged", "on-scene", "transporting", "cleared")
    assert goes_back(before, status) == (order.index(status) < order.index(before))  # type: ignore[arg-type]
    assert not goes_back(before, "need-police")  # type: ignore[arg-type]
