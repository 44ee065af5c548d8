"""PIDF-LO (RFC 4119, 5139 and 5491) inside an EIDO: a civic address as one line, and the points of its shapes."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from shared.call import Position

WIDEST_METRES = 300
"""A shape that is wider says too little of where something is."""

_CENTRED = ("Point", "Circle", "Ellipse", "Sphere", "Ellipsoid")
_OTHER_SHAPES = ("ArcBand", "LineString", "Curve", "Surface", "Solid")
_LENGTHS = ("radius", "semiMajorAxis")
_STREET = ("HNO", "HNS", "PRM", "PRD", "RD", "A6", "STS", "POD", "POM")
_AREA = ("LMK", "LOC", "BLD", "UNIT", "FLR", "ROOM", "NAM", "A3", "A1", "PC")


def root_of(text: str) -> Element | None:
    """The document; None for what is no XML, or does more than XML has to."""
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    return root


def address_of(root: Element) -> str:
    """A civic address (RFC 5139) in one line, else `latitude longitude`; empty where there is neither."""
    texts: dict[str, str] = {}
    for element in root.iter():
        if element.text and element.text.strip():
            texts.setdefault(_name(element), " ".join(element.text.split()))
    street = " ".join(texts[name] for name in _STREET if name in texts)
    civic = ", ".join(filter(None, (street, *(texts[name] for name in _AREA if name in texts))))
    return (civic or texts.get("pos", ""))[:500]


def points_of(root: Element) -> Iterator[Position | None]:
    """The centre of every shape (RFC 5491); None for one that says too little of where it is, or cannot be read."""
    for element in root.iter():
        name = _name(element)
        if name in (*_CENTRED, "Polygon"):
            try:
                yield _centre(element, name)
            except ValueError:
                yield None
        elif name in _OTHER_SHAPES:
            yield None


def _centre(shape: Element, name: str) -> Position | None:
    system = shape.get("srsName", "EPSG::4326").rpartition(":")[2]
    lengths = [float(part.text or "") for part in shape.iter() if _name(part) in _LENGTHS]
    if system not in ("4326", "4979") or any(not length <= WIDEST_METRES for length in lengths):
        return None
    numbers = [
        list(map(float, (part.text or "").split())) for part in shape.iter() if _name(part) in ("pos", "posList")
    ]
    each = 3 if system == "4979" else 2
    corners = [
        (latitude, longitude)
        for listed in numbers
        for latitude, longitude in zip(listed[::each], listed[1::each], strict=True)
    ]
    if name == "Polygon":
        corners = list(dict.fromkeys(corners))  # the first one stands at the end again
    elif len(corners) != 1:
        return None
    latitude, longitude = (sum(part) / len(corners) for part in zip(*corners, strict=True))
    return Position(latitude=latitude, longitude=longitude)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]
