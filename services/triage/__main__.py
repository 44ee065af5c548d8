"""Runs triage."""

from services.triage.config import TriageSettings
from services.triage.documents import APART
from services.triage.metrics import watch
from services.triage.prepared import keys_of, prepared_by
from services.triage.service import triage_service
from shared.engine.process import run

if __name__ == "__main__":
    settings = TriageSettings.load()
    keys = keys_of(settings)
    APART.start()
    run(triage_service(keys), settings, watch=watch, prepare=prepared_by(keys), beside=keys)
