"""Promise: nothing personal of a call leaks; and of one that was erased nobody reads anything, anywhere, with any key.

All services run in this process on one log. What is personal is marked; one call is erased after its team has cleared,
another stays, which shows that whoever looks here would find something.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from aiohttp import ClientSession

from deploy.actors.console import Console, TeamSpec, adopt, set_phases, sign_on
from deploy.demo.stages import OneProcess
from deploy.local.access import AgencySpec, people_with
from deploy.redecide import redecide_all
from services.reporting.store.engine import FILE_NAME, open_engine, sqlite_url
from services.reporting.store.prepare import prepare
from services.reporting.store.write import begin_at
from shared.engine.broker import Record, Stored
from shared.engine.memory import MemoryLog
from shared.engine.topic import DEAD_LETTERS
from shared.engine.worker import Worker
from shared.events import OfferMade, Sealed, decode
from shared.links import token_of
from shared.sealing import CannotOpen, Sealer
from shared.topics import ASSIGNMENTS, CALLS, DECISIONS, TOPICS
from tests.rig.call_keys import keys_in
from tests.rig.town import PROGRAMME
from tests.rig.waiting import until
from tests.services.reporting.conftest import NOW
from tests.services.reporting.journals import PLACES, batches, store_all

AGENCY = "madison"
TEAM = TeamSpec("one", "community-responder", ("paramedic", "crisis-worker"), ("Central",), 0)
MARKS = ("xyzzy", "5550142", "quennell", "89.0123", "weeping willow")
SEALED = re.compile(rb'\{"key_id":"[0-9a-f]+","nonce":"[^"]+","ciphertext":"[^"]+"\}')


def personal(incident: str) -> dict[str, Any]:
    return {
        "address": f"415 Xyzzy Road, flat {incident}",
        "callback_number": "+1 608 555 0142",
        "caller_name": "Quennell",
        "narrative": "He sits under the weeping willow.\nThe caller is Quennell, his brother.",
        "position": {"latitude": 43.07, "longitude": -89.0123},
    }


class Town(NamedTuple):
    """A whole careroute with a team on shift, its CAD, and a supervisor at the console."""

    stage: OneProcess
    console: httpx.AsyncClient
    phone: httpx.AsyncClient
    cad: httpx.AsyncClient

    @property
    def log(self) -> MemoryLog:
        return self.stage._log

    @property
    def sealer(self) -> Sealer:
        return Sealer(self.stage.access.sealing_key)

    def records(self) -> list[Stored]:
        """Everything that stands in any topic: journals, snapshots and dead letters among them."""
        return [stored for held in self.log.places.values() for stored in held]

    def text(self) -> str:
        return "\n".join(f"{stored.key} {stored.value!r} {stored.headers}" for stored in self.records())

    def opened(self) -> list[str]:
        """What somebody reads of all that is sealed anywhere, with every key that can still be had."""
        keys, found = keys_in(self.log, self.sealer), []
        calls = {stored.headers["subject"].decode() for stored in self.records() if stored.topic == CALLS.name}
        for stored in self.records():
            for part in SEALED.findall(stored.value):
                for bound_to in (*calls, stored.key):
                    for opener in (keys, self.sealer):
                        try:
                            found.append(str(opener.open(bound_to, Sealed(**json.loads(part)))))
                        except CannotOpen:
                            continue
        return found

    async def publish(self, incident: str, event_id: str = "1", **changes: Any) -> None:
        now = datetime.now(UTC).isoformat()
        call = {
            "event_id": event_id,
            "agency": AGENCY,
            "source": "cad",
            "incident_id": incident,
            "created_at": now,
            "updated_at": now,
            "call_type": {"system": "rig", "code": "CHECK PERSON", "text": "the brother of Quennell"},
            "answers": dict.fromkeys(("Q1", "Q2", "Q3", "Q4", "Q5"), "no"),
            "district": "Central",
        }
        answer = await self.cad.post("/v1/calls", json={**call, **personal(incident), **changes})
        assert answer.status_code == 200, answer.text

    async def erase(self, incident: str) -> httpx.Response:
        path = f"/v1/calls/{AGENCY}/cad/{incident}/erase"
        return await self.console.post(path, json={"reason": "the caller asked for it"})

    async def offer_page(self, incident: str) -> str:
        """Where the team's first member answers the offer."""

        def made() -> OfferMade | None:
            for stored in self.records():
                if stored.topic == ASSIGNMENTS.name and stored.headers.get("type") == OfferMade.type.encode():
                    event = decode(OfferMade.type, stored.value)
                    if isinstance(event, OfferMade) and event.call_id.endswith(f"/{incident}"):
                        return event
            return None

        offer = await until(made, 30)
        return f"/p/{token_of(self.stage.access.link_secret, 'offer', offer.offer_id, TEAM.members[0])}"


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setitem(Worker.__init__.__kwdefaults__, "snapshot_every_records", 1)  # type: ignore[arg-type]
    stage = OneProcess(tmp_path, AgencySpec(AGENCY, people=people_with(TEAM.members)))
    await stage.start(lambda _: None)
    token_for = partial(stage.access.token, AGENCY)
    async with ClientSession() as http:
        people = Console(http, stage.url_of("console"), token_for)
        await adopt(people, PROGRAMME.format(agency=AGENCY, offer_seconds=30, deadline_seconds=55, step_seconds=40))
        await set_phases(people, {("cares", "Central"): "live"})
        await sign_on(people, [TEAM], "http://127.0.0.1:9/none")
    supervisor = {"Authorization": f"Bearer {token_for('ana')}"}
    async with (
        httpx.AsyncClient(base_url=stage.url_of("console"), headers=supervisor, timeout=20) as console,
        httpx.AsyncClient(base_url=stage.url_of("pocket"), follow_redirects=True, timeout=20) as phone,
        httpx.AsyncClient(
            base_url=stage.url_of("intake"), headers={"X-API-Key": stage.access.key(AGENCY)}, timeout=20
        ) as cad,
    ):
        yield Town(stage, console, phone, cad)
    await stage.stop()


