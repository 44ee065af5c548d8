"""Runs reporting."""

from services.reporting.config import ReportingSettings
from services.reporting.process import run

if __name__ == "__main__":
    run(ReportingSettings.load())
