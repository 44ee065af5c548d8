"""F5: whatever text is sent, reading it is over within 5 s and 200 MB, with a programme or with what is wrong."""

import json
import subprocess
import sys
import time
from functools import cache
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.programme import Fault, ProgrammeRefused, read
from shared.programme.document.limits import MAX_BYTES, text_findings
from tests.rig.machine import slowness
from tests.shared.programme.document.hostile import texts
from tests.shared.programme.documents import BOSTON, MADISON, PROGRAMMES

SECONDS, MEBIBYTES = 5, 200
EXAMPLE = (PROGRAMMES / "example-city.toml").read_text()
PIECES = (
    "[",
    "]",
    "{",
    "}",
    '"',
    "'",
    '"""',
    "=",
    ".",
    ",",
    "#",
    "\n",
    "\\",
    "[[",
    "]]",
    "a",
    "é",
    "\u201c",
    "\x00",
    "1",
)


class Cost(NamedTuple):
    """What reading one document came to."""

    name: str
    seconds: float
    mebibytes: int
    faults: list[str]
    """What is wrong; nothing where it is accepted."""


@cache
def costs() -> dict[str, Cost]:
    """Each in turn, in a process of its own, whose memory is measured."""
    program = [sys.executable, "-m", "tests.shared.programme.document.hostile"]
    done = subprocess.run(program, capture_output=True, text=True, check=True, timeout=300)
    found = [Cost(**json.loads(line)) for line in done.stdout.splitlines()]
    return {cost.name: cost for cost in found}


def test_f5_a_hostile_document_costs_little() -> None:
    """F5: in time and in memory."""
    assert costs().keys() == texts().keys()
    most = SECONDS * slowness()
    assert [cost for cost in costs().values() if cost.seconds >= most or cost.mebibytes >= MEBIBYTES] == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("a dotted key of 200 KB", "too many parts"),
        ("a key of 200 KB", "too long"),
        ("deep arrays", "nested too deeply"),
        ("an array of 300 K numbers", "too many keys and values"),
        ("2,000 bounds of age", "too many to verify"),
        ("600 facts in 190 raised_by", "facts raise a call, which are too many to verify"),
        ("everything named together", "too large to verify"),
        ("no call is left calm", "too large to verify"),
        ("4,000 codes that no level leaves open", "too large to verify"),
        ("5,000 rows", "too many to verify"),
    ],
)
def test_f5_what_is_too_large_is_told(name: str, what: str) -> None:
    """F5: the reason stands in the message."""
    assert any(what in fault for fault in costs()[name].faults)


def test_a_text_of_one_byte_too_many_is_not_even_looked_at() -> None:
    assert not list(text_findings("#" * MAX_BYTES))
    ((line, what, right),) = text_findings("#" * (MAX_BYTES + 1))
    assert (line, right) == (1, f"at most {MAX_BYTES}")
    assert str(MAX_BYTES + 1) in what


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """A document with pieces cut out, doubled, moved, or put in."""
    text = draw(st.sampled_from((MADISON, BOSTON, EXAMPLE)))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 200)))
        put = draw(st.sampled_from((*PIECES, text[start:end] * 2, "")) | st.text(max_size=20))
        text = text[:start] + put * draw(st.sampled_from((1, 1, 1, 3, 500))) + text[end:]
    return text


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(mangled() | st.text(max_size=400) | st.lists(st.sampled_from(PIECES), max_size=200).map("".join))
def test_f5_whatever_text_is_given_a_programme_or_its_faults_come_back_in_time(text: str) -> None:
    """F5: and each fault has a line of the text, and words."""
    began = time.process_time()
    faults = faults_of(text)
    assert time.process_time() - began < SECONDS * slowness()
    for fault in faults or ():
        assert 1 <= fault.line <= text.count("\n") + 1
        assert fault.what
        assert fault.right


def faults_of(text: str) -> tuple[Fault, ...] | None:
    """None for a text that is accepted."""
    try:
        read(text)
    except ProgrammeRefused as refused:
        return refused.faults or pytest.fail("refused for nothing")
    return None
