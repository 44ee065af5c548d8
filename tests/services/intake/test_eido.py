from __future__ import annotations

import json
from typing import Any

import pytest

from services.intake.eido import MEDIA_TYPE, read
from shared.agencies import Source
from shared.call import CallType
from shared.events import CallCancelled, CallReported
from shared.sealing import Sealer, new_key
from tests.services.intake.conftest import Door

PIDF = """<?xml version="1.0"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf"><tuple><status>
<gp:geopriv xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr">
<gp:location-info><ca:civicAddress><ca:country>US</ca:country><ca:A1>WI</ca:A1><ca:A3>Madison</ca:A3>
<ca:RD>CANARY Main</ca:RD><ca:STS>Street</ca:STS><ca:HNO>12</ca:HNO></ca:civicAddress></gp:location-info>
</gp:geopriv></status></tuple></presence>"""
POINT = '<p xmlns:gml="g"><gml:Point><gml:pos>43.07 -89.40</gml:pos></gml:Point></p>'
BOMB = '<!DOCTYPE a [<!ENTITY b "boom">]><a>&b;</a>'


def stamp(minute: int) -> str:
    return f"2025-09-02T12:{minute:02}:00-05:00"


def eido(**fields: Any) -> dict[str, Any]:
    return {
        "$id": "urn:emergency:uid:incidentid:abc123:psap.example",
        "lastUpdateTimeStamp": stamp(5),
        "updatedByAgencyReference": {"$ref": "urn:agency"},
        "eidoVersion": "1.0",
        "issuingElementIdentification": "cad.example",
        "agencyComponent": [],
        "incidentComponent": {
            "$id": "i1",
            "incidentTypeInternalCode": "CHECK PERSON",
            "incidentTypeInternalText": "Check a person",
            "incidentTypeCommonRegistryText": "WELFARE",
            "incidentStatusCommonRegistryText": ["Active"],
            "incidentPriorityInternalText": "3",
            "beatOrDispatchGroupText": "C1",
            "somethingNew": {"a": 1},
        },
    } | fields


async def take(door: Door, content: dict[str, Any]) -> CallReported:
    answer = await door.post(content, "/v1/eido", Content_Type=f'{MEDIA_TYPE}; version="1"')
    assert answer.status_code == 200, answer.text
    event = door.events()[0]
    assert isinstance(event, (CallReported, CallCancelled))
    return event  # type: ignore[return-value]


async def test_what_routing_needs_is_read_and_the_rest_ignored(door: Door) -> None:
    call = (await take(door, eido(callComponent=[{"callStartTimestamp": stamp(1), "x": 1}]))).call
    assert call.call_id == "madison-wi/dane-county/urn:emergency:uid:incidentid:abc123:psap.example"
    assert call.call_type == CallType(system="dane-county", code="CHECK PERSON")
    assert (call.priority, call.beat, call.district, call.status) == ("3", "C1", None, "active")
    assert call.created_at.isoformat() == stamp(1)
    assert call.updated_at.isoformat() == stamp(5)


async def test_the_text_of_a_type_without_a_code_and_persons_moods_stand_in_the_narrative(door: Door) -> None:
    """A type of which the CAD has the text alone, and a mood, were read by nobody."""
    mind = {"moodDescription": "threatens with a knife", "mentalState": ["homicidal", {"text": "manic"}]}
    event = await take(
        door,
        eido(
            incidentComponent={"incidentTypeInternalText": "MAN WITH GUN"},
            personComponent=[{"personIncidentRoleRegistryText": ["Caller"], "ncPersonComponent": [mind]}],
        ),
    )
    assert event.call.call_type is None
    assert event.sealed is not None
    narrative = door.open(event.call.call_id, event.sealed)["narrative"]
    assert all(word in narrative for word in ("MAN WITH GUN", "threatens with a knife", "homicidal", "manic"))


