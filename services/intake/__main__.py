"""Runs the door for CADs."""

import uvicorn

from services.intake.config import IntakeSettings
from services.intake.http import create_app
from shared.agencies import Agencies
from shared.clock import SystemClock
from shared.door import APPEND_SECONDS
from shared.kafka import KafkaBroker
from shared.sealing import Sealer
from shared.telemetry import configure_logs

if __name__ == "__main__":
    settings = IntakeSettings.load()
    configure_logs("intake", settings.instance, settings.log_level)
    broker = KafkaBroker(settings.kafka, settings.partitions, APPEND_SECONDS)
    sealer = Sealer(settings.sealing_key.get_secret_value())
    app = create_app(broker, SystemClock(), Agencies(settings.agencies_file), sealer, settings)
    uvicorn.run(app, host=settings.host, port=settings.port, http="httptools", access_log=False, log_config=None)
