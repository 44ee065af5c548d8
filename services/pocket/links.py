"""The links that lead to the pocket page, by their tokens: every one is made by the secret that no journal holds."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from services.pocket.records import SHOWN_MINUTES
from shared.events import child_id
from shared.links import token_of


class Link(Protocol):
    """What a token leads to."""

    @property
    def token(self) -> str:
        """What its holder has."""
        ...

    def shown_until(self) -> datetime | None:
        """When it is gone; None while what it leads to lasts."""
        ...


@dataclass(slots=True)
class RollLink:
    """What the link of a roll call leads to: one person, asked over one way."""

    token: str
    agency: str
    roll_id: str
    person_id: str
    method_id: str
    page_id: str
    until: datetime
    answered: bool = False

    def shown_until(self) -> datetime:
        """When it is gone."""
        return self.until + timedelta(minutes=SHOWN_MINUTES)


class Links:
    """Those of all agencies."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._links: dict[str, Link] = {}

    def __len__(self) -> int:
        return len(self._links)

    def token(self, kind: str, subject_id: str, person_id: str, generation: int, *, method_id: str = "") -> str:
        """The token of a link."""
        return token_of(self._secret, kind, subject_id, person_id, generation, method_id=method_id)

    def add(self, link: Link) -> None:
        """Let a link lead somewhere."""
        self._links[_key(link.token)] = link

    def remove(self, token: str) -> None:
        """Let a link lead nowhere."""
        self._links.pop(_key(token), None)

    def find(self, token: str, now: datetime) -> Link | None:
        """What a token leads to, while it lives."""
        link = self._links.get(_key(token))
        if link is None or not hmac.compare_digest(link.token.encode(), token.encode()):
            return None
        until = link.shown_until()
        return link if until is None or now < until else None


def _key(token: str) -> str:
    """Links are found by a hash of their token, so that how long a search takes says nothing of the token."""
    return child_id(token, "link")
