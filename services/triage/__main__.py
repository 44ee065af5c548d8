"""Runs triage."""

from services.triage.config import TriageSettings
from services.triage.documents import APART, prepare
from services.triage.metrics import watch
from services.triage.service import triage_service
from shared.engine.process import beside_the_loop, run
from shared.events import ProposeProgramme
from shared.sealing import Sealer

if __name__ == "__main__":
    settings = TriageSettings.load()
    beside = {ProposeProgramme.type: beside_the_loop(ProposeProgramme, lambda command: prepare(command.document))}
    APART.start()
    run(triage_service(Sealer(settings.sealing_key.get_secret_value())), settings, watch=watch, prepare=beside)
