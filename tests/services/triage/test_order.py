"""Which version is the newest, whatever a CAD's clock says; what a late one may do; and what settles a doubt."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.triage.evolve import MOST_SEEN
from services.triage.state import OpenCall
from shared.call import Call, CallType, order_of
from shared.events import (
    AssignmentMoved,
    CadClockNoted,
    CadIdentityNoted,
    CallCancelled,
    CallEnded,
    CallReported,
    CallRetired,
    CallTriaged,
    VersionNoted,
)
from shared.programme import Judgement
from tests.services.triage.driver import (
    MADISON,
    SAFE,
    THURSDAY_NOON,
    Triage,
    cleared,
    madison,
    of,
    offer,
    only,
    report,
    routed,
    triaged,
)

CALL = "madison-wi/dane-county/1"
ARMED: dict[str, Any] = {"answers": SAFE | {"Q1": "yes"}, "cautions": ("ARMED",), "narrative": "SHOTS FIRED gun"}


def judgement(triage: Triage) -> Judgement:
    held = triage.state.calls[CALL].judgement
    assert held is not None
    return held


def stamped(
    event_id: str, received_seconds: float, stamp_seconds: float, **fields: Any
) -> CallReported | CallCancelled:
    """A version that came so many seconds after noon, with whatever stamp."""
    return report(event_id, minute=stamp_seconds / 60, received_minute=received_seconds / 60, **fields)


# --- clocks


def test_A1_a_stamp_from_the_future_orders_nothing() -> None:  # noqa: N802
    """A1: after a stamp of now + 240 s a weapon and a cancellation with right ones did not count."""
    triage = madison()
    assert triaged(triage.put(stamped("e1", 0, 240))).judgement.suitability == "suitable"
    triage.put(offer())
    triage.put(routed("team-accepted"))
    said = triaged(triage.put(stamped("e2", 5, 5, **ARMED)))
    assert (said.judgement.level, said.updated_at, said.received_at) == (
        "police needed",
        THURSDAY_NOON + timedelta(seconds=5),
        THURSDAY_NOON + timedelta(seconds=5),
    )
    assert only(triage.put(stamped("e3", 8, 8, status="cancelled")), CallEnded).status == "cancelled"


def test_A2_after_a_stamp_an_hour_ahead_weapons_ends_and_reopenings_count_at_once() -> None:  # noqa: N802
    """A2: they were ignored for an hour, and the re-opening left no trace."""
    triage = madison()
    triage.put(stamped("e1", 0, 0))
    triage.put(stamped("e2", 1, 3600))
    assert triaged(triage.put(stamped("e3", 5, 5, **ARMED))).judgement.level == "police needed"
    only(of(triage.put(stamped("e4", 10, 3610, status="closed")), CallEnded), CallEnded)
    assert triaged(triage.put(stamped("e5", 20, 20, status="reopened"))).judgement.level == "police needed"


@pytest.mark.parametrize(("offset_minutes", "said"), [(-16, -960), (6, 360), (4, None), (-14, None)])
def test_A3_a_clock_that_is_wrong_is_said_once_a_day_and_when_it_moves(  # noqa: N802
    offset_minutes: float, said: int | None
) -> None:
    """A3: every call defaulted, and nobody was told."""
    triage = madison()
    for number in range(4):
        made = triage.put(stamped(f"e{number}", number, number + offset_minutes * 60, incident_id=str(number)))
        noted = [event.offset_seconds for event in made if isinstance(event, CadClockNoted)]
        assert noted == ([said] if said is not None and number == 0 else [])
    if said is not None:
        worse = stamped("e9", 9, 9 + (offset_minutes + (7 if said > 0 else -7)) * 60, incident_id="9")
        assert len(of(triage.put(worse), CadClockNoted)) == 1
        tomorrow = 24 * 60
        again = report("ea", tomorrow + offset_minutes, received_minute=tomorrow, incident_id="10")
        assert len(of(triage.put(again), CadClockNoted)) == 1


def test_A4_of_equal_stamps_the_last_to_arrive_stands() -> None:  # noqa: N802
    triage = madison()
    triage.put(stamped("e2", 1, 0))
    assert triaged(triage.put(stamped("e1", 2, 0, district="West"))).judgement.district == "West"
    assert triaged(triage.put(stamped("e0", 3, 0))).judgement.district == "Central"


def test_A5_closed_and_reopened_at_one_instant_is_open() -> None:  # noqa: N802
    triage = madison()
    triage.put(stamped("e1", 0, 0, status="closed"))
    assert triaged(triage.put(stamped("e2", 1, 0, status="reopened"))).judgement.suitability == "suitable"
    assert only(triage.put(stamped("e3", 5, 5, status="reopened")), VersionNoted).why == "unchanged"


# --- a number that is given out again


def tomorrow(event_id: str = "n1", minute: float = 24 * 60, **fields: Any) -> CallReported | CallCancelled:
    return report(event_id, minute, created_at=THURSDAY_NOON + timedelta(minutes=minute), **fields)


def test_a_merged_call_is_the_one_that_is_known_whenever_its_end_says_that_it_began() -> None:
    """Of an EIDO its beginning is that of the other call: two hours later, and what was known of a weapon was lost."""
    triage = madison()
    triage.put(report("a1", **ARMED))
    later: dict[str, Any] = {"created_at": THURSDAY_NOON + timedelta(minutes=120)}
    assert triaged(triage.put(report("b1", 120, incident_id="2", **later))).judgement.level == "calm"
    made = triage.put(report("a2", 121, status="merged", merged_into="2", call_type=None, answers={}, **later))
    assert [event.judgement.level for event in made if isinstance(event, CallTriaged)] == ["police needed"]
    assert triage.refold() == triage.state


def test_a_call_that_is_opened_again_is_the_one_that_is_known_whenever_it_says_that_it_began() -> None:
    """A CAD that counts from the re-opening: what was known of a weapon was lost, as of a number used again."""
    triage = madison()
    triage.put(report("e1", answers=SAFE | {"Q1": "no"}))
    triage.put(report("e2", 1, **ARMED))
    triage.put(report("e3", 5, status="closed", **ARMED))
    later: dict[str, Any] = {"created_at": THURSDAY_NOON + timedelta(minutes=120)}
    for minute, status in ((120, "reopened"), (121, "active")):
        said = triaged(
            triage.put(report(f"e{minute}", minute, status=status, answers={}, priority=str(minute), **later))
        )
        assert said.judgement.level == "police needed"
        assert ("weapon", None) in [(raised.fact, raised.unknown) for raised in said.judgement.raised_by]
    assert triage.refold() == triage.state
    assert not triage.state.sources, "and nothing is said of the source's beginnings"


def test_A6_a_number_used_again_is_another_incident_where_no_team_has_the_former() -> None:  # noqa: N802
    """A6: a number that was never closed, used again on the next day, kept the old call's hazards."""
    for routing in ([], [routed("default")], [offer(), routed("team-accepted"), cleared()]):
        triage = madison()
        triage.put(report("e1", narrative="has a gun"))
        for event in routing:
            triage.put(event)
        said = triaged(triage.put(tomorrow()))
        assert (said.judgement.suitability, said.heard) == ("suitable", ())


