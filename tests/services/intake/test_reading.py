"""What CADs really send: nearly JSON, nearly the registry's words, nulls, and more than anybody needs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.intake.eido import read
from shared import telemetry
from shared.agencies import Source
from shared.call import CallType
from shared.events import CallCancelled, CallReported
from shared.programme.judging.normal_forms import language
from shared.programme.judging.words import words_in_narrative
from tests.services.intake.conftest import CALL, Door
from tests.services.intake.test_eido import GML, at, eido, stamp
from tests.shared.programme.documents import MADISON, programme

ARMED = {"facts": {"weapon": "firearm"}, "cautions": ["ARMED"]}


async def versions(door: Door, content: Any, path: str = "/v1/calls") -> list[CallReported | CallCancelled]:
    answer = await door.post(content, path)
    assert answer.status_code == 200, answer.text
    return door.events()  # type: ignore[return-value]


def personal(door: Door, event: CallReported | CallCancelled) -> dict[str, str]:
    return door.open(event.call_id, event.sealed) if event.sealed else {}


async def notes_of(door: Door, content: Any, path: str = "/v1/calls") -> str:
    answer = await door.post(content, path)
    assert answer.status_code == 200, answer.text
    return "\n".join(answer.json()["taken"][0].get("notes", []))


@pytest.mark.parametrize(("path", "content"), [("/v1/calls", CALL), ("/v1/eido", eido())])
async def test_c1_a_byte_order_mark_is_no_fault(door: Door, path: str, content: Any) -> None:
    assert await notes_of(door, b"\xef\xbb\xbf" + json.dumps(content).encode(), path) == ""


@pytest.mark.parametrize(
    ("broken", "read"),
    [
        (rb"gun \ud83d", "gun \ufffd"),
        (rb"\udc00gun", "\ufffdgun"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\\ud83d", r"\ud83d"),
        (rb"\\\ud83d", "\\\ufffd"),
        (b"gun \xf0\x9f\x98", "gun \ufffd"),
        (b"caf\xe9 gun", "caf\ufffd gun"),
        (b"\xed\xa0\xbd", "\ufffd\ufffd\ufffd"),
    ],
)
async def test_c2_a_cut_character_costs_itself_alone(door: Door, broken: bytes, read: str) -> None:
    body = json.dumps(CALL | ARMED | {"narrative": "CUT"}).encode().replace(b"CUT", broken)
    (event,) = await versions(door, body)
    assert personal(door, event) == {"narrative": read}
    assert event.call.facts == ARMED["facts"]
    told = await notes_of(door, body)
    assert ("U+FFFD" in told) == ("\ufffd" in read)


@pytest.mark.parametrize("raw", [b"\n", b"\r\n", b"\t", b"\x00", b"\x0b"])
async def test_c2_a_control_character_that_json_would_escape_costs_nothing_else(door: Door, raw: bytes) -> None:
    body = json.dumps(CALL | ARMED | {"narrative": "gunCUTknife"}, indent=1).encode().replace(b"CUT", raw)
    (event,) = await versions(door, body)
    assert personal(door, event)["narrative"].split() == ["gun", "knife"]
    assert event.call.facts == ARMED["facts"]
    assert "control character" in await notes_of(door, body)
    answer = await door.post(body.replace(b"event_id", b'event_id"'))
    assert (answer.status_code, "line 2 " in answer.text) == (400, True)


async def test_c2_a_cut_character_in_an_eido_costs_itself_alone(door: Door) -> None:
    content = eido(notesComponent=[{"notesActionComments": "CUT"}], cautionComponent=[{"cautionTypeInternalText": "A"}])
    (event,) = await versions(door, json.dumps(content).encode().replace(b"CUT", rb"gun \ud83d"), "/v1/eido")
    assert personal(door, event)["narrative"] == "gun \ufffd"
    assert event.call.cautions == ("A",)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(), max_size=20), start=st.integers(0, 40), length=st.integers(0, 40))
async def test_c2_whatever_is_cut_in_a_text_the_hazard_beside_it_counts(
    door: Door, text: str, start: int, length: int
) -> None:
    for ascii_only in (True, False):
        whole = json.dumps(CALL | ARMED | {"narrative": "CUT"}, ensure_ascii=ascii_only)
        written = json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode("utf-8", "surrogatepass")
        cut = written[:start] + written[start + length :]
        answer = await door.post(whole.encode().replace(b"CUT", cut))
        if answer.status_code != 200:  # the cut went through an escape: that is no JSON, and the CAD is told
            assert b"\\" in written
            assert answer.status_code in (400, 422)
        else:
            assert door.events()[-1].call.facts == ARMED["facts"]  # type: ignore[attr-defined]


WORDS = [
    (word, status)
    for status, words in {
        "cancelled": ("Cancelled", "Canceled", "CANCELED", " canceled "),
        "closed": ("Closed", "Closed ", "CLOSED", "clo\u00adsed"),
        "reopened": ("ReOpened", "Re-Opened", "re opened", "REOPENED"),
        "active": ("Active", "Resources_Assigned"),
    }.items()
    for word in words
]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ('"cautions": ["ARMED"], "cautions": []', "cautions"),
        ('"answers": {"Q1": "yes", "Q1": "no"}', "Q1"),
        ('"further_types": [], "further_types": []', "further_types"),
    ],
)
async def test_a_name_that_stands_twice_is_refused(door: Door, fields: str, field: str) -> None:
    """As a column of an export is: the last one stood, whatever the first one warned of."""
    plain = {name: value for name, value in CALL.items() if name != "answers"}
    answer = await door.post(f"{json.dumps(plain)[:-1]}, {fields}}}".encode())
    assert (answer.status_code, door.events()) == (422, [])
    assert answer.json()["errors"] == [{"path": field, "what": "stands twice in one object", "right": "each name once"}]
    notes = '"notesComponent": [{"notesActionComments": "a gun"}], "notesComponent": []'
    answer = await door.post(f"{json.dumps(eido())[:-1]}, {notes}}}".encode(), "/v1/eido")
    assert (answer.status_code, door.events()) == (422, [])


@pytest.mark.parametrize(("word", "status"), WORDS)
async def test_c3_a_status_counts_however_it_is_written(door: Door, word: str, status: str) -> None:
    incident = {"incidentTypeCommonRegistryText": "MNTL", "incidentStatusCommonRegistryText": [word]}
    (event,) = await versions(door, eido(incidentComponent=incident), "/v1/eido")
    assert event.call.status == status
    if "esources" not in word:
        await door.post(CALL | {"status": word})
        assert door.events()[-1].call.status == status  # type: ignore[attr-defined]


@pytest.mark.parametrize("word", ["On Scene", "on-scene", "OnScene", "ARRIVED", "Patient Contact"])
async def test_c3_a_unit_on_scene_counts_however_it_is_written(door: Door, word: str) -> None:
    unit = {"secondaryUnitStatusRegistryText": [word]}
    (event,) = await versions(door, eido(emergencyResourceComponent=[unit]), "/v1/eido")
    assert event.call.units_on_scene


async def test_c3_an_unknown_word_is_named_and_counted(door: Door) -> None:
    counter = telemetry.UNLISTED.labels("madison-wi", "incidentStatusCommonRegistryText")
    before = counter._value.get()
    incident = {"incidentStatusCommonRegistryText": ["Abandoned", "Closed"]}
    assert "Abandoned" in await notes_of(door, eido(incidentComponent=incident), "/v1/eido")
    assert counter._value.get() == before + 1, "though it is read for the status and for who is on scene"
    assert door.events()[-1].call.status == "closed"  # type: ignore[attr-defined]
    counter = telemetry.UNLISTED.labels("madison-wi", "incidentMergeDirectionCode")
    before = counter._value.get()
    merge = {"incidentTrackingIdentifier": "urn:x", "incidentMergeDirectionCode": "Joined"}
    await door.post(eido(mergeComponent=[merge]), "/v1/eido")
    assert counter._value.get() == before + 1, "though it is read three times"


OPTIONAL: dict[str, Any] = {
    "eidoVersion": "1.0",
    "incidentComponent": {
        "incidentTypeInternalCode": "C",
        "incidentTypeInternalText": "T",
        "incidentTypeCommonRegistryText": "MNTL",
        "incidentStatusCommonRegistryText": ["Active"],
        "incidentPriorityInternalText": "3",
        "incidentCommonPriorityNumber": 8,
        "beatOrDispatchGroupText": "C1",
        "locationReference": [{"$ref": "l"}],
    },
    "locationComponent": [
        {"$id": "l", "locationTypeDescriptionRegistryText": "CurrentIncident", "locationByValue": "<a/>"}
    ],
    "personComponent": [
        {
            "personIncidentRoleRegistryText": ["Caller"],
            "ncPersonComponent": {"injury": [], "primaryLanguage": "es", "name": [{"personFullName": "N"}]},
            "itemReference": [],
        }
    ],
    "callbackComponent": [{"callBackInformationUri": ["tel:1"], "updatedCbn": "2"}],
    "callComponent": [{"callStartTimestamp": "2025-09-02T12:01:00-05:00"}],
    "notesComponent": [{"notesActionComments": "n"}],
    "emergencyResourceComponent": [{"secondaryUnitStatusRegistryText": ["OnScene"]}],
    "mergeComponent": [{"incidentTrackingIdentifier": "urn:x", "incidentMergeDirectionCode": "Split"}],
    "linkComponent": [{"incidentTrackingIdentifier": "urn:y"}],
}


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [path for path in [path] if path] + [place for key, value in inner for place in places(value, (*path, key))]


def changed(content: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(content))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


@pytest.mark.parametrize("path", places(OPTIONAL), ids=str)
async def test_e4_whatever_is_optional_may_be_null_or_nonsense_and_the_weapon_counts(
    door: Door, path: tuple[Any, ...]
) -> None:
    """C4 and E4: at every place of an EIDO, each kind of nonsense."""
    armed = eido(**OPTIONAL) | {"cautionComponent": [{"cautionTypeInternalText": "ARMED"}, None]}
    nonsense: tuple[Any, ...] = (None, 7, 10**400, 1e300, True, "x" * 300, [], [None], {}, {"a": [None]}, [[]])
    for value in nonsense:
        answer = await door.post(changed(armed, path, value), "/v1/eido")
        if path == ("eidoVersion",) and answer.status_code == 406:
            continue
        assert answer.status_code == 200, (value, answer.text)
        assert "ARMED" in door.events()[-len(answer.json()["taken"])].call.cautions  # type: ignore[attr-defined]


async def test_e4_a_null_is_said(door: Door) -> None:
    told = await notes_of(door, eido(notesComponent=[{"notesActionComments": None}, None]), "/v1/eido")
    assert "notesActionComments" in told
    assert "notesComponent" in told


async def test_e4_a_text_is_cut_and_stands_whole_in_the_narrative(door: Door) -> None:
    incident = {"incidentTypeInternalCode": "C", "incidentTypeInternalText": "x" * 250 + " knife"}
    content = eido(incidentComponent=incident)
    assert "incidentTypeInternalText" in await notes_of(door, content, "/v1/eido")
    event = door.events()[-1]
    assert personal(door, event)["texts"] == "x" * 200  # type: ignore[arg-type]
    assert personal(door, event)["narrative"].endswith(" knife")  # type: ignore[arg-type]


@pytest.mark.parametrize("note", ["knife", ["knife"], {"text": "knife"}, [{"a": [{"b": "knife"}]}]])
async def test_e4_words_are_read_wherever_they_stand_in_a_note(door: Door, note: Any) -> None:
    await door.post(eido(notesComponent=[{"notesActionComments": note}]), "/v1/eido")
    await door.post(
        eido(notesComponent=[note] if isinstance(note, str) else [{"notesActionComments": note}]), "/v1/eido"
    )
    for event in door.events():
        assert "knife" in personal(door, event)["narrative"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"cautionComponent": ["ARMED"]},
        {"cautionComponent": [{"cautionTypeInternalText": {"text": "ARMED"}}]},
        {"cautionComponent": [{"cautionSeverity": "highest"}]},
        {"personComponent": ["Suspect"]},
        {"personComponent": [{"personIncidentRoleRegistryText": {"role": "Suspect"}}]},
    ],
)
async def test_e4_a_warning_that_cannot_be_read_is_still_one(door: Door, fields: dict[str, Any]) -> None:
    (event,) = await versions(door, eido(**fields), "/v1/eido")
    assert event.call.cautions == ("unreadable",)


@pytest.mark.parametrize(
    "fields",
    [
        {"notesComponent": [{"notesActionComments": [{"text": "at the door\nknife in hand"}]}]},
        {"notesComponent": [["at the door\tknife in hand"]]},
        {"notesComponent": ["{knife in hand}", {"notesActionComments": "calm"}]},
    ],
)
async def test_e4_no_line_break_or_bracket_hides_a_word_of_a_note(door: Door, fields: dict[str, Any]) -> None:
    (event,) = await versions(door, eido(**fields), "/v1/eido")
    narrative = personal(door, event)["narrative"]
    assert words_in_narrative(programme(MADISON), narrative) == {"weapon"}


async def test_e1_codes_of_every_incident_component_count_and_one_that_cannot_be_read_is_not_listed(door: Door) -> None:
    one, other = {"incidentTypeInternalCode": "CHECK PERSON"}, {"incidentTypeInternalCode": {"code": "SHOTS"}}
    (event,) = await versions(door, eido(incidentComponent=[one, other]), "/v1/eido")
    assert event.call.call_type == CallType(system="dane-county", code="CHECK PERSON")
    assert event.call.further_types == (CallType(system="dane-county", code="unreadable"),)
    await door.post(eido(incidentComponent=other | {"incidentTypeCommonRegistryText": "WELFARE"}), "/v1/eido")
    assert door.events()[-1].call.call_type.code == "unreadable"  # type: ignore[attr-defined]


async def test_c6_of_two_rows_of_a_call_at_one_time_both_are_taken_and_so_is_the_other_call(door: Door) -> None:
    rows = [CALL, CALL | ARMED | {"event_id": "e2"}, CALL | {"event_id": "e3", "incident_id": "2021-2"}]
    first, second, other = await versions(door, rows)
    assert (first.call.facts, second.call.facts) == ({}, ARMED["facts"])
    assert other.call.incident_id == "2021-2"


async def test_c6_one_event_id_with_two_contents_costs_no_call(door: Door) -> None:
    rows = [CALL, CALL | ARMED, CALL | {"event_id": "e3", "incident_id": "2021-2"}]
    first, second, other = await versions(door, rows)
    assert (first.event_id, first.call.facts) == (second.event_id, {})
    assert second.call.facts == ARMED["facts"]
    assert first.fingerprint != second.fingerprint, "by which triage tells it from a repeat"
    assert other.call.incident_id == "2021-2"


async def test_c10_nought_nought_is_no_place(door: Door) -> None:
    assert "empty field" in await notes_of(door, CALL | {"position": {"latitude": 0.0, "longitude": -0.0}})
    located = eido(locationComponent=[at("CurrentIncident", "<gml:Point><gml:pos>0 0</gml:pos></gml:Point>")])
    assert "empty field" in await notes_of(door, located, "/v1/eido")
    for event in door.events():
        assert "position" not in personal(door, event)  # type: ignore[arg-type]


@pytest.mark.parametrize("stamp", ["2021-09-02T23:59:60Z", "2021-09-02T23:59:60.5Z", "2021-09-02T23:59:60-05:00"])
async def test_a10_a_leap_second_is_the_second_before_it(door: Door, stamp: str) -> None:
    (event,) = await versions(door, CALL | {"updated_at": stamp})
    assert event.call.updated_at.second == 59
    await door.post(eido(lastUpdateTimeStamp=stamp), "/v1/eido")
    assert door.events()[-1].call.updated_at.second == 59  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("stamp", "instant"),
    [
        ("2021-09-02T24:00:00-05:00", "2021-09-03T00:00:00-05:00"),
        ("20210930 2400 Z", "2021-10-01T00:00:00Z"),
        ("2020-12-31T24:00:00,000+01", "2021-01-01T00:00:00+01:00"),
    ],
)
async def test_the_end_of_a_day_is_the_beginning_of_the_next(door: Door, stamp: str, instant: str) -> None:
    """ISO 8601 has it so; the version, and what it warned of, was refused."""
    times = {"created_at": stamp, "updated_at": stamp}
    (event,) = await versions(door, CALL | times)
    assert event.call.created_at == event.call.updated_at == datetime.fromisoformat(instant)
    await door.post(eido(lastUpdateTimeStamp=stamp), "/v1/eido")
    assert door.events()[-1].call.updated_at == datetime.fromisoformat(instant)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "stamp", ["2021-09-02T24:00:01Z", "2021-09-02T24:30Z", "2021-09-02T25:00Z", "9999-12-31T24:00Z"]
)
async def test_no_other_time_is_after_the_last_hour_of_its_day(door: Door, stamp: str) -> None:
    answer = await door.post(CALL | {"updated_at": stamp})
    assert (answer.status_code, door.events()) == (422, [])
    assert "24:00 for its end" in answer.json()["errors"][0]["what"]


async def test_e1_every_code_is_read(door: Door) -> None:
    incident = {"incidentTypeInternalCode": "MHNV", "incidentTypeCommonRegistryText": "MTLV"}
    (event,) = await versions(door, eido(incidentComponent=incident), "/v1/eido")
    assert event.call.call_type == CallType(system="dane-county", code="MHNV")
    assert event.call.further_types == (CallType(system="apco", code="MTLV"),)


async def test_e5_linked_incidents_are_recorded(door: Door) -> None:
    links = [{"incidentTrackingIdentifier": f"urn:{n % 40}"} for n in range(80)]
    told = await notes_of(door, eido(linkComponent=links), "/v1/eido")
    assert "first 32" in told
    assert door.events()[-1].call.linked_incidents == tuple(f"urn:{n}" for n in range(32))  # type: ignore[attr-defined]


CIRCLE = (
    '<gs:Circle><gml:pos>43.07 -89.40</gml:pos><gs:radius uom="urn:ogc:def:uom:EPSG::{}">{}</gs:radius></gs:Circle>'
)


@pytest.mark.parametrize(
    ("unit", "length", "taken"),
    [(9001, 300, True), (9093, 0.1, True), (9093, 5, False), (9036, 1, False), (9002, 900, True), (1234, 1, False)],
)
async def test_e6_a_radius_has_its_unit(door: Door, unit: int, length: float, *, taken: bool) -> None:
    located = eido(locationComponent=[at("CurrentIncident", CIRCLE.format(unit, length))])
    (event,) = await versions(door, located, "/v1/eido")
    assert ("position" in personal(door, event)) == taken


def nested_shapes(count: int) -> str:
    return f"<p {GML}>{'<gml:Polygon>' * count}{'</gml:Polygon>' * count}</p>"


def located(*shapes: str) -> dict[str, Any]:
    return eido(locationComponent=[at("CurrentIncident", *shapes)])


HEAVY: list[tuple[str, Any, str]] = [
    ("nested shapes", located(nested_shapes(900)), "/v1/eido"),
    ("nested shapes, 171 KB", located(nested_shapes(9000)), "/v1/eido"),
    ("many shapes", located("<gml:Point/>" * 4000), "/v1/eido"),
    ("many corners", located(f"<gml:Polygon><gml:posList>{'1 2 ' * 12_000}</gml:posList></gml:Polygon>"), "/v1/eido"),
    ("many locations", eido(locationComponent=[at("CurrentIncident", nested_shapes(5))] * 200), "/v1/eido"),
    ("many nulls", eido(cautionComponent=[None] * 12_000), "/v1/eido"),
    ("many words", eido(emergencyResourceComponent=[{"secondaryUnitStatusRegistryText": ["x"] * 9000}]), "/v1/eido"),
    ("many fields", CALL | {f"f{n}": 1 for n in range(5000)}, "/v1/calls"),
    ("many wrong answers", CALL | {"answers": {f"f{n}": 1 for n in range(5000)}}, "/v1/calls"),
    ("many wrong calls", [{}] * 1000, "/v1/calls"),
    ("many wrong facts", CALL | {"facts": {f"weapo{n}": "" for n in range(4000)}}, "/v1/calls"),
    ("surrogates", json.dumps(CALL | {"narrative": "X"}).encode().replace(b"X", rb"\ud83d" * 8000), "/v1/calls"),
    ("deep", b'{"a":' * 12_000, "/v1/calls"),
    ("the largest body", CALL | {"narrative": "x" * 1_000_000}, "/v1/calls"),
    ("the most fields", CALL | {f"f{n}": 1 for n in range(80_000)}, "/v1/calls"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "path"), [heavy[1:] for heavy in HEAVY], ids=[heavy[0] for heavy in HEAVY])
async def test_f2_no_body_makes_the_loop_stand_still(door: Door, content: Any, path: str) -> None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    stood_still = [await longest_turn(door.post(body, path)) for _ in range(3)]
    assert min(stood_still) < 0.1  # the least of three: other processes may hold the machine up


async def longest_turn(posting: Coroutine[Any, Any, httpx.Response]) -> float:
    """The longest turn of the loop while an answer is waited for, in seconds of the processor."""
    answering = asyncio.create_task(posting)
    longest, last = 0.0, time.thread_time()
    while not answering.done():
        await asyncio.sleep(0)
        now = time.thread_time()
        longest, last = max(longest, now - last), now
    assert answering.result().status_code < 500
    return longest


NAMES = sorted({*CALL, "facts", "cautions", "narrative", "position", "status"})
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(
        st.sampled_from(sorted({*OPTIONAL, "$id", "lastUpdateTimeStamp", "cautionComponent"})), VALUES
    )
)
@example(fields={"notesComponent": [{"notesActionComments": [float("nan")]}]})
async def test_an_eido_that_is_taken_has_the_hazard_that_stands_in_it(door: Door, fields: dict[str, Any]) -> None:
    """Whatever stands beside it: taken with the weapon in it, or refused with a reason; never a failure of ours."""
    armed = eido(**fields) | {"personComponent": [{"ncPersonComponent": {"injury": ["cut"]}, "itemReference": "gun"}]}
    answer = await door.post(armed, "/v1/eido")
    assert answer.status_code in (200, 406, 413, 422), answer.text
    if answer.status_code == 200:
        call = door.events()[-len(answer.json()["taken"])].call  # type: ignore[attr-defined]
        assert "role:item" in call.cautions
        assert call.facts == {"injury": "needs-ems"}


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4))
async def test_a_flat_call_that_is_taken_has_the_hazard_that_stands_in_it(door: Door, fields: dict[str, Any]) -> None:
    answer = await door.post(CALL | fields | ARMED)
    assert answer.status_code in (200, 400, 403, 422), answer.text
    if answer.status_code == 200:
        assert door.events()[-1].call.facts == ARMED["facts"]  # type: ignore[attr-defined]
        assert door.events()[-1].call.cautions == ("ARMED",)  # type: ignore[attr-defined]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300), start=st.integers(0, 400), path=st.sampled_from(["/v1/calls", "/v1/eido"]))
async def test_bytes_written_over_a_body_never_break_the_door(door: Door, body: bytes, start: int, path: str) -> None:
    whole = json.dumps(CALL if path == "/v1/calls" else eido(**OPTIONAL)).encode()
    for content in (body, whole[:start] + body + whole[start + len(body) :], whole[:start] + body + whole[start:]):
        assert (await door.post(content, path)).status_code < 500


def incident(**fields: Any) -> dict[str, Any]:
    return {"incidentComponent": {"incidentTypeCommonRegistryText": "MNTL", **fields}}


REGISTRY = "https://technet.nena.org/nrs/registry/EIDO-IncidentType-Common/"


@pytest.mark.parametrize("prefix", ["apco:", "APCO ", "apco-", "urn:nena:apco:", REGISTRY, "niem/apco#"])
async def test_the_name_of_a_registry_before_its_word_hides_nothing(door: Door, prefix: str) -> None:
    """`apco:MTLV` was a code that nobody lists beside a calm one, and barred nobody."""
    content = incident(incidentTypeInternalCode="MHNV", incidentStatusCommonRegistryText=[f"{prefix}Active"])
    content["incidentComponent"]["incidentTypeCommonRegistryText"] = f"{prefix}MTLV"
    content |= {
        "cautionComponent": [{"cautionTypeCommonRegistryText": f"{prefix}Weapon"}],
        "personComponent": [{"personIncidentRoleRegistryText": [f"{prefix}Suspect", f"{prefix}Caller"]}],
    }
    assert await notes_of(door, eido(**content), "/v1/eido") == ""
    call = door.events()[-1].call  # type: ignore[attr-defined]
    assert call.further_types == (CallType(system="apco", code="MTLV"),)
    assert call.cautions == ("Weapon", "role:Suspect")
    ended = incident(incidentStatusCommonRegistryText=[f"{prefix}Cancelled"])
    (*_, event) = await versions(door, eido(**ended), "/v1/eido")
    assert event.call.status == "cancelled"


@pytest.mark.parametrize("code", ["", "  ", None])
async def test_a_blank_code_is_one_that_nobody_lists(door: Door, code: str | None) -> None:
    """Blank, it left the call without a type, which a caller's wish may send a team to."""
    (event,) = await versions(door, eido(incidentComponent={"incidentTypeInternalCode": code}), "/v1/eido")
    assert event.call.call_type == (None if code is None else CallType(system="dane-county", code="unreadable"))