@pytest.mark.parametrize("kind", ["TowerLocation", "Unit Location", "Staging"])
async def test_where_a_tower_or_a_unit_is_nobody_is_sent(door: Door, kind: str) -> None:
    """The page of a team showed the address of a tower as the place to go, where the CAD knew no better."""
    location = {"$id": "l1", "locationTypeDescriptionRegistryText": kind, "locationByValue": PIDF}
    content = eido(locationComponent=[location])
    answer = await door.post(content, "/v1/eido")
    assert "is not where to go" in answer.json()["taken"][0]["notes"][0]
    (event,) = door.events()
    assert isinstance(event, CallReported)
    assert event.sealed is None or "address" not in door.open(event.call_id, event.sealed)
    content["incidentComponent"]["locationReference"] = [{"$ref": "l1"}]
    assert (await door.post(content, "/v1/eido")).json()["taken"][0].get("notes") is None  # the incident is there


async def test_without_a_local_code_the_common_one_counts(door: Door) -> None:
    incident = {"incidentTypeCommonRegistryText": "MNTL", "incidentCommonPriorityNumber": 8}
    call = (await take(door, eido(incidentComponent=incident))).call
    assert call.call_type == CallType(system="apco", code="MNTL")
    assert call.priority == "common-8"


async def test_an_eido_without_an_incident_has_no_type_yet(door: Door) -> None:
    content = eido()
    del content["incidentComponent"]
    assert (await take(door, content)).call.call_type is None


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (["Closed"], "closed"),
        ("cancelled", "cancelled"),
        (["Closed", "ReOpened"], "reopened"),
        (["ResourcesAssigned"], "active"),
        (None, "active"),
    ],
)
async def test_the_status(door: Door, said: Any, status: str) -> None:
    incident = {"incidentTypeCommonRegistryText": "MNTL", "incidentStatusCommonRegistryText": said}
    assert (await take(door, eido(incidentComponent=incident))).call.status == status


async def test_cautions_roles_and_injuries_are_kept(door: Door) -> None:
    event = await take(
        door,
        eido(
            cautionComponent=[{"cautionTypeInternalText": "ARMED", "cautionTypeCommonRegistryText": "Weapon"}],
            personComponent=[
                {
                    "personIncidentRoleRegistryText": ["Suspect"],
                    "itemReference": [{"$ref": "gun1"}],
                    "ncPersonComponent": {"injury": [{"text": "cut"}], "primaryLanguage": "es"},
                }
            ],
            emergencyResourceComponent=[{"secondaryUnitStatusRegistryText": ["OnScene"]}],
        ),
    )
    assert event.call.cautions == ("ARMED", "Weapon", "role:Suspect", "role:item")
    assert event.call.facts == {"injury": "needs-ems"}
    assert event.call.units_on_scene
    assert event.call.language == "es"


@pytest.mark.parametrize(
    ("said", "age"),
    [
        ({"ageMeasure": 34}, "34"),
        ({"ageMeasure": "34 years"}, "34"),
        ({"ageMeasure": {"measureIntegerValue": 34, "timeUnitCode": "ANN"}}, "34"),
        ({"ageMeasure": {"measureDecimalValue": "17.9"}}, "17"),
        ({"ageMeasure": {"measureIntegerValue": 30, "timeUnitCode": "MON"}}, "2"),
        ({"ageMeasure": "18 months"}, "1"),
        ({"ageMeasure": {"measureIntegerValue": 34, "timeUnitCode": "HUR"}}, None),
        ({"ageMeasure": {"measureMinimumValue": 16, "measureMaximumValue": 25}}, None),
        ({"ageMeasure": "16-25"}, None),
        ({"ageMeasure": -3}, None),
        ({"ageMeasure": [34, 35]}, None),
        ({"ageMeasure": True}, None),
        ({"birthDate": "2007-09-01"}, "18"),
        ({"birthDate": "2007-09-03T00:00:00Z"}, "17"),
        ({"birthDate": "1990-02-30"}, None),
        ({"birthDate": "2030-01-01"}, None),
        ({"birthDate": "1990-02-03", "ageMeasure": 35}, "35"),
        ({"birthDate": "1990-02-03", "ageMeasure": 3}, None),
        ({}, None),
    ],
)
async def test_an_age_counts_where_it_is_clear(door: Door, said: dict[str, Any], age: str | None) -> None:
    """A programme for adults alone was never met by EIDO: every call of its agency got the default."""
    patient = {"personIncidentRoleRegistryText": ["Patient"], "ncPersonComponent": said}
    caller = {"personIncidentRoleRegistryText": ["Caller"], "ncPersonComponent": {"ageMeasure": 70}}
    event = await take(door, eido(personComponent=[caller, patient]))
    assert event.call.facts.get("age") == age