def test_A6_an_incident_of_an_eido_keeps_its_hazards_where_its_beginning_went_away() -> None:  # noqa: N802
    incident = "urn:emergency:uid:incidentid:a56e556d871:psap.example"
    triage = madison()
    triage.put(report("e1", narrative="has a gun", incident_id=incident))
    triage.put(routed("default", incident))
    said = only(of(triage.put(tomorrow(incident_id=incident)), (CallTriaged, VersionNoted)), CallTriaged)
    assert said.judgement.missing == ("weapon",)


def test_A6_a_beginning_that_is_later_than_its_own_version_makes_no_other_incident() -> None:  # noqa: N802
    """A slip of five hours in a beginning let a call go of which a gun had been heard."""
    triage = madison()
    triage.put(report("e1", narrative="has a gun"))
    triage.put(report("e2", 2, created_at=THURSDAY_NOON + timedelta(hours=5)))
    assert judgement(triage).missing == ("weapon",)


def test_A7_while_a_team_has_the_call_another_beginning_brings_its_hazards() -> None:  # noqa: N802
    triage = madison()
    triage.put(report("e1"))
    triage.put(offer())
    triage.put(routed("team-accepted"))
    assert triaged(triage.put(tomorrow(**ARMED))).judgement.level == "police needed"
    assert only(triage.put(tomorrow("n2", 24 * 60 + 1)), VersionNoted).why == "unchanged"
    assert judgement(triage).level == "police needed"


def test_A6_a_source_whose_beginnings_move_keeps_one_call_a_number() -> None:  # noqa: N802
    triage = madison()
    triage.put(report("e1", narrative="has a gun"))
    made = triage.put(report("e2", 5, created_at=THURSDAY_NOON + timedelta(minutes=5)))
    assert only(of(made, CadIdentityNoted), CadIdentityNoted).source == "dane-county"
    triage.put(tomorrow())
    assert judgement(triage).suitability == "indeterminate"
    assert of(triage.journal, CadIdentityNoted) == of(made, CadIdentityNoted)


# --- what settles a doubt


