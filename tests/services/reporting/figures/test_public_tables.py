"""Public tables of several years, attacked together: districts, responses and categories, quarters and years."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from services.reporting.figures.public_tables import (
    KINDS,
    LINKED,
    LINKED_TO_QUARTERS,
    NOT_DIVERTED,
    quarter_release,
    year_release,
)
from services.reporting.figures.suppression import CoarsenFirst
from tests.services.reporting.figures.attack import Name, Published

CITIES = 60
DISTRICTS, RESPONSES, CATEGORIES = (
    ("north", "south", "east"),
    ("crt", "phone", "outreach"),
    ("mental", "welfare", "drunk"),
)
QUARTERS = ("Q1", "Q2", "Q3", "Q4")


class City:
    """A year of calls, drawn; each quarter with its counts by district, response and category."""

    def __init__(self, seed: int) -> None:
        drawn = random.Random(seed)
        busy = drawn.choice([6, 25, 60, 120, 240])
        self.by_district: dict[str, dict[str, list[int]]] = {}
        self.by_response: dict[str, dict[str, dict[str, int]]] = {}
        """Of each response, by district; everybody knows which runs where."""
        runs_in = {district: drawn.sample(RESPONSES, drawn.randint(1, len(RESPONSES))) for district in DISTRICTS}
        self.by_category = {name: [0, 0] for name in CATEGORIES}
        self.behind: dict[tuple[str, str], list[int]] = {}
        """By response and category, quarter by quarter; everybody knows which takes which."""
        takes = {name: drawn.sample(CATEGORIES, drawn.choice([1, 2, 3, 3])) for name in RESPONSES}
        for quarter in QUARTERS:
            calls = [
                (
                    district,
                    response := drawn.choice(runs_in[district]),
                    drawn.choice(takes[response]),
                    drawn.random() < 0.6,
                )
                for district in drawn.choices(DISTRICTS, weights=(1, 4, 4), k=drawn.randint(0, busy * 6))
            ]
            self.by_district[quarter] = {name: [0, 0] for name in DISTRICTS}
            self.by_response[quarter] = {name: {} for name in RESPONSES}
            for district, responses in runs_in.items():
                for response in responses:
                    self.by_response[quarter][response][district] = 0
            for district, response, category, diverted in calls:
                self.by_district[quarter][district][not diverted] += 1
                self.by_category[category][not diverted] += 1
                if diverted:
                    self.by_response[quarter][response][district] += 1
                    counts = self.behind.setdefault((response, category), [0] * len(QUARTERS))
                    counts[QUARTERS.index(quarter)] += 1


class Reader:
    """Somebody who has all that was published, and the counts behind it to see what they have worked out."""

    def __init__(self) -> None:
        self.published, self.true = Published(), dict[Name, int]()

    def read(self, name: Name, count: int, shown: int | None) -> Name:
        assert shown in (None, count)
        assert shown is None or not 0 < shown <= 10, f"{name} is published and small"
        self.published.publish(name, shown)
        self.true[name] = count
        return name

    def read_totals(self, period: str, totals: Mapping[str, Any]) -> None:
        for kind in KINDS:
            self.read((period, kind), totals[kind], totals[kind])
        self.read((period, "eligible"), totals["eligible"], totals["eligible"])
        self.published.add_up((period, "eligible"), [(period, kind) for kind in KINDS])

    def read_table(self, period: str, table: Mapping[str, Any], counts: Mapping[str, list[int]]) -> None:
        columns: dict[str, list[Name]] = {column: [] for column in KINDS}
        for row in table["rows"]:
            names = []
            for column, shown, count in zip(KINDS, row["cells"], counts[row["label"]], strict=False):
                names.append(self.read((period, table["name"], row["label"], column), count, shown))
                columns[column].append(names[-1])
            if "total" in row:
                total = self.read((period, table["name"], row["label"], "all"), row["total"], row["total"])
                self.published.add_up(total, names)
                if None in row["cells"]:
                    assert row["percent"] is None
        for column, several in columns.items():
            if several:
                self.published.add_up((period, column), several)

    def read_links(self, quarter: str, by_response: Mapping[str, Mapping[str, int]]) -> None:
        """Each count of a response, and of a district, is the sum of what is behind both; none of that is published."""
        several: dict[Name, list[Name]] = {}
        for response, by in by_response.items():
            for district, count in by.items():
                name = self.read((quarter, district, response), count, None)
                self.published.unpublished.add(name)
                several.setdefault((quarter, "district", district, KINDS[0]), []).append(name)
                several.setdefault((quarter, "response", response, KINDS[0]), []).append(name)
        for total, names in several.items():
            if total in self.true:
                self.published.add_up(total, names)

    def read_year_links(self, behind: Mapping[tuple[str, str], list[int]]) -> None:
        """So is each count of a response in a quarter, and of a category in the year."""
        several: dict[Name, list[Name]] = {}
        for (response, category), counts in behind.items():
            for quarter, count in zip(QUARTERS, counts, strict=True):
                name = self.read((quarter, response, "of", category), count, None)
                self.published.unpublished.add(name)
                several.setdefault((quarter, "response", response, KINDS[0]), []).append(name)
                several.setdefault(("year", "category", category, KINDS[0]), []).append(name)
        for total, names in several.items():
            if total in self.true:
                self.published.add_up(total, names)

    def worked_out(self) -> list[Name]:
        """The small counts of which they can rule out any of one to ten."""
        asked = [name for name, shown in self.published.counts.items() if shown is None and 0 < self.true[name] <= 10]
        ranges = self.published.ranges(asked)
        return [name for name, (least, most) in ranges.items() if least > 1 or (most is not None and most < 10)]


def publish(city: City, reader: Reader) -> tuple[int, int]:
    """Publish a year, quarter by quarter; how many tables came out, and how many were refused."""
    quarters, tables, refused = [], 0, 0
    for quarter in QUARTERS:
        by_district, by_response = city.by_district[quarter], city.by_response[quarter]
        counts = (by_district, {name: [sum(by.values())] for name, by in by_response.items()})
        try:
            release = quarter_release(by_district, by_response)
        except CoarsenFirst:
            refused += 1
            for kind, place in zip(KINDS, (0, 1), strict=True):
                name = reader.read((quarter, kind), sum(row[place] for row in counts[0].values()), None)
                reader.published.unpublished.add(name)
            continue
        quarters.append(release)
        reader.read_totals(quarter, release["totals"])
        for table, behind in zip(release["tables"], counts, strict=True):
            reader.read_table(quarter, table, behind)
            tables, refused = tables + bool(table["rows"]), refused + bool(table["refused"])
        reader.read_links(quarter, by_response)
    try:
        release = year_release(city.by_category, quarters, city.behind)
    except CoarsenFirst:
        return tables, refused + 1
    reader.read_totals("year", release["totals"])
    for kind in KINDS:
        reader.published.add_up(("year", kind), [(quarter, kind) for quarter in QUARTERS])
    reader.read_table("year", release["tables"][0], city.by_category)
    reader.read_year_links(city.behind)
    return tables + bool(release["tables"][0]["rows"]), refused + bool(release["tables"][0]["refused"])


def test_nothing_small_is_worked_out_from_all_that_was_published() -> None:
    tables = refused = 0
    for seed in range(CITIES):
        reader = Reader()
        came_out, held_back = publish(City(seed), reader)
        assert reader.worked_out() == [], seed
        tables, refused = tables + came_out, refused + held_back
    assert tables > refused > 0


def test_a_quarter_of_few_calls_is_not_published_by_itself() -> None:
    with pytest.raises(CoarsenFirst, match="too few calls"):
        quarter_release({"north": [4, 40]}, {"crt": {"north": 4}})


def test_a_year_is_refused_that_would_give_an_unpublished_quarter_away() -> None:
    quarter = quarter_release({"north": [40, 40]}, {"crt": {"north": 40}})
    with pytest.raises(CoarsenFirst):
        year_release({"mental": [44, 60]}, [quarter])
    assert year_release({"mental": [60, 60]}, [quarter])["totals"]["eligible"] == 120


def test_quarters_that_were_published_under_other_names_count_all_the_same() -> None:
    quarter = {"totals": {"dealt with it": 40, "the default response went": 40, "eligible": 80, "percent": 50}}
    with pytest.raises(CoarsenFirst):
        year_release({"mental": [44, 60]}, [quarter])


def test_a_table_that_cannot_be_protected_says_so_and_shows_its_totals_alone() -> None:
    release = quarter_release({"north": [3, 4], "south": [40, 40]}, {"crt": {"north": 3, "south": 40}})
    district, response = release["tables"]
    assert district["rows"] == []
    assert "Too few calls" in district["refused"]
    assert response["rows"] == [{"label": "crt", "cells": [43]}]
    assert release["totals"] == {KINDS[0]: 43, NOT_DIVERTED: 44, "eligible": 87, "percent": 49}


@pytest.mark.parametrize(
    ("north", "responses"),
    [
        ([4, 25], {"walkers": {"north": 4}, "vans": {"east": 40}, "cars": {"south": 60}}),
        ([40, 4], {"walkers": {"north": 40}, "vans": {"east": 40}, "cars": {"south": 60}}),
        ([15, 25], {"walkers": {"north": 11}, "vans": {"north": 4, "east": 40}, "cars": {"south": 60}}),
    ],
)
def test_what_two_tables_give_away_together_stands_in_one_of_them_alone(
    north: list[int], responses: dict[str, dict[str, int]]
) -> None:
    """North's 4 were withheld, and were 104 - 60 - 40: of the three responses each runs in one district."""
    release = quarter_release({"north": north, "east": [40, 30], "south": [60, 33]}, responses)
    district, response = release["tables"]
    assert len(district["rows"]) == 3
    assert (response["rows"], response["refused"]) == ([], LINKED)


