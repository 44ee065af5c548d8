"""The icon on a home screen: a call, and the way to it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

PNG_PIXELS = 512
GROUND, WAY, FROM, TO = "#123e7c", "#a9c8ff", "#ffffff", "#4bc27d"
COLOURS = (GROUND, WAY, FROM, TO)
DISCS = ((160, 160, 24, WAY), (160, 352, 60, FROM), (352, 160, 72, TO))
"""Centre, radius, colour. Everything lies in the circle that no launcher cuts off."""
BARS = ((136, 160, 184, 352, WAY), (160, 136, 352, 184, WAY))
"""Left, top, right, bottom, colour."""


def svg() -> str:
    """Sharp at any size."""
    bars = "".join(
        f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" fill="{colour}"/>'
        for left, top, right, bottom, colour in BARS
    )
    discs = "".join(f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}"/>' for x, y, radius, colour in DISCS)
    size = PNG_PIXELS
    ground = f'<rect width="{size}" height="{size}" fill="{GROUND}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">{ground}{bars}{discs}</svg>'


def png() -> bytes:
    """The same for phones that take no SVG."""
    rows = b"".join(b"\x00" + row for row in _rows())
    palette = b"".join(bytes.fromhex(colour[1:]) for colour in COLOURS)
    header = struct.pack(">IIBBBBB", PNG_PIXELS, PNG_PIXELS, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _rows() -> Iterator[bytes]:
    for y in range(PNG_PIXELS):
        row = bytearray(PNG_PIXELS)
        for left, top, right, bottom, colour in BARS:
            if top <= y < bottom:
                _paint(row, left, right, colour)
        for x, centre, radius, colour in DISCS:
            half = radius**2 - (y - centre) ** 2
            if half > 0:
                _paint(row, x - round(half**0.5), x + round(half**0.5), colour)
        yield bytes(row)


def _paint(row: bytearray, left: int, right: int, colour: str) -> None:
    row[left:right] = bytes((COLOURS.index(colour),)) * (right - left)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