@pytest.mark.parametrize("code", ["", "  ", ["", "\t"]])
async def test_a_blank_code_says_no_more_than_none_where_its_incident_has_a_code_beside_it(
    door: Door, code: str | list[str]
) -> None:
    """Of a CAD that writes an empty field as an empty text every call was of a type that nobody lists."""
    typed = {"incidentTypeInternalCode": code, "incidentTypeInternalText": "WELFARE"}
    typed |= {"incidentTypeCommonRegistryText": "MNTL"}
    (event,) = await versions(door, eido(incidentComponent=typed), "/v1/eido")
    assert event.call.call_type == CallType(system="apco", code="MNTL")
    assert {further.code for further in event.call.further_types} == {"unreadable"}, (
        "named in the decision all the same"
    )
    assert "WELFARE" in personal(door, event)["texts"], "looked at for words"
    blank = {"incidentTypeInternalCode": code}
    await door.post(eido(incidentComponent=[typed | blank, blank]), "/v1/eido")
    assert door.events()[-1].call.call_type.code == "unreadable", "of another agency nobody knows"  # type: ignore[attr-defined]


async def test_a_code_that_cannot_be_read_beside_a_listed_one_is_a_warning(door: Door) -> None:
    unread = {"incidentTypeInternalCode": "MHNV", "incidentTypeCommonRegistryText": {"code": "MTLV"}}
    (event,) = await versions(door, eido(incidentComponent=unread), "/v1/eido")
    assert event.call.cautions == ("unreadable",)


