"""The prober against a whole careroute in this process: what works is seen, each way to fail is noticed and told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr, ValidationError

from deploy.actors.console import Console, adopt, set_phases
from deploy.actors.http import session
from deploy.actors.webhooks import receiving
from deploy.local.access import AgencySpec
from services.notification import contact
from services.prober import alarm, whole_way
from services.prober.alarm import Alarms
from services.prober.book import RESTARTED, Book, Target, Verdict
from services.prober.config import ProberSettings
from services.prober.doors import Doors, Refused
from services.prober.drill import DRILL, drill
from services.prober.http import open_prober
from services.prober.messages import Inbox
from services.prober.prober import Prober, state_of
from services.prober.whole_way import Reached, WholeWay, Wrong
from shared import telemetry
from shared.clock import SystemClock
from shared.probes import Probes
from tests.services.prober.driver import LIMIT_SECONDS, Alarmed, Town, town, until
from tests.services.prober.test_book import NOW
from tests.services.triage.driver import MADISON

OTHER_SECRET = "whsec_" + "c2VjcmV0" * 6
TRIAGE, TEAM_AVAILABILITY, NOTIFICATION, ROSTERING = range(4)
"""Where the workers of each stand among the first and the second ones."""


@pytest.fixture(autouse=True)
def _quick_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A console that waits for no answer for long: its end waits for whoever still asks it."""
    monkeypatch.setenv("CAREROUTE_CONSOLE_ANSWER_SECONDS", "0.3")


async def stop(running: Town, service: int) -> None:
    workers = running.stage._workers[service :: ROSTERING + 1]
    for worker in workers:
        worker.cancel()
    await asyncio.wait(workers)


def with_agency(**changes: Any) -> Callable[[Probes], Probes]:
    """Probes whose agency has something else than the agencies file."""

    def change(probes: Probes) -> Probes:
        agencies = {name: agency.model_copy(update=changes) for name, agency in probes.agencies.items()}
        return probes.model_copy(update={"agencies": agencies})

    return change


def why(prober: Prober) -> str:
    (target,) = prober.book.targets()
    return prober.book.record(target).why


async def test_a_call_goes_the_whole_way_again_and_again(tmp_path: Path) -> None:
    async with town(tmp_path) as running, running.probing(probe_limit_seconds=5) as prober:
        assert prober.unready() == ""
        await until(lambda: prober.book.verdicts["seen"] >= 3)
        assert prober.book.verdicts["missed"] == 0
        assert prober.book.median_seconds() is not None
        assert running.alarmed.heard == []
        async with httpx.AsyncClient() as http:
            ready = await http.get(f"{running.url}/readyz")
            state = (await http.get(f"{running.url}/state")).json()
        assert (ready.status_code, "Nobody watches the prober" in ready.text) == (200, True)
        assert state["seen"] >= 3
        assert [target["missed_in_a_row"] for target in state["targets"]] == [0]


async def test_a_service_that_dies_is_told_after_two_misses(tmp_path: Path) -> None:
    """Each of them in a careroute of its own, all at a time."""
    async with asyncio.TaskGroup() as towns:
        for service, reason in (
            (TRIAGE, "it was not paged in"),
            (TEAM_AVAILABILITY, "it was not set-up in"),
            (NOTIFICATION, "it was not paged in"),
        ):
            towns.create_task(_service_dies(tmp_path / str(service), service, reason))


async def _service_dies(directory: Path, service: int, reason: str) -> None:
    async with town(directory) as running, running.probing() as prober:
        await running.first_seen(prober)
        await stop(running, service)
        await until(running.alarmed.whys)
        heard = running.alarmed.heard[0]
        await until(lambda: why(prober).startswith(reason))
        assert (heard["agency"], heard["partition"]) == ("probe-6", 3)
        assert heard["sentence"].startswith(
            "careroute may be deaf for probe-6: 2 test calls in a row were missed since"
        )
        assert prober.book.verdicts["missed"] >= 2


async def test_what_is_refused_or_not_signed_is_a_miss(tmp_path: Path) -> None:
    """A door that refuses, a page and a message to the CAD that are not signed: each in a careroute of its own."""
    async with asyncio.TaskGroup() as towns:
        for name, change, reason in (
            ("door", with_agency(key="nobody's"), "a door answered 401 (A valid API key is needed, in `Authorization"),
            ("page", with_agency(page_secret=OTHER_SECRET), "it was not paged in"),
            ("message", with_agency(webhook_secret=OTHER_SECRET), "it was not told in"),
        ):
            towns.create_task(_is_missed(tmp_path / name, change, reason))


