"""Acknowledging an alert at the door: which one is meant, and that it has not ended or been raised again."""

from __future__ import annotations

from typing import Any

from shared import events
from shared.topics import NOTIFICATIONS
from tests.services.console.driver import AGENCY, City

DISABLED = events.CadWebhookDisabled(source="dane-county")


async def alert_of(city: City) -> Any:
    (alert,) = (await city.get("viewer", "/v1/alerts")).json()
    return alert


async def test_an_alert_is_acknowledged_as_it_was_raised(city: City) -> None:
    city.services.write(AGENCY, DISABLED, journal=NOTIFICATIONS.name)
    await city.settle()
    alert = await alert_of(city)
    assert (alert["alert_id"], alert["acknowledged"]) == ("webhook-disabled/dane-county", None)
    body = {"alert_id": alert["alert_id"], "raised_at": alert["at"], "reason": "the CAD is being moved"}
    answer = await city.post("dispatcher", "/v1/alerts/acknowledge", body)
    assert (answer.status_code, answer.json()["sentence"]) == (200, "the-dispatcher looks after it.")
    (command,) = city.commands()
    assert isinstance(command, events.AcknowledgeAlert)
    assert (command.kind, command.raised_at.isoformat(), command.noise) == (
        "webhook-disabled",
        alert["at"].replace("Z", "+00:00"),
        False,
    )
    word = (await alert_of(city))["acknowledged"]
    assert (word["by"], word["reason"], word["noise"]) == ("the-dispatcher", "the CAD is being moved", False)


async def test_what_has_ended_or_never_was_cannot_be_acknowledged(city: City) -> None:
    path = "/v1/alerts/acknowledge"
    assert (await city.post("dispatcher", path, {"alert_id": "team-silent/x"})).status_code == 404
    city.services.write(AGENCY, DISABLED, journal=NOTIFICATIONS.name)
    await city.settle()
    body = {"alert_id": "webhook-disabled/dane-county", "raised_at": "2021-09-01T00:00:00Z"}
    stale = await city.post("dispatcher", path, body)
    assert (stale.status_code, stale.json()["reason"]) == (409, "raised-again")
    enabled = events.CadWebhookEnabled(source="dane-county")
    city.services.write(AGENCY, enabled, journal=NOTIFICATIONS.name)
    await city.settle()
    assert (await city.post("dispatcher", path, {"alert_id": body["alert_id"]})).status_code == 404
    assert city.commands() == []
