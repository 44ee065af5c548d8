"""Who is taken for dead, and who is to claim what: the fold of the beats, and the rule that stands on it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.engine import beats
from shared.engine.beats import Beats
from shared.engine.broker import Record
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.peers import MOST_SILENT_BEATS, REMEMBERED_GAPS, SILENT_BEATS, Beat, Peers, Standing
from shared.engine.topic import beats_of
from tests.simulation.virtual_time import VirtualClock, run


def standing(**given: Any) -> Standing:
    """Of process 1, which owns nothing, follows partitions 0 and 1 warmly, and has no peers."""
    defaults: Mapping[str, Any] = {
        "instance": "1",
        "owned": (),
        "warm": {0: 3, 1: 3},
        "assigned": frozenset(),
        "peers": {},
        "announced": {0: 3, 1: 3},
    }
    return Standing(**{**defaults, **given})


# --- who is alive ---------------------------------------------------------------------------------------------------


def test_who_is_silent_while_another_beats_so_many_times_is_taken_for_dead() -> None:
    peers = Peers("1", "a")
    peers.take("1", Beat("a", 0))
    peers.take("2", Beat("b", 17))
    for number in range(1, SILENT_BEATS):
        peers.take("1", Beat("a", number))
        assert "2" in peers.living
    peers.take("1", Beat("a", SILENT_BEATS))
    assert peers.living == {}


def test_who_was_irregular_lately_is_given_more_time_so_that_a_false_death_is_not_followed_by_others() -> None:
    peers, heard = Peers("1", "a"), 0

    def silent_beats() -> int:
        number = heard
        while "2" in peers.living:
            number += 1
            peers.take("1", Beat("a", number))
        return number - heard

    peers.take("1", Beat("a", 0))
    peers.take("2", Beat("b", 0))
    for gap, patience in ((2, SILENT_BEATS), (4, 8), (20, MOST_SILENT_BEATS)):
        heard += gap
        peers.take("1", Beat("a", heard))
        peers.take("2", Beat("b", heard))
        was_heard, waited = heard, silent_beats()
        assert waited == patience
        heard = was_heard + waited
        peers.take("2", Beat("b", heard))
    for _ in range(REMEMBERED_GAPS):
        heard += 1
        peers.take("1", Beat("a", heard))
        peers.take("2", Beat("b", heard))
    assert silent_beats() == SILENT_BEATS


def test_beats_that_come_early_and_those_of_others_make_nobody_dead() -> None:
    peers = Peers("1", "a")
    peers.take("2", Beat("b", 0))
    for _ in range(3 * SILENT_BEATS):
        peers.take("1", Beat("a", 0))
        peers.take("3", Beat("c", 0))
    assert set(peers.living) == {"2", "3"}


def test_who_beats_again_after_it_was_taken_for_dead_is_counted_and_its_successor_is_not() -> None:
    for process, woken in (("b", 1), ("new", 0)):
        peers = Peers("1", "a")
        peers.take("2", Beat("b", 0))
        peers.take("1", Beat("a", SILENT_BEATS))
        peers.take("2", Beat(process, 1))
        peers.take("2", Beat(process, 2))
        assert (peers.woken, set(peers.living)) == (woken, {"2"})


def test_a_process_before_it_under_its_own_name_is_no_peer_but_what_it_owned_is_known() -> None:
    peers = Peers("1", "a")
    peers.take("1", Beat("before", 90, owned={0: 4}))
    peers.take("1", Beat("before", 91))
    assert (peers.living, peers.announced, peers.has_namesake) == ({}, {0: 4}, False)
    peers.take("1", Beat("a", 0))
    peers.take("1", Beat("beside", 92))
    assert (peers.living, peers.has_namesake) == ({}, True)


# --- who is to claim ------------------------------------------------------------------------------------------------


def test_what_nobody_owns_is_claimed_by_whom_the_group_has_given_it() -> None:
    assert standing(assigned={1}, announced={}).to_claim() == [1]
    assert standing(assigned={1}, announced={}, warm={0: 3}).to_claim() == [], "it is not warm"
    peers = {"2": Beat("b", owned={1: 3})}
    assert standing(assigned={1}, announced={}, peers=peers).to_claim() == [], "its owner is alive"


def test_what_its_owner_has_left_is_claimed_by_an_heir() -> None:
    assert standing().to_claim() == [0, 1]
    assert standing(peers={"2": Beat("b", wanted=(0,), warm=(0,))}).to_claim() == [1], "another one wants it"


@pytest.mark.parametrize("announced", [{}, {0: 2}, {0: 4}])
def test_what_its_owner_may_still_have_is_left_alone(announced: Mapping[int, int]) -> None:
    """It has just won, or its version does not beat; or it is this process that has not read on yet."""
    assert standing(warm={0: 3}, announced=announced).to_claim() == []


@pytest.mark.parametrize(("peers", "claimed"), [({"2": Beat("b", wanted=(0,))}, []), ({}, [0])])
def test_who_may_have_just_won_is_not_ousted_before_it_has_said_so(
    peers: Mapping[str, Beat], claimed: list[int]
) -> None:
    """To its successor it would look as if it had died over what it had in hand. Seed 1229 of the simulation."""
    assert standing(assigned={0}, announced={0: 2, 1: 3}, peers=peers, warm={0: 3}).to_claim() == claimed
    assert standing(assigned={0}, peers=peers, warm={0: 3}).to_claim() == [0], "it is known to be over"
    assert standing(assigned={0}, peers=peers, warm={0: 0}, announced={}).to_claim() == [0], "nobody has won yet"


def test_what_was_never_claimed_is_left_to_the_group() -> None:
    assert standing(warm={0: 0}, announced={}).to_claim() == []


@given(st.sets(st.sampled_from("1234"), min_size=1), st.integers(0, 11))
def test_of_all_that_are_warm_one_is_the_heir(names: set[str], number: int) -> None:
    heirs = [
        name
        for name in names
        if standing(
            instance=name,
            warm={number: 1},
            announced={number: 1},
            peers={other: Beat(other, warm=(number,)) for other in names - {name}},
        ).to_claim()
    ]
    assert len(heirs) == 1


def test_what_another_wants_is_handed_over_if_the_group_has_given_it_to_that_one_only() -> None:
    peers = {"2": Beat("b", wanted=(0, 1))}
    assert standing(owned=(0, 2), warm={}, peers=peers).to_hand_over() == [0]
    assert standing(owned=(0, 2), warm={}, peers=peers, assigned={0}).to_hand_over() == []
    assert standing(owned=(0, 2), warm={}).to_hand_over() == [], "it stands in for one that is away"


def test_who_leaves_lets_go_of_what_another_can_decide_for_and_of_all_where_nobody_stays() -> None:
    warm, cold, leaving = Beat("b", warm=(0,)), Beat("c"), Beat("d", owned={3: 1}, warm=(0, 2), leaves=True)
    assert standing(owned=(0, 2), warm={}, peers={"2": warm, "3": cold, "4": leaving}).to_let_go() == [0]
    assert standing(owned=(0, 2), warm={}, peers={"3": cold}).to_let_go() == []
    assert standing(owned=(0, 2), warm={}, peers={"4": leaving}).to_let_go() == [0, 2]
    assert standing(owned=(0, 2), warm={}).to_let_go() == [0, 2]


# --- sending and hearing --------------------------------------------------------------------------------------------


def test_beats_come_regularly_and_news_at_once() -> None:
    async def scenario() -> None:
        clock = VirtualClock(asyncio.get_running_loop())
        log, news = MemoryLog(1, clock), list[float]()
        broker = MemoryBroker(log)
        one = Beats(broker, clock, "s", instance="1", process="a", news=lambda: None)
        other = Beats(broker, clock, "s", instance="2", process="b", news=lambda: news.append(clock.monotonic()))
        log.append(beats_of("s").name, 0, [Record("3", b"no beat"), Record("1", b'{"process": "z", "later": 1}')])
        for each in (one, other):
            await each.start(await broker.reader())
        assert other.living == {"1": Beat("z")}
        tasks = [asyncio.create_task(work) for each in (one, other) for work in (each.listen(), each.send())]
        await asyncio.sleep(10 * beats.BEAT_SECONDS + 0.01)
        assert len(log.places[beats_of("s").name, 0]) == 2 + 2 * 11
        news.clear()
        one.say({0: 7}, [1], [1])
        await asyncio.sleep(0.01)
        assert other.living["1"] == Beat("a", 10, {0: 7}, (1,), (1,))
        assert len(news) == 1
        tasks[1].cancel()
        await asyncio.sleep((SILENT_BEATS + 1) * beats.BEAT_SECONDS)
        assert (other.living, other.announced, len(news)) == ({}, {0: 7}, 2)
        for task in tasks:
            task.cancel()

    run(scenario())
