"""Words of a narrative: whole, in any case, never clearing anything."""

import time

import pytest

from shared.programme import words_in
from tests.shared.programme.documents import MADISON, programme

TEXT = MADISON.replace('weapon = ["knife", "gun"]', 'weapon = ["knife", "gun", "box cutter"]')


@pytest.mark.parametrize(
    ("narrative", "hazards"),
    [
        ("", set()),
        ("he has a KNIFE.", {"weapon"}),
        ("no gun seen", {"weapon"}),  # negation is not read
        ("knife-wielding, threw a chair", {"weapon", "violence"}),
        ("begun gunner", set()),
        ("a Box\n cutter", {"weapon"}),
        ("a box, then a cutter", set()),
        ("\uff47\uff55\uff4e and kni\u00adfe", {"weapon"}),
        ("_gun_", {"weapon"}),
    ],
)
def test_words(narrative: str, hazards: set[str]) -> None:
    assert words_in(programme(TEXT), narrative) == hazards


def test_long_text_takes_bounded_time() -> None:
    began = time.perf_counter()
    words_in(programme(TEXT), "box " * 100_000)
    assert time.perf_counter() - began < 2