@pytest.mark.parametrize(
    ("incidents", "status"),
    [
        ([{"incidentStatusCommonRegistryText": ["Closed"]}, {"incidentStatusCommonRegistryText": "Active"}], "active"),
        ([{"incidentStatusCommonRegistryText": ["Closed"]}, {}], "active"),
        ([{"incidentStatusCommonRegistryText": ["Closed", "Active"]}], "active"),
        ([{"incidentStatusInternalText": ["Active", "Cancelled"]}], "active"),
        ([{"incidentStatusCommonRegistryText": ["ResourcesOnscene", "Closed"]}], "closed"),
        ([{"dispositionComponent": [{"dispositionCommonRegistryCode": ["21", "05"]}]}], "closed"),
        ([{"incidentStatusCommonRegistryText": ["Closed"]}, {"incidentStatusCommonRegistryText": ["ReOpened"]}],
         "reopened"),
        ([{"incidentStatusCommonRegistryText": ["Closed"]}, {"incidentStatusInternalText": "cancelled"}], "closed"),
        ([{"incidentStatusInternalText": ["Closed"]}], "closed"),
        ([{"incidentStatusInternalText": ["Closed"], "incidentStatusCommonRegistryText": ["Active"]}], "active"),
        ([{"incidentStatusInternalText": ["On hold"]}], "active"),
        ([{"dispositionComponent": [{"dispositionCommonRegistryCode": "apco:10"}]}], "cancelled"),
        ([{"disposition": [{"dispositionCommonRegistryCode": 5}]}], "closed"),
        ([{"dispositionComponent": [{"dispositionCommonRegistryCode": "06"}]}], "active"),
        ([{"dispositionComponent": [{"dispositionCommonRegistryCode": "77"}]}], "active"),
        ([{"dispositionComponent": [{"dispositionCommonRegistryCode": "10"}],
           "incidentStatusCommonRegistryText": ["Active"]}], "active"),
    ],
)  # fmt: skip
async def test_an_incident_is_over_once_it_is_for_all_that_tell_of_it(
    door: Door, incidents: list[dict[str, Any]], status: str
) -> None:
    """The first component's end was everybody's; a status in the centre's own words ended nothing."""
    (event,) = await versions(door, eido(incidentComponent=incidents), "/v1/eido")
    assert event.call.status == status


