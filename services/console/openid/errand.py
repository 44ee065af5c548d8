"""What a browser carries while its person is at the identity provider: sealed, for a few minutes, for one return.

Nothing of it is kept here, so strangers who begin without end take nothing from anybody.
"""

from __future__ import annotations

import json
import secrets
from collections import OrderedDict
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

from shared.clock import Clock

LIFE: Final = timedelta(minutes=10)
MOST_USED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Errand:
    """One attempt to sign in."""

    state: str
    nonce: str
    verifier: str
    to: str
    """Where its person wants to go afterwards."""
    began_at: float
    """In seconds since 1970."""


class Errands:
    """Seals errands and opens each once; with a key that ends with this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._fernet = clock, Fernet(Fernet.generate_key())
        self._used: OrderedDict[str, datetime] = OrderedDict()

    def begin(self, to: str) -> Errand:
        """A new attempt."""
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        return Errand(state, nonce, verifier, to, self._clock.now().timestamp())

    def seal(self, errand: Errand) -> str:
        """What the browser carries."""
        at = int(self._clock.now().timestamp())
        return self._fernet.encrypt_at_time(json.dumps(asdict(errand)).encode(), at).decode()

    def open(self, sealed: str, state: str) -> Errand | None:
        """The errand of the browser that comes back with this state; None where it is another's, too old, or used."""
        now = self._clock.now()
        try:
            text = self._fernet.decrypt_at_time(sealed.encode(), int(LIFE.total_seconds()), int(now.timestamp()))
        except (InvalidToken, UnicodeEncodeError):
            return None
        errand = Errand(**json.loads(text))
        if not compare_digest(errand.state.encode(), state.encode("utf-8", "replace")) or errand.state in self._used:
            return None
        self._used[errand.state] = now
        while len(self._used) > MOST_USED:
            self._used.popitem(last=False)
        return errand
