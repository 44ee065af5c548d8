"""Each invariant sees what it is there for, in journals too; is silent on clean ones; and says so when it is blind."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.kafka.node import CHECKOUT
from services.reporting.auditor.audit import MOST_OPEN, SLICE, Auditor, Run, ask
from services.reporting.auditor.fold.audit_log import GENUINE, UNCUT, WHOLE
from services.reporting.auditor.fold.heard import JUDGED, PAGED, PAUSED, TOLD, owed
from services.reporting.auditor.fold.writes import Given
from services.reporting.auditor.invariant import PLANTED, Invariant
from services.reporting.auditor.invariants import INVARIANTS
from services.reporting.auditor.tables import BATCH, GAP, LOG_END, METADATA, SECOND, microseconds
from services.reporting.store.engine import transaction
from shared.call import Call
from shared.engine.broker import Stored
from shared.events import (
    CallReported,
    CallTriaged,
    DeadlineSet,
    DecisionConfirmed,
    PhaseChanged,
    PlanSet,
    ProgrammeActivated,
)
from shared.programme.judging.programme import passed
from tests.builders import call_routed, call_triaged, judgement, offer_made, verdict
from tests.services.reporting.auditor.driver import AFTERWARDS, asked, batches_of, fill, filled, in_memory
from tests.services.reporting.auditor.mutations import (
    FURTHER,
    MUTATIONS,
    Log,
    changed,
    copy_of,
    event_of,
    find,
    somebody_leaves,
)
from tests.services.reporting.journals import Topics
from tests.simulation.simulate import Day, simulate

NAMES = {invariant.name for invariant in INVARIANTS}
NOT_OF_A_JOURNAL = {"sender-accounted-for", "log-not-shorter", "nothing-personal", GENUINE, WHOLE, UNCUT}


@pytest.fixture(scope="module")
def day() -> Day:
    """A day on which processes died, hung and were wrong about the time, and no promise was broken."""
    return simulate(6, calls=70, agencies=2)


def end_of(log: Mapping[tuple[str, int], Sequence[Stored]]) -> datetime:
    return max(stored.time for records in log.values() for stored in records)


def broken_in(log: Log, *, after: int = AFTERWARDS, seed: int = 1) -> set[str]:
    return found_in(batches_of(log, random.Random(seed)), microseconds(end_of(log)) + after)


def found_in(batches: Iterable[Sequence[Stored]], now_us: int) -> set[str]:
    with filled(batches) as engine:
        return {name for name, count in asked(engine, now_us).items() if count}


def opens(run: Run) -> set[str]:
    return {name for name, count in run.open.items() if count}


async def rows_in(store: AsyncEngine) -> int:
    async with store.connect() as connection:
        counts = [(await connection.execute(select(func.count()).select_from(table))).scalar_one()
                  for table in METADATA.sorted_tables if table.name not in ("watermark", "gap", "folded")]  # fmt: skip
    return sum(counts)


async def test_a_run_finds_all_that_is_planted_and_leaves_nothing_of_it(store: AsyncEngine) -> None:
    run = await Auditor(store).run(AFTERWARDS)
    assert run.clean
    assert (run.planted_found, run.blind, run.unasked) == (len(INVARIANTS), (), ())
    assert opens(run) == set()
    assert await rows_in(store) == 0


def as_if_real(values: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What is planted, of an agency of its own, and the later the greater the number."""
    named = {name: value.replace(PLANTED, f"metro{number}") for name, value in values.items() if isinstance(value, str)}
    at = {name: value + number for name, value in values.items() if name.endswith("_us")}
    place = {"partition": 0, "record_offset": number} if "partition" in values else {}
    return {**values, **named, **at, **place}