@pytest.mark.parametrize(
    "later",
    [
        {"answers": SAFE | {"Q1": "No"}},
        {"answers": SAFE | {"Q1": "none"}},
        {"facts": {"weapon": "none"}},
        {"answers": SAFE | {"Q1": "not-asked"}, "facts": {"weapon": "none"}},
        {"narrative": "caller is calm"},
        {"narrative": ""},
        {"answers": {}},
    ],
)
@pytest.mark.parametrize("doubt", [{"narrative": "has a gun"}, {"cautions": ("BEWARE",)}])
def test_no_spelling_repetition_mirror_or_missing_line_settles_a_doubt(
    doubt: dict[str, Any], later: dict[str, Any]
) -> None:
    """E2 and the like: the CAD's next version settled a doubt though nobody had been asked."""
    triage = madison()
    triage.put(report("e1", **doubt))
    triage.put(report("e2", 1, **{"narrative": doubt.get("narrative", "")} | later))
    assert judgement(triage).suitability == "indeterminate"
    triage.put(report("e3", 2))
    assert judgement(triage).suitability == "indeterminate"


def test_a_text_of_a_type_that_goes_away_settles_nothing() -> None:
    triage = madison()
    armed = CallType(system="dane-county", code="CHECK PERSON", text="ARMED W/ KNIFE")
    triage.put(report("e1", call_type=armed))
    triage.put(report("e2", 1))
    assert judgement(triage).missing == ("weapon",)


def test_an_answer_that_is_new_in_meaning_settles_a_doubt_and_what_it_says_counts() -> None:
    triage = madison()
    triage.put(report("e1", narrative="has a gun", answers=SAFE | {"Q1": "cannot-tell"}))
    assert triaged(triage.put(report("e2", 1, narrative="has a gun"))).judgement.suitability == "suitable"
    assert triaged(triage.put(report("e3", 2, answers=SAFE | {"Q1": "elsewhere"}))).judgement.level == "police needed"
    triage.put(report("e4", 3))
    assert judgement(triage).level == "police needed"  # "no" was said before


def test_an_answer_that_comes_late_settles_nothing() -> None:
    triage = madison(document=MADISON.replace('{ weapon = "elsewhere or worse" }', '{ weapon = "present or worse" }'))
    triage.put(report("e1", narrative="has a gun"))
    triage.put(report("e3", 2))
    assert only(triage.put(report("e2", 1, answers=SAFE | {"Q1": "elsewhere"})), VersionNoted).why == "late"
    assert judgement(triage).missing == ("weapon",)


def test_an_answer_beside_a_flag_is_no_answer_to_it_when_another_source_repeats_it() -> None:
    triage, without = madison(), SAFE | {"Q1": "not-asked"}
    triage.put(report("e1", narrative="has a gun", answers=without))
    triage.put(report("e2", cautions=("ARMED",)))
    triage.put(report("e3", 1, answers=without, facts={"weapon": "none"}))
    assert judgement(triage).level == "police needed"


def test_a_code_or_a_flag_that_went_away_settles_nothing() -> None:
    triage = madison()
    triage.put(report("e1", call_type=CallType(system="dane-county", code="MENTAL VIOLENT"), cautions=("ARMED",)))
    triage.put(report("e2", 1, answers=SAFE | {"Q1": "not-asked", "Q2": "not-asked"}))
    assert {raised.fact for raised in judgement(triage).raised_by} >= {"weapon", "violence"}


@pytest.mark.parametrize("how", ["end", "late", "second end"])
def test_what_is_said_with_or_after_the_end_of_a_call_stands_when_it_is_opened_again(how: str) -> None:
    """A weapon in the version that closed the call, or in one that came after that, was forgotten."""
    triage = madison()
    triage.put(stamped("e1", 0, 0))
    if how == "end":
        ended = only(triage.put(stamped("e2", 60, 60, status="closed", **ARMED)), CallEnded)
        assert ended.call is not None
    else:
        assert only(triage.put(stamped("e2", 60, 60, status="closed")), CallEnded).call is None
        stamp, status = (50, "active") if how == "late" else (70, "closed")
        assert only(triage.put(stamped("e3", 80, stamp, status=status, **ARMED)), VersionNoted).why == "late"
    assert triage.refold() == triage.state
    said = triaged(triage.put(stamped("e4", 90, 90, status="reopened"))).judgement
    assert (said.suitability, said.level) == ("unsuitable", "police needed")


def test_a_weapon_in_the_version_that_ends_a_call_is_judged_where_a_team_has_it() -> None:
    """A team that is with somebody stays, and was told that the CAD had closed the call, and nothing of the weapon."""
    triage = madison()
    triage.put(stamped("e1", 0, 0))
    triage.put(offer())
    triage.put(routed("team-accepted"))
    judged, ended = triage.put(stamped("e2", 60, 60, status="closed", **ARMED))
    assert isinstance(judged, CallTriaged)
    assert judged.judgement.level == "police needed"
    assert isinstance(ended, CallEnded)
    assert CALL not in triage.state.calls
    assert triage.refold() == triage.state


