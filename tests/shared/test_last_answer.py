"""What is asked twice in a row is worked out once; anything else anew."""

from __future__ import annotations

import pytest

from shared.last_answer import last_answer


def test_what_was_just_asked_is_answered_without_working() -> None:
    asked: list[tuple[int, int]] = []

    @last_answer
    def total(one: int, other: int) -> int:
        asked.append((one, other))
        return one + other

    assert [total(1, 2), total(1, 2), total(2, 1), total(1, 2)] == [3, 3, 3, 3]
    assert asked == [(1, 2), (2, 1), (1, 2)]


def test_what_raises_is_no_answer() -> None:
    @last_answer
    def inverse(number: int) -> float:
        return 1 / number

    assert inverse(2) == 0.5
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            inverse(0)
    assert inverse(2) == 0.5


def test_what_is_asked_by_name_is_no_question_so_that_it_cannot_be_mixed_up_with_another() -> None:
    @last_answer
    def rest(one: int, other: int = 0) -> int:
        return one - other

    assert rest(3, 1) == 2
    with pytest.raises(TypeError):
        rest(3, other=2)  # type: ignore[call-arg]
    assert rest(3, 1) == 2
