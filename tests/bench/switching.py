"""How soon people's commands are at work while calls flow: the kill switch, and a large new document.

All times are the log's own: a command counts from its append, an effect when it is durable.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from random import Random

from shared.clock import SystemClock
from shared.doors.command import send
from shared.engine.kafka import KafkaBroker
from shared.events import ApproveProgramme, Command, PauseDistrict, ProposeProgramme, ResumeDistrict, child_id
from tests.bench.judging import large
from tests.bench.latency import WARM_SECONDS
from tests.bench.stage import PARTITIONS, Stage
from tests.rig.log import Entry, Rule, ends, read

TOPICS = ("commands", "decisions", "assignments")
PAUSES_A_SECOND, PAUSED_SECONDS = 5.0, 1.5
SETTLE_SECONDS = 5.0
DISTRICT = "Central"


@dataclass(slots=True)
class Switched:
    """One run."""

    rate: int
    answered: list[float]
    """Seconds from a pause's command to its answer."""
    at_work: list[float]
    """To the instant from which no team is asked any more and every open offer is withdrawn."""
    late_offers: int
    """Offers made where team availability had applied the pause already."""
    adopted: dict[str, float]
    """Seconds from the command: the proposal's answer, the approval's, the first decision under the new document."""
    longest_gap: float
    """Between two decisions of one partition while the document was read and adopted, in seconds."""
    usual_gap: float
    """The same before it."""


async def switching(stage: Stage, rate: int, seconds: float, seed: int) -> Switched:
    """Load at a rate; pauses at random agencies, then one agency's programme is replaced by a large one."""
    start = await ends(stage.kafka.address, PARTITIONS, TOPICS)
    out = stage.directory / "switching-rows.json"
    whole = WARM_SECONDS + seconds + 4 * SETTLE_SECONDS  # it goes on beyond what is looked at
    spec = {**stage.publishing, "rate": rate, "seconds": whole, "seed": seed, "out": str(out)}
    loading = await stage.beside("load", spec)
    broker = KafkaBroker(stage.kafka.address, PARTITIONS)
    try:
        await asyncio.sleep(WARM_SECONDS)
        await _pauses(broker, stage, seconds, Random(seed))  # a simulation
        quiet_from = time.time()
        await asyncio.sleep(SETTLE_SECONDS)
        agency = stage.towns[0].name
        adopting_from = time.time()
        proposal = await _adopt(broker, agency)
        while loading.poll() is None:  # noqa: ASYNC110  # another process has to finish
            await asyncio.sleep(0.1)
    finally:
        await broker.close()
    logged = await read(stage.kafka.address, PARTITIONS, TOPICS, start, Rule(applies=False))
    records = [record for record in logged if record.counts]
    answered, at_work, late_offers = _paused(records)
    adopted = _adoption(records, agency, proposal)
    gaps = _gaps(records, (quiet_from, adopting_from)), _gaps(records, (adopting_from, adopting_from + SETTLE_SECONDS))
    return Switched(rate, answered, at_work, late_offers, adopted, gaps[1], gaps[0])


async def _pauses(broker: KafkaBroker, stage: Stage, seconds: float, chance: Random) -> None:
    """Each paused a while and resumed; no agency twice at a time."""
    idle = [town.name for town in stage.towns]

    async def pause(agency: str) -> None:
        await _issue(broker, agency, PauseDistrict, district=DISTRICT, reason="bench")
        await asyncio.sleep(PAUSED_SECONDS)
        await _issue(broker, agency, ResumeDistrict, district=DISTRICT, reason="bench")
        await asyncio.sleep(PAUSED_SECONDS / 2)
        idle.append(agency)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(int(seconds * PAUSES_A_SECOND)):
            if idle:
                tasks.create_task(pause(idle.pop(chance.randrange(len(idle)))))
            await asyncio.sleep(1 / PAUSES_A_SECOND)


async def _adopt(broker: KafkaBroker, agency: str) -> str:
    """Propose and approve a document of 200 districts and 2,000 codes; the proposal's command id."""
    document = large(agency, version=int(time.time()))  # greater than any before it
    proposed = await _issue(broker, agency, ProposeProgramme, document=document)
    await asyncio.sleep(SETTLE_SECONDS / 2)
    document_hash = sha256(document.encode()).hexdigest()[:16]
    await _issue(broker, agency, ApproveProgramme, by="ben", document_hash=document_hash)
    return proposed


async def _issue(broker: KafkaBroker, agency: str, kind: type[Command], by: str = "ana", **about: object) -> str:
    now = SystemClock().now()
    command_id = child_id(agency, f"{kind.type}/{now.isoformat()}")
    common = {"command_id": command_id, "issued_by": by, "issued_at": now, "expires_at": now + timedelta(seconds=60)}
    await send(broker, agency, kind(**common, **about), SystemClock(), "bench")  # type: ignore[arg-type]
    return command_id


# --- what the log says


def _paused(records: Iterable[Entry]) -> tuple[list[float], list[float], int]:
    """From each pause's command: to its answer, to its effect; and offers made in spite of it."""
    issued: dict[str, Entry] = {}
    answered: list[float] = []
    at_work: list[float] = []
    paused: dict[str, float] = {}
    begun: dict[str, float] = {}
    late_offers = 0
    for record in sorted(records, key=lambda record: (record.time, record.topic != "commands", record.offset)):
        fields = record.fields
        if record.type == "pause-district":
            issued[str(fields["command_id"])] = record
        elif record.type == "command-done" and (command := issued.get(str(fields["command_id"]))) is not None:
            answered.append(record.time - command.time)
            begun[record.key] = command.time
        elif record.type == "pause-applied" and record.key in begun:
            if fields["paused"]:
                at_work.append(record.time - begun[record.key])
                paused[record.key] = record.time
            else:
                paused.pop(record.key, None)
        elif record.type == "offer-withdrawn" and fields["why"] == "paused" and record.key in paused:
            at_work[-1] = max(at_work[-1], record.time - begun[record.key])
        elif record.type == "offer-made" and record.key in paused and fields["district"] == DISTRICT:
            late_offers += 1
    return answered, at_work, late_offers


def _adoption(records: list[Entry], agency: str, proposal: str) -> dict[str, float]:
    of_agency = [record for record in records if record.key == agency]
    proposed = next(
        record for record in of_agency if record.type == "propose-programme" and record.fields["command_id"] == proposal
    )
    approved = next(
        record for record in of_agency if record.type == "approve-programme" and record.time > proposed.time
    )
    activated = next(
        record for record in of_agency if record.type == "programme-activated" and record.time > proposed.time
    )
    answers = {str(record.fields["command_id"]): record for record in of_agency if record.type == "command-done"}
    later = (record for record in of_agency if record.type == "call-triaged" and record.offset > activated.offset)
    first = next((record.time for record in later), float("nan"))
    return {
        "proposal answered": answers[proposal].time - proposed.time,
        "approval answered": answers[str(approved.fields["command_id"])].time - approved.time,
        "first decision under it": first - approved.time,
    }


def _gaps(records: Iterable[Entry], within: tuple[float, float]) -> float:
    """The longest time without any record in one partition of triage's journal, whichever partition that was."""
    times: defaultdict[int, list[float]] = defaultdict(list)
    for record in records:
        if record.topic == "decisions" and within[0] <= record.time <= within[1]:
            times[record.partition].append(record.time)
    return max(
        (after - before for partition in times.values() for before, after in pairwise(sorted(partition))), default=0.0
    )
