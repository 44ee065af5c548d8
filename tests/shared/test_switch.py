"""A switch says which responses and districts it is about; its key names it everywhere."""

from __future__ import annotations

from itertools import product

import pytest

from shared.switch import ALL, Switch

PLACES = tuple(product(("Harbor", "West", None), ("outreach", "clinic", None)))


@pytest.mark.parametrize(
    ("switch", "key", "words"),
    [
        (Switch("Harbor"), "Harbor", "Harbor"),
        (Switch("Harbor", "outreach"), "outreach/Harbor", "outreach in Harbor"),
        (Switch(ALL), "all", "all"),
        (Switch(ALL, "outreach"), "outreach/all", "outreach in all"),
        (Switch("Harbor", ""), "/Harbor", "Harbor"),
    ],
)
def test_a_switch_has_a_key_and_words_and_is_found_by_its_key(switch: Switch, key: str, words: str) -> None:
    assert (switch.key, switch.words) == (key, words)
    assert Switch.parse(key) == switch


def test_where_a_district_belongs_a_whole_key_may_stand() -> None:
    assert Switch.of("outreach/Harbor", None) == Switch("Harbor", "outreach")
    assert Switch.of("Harbor", "outreach") == Switch("Harbor", "outreach")
    assert Switch.of("Harbor", None) == Switch("Harbor")


@pytest.mark.parametrize(
    ("switch", "held"),
    [
        (Switch("Harbor"), {("Harbor", "outreach"), ("Harbor", "clinic"), ("Harbor", None)}),
        (Switch("Harbor", "outreach"), {("Harbor", "outreach")}),
        (Switch(ALL, "outreach"), {("Harbor", "outreach"), ("West", "outreach"), (None, "outreach")}),
        (Switch("Harbor", ""), set()),
    ],
)
def test_a_pause_holds_what_it_names_and_nothing_else(switch: Switch, held: set[tuple[str | None, str | None]]) -> None:
    assert {place for place in PLACES if switch.holds(*place)} == held


def test_a_pause_of_all_districts_holds_everything() -> None:
    assert all(Switch(ALL).holds(*place) for place in PLACES)
