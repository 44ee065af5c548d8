"""Runs triage."""

from services.triage.config import TriageSettings
from services.triage.documents import APART
from services.triage.metrics import watch
from services.triage.opening import counted
from services.triage.prepared import keys_of, prepared_by
from services.triage.service import triage_service
from shared.engine.process import run

if __name__ == "__main__":
    settings = TriageSettings.load()
    opener, use = counted(keys := keys_of(settings), settings)
    APART.start_later()
    run(triage_service(opener), settings, watch=watch, prepare=prepared_by(keys), beside=keys, also=use)