@pytest.mark.parametrize("other", [{}, {"ncPersonComponent": {"ageMeasure": 34}}])
async def test_of_two_persons_nobody_knows_whose_age_counts(door: Door, other: dict[str, Any]) -> None:
    patient = {"personIncidentRoleRegistryText": ["Patient"], "ncPersonComponent": {"ageMeasure": 34}}
    victim = {"personIncidentRoleRegistryText": ["Victim"], **other}
    assert "age" not in (await take(door, eido(personComponent=[patient, victim]))).call.facts


async def test_the_personal_part_is_sealed(door: Door) -> None:
    event = await take(
        door,
        eido(
            incidentComponent={"locationReference": [{"$ref": "l2"}]},
            locationComponent=[
                {"$id": "l1", "locationTypeDescriptionRegistryText": "Caller", "locationByValue": POINT},
                {"$id": "l2", "locationTypeDescriptionRegistryText": "Other", "locationByValue": PIDF},
            ],
            personComponent=[
                {
                    "personIncidentRoleRegistryText": ["Caller"],
                    "ncPersonComponent": {"name": [{"personFullName": "CANARY Name"}]},
                }
            ],
            callbackComponent=[{"callBackInformationUri": ["tel:+16085550100"]}],
            notesComponent=[
                {"notesActionComments": "<p>CANARY has a <b>kn</b>ife</p>"},
                {"notesActionComments": "two"},
            ],
        ),
    )
    assert event.sealed is not None
    assert door.open(event.call_id, event.sealed) == {
        "address": "12 CANARY Main Street, Madison, WI",
        "callback_number": "+16085550100",
        "caller_name": "CANARY Name",
        "narrative": "CANARY has a knife\ntwo",
    }
    assert b"CANARY" not in next(iter(door.log.places.values()))[0].value


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("sip:+16085550100@carrier.example;user=phone", "+16085550100"),
        ("SIPS:+16085550100@carrier.example", "+16085550100"),
        ("sip:+16085550100;ext=12;phone-context=x@carrier.example", "+16085550100;ext=12"),
        ("<TEL:+1-608-555-0100>", "+1-608-555-0100"),
        ("6085550100", "6085550100"),
        ("sip:anonymous@anonymous.invalid", "anonymous@anonymous.invalid"),
    ],
)
async def test_a_number_to_call_back_is_what_one_dials_however_the_address_is_written(
    door: Door, uri: str, number: str
) -> None:
    """Calls of one caller over IP counted as nobody's, and the crew's page showed an address that no phone dials."""
    event = await take(door, eido(callbackComponent=[{"callBackInformationUri": [uri]}]))
    assert event.sealed is not None
    assert door.open(event.call_id, event.sealed)["callback_number"] == number


@pytest.mark.parametrize("code", ["UNLINK", "UnLink", "eido:UNLINK"])
async def test_a_link_that_was_taken_back_links_nothing(door: Door, code: str) -> None:
    """The page of the call said for good that it has to do with the other."""
    links = [
        {"incidentTrackingIdentifier": "urn:other", "linkDirectionCode": code},
        {"incidentTrackingIdentifier": "urn:kin", "linkDirectionCode": "Related"},
    ]
    assert (await take(door, eido(linkComponent=links))).call.linked_incidents == ("urn:kin",)


async def test_a_location_is_a_point_or_left_out_with_a_note(door: Door) -> None:
    broken = {"locationTypeDescriptionRegistryText": "CurrentIncident", "locationByValue": BOMB}
    point = {"locationTypeDescriptionRegistryText": "Caller", "locationByValue": POINT}
    answer = await door.post(eido(locationComponent=[point, broken]), "/v1/eido")
    assert "PIDF-LO" in answer.json()["taken"][0]["notes"][0]
    (event,) = door.events()
    assert isinstance(event, CallReported)
    assert event.sealed is not None
    assert door.open(event.call_id, event.sealed) == {"address": "43.07 -89.40", "texts": "Check a person"}