async def _is_missed(directory: Path, change: Callable[[Probes], Probes], reason: str) -> None:
    async with town(directory) as running:
        async with running.probing() as prober:  # so that everything is set up
            await running.first_seen(prober)
        async with running.probing(change, probe_limit_seconds=LIMIT_SECONDS) as prober:
            await until(running.alarmed.whys)
            await until(lambda: why(prober).startswith(reason))
            (way,) = prober.whole_ways
            await until(lambda: way.inbox.forged > 0 or "401" in reason)


async def test_a_cad_webhook_that_is_silent_is_a_miss(tmp_path: Path) -> None:
    def to_nobody(spec: AgencySpec) -> AgencySpec:
        return replace(spec, sources=tuple(replace(source, webhook_url=None) for source in spec.sources))

    async with (
        town(tmp_path, change=to_nobody) as running,
        running.probing(probe_limit_seconds=LIMIT_SECONDS) as prober,
    ):
        await until(running.alarmed.whys)
        await until(lambda: why(prober).startswith("it was not told in"))


async def test_what_comes_too_late_is_a_miss_and_never_counts_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path) as running, running.probing() as prober:
        await running.first_seen(prober)
        take_page = Inbox.take_page

        def late(*page: Any) -> bool:
            asyncio.get_running_loop().call_later(1.5 * LIMIT_SECONDS, take_page, *page)
            return True

        monkeypatch.setattr(Inbox, "take_page", late)
        await until(running.alarmed.whys)
        await until(lambda: why(prober).startswith("it was not paged in"))


async def test_a_console_that_knows_of_a_page_a_little_later_loses_no_probe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages go out as soon as the journal has them; the console follows it."""
    look, late = Doors.look, set[str]()

    async def behind(doors: Doors, token: str, path: str) -> Any:
        if path in late:
            return await look(doors, token, path)
        late.add(path)
        return None

    monkeypatch.setattr(Doors, "look", behind)
    async with town(tmp_path) as running, running.probing() as prober:
        await until(lambda: prober.book.verdicts["seen"])
        assert prober.book.verdicts["missed"] == 0


async def test_a_probe_that_was_missed_does_not_keep_the_team_from_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, breaks = WholeWay.go, ["opened", "", "accepted", "", "told", ""]

    async def go(way: WholeWay, probe_id: str, reached: Reached) -> None:
        breaks_at = breaks.pop(0) if breaks else ""

        def reached_or_broken(stage: str) -> None:
            reached(stage)
            if stage == breaks_at:
                raise Wrong(stage)

        await whole(way, probe_id, reached_or_broken)

    monkeypatch.setattr(WholeWay, "go", go)
    async with town(tmp_path) as running, running.probing() as prober:
        await until(lambda: prober.book.verdicts["seen"] == 3)
        assert prober.book.verdicts["missed"] == 3
        assert running.alarmed.heard == []


async def test_what_a_console_shows_that_is_over_by_now_is_no_miss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An offer of a missed probe that ran out while the next one declined it made that a miss, too: an alarm."""
    read, over = Doors.read, {"offers": ["0" * 32], "call_id": "probe-0/prober/long-over"}

    async def read_late(doors: Doors, token: str, path: str) -> Any:
        answer = await read(doors, token, path)
        return [{**team, **over} if team["shift_id"] else team for team in answer] if path == "/v1/teams" else answer

    monkeypatch.setattr(Doors, "read", read_late)
    async with town(tmp_path) as running, running.probing() as prober:
        await until(lambda: prober.book.verdicts["seen"] == 3)
        assert prober.book.verdicts["missed"] == 0


