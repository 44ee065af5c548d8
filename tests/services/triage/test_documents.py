"""F5: a proposed document that costs too much ends the process that reads it, and no other."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.triage import apart, documents
from services.triage.commands import propose
from services.triage.state import State
from shared.events import CommandRefused, ProgrammeProposed, ProposeProgramme
from shared.programme import ProgrammeRefused, read
from tests.rig.machine import slowness
from tests.services.triage.driver import command
from tests.shared.programme.document.hostile import texts
from tests.shared.programme.documents import MADISON


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[apart.Apart]:
    """A process of its own for each test."""
    monkeypatch.setattr(apart, "WALL_SECONDS", apart.WALL_SECONDS * 2 * slowness())
    monkeypatch.setattr(documents, "APART", reader := apart.Apart())
    yield reader
    reader.close()


READY = "import sys; sys.stdout.write('r'); sys.stdout.flush()"
"""What the process says once it can read."""


def dear() -> str:
    """A document that costs this machine some times what it may, and not so much that its reader is ended."""
    began, tables = time.thread_time(), 15_000
    with pytest.raises(ProgrammeRefused):
        read("[[level]]\n" * tables)
    return "[[level]]\n" * min(90_000, round(tables * 3 * apart.SECONDS / (time.thread_time() - began)))


def proposal(document: str) -> ProposeProgramme:
    sent = command(ProposeProgramme, "p", document=document)
    assert isinstance(sent, ProposeProgramme)
    return sent


def test_f5_a_document_that_never_ends_is_too_large_to_verify(monkeypatch: pytest.MonkeyPatch) -> None:
    """F5: the process that reads it is ended; the decision does not read it again."""
    text = MADISON + "# never ends\n"
    monkeypatch.setattr(apart, "PROGRAM", (sys.executable, "-c", f"{READY}\nwhile True: pass"))
    monkeypatch.setattr(apart, "WALL_SECONDS", 0.5)
    began = time.monotonic()
    documents.prepare(text)
    assert time.monotonic() - began < 5
    monkeypatch.setattr(documents, "parsed", lambda _: pytest.fail("it is not read here"))
    (answer,) = propose(State(), proposal(text), "madison-wi")
    assert isinstance(answer, CommandRefused)
    assert "too large to verify" in answer.faults[0]


def test_f5_a_process_that_dies_over_a_document_refuses_it(
    monkeypatch: pytest.MonkeyPatch, reader: apart.Apart
) -> None:
    """F5: as for want of memory."""
    with monkeypatch.context() as deadly:
        dies = f"{READY}; import os; sys.stdin.readline(); os.abort()"
        deadly.setattr(apart, "PROGRAM", (sys.executable, "-c", dies))
        with pytest.raises(ProgrammeRefused, match="too large to verify"):
            reader.endures(MADISON)
    reader.endures(MADISON)  # by the next one


@pytest.mark.parametrize("program", ["import time; time.sleep(60)", "raise SystemExit(1)"])
def test_a_document_is_not_refused_because_nobody_could_look(
    monkeypatch: pytest.MonkeyPatch, reader: apart.Apart, program: str
) -> None:
    """On a machine so full that the process that reads documents does not come to its beginning."""
    with monkeypatch.context() as full:
        full.setattr(apart, "PROGRAM", (sys.executable, "-c", program))
        full.setattr(apart, "START_SECONDS", 0.5)
        with pytest.raises(apart.NotStarted):
            reader.endures(MADISON)
        documents.prepare(MADISON)
        events = propose(State(), proposal(MADISON), "madison-wi")
    assert isinstance(events[0], ProgrammeProposed)
    reader.endures(MADISON)  # by the next one


def test_a_document_that_is_sound_is_read_there_and_here() -> None:
    documents.prepare(MADISON)
    events = propose(State(), proposal(MADISON), "madison-wi")
    assert isinstance(events[0], ProgrammeProposed)


def test_f5_a_document_that_is_dear_is_refused_and_the_next_is_read_by_the_same_process(reader: apart.Apart) -> None:
    reader.start()
    process = reader._process
    with pytest.raises(ProgrammeRefused, match="too large to verify"):
        reader.endures(dear())
    reader.endures(MADISON)
    assert reader._process is process


def test_what_reads_documents_apart_begins_once_triage_decides(
    reader: apart.Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "LATER_SECONDS", 0.2)
    reader.start_later()
    assert reader._process is None
    until = time.monotonic() + 5
    while time.monotonic() < until and reader._process is None:
        time.sleep(0.01)
    assert reader._process is not None


@pytest.mark.parametrize("name", ["a dotted key of 200 KB", "2,000 bounds of age", "deep arrays"])
def test_f5_a_hostile_proposal_is_answered_at_once(name: str) -> None:
    """F5: even where nothing was prepared."""
    began = time.process_time()
    (answer,) = propose(State(), proposal(texts()[name]), "madison-wi")
    assert isinstance(answer, CommandRefused)
    assert answer.faults
    assert time.process_time() - began < 2


def test_whoever_has_ended_has_the_last_word(tmp_path: Path) -> None:
    """A process that ends before its reader is there ends with why, and not with the reader's traceback."""
    with (tmp_path / "said").open("w+b") as said:
        reading = subprocess.Popen(apart.PROGRAM, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
        assert reading.stdout is not None
        reading.stdout.close()
        reading.wait(60)
        said.seek(0)
        assert said.read() == b""
