from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from services.intake import flat
from services.intake.append import Appender
from services.intake.config import MAX_BODY_BYTES, MAX_DEPTH, IntakeSettings
from services.intake.http import MOST_WAITING, create_app
from services.intake.version import Version
from shared import telemetry
from shared.agencies import Agencies
from shared.clock import SystemClock
from shared.engine.broker import Appended, BrokerUnavailable, Record
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.events import CallCancelled, CallReported
from shared.sealing import Sealer
from shared.topics import CALLS
from tests.services.intake.conftest import CALL, KEY, OTHER_KEY, REPLAY_KEY, TEST_KEY, Door

PERSONAL = {
    "address": "CANARY-ADDRESS 12 Main St",
    "callback_number": "CANARY-608-555-0100",
    "caller_name": "CANARY-NAME",
    "narrative": "CANARY-NARRATIVE he has a gun",
}


def nested(depth: int) -> bytes:
    return b'{"narrative":' + b"[" * depth + b'"' + b"[" * 50 + b'"' + b"]" * depth + b"}"


async def test_a_call_is_acknowledged_once_it_is_durable(door: Door) -> None:
    answer = await door.post(CALL)
    assert answer.status_code == 200
    stored = next(iter(door.log.places.values()))[0]
    assert answer.json() == {
        "taken": [{"event_id": "e1", "call_id": "madison-wi/dane-county/2021-1", "position": stored.position}]
    }
    assert stored.key == "madison-wi"
    assert {name: stored.headers[name] for name in ("type", "source", "subject")} == {
        "type": b"call-reported",
        "source": b"intake",
        "subject": b"madison-wi/dane-county/2021-1",
    }
    (event,) = door.events()
    assert isinstance(event, CallReported)
    assert event.judged_at == event.received_at
    assert event.sealed is None


async def test_the_personal_part_is_sealed_and_stands_nowhere_else(door: Door) -> None:
    await door.post(CALL | PERSONAL)
    stored = next(iter(door.log.places.values()))[0]
    assert b"CANARY" not in stored.value + b"".join(stored.headers.values())
    (event,) = door.events()
    assert isinstance(event, CallReported)
    assert event.sealed is not None
    assert door.open(event.call_id, event.sealed) == PERSONAL


async def test_an_ended_call_is_a_cancellation_and_a_replayed_source_brings_its_own_time(door: Door) -> None:
    await door.post(CALL | {"status": "closed"})
    await door.post(CALL | {"source": "old-calls"}, Authorization=f"Bearer {REPLAY_KEY}")
    ended, replayed = door.events()
    assert isinstance(ended, CallCancelled)
    assert isinstance(replayed, CallReported)
    assert replayed.judged_at == replayed.call.updated_at < replayed.received_at


async def test_the_source_says_whether_a_call_is_a_test_and_no_sender_can(door: Door) -> None:
    await door.post(CALL)
    await door.post(CALL | {"source": "synthetic"}, Authorization=f"Bearer {TEST_KEY}")
    assert [event.synthetic for event in door.events() if isinstance(event, CallReported)] == [False, True]
    assert (await door.post(CALL | {"synthetic": True})).status_code == 422


async def test_an_array_is_taken_whole_in_one_batch(door: Door) -> None:
    several = [CALL | {"event_id": f"e{number}", "incident_id": str(number)} for number in range(5)]
    answer = await door.post(several)
    positions = [one["position"] for one in answer.json()["taken"]]
    assert [position.rpartition("/")[2] for position in positions] == ["0", "1", "2", "3", "4"]
    assert (await door.post([*several, CALL | {"status": "?"}])).status_code == 422
    assert len(door.events()) == 5


async def test_the_key_may_stand_in_a_header_of_its_own(door: Door) -> None:
    del door.headers["Authorization"]
    assert (await door.post(CALL, X_API_Key=KEY)).status_code == 200


async def test_a_dry_run_explains_and_publishes_nothing(door: Door) -> None:
    answer = await door.post({**CALL, **PERSONAL, "call_type": None, "district": None}, "/v1/calls?dry_run=true")
    (explained,) = answer.json()["calls"]
    assert explained["call"]["incident_id"] == "2021-1"
    assert explained["sealed"] == sorted(PERSONAL)
    assert "no type yet" in explained["notes"][0]
    assert "district" in explained["notes"][1]
    assert "CANARY" not in answer.text
    assert door.events() == []