@pytest.mark.parametrize("invariant", [each for each in INVARIANTS if not each.lasting], ids=lambda each: each.name)
async def test_of_more_than_can_be_noted_the_oldest_is_and_nothing_makes_it_blind(
    store: AsyncEngine, invariant: Invariant
) -> None:
    """All that a cluster decides stands still at once, and what came first was read last."""
    async with transaction(store) as connection:
        for table, values in invariant.planted:
            rows = [as_if_real(values, number) for number in range(MOST_OPEN + 50, 0, -1)]
            await connection.execute(insert(METADATA.tables[table]), rows)
    run = await Auditor(store, [invariant], budget_seconds=math.inf).run(AFTERWARDS)
    assert (run.blind, run.open) == ((), {invariant.name: MOST_OPEN - 1})
    async with store.connect() as connection:
        newest = (await connection.execute(select(func.max(GAP.c.broken_us) - func.min(GAP.c.broken_us)))).scalar_one()
    assert newest == MOST_OPEN - 2


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_query_that_finds_nothing_is_never_taken_for_clean(name: str) -> None:
    broken = [
        replace(invariant, query=f"SELECT * FROM ({invariant.query}) AS everything WHERE 1 = 0")
        if invariant.name == name
        else invariant
        for invariant in INVARIANTS
    ]
    with filled([]) as engine, engine.connect() as connection:
        assert ask(connection, broken, AFTERWARDS, math.inf).blind == [name]
    assert not Run(0, len(INVARIANTS) - 1, (name,), (), dict.fromkeys(NAMES, 0)).clean


def test_every_invariant_is_tried_on_a_journal_or_apart() -> None:
    assert MUTATIONS.keys() | NOT_OF_A_JOURNAL == NAMES


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_what_breaks_a_promise_in_the_journals_is_seen(day: Day, name: str) -> None:
    log = copy_of(day.log.places)
    MUTATIONS[name](log)
    assert name in broken_in(log)


@pytest.mark.parametrize(("name", "mutate"), FURTHER.values(), ids=FURTHER)
def test_what_breaks_it_otherwise_is_seen(day: Day, name: str, mutate: Callable[[Log], None]) -> None:
    log = copy_of(day.log.places)
    assert name not in broken_in(log)
    mutate(log)
    assert name in broken_in(log)


@pytest.mark.parametrize("seed", [1, 2])
def test_clean_journals_are_clean_in_whatever_order_topics_are_read(seed: int) -> None:
    log = copy_of(simulate(seed).log.places)
    late = {invariant.name for invariant in INVARIANTS if invariant.severity == "late"}
    assert broken_in(log, after=60 * SECOND, seed=seed) <= late


@pytest.mark.scenario("duty")
def test_nobody_leaves_a_team_that_has_a_call(day: Day) -> None:
    log = copy_of(day.log.places)
    assert "nobody-dropped" not in broken_in(log)
    somebody_leaves(log)
    assert "nobody-dropped" in broken_in(log)


def judged(number: int, call_id: str, document: str = "", version: int = 0, revision: int = 0) -> CallTriaged:
    at = Topics().now + timedelta(minutes=number)
    cites = {"programme_hash": document, "programme_version": version, "switchboard_revision": revision}
    return call_triaged(call_id, at, judgement(gates=(passed("district", "in Central."),), **cites))


def test_a_call_from_before_the_first_document_and_one_in_flight_while_it_is_put_back_cite_what_was_in_force() -> None:
    decisions = (
        judged(1, "metro/cad/1"),
        ProgrammeActivated(document_hash="h1", version=1),
        judged(2, "metro/cad/2", "h1", 1),
        PhaseChanged(response="cares", district="Central", phase="live", revision=1, changed_by="sup"),
        judged(3, "metro/cad/2", "h1", 1, 1),
        ProgrammeActivated(document_hash="h2", version=2),
        judged(4, "metro/cad/3", "h2", 2, 1),
        ProgrammeActivated(document_hash="h1", version=1, rolled_back_from="h2", changed_by="sup"),
        judged(5, "metro/cad/3", "h2", 2, 1),  # it was offered already: the stricter judgement stands
        judged(6, "metro/cad/4", "h1", 1, 1),
    )
    assert found_in([Topics().decisions(*decisions)], AFTERWARDS) == set()
    late = judged(7, "metro/cad/5", "h2", 2, 1)
    assert found_in([Topics().decisions(*decisions, late)], AFTERWARDS) == {"judgement-explained"}


