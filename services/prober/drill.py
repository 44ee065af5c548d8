"""Posts one alarm as a trial, the way that the prober's go: `python -m services.prober.drill`, with its settings."""

from __future__ import annotations

import sys

import httpx
import uvloop

from services.prober.alarm import posted
from services.prober.config import ProberSettings

DRILL = {"alarm": "drill", "sentence": "careroute: a drill. The way from the prober to you works."}


async def drill(settings: ProberSettings, http: httpx.AsyncClient) -> str:
    """What is wrong with the way; empty where somebody has acknowledged the trial."""
    if not settings.alarm_url:
        return "CAREROUTE_ALARM_URL names nobody: no alarm of the prober reaches anyone."
    if await posted(http, settings.alarm_url, settings.alarm_token, DRILL):
        return ""
    return "Nobody acknowledged it: see where CAREROUTE_ALARM_URL leads, and whether CAREROUTE_ALARM_TOKEN is right."


async def _main() -> int:
    settings = ProberSettings.load()
    async with httpx.AsyncClient(trust_env=False) as http:
        wrong = await drill(settings, http)
    sys.stdout.write(f"{wrong or 'The trial was acknowledged. Has somebody heard of it?'}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(uvloop.run(_main()))
