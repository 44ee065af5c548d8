"""Links are bound to what they lead to, to their person, and to the generation of their person's links."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from shared.links import offer_link, shift_link, token_of

SECRET = "s" * 32
IDS = st.text("abc01", min_size=1, max_size=4)
PARTS = st.tuples(st.sampled_from(("offer", "shift")), IDS, IDS, st.integers(0, 12))


def test_f10_links_that_were_never_revoked_are_as_they_always_were() -> None:
    """F10: links made before there were generations hold."""
    assert token_of(SECRET, "offer", "offer-1", "ana") == "rAp55OCB8EmVcUVljY6YJQ"
    assert token_of(SECRET, "offer", "offer-1", "ana", 0) == token_of(SECRET, "offer", "offer-1", "ana")


@given(PARTS, PARTS)
def test_f10_two_links_are_the_same_only_if_all_is_the_same(
    one: tuple[str, str, str, int], other: tuple[str, str, str, int]
) -> None:
    assert (token_of(SECRET, *one) == token_of(SECRET, *other)) == (one == other)


def test_f10_the_generation_is_part_of_every_link() -> None:
    for make in (offer_link, shift_link):
        assert len({make("http://pocket", SECRET, "id", "ana", generation) for generation in range(5)}) == 5