async def test_calls_merged_into_this_one_end(door: Door) -> None:
    merge = {"incidentTrackingIdentifier": "urn:old", "incidentMergeDirectionCode": "Replaced"}
    answer = await door.post(eido(mergeComponent=[merge]), "/v1/eido")
    assert len(answer.json()["taken"]) == 2
    kept, ended = door.events()
    assert isinstance(kept, CallReported)
    assert isinstance(ended, CallCancelled)
    assert (ended.call.incident_id, ended.call.status) == ("urn:old", "merged")
    assert (ended.call.merged_into, kept.call.merged_into) == (kept.call.incident_id, None)


async def test_a_call_merged_into_another_ends(door: Door) -> None:
    merge = {"incidentTrackingIdentifier": "urn:new", "incidentMergeDirectionCode": "REPLACING"}
    call = (await take(door, eido(mergeComponent=[merge]))).call
    assert (call.status, call.merged_into) == ("merged", "urn:new")


async def test_the_same_content_is_the_same_version(door: Door) -> None:
    for content in (eido(), eido(), eido(notesComponent=[{"notesActionComments": "more"}])):
        await door.post(content, "/v1/eido")
    first, second, third = (event.event_id for event in door.events())  # type: ignore[attr-defined]
    assert first == second != third


@pytest.mark.parametrize(
    ("content", "media_type", "status", "says"),
    [
        (eido(), f'{MEDIA_TYPE}; version="2,3"', 406, "version"),
        (eido(), f'{MEDIA_TYPE}; version="1,2"', 200, "taken"),
        (eido(), f'{MEDIA_TYPE}; version="1.1"', 200, "taken"),
        (eido(), MEDIA_TYPE, 200, "taken"),
        (eido(), "application/xml", 415, "emergency.eido"),
        (eido(eidoVersion="2.0"), MEDIA_TYPE, 406, "eidoVersion"),
        (eido(**{"$id": "urn:emergency:uid:incidentid:0:psap.example"}), MEDIA_TYPE, 422, "no incident"),
        (eido(**{"$id": "two words"}), MEDIA_TYPE, 422, "$id"),
        (eido(lastUpdateTimeStamp="2025-09-02T12:00:00"), MEDIA_TYPE, 422, "offset"),
        (eido(incidentComponent=[1]), MEDIA_TYPE, 200, "incidentComponent"),
        (eido(lastUpdateTimeStamp="1748891080"), MEDIA_TYPE, 422, "RFC 3339"),
        (eido(lastUpdateTimeStamp=1748891080), MEDIA_TYPE, 422, "RFC 3339"),
        (eido(cautionComponent=[{"cautionTypeInternalText": str(n)} for n in range(33)]), MEDIA_TYPE, 422, "cautions"),
        (eido(notesComponent=[{"notesActionComments": "x" * 300_000}]), MEDIA_TYPE, 413, "never cut"),
        ({}, MEDIA_TYPE, 422, "is missing"),
        ([], MEDIA_TYPE, 422, "object"),
    ],
)
async def test_what_is_refused(door: Door, content: Any, media_type: str, status: int, says: str) -> None:
    answer = await door.post(content, "/v1/eido", Content_Type=media_type)
    assert answer.status_code == status, answer.text
    assert says in answer.text


async def test_a_dry_run_explains(door: Door) -> None:
    answer = await door.post(eido(), "/v1/eido?dry_run=true")
    assert answer.json()["calls"][0]["call"]["beat"] == "C1"
    assert door.events() == []