async def test_a_shift_that_is_nearly_over_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its last hour nobody is offered a call: every day all test calls of that hour were missed."""
    async with town(tmp_path) as running:
        monkeypatch.setattr(whole_way, "SHIFT_HOURS", 1)
        async with running.probing(probe_limit_seconds=4) as prober:
            await until(lambda: prober.book.verdicts["missed"])
            assert why(prober).startswith("it was not paged in")
        monkeypatch.setattr(whole_way, "SHIFT_HOURS", 24)
        async with running.probing() as prober:
            await running.first_seen(prober)
            assert prober.book.verdicts["missed"] <= 1  # that of the one before, where it was open


async def test_a_way_that_nobody_has_answered_over_for_long_is_set_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After ninety days without a restart every test call was missed, until the next one."""
    monkeypatch.setattr(contact, "UNPROVED_DAYS", 5 / 86400)
    async with town(tmp_path) as running, running.probing() as prober:
        await running.first_seen(prober)
        await until(lambda: prober.book.verdicts["missed"])
        assert why(prober).startswith("it was not paged in")
        seen = prober.book.verdicts["seen"]
        await until(lambda: prober.book.verdicts["seen"] > seen + 1)
        assert running.alarmed.heard == []


async def test_it_is_told_that_a_call_is_seen_again(tmp_path: Path) -> None:
    async with town(tmp_path) as running, running.probing() as prober:
        await running.first_seen(prober)
        (way,) = prober.whole_ways
        way.agency = way.agency.model_copy(update={"key": "nobody's"})
        await until(running.alarmed.whys)
        way.agency = way.inbox.agency
        await until(lambda: running.alarmed.whys("probe-seen-again"))
        assert prober.book.record(prober.book.targets()[0]).missed_in_a_row == 0


async def test_a_restart_in_the_middle_forgets_no_probe(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        async with running.probing() as prober:
            await until(lambda: prober.book.verdicts["seen"])
            await stop(running, NOTIFICATION)
            await asyncio.sleep(0.5)  # what was nearly done is done
            await until(prober.book.left_open)
            assert prober.book.verdicts["missed"] == 0
        async with running.probing(probe_limit_seconds=LIMIT_SECONDS) as prober:
            await until(lambda: prober.book.verdicts["missed"])
            assert why(prober) == RESTARTED
            await until(running.alarmed.whys)  # the next one is the second


async def test_an_alarm_is_posted_until_somebody_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm, "RETRY_SECONDS", 0.2)
    async with town(tmp_path) as running:
        running.alarmed.status = 503
        async with running.probing(with_agency(key="nobody's"), probe_limit_seconds=LIMIT_SECONDS) as prober:
            await until(lambda: prober.alarms.failing)
            assert "The last alarm could not be delivered." in prober.remark()
            running.alarmed.status = 204
            await until(lambda: not prober.alarms.failing)
            heard = len(running.alarmed.heard)
            await asyncio.sleep(0.5)
            assert len(running.alarmed.heard) == heard  # it stands, and is told again after a minute


async def test_whoever_watches_the_prober_hears_that_its_alarms_reach_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(alarm, "RETRY_SECONDS", 0.05)
    async with town(tmp_path) as running:
        watcher = running.alarmed.url.removesuffix("alarm")
        async with running.probing(watch_url=watcher) as prober:
            await until(lambda: running.alarmed.beats)
            target = Target("madison-wi", "Central")
            for number in range(2):
                prober.book.open(target, str(number), NOW)
                prober.book.close(str(number), Verdict(target, "it was not taken"))
            running.alarmed.status = 500
            prober.alarms.look()
            await until(lambda: prober.alarms.failing)
            beats = running.alarmed.beats
            assert state_of(prober, NOW)["trouble"] == "The last alarm could not be delivered."
            await asyncio.sleep(0.2)
            assert running.alarmed.beats <= beats + 1  # one may have been on its way
            running.alarmed.status = 204
            await until(lambda: running.alarmed.beats > beats + 2)


async def test_an_alarm_that_nobody_took_and_nobody_is_owed_any_more_keeps_no_beat_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm, "RETRY_SECONDS", 0.05)
    async with town(tmp_path) as running, running.probing(alarm_url="http://127.0.0.1:9/") as prober:
        target = Target("madison-wi", "Central")
        for number, missed in enumerate(("lost", "lost")):
            prober.book.open(target, str(number), NOW)
            prober.book.close(str(number), Verdict(target, missed))
        prober.alarms.look()
        await until(lambda: prober.alarms.failing)
        prober.book.forget(target)
        await until(lambda: not prober.trouble())