def by_hand(triage: Triage) -> None:
    """The default goes to the call, and then a dispatcher sends a team all the same."""
    triage.put(routed("default"))
    triage.put(offer(episode=2))
    triage.put(routed("team-accepted", episode=2))


def moved_there(triage: Triage) -> None:
    """The default goes to the call, and another that has a team is merged into it."""
    triage.put(routed("default"))
    triage.put(report("other", incident_id="2"))
    triage.put(offer("2"))
    triage.put(routed("team-accepted", "2"))
    about = {"call_id": "madison-wi/dane-county/2", "to_call_id": CALL, "response": "cares", "sentence": "."}
    triage.put(AssignmentMoved(**about, episode=1, team_id="t", to_episode=1))


def joined_while_open(triage: Triage) -> None:
    """The same while the call has no outcome yet: it may go to the default, beside the team."""
    triage.put(report("other", incident_id="2"))
    triage.put(offer("2"))
    triage.put(routed("team-accepted", "2"))
    about = {"call_id": "madison-wi/dane-county/2", "to_call_id": CALL, "response": "cares", "sentence": "."}
    triage.put(AssignmentMoved(**about, episode=1, team_id="t", to_episode=1))
    triage.put(routed("default"))


@pytest.mark.parametrize("came", [by_hand, moved_there, joined_while_open])
@pytest.mark.parametrize("news", [False, True])
def test_a_team_that_has_a_call_which_got_the_default_hears_of_a_weapon_at_its_end(
    came: Callable[[Triage], None],
    news: bool,  # noqa: FBT001
) -> None:
    """Triage took such a call for one that no team has, whose end is of no consequence to anybody."""
    triage = madison()
    triage.put(stamped("e1", 0, 0))
    came(triage)
    if news:
        triage.put(stamped("e2", 50, 50, priority="1"))
    judged, ended = triage.put(stamped("e3", 60, 60, status="closed", **ARMED))
    assert isinstance(judged, CallTriaged)
    assert judged.judgement.level == "police needed"
    assert isinstance(ended, CallEnded)
    judged, _ = triage.put(stamped("e4", 80, 70, status="closed", facts={"injury": "needs-ems"}))
    assert isinstance(judged, CallTriaged)
    assert triage.refold() == triage.state


@pytest.mark.parametrize("how", ["by hand", "moved"])
def test_a_team_that_comes_to_a_call_that_was_judged_before_hears_what_is_known_of_it(how: str) -> None:
    """Its level was told to nobody: not to be known, it was called, until somebody said something new."""
    triage = madison()
    triage.put(stamped("e1", 0, 0))
    triage.put(routed("default"))
    triage.put(stamped("e2", 50, 50, **ARMED))
    if how == "moved":
        joined_while_open(triage)
        judged = triage.journal[-1]
    else:
        triage.put(offer(episode=2))
        _, judged = triage.put(routed("team-accepted", episode=2).model_copy(update={"programme_hash": None}))
    assert isinstance(judged, CallTriaged)
    assert (judged.call_id, judged.judgement.level) == (CALL, "police needed")
    assert triage.refold() == triage.state


def test_of_a_call_that_its_team_was_asked_for_by_a_judgement_nothing_is_said_again() -> None:
    triage = madison()
    triage.put(stamped("e1", 0, 0))
    triage.put(offer())
    assert not of(triage.put(routed("team-accepted")), CallTriaged)


@pytest.mark.parametrize("how", ["late", "merged"])
def test_a_team_that_was_sent_to_a_call_with_its_outcome_hears_of_a_weapon_that_is_told_late(how: str) -> None:
    """A version that came late, or a call that was merged into it: what it told was noted, and nobody warned."""
    triage = madison()
    triage.put(stamped("e1", 10, 10))
    by_hand(triage)
    if how == "late":
        made = triage.put(stamped("e0", 60, 5, **ARMED))
    else:
        triage.put(stamped("f1", 50, 50, incident_id="2", **ARMED))
        made = triage.put(stamped("f2", 60, 60, incident_id="2", status="merged", merged_into="1", answers={}))
    judged = [event for event in made if isinstance(event, CallTriaged)]
    assert [(event.call_id, event.judgement.level) for event in judged] == [(CALL, "police needed")]
    closed = triage.state.closed_calls.get(CALL)
    assert closed is not None
    assert closed.why == "routed"
    assert triage.refold() == triage.state
    assert triage.state.load["cares"]["Central"].open == 1
    assert triaged(triage.put(stamped("e2", 70, 70, priority="1"))).judgement.level == "police needed"


