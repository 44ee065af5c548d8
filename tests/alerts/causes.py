"""What brings each alert about, and what ends it again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.demo.audited import Auditor, hand_over
from services.console.view.alerts import AWAY_AFTER
from shared.topics import COMMANDS
from tests.alerts.scene import Scene


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that goes wrong: the alerts rise within `seconds` of the end of `make`."""

    words: str
    alerts: tuple[str, ...]
    make: Callable[[Scene], Awaitable[object]]
    seconds: float = 60
    end: Callable[[Scene], None] = lambda _: None


async def _cad_refuses(scene: Scene) -> None:
    scene.cad_answers["refusing"] = 503
    await scene.accepted("refusing")


async def _police(scene: Scene) -> None:
    """While its CAD still refuses."""
    await scene.console("refusing").command("ana", "/v1/teams/team-0/status", {"status": "need-police"})


async def _cad_away(scene: Scene) -> None:
    """Of calls that get the default, which it sends anyway."""
    scene.cad_answers["refusing"] = 503
    for _ in range(AWAY_AFTER):
        await scene.new_call("refusing", "NOISE COMPLAINT")


async def _webhook_gone(scene: Scene) -> None:
    scene.cad_answers["gone"] = 410
    await scene.new_call("gone", "NOISE COMPLAINT")


async def _team_stays(scene: Scene) -> None:
    call = await scene.accepted("staying")
    await scene.report(call, "on-scene")
    call.version, call.status = 1, "closed"
    await scene.publish(call)


async def _team_silent(scene: Scene) -> None:
    call = await scene.accepted("silent")
    await scene.report(call, "on-scene")


async def _nobody_decides(scene: Scene) -> None:
    call = await scene.new_call("late")
    await scene.offered(call)
    scene.freeze("team-availability")


async def _decides_again(scene: Scene) -> None:
    scene.thaw()


async def _unsafe_upgrade(scene: Scene) -> None:
    call = await scene.accepted("unsafe")
    call.version, call.answers = 1, call.answers | {"Q2": "yes"}
    await scene.publish(call)


async def _clock_ahead(scene: Scene) -> None:
    call = await scene.new_call("ahead")
    call.version = 1
    await scene.publish(call, datetime.now(UTC) + timedelta(hours=1))


async def _beginning_moves(scene: Scene) -> None:
    call = await scene.new_call("moving")
    await asyncio.sleep(1)
    now = datetime.now(UTC)
    call.version, call.created_at = 1, now.isoformat()
    await scene.publish(call, now)


async def _undecodable(scene: Scene) -> None:
    await scene.append(COMMANDS.name, "plain", b"no event of this language")


async def _sealed(scene: Scene) -> None:
    await scene.seal_with_another_key("plain")


async def _key_sealed(scene: Scene) -> None:
    await scene.seal_a_call_with_another_key("plain")


async def _too_much(scene: Scene) -> None:
    turns = asyncio.Semaphore(32)

    async def publish() -> None:
        async with turns:
            await scene.new_call("plain", "NOISE COMPLAINT", "long")

    async with asyncio.TaskGroup() as tasks:
        for _ in range(500):
            tasks.create_task(publish())


async def _nothing(_scene: Scene) -> None:
    """All is well."""


async def _acknowledged_and_lost(scene: Scene) -> None:
    lists = scene.stack.storage_of("auditor") / "lists"
    acknowledged = {("plain/cad/never-came", "never-came-0")}
    await asyncio.to_thread(hand_over, Auditor("", lists), "plain", acknowledged)


async def _clock_fails(scene: Scene) -> None:
    await scene.offered(await scene.new_call("failing", name="clock-fails"))


def _agencies(scene: Scene) -> Path:
    return scene.stack.directory / "agencies.toml"


def _rewritten(change: Callable[[str], str]) -> Callable[[Scene], Awaitable[None]]:
    async def rewrite(scene: Scene) -> None:
        await asyncio.to_thread(
            _agencies(scene).write_text, change(await asyncio.to_thread(_agencies(scene).read_text))
        )

    return rewrite


def _restored(scene: Scene) -> None:
    scene.stack.access.write(_agencies(scene))


def _nobody_may_pause(text: str) -> str:
    return re.sub(r'"(supervisor|dispatcher)"', '"viewer"', text)


async def _kafka_hangs(scene: Scene) -> None:
    """While calls come, so that some are read and not decided."""
    async with asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(scene.new_call("plain", "NOISE COMPLAINT")) for _ in range(40)]
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        scene.kafka.pause()
        for call in calls:
            call.cancel()


def _kafka_goes_on(scene: Scene) -> None:
    scene.kafka.resume()


def _frozen(service: str, *numbers: int) -> Callable[[Scene], Awaitable[None]]:
    async def freeze(scene: Scene) -> None:
        scene.freeze(service, *numbers)

    return freeze


async def _clock_off(scene: Scene) -> None:
    await asyncio.to_thread((scene.stack.directory / "clock-is-off").touch)


def _clock_right(scene: Scene) -> None:
    (scene.stack.directory / "clock-is-off").unlink()


