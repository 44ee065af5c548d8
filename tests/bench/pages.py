"""How soon somebody who is offered a call is reached by text: from the durable `OfferMade` to carrier and phone.

Times are of one clock: the broker's of the offer, the carriers' own of the text, notification's own of their 2xx.
"""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import dataclass
from typing import Any

from hdrh.histogram import HdrHistogram

from shared.links import offer_link
from tests.bench.latency import TOPICS, filled, measure
from tests.bench.stage import PARTITIONS, Stage
from tests.rig.log import Entry, ends, read

LAST_SECONDS, WRITTEN_SECONDS = 3.0, 10.0
"""How long the last texts are waited for, and what was carried."""


@dataclass(frozen=True, slots=True)
class Paged:
    """One run."""

    due: int
    """Texts that offers owed."""
    histograms: dict[str, HdrHistogram]
    callbacks: dict[int, int]
    """By status, how what carriers had to say was answered."""


async def pages(stage: Stage, rate: int, seconds: float, seed: int) -> Paged:
    """One run at a rate, on a stage with phones; it ends the carriers."""
    start = await ends(stage.kafka.address, PARTITIONS, TOPICS)
    measured = await measure(stage, rate, seconds, seed)
    await asyncio.sleep(LAST_SECONDS)
    carriers = stage.outside["carriers"]
    carriers.send_signal(signal.SIGTERM)
    await asyncio.to_thread(carriers.wait, WRITTEN_SECONDS)
    carried = json.loads(await asyncio.to_thread(stage.carried_file.read_text))
    records = await read(stage.kafka.address, PARTITIONS, TOPICS, start)
    return paged(stage, records, {row.call_id for row in measured.new}, carried)


def paged(stage: Stage, records: list[Entry], calls: set[str], carried: dict[str, Any]) -> Paged:
    offered_at = {str(record.fields["offer_id"]): record.time for record in records if record.type == "offer-made"}
    answered_at = {
        str(record.fields["page_id"]): record.decided_at for record in records if record.type == "page-delivered"
    }
    spans: dict[str, list[float]] = {"taken": [], "answered": [], "at the phone": []}
    due = 0
    for record in records:
        if record.type != "page-due" or record.subject not in calls:
            continue
        page: Any = record.fields
        if page["method"]["kind"] != "sms" or page["offer_id"] not in offered_at:
            continue
        due += 1
        times = {
            "taken": carried["taken"].get(page["page_id"]),
            "answered": answered_at.get(page["page_id"]),
            "at the phone": carried["at_phone"].get(_link(stage, page)),
        }
        for name, at in times.items():
            if at is not None:
                spans[name].append(at - offered_at[page["offer_id"]])
    statuses = carried["callbacks"]
    return Paged(
        due,
        {name: filled(seconds) for name, seconds in spans.items()},
        {status: statuses.count(status) for status in sorted(set(statuses))},
    )


def _link(stage: Stage, page: Any) -> str:
    url, secret = stage.stack.url_of("pocket"), stage.stack.access.link_secret
    way = {"method_id": page["method"]["method_id"]}
    return offer_link(url, secret, page["offer_id"], page["person_id"], page.get("link_generation", 0), **way)
