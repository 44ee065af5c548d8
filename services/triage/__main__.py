"""Runs triage."""

from services.triage.config import TriageSettings
from services.triage.service import triage_service
from services.triage.watch import watch
from shared.sealing import Sealer
from shared.worker import run

if __name__ == "__main__":
    settings = TriageSettings.load()
    run(triage_service(Sealer(settings.sealing_key.get_secret_value())), settings, watch=watch)
