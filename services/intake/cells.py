"""Where a call is, so that it can be told whether it is still there, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, floor, radians, sin, sqrt
from typing import Final

from shared.call import Position

EARTH_KM: Final = 6371.0
FAR_KM: Final = 5.0
"""Two positions so far apart have no cell in common."""
GRIDS: Final = 4
SIDE_KM: Final = FAR_KM / sqrt(3)
"""Of a cube: no two points in it are further apart than `FAR_KM`.

The grids are shifted by a quarter of it. Of two points that are nearer to each other than that, each axis parts them in
one grid at most, and there are three: in one grid at least they have their cell in common.
"""


def cells(place: Position) -> Iterator[str]:
    """The cell of a position in each grid over the globe."""
    latitude, longitude = radians(place.latitude), radians(place.longitude)
    point = (cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude))
    for grid in range(GRIDS):
        corner = (floor(axis * EARTH_KM / SIDE_KM + grid / GRIDS) for axis in point)
        yield f"{grid}/{'/'.join(map(str, corner))}"