@pytest.mark.parametrize("is_confirmed", [True, False])
@pytest.mark.parametrize("may_go", [True, False])
def test_a_late_call_goes_to_a_team_by_the_plan_that_it_had_once_a_dispatcher_has_said_yes(
    is_confirmed: bool,  # noqa: FBT001
    may_go: bool,  # noqa: FBT001
) -> None:
    topics, call_id = Topics(), "metro/cad/1"
    about: dict[str, Any] = {"call_id": call_id}
    plan, deadline = judgement(verdict(may_go=may_go)), topics.now + timedelta(seconds=50)
    times: dict[str, Any] = {"deadline": deadline, "received_at": topics.now, "call_at": "calls/0/1"}
    yes = [DecisionConfirmed(**about, episode=2, response="cares", confirmed_by="dee")] if is_confirmed else []
    log = topics.assignments(
        DeadlineSet(**about, **times, episode=1),
        PlanSet(**about, episode=1, event_id="e1", judgement=plan, deadline=deadline, triaged_at=0),
        call_routed(call_id, topics.now, "default", reasons=("not-taken",)),
        DeadlineSet(**about, **times, episode=2, why="late-pull"),
        *yes,
        offer_made(call_id, topics.now, episode=2),
    )
    assert ("offer-allowed" in found_in([log], microseconds(topics.now))) is not (is_confirmed and may_go)


@pytest.mark.parametrize(("days", "begins_twice"), [(8, False), (1, True)])
def test_a_number_that_another_incident_has_once_it_was_forgotten_begins_anew(days: int, begins_twice: bool) -> None:  # noqa: FBT001
    topics, log = Topics(), list[Stored]()
    for _ in range(2):
        deadline = topics.now + timedelta(seconds=50)
        about: dict[str, Any] = {"call_id": "metro/cad/0042", "episode": 1, "deadline": deadline}
        begun = DeadlineSet(**about, received_at=topics.now, call_at="calls/0/1")
        routed = call_routed("metro/cad/0042", topics.now, "default", deadline=deadline, reasons=("no-team",))
        log += topics.assignments(begun, routed)
        topics.now += timedelta(days=days)
    found = found_in([log], microseconds(topics.now))
    assert "one-outcome" in found if begins_twice else found == {"outcome-told"}


@pytest.mark.parametrize(("days", "taken_in", "broken"), [(365, True, False), (365, False, True), (1, False, False)])
def test_an_incident_that_nobody_took_in_is_seen_though_its_number_was_anothers_that_never_ended(
    days: int,
    taken_in: bool,  # noqa: FBT001
    broken: bool,  # noqa: FBT001
) -> None:
    topics, log = Topics(), list[Stored]()
    for number in range(2):
        at, call_id = topics.now, "metro/cad/0042"
        call = Call(agency="metro", source="cad", incident_id="0042", created_at=at, updated_at=at)
        log += topics.calls(CallReported(event_id=f"e{number}", call=call, received_at=at, judged_at=at))
        deadline = at + timedelta(seconds=50)
        times = {"deadline": deadline, "received_at": at, "call_at": f"calls/0/{number}"}
        if taken_in or number == 0:
            log += topics.assignments(
                DeadlineSet.model_validate({"call_id": call_id, "episode": 1, **times}),
                call_routed(call_id, at, "default", deadline=deadline, reasons=("no-team",)),
            )
        topics.now += timedelta(days=days)
    found = found_in([log], microseconds(topics.now))
    assert ("call-taken-in" in found) is broken


def plan_of(query: str, **values: int | str) -> str:
    """How SQLite goes about it."""
    with in_memory() as engine, engine.connect() as connection:
        return " ".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}"), values))


@pytest.mark.parametrize("name", [JUDGED, PAGED, TOLD, PAUSED])
def test_of_what_nothing_came_no_query_looks_at_all_that_something_came_of(name: str) -> None:
    query = next(invariant.query for invariant in INVARIANTS if invariant.name == name)
    assert plan_of(query, settled=1) == "SEARCH w USING INDEX word_unheard (at_us<?)"