CAUSES = (
    Cause("a CAD answers 503 to whatever it is told", ("CadAway",), _cad_away, 120),
    Cause(
        "a CAD answers 503, and a team has accepted",
        (
            "AssignmentUnconfirmed",
            "CadNotInformed",
            "AlarmCounted assignments_unconfirmed_total",
            "AlarmCounted cad_not_informed_total",
        ),
        _cad_refuses,
    ),
    Cause("a team asks for police, and its CAD answers 503", ("PoliceNeeded",), _police),
    Cause("a CAD answers 410", ("WebhookDisabled",), _webhook_gone),
    Cause("a CAD closes the call of a team on scene", ("TeamNeedsWord",), _team_stays),
    Cause(
        "a call rises after a team accepted it",
        ("AutomaticPause", "AlarmCounted automatic_pauses_total"),
        _unsafe_upgrade,
    ),
    Cause("a CAD's clock is an hour ahead", ("CadClockWrong",), _clock_ahead, 100),
    Cause("a CAD gives an incident another beginning", ("CadIdentityUnreliable",), _beginning_moves, 100),
    Cause("an address is sealed with another key", ("ContactsSealed",), _sealed),
    Cause("a call's key is sealed with another key", ("CallKeysSealed",), _key_sealed),
    Cause("a record that is none", ("InputRefused", "AlarmCounted inputs_refused_total"), _undecodable),
    Cause("a clock that fails (planted)", ("ClockFailed", "AlarmCounted clocks_failed_total"), _clock_fails),
    Cause(
        "the agencies file is spoiled",
        ("AgenciesFileRefused",),
        _rewritten(lambda _: "this is no agencies file"),
        end=_restored,
    ),
    Cause("nobody has the right to pause", ("NoStopSwitch",), _rewritten(_nobody_may_pause), end=_restored),
    Cause(
        "both processes of team availability hang over a deadline",
        ("CallOverdue", "ServiceGone", "ConservationBroken"),
        _nobody_decides,
        90,
    ),
    Cause("they go on", ("RoutedLate",), _decides_again),
    Cause("a process of triage hangs", ("InstanceDown",), _frozen("triage", 1), 180, Scene.thaw),
    Cause("intake hangs", ("DoorGone",), _frozen("intake", 1), 90, Scene.thaw),
    Cause("the auditor hangs", ("AuditorSilent",), _frozen("auditor", 1), 240, Scene.thaw),
    Cause("the console hangs", ("AlarmsUnseen",), _frozen("console", 1), 120, Scene.thaw),
    Cause("clocks are 0.6 s ahead of Kafka's (planted)", ("ClockSkew",), _clock_off, 180, _clock_right),
    Cause("a team on scene says nothing", ("TeamSilent", "AlarmCounted safety_checks_missed_total"), _team_silent, 240),
    Cause("a run of the auditor is clean", ("Watchdog",), _nothing, 120),
    Cause("a sender's list has a call that never came", ("ConservationBroken",), _acknowledged_and_lost, 90),
    Cause("the prober hangs", ("ProberGone",), _frozen("prober", 1), 150, Scene.thaw),
    Cause("the auditor hangs", ("AuditorSilent",), _frozen("auditor", 1), 240, Scene.thaw),
    Cause("both processes of notification hang", ("ProbeMissed",), _frozen("notification"), 180, Scene.thaw),
    Cause("500 calls that take long to decide (planted)", ("InputStale",), _too_much, 120),
    Cause(
        "Kafka hangs while calls come",
        ("FollowerBehind", "PartitionUnowned"),
        _kafka_hangs,
        120,
        _kafka_goes_on,
    ),
)
NOT_TRIED = {
    "CertificateExpires": "needs a secured Kafka; the figure is tried in tests of the engine",
    "BrokerCertificateExpires": "needs a secured Kafka; the figure is tried in tests of the engine",
    "AuditLogBroken": "stays until a person has looked into it; what breaks it is tried in tests of the auditor",
    "AuditLogUnwritten": "rises after five minutes; how it comes and goes is tried in tests of the audit log",
    "ReportingBehind": "rises after six minutes",
    "InputsDeleted": "needs a topic that has lost records to their age; its counter is tried in tests of the engine",
    "InstanceRestarts": "needs a process that ends four times, which `promtool` plays",
    "ProbeBudgetBurning": "needs hours of test calls",
    "PartitionUnprobed": "stands ten minutes before it rises; `promtool` plays it",
    "ProgrammeUnread": "needs rules that refuse a document; how it comes and goes is tried in tests of the console",
    "PauseUnreviewed": "stands 12 hours before it rises",
    "KeysDiffer": "needs a rotation out of order, which `promtool` plays",
    "AgenciesDiffer": "needs a second file, and stands ten minutes before it rises; `promtool` plays it",
    "TwoDeciders": "stands an hour before it rises",
    "SnapshotNotSaved": "needs a huge state, or a full broker; its counter is tried in tests of the engine",
    "PagesFail": "needs a mail server; its counter is tried in tests of notification",
    "PagesUnseen": "stands ten minutes before it rises, and needs a carrier; `promtool` plays it",
    "CarrierAway": "needs a carrier; its counter is tried in tests of notification",
    "CarrierRefusesUs": "needs a carrier; its counter is tried in tests of notification",
    "PagesNearLimit": "needs a carrier; its counter is tried in tests of notification",
    "CarrierUncertain": "needs a carrier; its counter is tried in tests of notification",
    "CallbacksForged": "needs a carrier; its counter is tried in tests of the callbacks door",
    "TeamMissing": "needs a rota; how it comes and goes is tried in tests of the console",
    "TeamUnanswering": "needs offers that run out; how it comes and goes is tried in tests of the console",
    "TeamUnreachable": "needs a carrier's word; how it comes and goes is tried in tests of the console",
    "WayLost": "needs a carrier's word; how it comes and goes is tried in tests of the console",
    "RotaGap": "needs a rota; how it comes and goes is tried in tests of the console",
    "RosterFeedStale": "needs a rota; how it comes and goes is tried in tests of the console",
    "CadSilent": "needs a week of calls, which `promtool` plays",
    "NobodySent": "needs a week of calls, which `promtool` plays",
    "ReferralOverdue": "a referral is due after an hour at the earliest",
}
