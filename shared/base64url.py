"""Bytes as text that may stand in a link: base64 with `-` and `_`, without padding (RFC 4648, section 5)."""

from __future__ import annotations

import base64


def encoded(raw: bytes) -> str:
    """The text of some bytes."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of a text. Raises ValueError where it is none of these."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
