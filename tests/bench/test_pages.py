"""What the benchmark makes of pages: each text is found again at its carrier and at the phone, by page and by link."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from services.notification.carriers.order import Errand
from tests.bench.carriers import at_phone, taken
from tests.bench.pages import paged
from tests.deploy.test_carrier import stage
from tests.rig.carrier import LINK_SECRET, PHONE, page
from tests.rig.log import Entry

CALL = "madison/dane/26-001"


def logged(topic: str, kind: str, at: datetime, value: bytes) -> Entry:
    headers = {"subject": CALL.encode(), "time": at.isoformat().encode()}
    return Entry(topic, 0, 0, at.timestamp(), "madison", kind, headers, value)


async def test_a_text_is_found_again(tmp_path: Path) -> None:
    received: asyncio.Queue[str] = asyncio.Queue()
    offered_at = datetime.now(UTC) - timedelta(seconds=1)
    async with stage(tmp_path, received) as (carriers, exchange, _):
        due = page(not_after=datetime.now(UTC) + timedelta(seconds=20))
        await carriers.send(Errand("madison", "sms", due, PHONE))
        answered_at = datetime.now(UTC)
        async with asyncio.timeout(10):
            await received.get()
        carried = {"taken": dict(taken(exchange.twilio)), "at_phone": at_phone(exchange), "callbacks": [204, 204, 503]}
    records = [
        logged("assignments", "offer-made", offered_at, json.dumps({"offer_id": due.offer_id}).encode()),
        logged("notifications", "page-due", offered_at, due.encode()),
        logged("notifications", "page-delivered", answered_at, json.dumps({"page_id": due.page_id}).encode()),
    ]
    where: Any = SimpleNamespace(
        stack=SimpleNamespace(url_of=lambda _: "http://pocket", access=SimpleNamespace(link_secret=LINK_SECRET))
    )
    measured = paged(where, records, {CALL}, carried)
    assert measured.due == 1
    assert {name: histogram.total_count for name, histogram in measured.histograms.items()} == {
        "taken": 1,
        "answered": 1,
        "at the phone": 1,
    }
    assert measured.histograms["taken"].get_max_value() / 1e6 == pytest.approx(1.1, abs=0.5)
    assert measured.callbacks == {204: 2, 503: 1}
    assert paged(where, records, set(), carried).due == 0
