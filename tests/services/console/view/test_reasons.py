"""Every code that a decision can give as its reason is said in words, and the sentences that list codes say them so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from services.console.view.reasons import GATES, OF_A_CONDITION, OF_A_FACT, WENT, WORDS, decided_in_words, part_in_words
from services.console.view.reasons import words_of as in_words
from services.console.view.sentences import sentence_of, words_of_event
from services.notification.carriers.handed import Reason
from services.notification.tally import NOT_SENT
from services.reporting.store import went
from services.team_availability.choice import NOT_THERE
from services.team_availability.life_cycle import Ending
from services.team_availability.plan import OF_THE_CHAIN
from shared import events
from shared.call import ENDED, SYNTHETIC
from shared.events import DeadlineSet, Event
from shared.events.staff import TeamStatus
from shared.judgement import NOT_ROUTED
from tests import builders
from tests.services.console import stories

DECIDING = ("services/team_availability", "services/triage", "services/notification", "shared/programme/judging")
CODE = re.compile(r"[a-z]+(-[a-z]+)+|[a-z]{4,}")
REASON_STANDS = {
    "failed": 1, "route": 1, "withdraw": 0, "take_back": 1, "withdraw_team": 1, "release": 1, "begin": 0,
    "_with_reason": 1, "drop": 2, "drop_way": 3, "break_way": 3, "end": 2, "end_late": 0,
    "Outcome": 1, "NoAnswer": 0,
}  # fmt: skip
"""Which argument of a function is a code, or several."""
RETURNING = ("services/notification/push.py", "services/notification/mail.py")
"""Where functions say by a code why nobody was reached."""
NO_CODES = {"default", "until-sent"}
AT = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in (path for folder in DECIDING for path in sorted(Path(folder).rglob("*.py"))):
        yield path, ast.parse(path.read_text())


def codes_in(node: ast.AST) -> Iterator[str]:
    """Constants, but not what is compared with, nor parts of a text that is put together."""
    if isinstance(node, ast.Compare | ast.JoinedStr | ast.Subscript):
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and CODE.fullmatch(node.value):
            yield node.value
        return
    for child in ast.iter_child_nodes(node):
        yield from codes_in(child)


def reasons_in(tree: ast.AST, *, passes_over: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from reasons_of_call(node)
        elif isinstance(node, ast.Assign) and {"why", "why_not", "reasons"} & names_in(node.targets[0]):
            yield from codes_in(node.value)
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("why_"):
            for returned in ast.walk(node):
                yield from codes_in(returned) if isinstance(returned, ast.Return) else ()
        elif passes_over and isinstance(node, ast.Yield):
            yield from codes_in(node)


def names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def reasons_of_call(call: ast.Call) -> Iterator[str]:
    place = REASON_STANDS.get(getattr(call.func, "attr", getattr(call.func, "id", "")))
    if place is not None and len(call.args) > place:
        yield from codes_in(call.args[place])
    for keyword in call.keywords:
        if keyword.arg in ("reasons", "why"):
            yield from codes_in(keyword.value)


def codes_returned(path: Path) -> Iterator[str]:
    """The constants that functions give back alone, or as one of two."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant | ast.IfExp):
            yield from codes_in(node.value)


def every_code() -> set[str]:
    by_source = {
        code for path, tree in trees() for code in reasons_in(tree, passes_over=path.name == "choice.py")
    } - NO_CODES
    by_source |= set(get_args(Reason)) | {code for path in RETURNING for code in codes_returned(Path(path))} | NOT_SENT
    statuses = set(get_args(TeamStatus)) - {"available"}
    begins = set(get_args(DeadlineSet.model_fields["why"].annotation))
    refused = set(events.OFFER_ENDS.values()) - {"accepted"}
    ends = set(get_args(Ending)) | ENDED | set(NOT_ROUTED) | {SYNTHETIC, "internal-error"}
    return by_source | statuses | begins | OF_THE_CHAIN | NOT_THERE | refused | ends


def test_every_code_has_words() -> None:
    codes = every_code()
    assert codes - WORDS.keys() == set(), "say them in view/reasons.py"
    assert WORDS.keys() - codes == set(), "nothing gives them any more"
    assert len(codes) > 70, "the sources are read"


