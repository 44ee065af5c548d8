"""The links on a page: opaque, bound to one offer or shift and one person, and the same whenever they are made."""

from __future__ import annotations

import base64
import hashlib
import hmac

TOKEN_BYTES = 16


def token_of(secret: str, kind: str, subject_id: str, person_id: str) -> str:
    """The token for a person and an offer or shift: 128 bits of HMAC-SHA256, so that nothing here is random."""
    message = f"{kind}\x00{subject_id}\x00{person_id}".encode()
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).rstrip(b"=").decode()


def offer_link(base_url: str, secret: str, offer_id: str, person_id: str) -> str:
    """Where a person answers an offer; dies with the offer and the assignment it led to."""
    return f"{base_url.rstrip('/')}/p/{token_of(secret, 'offer', offer_id, person_id)}"


def shift_link(base_url: str, secret: str, shift_id: str, person_id: str) -> str:
    """A person's page for the shift; dies at sign-off."""
    return f"{base_url.rstrip('/')}/s/{token_of(secret, 'shift', shift_id, person_id)}"