async def test_a_position_is_sealed_to_the_centimetre(door: Door) -> None:
    await door.post(CALL | {"position": {"latitude": 43.061234567, "longitude": -89}})
    (event,) = door.events()
    assert isinstance(event, CallReported)
    assert event.sealed is not None
    assert door.open(event.call_id, event.sealed) == {"position": "43.0612346 -89.0000000"}
    assert b"43.06" not in next(iter(door.log.places.values()))[0].value


@pytest.mark.parametrize(
    "position",
    [
        {"latitude": 143.061, "longitude": -89.4},
        {"latitude": 43.061, "longitude": -289.4},
        {"latitude": 43.061},
        {"latitude": "43.061", "longitude": -89.4},
        {"latitude": True, "longitude": -89.4},
        {"latitude": 43.061, "longitude": -89.4, "altitude": 1},
        [43.061, -89.4],
        "43.061 -89.4",
    ],
)
async def test_what_is_no_position_is_refused_and_not_quoted(door: Door, position: Any) -> None:
    answer = await door.post(CALL | {"position": position})
    assert answer.status_code == 422
    assert "position" in answer.text
    assert "43.061" not in answer.text
    assert "289" not in answer.text


async def test_a_position_may_tell_the_district_so_a_dry_run_asks_for_none(door: Door) -> None:
    placed = CALL | {"district": None, "position": {"latitude": 43.061, "longitude": -89.4}}
    (explained,) = (await door.post(placed, "/v1/calls?dry_run=true")).json()["calls"]
    assert (explained["sealed"], explained["notes"]) == (["position"], [])


async def test_the_fingerprint_tells_content_from_time(door: Door) -> None:
    later = {"event_id": "e2", "updated_at": "2021-09-02T12:05:00-05:00"}
    for one in (CALL, CALL | later, CALL | later | {"narrative": "a"}, CALL | later | {"priority": "1"}):
        await door.post(one)
    first, second, third, fourth = (event.fingerprint for event in door.events())  # type: ignore[attr-defined]
    assert first == second
    assert len({second, third, fourth}) == 3


async def test_A7_an_address_has_a_pseudonym_that_says_whether_it_is_another(door: Door) -> None:  # noqa: N802
    addresses = ("12 Main St", " 12 MAIN ST. ", "12  main-st", "99 Elsewhere Rd")
    for number, address in enumerate(addresses):
        await door.post(CALL | {"event_id": f"e{number}", "address": address})
    await door.post(CALL | {"event_id": "none"})
    await door.post(CALL | {"incident_id": "other", "address": addresses[0]})
    *same, other, without, of_another = (event.address_pseudonym for event in door.events())  # type: ignore[attr-defined]
    assert len(set(same)) == 1
    assert other not in (*same, "")
    assert without == ""
    assert of_another not in (*same, ""), "no two calls can be brought together by it"


async def test_a_position_has_pseudonyms_of_its_call_that_say_whether_it_is_far_from_another(door: Door) -> None:
    square, round_the_corner, far = (43.0747, -89.3841), (43.0751, -89.3836), (43.1236, -89.3841)
    for number, (latitude, longitude) in enumerate((square, round_the_corner, far)):
        await door.post(CALL | {"event_id": f"e{number}", "position": {"latitude": latitude, "longitude": longitude}})
    await door.post(CALL | {"event_id": "none"})
    await door.post(CALL | {"incident_id": "other", "position": {"latitude": square[0], "longitude": square[1]}})
    here, near, away, without, of_another = (set(event.position_pseudonyms) for event in door.events())  # type: ignore[attr-defined]
    assert here & near
    assert not here & away
    assert not without
    assert not here & of_another, "no two calls can be brought together by them"


async def test_a_merged_call_may_say_into_which(door: Door) -> None:
    await door.post(CALL | {"status": "merged", "merged_into": "2021-2"})
    (event,) = door.events()
    assert isinstance(event, CallCancelled)
    assert (event.call.status, event.call.merged_into) == ("merged", "2021-2")


