"""The addresses that carriers call back: each names its page, and proves that we have made it up."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Literal, NamedTuple

from shared.carriers import CarrierName
from shared.links import token_of

Door = Literal["", "/voice", "/key"]
"""What becomes of a page; the call was picked up; a key was pressed."""


class PageToken(NamedTuple):
    """A page, as the address of its callbacks names it."""

    agency: str
    page_id: str


@dataclass(frozen=True, slots=True)
class CallbackUrls:
    """Makes them, and reads them back.

    The page stands in the address itself: carriers call back before we know their name for it, and for days after.
    """

    base_url: str
    """Where carriers reach the door. Signatures are checked against it, whatever a request says of itself."""
    secret: str

    def of(self, carrier: CarrierName, agency: str, page_id: str, door: Door = "") -> str:
        """Where a carrier says what becomes of a page, or asks what to say."""
        return f"{self.base_url.rstrip('/')}/cb/{carrier}/{self.token(agency, page_id)}{door}"

    def token(self, agency: str, page_id: str) -> str:
        """`agency.page.proof`."""
        return f"{agency}.{page_id}.{token_of(self.secret, 'callback', page_id, agency)}"

    def page(self, token: str) -> PageToken | None:
        """The page that a token names; None for one that we have not made."""
        agency, _, rest = token.rpartition(".")[0].rpartition(".")
        if not agency or not rest or not hmac.compare_digest(self.token(agency, rest).encode(), token.encode()):
            return None
        return PageToken(agency, rest)
