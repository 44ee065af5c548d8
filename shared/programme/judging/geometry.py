"""Districts on the map: in which a position lies, how large they are, where they overlap.

Measured on a plane that touches the earth amid all boundaries: accurate to one percent in a county. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import cos, radians
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry import shape

from shared.judgement import OUTSIDE, Located

GeoJson = Mapping[str, Any]
"""A Polygon or MultiPolygon (RFC 7946): `type` and `coordinates`, longitude before latitude."""

BORDER_METRES: Final = 1.0
"""A position that is nearer to a border lies on it."""
SLIVER_SQUARE_METRES: Final = 10_000.0
"""Borders that were drawn twice never fit exactly; what overlaps by less than a hectare is that."""
SAME_SHARE: Final = 0.99
"""The part of a district that may lie in another one before it lies in it altogether."""
NEIGHBOURS_EACH: Final = 20
"""On a map a district touches a handful of others; where all have more, it is no map."""
MEETINGS: Final = 500_000
"""Pieces of borders that come near each other; on a map each meets a handful. What has more takes long to lay out."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two districts that overlap: a call from there is in both."""

    first: str
    second: str
    square_km: float
    share_of_first: float
    share_of_second: float


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The boundaries of one document, ready to look positions up in."""

    hash: str
    """16 hex digits; the same for the same districts with the same boundaries."""
    square_km: Mapping[str, float]
    """By district: those that have a boundary."""
    outlines: Mapping[str, str]
    """By district: six hex digits, others for another boundary."""
    _map: _Map = field(repr=False, compare=False)

    def located(self, latitude: float, longitude: float) -> Located:
        """Where a position (WGS84, degrees) lies. On a border: in all that share it, and `OUTSIDE` if only one does."""
        names = tuple(self.square_km)
        place = shapely.points(*self._map.plane.metres(longitude, latitude))
        about = self._map.about.query(place)
        near = sorted(about[shapely.dwithin(self._map.areas[about], place, BORDER_METRES)].tolist())
        districts = tuple([names[index] for index in near])
        if len(near) == 1 and shapely.dwithin(self._map.borders[near[0]], place, BORDER_METRES):
            districts = (*districts, OUTSIDE)
        return Located(districts, self.hash)

    @property
    def areas(self) -> Mapping[str, Any]:
        """By district: its area on the plane, in metres, east and north counting up."""
        return dict(zip(self.square_km, self._map.areas, strict=True))

    def entangled(self) -> bool:
        """Whether the borders cross so often that these cannot be districts; to say where would take too long."""
        meetings = 0
        pieces = _pieces(self._map.areas)
        tree = shapely.STRtree(pieces)
        for first in range(0, len(pieces), 100):
            meetings += tree.query(pieces[first : first + 100]).shape[1]
            if meetings > MEETINGS:
                return True
        return len(_neighbours(self._map)[0]) > NEIGHBOURS_EACH * len(self.square_km)

    def overlaps(self) -> tuple[Overlap, ...]:
        """Districts that overlap by more than imprecise borders explain."""
        return tuple(_overlaps(tuple(self.square_km), self._map))


def boundaries(drawn: Mapping[str, GeoJson]) -> Boundaries:
    """The boundaries of these districts, each of which is sound in itself."""
    names = sorted(drawn)
    digests = {name: sha256(json.dumps([area["type"], area["coordinates"]]).encode()) for name, area in drawn.items()}
    whole = json.dumps([[name, digests[name].hexdigest()] for name in names])
    laid_out = _laid_out([shape(drawn[name]) for name in names])
    return Boundaries(
        hash=sha256(whole.encode()).hexdigest()[:16],
        square_km=MappingProxyType(dict(zip(names, (shapely.area(laid_out.areas) / 1e6).tolist(), strict=True))),
        outlines=MappingProxyType({name: digests[name].hexdigest()[:6] for name in names}),
        _map=laid_out,
    )


def contradictions(drawn: Mapping[str, GeoJson]) -> Iterator[tuple[str | None, str, str]]:
    """District (None: all of them), what is wrong with its boundary, and what would be right."""
    valid = dict(drawn)
    for name, boundary in drawn.items():
        try:
            reason = shapely.is_valid_reason(shape(boundary))
        except (shapely.GEOSException, ValueError):
            reason = "Too few points"
        if reason != "Valid Geometry":
            del valid[name]
            yield name, _in_words(reason), "an area whose border neither crosses nor touches itself"
    if valid:
        yield from _overlapping(boundaries(valid))


def _overlapping(drawn: Boundaries) -> Iterator[tuple[str | None, str, str]]:
    if drawn.entangled():
        yield None, "the boundaries overlap nearly everywhere", "districts side by side"
        return
    for overlap in drawn.overlaps():
        inner, outer, share = min(
            (overlap.first, overlap.second, overlap.share_of_first),
            (overlap.second, overlap.first, overlap.share_of_second),
            key=lambda pair: -pair[2],
        )
        if min(overlap.share_of_first, overlap.share_of_second) >= SAME_SHARE:
            yield inner, f"covers the same ground as {outer}", "each district its own"
        elif share >= SAME_SHARE:
            yield inner, f"lies within {outer}", f"a hole in {outer}, or another boundary"


# --- the plane


@dataclass(frozen=True, slots=True)
class _Plane:
    metres_east: float
    """For a degree of longitude."""
    metres_north: float

    def metres(self, longitude: float, latitude: float) -> tuple[float, float]:
        return longitude * self.metres_east, latitude * self.metres_north


@dataclass(frozen=True, slots=True)
class _Map:
    plane: _Plane
    areas: Any
    borders: Any
    tree: Any
    about: Any
    """The boxes around the areas, a little larger: what a position lies in none of, it is far from."""


def _plane_at(latitude: float) -> _Plane:
    """The length of a degree on the WGS84 ellipsoid."""
    north = radians(latitude)
    return _Plane(
        111_412.84 * cos(north) - 93.5 * cos(3 * north) + 0.118 * cos(5 * north),
        111_132.92 - 559.82 * cos(2 * north) + 1.175 * cos(4 * north),
    )


def _laid_out(shapes: list[Any]) -> _Map:
    degrees = np.array(shapes)
    _, south, _, north = shapely.total_bounds(degrees).tolist()
    plane = _plane_at((south + north) / 2)
    areas = shapely.transform(degrees, lambda at: at * (plane.metres_east, plane.metres_north))
    borders = shapely.boundary(areas)
    shapely.prepare(areas)
    shapely.prepare(borders)
    boxes = shapely.box(*(shapely.bounds(areas) + BORDER_METRES * np.array([-1, -1, 1, 1])).T)
    return _Map(plane, areas, borders, shapely.STRtree(areas), shapely.STRtree(boxes))


def _pieces(areas: Any) -> Any:
    """The borders, cut at every point."""
    points, area = shapely.get_coordinates(areas, return_index=True)
    joined = area[:-1] == area[1:]
    return shapely.linestrings(np.stack([points[:-1][joined], points[1:][joined]], axis=1))


def _neighbours(laid_out: _Map) -> tuple[Any, Any]:
    first, second = laid_out.tree.query(laid_out.areas, "intersects")
    return first[first < second], second[first < second]


def _overlaps(names: tuple[str, ...], laid_out: _Map) -> Iterator[Overlap]:
    areas = laid_out.areas
    first, second = _neighbours(laid_out)
    shared = shapely.area(shapely.intersection(areas[first], areas[second]))
    sizes = shapely.area(areas)
    for i, j, size in zip(first.tolist(), second.tolist(), shared.tolist(), strict=True):
        smaller = min(sizes[i], sizes[j])
        if size > SLIVER_SQUARE_METRES or size > SAME_SHARE * smaller:
            yield Overlap(names[i], names[j], size / 1e6, float(size / sizes[i]), float(size / sizes[j]))


# --- words

_REASON: Final = re.compile(r"([^\[]*)(?:\[(\S+) (\S+)\])?")
_WORDS: Final = MappingProxyType(
    {
        "Self-intersection": "the border crosses itself",
        "Ring Self-intersection": "the border touches itself",
        "Hole lies outside shell": "a hole lies outside the outer ring",
        "Holes are nested": "a hole lies in another hole",
        "Interior is disconnected": "holes cut the area in pieces",
        "Nested shells": "one of its areas lies within another",
        "Duplicate Rings": "a ring stands there twice",
        "Too few points": "a ring has no area",
        "Too few points in geometry component": "a ring has no area",
    }
)


def _in_words(reason: str) -> str:
    match = _REASON.match(reason)
    assert match is not None  # noqa: S101  the pattern takes any text
    where = f" near [{float(match[2]):.5f}, {float(match[3]):.5f}]" if match[2] else ""
    return _WORDS.get(match[1].strip(), match[1].strip().lower()) + where
