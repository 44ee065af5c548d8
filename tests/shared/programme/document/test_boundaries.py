"""Boundaries of districts: what a document may say, where a position lies by it, and what that says of a call."""

import subprocess
import sys
import time
from math import cos, hypot, pi, radians, sin
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.judgement import Located
from shared.programme import Judgement, Programme, judge
from shared.programme.judging.place import UNREADABLE, located_by
from shared.programme.judging.surroundings import Surroundings
from shared.programme.trying.difference import difference
from shared.programme.trying.page import page
from tests.shared.programme.document.test_refusals import broken, refused
from tests.shared.programme.documents import LIVE, MADISON, PROGRAMMES, WEDNESDAY_NOON, call, programme

METRE_NORTH = 1 / 111_100
METRE_EAST = METRE_NORTH / cos(radians(43.06))


def ring(*corners: tuple[float, float]) -> str:
    return "[" + ", ".join(f"[{longitude}, {latitude}]" for longitude, latitude in (*corners, corners[0])) + "]"


def box(west: float, south: float, east: float, north: float) -> str:
    return ring((west, south), (east, south), (east, north), (west, north))


def polygon(*rings: str) -> str:
    return f'{{ type = "Polygon", coordinates = [{", ".join(rings)}] }}'


CENTRAL_BOX = box(-89.40, 43.05, -89.38, 43.07)
WEST_BOX = box(-89.42, 43.05, -89.40, 43.07)
CENTRAL, WEST = polygon(CENTRAL_BOX), polygon(WEST_BOX)


def drawn(central: str | None = CENTRAL, west: str | None = WEST, more: str = "", text: str = MADISON) -> str:
    """Madison with boundaries; and with the districts South, that has none, and others that are given."""
    for old, beats, boundary in (
        ('Central = ["C1", "C2", "C3"]', '["C1", "C2", "C3"]', central),
        ('West    = ["W1", "W2"]', '["W1", "W2"]', west),
    ):
        name = old.split(" ")[0]
        if boundary is not None:
            text = broken(old, f"{name} = {{ beats = {beats}, boundary = {boundary} }}", text)
    return broken("[call_types.dane-county]", f'South = ["S1"]\n{more}\n[call_types.dane-county]', text)


DRAWN = drawn()


def located(text: str, latitude: float, longitude: float) -> tuple[str, ...]:
    drawn_up = programme(text).boundaries
    assert drawn_up is not None
    return drawn_up.located(latitude, longitude).districts


def asked(text: str, where: Located | None, **changes: Any) -> Judgement:
    return judge(programme(text), LIVE, call(**changes), Surroundings(located=where), WEDNESDAY_NOON)


def by(text: str, position: str) -> Located | None:
    return located_by(programme(text), position)


# --- where a position lies


@pytest.mark.parametrize(
    ("latitude", "longitude", "districts"),
    [
        (43.06, -89.39, ("Central",)),
        (43.06, -89.41, ("West",)),
        (43.06, -89.37, ()),
        (0.0, 0.0, ()),
        (43.06, -89.40, ("Central", "West")),
        (43.06, -89.40 + 0.5 * METRE_EAST, ("Central", "West")),
        (43.06, -89.40 + 2 * METRE_EAST, ("Central",)),
        (43.06, -89.38, ("Central", "")),
        (43.06, -89.38 + 0.5 * METRE_EAST, ("Central", "")),
        (43.06, -89.38 + 2 * METRE_EAST, ()),
        (43.07 - 0.5 * METRE_NORTH, -89.39, ("Central", "")),
        (43.07 - 2 * METRE_NORTH, -89.39, ("Central",)),
        (43.07, -89.40, ("Central", "West")),
    ],
)
def test_where_a_position_lies(latitude: float, longitude: float, districts: tuple[str, ...]) -> None:
    assert located(DRAWN, latitude, longitude) == districts


def test_a_hole_is_outside_and_several_areas_are_one_district() -> None:
    islands = f'{{ type = "MultiPolygon", coordinates = [[{WEST_BOX}], [{box(-89.36, 43.05, -89.34, 43.07)}]] }}'
    text = drawn(polygon(CENTRAL_BOX, box(-89.395, 43.055, -89.385, 43.065)), islands)
    assert located(text, 43.06, -89.39) == ()
    assert located(text, 43.06, -89.397) == ("Central",)
    assert located(text, 43.06, -89.41) == located(text, 43.06, -89.35) == ("West",)


