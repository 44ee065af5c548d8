"""Runs the door with the pocket page."""

import asyncio

from services.pocket.config import PocketSettings
from services.pocket.serve import serve
from shared.telemetry import configure_logs

if __name__ == "__main__":
    settings = PocketSettings.load()
    configure_logs("pocket", settings.instance, settings.log_level)
    asyncio.run(serve(settings))