@pytest.mark.parametrize("said", [ARMED, {"cautions": ("ARMED",)}, {"narrative": "a knife"}])
def test_a_weapon_that_is_told_late_is_judged_of_a_call_with_its_outcome_to_which_a_team_may_yet_be_sent(
    said: dict[str, Any],
) -> None:
    triage = madison()
    triage.put(stamped("e1", 10, 10))
    triage.put(routed("default"))
    judged, retired = triage.put(stamped("e0", 60, 5, **said))
    assert isinstance(judged, CallTriaged)
    assert judged.judgement.level == "police needed"
    assert isinstance(retired, CallRetired)
    assert only(triage.put(stamped("e00", 61, 4, **said, beat="C1")), VersionNoted).why == "late"


@pytest.mark.parametrize("came", [by_hand, moved_there, joined_while_open])
def test_such_a_call_keeps_its_hazards_and_counts_for_as_long_as_the_team_has_it(
    came: Callable[[Triage], None],
) -> None:
    triage = madison()
    triage.put(report("e1", narrative="has a gun"))
    came(triage)
    triage.put(tomorrow())
    assert judgement(triage).missing == ("weapon",)
    triage.now += timedelta(hours=3)
    triage.run_clocks()
    assert triage.state.load["cares"]["Central"].open == 1
    triage.put(cleared())
    assert triage.state.load["cares"]["Central"].open == 0


@pytest.mark.parametrize(("stamp", "status"), [(50, "active"), (60, "active"), (70, "closed")])
def test_a_weapon_after_the_end_of_a_call_is_judged_where_a_team_still_has_it(stamp: float, status: str) -> None:
    """A team that is with somebody stays when the CAD closes its call, and was not warned of what came after that."""
    triage = madison()
    triage.put(stamped("e1", 0, 0))
    triage.put(offer())
    triage.put(routed("team-accepted"))
    triage.put(stamped("e2", 60, 60, status="closed"))
    assert only(triage.put(stamped("e3", 79, stamp, status=status, beat="C1")), VersionNoted).why == "late"
    judged, ended = triage.put(stamped("e4", 80, stamp, status=status, **ARMED))
    assert isinstance(judged, CallTriaged)
    assert judged.judgement.level == "police needed"
    assert isinstance(ended, CallEnded)
    assert CALL not in triage.state.calls
    assert triage.refold() == triage.state
    triage.put(cleared())
    assert only(triage.put(stamped("e5", 81, stamp, status=status, narrative="a knife")), VersionNoted).why == "late"


@pytest.mark.parametrize("target", ["offered", "accepted", "ended"])
@pytest.mark.parametrize(
    ("said", "value"),
    [
        (ARMED, "firearm"),
        ({"narrative": "he has a gun"}, "firearm"),
        ({"answers": SAFE | {"Q1": "elsewhere"}}, "elsewhere"),
    ],
)
def test_what_was_said_of_a_call_counts_for_the_one_that_it_is_merged_into(
    target: str, said: dict[str, Any], value: str
) -> None:
    """A second caller's gun was forgotten with their call, and a team went on to the first one's."""
    triage = madison()
    triage.put(stamped("e1", 0, 0))
    triage.put(stamped("f1", 1, 1, incident_id="2", **said))
    if target == "ended":
        triage.put(stamped("e2", 2, 2, status="closed"))
    else:
        triage.put(offer())
    if target == "accepted":
        triage.put(routed("team-accepted"))
    triage.put(stamped("f2", 5, 5, incident_id="2", status="merged", merged_into="1", answers={}))
    if target == "ended":
        triage.put(stamped("e3", 6, 6, status="reopened"))
    assert judgement(triage).level == "police needed"
    assert [(raised.fact, raised.value) for raised in judgement(triage).raised_by] == [("weapon", value)]
    triage.put(stamped("e4", 7, 7))
    assert judgement(triage).level == "police needed", "the same answer as before is none"
    assert triage.refold() == triage.state


@pytest.mark.parametrize("into", ["1", "3", None])
def test_a_call_of_which_nothing_bad_was_said_or_of_no_known_target_is_merged_as_ever(into: str | None) -> None:
    triage = madison()
    triage.put(stamped("e1", 0, 0))
    triage.put(stamped("f1", 1, 1, incident_id="2", **({} if into == "1" else ARMED)))
    only(triage.put(stamped("f2", 5, 5, incident_id="2", status="merged", merged_into=into)), CallEnded)
    assert judgement(triage).suitability == "suitable"


def test_a_closed_call_that_its_cad_publishes_again_and_again_takes_little_room() -> None:
    """Each of its versions was remembered, and the call for seven days after the last."""
    triage = madison()
    triage.put(stamped("e1", 0, 0, **ARMED))
    for second in range(1, 3 * MOST_SEEN):
        triage.put(stamped("e2", second, second, status="closed", answers={}))
    closed = triage.state.closed_calls.get(CALL)
    assert closed is not None
    assert len(closed.memory.seen) == MOST_SEEN
    assert triage.put(stamped("e2", 900, 3 * MOST_SEEN - 1, status="closed", answers={})) == []
    again = triaged(triage.put(stamped("e1", 901, 901, status="reopened", answers={})))
    assert again.judgement.level == "police needed"


