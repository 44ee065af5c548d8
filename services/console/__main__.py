"""Runs the door for people."""

import uvicorn

from services.console.config import ConsoleSettings
from services.console.http import create_app
from shared import agencies, clock, kafka, telemetry
from shared.door import APPEND_SECONDS

if __name__ == "__main__":
    settings = ConsoleSettings.load()
    telemetry.configure_logs("console", settings.instance, settings.log_level)
    broker = kafka.KafkaBroker(settings.kafka, settings.partitions, APPEND_SECONDS)
    app = create_app(broker, clock.SystemClock(), agencies.Agencies(settings.agencies_file), settings)
    uvicorn.run(app, host=settings.host, port=settings.port, http="httptools", access_log=False, log_config=None)
