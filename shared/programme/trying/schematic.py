"""A document's districts as shapes side by side: where they lie by its boundaries, or as tiles where it draws none.

A schematic, no map: nothing but districts is on it, and it needs nothing from outside. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from shared.programme.judging.programme import Programme

WIDTH: Final = 600
MOST_HEIGHT: Final = 480
MARGIN: Final = 4
TILE_WIDTH: Final = 142
TILE_HEIGHT: Final = 76
TILES_EACH_ROW: Final = 4


class DistrictShape(NamedTuple):
    """One district: its outline as the path of an SVG, and a point within for its name."""

    name: str
    path: str
    x: float
    y: float


class Schematic(NamedTuple):
    """The districts in a frame of so many units."""

    width: int
    height: int
    shapes: tuple[DistrictShape, ...]


def schematic_of(programme: Programme) -> Schematic:
    """The districts of a programme."""
    drawn, height = _drawn(programme.boundaries.areas) if programme.boundaries else ((), 0)
    with_boundary = {shape.name for shape in drawn}
    tiles = tuple(_tiles([name for name in programme.districts if name not in with_boundary], height))
    lowest = max((shape.y + TILE_HEIGHT / 2 for shape in tiles), default=height)
    return Schematic(WIDTH, round(lowest) + MARGIN, (*drawn, *tiles))


def _drawn(areas: Mapping[str, Any]) -> tuple[tuple[DistrictShape, ...], int]:
    """The shapes of areas on a plane, north at the top, and how high they are together."""
    import shapely  # noqa: PLC0415  documents without boundaries do without it

    west, south, east, north = shapely.total_bounds(list(areas.values())).tolist()
    scale = min((WIDTH - 2 * MARGIN) / (east - west), (MOST_HEIGHT - 2 * MARGIN) / (north - south))
    left = (WIDTH - (east - west) * scale) / 2

    def placed(area: Any) -> Any:
        flipped = shapely.transform(area, lambda at: (at - (west, north)) * (scale, -scale) + (left, MARGIN))
        return shapely.simplify(flipped, 1.0)

    return tuple(_shape(name, placed(area)) for name, area in areas.items()), round((north - south) * scale) + MARGIN


def _shape(name: str, area: Any) -> DistrictShape:
    rings = [ring for part in getattr(area, "geoms", [area]) for ring in (part.exterior, *part.interiors)]
    within = area.representative_point()
    return DistrictShape(name, "".join(_path(ring.coords) for ring in rings), round(within.x, 1), round(within.y, 1))


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points[:-1]) + "Z"


def _tiles(names: Sequence[str], top: int) -> Iterator[DistrictShape]:
    step_right, step_down = (WIDTH - 2 * MARGIN) / TILES_EACH_ROW, TILE_HEIGHT + 2 * MARGIN
    for number, name in enumerate(names):
        row, column = divmod(number, TILES_EACH_ROW)
        x, y = MARGIN + column * step_right, top + MARGIN + row * step_down
        path = f"M{x:.0f} {y:.0f}h{TILE_WIDTH}v{TILE_HEIGHT}h-{TILE_WIDTH}Z"
        yield DistrictShape(name, path, x + TILE_WIDTH / 2, y + TILE_HEIGHT / 2)