async def test_an_address_or_a_token_that_cannot_be_used_ends_no_probing(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        with pytest.raises(ValidationError):
            running.settings(alarm_url="alarms.example")
        token = SecretStr("Schlüssel")
        changes: dict[str, Any] = {"alarm_token": token, "probe_limit_seconds": LIMIT_SECONDS}
        async with running.probing(with_agency(key="nobody's"), **changes) as prober:
            await until(lambda: prober.alarms.failing)
            missed = prober.book.verdicts["missed"]
            await until(lambda: prober.book.verdicts["missed"] > missed + 1)
            assert "The last alarm could not be delivered." in prober.remark()


async def test_what_the_probes_file_names_no_more_is_no_alarm_for_ever(tmp_path: Path) -> None:
    """Of fewer partitions, or of an agency without beats: nobody would see its call again, nor have a verdict of it."""
    async with town(tmp_path) as running:
        async with running.probing(with_agency(key="nobody's"), probe_limit_seconds=LIMIT_SECONDS) as prober:
            await until(running.alarmed.whys)
            prober.book.open(prober.book.targets()[0], "probe-open", prober.clock.now())
        async with running.probing(lambda _: Probes(), probe_start_seconds=0) as prober:
            await until(lambda: not prober.book.targets())
            assert prober.is_alive()
            await until(lambda: running.alarmed.heard[-1]["alarm"] == "probe-ended")
            heard = len(running.alarmed.heard)
            await asyncio.sleep(0.3)
            assert (len(running.alarmed.heard), prober.book.verdicts["missed"]) == (heard, 0)


async def test_the_end_of_an_alarm_is_owed_to_whoever_was_told_of_it_over_restarts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm, "RETRY_SECONDS", 0.1)
    async with town(tmp_path) as running:
        async with running.probing(with_agency(key="nobody's"), probe_limit_seconds=LIMIT_SECONDS):
            await until(running.alarmed.whys)
        running.alarmed.status = 503
        async with running.probing(lambda _: Probes(), probe_start_seconds=0) as prober:
            await until(lambda: prober.alarms.failing)
        running.alarmed.status = 204
        for _ in range(2):
            async with running.probing(lambda _: Probes(), probe_start_seconds=0) as prober:
                await until(lambda: not prober.book.over())
                ended = len(running.alarmed.whys("probe-ended"))
                await asyncio.sleep(0.3)
                assert len(running.alarmed.whys("probe-ended")) == ended


