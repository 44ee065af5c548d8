"""Rostering run by a worker, beside team availability, behind the console: from a rotation to a gap that is mended."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.rostering.service import ROSTERING
from services.team_availability.service import TEAM_AVAILABILITY
from shared import events
from shared.clock import SystemClock
from shared.engine.memory import MemoryBroker
from shared.engine.service import Service
from shared.engine.worker import Worker
from shared.topics import NOTIFICATIONS
from tests.services.console.driver import AGENCY, City, FakeServices, running_city

SECONDS = 10
PEOPLE = ("the-staff", "ann", "third")
"""The last is in no rotation."""
ROTATION: dict[str, Any] = {
    "rotation_id": "nights",
    "team_id": "one",
    "duty": "on-call",
    "zone": "America/Chicago",
    "starts": "19:00",
    "ends": "07:00",
    "crews": [["the-staff"], ["ann"]],
    "anchor": (datetime.now(UTC).date() - timedelta(days=2)).isoformat(),
}


async def said(city: City, token: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A command that is carried out, however slow this machine is."""
    async with asyncio.timeout(SECONDS):
        while True:
            answer = await city.post(token, path, body)
            if answer.status_code == 200:
                result: dict[str, Any] = answer.json()
                return result
            assert answer.status_code in (202, 409), answer.text  # 409: a name that rostering has not heard of yet
            await asyncio.sleep(0.05)


async def rota(city: City, shifts: int, lacking: int, begun: str = "") -> list[dict[str, Any]]:
    """The rota, once it has so many shifts, and so many that lack something; and one that has begun."""
    async with asyncio.timeout(SECONDS):
        while True:
            seen: list[dict[str, Any]] = (await city.get("viewer", "/v1/rota", days=100)).json()
            counts = (len(seen), sum(bool(shift["gaps"]) for shift in seen))
            if counts == (shifts, lacking) and begun in ("", *(shift["shift_id"] for shift in seen if shift["begun"])):
                return seen
            await asyncio.sleep(0.05)


async def test_from_a_rotation_to_a_gap_that_is_mended(tmp_path: Path) -> None:
    async with running_city(tmp_path, lambda log: FakeServices(log, silent=True)) as city:
        stopping = asyncio.Event()
        services: tuple[Service[Any], ...] = (TEAM_AVAILABILITY, ROSTERING)
        workers = [
            asyncio.create_task(Worker(service, MemoryBroker(city.log), SystemClock(), service.name).run(stopping))
            for service in services
        ]
        await said(city, "supervisor", "/v1/teams", {"team": {"team_id": "one", "model": "peer-led"}})
        for person_id in PEOPLE:
            person = {"person_id": person_id, "name": "-", "disciplines": ["peer"]}
            await said(city, "supervisor", "/v1/people", {"person": person})
        defined = await said(city, "supervisor", "/v1/rota/rotations", {"rotation": ROTATION})
        count = int(defined["sentence"].split()[2].strip(","))
        assert count in (42, 43), "perhaps a shift runs"
        seen = await rota(city, count, count)
        assert {gap["why"] for shift in seen for gap in shift["gaps"]} == {"unreachable"}
        for person_id in PEOPLE:
            way = events.ContactSet(person_id=person_id, method_id="sms", kind="sms")
            proved = events.ContactProved(person_id=person_id, method_id="sms")
            city.services.write(AGENCY, way, proved, journal=NOTIFICATIONS.name)
        seen = await rota(city, count, 0)
        own = next(shift for shift in seen[2:] if shift["places"][0]["held"][0]["person_id"] == "the-staff")
        away = {"starts_at": own["starts_at"], "ends_at": own["ends_at"]}
        await said(city, "staff", "/v1/rota/absences", away)
        await rota(city, count, 1)
        asked = await said(city, "staff", f"/v1/rota/shifts/{own['shift_id']}/cover", {})
        assert asked["sentence"] == "People asked: 2."
        await said(city, "ann", f"/v1/rota/shifts/{own['shift_id']}/take", {})
        seen = await rota(city, count, 0)
        assert (
            next(shift for shift in seen if shift["shift_id"] == own["shift_id"])["places"][0]["held"][0]["person_id"]
            == "ann"
        )
        begins = datetime.now(UTC) - timedelta(hours=1)
        now = {"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=3)).isoformat()}
        body = {"team_id": "one", "duty": "on-shift", "zone": "UTC", "places": [{"person_id": "third"}], **now}
        planned = await said(city, "supervisor", "/v1/rota/shifts", body)
        await rota(city, count + 1, 0, begun=planned["about"])
        stopping.set()
        await asyncio.gather(*workers)
