"""The people at the console, played: a supervisor and an approver who set the city up, a dispatcher who watches."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from shared.judgement import DEFAULT_POOL

ANSWER_SECONDS = 30.0
PAUSE_SECONDS = 0.3


class CommandFailed(RuntimeError):
    """A command was refused, or nobody answered it."""


@dataclass(frozen=True, slots=True)
class TeamWanted:
    """A team to put on the roster: who it is made of, where it serves, and how its first member is paged."""

    team_id: str
    model: str
    crew: tuple[str, ...]
    districts: tuple[str, ...]
    paged_by: str = "webhook"
    """`webhook`, or `pocket`: it looks at its page by itself."""
    pool: str = DEFAULT_POOL

    @property
    def members(self) -> tuple[str, ...]:
        """Its people."""
        named = [f"{self.team_id}-{discipline}" for discipline in self.crew]
        return tuple(f"{name}-{at}" if name in named[:at] else name for at, name in enumerate(named))


class Console:
    """Commands through the door for people, by name."""

    def __init__(self, client: httpx.AsyncClient, url: str, token_of: Callable[[str], str]) -> None:
        self._client, self._url, self._token_of = client, url, token_of

    async def read(self, who: str, path: str, **query: Any) -> Any:
        """What a `GET` tells. Raises CommandFailed."""
        answer = await self._client.get(
            f"{self._url}{path}", params=query, headers={"Authorization": f"Bearer {self._token_of(who)}"}, timeout=5
        )
        if not answer.is_success:
            raise CommandFailed(f"{path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    async def command(self, who: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Issue a command until it is answered; its answer. Raises CommandFailed with the reason it was refused for."""
        headers = {"Authorization": f"Bearer {self._token_of(who)}", "Idempotency-Key": secrets.token_hex(16)}
        deadline = asyncio.get_running_loop().time() + ANSWER_SECONDS
        said = "no answer"
        while asyncio.get_running_loop().time() < deadline:
            try:
                answer = await self._client.post(f"{self._url}{path}", json=dict(body), headers=headers, timeout=8)
            except httpx.HTTPError as error:
                said = type(error).__name__
            else:
                if answer.status_code == httpx.codes.OK:
                    told: dict[str, Any] = answer.json()
                    return told
                said = f"{answer.status_code} {answer.text[:600]}"
                if answer.status_code not in (202, 429, 503):
                    raise CommandFailed(f"{path}: {said}")
            await asyncio.sleep(PAUSE_SECONDS)
        raise CommandFailed(f"{path}: {said}")


async def adopt(console: Console, document: str) -> None:
    """Put a programme in force: one proposes, another approves. Raises CommandFailed."""
    proposed = await console.command(
        "ana", "/v1/programme/propose", {"document": document, "reason": "the demo begins"}
    )
    document_hash = proposed["about"]
    body = {"document_hash": document_hash, "reason": "read and found right"}
    await console.command("ben", "/v1/programme/approve", body)
    for _ in range(100):
        versions = await console.read("vera", "/v1/programme")
        if any(one["document_hash"] == document_hash and one["state"] == "active" for one in versions):
            return
        await asyncio.sleep(PAUSE_SECONDS)
    raise CommandFailed("the programme was approved and did not come into force")


async def set_phases(console: Console, phases: Mapping[tuple[str, str], str]) -> None:
    """Set phases by response and district. Raises CommandFailed."""
    revision = (await console.read("ana", "/v1/switchboard"))["revision"]
    for (response, district), phase in phases.items():
        body = {"response": response, "district": district, "phase": phase, "based_on": revision}
        answer = await console.command("ana", "/v1/switchboard/phase", {**body, "reason": "the demo begins"})
        revision = answer["revision"]


async def staff(console: Console, teams: Iterable[TeamWanted], pages_url: str) -> dict[str, str]:
    """Define people and teams and sign them on; the pocket link of each team's first member. Raises CommandFailed."""
    links: dict[str, str] = {}
    for team in teams:
        for number, (person_id, discipline) in enumerate(zip(team.members, team.crew, strict=True)):
            method = {"method_id": "phone", "kind": "pocket"}
            if number == 0 and team.paged_by == "webhook":
                method = {"method_id": "pager", "kind": "webhook", "url": pages_url}
            person = {
                "person_id": person_id,
                "name": person_id,
                "disciplines": [discipline],
                "languages": ["en", "es"] if number == 0 else ["en"],
                "contact_methods": [method],
            }
            await console.command("ana", "/v1/people", {"person": person})
        body = {"team_id": team.team_id, "model": team.model, "primary_districts": list(team.districts)}
        await console.command("ana", "/v1/teams", {"team": {**body, "pool": team.pool}})
        shift = {"members": list(team.members), "hours": 12}
        signed_on = await console.command("ana", f"/v1/teams/{team.team_id}/sign-on", shift)
        links[team.team_id] = signed_on["links"][team.members[0]]
    return links


class Dispatcher:
    """Watches advisory districts and confirms, overrides, or lets pass; takes a call away from us now and then."""

    def __init__(
        self, console: Console, *, seed: int, districts: Iterable[str], overrides_in: Iterable[str] = ()
    ) -> None:
        self._console, self._chance = console, random.Random(f"dispatcher/{seed}")  # noqa: S311  # a simulation
        self._advisory, self._overrides_in = tuple(districts), tuple(overrides_in)
        self._seen: set[tuple[str, int]] = set()
        self.did: Counter[str] = Counter()

    async def watch(self) -> None:
        """Look at the open calls once a second, for ever."""
        while True:
            await asyncio.sleep(1.0)
            try:
                for district in self._advisory:
                    for call in await self._open_calls(district):
                        await self._advise(call)
                for district in self._overrides_in:
                    for call in await self._open_calls(district):
                        await self._override(call)
            except (CommandFailed, httpx.HTTPError):
                self.did["was refused, or too late"] += 1

    async def pause(self, district: str, seconds: float) -> None:
        """Throw the stop switch, and have the supervisor end it after a while. Raises CommandFailed."""
        await self._console.command(
            "cleo", "/v1/switchboard/pause", {"district": district, "reason": "smoke in the area"}
        )
        self.did["paused"] += 1
        await asyncio.sleep(seconds)
        await self._console.command("ana", "/v1/switchboard/resume", {"district": district, "reason": "all clear"})
        self.did["resumed"] += 1

    async def _open_calls(self, district: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._console.read(
            "cleo", "/v1/calls", district=district, open="true", limit=100
        )
        return found

    async def _advise(self, call: Mapping[str, Any]) -> None:
        if call["state"] != "advised" or not self._first_time(call):
            return
        drawn = self._chance.random()
        if drawn < 0.68:
            await self._console.command("cleo", f"/v1/calls/{call['call_id']}/confirm", {"reason": "fits"})
            self.did["confirmed"] += 1
        elif drawn < 0.82:
            await self._send(call, "default")

    async def _override(self, call: Mapping[str, Any]) -> None:
        if call["state"] not in ("offered", "triaged") or not self._first_time(call):
            return
        drawn = self._chance.random()
        if drawn < 0.04:
            await self._send(call, "default")

    async def _send(self, call: Mapping[str, Any], send: str) -> None:
        body = {"send": send, "reason": "I know the address"}
        await self._console.command("cleo", f"/v1/calls/{call['call_id']}/override", body)
        self.did[f"overrode with {send}"] += 1

    def _first_time(self, call: Mapping[str, Any]) -> bool:
        key = (call["call_id"], len(call["outcomes"]))
        is_first = key not in self._seen
        self._seen.add(key)
        return is_first
