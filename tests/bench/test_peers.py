"""What a comparison counts; nothing here starts a host."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.engine.broker import Stored
from shared.events import CommandRefused, SetPhase
from shared.topics import CALLS, COMMANDS
from tests.bench.peers.counting import Counted, counted
from tests.bench.peers.hosting import SERVICES, TICKS, Decider, Spec
from tests.bench.peers.peer import PEERS, versions
from tests.bench.peers.table import END, README, START
from tests.rig.log import Entry


def entry(topic: str, kind: str, cause: str, call: str = "a/cad/1", instant: str = "1") -> Entry:
    headers = {"cause": cause.encode(), "subject": call.encode(), "time": instant.encode()}
    return Entry(topic, 0, 0, 0.0, "a", kind, headers, b"{}")


WELL = [
    entry("decisions", "call-triaged", "calls/0/0"),
    entry("assignments", "offer-made", "decisions/0/0"),
    entry("assignments", "offer-noted", "decisions/0/0"),
    entry("notifications", "page-due", "assignments/0/0"),
]


def test_a_call_that_went_all_the_way_is_counted_as_nothing() -> None:
    assert counted(WELL, ["a/cad/1"]) == Counted(0, 0, 0)


@pytest.mark.parametrize("missing", [0, 3])
def test_a_call_without_a_decision_or_without_an_end_is_lost(missing: int) -> None:
    assert counted(WELL[:missing] + WELL[missing + 1 :], ["a/cad/1"]).lost == 1


def test_a_call_that_was_routed_has_ended() -> None:
    assert counted([WELL[0], entry("assignments", "call-routed", "decisions/0/0")], ["a/cad/1"]).lost == 0


def test_an_input_decided_at_two_instants_is_doubled_whatever_came_of_it() -> None:
    again = entry("assignments", "call-routed", "decisions/0/0", instant="2")
    assert counted([*WELL, again], ["a/cad/1"]) == Counted(0, 1, 0)


def test_an_input_decided_after_a_later_one_is_out_of_order_and_one_decided_again_is_not() -> None:
    def decided(offset: int, partition: int = 0) -> Entry:
        return entry("decisions", "call-triaged", f"calls/{partition}/{offset}")

    entries = [decided(3), decided(2), decided(4), decided(3), decided(1, partition=1)]
    assert counted(entries, []) == Counted(0, 0, 1)


def test_a_host_decides_as_the_service_does_and_folds_its_journal_to_the_same_state() -> None:
    spec = Spec("", 4, "run", "triage", exactly_once=False, directory="")
    decider, restored, stored = Decider(spec), Decider(spec), a_stored_command()
    (made,) = decider.take(stored)
    assert made.key == "agency"
    assert dict(made.headers)["cause"] == b"commands/0/7"
    assert dict(made.headers)["type"] == CommandRefused.type.encode()
    assert decider.take(stored) == []
    restored.restore([Stored("decisions", 0, 0, stored.time, made.key, made.value, dict(made.headers))])
    assert restored.state("agency") == decider.state("agency")
    restored.unpack("agency", decider.packed("agency"))
    assert restored.state("agency") == decider.state("agency")


def test_every_service_is_told_of_the_time_and_of_calls_by_the_names_of_the_run() -> None:
    for service in SERVICES:
        spec = Spec("", 4, "run", service, exactly_once=False, directory="")
        assert f"run-{TICKS.name}" in spec.inputs
        assert f"run-{COMMANDS.name}" in spec.inputs
        assert spec.plain(spec.named(CALLS.name)) == CALLS.name


def test_every_peer_has_a_pinned_version_and_a_run_of_its_own() -> None:
    assert all(versions(PEERS).values())
    assert len({peer.run for peer in PEERS}) == len(PEERS)


def a_stored_command() -> Stored:
    now = datetime.now(UTC)
    command = SetPhase(
        command_id="c1",
        issued_by="ana",
        issued_at=now,
        expires_at=now + timedelta(minutes=1),
        response="cares",
        district="Central",
        phase="live",
    )
    return Stored("commands", 0, 7, now, "agency", command.encode(), {"type": command.type.encode()})


def test_the_readme_shows_every_peer_in_the_version_that_is_locked() -> None:
    text = README.read_text("utf-8").split(START, 1)[1].split(END, 1)[0]
    rows = [line.split(" | ")[:2] for line in text.splitlines() if line.startswith("| ")][2:]
    pinned = versions(PEERS)
    expected = [
        [f"| {peer.package} {pinned[peer.package]}" if peer.package else "| careroute", peer.guarantee]
        for peer in PEERS
    ]
    assert rows == expected, 'run make bench ARGS="--peers" on a quiet machine'
