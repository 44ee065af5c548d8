"""People at the console: they put a programme in force, set its phases, and sign the teams on."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession

from deploy.actors.http import LOST, ask
from shared.judgement import DEFAULT_POOL

READ_SECONDS, COMMAND_SECONDS = 5.0, 8.0
ANSWER_SECONDS = 30.0
"""How long a command is sent again until it is answered."""
PAUSE_SECONDS = 0.3
DONE, DURABLE = 200, 202
AGAIN = (LOST, DURABLE, 408, 429, 502, 503)


class CommandFailed(RuntimeError):
    """A command was refused, or nobody answered it."""

    def __init__(self, path: str, why: str, status: int = LOST) -> None:
        super().__init__(f"{path}: {why}")
        self.status = status


@dataclass(frozen=True, slots=True)
class TeamSpec:
    """A team to put on the roster: who it is made of, where it serves, and who of it is paged."""

    team_id: str
    model: str
    crew: tuple[str, ...]
    districts: tuple[str, ...]
    paged_members: int = 1
    """How many, from the first, a provider pages by webhook; the others look at their page by themselves."""
    pool: str = DEFAULT_POOL

    @property
    def members(self) -> tuple[str, ...]:
        """Its people."""
        named = [f"{self.team_id}-{discipline}" for discipline in self.crew]
        return tuple(f"{name}-{at}" if name in named[:at] else name for at, name in enumerate(named))


class Console:
    """The door for people, of one agency; everybody knocks by name."""

    def __init__(self, http: ClientSession, url: str, token_of: Callable[[str], str]) -> None:
        self._http, self._url, self._token_of = http, url, token_of
        self.durable: set[str] = set()
        """Ids of the commands that it said are durable."""

    async def read(self, who: str, path: str, **query: str) -> Any:
        """What a `GET` tells. Raises CommandFailed."""
        answer = await ask(
            self._http, "GET", f"{self._url}{path}", seconds=READ_SECONDS, params=query, headers=self._headers(who)
        )
        if not answer.is_success:
            raise CommandFailed(path, f"{answer.status} {answer.text[:300]}", answer.status)
        return answer.json()

    async def command(self, who: str, path: str, body: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
        """Issue a command, again and again under one key until it is answered; its answer.

        Raises CommandFailed with the reason it was refused for, or where it is not answered in time.
        """
        headers = self._headers(who) | {"Idempotency-Key": key or secrets.token_hex(16)}
        url, deadline = f"{self._url}{path}", asyncio.get_running_loop().time() + ANSWER_SECONDS
        while True:
            answer = await ask(self._http, "POST", url, seconds=COMMAND_SECONDS, json=dict(body), headers=headers)
            if answer.status in (DONE, DURABLE):
                fields: dict[str, Any] = answer.json()
                self.durable.add(fields["command_id"])
                if answer.status == DONE:
                    return fields
            if answer.status not in AGAIN or asyncio.get_running_loop().time() > deadline:
                raise CommandFailed(path, f"{answer.status or 'no answer'} {answer.text[:600]}".strip(), answer.status)
            await asyncio.sleep(PAUSE_SECONDS)

    def _headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token_of(who)}"}


async def adopt(console: Console, document: str) -> None:
    """Put a programme in force: one person proposes it, another approves. Raises CommandFailed."""
    body = {"document": document, "reason": "the first version"}
    document_hash = (await console.command("ana", "/v1/programme/propose", body))["about"]
    body = {"document_hash": document_hash, "reason": "read and found right"}
    await console.command("ben", "/v1/programme/approve", body)
    for _ in range(100):
        versions = await console.read("vera", "/v1/programme")
        if any(version["document_hash"] == document_hash and version["state"] == "active" for version in versions):
            return
        await asyncio.sleep(PAUSE_SECONDS)
    raise CommandFailed("/v1/programme", "it was approved and did not come into force")


async def set_phases(console: Console, phases: Mapping[tuple[str, str], str]) -> None:
    """Set phases by response and district. Raises CommandFailed."""
    revision = (await console.read("ana", "/v1/switchboard"))["revision"]
    for (response, district), phase in phases.items():
        body = {"response": response, "district": district, "phase": phase, "based_on": revision}
        answer = await console.command("ana", "/v1/switchboard/phase", {**body, "reason": "the first phase"})
        revision = answer["revision"]


async def sign_on(console: Console, teams: Iterable[TeamSpec], pages_url: str) -> dict[str, str]:
    """Define people and teams; the first member signs each on, the others confirm: its link. Raises CommandFailed."""
    links: dict[str, str] = {}
    for team in teams:
        for number, (person_id, discipline) in enumerate(zip(team.members, team.crew, strict=True)):
            person = {
                "person_id": person_id,
                "name": person_id,
                "disciplines": [discipline],
                "languages": ["en", "es"] if number == 0 else ["en"],
            }
            await console.command("ana", "/v1/people", {"person": person})
            way = {"kind": "webhook", "address": pages_url} if number < team.paged_members else {"kind": "pocket"}
            await console.command("ana", f"/v1/people/{person_id}/contacts/pager", way)
        body = {"team_id": team.team_id, "model": team.model, "primary_districts": list(team.districts)}
        await console.command("ana", "/v1/teams", {"team": {**body, "pool": team.pool}})
        shift = {"members": list(team.members), "hours": 12}
        signed_on = await console.command(team.members[0], f"/v1/teams/{team.team_id}/sign-on", shift)
        links[team.team_id] = signed_on["links"][team.members[0]]
        for member in team.members[1:]:
            await console.command(member, f"/v1/teams/{team.team_id}/confirm", {})
    return links