BAD: list[tuple[str, Any, dict[str, str], int, str]] = [
    ("no key", CALL, {"Authorization": ""}, 401, "key"),
    ("a wrong key", CALL, {"Authorization": "Bearer nonsense"}, 401, "key"),
    ("another scheme", CALL, {"Authorization": f"Basic {KEY}"}, 401, "key"),
    ("the key of another agency", CALL, {"Authorization": f"Bearer {OTHER_KEY}"}, 403, "another agency"),
    ("the key of another source", CALL, {"Authorization": f"Bearer {REPLAY_KEY}"}, 403, "another agency"),
    ("one call of another agency", [CALL, CALL | {"agency": "boston-ma"}], {}, 403, "1.agency"),
    ("another media type", CALL, {"Content-Type": "text/xml"}, 415, "application/json"),
    ("another charset", CALL, {"Content-Type": "application/json; charset=latin-1"}, 415, "UTF-8"),
    ("nothing", b"", {}, 400, "not JSON"),
    ("no JSON", b"<call/>", {}, 400, "not JSON"),
    ("half a JSON", json.dumps(CALL).encode()[:-3], {}, 400, "not JSON"),
    ("a broken character in a call's number", json.dumps(CALL).encode().replace(b"2021-1", b"\xe9"), {}, 422, "broken"),
    ("half a surrogate in an event's id", json.dumps(CALL).encode().replace(b'"e1"', b'"\\ud800"'), {}, 422, "broken"),
    ("201 levels", nested(200), {}, 400, "too deeply"),
    ("100,000 levels", b"[" * 100_000, {}, 400, "too deeply"),
    ("a body of 10 MB", b" " * 10_000_000, {}, 413, "1048576"),
    ("a call above 64 KiB", [CALL | {"narrative": "\u20ac" * 30_000}], {}, 413, "65536"),
    ("an empty array", [], {}, 422, "at least 1"),
    ("too many calls", [CALL] * 1001, {}, 422, "at most 1000"),
    ("a number", 3, {}, 422, "object"),
    ("a string in an array", ["x"], {}, 422, '"0"'),
    ("a missing field", {"event_id": "e"}, {}, 422, "is missing"),
    ("a misspelt field", CALL | {"prioritty": "1"}, {}, 422, "no such field"),
    ("a wrong type", CALL | {"units_on_scene": "yes"}, {}, 422, "units_on_scene"),
    ("a time without offset", CALL | {"updated_at": "2021-09-02T12:00:00"}, {}, 422, "offset"),
    ("a time that is none", CALL | {"updated_at": "yesterday"}, {}, 422, "updated_at"),
    ("a time as number", CALL | {"updated_at": 1630602000}, {}, 422, "updated_at"),
    ("a time in the year 1", CALL | {"updated_at": "0001-01-01T00:00:00+14:00"}, {}, 422, "years"),
    ("a version from the future", CALL | {"updated_at": "2099-01-01T00:00:00Z"}, {}, 422, "ahead of our clock"),
    ("an unknown status", CALL | {"status": "dunno"}, {}, 422, "merged"),
    ("a slash in the incident", CALL | {"incident_id": "a/b"}, {}, 422, "no slash"),
    ("an answer that is a number", CALL | {"answers": {"Q1": 1}}, {}, 422, "answers.Q1"),
    ("too many answers", CALL | {"answers": {str(n): "no" for n in range(65)}}, {}, 422, "answers"),
    ("a fact in capitals", CALL | {"facts": {"Weapon": "firearm"}}, {}, 422, "did you mean weapon?"),
    ("a fact in the plural", CALL | {"facts": {"weapons": "firearm"}}, {}, 422, "did you mean weapon?"),
    ("a fact with a blank", CALL | {"facts": {"location kind": "school"}}, {}, 422, "did you mean location_kind?"),
    ("a fact that is a field", CALL | {"facts": {"language": "es"}}, {}, 422, "a field of the call"),
    ("no fact at all", CALL | {"facts": {"favourite colour": "red"}}, {}, 422, "triage_level"),
]