WEAPON_OF_A_CALLER = stamped("f1", 1, 1, incident_id="2", **ARMED)
INTO_A_CHAIN = (
    WEAPON_OF_A_CALLER,
    stamped("f2", 5, 5, incident_id="2", status="merged", merged_into="3", answers={}),
    stamped("g1", 2, 2, incident_id="3"),
    stamped("g2", 6, 6, incident_id="3", status="merged", merged_into="1"),
    stamped("e1", 0, 0),
)


@pytest.mark.parametrize("order", list(permutations(range(len(INTO_A_CHAIN)))))
def test_hazards_of_merged_calls_count_in_whatever_order_versions_come(order: tuple[int, ...]) -> None:
    """Merged before its target was known, before its own weapon was, or on to a third: the weapon was forgotten."""
    triage = madison()
    for number in order:
        event = INTO_A_CHAIN[number]
        triage.put(event.model_copy(update={"received_at": THURSDAY_NOON + timedelta(seconds=10)}))
    assert judgement(triage).level == "police needed"
    assert [raised.fact for raised in judgement(triage).raised_by] == ["weapon"]
    assert triage.refold() == triage.state


@pytest.mark.parametrize("status", ["active", "merged"])
def test_what_is_said_of_a_merged_call_later_counts_once_for_the_other(status: str) -> None:
    """A weapon in a late version of the merged call, or in one that says again that it is merged."""
    triage = madison()
    triage.put(stamped("e1", 0, 0))
    triage.put(stamped("f1", 1, 1, incident_id="2"))
    triage.put(stamped("f2", 5, 5, incident_id="2", status="closed"))
    triage.put(stamped("f3", 6, 6, incident_id="2", status="merged", merged_into="1"))
    assert judgement(triage).suitability == "suitable"
    about = {"incident_id": "2", "status": status, "merged_into": "1" if status == "merged" else None}
    triage.put(stamped("f4", 7, 4 if status == "active" else 7, **ARMED, **about))
    assert judgement(triage).level == "police needed"
    triage.put(stamped("e2", 20, 20, answers=SAFE | {"Q1": "elsewhere"}))
    assert [raised.value for raised in judgement(triage).raised_by] == ["elsewhere"], "somebody's new word"
    triage.put(stamped("f5", 40, 40, incident_id="2", status="merged", merged_into="1"))
    assert [raised.value for raised in judgement(triage).raised_by] == ["elsewhere"], "nothing new of the merged one"
    assert triage.refold() == triage.state


def test_a_team_whose_call_was_merged_and_closed_hears_of_a_weapon_of_the_merged_one() -> None:
    triage = madison()
    triage.put(stamped("e1", 0, 0))
    triage.put(offer())
    triage.put(routed("team-accepted"))
    triage.put(stamped("e2", 60, 60, status="closed"))
    triage.put(stamped("f1", 61, 61, incident_id="2"))
    triage.put(stamped("f2", 62, 62, incident_id="2", status="merged", merged_into="1"))
    made = triage.put(stamped("f3", 70, 50, incident_id="2", **ARMED))
    judged = [event for event in made if isinstance(event, CallTriaged)]
    assert [(event.call_id, event.judgement.level) for event in judged] == [(CALL, "police needed")]
    assert CALL not in triage.state.calls


@pytest.mark.parametrize(("stamp", "status"), [(50, "active"), (80, "merged")])
def test_a_weapon_of_a_merged_call_whose_team_stays_is_judged_for_the_other_team_as_well(
    stamp: float, status: str
) -> None:
    """The team of the merged call was told; with that its merger was forgotten, and the other team heard nothing."""
    triage = madison()
    for incident in ("1", "2"):
        triage.put(stamped(f"e{incident}", 0, 0, incident_id=incident))
        triage.put(offer(incident))
        triage.put(routed("team-accepted", incident))
    triage.put(stamped("f2", 62, 62, incident_id="2", status="merged", merged_into="1"))
    into = "1" if status == "merged" else None
    made = triage.put(stamped("f3", 90, stamp, incident_id="2", status=status, merged_into=into, **ARMED))
    judged = [event for event in made if isinstance(event, CallTriaged)]
    assert [event.call_id[-1] for event in judged] == ["2", "1"]
    assert {event.judgement.level for event in judged} == {"police needed"}
    assert triage.refold() == triage.state


def test_two_calls_that_are_merged_into_each_other_end() -> None:
    triage = madison()
    triage.put(stamped("f1", 1, 1, incident_id="2", status="merged", merged_into="1", **ARMED))
    triage.put(stamped("e1", 2, 2, status="merged", merged_into="2"))
    assert triage.put(stamped("e2", 3, 3, status="merged", merged_into="2", facts={"injury": "needs-ems"}))
    assert not triage.state.calls


