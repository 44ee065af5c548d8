"""The topic `calls`, written by intake."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.call import Call
from shared.events.base import Event


class Sealed(BaseModel):
    """The personal part of a call (address, call-back number, narrative), AES-GCM encrypted; base64 text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key_id: str
    nonce: str
    ciphertext: str


class _CallVersion(Event):
    event_id: str
    """The sender's own id of this version; a repeat carries the same."""
    call: Call
    received_at: AwareDatetime
    judged_at: AwareDatetime
    """The instant that gates use: when intake received it, or for a replayed source the call's own time."""
    sealed: Sealed | None = None
    fingerprint: str = ""
    """Hash of the call without its times: two versions with one fingerprint say the same."""
    address_pseudonym: str = ""
    """Of the address, as names are compared: where it is another, the call is somewhere else. Empty without one."""
    position_pseudonyms: tuple[str, ...] = ()
    """Of the position, if it has one: where two versions of a call have none in common, they are far apart."""
    synthetic: bool = False
    """A test call of careroute's own: it is decided like any other, and no team is ever sent to it."""

    @property
    def call_id(self) -> str:
        """The call that this is a version of."""
        return self.call.call_id


class CallReported(_CallVersion):
    """A CAD published a version of a call: its full current state."""


class CallCancelled(_CallVersion):
    """A CAD published that a call is over: cancelled, closed or merged into another."""
