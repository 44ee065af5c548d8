"""Runs rostering."""

from services.rostering.config import RosteringSettings
from services.rostering.service import ROSTERING
from shared.engine.process import run

if __name__ == "__main__":
    run(ROSTERING, RosteringSettings.load())
