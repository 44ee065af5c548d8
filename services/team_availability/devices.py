"""Phones and tablets: whose each is, and that one which is lost lets nobody in any more."""

from __future__ import annotations

from services.team_availability.draft import AgencyDraft
from services.team_availability.state import Device, State
from shared.answers import done, nothing_to_do, refused
from shared.events import DeviceEnrolled, DeviceRevoked, EnrolDevice, Event, RevokeDevice

MOST_DEVICES = 5
"""Of one person, or of one team: who enrols more has lost track of some."""


def enrol_device(draft: AgencyDraft, command: EnrolDevice) -> list[Event]:
    """A device is a person's or a team's; the link that it was enrolled with works once."""
    state, device = draft.state, Device(command.credential_hash, command.person_id, command.team_id)
    if fault := _fault(state, command):
        return [refused(command, *fault)]
    if state.devices.get(command.device_id) == device:
        return [nothing_to_do(command, f"It is {device.holder}'s already.", about=command.device_id)]
    if command.device_id in state.devices or command.enrolment_id in state.enrolments:
        sentence = "This link has been used: each enrols one device, once. Ask for another."
        return [refused(command, "enrolment-used", sentence)]
    if len(devices_of(state, command.person_id, command.team_id)) >= MOST_DEVICES:
        sentence = f"{device.holder} has {MOST_DEVICES} devices, and nobody has more: revoke one that is not used."
        return [refused(command, "too-many-devices", sentence)]
    enrolled = DeviceEnrolled(
        device_id=command.device_id,
        credential_hash=command.credential_hash,
        person_id=command.person_id,
        team_id=command.team_id,
        label=command.label,
        enrolment_id=command.enrolment_id,
        enrolled_by=command.issued_by,
    )
    return [enrolled, done(command, f"It is {device.holder}'s from now on.", about=command.device_id)]


def revoke_device(draft: AgencyDraft, command: RevokeDevice) -> list[Event]:
    """A device lets nobody in any more; what its holder has to do goes on."""
    device = draft.state.devices.get(command.device_id)
    if device is None:
        sentence = f"No device {command.device_id} lets anybody in: look at the list of those that do."
        return [refused(command, "unknown-device", sentence)]
    if not command.reason.strip():
        return [refused(command, "no-reason", f"Say why this device of {device.holder} is revoked.")]
    revoked = DeviceRevoked(device_id=command.device_id, revoked_by=command.issued_by, reason=command.reason)
    return [revoked, done(command, f"This device of {device.holder} lets nobody in any more.", about=command.device_id)]


def devices_of(state: State, person_id: str | None, team_id: str | None) -> list[str]:
    """The devices of a person, or of a team."""
    holder = (person_id, team_id)
    return [key for key, device in state.devices.items() if (device.person_id, device.team_id) == holder]


def revoked_with(state: State, reason: str, *, person_id: str | None = None, team_id: str | None = None) -> list[Event]:
    """The end of every device of a person or a team that is on the books no more."""
    ids = sorted(devices_of(state, person_id, team_id))
    return [DeviceRevoked(device_id=device_id, reason=reason) for device_id in ids]


def _fault(state: State, command: EnrolDevice) -> tuple[str, str] | None:
    """Why a device can be nobody's that it would be; a stable code and a sentence."""
    person_id, team_id = command.person_id, command.team_id
    if (person_id is None) == (team_id is None):
        return "no-holder", "A device is one person's or one team's: say whose."
    if person_id is not None and person_id not in state.people:
        return "unknown-person", f"There is no {person_id} among the staff."
    if team_id is not None and team_id not in state.teams:
        return "unknown-team", f"There is no {team_id} on the roster."
    return None