def test_whether_a_version_came_before_is_looked_up_by_its_own_id() -> None:
    header = {"type": b"call-reported", "subject": b"metro/cad/1"}
    stored = Stored("calls", 0, 1, Topics().now, "metro", b'{"event_id": "e1"}', header)
    (write,) = owed(Given("call-reported", {"event_id": "e1"}, stored, 1, -1))
    assert "SEARCH v USING INDEX version_of_call (call_id=? AND event_id=?)" in plan_of(write.sql, **write.values)


async def test_the_same_is_found_on_either_database(store: AsyncEngine, day: Day) -> None:
    log, name = copy_of(day.log.places), "outcome-by-deadline"
    MUTATIONS[name](log)
    await fill(store, batches_of(log, random.Random(1)))
    now = microseconds(end_of(log)) + 60 * SECOND
    first, second = await Auditor(store).run(now), await Auditor(store).run(now + SECOND)
    assert {name: count for name, count in first.open.items() if count} == {name: 1}
    assert first.open == second.open
    assert not first.clean


async def test_what_may_have_come_and_is_not_read_is_not_missed(store: AsyncEngine, day: Day) -> None:
    """The auditor of a busy machine was a minute behind, and called 22 episodes broken whose outcomes stood there."""
    log = copy_of(day.log.places)
    MUTATIONS["outcome-by-deadline"](log)
    await fill(store, batches_of(log, random.Random(1)))
    now = microseconds(end_of(log)) + 60 * SECOND
    assert opens(await Auditor(store).run(now, behind_us=5 * 60 * SECOND)) == set()
    assert opens(await Auditor(store).run(now, behind_us=SECOND)) == {"outcome-by-deadline"}


async def test_a_log_that_is_shorter_than_what_was_read_is_another_log(store: AsyncEngine) -> None:
    async with transaction(store) as connection:
        row = {"topic": "decisions", "partition": 0, "end_offset": 7, "read_offset": 8, "at_us": 1}
        await connection.execute(LOG_END.insert(), [row])
    assert opens(await Auditor(store).run(AFTERWARDS)) == {"log-not-shorter"}


def test_a_planted_word_that_stands_in_the_open_is_seen(day: Day) -> None:
    with filled(batches_of(copy_of(day.log.places), random.Random(1)), canaries=[b"reused-0"]) as engine:
        assert asked(engine, AFTERWARDS)["nothing-personal"] > 0


async def test_a_long_way_behind_is_looked_at_in_slices_and_never_called_clean(store: AsyncEngine) -> None:
    async with transaction(store) as connection:
        await connection.execute(BATCH.insert(), [{"id": 1, "number": 50 * SLICE}])
    auditor = Auditor(store, budget_seconds=0)
    first = await auditor.run(AFTERWARDS)
    assert len(first.unasked) >= len(INVARIANTS) - 1
    assert not first.clean
    auditor = Auditor(store, budget_seconds=60)
    assert (await auditor.run(AFTERWARDS)).clean


def test_the_page_lists_them_as_they_are() -> None:
    page = (CHECKOUT / "services/reporting/auditor/README.md").read_text("utf-8")
    listed = re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", page, re.MULTILINE)
    assert listed == [(invariant.name, invariant.sentence) for invariant in INVARIANTS]


def test_of_a_test_call_no_cad_is_told_and_that_is_no_gap(day: Day) -> None:
    """Its versions say so, and so does its outcome: then nobody is owed a message."""
    log = copy_of(day.log.places)
    records, index = find(log, "assignments", "call-routed", lambda event: event["outcome"] == "default")
    call_id = event_of(records[index])["call_id"]
    log = {place: [_as_test_call(stored, call_id) for stored in of_topic] for place, of_topic in log.items()}
    notifications = {place for place in log if place[0] == "notifications"}
    for place in notifications:
        log[place] = [stored for stored in log[place] if event_of(stored).get("call_id") != call_id]
    found = broken_in(log, after=60 * SECOND)
    assert "outcome-told" not in found
    assert "test-call-is-one" not in found


def _as_test_call(stored: Stored, call_id: str) -> Stored:
    if stored.topic not in ("calls", "assignments"):
        return stored
    is_of_it = call_id in (stored.headers["subject"].decode(), event_of(stored).get("call_id"))
    return changed(stored, synthetic=True) if is_of_it else stored
