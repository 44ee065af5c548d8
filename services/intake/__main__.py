"""Runs the door for CADs."""

from services.intake.config import IntakeSettings
from services.intake.http import create_app
from shared.doors.serve import serve
from shared.sealing import Sealer

if __name__ == "__main__":
    settings = IntakeSettings.load()
    sealer = Sealer(settings.sealing_key.get_secret_value())
    serve("intake", settings, lambda broker, clock, agencies: create_app(broker, clock, agencies, sealer, settings))
