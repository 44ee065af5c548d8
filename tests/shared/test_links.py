"""Links are bound to what they lead to, to their person, and to the generation of their person's links."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from shared.links import offer_link, roll_link, shift_link, token_of

SECRET = "s" * 32
IDS = st.text("abc01", min_size=1, max_size=4)
PARTS = st.tuples(
    st.sampled_from(("offer", "shift", "roll")), IDS, IDS, st.integers(0, 12), st.text("01ab", max_size=2)
)


def test_f10_links_that_were_never_revoked_are_as_they_always_were() -> None:
    """F10: links made before there were generations hold."""
    assert token_of(SECRET, "offer", "offer-1", "ana") == "rAp55OCB8EmVcUVljY6YJQ"
    assert token_of(SECRET, "offer", "offer-1", "ana", 0) == token_of(SECRET, "offer", "offer-1", "ana")


def made(kind: str, subject_id: str, person_id: str, generation: int, method_id: str) -> str:
    return token_of(SECRET, kind, subject_id, person_id, generation, method_id=method_id)


@given(PARTS, PARTS)
def test_f10_two_links_are_the_same_only_if_all_is_the_same(
    one: tuple[str, str, str, int, str], other: tuple[str, str, str, int, str]
) -> None:
    assert (made(*one) == made(*other)) == (one == other)


def test_f10_the_generation_is_part_of_every_link() -> None:
    for make in (offer_link, shift_link, roll_link):
        assert len({make("http://pocket", SECRET, "id", "ana", generation) for generation in range(5)}) == 5


def test_the_way_is_part_of_the_link_of_a_page() -> None:
    """A way called `1` is no first generation."""
    parts = ((0, ""), (0, "1"), (1, ""), (1, "1"), (0, "app"))
    for make in (offer_link, roll_link):
        links = {make("http://pocket", SECRET, "id", "ana", number, method_id=way) for number, way in parts}
        assert len(links) == len(parts)
