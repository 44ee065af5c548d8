"""Why something did not arrive is said in words, wherever a person reads it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from services.console.view.reasons import WORDS as OF_DECISIONS
from services.console.view.sentences import sentence_of, words_of_event
from services.console.view.unsent import WORDS, unsent_words_of
from services.notification.carriers.handed import Reason
from shared import events

STATED = re.compile(r"[a-z]+(-[a-z]+)*")


def outcomes() -> set[str]:
    """Every code that something that sends gives as its outcome."""
    codes = set()
    for path in Path("services/notification").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Outcome":
                codes |= {part.value for part in node.args[1:] if isinstance(part, ast.Constant)}
    return {code for code in codes if isinstance(code, str) and STATED.fullmatch(code)}


def test_every_code_of_what_sends_has_words() -> None:
    mail = {"mailbox-full", "no-mailbox", "try-later", "credentials", "timeout", "tls", "unreachable", "certificate"}
    without_words = (outcomes() | set(get_args(Reason)) | mail) - set(WORDS) - set(OF_DECISIONS)
    assert not without_words


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("mailbox-full", "the mailbox is full"),
        ("expired", "its time was over before it was taken"),
        ("status-503", "it answered 503"),
        ("shift-over", "the team's shift was over"),
    ],
)
def test_a_code_is_said_in_words(code: str, words: str) -> None:
    assert unsent_words_of(code) == words


def test_a_failed_page_says_why_in_words_and_keeps_its_code_for_the_history() -> None:
    failed = events.PageFailed(page_id="p", why="no-mailbox")
    assert words_of_event(failed) == "The page failed: there is no such mailbox."
    assert sentence_of(failed) == "The page failed: no-mailbox."
