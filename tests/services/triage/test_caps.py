"""Caps: how many calls a response takes, by the document and by people, counted from the first offer on."""

from __future__ import annotations

import pytest

from shared.events import (
    AssignmentMoved,
    AssignmentWithdrawn,
    CallTriaged,
    CapChanged,
    CommandDone,
    Event,
    RoutingNoted,
    SetCap,
    SetPhase,
)
from shared.programme import read
from tests.services.triage.driver import (
    AGENCY,
    MADISON,
    Triage,
    cleared,
    command,
    done,
    madison,
    offer,
    only,
    refusal,
    report,
    routed,
    triaged,
)

ONE_AT_ONCE = MADISON.replace('phase     = "live" ', 'at_most_open = 1\nphase     = "live" ')
TWO_A_DAY = MADISON.replace('phase     = "live" ', 'at_most_per_day = 2\nphase     = "live" ')


def reasons(events: list[Event]) -> tuple[str, ...]:
    return next(event for event in events if isinstance(event, CallTriaged)).judgement.responses[0].reasons


def taken(triage: Triage, incident: str) -> tuple[str, ...]:
    """A call that is judged, offered and accepted; why it may not go, if so."""
    found = reasons(triage.put(report(incident, incident_id=incident)))
    if not found:
        triage.put(offer(incident))
        triage.put(routed("team-accepted", incident))
    return found


def test_a_response_takes_no_more_calls_at_once_than_its_row_says() -> None:
    triage = madison(document=ONE_AT_ONCE)
    assert taken(triage, "1") == ()
    assert taken(triage, "2") == ("cap-open",)
    triage.put(cleared("1"))
    assert taken(triage, "3") == ()


def test_an_offer_counts_before_anybody_accepts_and_not_after_the_default_went() -> None:
    triage = madison(document=ONE_AT_ONCE)
    triage.put(report("a", incident_id="1"))
    triage.put(offer("1"))
    assert taken(triage, "2") == ("cap-open",)
    triage.put(routed("default", "1"))
    assert taken(triage, "3") == ()


def test_a_withdrawn_team_is_free_again() -> None:
    triage = madison(document=ONE_AT_ONCE)
    taken(triage, "1")
    triage.put(AssignmentWithdrawn(call_id=f"{AGENCY}/dane-county/1", episode=1, team_id="t", why="cancelled"))
    assert taken(triage, "2") == ()


def test_a_team_that_moved_with_its_call_counts_once() -> None:
    triage = madison(document=ONE_AT_ONCE)
    taken(triage, "1")
    triage.put(report("b", incident_id="2"))
    about = {"call_id": f"{AGENCY}/dane-county/1", "to_call_id": f"{AGENCY}/dane-county/2", "sentence": "."}
    triage.put(AssignmentMoved(**about, episode=1, team_id="t", to_episode=1, response="cares"))
    triage.put(routed("team-accepted", "2"))
    assert taken(triage, "3") == ("cap-open",)
    triage.put(cleared("2"))
    assert taken(triage, "4") == ()


def test_a_day_has_so_many_calls_and_the_next_day_as_many_again() -> None:
    triage = madison(document=TWO_A_DAY)
    for incident in ("1", "2"):
        assert taken(triage, incident) == ()
        triage.put(cleared(incident))
    assert taken(triage, "3") == ("cap-day",)
    tomorrow = triage.put(report("4", minute=24 * 60, incident_id="4"))
    assert reasons(tomorrow) == ()


def test_a_call_that_nobody_took_is_none_of_the_day() -> None:
    triage = madison(document=TWO_A_DAY)
    for incident in ("1", "2", "3"):
        triage.put(report(incident, incident_id=incident))
        triage.put(offer(incident))
        triage.put(routed("default", incident))
    assert taken(triage, "4") == ()


def test_a_second_offer_of_the_same_call_counts_once() -> None:
    triage = madison(document=TWO_A_DAY)
    triage.put(report())
    for step in (1, 2, 3):
        only(triage.put(offer(step=step)), RoutingNoted)
    assert triage.state.load["cares"]["Central"].taken == 1


def test_what_was_offered_stays_offered_when_a_cap_is_set_after_it() -> None:
    triage = madison()
    triage.put(report())
    triage.put(offer())
    taken(triage, "2")
    triage.put(command(SetCap, "s", response="cares", district="all", at_most_open=1))
    later = triage.put(report("e2", minute=1, priority="2"))
    assert triaged(later).judgement.responses[0].may_go


def test_people_cap_a_response_in_a_district_or_everywhere() -> None:
    for district in ("Central", "all"):
        triage = madison()
        answer = triage.put(command(SetCap, "s", response="cares", district=district, at_most_open=1))
        assert [type(event) for event in answer] == [CapChanged, CommandDone]
        assert done(answer).revision == triage.state.switchboard.revision == 2
        assert taken(triage, "1") == ()
        assert taken(triage, "2") == ("cap-open",)


def test_a_cap_of_people_cannot_loosen_the_document() -> None:
    triage = madison(document=ONE_AT_ONCE)
    triage.put(command(SetCap, "s", response="cares", district="Central", at_most_open=5))
    taken(triage, "1")
    assert taken(triage, "2") == ("cap-open",)


