from __future__ import annotations

import itertools
import re

from deploy.local.kafka.node import CHECKOUT
from shared.programme import read
from shared.programme.trying.schematic import MARGIN, TILE_WIDTH, WIDTH, Schematic, schematic_of

PROGRAMMES = CHECKOUT / "deploy/programmes"


def of(name: str) -> Schematic:
    return schematic_of(read((PROGRAMMES / name).read_text("utf-8")))


def numbers(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+", path)]


def test_a_district_lies_where_its_boundary_does_north_at_the_top() -> None:
    programme = read((PROGRAMMES / "example-city.toml").read_text("utf-8"))
    assert programme.boundaries is not None
    drawn = schematic_of(programme)
    places = {shape.name: shape for shape in drawn.shapes}
    areas = programme.boundaries.areas
    assert set(areas) <= set(places)
    by_north = sorted(areas, key=lambda name: -areas[name].centroid.y)
    assert by_north == sorted(areas, key=lambda name: places[name].y)
    for name in areas:
        inside = numbers(places[name].path)
        assert all(0 <= x <= WIDTH for x in inside[::2])
        assert all(0 <= y <= drawn.height for y in inside[1::2])


def test_districts_without_boundaries_stand_side_by_side() -> None:
    drawn = of("demo-city.toml")
    assert [shape.name for shape in drawn.shapes] == ["Harbor", "Hillside", "Old Town", "Airport"]
    assert len({shape.y for shape in drawn.shapes}) == 1
    lefts = [shape.x - TILE_WIDTH / 2 for shape in drawn.shapes]
    assert all(after - before >= TILE_WIDTH + MARGIN for before, after in itertools.pairwise(lefts))
    assert lefts[-1] + TILE_WIDTH <= WIDTH
    assert all(shape.y < drawn.height for shape in drawn.shapes)


def test_every_district_of_every_programme_is_on_it() -> None:
    for path in sorted(PROGRAMMES.glob("*.toml"))[::4]:
        programme = read(path.read_text("utf-8"))
        assert {shape.name for shape in schematic_of(programme).shapes} == set(programme.districts)