@given(
    st.lists(st.floats(0.2, 1.0), min_size=3, max_size=12),
    st.tuples(st.floats(-1.2, 1.2), st.floats(-1.2, 1.2)),
)
def test_a_position_lies_where_counting_crossings_says_so(radii: list[float], at: tuple[float, float]) -> None:
    """An oracle that shares nothing with what it checks; near the border it is not asked."""
    turns = [2 * pi * turn / len(radii) for turn in range(len(radii))]
    corners = [
        (round(0.01 * radius * cos(turn), 7), round(0.01 * radius * sin(turn), 7))
        for turn, radius in zip(turns, radii, strict=True)
    ]
    east, north = at[0] / 100, at[1] / 100
    sides = list(zip(corners, corners[1:] + corners[:1], strict=True))
    assume(all(_distance(east, north, side) > 3 * METRE_EAST for side in sides))
    inside = sum(_crosses(east, north, side) for side in sides) % 2 == 1
    text = drawn(polygon(ring(*((-89.4 + x, 43.06 + y) for x, y in corners))), None)
    assert located(text, 43.06 + north, -89.4 + east) == (("Central",) if inside else ())


Side = tuple[tuple[float, float], tuple[float, float]]


def _crosses(east: float, north: float, side: Side) -> bool:
    (ax, ay), (bx, by_) = side
    return (ay > north) != (by_ > north) and east < ax + (north - ay) / (by_ - ay) * (bx - ax)


def _distance(east: float, north: float, side: Side) -> float:
    (ax, ay), (bx, by_) = side
    length = (bx - ax) ** 2 + (by_ - ay) ** 2
    along = max(0.0, min(1.0, ((east - ax) * (bx - ax) + (north - ay) * (by_ - ay)) / length)) if length else 0.0
    return hypot(east - ax - along * (bx - ax), north - ay - along * (by_ - ay))


def test_the_hash_is_of_the_boundaries_alone() -> None:
    def hashed(text: str) -> str:
        boundaries = programme(text).boundaries
        assert boundaries is not None
        return boundaries.hash

    assert hashed(DRAWN) == hashed(DRAWN.replace("version   = 1", "version   = 2"))
    assert hashed(DRAWN) != hashed(drawn(west=None))
    assert hashed(DRAWN) != hashed(drawn(WEST, CENTRAL))
    assert programme(MADISON).boundaries is None


# --- what it says of a call

INSIDE_CENTRAL, INSIDE_WEST, BORDER, EDGE, NOWHERE = (
    "43.06 -89.39",
    "43.06 -89.41",
    "43.06 -89.40",
    "43.06 -89.38",
    "43.06 -89.30",
)
NO_WORDS: dict[str, Any] = {"district": None}


@pytest.mark.parametrize(
    ("position", "told", "district", "reason"),
    [
        ("", {}, "Central", None),
        (INSIDE_CENTRAL, {}, "Central", None),
        (INSIDE_CENTRAL, {"district": None, "beat": "C2"}, "Central", None),
        (INSIDE_CENTRAL, {"district": "Central", "beat": "C2"}, "Central", None),
        (INSIDE_CENTRAL, NO_WORDS, "Central", None),
        (INSIDE_WEST, {}, None, "district-conflict"),
        (INSIDE_WEST, {"district": None, "beat": "C2"}, None, "district-conflict"),
        (INSIDE_WEST, {"district": "South"}, None, "district-conflict"),
        (INSIDE_CENTRAL, {"district": "Central", "beat": "W1"}, None, "district-conflict"),
        (INSIDE_CENTRAL, {"district": "Elsewhere"}, None, "district-unknown"),
        (INSIDE_CENTRAL, {"district": None, "beat": "X9"}, None, "district-unknown"),
        (BORDER, {}, None, "district-conflict"),
        (BORDER, NO_WORDS, None, "district-conflict"),
        (EDGE, {}, None, "district-conflict"),
        (NOWHERE, {}, None, "district-conflict"),
        (NOWHERE, {"district": None, "beat": "W1"}, None, "district-conflict"),
        (NOWHERE, {"district": "South"}, "South", None),
        (NOWHERE, NO_WORDS, None, "district-unknown"),
        ("no place", {}, None, "district-conflict"),
        ("91 0", {}, None, "district-conflict"),
        ("nan nan", {}, None, "district-conflict"),
    ],
)
def test_position_beat_and_district_agree_or_the_default_goes(
    position: str, told: dict[str, Any], district: str | None, reason: str | None
) -> None:
    found = asked(DRAWN, by(DRAWN, position), **told)
    assert (found.district, found.gates[1].reason) == (district, reason)
    if reason is not None:
        assert found.suitability == "unsuitable"
        assert not any(one.may_go for one in found.responses)


