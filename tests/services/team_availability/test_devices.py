"""Phones and tablets: each one person's or one team's, five at most, and a lost one lets nobody in."""

from __future__ import annotations

from typing import Any

import pytest

from services.team_availability.devices import MOST_DEVICES
from shared.events import (
    CommandDone,
    DeviceEnrolled,
    DeviceRevoked,
    EnrolDevice,
    Event,
    LinksRevoked,
    PersonRemoved,
    RemovePerson,
    RemoveTeam,
    RevokeDevice,
    RevokeLinks,
)
from tests.services.team_availability.driver import Town, reason
from tests.services.team_availability.test_access import accept, sign_on, town_with_people


def enrol(town: Town, device_id: str = "d1", enrolment_id: str = "", **holder: Any) -> Event:
    about = holder or {"person_id": "sal"}
    enrolment_id = enrolment_id or f"of-{device_id}"
    return town.command(
        EnrolDevice, device_id=device_id, credential_hash=f"sha256:{device_id}", enrolment_id=enrolment_id, **about
    )


def revoke(town: Town, device_id: str = "d1", why: str = "left on the bus") -> Event:
    return town.command(RevokeDevice, device_id=device_id, reason=why, issued_by="ana")


def test_a_device_is_enrolled_for_a_person_or_a_team() -> None:
    town = town_with_people()
    assert reason(enrol(town)) == "command-done"
    assert reason(enrol(town, "tablet", team_id="one", label="the tablet")) == "command-done"
    phone, tablet = town.all(DeviceEnrolled)
    assert (phone.person_id, phone.team_id, phone.credential_hash) == ("sal", None, "sha256:d1")
    assert (tablet.person_id, tablet.team_id, tablet.label) == (None, "one", "the tablet")
    again = enrol(town)
    assert isinstance(again, CommandDone)
    assert again.result == "nothing-to-do", "a second tap on the same page"
    assert len(town.all(DeviceEnrolled)) == 2


@pytest.mark.parametrize(
    ("holder", "code"),
    [
        ({"person_id": "nobody"}, "unknown-person"),
        ({"team_id": "none"}, "unknown-team"),
        ({"person_id": "sal", "team_id": "one"}, "no-holder"),
        ({"label": "nobody's"}, "no-holder"),
    ],
)
def test_a_device_is_somebodys_who_is_on_the_books(holder: dict[str, str], code: str) -> None:
    town = town_with_people()
    assert reason(enrol(town, **holder)) == code
    assert not town.all(DeviceEnrolled)


def test_an_enrolment_works_once_also_when_its_device_is_revoked() -> None:
    town = town_with_people()
    enrol(town, "d1", "link")
    assert reason(enrol(town, "d2", "link")) == "enrolment-used"
    assert reason(enrol(town, "d1", "link", person_id="sid")) == "enrolment-used"
    revoke(town)
    assert reason(enrol(town, "d1", "link")) == "enrolment-used"
    assert len(town.all(DeviceEnrolled)) == 1


def test_five_devices_and_no_more_until_another_ends() -> None:
    town = town_with_people()
    for number in range(MOST_DEVICES):
        assert reason(enrol(town, f"d{number}")) == "command-done"
    assert reason(enrol(town, "sixth")) == "too-many-devices"
    assert reason(enrol(town, "of-sid", person_id="sid")) == "command-done"
    revoke(town, "d0")
    assert reason(enrol(town, "sixth", "another link")) == "command-done"


def test_a_device_ends_with_a_reason_and_once() -> None:
    town = town_with_people()
    enrol(town)
    assert reason(revoke(town, why=" ")) == "no-reason"
    assert reason(revoke(town)) == "command-done"
    ended = town.last(DeviceRevoked)
    assert (ended.device_id, ended.revoked_by, ended.reason) == ("d1", "ana", "left on the bus")
    assert reason(revoke(town)) == "unknown-device"
    assert len(town.all(DeviceRevoked)) == 1


@pytest.mark.scenario("duty")
def test_a_lost_phone_ends_with_the_links_and_the_call_and_the_other_phone_stay() -> None:
    town = town_with_people()
    sign_on(town, "ana", vouched=True)
    enrol(town, "lost")
    enrol(town, "at-hand")
    town.call("1")
    accept(town, "sal")
    before, length = town.state, len(town.journal)
    answer = town.command(
        RevokeLinks, person_id="sal", device_ids=("lost", "lost"), reason="stolen on scene", issued_by="ana"
    )
    assert reason(answer) == "command-done"
    assert [type(event) for event in town.journal[length:]] == [LinksRevoked, DeviceRevoked, CommandDone]
    assert town.last(DeviceRevoked).device_id == "lost"
    assert list(town.state.devices) == ["at-hand"]
    assert (town.state.teams, town.state.calls, town.state.clocks) == (before.teams, before.calls, before.clocks)


@pytest.mark.scenario("duty")
def test_a_phone_that_is_not_theirs_ends_nothing() -> None:
    town = town_with_people()
    enrol(town, "of-sid", person_id="sid")
    answer = town.command(RevokeLinks, person_id="sal", device_ids=("of-sid",), reason="lost", issued_by="ana")
    assert reason(answer) == "unknown-device"
    assert not town.all(LinksRevoked)
    assert list(town.state.devices) == ["of-sid"]


@pytest.mark.scenario("duty")
def test_who_leaves_takes_no_device_along() -> None:
    town = town_with_people()
    enrol(town, "of-sal")
    enrol(town, "of-sid", person_id="sid")
    enrol(town, "tablet", team_id="two")
    assert reason(town.command(RemovePerson, person_id="sal")) == "command-done"
    assert (town.last(PersonRemoved).person_id, town.last(DeviceRevoked).device_id) == ("sal", "of-sal")
    assert reason(town.command(RemoveTeam, team_id="two")) == "command-done"
    assert list(town.state.devices) == ["of-sid"]
