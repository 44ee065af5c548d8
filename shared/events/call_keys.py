"""The topic `call-keys`: what calls are sealed with. Compacted: what is erased is gone within a day."""

from __future__ import annotations

from shared.events.base import Event
from shared.events.calls import Sealed


class CallKeyMade(Event):
    """A key of a call, itself sealed with the sealing key, for the call and its own id. A call may have several."""

    call_id: str
    key_id: str
    sealed: Sealed
