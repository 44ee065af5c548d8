"""A backlog of effects: the loop goes on, and a slow receiver holds up nobody but itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shared.engine.effects import EFFECTS_AT_ONCE, AgencyEffects
from shared.engine.service import Effect, EffectDone
from shared.events import PageAttempted
from tests.shared.engine.test_worker import Bench, virtually
from tests.shared.engine.toy import TOY, State, types

CALLS = 200
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def in_lanes(state: State) -> Mapping[str, Effect]:
    """The toy's effects, pages and messages each in a lane of their own."""
    pending = TOY.pending(state)
    return {key: replace(effect, lane="pages" if effect.at_most_once else "cad") for key, effect in pending.items()}


@virtually
async def test_a_slow_receiver_holds_up_its_own_lane_only_and_never_the_loop() -> None:
    busy: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def perform(agency: str, effect: Effect) -> EffectDone:
        del agency
        busy[effect.lane] += 1
        most[effect.lane] = max(most[effect.lane], busy[effect.lane])
        await asyncio.sleep(3.0 if effect.lane == "cad" else 0.01)
        busy[effect.lane] -= 1
        return EffectDone(effect.effect_id, "done")

    bench = Bench()
    bench.machine(service=replace(TOY, pending=in_lanes), perform=perform)
    for number in range(CALLS):
        bench.call(f"c{number}")
    await bench.decided("page-delivered", CALLS, seconds=4)
    assert types(bench.log).count("cad-informed") <= 2 * EFFECTS_AT_ONCE
    await bench.decided("cad-informed", CALLS, seconds=3.5 * (CALLS / EFFECTS_AT_ONCE + 1))
    assert most["cad"] == EFFECTS_AT_ONCE
    assert most["pages"] <= EFFECTS_AT_ONCE


@virtually
async def test_what_is_owed_at_a_take_over_is_sent_by_the_new_owner() -> None:
    async def never(agency: str, effect: Effect) -> EffectDone:
        del agency
        await asyncio.sleep(3600)
        return EffectDone(effect.effect_id, "done")

    bench = Bench()
    first = bench.machine(service=replace(TOY, pending=in_lanes), perform=never)
    for number in range(CALLS):
        bench.call(f"c{number}")
    await bench.decided("deadline-set", CALLS)
    first.kill(restart_seconds=3600)
    second = bench.machine("2", service=replace(TOY, pending=in_lanes))
    await bench.until(lambda: second.worker is not None and bool(second.worker.owned))
    await bench.decided("cad-informed", CALLS, seconds=30)
    assert types(bench.log).count("cad-informed") == CALLS


@virtually
async def test_an_effect_that_a_library_cancels_inside_has_failed_and_the_next_go_on() -> None:
    """It was under way for ever, and nobody heard that the CAD was not told."""

    async def cancelled(agency: str, effect: Effect) -> EffectDone:
        del agency
        if not effect.at_most_once:
            inside = asyncio.ensure_future(asyncio.sleep(9))
            inside.cancel()
            await inside
        return EffectDone(effect.effect_id, "done")

    bench = Bench()
    bench.machine(perform=cancelled)
    for number in range(3):
        bench.call(f"c{number}")
    await bench.decided("cad-not-informed", 3, seconds=4)
    assert types(bench.log).count("page-delivered") == 3


def test_what_goes_before_an_urgent_effect_about_the_same_is_as_urgent() -> None:
    """The most urgent came first, whatever of the same call was owed before it."""

    def owed(effect_id: str, seconds: int, sequence: str = "", turn: int = 0) -> Effect:
        until = NOON + timedelta(seconds=seconds)
        return Effect(effect_id, PageAttempted(page_id="p"), until, lane="cad", sequence=sequence, turn=turn)

    effects = [
        owed("outcome", 60, "call", 1),
        owed("withdrawn", 10, "call", 2),
        owed("status", 20, "call", 3),
        owed("other", 15, "other", 4),
        owed("page", 12),
        owed("urgent", 5, "third", 5),
    ]
    busy = AgencyEffects()
    assert busy.survey({effect.effect_id: effect for effect in effects}, now=1.0)
    assert list(busy.waiting["cad"]) == ["urgent", "outcome", "withdrawn", "page", "other", "status"]
