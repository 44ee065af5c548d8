"""A probe of the whole way: a call of a made-up agency is triaged, offered, paged, accepted, told, and cleared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.prober.doors import LOOK_SECONDS, Doors, Refused
from services.prober.messages import Inbox, Page
from shared import probes
from shared.clock import Clock
from shared.probes import ProbeAgency

STAGES = ("set-up", "taken", "paged", "opened", "accepted", "told", "cleared")
"""In their order. A probe that is missed names the one that it did not come to."""
SHIFT_HOURS = 24
LAST_HOURS = timedelta(hours=2)
"""A shift that ends so soon is begun anew: in its last hour nobody is offered a call, which might take that long."""
DISPOSITION = "no-longer-needed"
WAY = "prober"
"""The contact method over which the team is paged."""

Reached = Callable[[str], None]
"""`reached(stage)`: the probe has come so far."""


class Wrong(Exception):
    """Careroute has answered, and not as it should: a sentence."""


@dataclass(slots=True)
class WholeWay:
    """One made-up agency, and how its calls go."""

    name: str
    agency: ProbeAgency
    inbox: Inbox
    doors: Doors
    clock: Clock
    prober_url: str
    is_set_up: bool = field(default=False, init=False)
    """Whether document, phase and roster were there at the last look; looked after again when a probe was missed."""
    has_said_where: bool = field(default=False, init=False)
    """Whether the way to this prober was set since it started: it may be at another address by now."""

    async def go(self, probe_id: str, reached: Reached) -> None:
        """Send a call and follow it to its end. Raises Refused, Wrong; the caller bounds the time."""
        if not self.is_set_up:
            await self._set_up()
        await self._free_the_team()
        self.inbox.empty()
        reached("set-up")
        await self._publish(probe_id, self.clock.now(), "active")
        reached("taken")
        offer_id, page = await self._offer_paged(probe_id)
        reached("paged")
        await self.doors.open_page(page.link)
        reached("opened")
        await self._command(probes.ROBOT, f"/v1/offers/{offer_id}/accept", eta_minutes=1)
        reached("accepted")
        await self._told(probe_id)
        reached("told")
        await self._clear()
        await self._publish(probe_id, self.clock.now(), "closed")
        reached("cleared")

    # --- the call

    async def _publish(self, probe_id: str, at: datetime, status: str) -> None:
        call = {
            "event_id": f"{probe_id}-{status}",
            "agency": self.name,
            "source": probes.SOURCE,
            "incident_id": probe_id,
            "status": status,
            "created_at": at.isoformat(),
            "updated_at": at.isoformat(),
            "call_type": probes.CALL_TYPE,
            "district": probes.DISTRICT,
            "answers": dict.fromkeys(probes.QUESTIONS, "no"),
        }
        await self.doors.publish(self.agency.key, call)

    def _call_id(self, probe_id: str) -> str:
        return f"{self.name}/{probes.SOURCE}/{probe_id}"

    async def _offer_paged(self, probe_id: str) -> tuple[str, Page]:
        """The offer of this call that the team was paged for.

        Pages of former calls may still be on their way, and the console may know of one a little after it has come.
        """
        path, came = f"/v1/calls/{self._call_id(probe_id)}", {}
        page = await self.inbox.pages.get()
        while True:
            came[page.page_id] = page
            seen = await self.doors.look(self._token(probes.SUPERVISOR), path)
            for owed in [] if seen is None else seen["pages"]:
                if owed["page_id"] in came and seen["offers"]:
                    return seen["offers"][-1]["offer_id"], came[owed["page_id"]]
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    page = await self.inbox.pages.get()

    async def _told(self, probe_id: str) -> None:
        """Raises Wrong where the CAD is told something else."""
        while True:
            told = await self.inbox.outcomes.get()
            if told["call_id"] == self._call_id(probe_id):
                break
        if (told["outcome"], told["team_id"]) != ("team-accepted", probes.TEAM):
            raise Wrong(f"the CAD is told {told['outcome']}")

    # --- the team

    async def _free_the_team(self) -> None:
        """Have the team on shift, and done with whatever a former probe has left it with.

        What is over meanwhile, which the console may know a little later, is refused, and keeps it from nothing.
        """
        teams = await self.doors.read(self._token(probes.SUPERVISOR), "/v1/teams")
        team = next((seen for seen in teams if seen["team"]["team_id"] == probes.TEAM), None)
        if team is not None and team["shift_id"] is not None:
            for offer_id in team["offers"]:
                with suppress(Refused):
                    await self._command(probes.ROBOT, f"/v1/offers/{offer_id}/decline")
            if team["call_id"] is not None:
                with suppress(Refused):
                    await self._clear()
            await self._command(probes.ROBOT, f"/v1/teams/{probes.TEAM}/status", status="available")
            if datetime.fromisoformat(team["shift_ends_at"]) - self.clock.now() > LAST_HOURS:
                return
            await self._command(probes.ROBOT, f"/v1/teams/{probes.TEAM}/sign-off")
        await self._command(probes.ROBOT, f"/v1/teams/{probes.TEAM}/sign-on", members=[probes.ROBOT], hours=SHIFT_HOURS)

    async def _clear(self) -> None:
        await self._command(probes.ROBOT, f"/v1/teams/{probes.TEAM}/status", status="cleared", disposition=DISPOSITION)

    # --- the agency

    async def _set_up(self) -> None:
        """Put the document in force, switch its response live, put the team on the roster: whatever is not so yet."""
        await self._adopt()
        board = await self.doors.read(self._token(probes.SUPERVISOR), "/v1/switchboard")
        where = f"{probes.RESPONSE}/{probes.DISTRICT}"
        if board["phases"].get(where, {}).get("phase") != "live":
            about = {"response": probes.RESPONSE, "district": probes.DISTRICT, "phase": "live"}
            await self._command(
                probes.SUPERVISOR, "/v1/switchboard/phase", **about, based_on=board["revision"], reason="probes"
            )
        person = {"person_id": probes.ROBOT, "disciplines": ["clinician"]}
        await self._command(probes.SUPERVISOR, "/v1/people", person=person)
        await self._say_where()
        team = {"team_id": probes.TEAM, "model": "mobile-crisis-team", "primary_districts": [probes.DISTRICT]}
        await self._command(probes.SUPERVISOR, "/v1/teams", team=team)
        self.is_set_up = True

    async def _say_where(self) -> None:
        """Set the way to the team, unless it stands: where notification is down, that is for the pages to find out.

        One over which nobody has answered for 90 days is taken for broken, and the robots answer at the console.
        """
        ways = f"/v1/people/{probes.ROBOT}/contacts"
        present = await self.doors.read(self._token(probes.SUPERVISOR), ways) if self.has_said_where else []
        if not any(way["method_id"] == WAY and not way["broken"] for way in present):
            pages_url = probes.pages_url(self.prober_url, self.name)
            await self._command(probes.SUPERVISOR, f"{ways}/{WAY}", kind="webhook", address=pages_url)
            self.has_said_where = True

    async def _adopt(self) -> None:
        if await self._is_in_force():
            return
        document = probes.document_of(self.name)
        proposed = await self._command(probes.SUPERVISOR, "/v1/programme/propose", document=document, reason="probes")
        await self._command(probes.APPROVER, "/v1/programme/approve", document_hash=proposed["about"], reason="probes")
        while not await self._is_in_force():  # noqa: ASYNC110  # it is in another process
            await asyncio.sleep(LOOK_SECONDS)

    async def _is_in_force(self) -> bool:
        documents = await self.doors.read(self._token(probes.SUPERVISOR), "/v1/programme")
        return any(seen["state"] == "active" for seen in documents)

    def _token(self, person: str) -> str:
        return self.agency.tokens[person]

    async def _command(self, by: str, path: str, **body: Any) -> dict[str, Any]:
        return await self.doors.command(self._token(by), path, **body)
