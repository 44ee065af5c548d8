"""Where journals are cut off, so that none refers to what the copy does not hold. Pure.

Every record of a journal states the positions that its writer had reached on all inputs, and journals are inputs of
each other. Their ends cannot be looked at in one instant: what was written between two looks may refer to what came
after the first. So each journal is cut off before the first record that refers too far, until none does. Whatever stood
in the journals before the first look stays: it refers only to what was there before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from shared.engine.broker import TopicPartition


class Reference(NamedTuple):
    """A record of a journal, and by topic the positions in its own partition that it states."""

    offset: int
    positions: Mapping[str, int]


class BehindItsReaders(Exception):
    """A topic ended before a position that a journal had stated by then."""


def consistent_ends(
    ends: Mapping[TopicPartition, int],
    latest: Mapping[TopicPartition, Sequence[Reference]],
    least: Mapping[TopicPartition, int],
) -> dict[TopicPartition, int]:
    """Where to cut each partition off, at `ends` or before.

    `least`: where each journal had ended before anybody asked for `ends`; `latest`: its records from a little before
    that up to its end. Raises BehindItsReaders where not even `least` could be kept: a broker had told an end too low.
    """
    cut = dict(ends)
    while lowered := dict(_references_too_far(cut, latest)):
        cut |= lowered
    for place, end in least.items():
        if cut[place] < end:
            raise BehindItsReaders(
                f"{place[0]}/{place[1]} states positions that are not in their topics: a broker is behind, so try "
                "again, or a topic was made anew"
            )
    return cut


def goes_beyond(reference: Reference, partition: int, ends: Mapping[TopicPartition, int]) -> str:
    """The topic in which a record refers to what these ends leave out; empty where there is none."""
    beyond = (topic for topic, position in reference.positions.items() if position > ends.get((topic, partition), 0))
    return next(beyond, "")


def _references_too_far(
    cut: Mapping[TopicPartition, int], latest: Mapping[TopicPartition, Sequence[Reference]]
) -> Iterator[tuple[TopicPartition, int]]:
    """Of each journal the first record that refers too far."""
    for place, references in latest.items():
        for reference in references:
            if reference.offset >= cut[place]:
                break
            if goes_beyond(reference, place[1], cut):
                yield place, reference.offset
                break