def test_every_gate_has_words() -> None:
    """As what a call was stopped by, in the figures; a gate about a condition names its fact."""
    texts = [(path, tree) for path, tree in trees() if "judging" in str(path)]
    calls = [node for _, tree in texts for node in ast.walk(tree) if isinstance(node, ast.Call)]
    failing = [call.args[0] for call in calls if getattr(call.func, "id", "") == "failed"]
    named = {code for first in failing for code in codes_in(first) if len(code) > 1} | {"arm", "cap"}
    assert named - GATES.keys() == set(), "say them in view/reasons.py"
    assert GATES.keys() >= {"cap", "cap-set-here", "cap-set-all"}
    assert part_in_words("stopped-by", f"{OF_A_CONDITION}location-kind") == "location kind not what the response needs"


def test_codes_about_facts_name_the_fact() -> None:
    assert in_words("location-kind-unknown") == "location kind is not known"
    assert {in_words(f"weapon{ending}") for ending in OF_A_FACT} == {
        "weapon is not known", "weapon is not what the response needs"
    }  # fmt: skip


def test_whoever_may_have_gone_has_words() -> None:
    words = [*(word for _, word in went.WENT.whens), went.WENT.else_]
    assert {getattr(word, "value", None) for word in words} == WENT.keys()


@pytest.mark.parametrize("words", [*WORDS.values(), *GATES.values(), *WENT.values()])
def test_words_fit_into_a_list(words: str) -> None:
    assert not words.endswith((".", ";"))
    assert ";" not in words
    assert words[0].islower() or words.startswith("CAD")


def test_what_was_decided_is_said_once() -> None:
    codes = ("level-sends-default", "indeterminate", "deadline")
    sentence = (
        "Nobody comes, though officer asked. The default response goes: level-sends-default, indeterminate, deadline."
    )
    routed = builders.call_routed("a/b/1", AT, "default", reasons=codes, sentence=sentence)
    assert words_of_event(routed) == (
        "Outcome of episode 1: default. Nobody comes, though officer asked. The default response goes: the level of "
        "this call goes to the default; questions about the call were not answered in time; the time to decide ran out."
    )
    assert sentence_of(routed).startswith(
        "Outcome of episode 1: default (level-sends-default, indeterminate, deadline)."
    )
    assert decided_in_words("cares takes the call.", codes) == "cares takes the call."
    assert decided_in_words("Default: no.", ()) == "Default: no."


def test_a_team_that_was_passed_over_is_said_in_words() -> None:
    stepped = events.FallBackStepped(
        call_id="a/b/1",
        episode=1,
        response="cares",
        why=("no-team",),
        bypassed=(events.BypassedTeam(team_id="cares-1", reasons=("off-duty", "crew-incomplete")),),
        next_response=None,
    )
    assert words_of_event(stepped) == (
        "cares could not be sent: no team serves there at this time. Passed over: cares-1 (the team is off duty; "
        "nobody on the team is trained for a place of the crew)."
    )


def test_why_a_team_stays_is_said_in_words() -> None:
    sentence = "cares-1 is with somebody and stays with the call ({}) until it clears."
    stays = events.TeamStays(
        call_id="a/b/1", episode=1, team_id="cares-1", why="upgraded", sentence=sentence.format("upgraded")
    )
    assert words_of_event(stays) == sentence.format("the call proved more dangerous")
    assert sentence_of(stays) == sentence.format("upgraded")


PAGE = stories.page_due().model_copy(
    update={
        "kind": "safety-check",
        "team_id": "co-1",
        "method": events.ContactMethod(method_id="mobile", kind="sms"),
    }
)


@pytest.mark.parametrize(
    ("event", "sentence", "words"),
    [
        (
            events.StatusReported(team_id="co-1", call_id="c", status="cleared", disposition="resolved-on-scene"),
            "co-1 is cleared: resolved-on-scene.",
            "co-1 is cleared: resolved on scene.",
        ),
        (
            events.AssignmentEnded(call_id="c", episode=1, team_id="co-1", disposition="resolved-on-scene"),
            "co-1 cleared the call: resolved-on-scene.",
            "co-1 cleared the call: resolved on scene.",
        ),
        (
            PAGE,
            "A page (safety-check) to ann of co-1 is due by sms.",
            "A page (safety check) to ann of co-1 is due by text.",
        ),
    ],
)
def test_a_history_says_in_words_what_the_journal_says_in_codes(event: Event, sentence: str, words: str) -> None:
    """Names of people and teams stay as they are, hyphens and all."""
    assert (sentence_of(event), words_of_event(event)) == (sentence, words)
