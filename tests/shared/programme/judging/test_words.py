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


@pytest.mark.parametrize("narrative", ["他手里有刀", "有 刀", "男子持手枪", "มีมีดในมือ", "ナイフを持っている"])
def test_words_of_scripts_without_blanks_are_found_within_a_sentence(narrative: str) -> None:
    """A document's word was found where it stood alone: 他有刀 was one word."""
    text = MADISON.replace('weapon = ["knife", "gun"]', 'weapon = ["knife", "gun", "刀", "手枪", "มีด", "ナイフ"]')
    assert words_in(programme(text), narrative) == {"weapon"}
    assert not words_in(programme(text), "他很平静 手 和枫树")


@pytest.mark.parametrize(
    ("text", "hazards"),
    [
        ("121C_Mental Disordr N-Viol Wpn", {"weapon"}),
        ("ASLT - IP/JO - W/O WPNS", {"weapon", "violence"}),
        ("121D_Mental Disorder Violnt", {"violence"}),
        ("GSW to the leg", {"weapon", "injury"}),
        ("hung himself", {"suicide"}),
    ],
)
def test_words_that_cads_cut_short_are_hazard_words(text: str, hazards: set[str]) -> None:
    """Call types of Charleston and Seattle, as they publish them."""
    assert words_in(programme(TEXT), text) == hazards


def test_long_text_takes_bounded_time() -> None:
    began = time.perf_counter()
    words_in(programme(TEXT), "box " * 100_000)
    assert time.perf_counter() - began < 2