async def test_one_alarm_that_is_not_taken_keeps_back_no_other_and_is_posted_again_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a receiver that answers only some, or one of them late."""
    monkeypatch.setattr(alarm, "RETRY_SECONDS", 0.1)
    monkeypatch.setattr(alarm, "POST_SECONDS", 1.0)
    asked, held = list[str](), asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        agency = json.loads(request.content)["agency"]
        asked.append(agency)
        if agency == "first" and asked.count("first") == 1:
            await held.wait()
        return httpx.Response(503 if agency == "first" and asked.count("first") < 4 else 204)

    book = Book(tmp_path / "book.json")
    for number in range(4):
        target = Target(("first", "second")[number // 2])
        book.open(target, f"p{number}", NOW)
        book.close(f"p{number}", Verdict(target, "lost"))
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        alarms = Alarms(book, alarming(tmp_path), http)
        telling = asyncio.create_task(alarms.keep_telling())
        await until(lambda: "second" in asked, 0.5)
        await until(lambda: asked.count("first") == 4, 5)
        await until(lambda: not alarms.failing)
        telling.cancel()
    assert asked.count("second") == 1


@pytest.mark.parametrize(
    ("url", "status", "wrong"),
    [
        ("http://alarm.example/", 204, ""),
        ("http://alarm.example/", 401, "Nobody acknowledged it"),
        ("", 204, "CAREROUTE_ALARM_URL names nobody"),
    ],
    ids=["taken", "refused", "nowhere"],
)
async def test_the_way_of_alarms_is_tried_before_the_first(tmp_path: Path, url: str, status: int, wrong: str) -> None:
    heard: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        heard.append({**json.loads(request.content), "token": request.headers["Authorization"]})
        return httpx.Response(status)

    settings = alarming(tmp_path, alarm_url=url, alarm_token="secret")
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        said = await drill(settings, http)
    assert said.startswith(wrong)
    assert bool(said) == bool(wrong)
    assert heard == [{**DRILL, "token": "Bearer secret"}] * bool(url)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"detail": "CAREROUTE_WEBHOOK_NETWORKS allows networks.", "reason": ""}, " (CAREROUTE_WEBHOOK_NETWORKS"),
        ({"detail": "It is not on shift.", "reason": "off-shift"}, " (off-shift) of"),
        ({"detail": "x" * 10_000}, f" ({'x' * 300}) of"),
        ({"detail": 3}, " of"),
        ([], " of"),
    ],
)
async def test_a_refusal_is_told_with_what_the_door_says_of_it(answer: object, why: str) -> None:
    """An alarm told of `422` alone where the prober was on this machine, which no webhook reached."""
    transport = httpx.MockTransport(lambda _: httpx.Response(422, json=answer))
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(Refused) as refused:
            await Doors(http, *["https://door.example"] * 3).command("token", "/v1/x")
    assert str(refused.value).startswith(f"422{why}")


async def test_alarms_get_out_while_probes_hold_every_connection_to_a_careroute_that_hangs(tmp_path: Path) -> None:
    """A city of a hundred districts, each probed at once."""

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    alarmed = Alarmed()
    async with await asyncio.start_server(never, "127.0.0.1", 0) as hung, receiving(alarmed.port, alarmed.take):
        settings = alarming(tmp_path, alarm_url=alarmed.url)
        prober = open_prober(settings, Probes(), SystemClock())
        url = f"http://127.0.0.1:{hung.sockets[0].getsockname()[1]}/"
        async with prober.doors.http, prober.alarms.http, asyncio.TaskGroup() as tasks:
            running: list[asyncio.Task[Any]] = [tasks.create_task(prober.doors.http.get(url)) for _ in range(120)]
            await asyncio.sleep(0.5)
            for name in ("p1", "p2"):
                prober.book.open(Target("deaf"), name, NOW)
                prober.book.close(name, Verdict(Target("deaf"), "lost"))
            running.append(tasks.create_task(prober.alarms.keep_telling()))
            await until(alarmed.whys, 3)
            for task in running:
                task.cancel()


def alarming(directory: Path, **changes: Any) -> ProberSettings:
    urls = dict.fromkeys(("prober_url", "intake_url", "console_url", "pocket_url", "alarm_url"), "http://127.0.0.1:9/")
    given: dict[str, Any] = {**urls, "probes_file": directory / "unused.toml", "storage_directory": directory}
    return ProberSettings(**given | changes)


async def test_addresses_of_doors_may_end_in_a_slash(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        settings, names = running.settings(), ("prober_url", "intake_url", "console_url", "pocket_url")
        urls: dict[str, Any] = {name: f"{getattr(settings, name)}/" for name in names}
        async with running.probing(probe_limit_seconds=5, **urls) as prober:
            await until(lambda: prober.book.verdicts["seen"] >= 1)


@pytest.mark.parametrize("url", ["https://", "http:// x", "https://intake:port", "intake:8000"])
def test_an_address_that_leads_nowhere_is_refused_at_the_start(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValidationError):
        alarming(tmp_path, intake_url=url)


async def test_it_is_not_ready_while_nobody_would_be_told_or_nothing_is_probed(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        async with running.probing(alarm_url=""), httpx.AsyncClient() as http:
            answer = await http.get(f"{running.url}/readyz")
            assert (answer.status_code, "CAREROUTE_ALARM_URL is not set" in answer.text) == (503, True)
        async with running.probing(lambda _: Probes()), httpx.AsyncClient() as http:
            answer = await http.get(f"{running.url}/readyz")
            assert (answer.status_code, "nothing is probed" in answer.text) == (503, True)


async def test_it_shows_how_each_agency_stands_while_it_waits_for_doors_that_are_shut(tmp_path: Path) -> None:
    """Prometheus would tell that it is gone, for as long as a city takes to start."""
    async with town(tmp_path) as running:
        ((name, agency),) = running.probes().agencies.items()
        labels = {"agency": name, "district": "", "partition": str(agency.partition)}
        telemetry.forget_probe(*labels.values())
        async with running.probing(intake_url="http://127.0.0.1:9", probe_start_seconds=30) as prober:
            await until(lambda: REGISTRY.get_sample_value("careroute_probe_missed_in_a_row", labels) == 0, 2)
            assert prober.book.verdicts["sent"] == 0


async def test_it_beats_to_the_watcher(tmp_path: Path) -> None:
    async with town(tmp_path) as running:
        watcher = running.alarmed.url.removesuffix("alarm")
        async with running.probing(watch_url=watcher) as prober:
            await until(lambda: running.alarmed.beats)
            assert prober.remark() == ""


async def test_a_page_of_something_else_is_none_that_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands before a door says "back soon" with 200, as it would of the page."""
    async with town(tmp_path) as running, running.probing() as prober:
        await running.first_seen(prober)
        open_page = Doors.open_page
        elsewhere = f"{running.stage.url_of('console')}/livez"
        monkeypatch.setattr(Doors, "open_page", lambda doors, _link: open_page(doors, elsewhere))
        await until(running.alarmed.whys)
        await until(lambda: why(prober).startswith("it was not opened in"))