def test_the_sentence_says_what_disagrees() -> None:
    assert "the CAD says Central, its position is in West" in asked(DRAWN, by(DRAWN, INSIDE_WEST)).sentence
    assert "on the border of Central and West" in asked(DRAWN, by(DRAWN, BORDER)).sentence
    assert "on the border of Central." in asked(DRAWN, by(DRAWN, EDGE)).sentence
    assert "outside of it" in asked(DRAWN, by(DRAWN, NOWHERE)).sentence
    assert "nobody has read" in asked(DRAWN, UNREADABLE).sentence


def test_what_was_located_by_other_boundaries_is_a_conflict_until_it_is_located_anew() -> None:
    moved = drawn(polygon(box(-89.40, 43.05, -89.37, 43.07)))
    found = asked(moved, by(DRAWN, INSIDE_CENTRAL))
    assert found.gates[1].reason == "district-conflict"
    assert "boundaries have changed" in found.sentence
    assert asked(moved, by(moved, INSIDE_CENTRAL)).district == "Central"


def test_a_document_without_boundaries_goes_by_what_the_cad_says() -> None:
    assert by(MADISON, INSIDE_WEST) is None
    assert asked(MADISON, by(DRAWN, INSIDE_WEST)).district == "Central"
    assert asked(MADISON, UNREADABLE).district == "Central"


@given(st.floats(43.04, 43.08), st.floats(-89.43, -89.37), st.sampled_from([None, "Central", "West", "South", "X"]))
def test_a_position_never_sends_a_call_to_another_district_than_was_told(
    latitude: float, longitude: float, told: str | None
) -> None:
    where = by(DRAWN, f"{latitude} {longitude}")
    found, without = asked(DRAWN, where, district=told), asked(DRAWN, None, district=told)
    assert found.district in (without.district, None) or told is None


# --- what a document may say

AT = "districts.West.boundary.coordinates"