@pytest.mark.parametrize(
    ("statuses", "is_said"),
    [(["Active", "ResourcesOnscene", "Closed"], True), (["ResourcesOnscene", "Closed"], False), (["Active"], False)],
)
async def test_a_history_of_an_incident_where_its_status_belongs_is_said_to_end_nothing(
    door: Door, statuses: list[str], *, is_said: bool
) -> None:
    """No call of a CAD that sends every status which an incident ever had came to an end, and nobody told it why."""
    content = eido(incidentComponent={"incidentStatusCommonRegistryText": statuses})
    notes = (await door.post(content, "/v1/eido")).json()["taken"][0].get("notes", [])
    assert any("active and over at once" in note for note in notes) == is_said


@pytest.mark.parametrize(
    ("kind", "status", "units_on_scene", "facts"),
    [
        ("PatrolUnit", {"secondaryUnitStatusRegistryText": ["OnScene"]}, True, {}),
        ("apco:Patrol Unit", {"secondaryUnitStatusRegistryText": ["apco:Arrived"]}, True, {}),
        ("PatrolUnit", {"primaryUnitStatusRegistryText": "OnScene"}, True, {}),
        ("PatrolUnit", {"secondaryUnitStatusInternalText": "on scene"}, True, {}),
        ("PatrolUnit", {"secondaryUnitStatusRegistryText": ["EnRoute"]}, False, {}),
        ("PatrolUnit", {"secondaryUnitStatusRegistryText": ["EnRoute", "OnScene"]}, True, {}),
        ("PatrolUnit", {"secondaryUnitStatusRegistryText": ["OnScene", "Cleared"]}, False, {"units_on_scene": "yes"}),
        ("PatrolUnit", {"secondaryUnitStatusInternalText": ["In Service", "On Scene"]}, False,
         {"units_on_scene": "yes"}),
        ("PatrolUnit", {"primaryUnitStatusRegistryText": "Available", "secondaryUnitStatusRegistryText": ["OnScene"]},
         False, {"units_on_scene": "yes"}),
        ("PatrolUnit", {"secondaryUnitStatusRegistryText": ["Cleared"]}, False, {}),
        ("GroundALSAmbulance", {"secondaryUnitStatusRegistryText": ["OnScene"]}, False, {"units_on_scene": "yes"}),
        ("CrisisInterventionUnit", {"secondaryUnitStatusRegistryText": ["OnScene"]}, False, {"units_on_scene": "yes"}),
    ],
)  # fmt: skip
async def test_only_police_let_in_a_team_that_waits_for_them(
    door: Door,
    kind: str,
    status: dict[str, Any],
    units_on_scene: bool,  # noqa: FBT001
    facts: dict[str, str],
) -> None:
    """An ambulance let a team go in that waits for police, and so did the team's own arrival."""
    unit = {"emergencyResourceTypeCommonRegistryText": kind, **status}
    (event,) = await versions(door, eido(emergencyResourceComponent=[unit]), "/v1/eido")
    assert (event.call.units_on_scene, event.call.facts) == (units_on_scene, facts)
    both = [unit, {"emergencyResourceTypeCommonRegistryText": "SWAT", "secondaryUnitStatusRegistryText": ["OnScene"]}]
    await door.post(eido(emergencyResourceComponent=both), "/v1/eido")
    assert door.events()[-1].call.units_on_scene  # type: ignore[attr-defined]


