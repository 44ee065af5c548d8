"""Boundaries of districts as a document writes them: whether they are sound, and the map that judging uses.

Documents without boundaries do without shapely: it is imported for the first boundary.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from shared.programme.document.finding import Finding
from shared.programme.document.lines import Path
from shared.programme.document.written import Boundary, DistrictTable, Document

if TYPE_CHECKING:
    from shared.programme.judging.geometry import Boundaries

MAX_POINTS: Final = 20_000
"""In all boundaries of a document. 200 districts of 100 points each; streets need no more."""
MAX_BOUNDARIES: Final = 1_000

_RING_POINTS: Final = 4
_POSITION: Final = (
    "[longitude, latitude] in degrees; a ring is a list of them, a Polygon a list of rings, a MultiPolygon of Polygons"
)
_SWAPPED: Final = "latitude stands before longitude", "[longitude, latitude], as GeoJSON has it"


def boundaries_of(document: Document) -> Boundaries | None:
    """What a verified document's boundaries say; None where it has none."""
    drawn = _drawn(document)
    if not drawn:
        return None
    from shared.programme.judging.geometry import boundaries  # noqa: PLC0415  see above

    return boundaries(_geo_json(drawn))


def boundary_faults(document: Document) -> Iterator[Finding]:
    """Boundaries that are not areas, that lie within one another, or that are too many for careroute."""
    drawn, sound, points = _drawn(document), dict[str, Boundary](), 0
    for name, boundary in drawn.items():
        findings = chain(_malformed(_path(name), boundary), _swapped(_path(name), boundary, document.time_zone))
        if (first := next(findings, None)) is not None:
            yield first  # one fault of a boundary: what drew it drew all of it
        else:
            sound[name] = boundary
            points += sum(len(ring) for _, ring in _rings((), boundary))
    if points > MAX_POINTS or len(drawn) > MAX_BOUNDARIES:
        what = f"{len(drawn)} boundaries have {points} points"
        yield Finding(
            ("districts",), what, f"simplify: at most {MAX_POINTS} points, and {MAX_BOUNDARIES} districts with boundary"
        )
    elif sound:
        from shared.programme.judging.geometry import contradictions  # noqa: PLC0415  see above

        for about, what, right in contradictions(_geo_json(sound)):
            yield Finding(_path(about) if about else ("districts",), what, right)


def _drawn(document: Document) -> dict[str, Boundary]:
    tables = {name: table for name, table in document.districts.items() if isinstance(table, DistrictTable)}
    return {name: table.boundary for name, table in tables.items() if table.boundary is not None}


def _geo_json(drawn: Mapping[str, Boundary]) -> dict[str, dict[str, Any]]:
    return {name: boundary.model_dump() for name, boundary in drawn.items()}


def _path(district: str) -> Path:
    return "districts", district, "boundary", "coordinates"


def _rings(path: Path, boundary: Boundary) -> Iterator[tuple[Path, Any]]:
    """Whatever stands where a ring belongs, with its path."""
    polygons: Mapping[Path, Any] = {path: boundary.coordinates}
    if boundary.type == "MultiPolygon":
        polygons = {(*path, index): polygon for index, polygon in enumerate(boundary.coordinates)}
    for place, polygon in polygons.items():
        rings = polygon if isinstance(polygon, tuple) else (polygon,)
        yield from (((*place, index), ring) for index, ring in enumerate(rings))


def _malformed(path: Path, boundary: Boundary) -> Iterator[Finding]:
    """What keeps it from being rings of positions."""
    rings = list(_rings(path, boundary))
    if not rings or () in boundary.coordinates:
        yield Finding(path, "is empty", "at least one ring of positions")
    for place, ring in rings:
        if not isinstance(ring, tuple):
            yield Finding(place, "is no ring", _POSITION)
        elif (wrong := next((index for index, at in enumerate(ring) if not _is_position(at)), None)) is not None:
            if _is_position(ring[wrong][::-1] if isinstance(ring[wrong], tuple) else None):
                yield Finding((*place, wrong), *_SWAPPED)
            else:
                yield Finding((*place, wrong), "is no position", _POSITION)
        elif len(ring) < _RING_POINTS:
            yield Finding(place, f"{len(ring)} positions make no ring", "at least three, and the first one again")
        elif ring[0] != ring[-1]:
            yield Finding(place, "the ring is not closed", "end it with its first position")


def _is_position(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2  # noqa: PLR2004  longitude and latitude
        and all(type(part) in (int, float) for part in value)
        and _on_earth(*value)
    )


def _on_earth(longitude: float, latitude: float) -> bool:
    return math.isfinite(longitude) and -180 <= longitude <= 180 and math.isfinite(latitude) and -90 <= latitude <= 90  # noqa: PLR2004


FAR_DEGREES: Final = 60
"""No place's clocks are so far from its longitude."""


def _swapped(path: Path, boundary: Boundary, time_zone: str) -> Iterator[Finding]:
    """Coordinates that fit the agency's time zone only the other way round."""
    offset = ZoneInfo(time_zone).utcoffset(datetime(2024, 1, 1))  # noqa: DTZ001  on the agency's own clocks
    if offset is None or "/" not in time_zone or time_zone.startswith("Etc/"):
        return
    clocks = offset.total_seconds() / 3600 * 15
    first, second = next(chain.from_iterable(ring for _, ring in _rings((), boundary)))
    if _apart(first, clocks) > FAR_DEGREES >= _apart(second, clocks):
        yield Finding(path, *_SWAPPED)


def _apart(longitude: float, other: float) -> float:
    return abs((longitude - other + 180) % 360 - 180)