def test_raising_or_lifting_a_cap_needs_the_revision_that_one_saw() -> None:
    triage = madison()
    triage.put(command(SetCap, "s1", response="cares", district="all", at_most_open=2))
    for command_id, bound in (("s2", 3), ("s3", None)):
        refused = refusal(triage.put(command(SetCap, command_id, response="cares", district="all", at_most_open=bound)))
        assert refused.reason == "switchboard-moved"
    lower = triage.put(command(SetCap, "s4", response="cares", district="all", at_most_open=1))
    assert done(lower).sentence == "cares in all takes at most 1 call at once (was at most 2 calls at once)."
    board = triage.state.switchboard.revision
    lifted = triage.put(command(SetCap, "s5", response="cares", district="all", based_on=board))
    assert done(lifted).sentence == "cares in all takes any number of calls (was at most 1 call at once)."
    assert not triage.state.switchboard.caps
    again = triage.put(command(SetCap, "s6", response="cares", district="all"))
    assert done(again).result == "nothing-to-do"


@pytest.mark.parametrize(
    ("response", "district", "reason"), [("carse", "all", "unknown-response"), ("cares", "Centrl", "unknown-district")]
)
def test_what_is_not_in_the_programme_cannot_be_capped(response: str, district: str, reason: str) -> None:
    triage = madison()
    refused = refusal(triage.put(command(SetCap, "s", response=response, district=district, at_most_open=1)))
    assert refused.reason == reason


def test_the_load_survives_a_take_over() -> None:
    triage = madison(document=ONE_AT_ONCE)
    taken(triage, "1")
    assert triage.refold() == triage.state


def test_an_offer_of_yesterdays_call_does_not_begin_the_day_anew() -> None:
    triage = madison(document=TWO_A_DAY)
    triage.put(report("y", minute=-24 * 60, incident_id="yesterday"))
    for incident in ("1", "2"):
        assert taken(triage, incident) == ()
    triage.put(offer("yesterday"))
    assert triage.state.load["cares"]["Central"].open == 3
    assert taken(triage, "3") == ("cap-day",)
    triage.put(routed("default", "yesterday"))
    assert triage.state.load["cares"]["Central"].open == 2
    assert taken(triage, "4") == ("cap-day",)


def test_what_a_dispatcher_sends_after_the_default_counts_too() -> None:
    triage = madison(document=ONE_AT_ONCE)
    triage.put(report("1", incident_id="1"))
    triage.put(routed("default", "1"))
    only(triage.put(offer("1", episode=2)), RoutingNoted)
    triage.put(routed("team-accepted", "1", episode=2))
    assert taken(triage, "2") == ("cap-open",)
    triage.put(cleared("1"))
    assert taken(triage, "3") == ()


def test_a_call_counts_for_the_response_that_took_it() -> None:
    """An acceptance in time, read after the offer had expired and another response was asked."""
    triage = madison(document=ONE_AT_ONCE)
    triage.put(report("1", incident_id="1"))
    triage.put(offer("1"))
    triage.put(offer("1", step=2, response="other"))
    assert triage.state.load["cares"]["Central"].open == 0
    triage.put(routed("team-accepted", "1"))
    assert (triage.state.load["cares"]["Central"].open, triage.state.load["other"]["Central"].open) == (1, 0)
    assert taken(triage, "2") == ("cap-open",)


def test_a_call_whose_outcome_was_never_told_does_not_count_for_ever() -> None:
    triage = madison(document=ONE_AT_ONCE)
    triage.put(report("1", incident_id="1"))
    triage.put(offer("1"))
    triage.at(hours=2).run_clocks()
    assert triage.state.load["cares"]["Central"].open == 0
    assert not triage.state.load_entries


def shared_by_two_rows() -> str:
    """Central live, West live in a row of its own; one cap for both."""
    row = '[[rollout]]\nresponse = "cares"\ndistricts = ["West"]\nphase = "live"\nhours = ["daily 00:00-24:00"]\n'
    text = MADISON.replace('phase     = "live" ', 'cap = "team"\nphase     = "live" ')
    return text.replace("[when_no_team]", f'{row}cap = "team"\n[caps.team]\nat_most_open = 2\n[when_no_team]')


def test_a_cap_that_rows_share_counts_the_calls_of_all_of_them() -> None:
    rows = read(shared_by_two_rows()).rollout
    assert [(row.cap.at_most_open, row.cap_districts) for row in rows] == [(2, frozenset(("Central", "West")))] * 2
    triage = madison(document=shared_by_two_rows())
    triage.put(command(SetPhase, "w", response="cares", district="West", phase="live", based_on=1))
    for incident, district in (("1", "West"), ("2", "Central")):
        assert reasons(triage.put(report(incident, incident_id=incident, district=district))) == ()
        triage.put(offer(incident))
    for incident, district in (("3", "West"), ("4", "Central")):
        assert reasons(triage.put(report(incident, incident_id=incident, district=district))) == ("cap-open",)
