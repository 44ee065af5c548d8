"""F15: what would act on a screen is refused in ids, and shown as its code in terminals."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.cli.ask import show
from shared.events import DropShift
from shared.plain import fault_of_id, how_many, is_blank, visible, visible_parts

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SAID: dict[str, Any] = {
    "command_id": "c", "issued_by": "sue", "issued_at": NOW, "expires_at": NOW, "shift_id": "s",
}  # fmt: skip


@pytest.mark.parametrize(
    "text", ["\x1b]0;x\x07\x1b[2J", ".", "..", "", "a\x00", "a\u202eb", "a\u200bb", "a\ufeff", "\x9b31m"]
)
def test_f15_ids_that_hide_something_are_refused(text: str) -> None:
    assert fault_of_id(text)


@pytest.mark.parametrize("text", ["2026-00012", "P26.12", "caf\u00e9", "\u092e-1", "[bold]x", "a..b"])
def test_ids_that_can_be_seen_are_taken(text: str) -> None:
    assert fault_of_id(text) is None


@given(st.text())
def test_f15_nothing_acts_on_a_terminal(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in shown)
    assert not any(
        unicodedata.bidirectional(character) in ("RLO", "LRO", "RLE", "LRE", "RLI", "LRI") for character in shown
    )
    assert visible(shown) == shown


def test_the_lines_of_a_document_stay() -> None:
    body = [{"document": "a\nb\x1b", "name": "a\nb", "n": 1}]
    shown = [{"document": "a\nb\\u{1b}", "name": "a\\u{a}b", "n": 1}]
    assert visible_parts(body, lines_in=frozenset({"document"})) == shown


@pytest.mark.parametrize(("number", "said"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries")])
def test_one_is_not_several(number: int, said: str) -> None:
    assert how_many(number, "entry", "entries") == said


def test_f15_markup_and_control_characters_of_others_are_printed_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show({"state": "done", "result": "done", "sentence": "[red]x[/red] \x1b[2J"}, "answer", as_json=False)
    assert "[red]x[/red] \\u{1b}[2J" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", " \n\t\u00a0", "\u200b\u200d\u2060", "\u00ad", "\u3164\u2800", "\ufe0f\u0301"])
def test_a_text_of_which_nothing_can_be_seen_is_blank(text: str) -> None:
    assert is_blank(text)
    assert DropShift(**SAID, reason=text).reason == ""


@pytest.mark.parametrize("text", ["-", "\u200bill", "\u0915\u093e", "\U0001f44d\ufe0f"])
def test_a_text_of_which_something_can_be_seen_is_not(text: str) -> None:
    assert not is_blank(text)
    assert DropShift(**SAID, reason=text).reason == text
