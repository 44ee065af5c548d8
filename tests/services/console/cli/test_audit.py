"""`careroute audit`: a whole log, a broken one, heads kept elsewhere; and who saw what, at the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.console.cli.app import app
from services.console.cli.client import NOT_REACHABLE, REFUSED, USAGE
from shared.audit_log.chain import new_audit_key
from shared.engine.broker import BrokerUnavailable
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.topics import AUDIT_LOG, COMMANDS
from tests.audited import entries_of
from tests.services.console.cli.driver import Town
from tests.services.console.driver import AGENCY, AUDIT_KEY


class Kafka:
    """What the command line reads, in place of Kafka."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, town: Town) -> None:
        self.town, self.away = town, False
        self.backup: MemoryLog | None = None
        """What is read instead, where somebody has put a cluster back with something missing."""
        monkeypatch.setattr("shared.engine.kafka.KafkaBroker", self._connect)
        for name, value in {"KAFKA": "localhost:9", "AUDIT_KEYS": f"{new_audit_key()},{AUDIT_KEY}"}.items():
            monkeypatch.setenv(f"CAREROUTE_{name}", value)

    def _connect(self, *_: object) -> MemoryBroker:
        async def network(_doing: str) -> None:
            if self.away:
                raise BrokerUnavailable("away")

        return MemoryBroker(self.backup or self.log, network)

    @property
    def log(self) -> MemoryLog:
        """The city's."""
        return self.town.city.log

    def written(self) -> None:
        """Wait until the door has written what it knows."""
        self.town.call(lambda: entries_of(self.log, self.town.city.app.state.register.log))

    def leave_out(self, topic: str, *numbers: int) -> None:
        """Put the cluster back without some records of a topic."""
        self.backup = MemoryLog(self.log.partitions)
        for place, held in self.log.places.items():
            gone = numbers if place == place_of(self.log, topic) else ()
            left = [stored for number, stored in enumerate(held) if number not in gone]
            self.backup.places[place] = [replace(stored, offset=offset) for offset, stored in enumerate(left)]

    def verify(self, *arguments: str) -> Result:
        """`careroute audit verify`."""
        self.written()
        return CliRunner().invoke(app, ["audit", "verify", *arguments])


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch, town: Town) -> Kafka:
    kafka = Kafka(monkeypatch, town)
    for number in range(3):
        town.run("dispatcher", "pause", "all", "--reason", f"reason {number}")
    kafka.written()
    return kafka


def place_of(log: MemoryLog, topic: str) -> tuple[str, int]:
    """The partition in which something stands."""
    return next(place for place, held in log.places.items() if place[0] == topic and held)


def test_a_log_as_it_was_written_is_whole(kafka: Kafka) -> None:
    """And so are the commands that it tells of."""
    verified = kafka.verify("--json")
    assert verified.exit_code == 0, verified.output
    body = json.loads(verified.stdout)
    assert (body["whole"], body["breaks"], body["commands"]) == (True, [], 3)
    assert "whole" in kafka.verify().output


def test_it_says_where_a_log_is_broken(kafka: Kafka) -> None:
    """A record that is gone, and one that was changed; each at its position, or where it is missed."""
    held = kafka.log.places[place_of(kafka.log, AUDIT_LOG.name)]
    held[2] = replace(held[2], value=held[2].value.replace(b"the-dispatcher", b"somebody-else"))
    verified = kafka.verify()
    assert verified.exit_code == REFUSED
    assert f"{held[2].position}: the record was changed" in verified.output
    kafka.leave_out(AUDIT_LOG.name, 1, 2)
    assert "comes after records 2 to 3 of chain" in kafka.verify().output


def test_a_command_that_was_replaced_is_found_by_the_log(kafka: Kafka) -> None:
    """`commands` has no chain of its own: the log has the digest of each."""
    held = kafka.log.places[place_of(kafka.log, COMMANDS.name)]
    whole = held[1]
    held[1] = replace(whole, value=whole.value.replace(b"reason 1", b"reason 9"))
    verified = kafka.verify()
    assert verified.exit_code == REFUSED
    assert f"{held[1].position}: is not the command that audit-log/" in verified.output.replace("\n", "")
    held[1] = whole
    kafka.leave_out(COMMANDS.name, 2)
    assert "tells of a command at" in kafka.verify().output