async def served(town: Town, incident: str) -> list[str]:
    """A team takes a call, reads where it is, and clears it; the pages that it saw after that."""
    await town.publish(incident)
    page = await town.offer_page(incident)
    assert "Xyzzy" not in (await town.phone.get(page)).text
    await town.phone.post(f"{page}/accept", data={"eta_minutes": 5})
    assert f"flat {incident}" in (await town.phone.get(page)).text
    await town.publish(incident, "2", narrative="A later version, and still the weeping willow.")
    await town.phone.post(f"{page}/status", data={"status": "on-scene", "page_at": 1})
    if incident == "1":
        refused = await town.erase(incident)
        assert (refused.status_code, refused.json()["reason"]) == (409, "team-has-call")
        assert "flat 1" in (await town.phone.get(page)).text
    cleared = {"status": "cleared", "disposition": "resolved-on-scene", "page_at": 2}
    await town.phone.post(f"{page}/status", data=cleared)
    if incident == "1":
        assert (await town.erase(incident)).json()["reason"] == "call-open"
    await town.publish(incident, "3", status="closed")
    return [page]


async def test_of_an_erased_call_nothing_is_left_to_read(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = [*await served(town, "1"), *await served(town, "2")]
    misplaced = next(stored for stored in town.records() if stored.topic == CALLS.name)
    elsewhere = (misplaced.partition + 1) % town.log.partitions
    again = Record(misplaced.key, misplaced.value, tuple(misplaced.headers.items()))
    town.log.append(CALLS.name, elsewhere, [again])  # refused, and kept among the dead letters
    await until(lambda: any(stored.topic == DEAD_LETTERS.name for stored in town.records()), 30)
    before = town.opened()
    assert [sum(f"flat {incident}" in text for text in before) >= 3 for incident in ("1", "2")] == [True, True]

    erased = await town.erase("1")
    assert erased.status_code == 200, erased.text
    after = town.opened()
    assert [sum(f"flat {incident}" in text for text in after) >= 3 for incident in ("1", "2")] == [False, True]
    for topic in (topic for topic in TOPICS if topic.compacted):
        town.log.compact(topic.name)
    assert not any("flat 1" in text for text in town.opened())
    assert f'"{AGENCY}/cad/1"' not in "".join(keys_in(town.log, town.sealer).kept)

    path = f"{AGENCY}/cad/1"
    seen = [(await town.phone.get(page)).text for page in pages]
    token, browser = {"token": town.stage.access.token(AGENCY, "ana")}, {"Sec-Fetch-Site": "same-origin"}
    entered = await town.console.post("/enter", data=token, headers=browser)
    browser |= {"Cookie": entered.headers["set-cookie"].partition(";")[0], "Accept": "text/html"}
    seen += [(await town.console.get(f"/{at}/{path}", headers=browser)).text for at in ("v1/calls", "calls")]
    assert all("had what is personal of the call erased" in text for text in seen[-2:])
    engine = open_engine(sqlite_url(tmp_path))
    await prepare(engine, NOW)
    await begin_at(engine, dict.fromkeys(PLACES, 0))
    await store_all(engine, batches(town.log.places, 1, 50))
    await engine.dispose()
    seen.append((tmp_path / FILE_NAME).read_bytes().decode("latin-1"))
    said = capsys.readouterr()
    topics = {stored.topic for stored in town.records()}
    assert {CALLS.name, DECISIONS.name, ASSIGNMENTS.name, "triage-snapshots", DEAD_LETTERS.name} <= topics
    for mark in MARKS:
        assert [mark in text.lower() for text in (town.text(), *seen, said.out, said.err)] == [False] * (len(seen) + 3)

    triage, *others = await redecide_all(town.stage.broker(), town.sealer, AGENCY)
    assert triage.same, str(triage)
    assert triage.erased >= 2
    assert "cannot be made again" in str(triage)
    assert all(report.same and not report.erased for report in others)
