"""What is done about an input of triage's before it is decided, beside the loop."""

from __future__ import annotations

from collections.abc import Mapping

from services.triage.config import TriageSettings
from services.triage.documents import prepare
from shared.call_keys import CallKeys
from shared.engine.kafka import KafkaBroker
from shared.engine.process import beside_the_loop
from shared.engine.worker import Prepare
from shared.events import CallCancelled, CallReported, ProposeProgramme


def keys_of(settings: TriageSettings) -> CallKeys:
    """The keys of calls, as this process follows them."""
    return CallKeys(KafkaBroker(settings.connection, settings.partitions), settings.sealer)


def prepared_by(keys: CallKeys) -> Mapping[str, Prepare]:
    """A document is read beside the loop; a version of a call waits for the key of its sealed part."""
    return {
        ProposeProgramme.type: beside_the_loop(ProposeProgramme, lambda command: prepare(command.document)),
        CallReported.type: keys.awaited,
        CallCancelled.type: keys.awaited,
    }
