"""Runs the door for CADs."""

from services.intake.config import IntakeSettings
from services.intake.http import create_app
from shared.clock import SystemClock
from shared.doors.serve import agencies_of, connect, serve
from shared.sealing import Sealer

if __name__ == "__main__":
    settings = IntakeSettings.load()
    sealer = Sealer(settings.sealing_key.get_secret_value())
    agencies = agencies_of(settings)
    app = create_app(connect(settings), SystemClock(), agencies, sealer, settings)
    serve("intake", settings, app, remark=agencies.remark)
