"""How each event of team availability's journal changes its state: phones and tablets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.team_availability.state import Device, State
from shared.events import DeviceEnrolled, DeviceRevoked
from shared.replace import replace


def _enrolled(state: State, event: DeviceEnrolled, at: datetime) -> State:
    device = Device(event.credential_hash, event.person_id, event.team_id)
    enrolments = state.enrolments.set(event.enrolment_id, at, at) if event.enrolment_id else state.enrolments
    return replace(state, devices=state.devices.set(event.device_id, device), enrolments=enrolments)


def _revoked(state: State, event: DeviceRevoked, _at: datetime) -> State:
    return replace(state, devices=state.devices.delete(event.device_id)) if event.device_id in state.devices else state


DEVICE_CHANGES: dict[type[Any], Callable[[State, Any, datetime], State]] = {
    DeviceEnrolled: _enrolled,
    DeviceRevoked: _revoked,
}
