"""A day's journals are decided again and come out the same; whatever was changed in them is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from deploy import redecide
from deploy.redecide import Report
from shared.call_keys import new_call_key
from shared.clock import SystemClock
from shared.connection import Connection
from shared.engine.broker import Stored
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.redecide import JournalBroken
from shared.engine.service import Input, Service
from shared.events import CallReported, Event
from shared.sealing import Sealer, new_key
from shared.topics import ASSIGNMENTS, CALL_KEYS, CALLS, DECISIONS, NOTIFICATIONS
from tests.simulation.simulate import SERVICES, Day, simulate

TRIAGE, TEAM_AVAILABILITY, NOTIFICATION, *_ = SERVICES


@pytest.fixture(scope="module")
def day() -> Day:
    return simulate(5, calls=60, agencies=2, harmful_calls=0)


@pytest.fixture
def log(day: Day) -> MemoryLog:
    """The day's log, to be tampered with."""
    log = MemoryLog(day.log.partitions)
    log.places.update({place: list(records) for place, records in day.log.places.items()})
    return log


def tamper(log: MemoryLog, topic: str, event_type: str, change: Callable[[Stored], Stored]) -> Stored:
    """Change the first record of a type."""
    for (name, _), records in sorted(log.places.items()):
        for stored in records if name == topic else ():
            if stored.headers["type"] == event_type.encode():
                records[stored.offset] = changed = change(stored)
                assert changed != stored
                return changed
    raise AssertionError(f"no {event_type}")


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_a_whole_day_is_decided_again_without_a_difference(log: MemoryLog, service: Service[Any]) -> None:
    report = await redecide.redecide(MemoryBroker(log), service)
    assert (report.differences.total(), report.failed, report.inputs_gone) == (0, 0, 0), str(report)
    causes = {
        (stored.key, stored.headers["cause"])
        for (topic, _), records in log.places.items()
        for stored in records
        if topic == report.service.writes.name
        and stored.headers["type"] not in (b"claimed", b"positions-noted", b"input-refused")
    }
    assert report.decisions == len(causes)
    assert report.decisions > 50
    assert str(report) == f"{report.service.name}: {report.decisions} decisions, 0 differences"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_however_long_a_journal_is_little_of_it_is_held_at_a_time(
    log: MemoryLog, service: Service[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agency's partition of some months took gigabytes: where that was too much, nothing was compared."""
    whole = await redecide.redecide(MemoryBroker(log), service)
    held: list[tuple[int, int]] = []
    read = redecide._Finding.read

    async def noted(finding: redecide._Finding, decisions: Sequence[Stored]) -> None:
        await read(finding, decisions)
        held.append((len(decisions), len(finding.inputs)))

    monkeypatch.setattr(redecide._Finding, "read", noted)
    monkeypatch.setattr(redecide, "HELD", 20)
    again = await redecide.redecide(MemoryBroker(log), service)
    assert str(again) == str(whole)
    assert (again.decisions, again.failed, again.inputs_gone) == (whole.decisions, whole.failed, whole.inputs_gone)
    assert max(map(max, held)) <= 20 < sum(decisions for decisions, _ in held)


@pytest.mark.parametrize(
    "cause", ["calls/0/", "calls/0/7e2", "calls/0/" + "9" * 5_000, "calls/0/-1", "calls", "9" * 30]
)
async def test_a_cause_that_is_no_position_is_an_input_that_is_not_kept(log: MemoryLog, cause: str) -> None:
    tamper(
        log,
        DECISIONS.name,
        "call-triaged",
        lambda stored: replace(stored, headers={**stored.headers, "cause": cause.encode()}),
    )
    report = await redecide.redecide(MemoryBroker(log), TRIAGE)
    assert report.inputs_gone == 1


async def test_one_agency_alone(log: MemoryLog) -> None:
    broker = MemoryBroker(log)
    whole, *parts = [await redecide.redecide(broker, TRIAGE, agency) for agency in (None, "city-0", "city-1")]
    assert sum(part.decisions for part in parts) == whole.decisions
    assert all(part.same and part.decisions > 10 for part in parts)


async def test_keys_that_cannot_be_opened_are_no_fault_of_decisions(log: MemoryLog) -> None:
    """After a rotation, or over a backup that was taken before it, the one present key is not enough."""
    former, present = new_key(), new_key()
    made = new_call_key(Sealer(former), SystemClock(), "city-0/cad/1").record
    await MemoryBroker(log).append(CALL_KEYS.name, MemoryBroker(log).partition_of("city-0"), [made])
    for key, second, sealed in ((present, "", 1), (present, former, 0)):
        (report,) = await redecide.redecide_all(MemoryBroker(log), Sealer(key, second), names=[TRIAGE.name])
        assert report.keys_sealed == sealed
        assert ("1 keys of calls cannot be opened here" in str(report)) is bool(sealed)


def test_clocks_and_effects_that_failed_are_among_them(day: Day) -> None:
    told = [stored for records in day.log.places.values() for stored in records if "cause" in stored.headers]
    kinds = {(stored.topic, stored.headers["cause"].partition(b"/")[0]) for stored in told}
    assert {(NOTIFICATIONS.name, b"effect"), (ASSIGNMENTS.name, b"tick"), (DECISIONS.name, b"tick")} <= kinds
    assert any(b'"why":"HTTP 500"' in stored.value for stored in told)


@pytest.mark.parametrize(
    "change",
    [
        (TRIAGE, DECISIONS.name, "call-triaged", b'"event_id":"', b'"event_id":"other-'),
        (TRIAGE, CALLS.name, "call-reported", b'"no"', b'"yes"'),
        (TEAM_AVAILABILITY, ASSIGNMENTS.name, "call-routed", b'"sentence":"', b'"sentence":"Not '),
        (NOTIFICATION, NOTIFICATIONS.name, "page-due", b'"why":"', b'"why":"because '),
    ],
)
async def test_a_record_that_was_changed_is_found(log: MemoryLog, change: tuple[Any, ...]) -> None:
    service, topic, event_type, was, becomes = change
    tamper(log, topic, event_type, lambda stored: replace(stored, value=stored.value.replace(was, becomes)))
    report = await redecide.redecide(MemoryBroker(log), service)
    assert not report.same
    assert f"{report.differences.total()} differences" in str(report)
    assert len(report.shown) == min(report.differences.total(), redecide.SHOWN)


async def test_another_instant_is_found(log: MemoryLog) -> None:
    def earlier(stored: Stored) -> Stored:
        return replace(stored, headers={**stored.headers, "time": b"2020-01-01T00:00:00+00:00"})

    changed = tamper(log, ASSIGNMENTS.name, "offer-made", earlier)
    report = await redecide.redecide(MemoryBroker(log), TEAM_AVAILABILITY)
    assert changed.position in [found.position for found in report.shown]


async def test_a_record_that_cannot_be_read_is_named(log: MemoryLog) -> None:
    changed = tamper(log, DECISIONS.name, "call-triaged", lambda stored: replace(stored, value=b"{}"))
    with pytest.raises(JournalBroken, match=changed.position):
        await redecide.redecide(MemoryBroker(log), TRIAGE)


async def test_a_record_of_a_later_version_is_told_from_one_that_is_broken(log: MemoryLog) -> None:
    def later(stored: Stored) -> Stored:
        return replace(stored, headers={**stored.headers, "type": b"page-sung"})

    changed = tamper(log, NOTIFICATIONS.name, "page-due", later)
    with pytest.raises(JournalBroken, match=f"{changed.position} cannot be folded: unknown event type 'page-sung'"):
        await redecide.redecide(MemoryBroker(log), NOTIFICATION)


def worded(stored: Stored) -> bytes:
    return stored.value.replace(b'"sentence":"', b'"sentence":"Not ')


async def test_what_another_version_had_decided_is_told_apart(log: MemoryLog) -> None:
    changed = tamper(log, ASSIGNMENTS.name, "call-routed", lambda stored: replace(stored, value=worded(stored)))
    records = log.places[changed.topic, changed.partition]
    for stored in [one for one in records if one.headers["cause"] == changed.headers["cause"]]:
        records[stored.offset] = replace(stored, headers={**stored.headers, "decider": b"0"})
    report = await redecide.redecide(MemoryBroker(log), TEAM_AVAILABILITY)
    assert report.same
    assert f"1 were decided by version 0; this is {TEAM_AVAILABILITY.decider_version}" in str(report)


async def test_inputs_that_are_not_kept_any_more_are_counted(log: MemoryLog) -> None:
    for place, records in log.places.items():
        if place[0] == CALLS.name:
            log.dropped_before[place] = len(records)
    report = await redecide.redecide(MemoryBroker(log), TRIAGE)
    assert report.same
    assert report.inputs_gone > 0
    assert "are not kept any more" in str(report)


async def test_what_could_not_be_opened_in_time_is_no_difference_and_is_counted(log: MemoryLog) -> None:
    """Keys of calls come over another topic: when one came is in no journal, and without it all is unknown."""

    def reading_more(state: Any, given: Input, now: datetime) -> Sequence[Event]:
        return () if isinstance(given.event, CallReported) else TRIAGE.decide(state, given, now)

    opening = replace(TRIAGE, decide=reading_more)
    assert not (await redecide.redecide(MemoryBroker(log), opening)).same
    report = await redecide.redecide(MemoryBroker(log), opening, unopened=TRIAGE)
    assert (report.same, report.sealed_then > 0) == (True, True)
    assert f"{report.sealed_then} are the same without what is sealed" in str(report)
    changed = tamper(
        log, DECISIONS.name, "call-triaged", lambda stored: replace(stored, value=stored.value[:-1] + b" }")
    )
    report = await redecide.redecide(MemoryBroker(log), opening, unopened=TRIAGE)
    assert [different.position for different in report.shown] == [changed.position]


def test_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], log: MemoryLog) -> None:
    def no_kafka(at: Connection, partitions: int) -> MemoryBroker:
        assert (at.servers, partitions) == ("here:9092", 4)
        return MemoryBroker(log)

    monkeypatch.setattr(redecide, "KafkaBroker", no_kafka)
    monkeypatch.delenv("CAREROUTE_SEALING_KEY", raising=False)
    with pytest.raises(SystemExit):
        redecide.main(["--kafka", "here:9092", "--service", "rostering"])  # it is another machine's
    assert "CAREROUTE_KAFKA_UNSECURED" in capsys.readouterr().err
    monkeypatch.setenv("CAREROUTE_KAFKA_UNSECURED", "allowed")
    assert redecide.main(["--kafka", "here:9092", "--service", "team-availability"]) == 0
    assert "team-availability: " in capsys.readouterr().out
    with pytest.raises(SystemExit):
        redecide.main(["--kafka", "here:9092"])  # triage needs the key
    assert "CAREROUTE_SEALING_KEY" in capsys.readouterr().err
    monkeypatch.setenv("CAREROUTE_SEALING_KEY", new_key())
    assert redecide.main(["--kafka", "here:9092"]) == 0
    assert capsys.readouterr().out.count("0 differences") == 4
    assert redecide.main(["--kafka", "here:9092", "--agency", "city-1"]) == 0
    assert redecide.main(["--kafka", "here:9092", "--agency", "city-l"]) == 1
    assert "nothing was ever decided for an agency 'city-l'" in capsys.readouterr().err
    tamper(log, NOTIFICATIONS.name, "page-due", lambda stored: replace(stored, value=b"{}"))
    assert redecide.main(["--kafka", "here:9092"]) == 1
    assert NOTIFICATIONS.name in capsys.readouterr().err


def test_a_report_names_the_failed() -> None:
    assert "2 had failed and are not compared" in str(Report(TRIAGE, decisions=1, failed=2))
