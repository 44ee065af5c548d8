"""Runs the played network: `python -m deploy.actors.carrier PORT SETUP.json`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import uvloop

from deploy.actors.carrier.serving import Setup, serving


async def _serve(port: int, setup: Setup) -> None:
    async with serving(port, setup) as exchange:
        sys.stdout.write(f"http://127.0.0.1:{port}: twilio, telnyx (public key {exchange.telnyx.public_key}), phones\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), Setup(**json.loads(Path(sys.argv[2]).read_text("utf-8")))))
