"""A way to a person, as far as a decision needs it: that it exists, whether it works, and when it was proved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.events import ContactKind, ContactMethod

MAX_CONTACTS = 5
"""Of one person."""
PROOF_DAYS = 30
"""How long an answer over a way counts as a proof that it works: a roll call asks only where it is older."""
UNPROVED_DAYS = 90
"""A way over which nobody has answered for so long is taken for broken: the number may be a stranger's by now."""

WRITTEN: frozenset[ContactKind] = frozenset(("push", "sms", "email", "webhook"))
"""Ways over which a link can be sent: all but a phone call, and the page that is open already."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to one person. Its address is sealed in `contacts`, at `position`."""

    kind: ContactKind
    set_at: datetime
    after_seconds: int = 0
    shown: str = ""
    fingerprint: str = ""
    position: int = -1
    first_position: int = -1
    """Where this address was sealed first: what went to an earlier place went to another address."""
    proved_at: datetime | None = None
    broken: str = ""
    """Why it does not work."""
    opted_out: bool = False

    @property
    def why_not(self) -> str:
        """Why no page goes there; empty where it works."""
        return "opted-out" if self.opted_out else "broken" if self.broken else ""

    @property
    def can_be_proved(self) -> bool:
        """Whether an answer can come over it: the page that is open already proves nothing."""
        return self.kind != "pocket"

    @property
    def is_proved_until(self) -> datetime:
        """When it is taken for broken unless somebody answers over it."""
        return (self.proved_at or self.set_at) + timedelta(days=UNPROVED_DAYS)

    def was_proved_lately(self, now: datetime) -> bool:
        """Whether somebody answered over it in the last thirty days."""
        return self.proved_at is not None and now - self.proved_at < timedelta(days=PROOF_DAYS)

    def method(self, method_id: str) -> ContactMethod:
        """What stands in a page of it."""
        return ContactMethod(method_id=method_id, kind=self.kind, position=self.position)