# --- beats of districts -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def live_district(directory: Path) -> AsyncIterator[tuple[Town, Console, Prober]]:
    """Madison with one district that is live, probed by its own document alone."""
    async with town(directory, AgencySpec("madison-wi")) as running, session() as http:
        console = Console(
            http, running.stage.url_of("console"), lambda who: running.stage.access.token("madison-wi", who)
        )
        await adopt(console, MADISON)
        await set_phases(console, {("cares", "Central"): "live"})
        async with running.probing(lambda probes: probes.model_copy(update={"agencies": {}})) as prober:
            yield running, console, prober


async def test_a_live_district_is_probed_by_its_own_document_and_nobody_is_sent(tmp_path: Path) -> None:
    async with live_district(tmp_path) as (running, console, prober):
        await until(lambda: prober.book.verdicts["seen"] >= 2)
        assert [(target.agency, target.district) for target in prober.book.targets()] == [("madison-wi", "Central")]
        calls = await console.read("vera", "/v1/calls")
        assert {(call["synthetic"], *call["outcomes"]) for call in calls if call["outcomes"]} == {(True, "default")}
        assert running.alarmed.heard == []

        running.quicken(prober)
        await stop(running, TEAM_AVAILABILITY)
        await until(running.alarmed.whys)
        assert running.alarmed.heard[0]["district"] == "Central"
        await until(lambda: why(prober).startswith("it was not decided in"))


async def test_a_door_that_loses_every_other_call_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish, beats = Doors.publish, count()

    async def every_other(doors: Doors, key: str, call: Any) -> None:
        if call["status"] != "active" or next(beats) % 2:
            await publish(doors, key, call)

    async with live_district(tmp_path) as (running, _console, prober):
        await until(lambda: prober.book.verdicts["seen"])
        running.quicken(prober)
        monkeypatch.setattr(Doors, "publish", every_other)
        await until(running.alarmed.whys)
        assert "every few test calls one is missed" in running.alarmed.heard[0]["sentence"]


async def test_a_call_that_was_kept_from_before_is_not_the_one_that_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, kept = Doors.look, dict[str, Any]()

    async def of_before(doors: Doors, token: str, path: str) -> Any:
        seen = await look(doors, token, path)
        if seen is not None and seen["episodes"] and seen["episodes"][-1]["outcome"]:
            kept.setdefault("call", seen)
        return kept.get("call", seen)

    async with live_district(tmp_path) as (running, _console, _prober):
        monkeypatch.setattr(Doors, "look", of_before)
        await until(running.alarmed.whys)
        assert running.alarmed.whys()[0].startswith("the console shows another call")


async def test_a_district_that_is_not_live_any_more_is_forgotten(tmp_path: Path) -> None:
    async with live_district(tmp_path) as (running, console, prober):
        await until(lambda: prober.book.verdicts["seen"])
        assert "No beat" not in prober.remark()
        await console.command("ana", "/v1/switchboard/pause", {"district": "Central", "reason": "storm"})
        await until(lambda: not prober.book.targets())
        assert running.alarmed.heard == []
        assert "No beat is sent for madison-wi: no district is live there." in prober.remark()


async def test_a_pause_is_not_told_as_a_call_that_was_seen_again(tmp_path: Path) -> None:
    async with live_district(tmp_path) as (running, console, prober):
        await until(lambda: prober.book.verdicts["seen"])
        (beats,) = prober.beats
        beats.beat = beats.beat.model_copy(update={"key": "nobody's"})
        await until(running.alarmed.whys)
        await console.command("ana", "/v1/switchboard/pause", {"district": "Central", "reason": "deaf"})
        await until(lambda: running.alarmed.heard[-1]["alarm"] != "probe-missed")
        over = running.alarmed.heard[-1]
        assert (over["alarm"], over["district"]) == ("probe-ended", "Central")
        assert over["sentence"].startswith("No test call for madison-wi, Central was seen again")