async def test_resources_on_scene_of_no_stated_kind_let_nobody_in(door: Door) -> None:
    (event,) = await versions(door, eido(**incident(incidentStatusCommonRegistryText=["ResourcesOnscene"])), "/v1/eido")
    assert (event.call.units_on_scene, event.call.facts) == (False, {"units_on_scene": "yes"})


@pytest.mark.parametrize(
    "fields",
    [
        {"CautionComponent": [{"CautionTypeInternalText": "ARMED"}]},
        {"cautions": [{"cautionTypeInternalText": "ARMED"}]},
        {"premiseHazards": {"cautionTypeCommonRegistryText": "apco:ARMED"}},
        {"incidentComponent": {"cautionComponent": [{"cautionTypeInternalText": "ARMED"}]}},
        {"locationComponent": [{"cautionComponent": [{"cautionTypeInternalText": "ARMED"}]}]},
        {"PersonComponent": [{"cautions": [{"cautionTypeInternalText": "ARMED"}]}]},
        {"vehicleComponent": [{"cautionComponent": [{"cautionTypeInternalText": "ARMED"}]}]},
        {"notesComponent": [{"notesActionComments": "-", "cautions": [{"cautionTypeInternalText": "ARMED"}]}]},
        {"ofVendor": [[{"premise": {"hazards": {"cautionTypeInternalText": "ARMED"}}}]]},
    ],
)
async def test_a_caution_counts_wherever_and_however_it_is_named(door: Door, fields: dict[str, Any]) -> None:
    (event,) = await versions(door, eido(**fields), "/v1/eido")
    assert event.call.cautions == ("ARMED",)


