"""The link with which a phone or tablet becomes a person's or a team's: signed, so that no door has to remember it.

It says whose the device will be, and until when it works. That it works once is decided by team availability, which
remembers the enrolment's id.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from shared.base64url import decoded, encoded
from shared.events import Id

ENROLMENT_LIFE = timedelta(minutes=15)
TOKEN_LENGTH = 1_000
"""Of what is looked at; a real one has about two hundred characters."""
MAC_BYTES = 32


class Enrolment(NamedTuple):
    """One device that may be enrolled once: a person's or a team's."""

    agency: str
    enrolment_id: Id
    person_id: str | None
    team_id: str | None
    label: str
    enrolled_by: str
    until: datetime

    @classmethod
    def new(
        cls, now: datetime, agency: str, *, person_id: str | None, team_id: str | None, label: str, enrolled_by: str
    ) -> Self:
        """One that works for a quarter of an hour."""
        until = (now + ENROLMENT_LIFE).replace(microsecond=0)
        return cls(agency, secrets.token_hex(16), person_id, team_id, label, enrolled_by, until)

    @property
    def holder(self) -> str:
        """Whose the device will be."""
        return self.person_id or self.team_id or ""

    @property
    def made_at(self) -> datetime:
        """The second in which it was made."""
        return self.until - ENROLMENT_LIFE

    def token(self, secret: str) -> str:
        """What stands in the link."""
        said = json.dumps([*self[:-1], int(self.until.timestamp())], ensure_ascii=False, separators=(",", ":")).encode()
        return f"{encoded(said)}.{encoded(_mac(secret, said))}"

    def link(self, base_url: str, secret: str) -> str:
        """Where the device is enrolled; opening it alone changes nothing."""
        return f"{base_url.rstrip('/')}/me/enrol/{self.token(secret)}"


def read_enrolment(token: str, secret: str, now: datetime) -> Enrolment | None:
    """What a token says, if it was made with this secret and still works."""
    if len(token) > TOKEN_LENGTH:
        return None
    said, _, mac = token.partition(".")
    try:
        content, made = decoded(said), decoded(mac)
    except ValueError:
        return None
    if not hmac.compare_digest(made, _mac(secret, content)):
        return None
    agency, enrolment_id, person_id, team_id, label, enrolled_by, until = json.loads(content)
    until_at = datetime.fromtimestamp(until, now.tzinfo)
    enrolment = Enrolment(agency, enrolment_id, person_id, team_id, label, enrolled_by, until_at)
    return enrolment if now < enrolment.until else None


def _mac(secret: str, said: bytes) -> bytes:
    return hmac.new(secret.encode(), b"enrol\x00" + said, hashlib.sha256).digest()[:MAC_BYTES]