def test_an_end_from_before_a_call_went_on_again_is_over_by_whatever_word_it_goes_on() -> None:
    """Closed, active, and then a cancellation from before that: team availability went on, triage let go."""
    triage = madison()
    triage.put(stamped("e1", 0, 0))
    triage.put(stamped("e2", 10, 10, status="closed"))
    triaged(triage.put(stamped("e4", 30, 30)))
    assert only(triage.put(stamped("e3", 31, 20, status="cancelled")), VersionNoted).why == "late"
    assert triaged(triage.put(stamped("e5", 32, 30, **ARMED))).judgement.suitability == "unsuitable"


def test_A6_an_end_of_the_former_incident_ends_no_other_that_has_its_number() -> None:  # noqa: N802
    """A closing of yesterday's that came a day late was taken for today's, and then a weapon of the same minute."""
    triage = madison()
    triage.put(report("e1"))
    triaged(triage.put(tomorrow()))
    of_yesterday = report("e2", minute=90, received_minute=24 * 60 + 1, status="closed")
    assert only(of(triage.put(of_yesterday), (CallEnded, VersionNoted)), VersionNoted).why == "late"
    assert triaged(triage.put(tomorrow("n2", **ARMED))).judgement.suitability == "unsuitable"


def test_doubts_outlive_the_outcome_of_a_call() -> None:
    triage = madison()
    triage.put(report("e1", narrative="has a gun"))
    triage.put(routed("default"))
    assert triaged(triage.put(report("e2", 3, requested_by="officer"))).judgement.missing == ("weapon",)


def test_a_call_with_a_fact_that_is_none_of_ours_is_refused_unless_it_ends() -> None:
    triage = madison()
    for name in ("Weapon", "weapons"):
        with pytest.raises(ValueError, match="none of careroute's"):
            triage.put(report("e1", facts={name: "firearm"}))
    only(triage.put(report("e2", facts={"Weapon": "firearm"}, status="closed")), CallEnded)


def test_very_many_lines_with_words_are_told_apart_only_so_far() -> None:
    narrative = "\n".join(f"gun {number}" for number in range(5000)) + "\nhit"
    said = triaged(madison().put(report(narrative=narrative)))
    assert said.heard == ("violence", "weapon")
    assert len(said.lines) < 100


# --- properties


def exact(seconds: float) -> float:
    return seconds


CLOCKS: dict[str, Callable[[float], float]] = {
    "right": exact,
    "constant": lambda _seconds: 0.0,
    "ahead": lambda seconds: seconds + 240,
    "an hour ahead": lambda seconds: seconds + 3600,
    "behind": lambda seconds: seconds - 960,
    "to the minute": lambda seconds: seconds // 60 * 60,
    "jumping": lambda seconds: seconds + (3600 if int(seconds) % 3 == 0 else -120 if int(seconds) % 3 == 1 else 0),
}
WEAPONS = {"no": 0, "none": 0, "No ": 0, "elsewhere": 1, "present": 2, "yes": 3, "firearm": 3}
VERSIONS = st.fixed_dictionaries(
    {
        "after": st.integers(0, 50),
        "late_by": st.sampled_from((0, 0, 0, 30, 200)),
        "clock": st.sampled_from((None, None, None, *CLOCKS)),
        "Q1": st.sampled_from((None, "cannot-tell", "not-asked", *WEAPONS)),
        "fact": st.sampled_from((None, None, None, "none", "present")),
        "narrative": st.sampled_from((None, "calm", "has a gun", "has a <b>g</b>un\nagain", "two knives")),
        "cautions": st.sampled_from(((), (), ("ARMED",), ("armed; x",), ("BEWARE",))),
        "code": st.sampled_from(("CHECK PERSON", "MENTAL")),
        "status": st.sampled_from(("active", "active", "active", "reopened")),
    }
)
HISTORIES = st.lists(VERSIONS, min_size=2, max_size=7)


def history(drawn: list[dict[str, Any]], clock: str) -> list[CallReported | CallCancelled]:
    """Versions in the order in which they come, each stamped when it was made, by whatever clock."""
    made, seconds = [], 300.0
    for number, version in enumerate(drawn):
        seconds += version["after"]
        stamp = CLOCKS[version["clock"] or clock](seconds - version["late_by"])
        answers = SAFE | {"Q1": version["Q1"]} if version["Q1"] else {q: a for q, a in SAFE.items() if q != "Q1"}
        made.append(
            stamped(
                f"e{number}",
                seconds,
                stamp,
                answers=answers,
                facts={"weapon": version["fact"]} if version["fact"] else {},
                narrative=version["narrative"],
                cautions=version["cautions"],
                call_type=CallType(system="dane-county", code=version["code"]),
                status=version["status"],
            )
        )
    return made