@pytest.mark.parametrize(
    ("west", "field", "what"),
    [
        ('{ type = "Point", coordinates = [1, 2] }', "districts.West.boundary.type", "'Point' is no value of type"),
        ('{ type = "Polygon" }', AT, "is missing"),
        ('{ typ = "x", type = "Polygon", coordinates = [] }', "districts.West.boundary.typ", "unknown key 'typ'"),
        (polygon(), AT, "is empty"),
        ('{ type = "Polygon", coordinates = ["x"] }', f"{AT}[1]", "is no ring"),
        ('{ type = "MultiPolygon", coordinates = [[1, 2]] }', f"{AT}[1][1]", "is no ring"),
        ('{ type = "MultiPolygon", coordinates = [[]] }', AT, "is empty"),
        (f'{{ type = "MultiPolygon", coordinates = [{WEST_BOX}] }}', f"{AT}[1][1][1]", "is no position"),
        (f'{{ type = "Polygon", coordinates = [[{WEST_BOX}]] }}', f"{AT}[1][1]", "is no position"),
        (polygon("[[-89.4, 43.1], [-89.3, 43.1], [-89.4, 43.1]]"), f"{AT}[1]", "3 positions make no ring"),
        (polygon("[[-89.4, 43.1], [-89.3, 43.1], [-89.3, 43.2], [-89.4, 43.2]]"), f"{AT}[1]", "is not closed"),
        (polygon(WEST_BOX.replace("-89.42, 43.07]", "-89.42, 43.07, 250.0]")), f"{AT}[1][4]", "is no position"),
        (polygon(WEST_BOX.replace("[-89.42, 43.07]", "[-89.42, nan]")), f"{AT}[1][4]", "is no position"),
        (polygon(WEST_BOX.replace("[-89.42, 43.07]", "[true, 43.07]")), f"{AT}[1][4]", "is no position"),
        (polygon(WEST_BOX.replace("[-89.42, 43.07]", '["-89.42", 43.07]')), f"{AT}[1][4]", "is no position"),
        (polygon(WEST_BOX.replace("[-89.42, 43.07]", "[-289.42, 43.07]")), f"{AT}[1][4]", "is no position"),
        (polygon(WEST_BOX.replace("[-89.42, 43.07]", "[43.07, -117.1]")), f"{AT}[1][4]", "latitude stands before"),
        (polygon(box(43.05, -89.42, 43.07, -89.40)), AT, "latitude stands before longitude"),
        (polygon(ring((-89.5, 43), (-89.4, 43.1), (-89.4, 43), (-89.5, 43.1))), AT, "crosses itself near [-89.45"),
        (polygon(ring((-89.5, 43), (-89.4, 43), (-89.5, 43))), AT, "has no area"),
        (polygon(WEST_BOX, box(-89.5, 43.05, -89.45, 43.07)), AT, "a hole lies outside the outer ring"),
        (
            f'{{ type = "MultiPolygon", coordinates = [[{WEST_BOX}], [{box(-89.415, 43.055, -89.405, 43.06)}]] }}',
            AT,
            "one of its areas lies within another",
        ),
        (polygon(box(-89.395, 43.055, -89.385, 43.065)), AT, "lies within Central"),
    ],
)
def test_what_is_no_boundary_is_refused_at_its_place(west: str, field: str, what: str) -> None:
    (fault,) = refused(drawn(west=west))
    assert fault.field == field
    assert what in fault.what


def test_a_fault_is_told_at_its_line_however_the_boundary_is_written() -> None:
    lines = WEST_BOX.replace("], [", "],\n  [").replace("-89.42, 43.07]", "-89.42, nan]").splitlines()
    (fault,) = refused(text := drawn(west=polygon("\n".join(lines))))
    assert "nan" in text.splitlines()[fault.line - 1]
    table = (
        f'[districts.East.boundary]\ntype = "Polygon"\ncoordinates = [\n  {CENTRAL_BOX.replace("43.07]", "nan]")},\n]'
    )
    (fault,) = refused(text := drawn(more=table))
    assert fault.field == "districts.East.boundary.coordinates[1][3]"
    assert "nan" in text.splitlines()[fault.line - 1]


def test_two_districts_on_the_same_ground_are_refused() -> None:
    (fault,) = refused(drawn(west=CENTRAL))
    assert (fault.field, fault.what) == (
        "districts.Central.boundary.coordinates",
        "covers the same ground as West",
    )


def test_a_beat_in_two_districts_is_told_at_its_line_in_a_table_too() -> None:
    (fault,) = refused(DRAWN.replace('"W2"]', '"C1"]'))
    assert str(fault).startswith("line 15: districts.West.beats[2]: beat 'C1' is in Central too")


def test_a_district_in_the_hole_of_another_is_none_of_it() -> None:
    hole = box(-89.395, 43.055, -89.385, 43.065)
    text = drawn(polygon(CENTRAL_BOX, hole), polygon(hole))
    assert located(text, 43.06, -89.39) == ("West",)


def test_more_than_careroute_takes_is_refused() -> None:
    def circle(points: int) -> str:
        turns = [2 * pi * turn / points for turn in range(points)]
        return polygon(ring(*((-89.4 + cos(turn) / 99, 43 + sin(turn) / 99) for turn in turns)))

    (fault,) = refused(drawn(circle(20_001), None))
    assert (fault.field, fault.what) == ("districts", "1 boundaries have 20002 points")
    assert programme(drawn(circle(5_000), None)).boundaries is not None


