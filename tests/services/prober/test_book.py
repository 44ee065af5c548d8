"""The book of probes: two missed in a row are an alarm, and neither a restart nor a spoiled file hides one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.prober.alarm import _missed
from services.prober.book import RESTARTED, Book, Target, Verdict

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE, TWO = Target("probe-1", partition=0), Target("madison-wi", "Central")


def probe(book: Book, target: Target, missed: str = "", number: int = 0) -> None:
    book.open(target, f"p{number}", NOW)
    book.close(f"p{number}", Verdict(target, missed, 0.5))


def alarms(book: Book) -> list[Target]:
    return [target for target, _ in book.alarms()]


def test_two_missed_in_a_row_are_an_alarm_until_one_is_seen(tmp_path: Path) -> None:
    book = Book(tmp_path / "book.json")
    probe(book, ONE, "lost")
    probe(book, TWO, "lost")
    assert alarms(book) == []
    probe(book, ONE)
    probe(book, ONE, "lost")
    assert alarms(book) == []
    probe(book, TWO, "lost again")
    assert alarms(book) == [TWO]
    assert book.record(TWO).why == "lost again"
    assert book.record(TWO).since == NOW.isoformat()
    probe(book, TWO)
    assert alarms(book) == []
    assert dict(book.verdicts) == {"sent": 6, "seen": 2, "missed": 4}


def test_every_other_one_that_is_missed_is_an_alarm_though_there_never_are_two_in_a_row(tmp_path: Path) -> None:
    book = Book(tmp_path / "book.json")
    for missed in ("lost", "", "lost", "", "lost", "", ""):
        probe(book, ONE, missed)
        assert alarms(book) == []
    probe(book, ONE, "lost")
    probe(book, ONE)
    assert alarms(book) == [ONE]
    (about,) = [_missed(ONE, record)["sentence"] for _, record in book.alarms()]
    assert "every few test calls one is missed since 12:00:00 UTC, the last because lost." in about
    assert alarms(Book(tmp_path / "book.json")) == [ONE]
    for _ in range(6):
        probe(book, ONE)
    assert (alarms(book), book.record(ONE).why) == ([], "")


def test_what_was_missed_for_long_and_once_is_over_with_the_next_one_that_is_seen(tmp_path: Path) -> None:
    book = Book(tmp_path / "book.json")
    for missed in ("lost", "", *["lost"] * 7):
        probe(book, ONE, missed)
    assert alarms(book) == [ONE]
    probe(book, ONE)
    assert alarms(book) == []


def test_an_alarm_and_an_open_probe_outlive_a_restart(tmp_path: Path) -> None:
    book = Book(tmp_path / "book.json")
    for number in range(2):
        probe(book, ONE, "lost", number)
    book.open(TWO, "p9", NOW)
    again = Book(tmp_path / "book.json")
    assert alarms(again) == [ONE]
    assert again.left_open() == [("p9", Verdict(TWO, RESTARTED))]
    again.close("p9", Verdict(TWO, RESTARTED))
    assert again.left_open() == []
    assert again.record(TWO).missed_in_a_row == 1


@pytest.mark.parametrize("text", ["", "[", "{}", "[1]", '[{"target": ["x"], "record": {"other": 1}}]', "\xff"])
def test_a_spoiled_book_is_a_fresh_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "book.json").write_text(text, "latin-1")
    book = Book(tmp_path / "book.json")
    probe(book, ONE)
    assert book.targets() == (ONE,)


def test_a_book_that_cannot_be_written_keeps_nobody_from_probing(tmp_path: Path) -> None:
    book = Book(tmp_path / "no-such-directory" / "book.json")
    probe(book, ONE, "lost")
    assert book.unwritten
    assert book.record(ONE).missed_in_a_row == 1