@pytest.mark.parametrize(
    ("fields", "cautions", "is_looked_at"),
    [
        ({"callComponent": [{"weaponsInvolved": True}]}, ("unreadable",), False),
        ({"callComponent": [{"hazardCode": "GUN"}]}, ("unreadable",), False),
        ({"incidentComponent": {"extension": {"weaponName": "knife"}}}, ("unreadable",), False),
        ({"ofVendor": {"deep": [{"violent": 1}]}}, ("unreadable",), False),
        ({"ofVendor": {"deep": [{"violent": "No", "weaponCode": ""}]}}, (), False),
        ({"emergencyResourceComponent": [{"weaponsOnBoard": True}]}, (), False),
        ({"ofVendor": [{"name": "Weapons", "value": "Yes"}]}, (), True),
        ({"ofVendor": [{"name": "Weapons", "value": "No"}]}, (), False),
    ],
)
async def test_a_warning_in_a_field_of_a_vendors_own_counts_however_deep(
    door: Door, fields: dict[str, Any], cautions: tuple[str, ...], *, is_looked_at: bool
) -> None:
    """`weaponsInvolved: true` of the call, and `Weapons`, `Yes` among a vendor's own fields, were ignored."""
    (event,) = await versions(door, eido(**fields), "/v1/eido")
    assert event.call.cautions == cautions
    assert ("Weapons" in personal(door, event).get("texts", "")) == is_looked_at


@pytest.mark.parametrize(
    "fields",
    [
        {"cautionComponent": [{"cautionTypeInternalText": " "}]},
        {"hazards": ["dog"]},
        {"incidentComponent": {"hazardIndicator": True}},
        {"notesComponent": [{"cautionReference": [{"$ref": "c9"}]}]},
        {"additionalDataComponent": [{"cautionReference": {"$ref": "c9"}}]},
        {"incidentComponent": {"cautionReference": "c9"}},
        {"incidentComponent": {"cautionReference": [{"id": "c9"}, 9]}},
    ],
)
async def test_a_caution_of_which_nobody_can_tell_what_it_warns_of_is_not_calm(
    door: Door, fields: dict[str, Any]
) -> None:
    (event,) = await versions(door, eido(**fields), "/v1/eido")
    assert event.call.cautions == ("unreadable",)


@pytest.mark.parametrize("fields", [{"hazardIndicator": False, "cautions": []}, {"cautionComponent": None}])
async def test_that_there_is_no_caution_is_none(door: Door, fields: dict[str, Any]) -> None:
    (event,) = await versions(door, eido(**fields), "/v1/eido")
    assert event.call.cautions == ()


