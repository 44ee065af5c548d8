"""Whether two positions are far from each other shows in their cells alone."""

from __future__ import annotations

from math import asin, cos, degrees, radians, sin, sqrt

from hypothesis import given
from hypothesis import strategies as st

from services.intake.cells import EARTH_KM, FAR_KM, GRIDS, SIDE_KM, cells
from shared.call import Position


def kilometres(one: Position, other: Position) -> float:
    south, west, north, east = (
        radians(angle) for angle in (one.latitude, one.longitude, other.latitude, other.longitude)
    )
    half = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin((east - west) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(half, 1)))


PLACES = st.builds(Position, latitude=st.floats(-89.5, 89.5), longitude=st.floats(-179, 179))
MOVES = st.floats(-9, 9)


@given(PLACES, MOVES, MOVES)
def test_who_is_far_has_no_cell_in_common_and_who_is_near_has_one(place: Position, north: float, east: float) -> None:
    latitude = min(90.0, max(-90.0, place.latitude + degrees(north / EARTH_KM)))
    longitude = place.longitude + degrees(east / EARTH_KM) / max(cos(radians(latitude)), 0.01)
    other = Position(latitude=latitude, longitude=(longitude + 180) % 360 - 180)
    apart, are_near = kilometres(place, other), not set(cells(place)).isdisjoint(cells(other))
    assert len(list(cells(place))) == GRIDS
    assert not (are_near and apart > FAR_KM + 0.001)
    assert are_near or apart > SIDE_KM / GRIDS
