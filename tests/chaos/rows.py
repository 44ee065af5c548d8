"""The faults of the matrix, each as something that is done to a scene; it returns once it is healed."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psutil

from deploy.actors.console import Console, set_phases
from deploy.actors.http import ask, session
from tests.chaos import brokers
from tests.chaos.run import Scene
from tests.chaos.stalls import JOURNAL_OF
from tests.rig.calls import CALM, OpenCall, body_of

POINTS = {
    "poll": "after it has polled",
    "decide": "after it has decided",
    "append": "after an append",
    "effect": "after an append and before the effect",
    "claim": "during a claim",
    "snapshot": "during a snapshot",
}
DECIDING = ("triage", "team-availability", "notification")
"""Those that have much to do, and die in turn."""
HANGS_SECONDS = (5, 15, 90)
REACHED_SECONDS, REST_SECONDS = 12.0, 4.0
GROUP_SECONDS, JOIN_SECONDS = 45.0, 3.0
COLD_SECONDS, SURGE_SECONDS, SURGE = 20.0, 20.0, 10
SPOILED_SECONDS = {"spin": 6.0, "die": 25.0}
BODY_BYTES = 10 * 1024 * 1024
CALM_SECONDS = 20.0
ODD_VERSIONS = (
    ("twice", 0, -4.0, "active", "no"),
    ("twice", 0, -4.0, "active", "no"),
    ("swapped", 1, -2.0, "active", "no"),
    ("swapped", 0, -4.0, "active", "no"),
    ("late", 0, -86_400.0, "active", "no"),
    ("both", 0, -4.0, "active", "no"),
    ("both", 1, -4.0, "active", "yes"),
    ("cancelled", 0, -4.0, "cancelled", "no"),
    ("cancelled", 1, -3.0, "active", "no"),
    ("closed", 0, -4.0, "active", "no"),
    ("closed", 1, -3.0, "closed", "no"),
    ("closed", 2, -2.0, "active", "no"),
)
"""Of which call, its number, its time from now in seconds, its status, and whether somebody is said to be armed."""

Row = Callable[[Scene], Awaitable[None]]


async def nothing(_scene: Scene) -> None:
    """No fault: what the others are compared with."""
    await asyncio.sleep(CALM_SECONDS)


# --- processes -------------------------------------------------------------------------------------------------------


async def dies(point: str, scene: Scene) -> None:
    """A process of each service dies at a point. To have one claim, its owner has to go."""
    for service in DECIDING if point != "effect" else ("notification",):
        file = _deaths(scene) / f"{service}-{point}"
        file.touch()
        if point == "claim":
            _kill(scene, service, 1)
        until = time.monotonic() + REACHED_SECONDS
        while file.exists() and time.monotonic() < until:  # noqa: ASYNC110  # another process takes it away
            await asyncio.sleep(0.1)
        if file.exists():
            file.unlink()
            scene.say(f"no process of {service} came to the point {point}")
        await asyncio.sleep(REST_SECONDS)


async def hangs(seconds: float, scene: Scene) -> None:
    """The first process of each service that decides hangs, and wakes."""
    frozen = [psutil.Process(pid) for service in JOURNAL_OF if (pid := scene.stack.pid_of(service, 1))]
    for process in frozen:
        process.suspend()
    try:
        await asyncio.sleep(seconds)
    finally:
        for process in frozen:
            process.resume()


async def spoils(kind: str, scene: Scene) -> None:
    """A call over which a service spins, or dies, time and again."""
    for service in ("triage", "team-availability"):
        scene.city.spoil(kind, service)
        await asyncio.sleep(SPOILED_SECONDS[kind])


async def join_and_leave(scene: Scene) -> None:
    """Every three seconds a process leaves its group, and joins again."""
    began, number = time.monotonic(), 0
    programs = [program for program in scene.stack.programs if program.service in DECIDING]
    while time.monotonic() < began + GROUP_SECONDS:
        program = programs[number % len(programs)]
        _kill(scene, program.service, program.number, signal.SIGTERM)
        number += 1
        await asyncio.sleep(JOIN_SECONDS)


async def cold_start(scene: Scene) -> None:
    """Nothing decides for a while; then all begin anew, with what has come meanwhile."""
    programs = [program for program in scene.stack.programs if program.service in JOURNAL_OF]
    pids = [pid for program in programs if (pid := scene.stack.pid_of(program.service, program.number))]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(COLD_SECONDS)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _kill(scene: Scene, service: str, number: int, how: signal.Signals = signal.SIGKILL) -> None:
    if (pid := scene.stack.pid_of(service, number)) is not None:
        os.kill(pid, how)


def _deaths(scene: Scene) -> Path:
    directory = scene.stack.directory.parent / "deaths"
    directory.mkdir(exist_ok=True)
    return directory


# --- what comes in ---------------------------------------------------------------------------------------------------


async def odd_versions(scene: Scene) -> None:
    """Twice, in the wrong order, a day late, contradicting, cancelled before they began, updated after their end."""
    now = datetime.now(UTC)

    def at(seconds: float) -> str:
        return (now + timedelta(seconds=seconds)).isoformat()

    for number, town in enumerate(scene.city.towns):
        for name, version, seconds, status, answer in ODD_VERSIONS:
            answers = CALM | {"Q1": answer}
            call = OpenCall(town, f"odd-{name}-{number}", "MENTAL", answers, at(-5), number, version, status)
            scene.city.send(call, body_of(call, at(seconds)))
            await asyncio.sleep(0.05)


async def spoiled_bodies(scene: Scene) -> None:
    """Wrong types, nested deeply, ten megabytes: each is refused with a reason, and the door goes on."""
    town = scene.city.towns[0]
    headers = {"Authorization": f"Bearer {scene.stack.access.key(town)}", "Content-Type": "application/json"}
    about = OpenCall(town, "spoiled-0", "MENTAL", dict(CALM), datetime.now(UTC).isoformat(), 0)
    good = body_of(about, about.created_at)
    bodies = {
        "a number for a text": good.replace(b'"event_id":"spoiled-0-0"', b'"event_id":7'),
        "a list for a call": b"[" * 3 + b"]" * 3,
        "nested deeply": b'{"a":' * 5000 + b"1" + b"}" * 5000,
        "ten megabytes": good[:-1] + b',"x":"' + b"x" * BODY_BYTES + b'"}',
    }
    async with session() as http:
        for name, body in bodies.items():
            url = f"{scene.stack.url_of('intake')}/v1/calls"
            answer = await ask(http, "POST", url, seconds=10, data=body, headers=headers)
            if not 400 <= answer.status < 500:
                scene.say(f"{name}: answered {answer.status}")


async def bad_document(scene: Scene) -> None:
    """A document that is none: refused, and the one before stays."""
    async with session() as http:
        for town in scene.city.towns:
            url, token = f"{scene.stack.url_of('console')}/v1/programmes", scene.stack.access.token(town, "ana")
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/toml"}
            answer = await ask(http, "POST", url, seconds=10, data=b'agency = "nobody', headers=headers)
            if not 400 <= answer.status < 500:
                scene.say(f"a document that is none: answered {answer.status}")


async def kill_switch(scene: Scene) -> None:
    """Everything is switched off mid-call, and on again."""
    for phase in ("off", "live"):
        began = time.monotonic()
        async with session() as http, asyncio.TaskGroup() as tasks:
            for town in scene.city.towns:
                console = Console(http, scene.stack.url_of("console"), partial(scene.stack.access.token, town))
                tasks.create_task(set_phases(console, {("cares", "Central"): phase}))
        scene.say(f"switched {phase} in {len(scene.city.towns)} towns after {time.monotonic() - began:.1f} s")
        await asyncio.sleep(REST_SECONDS)


async def surge(rate: float, scene: Scene) -> None:
    """Ten times as much, and its drain."""
    over = asyncio.Event()
    task = asyncio.get_running_loop().create_task(scene.city.publish(rate * (SURGE - 1), over))
    await asyncio.sleep(SURGE_SECONDS)
    over.set()
    await task
    await scene.city.drain(60)


def rows_of(rate: float) -> Mapping[str, Row]:
    """By name, in order."""
    return {
        "nothing": nothing,
        **{f"killed {words}": partial(dies, point) for point, words in POINTS.items()},
        **{f"hangs for {seconds} s": partial(hangs, seconds) for seconds in HANGS_SECONDS},
        "a call that keeps its service busy": partial(spoils, "spin"),
        "a call that ends its process": partial(spoils, "die"),
        "joins and leaves every 3 s": join_and_leave,
        **{f"broker: {words}": partial(_harm, name) for name, words in brokers.WORDS.items()},
        "odd versions": odd_versions,
        "spoiled requests": spoiled_bodies,
        "bad document": bad_document,
        "kill switch mid-call": kill_switch,
        f"{SURGE} times the rate for {SURGE_SECONDS:.0f} s": partial(surge, rate),
        f"cold start with {COLD_SECONDS:.0f} s of backlog": cold_start,
    }


async def _harm(name: str, scene: Scene) -> None:
    assert scene.brokers is not None
    await scene.brokers.harm(name)