async def test_what_a_caution_tells_beside_its_type_is_read_for_words(door: Door) -> None:
    caution = {"$id": "c1", "cautionTypeInternalText": "GATE CODE", "cautionDescription": "knife in the boot"}
    note = {"notesActionComments": "n", "cautionReference": [{"$ref": "c1"}, "c1", None]}
    (event,) = await versions(door, eido(cautionComponent=[caution], notesComponent=[note]), "/v1/eido")
    assert event.call.cautions == ("GATE CODE",)
    assert words_in_narrative(programme(MADISON), personal(door, event)["narrative"]) == {"weapon"}


@pytest.mark.parametrize(
    "fields",
    [
        {"notesComponent": [{"$id": "n1", "noteText": "knife", "lastUpdateTimeStamp": "2025-09-02T12:05:00-05:00"}]},
        {"personComponent": [{"ncPersonComponent": "has a knife"}]},
        {"personComponent": [{"ncPersonComponent": [{"medicalCondition": [{"text": "stabbed with a knife"}]}]}]},
    ],
)
async def test_words_are_read_where_nobody_expects_them(door: Door, fields: dict[str, Any]) -> None:
    (event,) = await versions(door, eido(**fields), "/v1/eido")
    assert "weapon" in words_in_narrative(programme(MADISON), personal(door, event)["narrative"])
    assert "2025" not in personal(door, event)["narrative"]


@pytest.mark.parametrize(
    "fields",
    [
        {"personComponent": [{"ncPersonComponent": {"personDescriptionText": "armed with a knife"}}]},
        {"additionalDataComponent": [{"additionalDataByValue": "<c:Comment>he has a knife</c:Comment>"}]},
        {"additionalDataComponent": {"blocks": [["x", {"comment": "KNIFE"}]]}},
        {"vehicleComponent": [{"vehicleDescription": "a knife on the seat"}]},
        {"locationComponent": [{"premise": {"flags": ["KNIFE THROWER"]}}]},
        {"vendorRemarks": {"line": ["one", "two: knife"]}},
        {"callComponent": [{"callStartTimestamp": stamp(1), "transcript": ["he has a", "knife"]}]},
        {"dispatchComponent": [{"dispatchComments": "stage, he has a knife"}]},
        {"linkComponent": [{"transactionReasonText": "same man as in the call about a knife"}]},
        {"cadUpdates": ["subject has a KNIFE"]},
        {"callComments": [{"updateText": "knife"}]},
        {"realTimeText": "he has a knife"},
        {"conversation": [{"said": "he has a knife"}]},
        {"resourceNotes": "knife seen by the first unit"},
        {"addressNotes": "knife at the door"},
        {"phoneNotes": "knife heard of in the background"},
        {"numberOfPersonsText": "two, one with a knife"},
        {"incidentComponent": {"incidentTypeCommonRegistryText": "MNTL", "incidentTypeDetail": "W/ KNIFE"}},
        {"notesComponent": [{"notesActionComments": "calm", "notesSubject": "KNIFE"}]},
    ],
)
async def test_words_are_looked_for_in_fields_of_the_vendor_s_own(door: Door, fields: dict[str, Any]) -> None:
    """They were ignored, as the standard asks, and a knife in them with them."""
    (event,) = await versions(door, eido(**fields), "/v1/eido")
    assert words_in_narrative(programme(MADISON), personal(door, event)["texts"]) == {"weapon"}


async def test_an_eido_whose_fields_stand_in_another_order_is_the_same_version(door: Door) -> None:
    one = eido(vendorRemarks={"second": "b", "first": "a"}, remark="c")
    other = dict(reversed(one.items())) | {"vendorRemarks": {"first": "a", "second": "b"}}
    for content in (one, other):
        await door.post(content, "/v1/eido")
    first, second = door.events()
    assert (first.event_id, first.fingerprint) == (second.event_id, second.fingerprint)  # type: ignore[attr-defined]


async def test_names_addresses_units_and_codes_are_no_words_of_anybody(door: Door) -> None:
    nobody = {
        "agencyComponent": [{"agencyDescription": "Gun Lake Police"}],
        "emergencyResourceComponent": [{"$id": "swat@x", "resourceDescription": "rifle team"}],
        "callbackComponent": [{"callBackInformationUri": ["tel:1"], "remark": "knife"}],
        "personComponent": [{"ncPersonComponent": {"name": [{"personSurName": "Fierro"}], "sexCode": "M"}}],
        "premise": {"streetName": "Gun Club Road", "city": "Shooters Hill", "since": "2025-09-02T12:05:00Z"},
        "locationComponent": [{"locationByValue": "<a><RD>Pistol</RD></a>", "premiseAddressText": "2 Knife Street"}],
        "additionalDataComponent": [{"photo": "gun/" * 100, "at": "12:05"}],
        "cautionComponent": [{"cautionTypeInternalText": "DOMESTIC HISTORY"}],
    }
    (event,) = await versions(door, eido(**nobody), "/v1/eido")
    assert event.call.cautions == ("DOMESTIC HISTORY",)
    assert personal(door, event)["texts"] == "Check a person", "the text of its type"


async def test_more_than_can_be_looked_at_may_be_any_warning(door: Door) -> None:
    told = await notes_of(door, eido(vendorRemarks=["so many words " * 1000] * 20), "/v1/eido")
    assert "too long to be read" not in told, "once is enough"
    told = await notes_of(door, eido(vendorRemarks=[f"{n} so many words" * 1000 for n in range(20)]), "/v1/eido")
    assert "too long to be read" in told
    assert door.events()[-1].call.cautions == ("unreadable",)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fields", "cautions", "facts"),
    [
        ({"weaponIndicator": True}, ("unreadable",), {}),
        ({"incidentComponent": {"officerWarning": "Y"}}, ("unreadable",), {}),
        ({"weaponIndicator": "N", "hazardFlag": 0, "personComponent": [{"isViolent": "none"}]}, (), {}),
        ({"personComponent": [{"ncPersonComponent": {"cautionText": [{"cautionTypeInternalText": "ARMED"}]}}]},
         ("ARMED",), {}),
        ({"personComponent": [{"injury": [{"text": "arm"}]}]}, (), {"injury": "needs-ems"}),
    ],
)  # fmt: skip
async def test_a_warning_counts_by_whatever_name_and_at_whatever_place(
    door: Door, fields: dict[str, Any], cautions: tuple[str, ...], facts: dict[str, str]
) -> None:
    (event,) = await versions(door, eido(**fields), "/v1/eido")
    assert (event.call.cautions, event.call.facts) == (cautions, facts)