GML = 'xmlns:gml="http://www.opengis.net/gml" xmlns:gs="http://www.opengis.net/pidflo/1.0"'
HERE = "<gml:Point><gml:pos>43.07 -89.40</gml:pos></gml:Point>"
CIRCLE = """<gs:Circle srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>43.07 -89.40</gml:pos>
<gs:radius uom="urn:ogc:def:uom:EPSG::9001">{}</gs:radius></gs:Circle>"""
SPHERE = '<gs:Sphere srsName="urn:ogc:def:crs:EPSG::4979"><gml:pos>43.07 -89.40 12</gml:pos></gs:Sphere>'
SQUARE = """<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>43.0 -89.4 43.0 -89.2 43.2 -89.2 43.2 -89.4
43.0 -89.4</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"""


def at(kind: Any, *shapes: str, name: str = "l") -> dict[str, Any]:
    return {
        "$id": name,
        "locationTypeDescriptionRegistryText": kind,
        "locationByValue": f"<p {GML}>{''.join(shapes)}</p>",
    }


@pytest.mark.parametrize(
    ("locations", "position", "noted"),
    [
        ([at("CurrentIncident", HERE)], "43.0700000 -89.4000000", False),
        ([at("CurrentIncident", HERE, HERE)], "43.0700000 -89.4000000", False),
        ([at("CurrentIncident", CIRCLE.format(50))], "43.0700000 -89.4000000", False),
        ([at("CurrentIncident", CIRCLE.format(5000))], None, True),
        ([at("CurrentIncident", CIRCLE.format("wide"))], None, True),
        ([at("CurrentIncident", SPHERE)], "43.0700000 -89.4000000", False),
        ([at("CurrentIncident", SQUARE)], "43.1000000 -89.3000000", False),
        ([at("CurrentIncident", HERE.replace("43.07", "43.08"), HERE)], None, True),
        ([at("CurrentIncident", HERE.replace("43.07", "143.07"))], None, True),
        ([at("CurrentIncident", HERE.replace("43.07", "nan"))], None, True),
        ([at("CurrentIncident", HERE.replace("43.07", ""))], None, True),
        ([at("CurrentIncident", HERE.replace("<gml:Point>", '<gml:Point srsName="EPSG:3857">'))], None, True),
        ([at("CurrentIncident", "<gs:ArcBand><gml:pos>43.07 -89.40</gml:pos></gs:ArcBand>")], None, True),
        ([at("InitialIncident", HERE)], "43.0700000 -89.4000000", False),
        ([at("InitialIncident", HERE), at("CurrentIncident", SQUARE)], "43.1000000 -89.3000000", False),
        ([at("CurrentIncident", HERE), at("CurrentIncident", SQUARE)], None, True),
        ([at("CurrentIncident", HERE), at("CurrentIncident", SQUARE, name="i9")], "43.1000000 -89.3000000", False),
        ([at("Caller", HERE)], None, False),
        ([at("RoutingLocation", HERE), at("TowerLocation", HERE), at("UnitLocation", HERE)], None, False),
        ([at(None, HERE)], None, False),
    ],
)
async def test_the_position_is_the_one_point_where_the_incident_is(
    door: Door, locations: list[dict[str, Any]], position: str | None, *, noted: bool
) -> None:
    incident = eido()["incidentComponent"] | {"locationReference": [{"$ref": "i9"}]}
    answer = await door.post(eido(locationComponent=locations, incidentComponent=incident), "/v1/eido")
    notes = answer.json()["taken"][0].get("notes", [])
    assert any("several points" in note for note in notes) == noted
    (event,) = door.events()
    assert isinstance(event, CallReported)
    sealed = door.open(event.call_id, event.sealed) if event.sealed else {}
    assert sealed.get("position") == position
    assert b"-89." not in next(iter(door.log.places.values()))[0].value
    assert "-89." not in answer.text


async def test_nobody_without_the_key_can_guess_a_place_from_the_id_of_a_version(door: Door) -> None:
    """The id is made of the content, the personal part included."""
    await door.post(content := eido(locationComponent=[at("CurrentIncident", HERE)]), "/v1/eido")
    (event,) = door.events()
    source = Source(agency="madison-wi", name="dane-county")
    made = [read(json.dumps(content).encode(), source, one.pseudonym)[0] for one in (door.sealer, Sealer(new_key()))]
    assert [version.event_id == event.event_id for version in made] == [True, False]  # type: ignore[attr-defined]
