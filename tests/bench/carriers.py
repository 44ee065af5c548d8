"""The carriers and phones beside the benchmark, a process of its own; ended by SIGTERM, it writes down what it carried.

`python -m tests.bench.carriers SPEC.json`
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

from deploy.actors.carrier.carriers import Carrier
from deploy.actors.carrier.serving import Exchange, Setup, serving


async def carriers(spec: dict[str, Any]) -> None:
    """Carry until told to stop."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    async with serving(spec["port"], Setup(**spec["setup"])) as exchange:
        await over.wait()
        written = {
            "taken": dict(taken(exchange.twilio) + taken(exchange.telnyx)),
            "at_phone": at_phone(exchange),
            "callbacks": [status for _, status in exchange.network.callbacks],
        }
        await asyncio.to_thread(Path(spec["out"]).write_text, json.dumps(written))


def taken(carrier: Carrier) -> list[tuple[str, float]]:
    """By page, when a text was taken."""
    return [(text.callback.split(".")[-2], text.at) for text in carrier.taken if text.body and text.callback]


def at_phone(exchange: Exchange) -> dict[str, float]:
    """By the link in it, when a text came to a phone."""
    texts = (text for phone in exchange.network.phones.values() for text in phone.texts)
    return {text.link: text.at for text in texts if text.link}


if __name__ == "__main__":
    asyncio.run(carriers(json.loads(Path(sys.argv[1]).read_text())))