@pytest.mark.parametrize(
    ("behind", "is_told"),
    [
        ({("walkers", "mental"): [30, 30, 30, 4], ("vans", "welfare"): [40, 40, 40, 40]}, False),
        ({("walkers", "mental"): [30, 30, 30, 14], ("vans", "welfare"): [40, 40, 40, 40]}, True),
        ({(name, kind): [15, 15, 15, 4] for name in ("walkers", "vans") for kind in ("mental", "welfare")}, True),
    ],
)
def test_what_a_quarter_withholds_is_not_what_a_year_leaves_of_the_other_three(
    behind: dict[tuple[str, str], list[int]], *, is_told: bool
) -> None:
    """Walkers alone took mental: of 94 in the year 90 were published, and 4 withheld."""
    by_category, quarters = {"mental": [0, 90], "welfare": [0, 90]}, []
    for (_, category), counts in behind.items():
        by_category[category][0] += sum(counts)
    for place in range(4):
        by_response: dict[str, dict[str, int]] = {}
        for (response, _), counts in behind.items():
            by_response.setdefault(response, {"north": 0})["north"] += counts[place]
        diverted = sum(by["north"] for by in by_response.values())
        quarters.append(quarter_release({"north": [diverted, 45]}, by_response))
    (category,) = year_release(by_category, quarters, behind)["tables"]
    assert (bool(category["rows"]), category["refused"]) == (is_told, "" if is_told else LINKED_TO_QUARTERS)


def test_two_tables_that_give_nothing_away_are_both_published() -> None:
    responses = {"walkers": {"north": 15, "east": 20}, "vans": {"east": 20}}
    district, response = quarter_release({"north": [15, 25], "east": [40, 30]}, responses)["tables"]
    assert (len(district["rows"]), response["rows"][0]) == (2, {"label": "vans", "cells": [20]})


def test_a_period_without_calls_is_all_noughts() -> None:
    assert quarter_release({}, {})["totals"]["eligible"] == 0
