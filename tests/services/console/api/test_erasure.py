"""What is personal of a call is erased at the console: whole, by who may, and not while somebody may need it."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from services.console.api import call_desk
from shared.call import Call
from shared.call_keys import CallKey, new_call_key
from shared.clock import SystemClock
from shared.engine.broker import Record, Stored
from shared.engine.memory import MemoryBroker
from shared.events import CallCancelled, CallErased, EraseCall
from shared.sealing import Sealer
from shared.topics import ASSIGNMENTS, CALL_KEYS, CALLS
from tests.rig.call_keys import keys_in
from tests.services.console.driver import AGENCY, SEALING_KEY, City

SEALER = Sealer(SEALING_KEY)
WHY = {"reason": "the caller asked for it"}
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def call_id(incident: str) -> str:
    return f"{AGENCY}/dane-county/{incident}"


def key_of(city: City, incident: str) -> CallKey:
    """A key of a call, as an intake makes it."""
    key = new_call_key(SEALER, SystemClock(), call_id(incident))
    city.log.append(CALL_KEYS.name, MemoryBroker(city.log).partition_of(AGENCY), [key.record])
    return key


def merge(city: City, incident: str, into: str) -> None:
    """The CAD merges a call into another."""
    call = Call(
        agency=AGENCY,
        source="dane-county",
        incident_id=incident,
        status="merged",
        created_at=AT,
        updated_at=AT,
        merged_into=into,
    )
    event = CallCancelled(event_id="1", call=call, received_at=AT, judged_at=AT)
    headers = (("type", event.type.encode()), ("subject", event.call_id.encode()))
    city.log.append(CALLS.name, MemoryBroker(city.log).partition_of(AGENCY), [Record(AGENCY, event.encode(), headers)])


async def erase(city: City, incident: str) -> httpx.Response:
    return await city.post("supervisor", f"/v1/calls/{call_id(incident)}/erase", WHY)


def left(city: City) -> set[str]:
    """The calls that can still be opened, for whoever reads everything."""
    return {key.rpartition("/")[0].rpartition("/")[2] for key in keys_in(city.log, SEALER).kept}


async def test_every_key_of_a_call_goes_and_the_journal_says_who_asked_and_why(city: City) -> None:
    for incident in ("1", "1", "2"):
        key_of(city, incident)
    answer = await erase(city, "1")
    assert (answer.status_code, answer.json()["state"]) == (200, "done"), answer.text
    assert left(city) == {"2"}
    (command,) = [command for command in city.commands() if isinstance(command, EraseCall)]
    assert (command.call_id, command.issued_by, command.reason) == (call_id("1"), "the-supervisor", WHY["reason"])
    journal = str(list(city.log.places.values()))
    assert CallErased.type in journal
    again = await erase(city, "1")
    assert again.status_code == 200
    assert "has no key" in again.json()["sentence"]


async def test_whoever_erases_hears_that_what_the_cad_sends_later_can_be_read(city: City) -> None:
    """A version is the whole call: one that closes it once more brought everything back, and nobody had been told."""
    key_of(city, "1")
    assert "can be read until it is erased as well" in (await erase(city, "1")).json()["sentence"]
    key_of(city, "1")  # an intake has taken a version that came late
    assert left(city) == {"1"}
    assert "can be read until" in (await erase(city, "1")).json()["sentence"]
    assert left(city) == set()
    assert "has no key" in (await erase(city, "1")).json()["sentence"]


async def test_a_call_that_nobody_knows_is_said_to_be_none_and_leaves_no_trace(city: City) -> None:
    """An id with a slip in it: whoever asked must not think that it is done."""
    key_of(city, "1")
    answer = await erase(city, "l")
    assert (answer.status_code, "Nothing was erased" in answer.text) == (404, True), answer.text
    assert left(city) == {"1"}
    assert not [command for command in city.commands() if isinstance(command, EraseCall)]


async def test_calls_that_the_cad_made_one_are_erased_together(city: City) -> None:
    """1 was merged into 2, 2 into 3, and 4 into 2: whichever is named, all four go."""
    for incident in ("1", "2", "3", "4", "5", "6"):
        key_of(city, incident)
    for incident, into in (("1", "2"), ("2", "3"), ("4", "2"), ("5", "6")):
        merge(city, incident, into)
    assert (await erase(city, "4")).status_code == 200
    assert left(city) == {"5", "6"}
    command = next(command for command in city.commands() if isinstance(command, EraseCall))
    assert command.merged == tuple(call_id(incident) for incident in ("1", "2", "3"))


async def test_a_log_that_takes_long_to_read_is_read_on_when_somebody_asks_again(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month of a large agency takes longer than anybody waits: what one has read the next does not read again."""
    key_of(city, "1")
    for number in range(6):
        merge(city, f"x{number}", f"y{number}")
    merge(city, "1", "2")
    took, take = 0, call_desk._merged

    def slowly(stored: Stored) -> tuple[str, str] | None:
        nonlocal took
        took += 1
        if took in (3, 7):
            raise TimeoutError
        return take(stored)

    monkeypatch.setattr(call_desk, "_merged", slowly)
    answers = [await erase(city, "1") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert took == 9  # seven records, and two of them twice
    (command,) = [command for command in city.commands() if isinstance(command, EraseCall)]
    assert command.merged == (call_id("2"),)


async def test_an_erasure_that_a_console_began_and_died_over_is_finished_by_another(city: City) -> None:
    """The journal says that it is erased, and the key still stands, or does again after a backup was put back.

    What came after that stays.
    """
    keys = [key_of(city, incident) for incident in ("1", "2", "3")]
    erased = CallErased(call_id=call_id("1"), merged=(call_id("2"),), erased_by="ana", reason="they asked")
    city.services.write(AGENCY, erased, journal=ASSIGNMENTS.name)
    city.log.append(CALL_KEYS.name, MemoryBroker(city.log).partition_of(AGENCY), [keys[1].record])  # a backup
    key_of(city, "1")
    desk = city.app.state.call_desk
    await desk.keys.catch_up(AGENCY, 5)
    await city.settle()
    await desk.finish()
    left_keys = keys_in(city.log, SEALER)
    assert [len(left_keys.names({call_id(incident)})) for incident in ("1", "2", "3")] == [1, 0, 1]


async def test_an_erasure_that_is_sent_again_late_takes_nothing_from_a_call_that_goes_on(city: City) -> None:
    """Its number stands for another incident by now, and a team may be on its way there."""
    key_of(city, "1")
    path = f"/v1/calls/{call_id('1')}/erase"
    assert (await city.post("supervisor", path, WHY, key="k")).status_code == 200
    assert left(city) == set()
    for incident in ("1", "2"):
        key_of(city, incident)
    merge(city, "2", "1")
    assert (await city.post("supervisor", path, WHY, key="k")).status_code == 200
    assert left(city) == {"1", "2"}
    assert (await erase(city, "1")).status_code == 200
    assert left(city) == set()


async def test_what_is_refused_erases_nothing(city: City) -> None:
    key_of(city, "open-1")
    answer = await erase(city, "open-1")
    assert (answer.status_code, answer.json()["reason"]) == (409, "call-open")
    assert left(city) == {"open-1"}


async def test_what_is_not_answered_yet_erases_nothing(city: City) -> None:
    key_of(city, "1")
    city.services.silent = True
    answer = await erase(city, "1")
    assert answer.status_code == 202
    assert "Nothing is erased" in answer.json()["sentence"]
    assert left(city) == {"1"}


async def test_nobody_erases_a_call_of_another_agency(city: City) -> None:
    assert (await city.post("supervisor", "/v1/calls/elsewhere/cad/1/erase", WHY)).status_code == 403


async def test_a_reason_is_needed(city: City) -> None:
    assert (await city.post("supervisor", f"/v1/calls/{call_id('1')}/erase", {})).status_code == 422
