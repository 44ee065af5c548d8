"""PIDF-LO (RFC 4119, 5139 and 5491) inside an EIDO: a civic address as one line, and the points of its shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from html import unescape
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic_core import from_json

from shared.call import Position

WIDEST_METRES = 300
"""A shape that is wider says too little of where something is."""

MAX_CHARACTERS, MAX_ELEMENTS = 64 * 1024, 2000
"""A location that is larger is no place where somebody is, and is not read."""
MAX_SHAPES, MAX_CORNERS = 16, 500

_CENTRED = ("Point", "Circle", "Ellipse", "Sphere", "Ellipsoid")
_OTHER_SHAPES = ("ArcBand", "LineString", "Curve", "Surface", "Solid")
_SHAPES = frozenset((*_CENTRED, "Polygon", *_OTHER_SHAPES))
_LENGTHS = ("radius", "semiMajorAxis")
_METRES = {"9001": 1.0, "9002": 0.3048, "9003": 0.3048006, "9030": 1852.0, "9036": 1000.0, "9093": 1609.344}
"""EPSG's numbers of units of length; RFC 5491 knows 9001 alone, which stands where none is given."""
_STREET = (
    "HNP", "HNO", "HNS", "MP", "PRM", "PRD", "STP", "STPS", "RD", "A6", "STS", "POD", "POM", "RDSEC", "RDBR",
    "RDSUBBR", "PN",
)  # fmt: skip
_AREA = ("LMK", "LMKP", "LOC", "BLD", "UNIT", "FLR", "ROOM", "SEAT", "NAM", "A4", "A3", "PCN", "A1", "PC")
MAX_ADDRESS = 500


def root_of(value: Any) -> Element | None:
    """The document of a location: XML, XML that was escaped once more, a JSON object with its fields, or plain text.

    None for XML that is none, does more than XML has to, or is larger than a place needs.
    """
    if isinstance(value, dict):
        return _of_fields(value)
    if not isinstance(value, str) or len(value) > MAX_CHARACTERS:
        return None
    text = value.strip().removeprefix("<![CDATA[").removesuffix("]]>").strip()
    if text.startswith("&lt;"):
        text = unescape(text)
    if text.startswith("{"):
        with suppress(ValueError):
            return root_of(from_json(text))
    return _of_xml(text) if "<" in text else _of_fields({"LOC": text})


def _of_fields(fields: Mapping[str, Any]) -> Element:
    """A document of what stands in a JSON object, however deep; a latitude with a longitude beside it is a point."""
    root, waiting = Element("location"), [fields]
    while waiting and len(root) <= MAX_ELEMENTS:
        for name, value in (here := waiting.pop()).items():
            if isinstance(value, (str, int, float)) and not isinstance(value, bool):
                SubElement(root, name.rpartition(":")[2]).text = str(value)
            waiting += [inner for inner in (value if isinstance(value, list) else [value]) if isinstance(inner, dict)]
        if {"latitude", "longitude"} <= here.keys():
            point = SubElement(SubElement(root, "Point"), "pos")
            point.text = f"{here['latitude']} {here['longitude']}"
    return root


def _of_xml(text: str) -> Element | None:
    if text.count("<") > 2 * MAX_ELEMENTS:
        return None
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
    return (civic or texts.get("pos", ""))[:MAX_ADDRESS]


def points_of(root: Element) -> Iterator[Position | None]:
    """The centre of every shape (RFC 5491); None for one that says too little of where it is, or cannot be read.

    A shape within a shape is a part of it, and is looked at once.
    """
    shapes, waiting = 0, [root]
    while waiting:
        element = waiting.pop()
        name = _name(element)
        if name not in _SHAPES:
            waiting.extend(element)
            continue
        shapes += 1
        if shapes > MAX_SHAPES or name in _OTHER_SHAPES:
            yield None
            return
        try:
            yield _centre(element, name)
        except ValueError:
            yield None


def _centre(shape: Element, name: str) -> Position | None:
    parts = list(shape.iter())
    system = shape.get("srsName", "EPSG::4326").rpartition(":")[2]
    if system not in ("4326", "4979") or any(_name(part) in _SHAPES for part in parts[1:]):
        return None
    if any(not _metres(part) <= WIDEST_METRES for part in parts if _name(part) in _LENGTHS):
        return None
    numbers = [list(map(float, (part.text or "").split())) for part in parts if _name(part) in ("pos", "posList")]
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
    if not 0 < len(corners) <= MAX_CORNERS:
        return None
    latitude, longitude = (sum(part) / len(corners) for part in zip(*corners, strict=True))
    return Position(latitude=latitude, longitude=longitude)


def _metres(length: Element) -> float:
    """Raises ValueError for no number, and for a unit that is not known."""
    unit = length.get("uom", "EPSG::9001").rpartition(":")[2]
    if unit not in _METRES:
        raise ValueError("is in an unknown unit")
    return float(length.text or "") * _METRES[unit]


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]
