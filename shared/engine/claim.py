"""What becoming the owner of a partition takes: a clock that is right, a claim that wins, and what waits by then."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from shared import telemetry
from shared.clock import Clock
from shared.engine.broker import Appended, Broker, BrokerUnavailable, Reader, Record, TopicPartition
from shared.engine.journal import START, InputPosition, StepHeaders, headers_of
from shared.engine.restoration import Restoration
from shared.engine.service import Service
from shared.engine.step import PartitionState
from shared.engine.topic import Topic
from shared.engine.writer import JournalWriter
from shared.events.base import Event
from shared.events.journals import Claimed, PositionsNoted

S = TypeVar("S")

MAX_SKEW = timedelta(milliseconds=500)
"""Half of the second in which a passed deadline has to be on record."""
NO_EPOCH = -1
"""Of a record that counts for nobody."""


class ClockSkewed(Exception):
    """This machine's clock and those of most brokers are more than half a second apart."""


@dataclass(frozen=True, slots=True)
class Claim(Generic[S]):
    """What a new owner begins with."""

    state: PartitionState[S]
    restoration: Restoration[S]
    """What the state comes from."""
    writer: JournalWriter
    behind: Mapping[str, int]
    """By input in which something waits, where it ended at the take-over."""


async def compare_clocks(service: Service[Any], broker: Broker, clock: Clock, place: TopicPartition) -> Appended:
    """Write a record that counts for nobody and look at the broker's time of it: who is off must not oust the owner.

    Where most partitions' leaders agree with this clock it is that one's that is off: no process would have claimed its
    partitions, and each would have ended over them. Raises ClockSkewed, BrokerUnavailable.
    """
    appended, off = await _look_at_clock(service, broker, clock, place)
    if off:
        places = [(place[0], number) for number in range(broker.partitions)]
        looks = [_look_at_clock(service, broker, clock, each) for each in places]
        answers = await asyncio.gather(*looks, return_exceptions=True)
        agree = [not answer[1] for answer in answers if not isinstance(answer, BaseException)]
        if sum(agree) <= len(agree) / 2:
            raise ClockSkewed(off)
        telemetry.logger().error("a broker's clock is off", partition=place[1], wrong=off)
    return appended


async def compare_with_any(service: Service[Any], broker: Broker, clock: Clock) -> None:
    """Compare clocks at the first partition that can be written to. Raises ClockSkewed, BrokerUnavailable."""
    for number in range(broker.partitions):
        try:
            await compare_clocks(service, broker, clock, (service.writes.name, number))
        except BrokerUnavailable:
            if number + 1 == broker.partitions:
                raise
        else:
            return


async def _look_at_clock(
    service: Service[Any], broker: Broker, clock: Clock, place: TopicPartition
) -> tuple[Appended, str]:
    """What was written for it, and in words by how much clocks differ; empty where they agree."""
    asked_at = clock.now()
    step = StepHeaders(NO_EPOCH, asked_at, service.decider_version, {}, service.name)
    appended = await broker.append(*place, [_record(PositionsNoted(), "clock", step)])
    answered_at = clock.now()
    if asked_at - MAX_SKEW <= appended.time <= answered_at + MAX_SKEW:
        return appended, ""
    return appended, f"this clock says {answered_at.isoformat()}, the broker's {appended.time.isoformat()}"


async def write_claim(
    service: Service[Any],
    broker: Broker,
    clock: Clock,
    place: TopicPartition,
    *,
    claimed: Claimed,
    positions: Mapping[str, InputPosition],
) -> Appended:
    """Write a claim; whether it has won the journal says. Raises BrokerUnavailable."""
    step = StepHeaders(claimed.epoch, clock.now(), service.decider_version, positions, service.name)
    return await broker.append(*place, [_record(claimed, "claim", step)])


def _record(event: Event, cause: str, step: StepHeaders) -> Record:
    return Record("", event.encode(), headers_of(event, cause, 0, step.common()))


async def look_at_inputs(
    service: Service[Any], reader: Reader, number: int, positions: Mapping[str, InputPosition]
) -> tuple[dict[str, InputPosition], dict[str, int]]:
    """By input, where its reading goes on, the beginning as a position; and where those end in which something waits.

    Of a topic that is kept for a time only, records may be deleted that nobody has decided: it goes on with what is
    kept, and says so. Raises BrokerUnavailable.
    """
    places = [(topic.name, number) for topic in service.reads]
    starts, ends = await reader.starts(places), await reader.ends(places)
    begin = dict(positions)
    for topic in service.reads:
        start, position = starts.get((topic.name, number), 0), positions[topic.name]
        if position == START:
            begin[topic.name] = InputPosition(start, 0)
        elif position.offset < start and not topic.journal and topic.retention_milliseconds >= 0:
            _tell_of_deleted(service, topic, number, start - position.offset)
            begin[topic.name] = InputPosition(start, 0)
    return begin, {topic: end for (topic, _), end in ends.items() if end > begin[topic].offset}


def _tell_of_deleted(service: Service[Any], topic: Topic, number: int, records: int) -> None:
    telemetry.DELETED_UNDECIDED.labels(service.name, topic.name).inc(records)
    telemetry.logger().critical("deleted undecided", topic=topic.name, partition=number, count=records)
