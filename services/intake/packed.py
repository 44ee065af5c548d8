"""Bodies that came packed (`Content-Encoding: gzip`), unpacked within the bound that plain ones have."""

from __future__ import annotations

import zlib
from http import HTTPStatus

from services.intake.config import MAX_BODY_BYTES
from shared.doors.problems import Fault, Problem

_GZIP = 16 + zlib.MAX_WBITS


def is_packed(encoding: str) -> bool:
    """Whether a body has to be unpacked. Raises Problem (415) for any packing but gzip."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return False
    if name not in ("gzip", "x-gzip"):
        fault = Fault("Content-Encoding", "is another packing", "gzip, or none")
        sentence = "The packing is not taken here."
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence, fault, headers={"Accept-Encoding": "gzip"})
    return True


def unpacked(body: bytes) -> bytes:
    """What was packed. Raises Problem: 413 where it is too large, and no more of it is unpacked; 400 for no gzip."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error:
        content = b""
    if len(content) > MAX_BODY_BYTES:
        fault = Fault("", "is too long when it is unpacked", f"at most {MAX_BODY_BYTES} bytes")
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large.", fault)
    if not unpacker.eof or unpacker.unused_data:
        fault = Fault("", "is cut off, or is no gzip", "one whole gzip member")
        raise Problem(HTTPStatus.BAD_REQUEST, "The body cannot be unpacked.", fault)
    return content
