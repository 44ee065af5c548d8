"""How things stand, as metrics: the same after a restart, and never above or below what the journals say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from prometheus_client import REGISTRY

from services.console.levels import CallLevel, Levels, TeamLevel
from services.console.view import agency_records
from services.console.view.agency import View
from services.console.view.alarms import OPEN_FOR
from services.console.view.call import CallSeen
from services.console.view.call_changes import fold
from services.console.view.records import AlertKind
from shared import events, telemetry
from shared.call import Call, CallType
from shared.engine.follower import Follower
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.events import Event
from shared.topics import ASSIGNMENTS, AUDITS, DECISIONS, NOTIFICATIONS
from tests.rig.clocks import StandingClock
from tests.services.console.driver import City
from tests.services.console.stories import (
    ACCEPTED,
    CALL_ID,
    START,
    accepted,
    deadline,
    offered,
    routed,
    signed_on,
    stored,
    triaged,
)

A, D, N = ASSIGNMENTS.name, DECISIONS.name, NOTIFICATIONS.name
AGENCY, DEADLINE = "madison-wi", START + timedelta(seconds=60)
Told = tuple[str, Event, float]
"""Journal, event, and the seconds after the start at which it became durable."""


class NoAgenciesButOurs:
    """The agencies file, as far as levels ask it."""

    stop_switch = True
    refused_since: datetime | None = None

    def names(self) -> tuple[str, ...]:
        return (AGENCY, "quiet-ma")

    def may_pause(self, agency: str) -> bool:
        return self.stop_switch or agency != AGENCY

    def remark(self) -> str:
        raise NotImplementedError

    def agency(self, name: str) -> None:
        raise NotImplementedError

    def revoke(self, agency: str, token_hash: str) -> None:
        raise NotImplementedError

    def person_of(self, token: str) -> None:
        raise NotImplementedError

    def person_with(self, token_hash: str) -> None:
        raise NotImplementedError

    def source_of(self, key: str) -> None:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def nothing_measured_before() -> None:
    for metric in vars(telemetry).values():
        if "agency" in getattr(metric, "_labelnames", ()):
            metric.clear()


def levels_of(*told: Told, began: datetime = START) -> Levels:
    levels = Levels(View(), NoAgenciesButOurs(), StandingClock(began))
    for number, (topic, event, seconds) in enumerate(told):
        levels.fold(AGENCY, event, stored(topic, event, number, START + timedelta(seconds=seconds)))
    return levels


def measured(levels: Levels, seconds: float, lag: float = 0) -> None:
    now = START + timedelta(seconds=seconds)
    levels.measure(now, read_until=now - timedelta(seconds=lag))


def sample(metric: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(metric, {"agency": AGENCY, **labels})


def open_kinds() -> dict[str, float]:
    counts = {kind: sample("careroute_open_alarms", kind=kind) for kind in get_args(AlertKind)}
    assert None not in counts.values()
    return {kind: count for kind, count in counts.items() if count}


def not_informed(*, alarm: bool = True, message_id: str = "m1") -> events.CadNotInformed:
    return events.CadNotInformed(
        message_id=message_id, source="dane-county", kind="call.upgraded", why="503", call_id=CALL_ID, alarm=alarm
    )


def informed(message_id: str = "m1") -> events.CadInformed:
    return events.CadInformed(message_id=message_id, source="dane-county", kind="call.upgraded", call_id=CALL_ID)


def silent() -> events.SafetyCheckMissed:
    return events.SafetyCheckMissed(
        call_id=CALL_ID, episode=1, team_id="cares-1", missed=2, silent_minutes=40, sentence="Silent."
    )


def status(name: Any, **given: Any) -> events.StatusReported:
    return events.StatusReported(team_id="cares-1", status=name, call_id=CALL_ID, episode=1, **given)


GAP = events.AuditGapFound(
    gap_id="g1", invariant="one-outcome", about=CALL_ID, sentence="It has two outcomes.", broken_at=START
)
OF_A_GAP = {"gap_id", "invariant", "about"}
CLEARED = events.AssignmentEnded(call_id=CALL_ID, episode=1, team_id="cares-1", disposition="resolved-on-scene")
REFUSED = events.InputRefused(position="calls/0/7", sha256="0" * 64, length=1, wrong="KeyError")
TAKEN: tuple[Told, ...] = tuple((topic, event, number) for number, (topic, event) in enumerate(ACCEPTED))


# --- alarms


def test_every_kind_begins_at_0_for_every_agency_even_one_of_which_nothing_was_heard() -> None:
    measured(levels_of(), 0)
    assert open_kinds() == {}
    for kind in get_args(AlertKind):
        assert REGISTRY.get_sample_value("careroute_open_alarms", {"agency": "quiet-ma", "kind": kind}) == 0
    for metric in ("routing", "answer", "arrival"):
        assert REGISTRY.get_sample_value(f"careroute_{metric}_seconds_count", {"agency": "quiet-ma"}) == 0


def test_a_restart_changes_nothing() -> None:
    """The count died with its process; what the journal says is there again as soon as it has been read."""
    told: tuple[Told, ...] = (*TAKEN, (A, silent(), 50), (N, not_informed(), 51))
    for began in (START, START + timedelta(seconds=60)):
        measured(levels_of(*told, began=began), 62)
        assert open_kinds() == {"team-silent": 1, "cad-not-informed": 1}


def test_a_test_call_disturbs_nobody_and_is_shown_with_a_mark() -> None:
    told: tuple[Told, ...] = (
        (D, triaged().model_copy(update={"synthetic": True}), 0),
        (A, deadline(synthetic=True), 1),
        (N, not_informed(), 2),
    )
    measured(levels_of(*told), 300)
    assert open_kinds() == {}
    assert sample("careroute_open_calls", state="overdue") == 0
    measured(levels_of((A, deadline(), 1)), 300)
    assert sample("careroute_open_calls", state="overdue") == 1
    call = CallSeen(CALL_ID, START)
    fold(call, deadline(synthetic=True), stored(A, deadline(), 0, START))
    assert call.summary().synthetic


def test_made_up_agencies_have_no_levels_for_the_prober_alarms_for_them() -> None:
    view = View()
    view.fold("probe-3", silent(), stored(A, silent(), 0, START))
    measured(Levels(view, NoAgenciesButOurs(), StandingClock(START)), 1)
    assert REGISTRY.get_sample_value("careroute_open_alarms", {"agency": "probe-3", "kind": "team-silent"}) is None


@pytest.mark.parametrize(
    ("story", "ends"),
    [
        ((A, silent(), 50), (A, status("on-scene"), 60)),
        ((A, silent(), 50), (A, events.TeamRemoved(team_id="cares-1"), 60)),
        ((A, silent(), 50), (A, signed_on(), 60)),
        ((A, silent(), 50), (A, events.TeamSignedOff(team_id="cares-1", shift_id="s1"), 60)),
        ((N, not_informed(), 50), (N, informed(), 60)),
        ((AUDITS.name, GAP, 50), (AUDITS.name, events.AuditGapClosed(**GAP.model_dump(include=OF_A_GAP)), 60)),
        ((N, events.CadWebhookDisabled(source="uw"), 50), (N, events.CadWebhookEnabled(source="uw"), 60)),
    ],
)
def test_an_alarm_is_open_until_something_ends_it(story: Told, ends: Told) -> None:
    measured(levels_of(*TAKEN, story), 3600 * 3)
    assert len(open_kinds()) == 1
    measured(levels_of(*TAKEN, story, ends), 3600 * 3)
    assert open_kinds() == {}


def test_of_a_team_whose_shift_ran_out_in_silence_nothing_is_known() -> None:
    over = events.TeamSignedOff(team_id="cares-1", shift_id="s1", why="shift-over")
    measured(levels_of(*TAKEN, (A, silent(), 50), (A, over, 60)), 61)
    assert open_kinds() == {"team-silent": 1}


ENDLESS: list[tuple[AlertKind, Told]] = [
    ("input-refused", (A, REFUSED, 0)),
    ("clock-failed", (A, events.ClockFailed(clock_id="moving/x", wrong="KeyError"), 0)),
    ("cad-not-informed", (N, not_informed(), 0)),
    ("routed-late", (A, routed().model_copy(update={"deadline": START - timedelta(seconds=3)}), 0)),
    (
        "cad-clock",
        (D, events.CadClockNoted(source="dane", offset_seconds=-960, seen_at=START), 0),
    ),
    ("cad-identity", (D, events.CadIdentityNoted(source="dane", call_id=CALL_ID), 0)),
]


@pytest.mark.parametrize(("kind", "told"), ENDLESS)
def test_what_nothing_ends_stands_for_a_time(kind: AlertKind, told: Told) -> None:
    seconds = OPEN_FOR[kind].total_seconds()
    levels = levels_of(told)
    measured(levels, seconds - 1)
    assert open_kinds() == {kind: 1}
    measured(levels, seconds)
    assert open_kinds() == {}


def test_every_kind_that_stands_for_a_time_is_tried() -> None:
    assert {kind for kind, _ in ENDLESS} == OPEN_FOR.keys()


def test_a_cad_that_missed_what_misleads_nobody_is_listed_and_no_alarm() -> None:
    levels = levels_of((N, not_informed(alarm=False), 0))
    measured(levels, 1)
    assert open_kinds() == {}


def test_an_alarm_that_somebody_looks_after_stays_open_and_is_unattended_no_more() -> None:
    raised_at = START + timedelta(seconds=50)
    word = events.AlertAcknowledged(
        alert_id="team-silent/cares-1", kind="team-silent", raised_at=raised_at, acknowledged_by="dora"
    )
    for told, unattended in (((*TAKEN, (A, silent(), 50)), 1), ((*TAKEN, (A, silent(), 50), (N, word, 55)), 0)):
        measured(levels_of(*told), 60)
        assert open_kinds() == {"team-silent": 1}
        assert sample("careroute_unattended_alarms", kind="team-silent") == unattended


def test_a_flood_of_one_kind_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agency_records, "KEEP_ALERTS_OF_A_KIND", 10)
    flood = [(N, not_informed(message_id=f"m{number}"), 60 + number) for number in range(50)]
    measured(levels_of(*TAKEN, (A, silent(), 50), *flood), 120)
    assert open_kinds() == {"team-silent": 1, "cad-not-informed": 10, "cad-away": 1}


def test_a_live_district_that_nobody_can_pause_is_an_alarm() -> None:
    live = events.PhaseChanged(response="cares", district="Central", phase="live", revision=1, changed_by="ann")
    levels = levels_of((D, live, 0))
    measured(levels, 1)
    assert open_kinds() == {}
    NoAgenciesButOurs.stop_switch = False
    try:
        measured(levels, 1)
    finally:
        NoAgenciesButOurs.stop_switch = True
    assert open_kinds() == {"no-stop-switch": 1}


def test_a_wrong_agencies_file_is_an_alarm_of_every_agency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NoAgenciesButOurs, "refused_since", START)
    measured(levels_of(), 1)
    assert open_kinds() == {"agencies-file-refused": 1}


@pytest.mark.parametrize(("late", "kinds"), [(0, {}), (1.0, {}), (1.001, {"routed-late": 1})])
def test_an_outcome_is_late_a_second_after_its_deadline(late: float, kinds: dict[str, float]) -> None:
    outcome = routed().model_copy(update={"deadline": DEADLINE})
    measured(levels_of((A, deadline(), 0), (A, outcome, 60 + late)), 62)
    assert open_kinds() == kinds


def unread(number: int) -> Told:
    judged = triaged(f"madison-wi/dane-county/2021-{number}", reasons=("no-programme",), programme_hash="")
    return (D, judged.model_copy(update={"synthetic": number == 9}), number)


IN_FORCE: Told = (D, events.ProgrammeActivated(document_hash="a" * 64, version=4), 0)


@pytest.mark.parametrize(
    ("told", "kinds"),
    [
        ((unread(1),), {}),  # nothing is in force
        ((IN_FORCE, unread(1), unread(2)), {"programme-unread": 1}),
        ((IN_FORCE, unread(9)), {"programme-unread": 1}),  # a beat of the prober is the first to show it
        ((IN_FORCE, unread(1), (D, triaged(), 2)), {}),
        ((IN_FORCE, unread(1), (D, events.ProgrammeActivated(document_hash="b" * 64, version=5), 2)), {}),
    ],
)
def test_a_document_in_force_that_triage_refuses_is_an_alarm_until_a_call_is_judged_by_one(
    told: tuple[Told, ...], kinds: dict[str, float]
) -> None:
    measured(levels_of(*told), 10)
    assert open_kinds() == kinds


# --- calls, teams, what is in force


def reported() -> events.CallTriaged:
    """As triage judges a version of a call of now; team availability says nothing of it."""
    call = Call(
        agency=AGENCY,
        source="dane-county",
        incident_id="2021-1",
        created_at=START,
        updated_at=START,
        call_type=CallType(system="dane", code="MENTAL"),
    )
    return triaged().model_copy(update={"call": call})


@pytest.mark.parametrize(
    ("told", "seconds", "lag", "expected"),
    [
        (((D, triaged(), 0),), 100, 0, "undecided"),
        (((D, reported(), 0),), 61, 0, "undecided"),
        (((D, reported(), 0),), 61.5, 0, "overdue"),  # nobody arms its deadline
        (((D, reported(), 0),), 61.5, 2, "undecided"),
        (((D, reported(), 0), (D, reported(), 50)), 61.5, 0, "overdue"),  # another version gives it no more time
        (((D, reported(), 0),), 4000, 0, "undecided"),  # perhaps its outcome has left the view
        (((D, reported(), 4000),), 4100, 0, "undecided"),
        (((D, reported(), 0), (A, deadline(), 1), (A, routed(), 2)), 100, 0, "with-team"),
        (((A, deadline(), 0),), 61, 0, "undecided"),
        (((A, deadline(), 0),), 61.5, 0, "overdue"),
        (((A, deadline(), 0),), 61.5, 2, "undecided"),  # perhaps its outcome has not been read yet
        (TAKEN, 100, 0, "with-team"),
    ],
)
def test_calls_by_where_they_stand(told: tuple[Told, ...], seconds: float, lag: float, expected: str) -> None:
    measured(levels_of(*told), seconds, lag)
    counts = {state: sample("careroute_open_calls", state=state) for state in get_args(CallLevel)}
    assert counts == {**dict.fromkeys(get_args(CallLevel), 0), expected: 1}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (((A, silent(), 50),), "silent"),
        ((), "with-call"),
        (
            ((A, events.AssignmentEnded(call_id=CALL_ID, episode=1, team_id="cares-1", disposition="x"), 50),),
            "available",
        ),
    ],
)
def test_teams_by_where_they_stand(more: tuple[Told, ...], expected: str) -> None:
    measured(levels_of(*TAKEN, *more), 100)
    counts = {state: sample("careroute_teams", state=state) for state in get_args(TeamLevel)}
    assert sum(count or 0 for count in counts.values()) == 1
    assert counts[expected] == 1


def test_what_is_in_force() -> None:
    active = [events.ProgrammeActivated(document_hash=letter * 64, version=n) for n, letter in ((1, "a"), (2, "b"))]
    paused = events.DistrictPaused(district="Central", revision=7, changed_by="ann")
    measured(levels_of((D, active[0], 0), (D, active[1], 1), (D, paused, 2)), 3)
    assert sample("careroute_switchboard_revision") == 7
    assert sample("careroute_paused") == 1
    assert sample("careroute_programme_info", version="2", hash="b" * 64) == 1
    assert sample("careroute_programme_info", version="1", hash="a" * 64) is None


# --- times


def test_times_are_measured_once_and_between_durable_instants() -> None:
    story: tuple[Told, ...] = (
        (A, deadline(), 0),
        (A, offered(), 5),
        (A, accepted(), 25),
        (A, routed(), 25),
        (A, status("on-scene"), 625),
        (A, status("transporting"), 700),
        (A, status("on-scene"), 800),
    )
    levels_of(*story)
    for metric, seconds in (("routing", 25), ("answer", 20), ("arrival", 600)):
        assert sample(f"careroute_{metric}_seconds_count") == 1
        assert sample(f"careroute_{metric}_seconds_sum") == seconds


def test_what_was_before_this_process_began_was_measured_by_the_one_before() -> None:
    levels_of(*TAKEN, began=START + timedelta(hours=1))
    assert sample("careroute_routing_seconds_count") is None


def test_the_buckets_reach_past_the_deadline_and_are_fine_around_it() -> None:
    bounds = telemetry.ROUTING_SECONDS
    assert bounds == tuple(sorted(bounds))
    assert {50, 59, 60, 61, 120} <= set(bounds)


# --- as the door runs


async def test_there_are_no_levels_before_the_view_has_caught_up_and_then_there_are(city: City) -> None:
    for _ in range(100):
        if sample("careroute_open_alarms", kind="team-silent") is not None:
            break
        await city.settle()
    assert open_kinds() == {}


async def test_levels_that_cannot_be_measured_are_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = levels_of()
    measured(levels, 0)
    monkeypatch.setattr(levels, "measure", lambda *_, **__: 1 / 0)
    levels._measure_or_say_nothing(timedelta(0))
    assert sample("careroute_open_alarms", kind="team-silent") is None


async def test_a_door_that_still_reads_measures_nothing() -> None:
    levels = levels_of()
    follower = Follower(MemoryBroker(MemoryLog(1)), [DECISIONS], lambda *_: None)
    async with levels.measured(follower):
        pass
    assert sample("careroute_open_alarms", kind="team-silent") is None
