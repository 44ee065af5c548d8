"""Runs team availability."""

from services.team_availability.config import TeamAvailabilitySettings
from services.team_availability.metrics import watch
from services.team_availability.service import TEAM_AVAILABILITY
from shared.engine.process import run

if __name__ == "__main__":
    run(TEAM_AVAILABILITY, TeamAvailabilitySettings.load(), watch=watch)