def test_heads_that_were_kept_elsewhere_miss_the_end_of_a_log(kafka: Kafka, tmp_path: Path) -> None:
    """Without them a log whose last records are gone looks like one that was written no further."""
    heads = tmp_path / "heads.json"
    heads.write_text(CliRunner().invoke(app, ["audit", "heads"]).stdout)
    last = len(kafka.log.places[place_of(kafka.log, AUDIT_LOG.name)]) - 1
    verified = kafka.verify("--heads", str(heads))
    assert (verified.exit_code, "1 of 1 heads were met.\n" in verified.output) == (0, True)
    old = json.loads(heads.read_text())
    old["heads"][0] |= {"at": "2020-01-01T00:00:00Z", "chain": "0" * 16}
    heads_of_then = tmp_path / "then.json"
    heads_of_then.write_text(json.dumps(old))
    verified = kafka.verify("--heads", str(heads_of_then))
    assert "0 of 1 heads were met. The others are from before what Kafka keeps." in verified.output
    kafka.leave_out(AUDIT_LOG.name, last)
    assert kafka.verify().exit_code == 0
    missed = kafka.verify("--heads", str(heads))
    assert (missed.exit_code, "whose head was kept elsewhere, is not there" in missed.output) == (REFUSED, True)
    heads.write_text("{}")
    assert kafka.verify("--heads", str(heads)).exit_code == USAGE


def test_a_key_that_was_not_given_and_a_kafka_that_is_away(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is said to be whole."""
    monkeypatch.setenv("CAREROUTE_AUDIT_KEYS", new_audit_key())
    without = kafka.verify()
    assert (without.exit_code, "unknown-key" in without.output) == (REFUSED, True)
    kafka.away = True
    assert kafka.verify().exit_code == NOT_REACHABLE


def test_who_saw_and_did_what_is_shown_to_a_supervisor(kafka: Kafka) -> None:
    """By whom, and about what; whoever looks stands there, too. A dispatcher may not look."""
    body = kafka.town.json("supervisor", "audit", "show", "--by", "the-dispatcher")
    sentences = [line["sentence"] for line in body["lines"]]
    assert sentences == ["the-dispatcher issued: pause district (all); done."] * 3 + [
        "the-dispatcher signed in by token."
    ]
    assert all(line["genuine"] for line in body["lines"])
    kafka.written()
    shown = kafka.town.run("supervisor", "audit", "show", "--by", "the-supervisor").output
    assert "the-supervisor took out entries of the audit log" in shown
    assert kafka.town.run("dispatcher", "audit", "show").exit_code == REFUSED
    kafka.town.run("nobody-s", "audit", "show")
    kafka.written()
    assert "Somebody was not let in" in kafka.town.run("supervisor", "audit", "show", "--strangers").output
    nothing = kafka.town.run("supervisor", "audit", "show", "--call", f"{AGENCY}/dane-county/1")
    assert "No entry." in nothing.output


def test_who_asks_for_more_than_is_kept_is_told_of_what_time_the_answer_is(kafka: Kafka) -> None:
    """Of three years ago "No entry." was all that it said, as if nobody had seen the call."""
    asked = ("audit", "show", "--call", f"{AGENCY}/dane-county/1", "--from", "2023-02-01T08:00Z")
    body = kafka.town.json("supervisor", *asked)
    kept = datetime.fromisoformat(body["until"]) - datetime.fromisoformat(body["since"])
    assert kept < timedelta(days=370)
    assert f"From {body['since'][:4]}" in kafka.town.run("supervisor", *asked).output


def test_an_entry_that_was_changed_is_shown_as_such(kafka: Kafka) -> None:
    """Not left out: somebody is to look."""
    held = kafka.log.places[place_of(kafka.log, AUDIT_LOG.name)]
    held[1] = replace(held[1], value=held[1].value.replace(b"done", b"refused"))
    shown = kafka.town.run("supervisor", "audit", "show").output
    assert f"not as it was written: {held[1].position}" in shown


def test_a_key_is_made() -> None:
    """As the setting takes it."""
    made = CliRunner().invoke(app, ["key", "audit"]).stdout.strip()
    assert len(made) == len(new_audit_key())