def test_borders_that_cross_everywhere_are_refused_before_they_cost_much() -> None:
    def comb(*, turned: bool) -> str:
        points: list[tuple[float, float]] = [(0.18, 0.0001), (0.18, -0.001), (0.0, -0.001)]
        for tooth in range(900):
            start = tooth * 2e-4
            points += [(start, 0.0001), (start, 0.2), (start + 1e-4, 0.2), (start + 1e-4, 0.0001)]
        return polygon(ring(*((-89 + (y if turned else x), 43 + (x if turned else y)) for x, y in points)))

    began = time.process_time()
    (fault,) = refused(drawn(comb(turned=False), comb(turned=True)))
    assert (fault.field, fault.what) == ("districts", "the boundaries overlap nearly everywhere")
    assert time.process_time() - began < 5  # a fifth of a second where nothing else runs


# --- what people are told


def test_the_page_tells_areas_overlaps_and_what_has_no_boundary() -> None:
    found = page(programme(drawn(polygon(box(-89.41, 43.05, -89.38, 43.07)))), WEDNESDAY_NOON.date())
    areas = {line.district: line.square_km for line in found.boundaries}
    assert areas == {"Central": pytest.approx(5.43, rel=0.01), "West": pytest.approx(3.62, rel=0.01)}
    assert found.remarks[0] == "overlap of Central and West, 1.81 square km: calls there go to default"
    assert found.remarks[1].startswith("no boundary says where South is")
    assert located(drawn(polygon(box(-89.41, 43.05, -89.38, 43.07))), 43.06, -89.405) == ("Central", "West")


def test_borders_that_were_drawn_twice_are_no_overlap() -> None:
    text = drawn(polygon(box(-89.40 - 3 * METRE_EAST, 43.05, -89.38, 43.07)))
    assert not [one for one in page(programme(text), WEDNESDAY_NOON.date()).remarks if "overlap" in one]


def test_a_difference_names_the_boundaries_that_change() -> None:
    moved: Programme = programme(drawn(polygon(box(-89.40, 43.05, -89.37, 43.07)), None))
    changes = {change.what: (change.before, change.after) for change in difference(programme(DRAWN), moved).changes}
    assert changes.keys() == {"boundary of Central", "boundary of West"}
    assert changes["boundary of Central"][0].startswith("3.62 square km (outline ")
    assert changes["boundary of Central"][1].startswith("5.43 square km (outline ")
    assert changes["boundary of West"][1] == "nothing"


def test_the_example_city_has_a_boundary() -> None:
    text = (PROGRAMMES / "example-city.toml").read_text()
    assert located(text, 41.92, -87.44) == ("Hillside",)
    assert located(text, 41.92, -87.42) == ("Hillside", "")
    assert located(text, 41.88, -87.63) == ()


# --- what it costs


def test_documents_without_boundaries_do_without_shapely() -> None:
    code = (
        "import sys\n"
        "from services.triage.service import TRIAGE\n"
        "from shared.programme import read\n"
        f"read(open({str(PROGRAMMES / 'madison-wi.2021-09-01.toml')!r}).read())\n"
        "assert not {'shapely', 'numpy'} & sys.modules.keys()\n"
        f"read(open({str(PROGRAMMES / 'example-city.toml')!r}).read())\n"
        "assert 'shapely' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_two_hundred_districts_are_read_within_a_second_and_a_position_is_found_at_once() -> None:
    lines = []
    for number in range(198):
        east, north = -89.3 + 0.02 * (number % 20), 43.1 + 0.02 * (number // 20)
        points = [(east + 0.0099 * cos(2 * pi * k / 99), north + 0.0099 * sin(2 * pi * k / 99)) for k in range(99)]
        lines.append(f"D{number} = {{ boundary = {polygon(ring(*points))} }}")
    began = time.process_time()
    boundaries = programme(drawn(more="\n".join(lines))).boundaries
    assert time.process_time() - began < 4  # about a third of a second where nothing else runs
    assert boundaries is not None
    assert boundaries.located(43.1, -89.3).districts == ("D0",)
    began = time.process_time()
    for step in range(1000):
        boundaries.located(43.1 + step / 5000, -89.3 + step / 2500)
    assert time.process_time() - began < 1  # about 20 millionths of a second each where nothing else runs