@pytest.mark.parametrize(("body", "headers", "status", "says"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
async def test_bad_input_is_told_what_is_wrong(
    door: Door, body: Any, headers: dict[str, str], status: int, says: str
) -> None:
    answer = await door.post(body, **headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = json.dumps(answer.json(), ensure_ascii=False)
    assert answer.json()["status"] == status
    assert says in problem
    assert door.events() == []


async def test_a_repeat_inside_one_request_is_taken(door: Door) -> None:
    assert (await door.post([CALL, CALL])).status_code == 200


async def test_as_many_levels_as_stated_are_read(door: Door) -> None:
    assert (await door.post(nested(MAX_DEPTH - 1))).status_code == 422


async def test_a_body_without_a_stated_length_is_bounded(door: Door) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 100_000

    headers = {**door.headers, "Content-Type": "application/json"}
    answer = await door.client.post("/v1/calls", content=endless(), headers=headers)
    assert answer.status_code == 413


async def test_calls_are_counted_with_all_that_stands_beside_what_they_say(door: Door) -> None:
    """Their numbers stand in headers, too: by what they said alone these fitted, and Kafka refused them."""
    plain = {name: CALL[name] for name in ("agency", "source", "created_at", "updated_at")}
    numbers = [f"{number:04d}{'🚒' * 116}" for number in range(590)]
    answer = await door.post([{**plain, "event_id": number[:4], "incident_id": number} for number in numbers])
    assert (answer.status_code, answer.json()["errors"][0]["right"]) == (
        413,
        "at most 900000: send fewer calls at a time",
    )


@pytest.mark.parametrize("field", sorted(PERSONAL))
async def test_errors_and_logs_quote_nothing(door: Door, field: str, capfd: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logs("intake", "1")
    bodies = [
        CALL | PERSONAL | {"status": PERSONAL[field]},
        CALL | PERSONAL | {PERSONAL[field]: 1},
        CALL | PERSONAL | {"answers": {PERSONAL[field]: 1}},
        CALL | PERSONAL | {field: [PERSONAL[field]]},
        CALL | PERSONAL | {"updated_at": PERSONAL[field]},
        CALL | PERSONAL | {"incident_id": PERSONAL[field] + "/ x"},
        CALL | PERSONAL | {field: PERSONAL[field] * 5000},
        json.dumps(CALL | PERSONAL).encode()[:-9],
    ]
    for body in bodies:
        answer = await door.post(body)
        assert answer.status_code in (400, 413, 422), answer.text
        assert "CANARY" not in answer.text
    said = capfd.readouterr()
    assert "CANARY" not in said.out + said.err


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(sorted(CALL)), inner, max_size=6)
    ),
    max_leaves=12,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=80) | JSON | JSON.map(lambda value: CALL | {"facts": value, "district": value}))
async def test_nothing_that_can_be_sent_breaks_the_door(door: Door, body: Any) -> None:
    for path in ("/v1/calls", "/v1/eido"):
        assert (await door.post(body, path)).status_code < 500


# --- the broker


class SlowBroker(MemoryBroker):
    """Counts batches; can be held up, and away."""

    def __init__(self) -> None:
        super().__init__(MemoryLog())
        self.batches: list[int] = []
        self.gate = asyncio.Event()
        self.away = False

    async def append(self, topic: str, partition: int, records: Sequence[Record]) -> Appended:
        self.batches.append(len(records))
        await self.gate.wait()
        if self.away:
            raise BrokerUnavailable("away")
        return await super().append(topic, partition, records)


def client_of(broker: SlowBroker, settings: IntakeSettings) -> httpx.AsyncClient:
    sealer = Sealer(settings.sealing_key.get_secret_value())
    app = create_app(broker, SystemClock(), Agencies(settings.agencies_file), sealer, settings)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://intake", headers=headers)


async def test_requests_that_come_during_an_append_share_the_next_one(settings: IntakeSettings) -> None:
    broker = SlowBroker()
    async with client_of(broker, settings) as client, asyncio.TaskGroup() as tasks:
        sent = [tasks.create_task(client.post("/v1/calls", json=CALL | {"event_id": f"e{n}"})) for n in range(8)]
        await asyncio.sleep(0.05)
        broker.gate.set()
    taken = [task.result().json()["taken"][0] for task in sent]
    stored = next(iter(broker.log.places.values()))
    assert broker.batches == [1, 7]
    for one in taken:
        at = int(one["position"].rpartition("/")[2])
        assert json.loads(stored[at].value)["event_id"] == one["event_id"]


async def test_while_the_broker_is_away_nothing_is_acknowledged(settings: IntakeSettings) -> None:
    broker = SlowBroker()
    broker.away = True
    async with client_of(broker, settings) as client, asyncio.TaskGroup() as tasks:
        sent = [tasks.create_task(client.post("/v1/calls", json=CALL | {"event_id": f"e{n}"})) for n in range(5)]
        await asyncio.sleep(0.05)
        broker.gate.set()
    answers = [task.result() for task in sent]
    assert [answer.status_code for answer in answers] == [503] * 5
    assert {answer.headers["retry-after"] for answer in answers} == {"1"}
    broker.away = False
    async with client_of(broker, settings) as client:
        assert (await client.post("/v1/calls", json=CALL)).status_code == 200