async def test_no_call_stands_for_itself(door: Door) -> None:
    """It ended as merged, and nobody went to the other call, which was this one."""
    answer = await door.post(CALL | {"status": "merged", "merged_into": CALL["incident_id"]})
    assert (answer.status_code, door.events()) == (422, [])
    assert answer.json()["errors"][0]["path"] == "0.merged_into"
    merges = [
        {"incidentTrackingIdentifier": eido()["$id"], "incidentMergeDirectionCode": "REPLACING"},
        {"incidentTrackingIdentifier": "urn:x", "incidentMergeDirectionCode": "Split"},
    ]
    (event,) = await versions(door, eido(mergeComponent=merges), "/v1/eido")
    assert (event.call.status, event.call.merged_into) == ("active", None)
    assert event.call.linked_incidents == ("urn:x",), "it was split from that one"
    unread = [{"incidentTrackingIdentifier": "a b", "incidentMergeDirectionCode": "REPLACING"}]
    await door.post(eido(mergeComponent=unread), "/v1/eido")
    assert door.events()[-1].call.status == "merged"  # type: ignore[attr-defined]


async def test_an_incident_that_cannot_be_read_is_a_warning(door: Door) -> None:
    (event,) = await versions(door, eido(incidentComponent=["MTLV"]), "/v1/eido")
    assert event.call.cautions == ("unreadable",)


async def test_an_item_that_nobody_is_said_to_have_is_a_warning(door: Door) -> None:
    (event,) = await versions(door, eido(itemComponent=[{"itemTypeText": "firearm"}]), "/v1/eido")
    assert event.call.cautions == ("role:item",)


@pytest.mark.parametrize(
    "spoken",
    ["spa", "Spanish", {"languageCode": "es-MX"}, [{"languageName": {"$value": "Spanish"}}], [None, "ESPAÑOL"]],
)
async def test_a_language_is_read_as_a_code_a_name_or_an_object(door: Door, spoken: Any) -> None:
    person = {"ncPersonComponent": [{"primaryLanguage": spoken}]}
    (event,) = await versions(door, eido(personComponent=[person]), "/v1/eido")
    assert event.call.language is not None
    assert language(event.call.language) == "es"


CIVIC = "<c><HNP>A</HNP><HNO>12</HNO><STP>Avenue</STP><RD>Main</RD><UNIT>4</UNIT><A3>Madison</A3></c>"


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ({"locationByValue": [CIVIC]}, "A 12 Avenue Main, 4, Madison"),
        ({"locationByValue": f"<![CDATA[{CIVIC}]]>"}, "A 12 Avenue Main, 4, Madison"),
        ({"locationByValue": CIVIC.replace("<", "&lt;").replace(">", "&gt;")}, "A 12 Avenue Main, 4, Madison"),
        ({"locationByValue": {"civicAddress": {"HNO": 12, "RD": "Main"}}}, "12 Main"),
        ({"locationByValue": '{"ca:HNO": "12", "ca:RD": "Main"}'}, "12 Main"),
        ({"locationByValue": "12 Main St, Madison"}, "12 Main St, Madison"),
        ({"locationByValue": {"latitude": 43.07, "longitude": -89.4}}, "43.07 -89.4"),
        ({"intersectingStreetByValue": ["<c><RD>Oak</RD></c>", "<c><RD>Elm</RD></c>"]}, "Oak / Elm"),
        ({"locationByValue": "<c><RD>Main</RD></c>", "crossStreetByValue": "<c><RD>Oak</RD></c>"}, "Main (at Oak)"),
        ({"locationByValue": "<c><RD>Main"}, None),
        ({"locationByValue": {"a": {"b": None}}}, None),
    ],
)
async def test_an_address_is_read_in_each_of_its_forms(door: Door, location: Any, address: str | None) -> None:
    located = {"locationTypeDescriptionRegistryText": ["CurrentIncident"], **location}
    (event,) = await versions(door, eido(locationComponent=[located]), "/v1/eido")
    assert personal(door, event).get("address") == address


@pytest.mark.parametrize(
    "stamp",
    ["2025-09-02T12:05:00-05", " 2025-09-02 12:05:00 -0500 ", "20250902T170500Z", "2025-09-02T17:05:00.000000000UTC",
     "2025-09-02T12:05\N{MINUS SIGN}05:00", "2025-09-02t12:05:00,0-05:00"],
)  # fmt: skip
async def test_a_time_is_read_in_each_of_its_forms(door: Door, stamp: str) -> None:
    """A weapon in a version that a CAD stamps with an offset in whole hours was refused."""
    (event,) = await versions(door, eido(lastUpdateTimeStamp=stamp), "/v1/eido")
    assert event.call.updated_at.isoformat() in ("2025-09-02T12:05:00-05:00", "2025-09-02T17:05:00+00:00")
    (*_, flat) = await versions(door, CALL | {"updated_at": stamp})
    assert flat.call.updated_at == event.call.updated_at


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"x": [{}] * 10_001}, "at most 10000 objects"),
        ({"x": [1] * 40_001}, "40000 values"),
        ({"mergeComponent": [{"incidentTrackingIdentifier": "urn:1"}] * 1000}, "none may be left out"),
    ],
)
async def test_an_eido_of_more_parts_than_an_incident_has_is_refused(
    door: Door, content: dict[str, Any], says: str
) -> None:
    """A megabyte of brackets took a second and more to read."""
    answer = await door.post(eido(**content), "/v1/eido")
    assert (answer.status_code, door.events()) == (413, [])
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.text


async def test_an_eido_of_as_many_parts_as_may_be_is_read_in_time(door: Door) -> None:
    many: list[dict[str, Any]] = [
        {"$id": f"l{n}", "locationTypeDescriptionRegistryText": "Caller"} for n in range(9900)
    ]
    body, source = json.dumps(eido(locationComponent=many)).encode(), Source(agency="madison-wi", name="dane-county")
    spent = []
    for _ in range(3):
        began = time.thread_time()
        read(body, source, door.sealer.pseudonym)
        spent.append(time.thread_time() - began)
    assert min(spent) < 2