def place(version: CallReported | CallCancelled) -> datetime:
    return order_of(version.call.updated_at, version.received_at)


def weapons_said(call: Call) -> set[int]:
    said = {WEAPONS[answer] for answer in (call.answers.get("Q1"), call.facts.get("weapon")) if answer in WEAPONS}
    return said | ({3} if call.facts.get("weapon") == "firearm" else set())


def words_of_doubt(version: CallReported | CallCancelled) -> set[str]:
    """Lines with a weapon, and flags that are not listed: each is a doubt once."""
    text = json.loads(version.sealed.ciphertext)["narrative"] if version.sealed else ""
    lines = text.replace("<b>", "").replace("</b>", "").splitlines()
    flags = {part.strip().casefold() for flag in version.call.cautions for part in flag.split(";")}
    return {line for line in lines if "gun" in line or "knives" in line} | (flags - {"armed"})


def states_a_weapon(call: Call) -> bool:
    flagged = any("armed" in flag.casefold() for flag in call.cautions)
    return flagged or call.answers.get("Q1") == "cannot-tell" or max(weapons_said(call), default=0) > 0


@settings(max_examples=300)
@given(HISTORIES, st.sampled_from(sorted(CLOCKS)))
def test_the_worst_that_was_said_and_not_answered_since_is_never_lost(drawn: list[dict[str, Any]], clock: str) -> None:
    """By a model of its own: after a doubt the call is not calm before somebody says what nobody had said by then."""
    is_never_lost(history(drawn, clock))


@settings(max_examples=300)
@given(HISTORIES, st.sampled_from(sorted(CLOCKS)), st.lists(st.sampled_from(("closed", "active")), min_size=7))
def test_nor_is_it_where_the_call_ends_and_is_opened_again(
    drawn: list[dict[str, Any]], clock: str, statuses: list[str]
) -> None:
    ending = [version | {"status": status} for version, status in zip(drawn, statuses, strict=False)]
    is_never_lost(history([*ending, drawn[0] | {"status": "reopened", "clock": "right", "late_by": 0}], clock))


def is_never_lost(versions: list[CallReported | CallCancelled]) -> None:
    triage = madison()
    said_so_far, said_by_then, heard = set[int](), set[int](), set[str]()
    doubted_at: datetime | None = None
    for version in versions:
        said = weapons_said(version.call)
        said_so_far |= said
        if doubted_at is not None and place(version) > doubted_at and said - said_by_then:
            doubted_at = None
        if words_of_doubt(version) - heard or states_a_weapon(version.call):
            doubted_at, said_by_then = max(place(version), doubted_at or place(version)), set(said_so_far)
        heard |= words_of_doubt(version)
        triage.put(version)
        if doubted_at is not None and CALL in triage.state.calls:
            assert "weapon" in {raised.fact for raised in judgement(triage).raised_by}, version


@settings(max_examples=300)
@given(HISTORIES, st.sampled_from(sorted(CLOCKS)))
def test_a_late_version_never_calms_and_every_version_leaves_a_trace(drawn: list[dict[str, Any]], clock: str) -> None:
    triage = madison()
    newest: datetime | None = None
    before: OpenCall | None = None
    for version in history(drawn, clock):
        assert of(triage.put(version), (CallTriaged, VersionNoted))
        after = triage.state.calls[CALL]
        assert after.judgement is not None
        if newest is not None and before is not None and place(version) < newest:
            assert before.judgement is not None
            assert after.judgement.level_rank >= before.judgement.level_rank
            assert after.version == before.version
        else:
            newest = place(version)
            assert after.version.event_id == version.event_id
        before = after
    assert triage.refold() == triage.state


@settings(max_examples=200)
@given(
    HISTORIES, st.sampled_from(sorted(CLOCKS)), st.sampled_from(("cancelled", "closed", "merged")), st.integers(0, 200)
)
def test_an_end_always_ends_a_call_that_was_not_opened_again(
    drawn: list[dict[str, Any]], clock: str, status: str, late_by: int
) -> None:
    triage = madison()
    versions = history([version | {"status": "active"} for version in drawn], clock)
    for version in versions:
        triage.put(version)
    seconds = (versions[-1].received_at - THURSDAY_NOON).total_seconds() + 1
    end = stamped("end", seconds, CLOCKS[clock](seconds - late_by), status=status)
    only(of(triage.put(end), CallEnded), CallEnded)
    assert CALL not in triage.state.calls
    for version in versions:
        again = version.model_copy(update={"event_id": f"{version.event_id}-again"})
        assert only(of(triage.put(again), VersionNoted), VersionNoted).why == "late"