async def test_a_broker_that_does_not_answer_costs_two_seconds(settings: IntakeSettings) -> None:
    broker = SlowBroker()
    async with client_of(broker, settings) as client:
        started = asyncio.get_running_loop().time()
        first, second = await asyncio.gather(client.post("/v1/calls", json=CALL), client.post("/v1/calls", json=CALL))
        assert asyncio.get_running_loop().time() - started < 2
        assert (first.status_code, second.status_code) == (503, 503)
        broker.gate.set()
        assert (await client.post("/v1/calls", json=CALL)).status_code == 200


async def test_more_requests_than_stated_are_sent_away(settings: IntakeSettings) -> None:
    broker = SlowBroker()
    async with client_of(broker, settings) as client, asyncio.TaskGroup() as tasks:
        sent = [tasks.create_task(client.post("/v1/calls", json=CALL)) for _ in range(9)]
        await asyncio.wait(sent, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        broker.gate.set()
    answers = sorted(task.result().status_code for task in sent)
    assert answers == [200] * 8 + [429]


async def test_a_batch_stays_below_what_the_topic_takes() -> None:
    broker = SlowBroker()
    appender = Appender(broker, CALLS)
    async with asyncio.TaskGroup() as tasks:
        sent = [tasks.create_task(appender.append(0, [Record("k", b"")], 400_000)) for _ in range(5)]
        await asyncio.sleep(0)
        broker.gate.set()
    assert [task.result() for task in sent] == [0, 1, 2, 3, 4]
    assert max(broker.batches) <= 2


async def test_who_waits_no_longer_is_not_written_and_costs_nobody_the_answer() -> None:
    """A batch failed with the first that joined it, after two seconds; who joined last had waited for a moment."""
    broker = SlowBroker()
    appender, loop = Appender(broker, CALLS), asyncio.get_running_loop()
    sent = []
    for name in ("under way", "first", "last"):
        sent.append(loop.create_task(appender.append(0, [Record(name, b"")], 1)))
        await asyncio.sleep(0.01)
    sent[1].cancel()
    sent.append(loop.create_task(appender.append(0, [Record("later", b"")], 1)))
    await asyncio.sleep(0.01)
    broker.gate.set()
    assert [await sent[at] for at in (0, 2, 3)] == [0, 1, 2]
    assert [stored.key for stored in broker.log.places[CALLS.name, 0]] == ["under way", "last", "later"]
    assert broker.batches == [1, 2]


# --- the rest


async def test_readiness_follows_the_broker(settings: IntakeSettings) -> None:
    broker = SlowBroker()
    broker.gate.set()
    sealer = Sealer(settings.sealing_key.get_secret_value())
    app = create_app(broker, SystemClock(), Agencies(settings.agencies_file), sealer, settings)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://intake")
    async with client:
        assert (await client.get("/readyz")).status_code == 503
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert (await client.get("/readyz")).status_code == 200
            broker.away = True
            await client.post("/v1/calls", json=CALL, headers={"X-API-Key": KEY})
            assert (await client.get("/readyz")).status_code == 503
            assert (await client.get("/livez")).status_code == 200


async def test_what_was_received_is_counted(door: Door) -> None:
    def count(name: str, **labels: str) -> float:
        return sum(
            sample.value
            for metric in (telemetry.CALLS_RECEIVED, telemetry.REQUESTS, telemetry.REQUEST_SECONDS)
            for family in metric.collect()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    before = count("careroute_calls_received_total", agency="madison-wi")
    await door.post(CALL)
    await door.post(b"{")
    assert count("careroute_calls_received_total", agency="madison-wi") == before + 1
    assert count("careroute_requests_total", door="intake", path="/v1/calls", status="400") >= 1
    assert count("careroute_request_seconds_count", door="intake") >= 2


async def test_a_source_that_sends_nothing_is_counted_as_well_as_one_whose_calls_are_refused(door: Door) -> None:
    """Its silence is an alert, and a series that is not there cannot be 0."""
    received = partial(REGISTRY.get_sample_value, "careroute_calls_received_total")
    boston = {"agency": "boston-ma", "source": "boston"}
    assert (before := received(boston)) is not None
    assert (await door.post(CALL | {"agency": "boston-ma"}, Authorization=f"Bearer {OTHER_KEY}")).status_code >= 400
    assert received(boston) == before


async def test_the_door_is_documented(door: Door) -> None:
    document = (await door.client.get("/openapi.json")).json()
    flat = document["components"]["schemas"]["FlatCall"]
    assert flat["properties"]["updated_at"]["description"]
    for path in ("/v1/calls", "/v1/eido"):
        described = document["paths"][path]["post"]
        assert {"200", "400", "401", "403", "413", "415", "422", "429", "503"} <= described["responses"].keys()
        assert described["requestBody"]["required"]
    references = set(json.dumps(document).split('"#/components/schemas/')[1:])
    assert {one.partition('"')[0] for one in references} <= document["components"]["schemas"].keys()
    assert (await door.client.get("/docs")).status_code == 200


async def test_only_what_is_documented_is_there(door: Door) -> None:
    for path, status in (("/v1/calls", 405), ("/v1/other", 404)):
        answer = await door.client.get(path)
        assert answer.status_code == answer.json()["status"] == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_may_have_a_mebibyte() -> None:
    assert MAX_BODY_BYTES == 1024 * 1024


@pytest.mark.parametrize(
    ("query", "is_dry"),
    [
        *((f"dry_run={word}", True) for word in ("true", "True", "TRUE", "1", "yes", "Y", "on", "t", "")),
        *((f"dry_run={word}", False) for word in ("false", "False", "0", "no", "OFF")),
        ("dry-run=true", True),
        ("dryRun=1", True),
        ("DRY_RUN=yes", True),
        ("dry_run=false&dry_run=true", True),
        ("other=true", False),
    ],
)
async def test_a_dry_run_is_one_however_it_is_asked_for(door: Door, query: str, is_dry: bool) -> None:  # noqa: FBT001
    """`dry_run=True` published the test call of whoever tried the door out."""
    answer = await door.post(CALL, f"/v1/calls?{query}")
    assert (answer.status_code, answer.json().get("dry_run", False)) == (200, is_dry)
    assert bool(door.events()) != is_dry


@pytest.mark.parametrize("word", ["maybe", "2", "nein"])
async def test_whether_it_is_a_dry_run_has_to_be_said_clearly(door: Door, word: str) -> None:
    answer = await door.post(CALL, f"/v1/calls?dry_run={word}")
    assert (answer.status_code, door.events()) == (422, [])
    assert "dry_run" in answer.text


async def test_a_packed_body_is_unpacked(door: Door) -> None:
    answer = await door.post(gzip.compress(json.dumps(CALL).encode()), Content_Encoding="gzip")
    assert (answer.status_code, len(door.events())) == (200, 1)
    assert (await door.post(CALL | {"event_id": "e2"}, Content_Encoding="identity")).status_code == 200


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (gzip.compress(b" " * 100 * MAX_BODY_BYTES), "gzip", 413),
        (gzip.compress(b" " * (MAX_BODY_BYTES + 1)), "x-gzip", 413),
        (gzip.compress(json.dumps(CALL).encode())[:-9], "gzip", 400),
        (gzip.compress(json.dumps(CALL).encode()) * 2, "gzip", 400),
        (json.dumps(CALL).encode(), "gzip", 400),
        (b"", "gzip", 400),
        (json.dumps(CALL).encode(), "br", 415),
        (gzip.compress(gzip.compress(json.dumps(CALL).encode())), "gzip, gzip", 415),
    ],
)
async def test_a_packed_body_is_bounded_as_a_plain_one_is(door: Door, body: bytes, encoding: str, status: int) -> None:
    answer = await door.post(body, Content_Encoding=encoding)
    assert (answer.status_code, door.events()) == (status, [])
    assert answer.headers["content-type"] == "application/problem+json"


async def test_of_the_large_bodies_of_one_source_one_is_read_at_a_time(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six of them held every thread, and another agency's calls waited for seconds."""
    goes_on, under_way, most = threading.Event(), Counter[str](), Counter[str]()
    read = flat.read

    def slow(body: bytes) -> list[Version]:
        versions = read(body)
        source = versions[0].call.source
        under_way[source] += 1
        most[source] = max(most[source], under_way[source])
        if source == "dane-county":
            goes_on.wait(5)
        under_way[source] -= 1
        return versions

    monkeypatch.setattr(flat, "read", slow)
    large = [CALL | {"event_id": f"e{n}", "incident_id": str(n), "narrative": "x" * 40_000} for n in range(3)]
    waiting = [asyncio.create_task(door.post(large)) for _ in range(7)]
    others = [call | {"agency": "boston-ma", "source": "boston"} for call in large]
    async with asyncio.timeout(4):
        answer = await door.post(others, Authorization=f"Bearer {OTHER_KEY}")
    assert answer.status_code == 200
    goes_on.set()
    statuses = Counter(answer.status_code for answer in await asyncio.gather(*waiting))
    assert statuses == {200: 1 + MOST_WAITING, 429: 2}
    assert most["dane-county"] == 1
