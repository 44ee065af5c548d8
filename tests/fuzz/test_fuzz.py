"""Spoiled inputs at every door and reader, in this process. `FUZZ_INPUTS` says how many in all."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.config import IntakeSettings
from services.intake.eido import MEDIA_TYPE
from services.intake.http import create_app as intake_app
from services.pocket.http import create_app as pocket_app
from shared.agencies import Agencies, AgenciesRefused
from shared.answers import done
from shared.clock import SystemClock
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.programme import ProgrammeRefused, read
from shared.programme.trying.cad_export import rows
from shared.programme.trying.export_document import MappingRefused, read_mapping
from shared.sealing import Sealer, new_key
from tests.fuzz.spoiled import TEXT, VALUE, spoiled_json, spoiled_text
from tests.rig.carrier import PHONE
from tests.services.console.driver import AGENCIES as CONSOLE_AGENCIES
from tests.services.console.driver import ROLES, running_city
from tests.services.intake.conftest import AGENCIES, CALL, KEY
from tests.services.intake.test_eido import PIDF, eido
from tests.services.notification.callbacks.driver import Callbacks
from tests.services.pocket.driver import City as PocketCity

DEPLOY = Path(__file__).parents[2] / "deploy"
INPUTS = int(os.environ.get("FUZZ_INPUTS", "3000"))
SHARE = {
    "flat": 20, "eido": 20, "console": 20, "pocket": 10, "callbacks": 5, "agencies": 5, "document": 10, "mapping": 5,
    "export": 5,
}  # fmt: skip
"""Percent of the inputs."""
LOOP_SECONDS = 0.1
"""Of the processor: what may happen on a loop that serves others as well."""
READ_SECONDS = 2.0
"""What is read beside the loop, or by a person at a terminal."""
NO_REPORTING = "This console knows of no reporting service"
"""A 503 that is as it should be: these doors stand alone."""
CALLS_CSV = (
    "incident_num,date_time,call_type,priority,beat,disposition\n"
    "E1,2026-03-01 10:00:00,415,2,511,CAN\nE2,2026-03-08 02:30:00,459A,1,122,\n"
)
MAPPING = (DEPLOY / "mappings/san-diego.toml").read_text()


def fuzzed(target: str) -> settings:
    """So many examples as the target's share of the inputs."""
    return settings(
        max_examples=max(1, INPUTS * SHARE[target] // 100), suppress_health_check=list(HealthCheck),
        database=None,
    )  # fmt: skip


def prompt(work: Callable[[], Any], seconds: float) -> Any:
    """Work that is within its time; a first time that is not may have met a collection of garbage."""
    spent = []
    for _ in range(3):
        began = time.thread_time()
        done_ = work()
        spent.append(time.thread_time() - began)
        if spent[-1] < seconds:
            return done_
    pytest.fail(f"it takes {min(spent):.3f} s of the processor")


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


def answered(runner: asyncio.Runner, ask: Callable[[], Awaitable[httpx.Response]]) -> None:
    async def asked() -> httpx.Response:
        return await asyncio.wait_for(ask(), 10)

    answer = prompt(lambda: runner.run(asked()), LOOP_SECONDS)
    assert answer.status_code < 500 or NO_REPORTING in answer.text, answer.text


def in_path(text: str) -> str:
    """As a part of a path; no longer than a client of ours would send, for a head has its bound elsewhere."""
    return quote(text.encode("utf-8", "replace")[:2_000], safe="")


# --- doors -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> httpx.AsyncClient:
    path = tmp_path_factory.mktemp("fuzz") / "agencies.toml"
    path.write_text(AGENCIES)
    given = IntakeSettings(kafka="none:9092", agencies_file=path, sealing_key=new_key())  # type: ignore[arg-type]
    sealer = Sealer(given.sealing_key.get_secret_value())
    app = intake_app(MemoryBroker(MemoryLog()), SystemClock(), Agencies(path), sealer, given)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://intake")


PERSONAL = {"address": "415 N Henry St", "callback_number": "+1 608 555 0142", "narrative": "gun <b>no</b> gun"}
MORE = {"position": [43.07, -89.4], "cautions": ["ARMED; x"], "facts": {"weapon": "none"}, "languages": ["es-MX"]}
FLAT = (CALL, CALL | PERSONAL, CALL | MORE, [CALL, CALL | {"event_id": "e2"}], CALL | {"status": "closed"})


@fuzzed("flat")
@given(body=spoiled_json(FLAT))
def test_a_flat_record(runner: asyncio.Runner, intake: httpx.AsyncClient, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    answered(runner, lambda: intake.post("/v1/calls", content=body, headers=headers))


NOTE = {"$id": "n", "notesActionDateTime": "2025-09-02T12:04:00-05:00", "notesActionComments": "he has a gun <i>x</i>"}
EIDO = (
    eido(),
    eido(notesComponent=[NOTE, NOTE]),
    eido(locationComponent=[{"$id": "l", "locationByValue": PIDF}]),
    eido(personComponent=[{"$id": "p", "ncPersonComponent": {"personCautionText": "Armed"}}], linkComponent=[{"x": 1}]),
)


@fuzzed("eido")
@given(body=spoiled_json(EIDO))
def test_an_eido(runner: asyncio.Runner, intake: httpx.AsyncClient, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": f'{MEDIA_TYPE}; version="1"'}
    answered(runner, lambda: intake.post("/v1/eido", content=body, headers=headers))


@fuzzed("console")
@given(data=st.data())
def test_the_console(runner: asyncio.Runner, console: Any, data: st.DataObject) -> None:
    operations, names = _operations(console.app)
    template, method = data.draw(st.sampled_from(operations))
    path = re.sub("{.*?}", lambda _: in_path(data.draw(TEXT)) or "x", template)
    fields = {name: data.draw(VALUE) for name in data.draw(st.lists(st.sampled_from(names), max_size=5))}
    body, role = data.draw(spoiled_json([fields])), data.draw(st.sampled_from(ROLES))
    query = urlencode({name: str(value)[:200].encode("utf-8", "replace") for name, value in fields.items()})

    async def ask() -> httpx.Response:
        async with console.client(role) as client:
            url = f"{path}?{query}" if method == "get" else path
            answer: httpx.Response = await client.request(
                method.upper(), url, content=body, headers={"Content-Type": "application/json"}
            )
            return answer

    answered(runner, ask)


@pytest.fixture(scope="module")
def console(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    running = running_city(tmp_path_factory.mktemp("fuzz"))
    city = runner.run(_entered(running))
    city.services.decide = lambda command: [done(command)]
    yield city
    with suppress(BaseException):
        runner.run(running.__aexit__(None, None, None))


async def _entered(manager: Any) -> Any:
    return await manager.__aenter__()


def _operations(app: Any) -> tuple[list[tuple[str, str]], list[str]]:
    """Paths with their methods, and the name of every field that any body has."""
    document = app.openapi()
    names = {name for schema in document["components"]["schemas"].values() for name in schema.get("properties", {})}
    return [(path, method) for path, methods in document["paths"].items() for method in methods], sorted(names)


ENDINGS = ("", "/accept", "/decline", "/clear", "/status", "/correct", "/released", "/sign-off")


@fuzzed("pocket")
@given(
    ending=st.sampled_from(ENDINGS) | TEXT,
    link=st.sampled_from(("offer", "shift", "none")),
    fields=st.dictionaries(
        st.sampled_from(("status", "eta_minutes", "reason", "disposition", "at", "who", "earlier", "released")) | TEXT,
        TEXT | st.sampled_from(("on-scene", "cleared", "en-route", "5", "yes")), max_size=4,
    ),
    posts=st.booleans(),
)  # fmt: skip
def test_the_pocket_page(  # noqa: PLR0917  # what is drawn
    runner: asyncio.Runner, phone: Any, ending: str, link: str, fields: dict[str, str], posts: bool  # noqa: FBT001
) -> None:  # fmt: skip
    client, links = phone
    path = links[link] + (ending if ending in ENDINGS else in_path(ending))
    form = urlencode(
        {name.encode("utf-8", "replace"): text.encode("utf-8", "replace") for name, text in fields.items()}
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    method = "POST" if posts else "GET"
    answered(runner, lambda: client.request(method, path, content=form.encode(), headers=headers))


@pytest.fixture(scope="module")
def phone(runner: asyncio.Runner) -> Iterator[Any]:
    async def made() -> tuple[Any, Any, dict[str, str]]:
        city = PocketCity()
        living = city.living()
        await living.__aenter__()
        city.call()
        links = {"shift": city.sign_on(), "offer": city.offer(seconds=3_000), "none": "/p/" + "x" * 22}
        await asyncio.sleep(0.3)
        transport = httpx.ASGITransport(pocket_app(city.door))
        return living, httpx.AsyncClient(transport=transport, base_url="http://pocket"), links

    living, client, links = runner.run(made())
    yield client, links
    with suppress(BaseException):
        runner.run(living.__aexit__(None, None, None))


TELNYX = {
    "data": {
        "event_type": "message.finalized",
        "id": "e1",
        "payload": {
            "id": "m1",
            "to": [{"phone_number": "+16085550100", "status": "delivered"}],
            "errors": [{"code": "1"}],
        },
    }
}
SAID = {"data": {"event_type": "message.received", "payload": {"id": "m", "from": {"phone_number": PHONE}, "to": [{}]}}}
FIELDS = ("MessageStatus", "CallStatus", "ErrorCode", "SequenceNumber", "Digits", "MessageSid", "From", "To", "Body")
GOOD = ("delivered", "completed", "30006", "1", PHONE, "1 15", "SM1")


@fuzzed("callbacks")
@given(
    carrier=st.sampled_from(("twilio", "telnyx")),
    where=st.sampled_from(("", "/voice", "/key", "/key?Digits=1&again=2", "in")) | TEXT,
    fields=st.dictionaries(st.sampled_from(FIELDS) | TEXT, TEXT | st.sampled_from(GOOD), max_size=6),
    body=st.none() | spoiled_json((TELNYX, SAID)),
)
def test_the_callbacks_door(  # noqa: PLR0917  # what is drawn
    runner: asyncio.Runner, callbacks: Callbacks, carrier: Any, where: str, fields: dict[str, str], body: bytes | None
) -> None:
    url = callbacks.urls.of(carrier, "madison", "0f" * 16) + (where if where.startswith("/") else in_path(where))
    url = f"https://callbacks.example/in/{carrier}/madison" if where == "in" else url
    plain = {_encodable(name): _encodable(text) for name, text in fields.items()}
    if carrier == "twilio" or body is None:
        headers, content = getattr(callbacks, carrier).signed_form(url, plain)
    else:
        headers, content = callbacks.telnyx.signed_json(body)
    path = url.removeprefix("https://callbacks.example")
    answered(runner, lambda: callbacks.http.post(path, content=content, headers=headers))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@pytest.fixture(scope="module")
def callbacks(runner: asyncio.Runner) -> Iterator[Callbacks]:
    async def made() -> tuple[Any, Callbacks]:
        city = Callbacks()
        living = city.living()
        await living.__aenter__()
        city.reach()
        city.owe(city.page(city.offer(seconds=3_000), kind="voice").model_copy(update={"page_id": "0f" * 16}))
        await city.settled()
        return living, city

    living, city = runner.run(made())
    yield city
    with suppress(BaseException):
        runner.run(living.__aexit__(None, None, None))


# --- readers ---------------------------------------------------------------------------------------------------------


@fuzzed("agencies")
@given(text=spoiled_text((AGENCIES, CONSOLE_AGENCIES)))
def test_an_agencies_file(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed-agencies.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))

    def work() -> None:
        with suppress(AgenciesRefused):
            Agencies(path)

    prompt(work, LOOP_SECONDS)


DOCUMENTS = tuple(path.read_text() for path in sorted((DEPLOY / "programmes").glob("*-city.toml")))


@fuzzed("document")
@given(text=spoiled_text(DOCUMENTS))
def test_a_programme_document(text: str) -> None:
    def work() -> None:
        with suppress(ProgrammeRefused):
            read(text)

    prompt(work, READ_SECONDS)


@fuzzed("mapping")
@given(text=spoiled_text((MAPPING,)))
def test_a_mapping(text: str) -> None:
    def work() -> None:
        with suppress(MappingRefused):
            read_mapping(text)

    prompt(work, READ_SECONDS)


@fuzzed("export")
@given(text=spoiled_text((CALLS_CSV,)))
def test_a_cad_export(text: str) -> None:
    mapping = read_mapping(MAPPING)

    def work() -> None:
        with suppress(ValueError):
            list(rows(mapping, text.splitlines(keepends=True)))

    prompt(work, READ_SECONDS)
