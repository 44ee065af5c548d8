"""A phone asks for pushes, or ends them: its subscription is sealed here, and becomes a way to its person."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from services.pocket.door import DOOR, OWN_PAGE, STRANGE_PAGE, Door
from services.pocket.me.book import Device
from services.pocket.pages import Back
from shared.contact_forms import AddressRefused, normal_form
from shared.contacts import ContactKey, append_contact, erase_contacts, push_key, seal_address
from shared.doors.command import LogAway, appended
from shared.doors.pages import Page
from shared.events import Command, CommandRefused, RemoveContact, SetContact, child_id

AWAY = "careroute cannot be reached just now. Try again in a moment."
NOT_ON_HERE = "Notifications are not set up here: calls come by text, phone or mail."
ON = "This phone is told of calls."


def add_pushes(app: FastAPI, door: Door) -> None:
    """Add the routes with which a phone asks for pushes, and ends them."""

    @app.post(OWN_PAGE + "/push")
    async def subscribe(request: Request) -> Response:
        """What a browser's script sends: its subscription, again whenever the page is opened."""
        device = door.tapped(request)
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _said("Send the subscription as JSON.", 415)
        if device.person_id is None or door.own.sealer is None or not door.own.push_key:
            return _said(NOT_ON_HERE, 409)
        try:
            address = normal_form("push", (await request.body()).decode(), networks=door.own.networks)
        except (AddressRefused, UnicodeDecodeError) as wrong:
            return _said(f"The subscription {wrong}." if isinstance(wrong, AddressRefused) else "No UTF-8.", 422)
        return await _set(door, device, device.person_id, address)

    @app.post(OWN_PAGE + "/push/end")
    async def end(request: Request, back: Back) -> Response:
        device = door.tapped(request)
        if device.person_id is None:
            raise STRANGE_PAGE
        command = RemoveContact(
            command_id=child_id(device.device_id, f"push-ended/{door.clock.now().isoformat()}"),
            person_id=device.person_id,
            method_id=device.push_id,
            **door.issued(device.person_id),
        )
        await erase_push(door, device)
        await door.act(device.agency, command, back)
        return RedirectResponse(back, 303)


async def erase_push(door: Door, device: Device) -> None:
    """Erase where pushes to a device went. Raises Page."""
    try:
        await appended(erase_contacts(door.broker, device.agency, (_key(device, device.person_id or ""),)))
    except LogAway:
        raise Page(503, "Not sent", AWAY) from None


async def _set(door: Door, device: Device, person_id: str, address: str) -> Response:
    """Have the push stand; where it stands already, nothing is written."""
    sealer = door.own.sealer
    assert sealer is not None  # noqa: S101  # asked before
    standing = door.view.book.push_to(device)
    if standing is not None and standing.fingerprint == sealer.pseudonym(address) and not standing.broken:
        return _said(ON)
    contact = seal_address(sealer, _key(device, person_id), "push", address)
    try:
        position = await appended(append_contact(door.broker, door.clock, DOOR, contact))
        command: Command = SetContact(
            command_id=child_id(device.device_id, f"push/{position}"),
            person_id=person_id,
            method_id=device.push_id,
            kind="push",
            shown=contact.shown,
            fingerprint=contact.fingerprint,
            position=position,
            **door.issued(person_id),
        )
        answer = await door.issue(device.agency, command)
    except LogAway:
        return _said(AWAY, 503)
    if isinstance(answer, CommandRefused):
        return _said(answer.sentence, 409)
    return _said("Sent, and not answered yet." if answer is None else ON, 202 if answer is None else 200)


def _key(device: Device, person_id: str) -> ContactKey:
    return push_key(device.agency, person_id, device.device_id)


def _said(sentence: str, status: int = 200) -> Response:
    content: dict[str, Any] = {"sentence": sentence}
    return Response(json.dumps(content), status, media_type="application/json")
