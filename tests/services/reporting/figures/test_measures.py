"""Every measure, on calls few enough to count by hand, on each database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.figures.counting import Figure, Question, count_all
from services.reporting.figures.measures import MEASURES, Breakdown, Duration, Measure, Repeats, Share
from services.reporting.store.engine import transaction
from services.reporting.store.tables import EPISODE, REFERRAL
from services.reporting.store.write import write
from shared import events
from shared.topics import ASSIGNMENTS
from tests.builders import verdict
from tests.services.reporting.figures.city import after, default, episode, taken
from tests.services.reporting.figures.journal import (
    AGENCY,
    MARCH,
    MIDNIGHT_BEFORE_APRIL,
    NOON,
    TERMS,
    CallInJournal,
    Journal,
    crt,
    settle,
    suitable,
)

# of the 17 real calls of March: how many, of how many, and how many cannot be counted
SHARES = {
    "listed": (14, 16, 1),
    "eligible": (9, 15, 1),
    "outside": (1, 12, 0),
    "indeterminate": (1, 15, 1),
    "offered": (5, 9, 0),
    "capture": (5, 8, 1),
    "reach": (5, 13, 1),
    "diverted": (3, 8, 1),
    "instead-of-police": (2, 5, 0),
    "shadow-team": (1, 2, 0),
    "contact": (2, 6, 3),
    "no-contact": (1, 3, 1),
    "er-transport": (1, 3, 1),
    "safety-events": (1, 4, 0),
    "follow-up": (1, 3, 1),
}
# parts, and how many have none
BREAKDOWNS: dict[str, tuple[dict[str, int], int]] = {
    "stopped-by": ({"level": 2, "hours": 1}, 1),
    "call-type": ({"mental-health": 12, "welfare": 2}, 3),
    "asked-by": ({"911 caller": 16, "officer": 1}, 0),
    "source": ({"cad": 16, "ambulance": 1}, 0),
    "went": ({"team": 2, "phone": 1, "recalled-upgraded": 1, "team-and-default": 1}, 0),
    "unserved": ({"no-team": 2, "deadline": 1}, 0),
    "models": ({"community-responder": 3, "co-responder": 1, "crisis-call-diversion": 1}, 0),
    "phases": ({"live": 8, "shadow": 2, "advisory": 1}, 0),
    "offers": ({"accepted": 3, "declined": 1, "expired": 1}, 1),
    "dispositions": ({"resolved-on-scene": 1, "transported-er": 1, "unable-to-locate": 1}, 1),
    "five-classes": ({"no contact": 1, "services": 1, "services and emergency department": 1}, 1),
    "back-up": ({"none": 2, "police asked for by the team": 1, "upgraded before the team arrived": 1}, 0),
}
# nearest rank of 50 and 90 %, of how many, and how many have no stamp or a wrong one
DURATIONS = {
    "routing-time": (20, 60, 15, 1),
    "answer-time": (9, 32, 4, 0),
    "travel-time": (10, 20, 2, 1),
    "response-time": (620 / 60, 1210 / 60, 2, 1),
    "time-on-scene": (30, 60, 2, 1),
}
REPEATS = {"repeat-callers": ({"2": 2, "5": 0, "10": 0, "20": 0, "40": 0}, 6, 11)}


def test_every_measure_is_worked_out_by_hand() -> None:
    by_kind: dict[type[Measure], Collection[str]] = {
        Share: SHARES,
        Breakdown: BREAKDOWNS,
        Duration: DURATIONS,
        Repeats: REPEATS,
    }
    for kind, names in by_kind.items():
        assert {name for name, measure in MEASURES.items() if type(measure) is kind} == set(names)


async def test_every_figure_is_as_counted_by_hand(store: AsyncEngine) -> None:
    await settle(store)
    async with store.connect() as connection:
        counted = await count_all(connection, MARCH)
    for name, (count, n, missing) in SHARES.items():
        (figure,) = counted[name]
        assert figure == Figure(None, None, 100 * count / n, None, count, n, missing), name
    for name, (parts, missing) in BREAKDOWNS.items():
        assert {figure.part: figure.count for figure in counted[name]} == parts, name
        assert {(figure.n, figure.missing) for figure in counted[name]} == {(sum(parts.values()), missing)}, name
    for name, (median, ninety, n, missing) in DURATIONS.items():
        (figure,) = counted[name]
        assert figure == Figure(None, None, median, ninety, n, n, missing), name
    for name, (at_least, n, missing) in REPEATS.items():
        assert {figure.part: figure.count for figure in counted[name]} == at_least, name
        assert {(figure.n, figure.missing) for figure in counted[name]} == {(n, missing)}, name


async def cut_by(store: AsyncEngine, by: str, name: str) -> dict[object, tuple[str | None, int, int, int]]:
    """By group its figure, or the last of its parts."""
    question = Question(MARCH.agency, MARCH.zone, MARCH.first_day, MARCH.end_day, by)
    async with store.connect() as connection:
        counted = (await count_all(connection, question, [name]))[name]
    return {figure.group: (figure.part, figure.count, figure.n, figure.missing) for figure in counted}


async def test_figures_are_cut(store: AsyncEngine) -> None:
    await settle(store)
    cut = partial(cut_by, store)
    assert await cut("district", "capture") == {"north": (None, 2, 4, 1), "south": (None, 3, 4, 0)}
    assert await cut("hour", "capture") == {13: (None, 5, 8, 1)}
    assert await cut("weekday", "capture") == {1: (None, 5, 8, 1)}
    assert await cut("phase", "capture") == {"advisory": (None, 0, 1, 0), "live": (None, 5, 7, 1)}
    assert await cut("document", "listed") == {3: (None, 14, 16, 0), None: (None, 0, 0, 1)}
    assert await cut("category", "eligible") == {
        "mental-health": (None, 8, 12, 0), "welfare": (None, 0, 2, 0), None: (None, 1, 1, 1),
    }  # fmt: skip
    assert await cut("month", "capture") == {"2026-03": (None, 5, 8, 1)}
    assert await cut("quarter", "went") == {"2026-Q1": ("team-and-default", 1, 5, 0)}  # the last of its parts
    assert await cut("year", "travel-time") == {"2026": (None, 2, 2, 1)}
    assert await cut("model", "travel-time") == {"community-responder": (None, 2, 2, 1)}
    assert await cut("response", "answer-time") == {"crt": (None, 4, 4, 0)}
    assert await cut("district", "repeat-callers") == {
        "north": ("40", 0, 3, 6),
        "south": ("40", 0, 3, 4),
        None: ("40", 0, 0, 1),
    }


async def test_an_offer_and_a_referral_are_of_their_own_response_and_not_of_who_took_the_call(
    store: AsyncEngine,
) -> None:
    city = Journal()
    city.append(ASSIGNMENTS.name, NOON, TERMS)
    co, care = verdict("co", model="co-responder", phase="advisory"), verdict("care", model="care-navigator")
    for number in (1, 2):
        call = CallInJournal(city, number).judged(suitable(crt(), co, care))
        call.offered(f"o{number}", 2, 8, events.OfferDeclined)
        call.offered(f"p{number}", 8, 40, events.OfferAccepted, response="co").taken(40, "co")
        made: dict[str, Any] = {
            "referral_id": f"r{number}",
            "call_id": call.call_id,
            "kind": "referral",
            "due_at": NOON,
        }
        city.decided(NOON, events.ReferralMade(**made, response="care", district="north", phase="live"))
    await write(store, city.records)
    cut = partial(cut_by, store)
    assert await cut("model", "offers") == {
        "community-responder": ("declined", 2, 2, 0),
        "co-responder": ("accepted", 2, 2, 0),
    }
    assert await cut("phase", "offers") == {"live": ("declined", 2, 2, 0), "advisory": ("accepted", 2, 2, 0)}
    assert await cut("model", "follow-up") == {"care-navigator": (None, 0, 0, 2)}


async def test_a_team_has_answered_when_it_did_and_not_when_the_window_ended(store: AsyncEngine) -> None:
    """It answered after five seconds, and had the call when everybody's thirty were over; a late one it asked for."""
    city = Journal()
    about = {"team_id": "team-1", "person_id": "ann"}
    within = CallInJournal(city, 1).judged(suitable()).offered("o1", 0)
    within.says(30, events.OfferAccepted, offer_id="o1", accepted_at=within.at + timedelta(seconds=5), **about).taken(
        30
    )
    late = CallInJournal(city, 2).judged(suitable()).offered("o2", 600)
    late.says(600, events.OfferAccepted, offer_id="o2", accepted_at=late.at + timedelta(seconds=599), **about).taken(
        600
    )
    await write(store, city.records)
    async with store.connect() as connection:
        (figure,) = (await count_all(connection, MARCH, ["answer-time"]))["answer-time"]
    assert (figure.value, figure.high, figure.n, figure.missing) == (5, 5, 1, 1)


async def test_who_called_once_is_nobody_who_calls_often_however_the_call_went_on(store: AsyncEngine) -> None:
    """It was reopened, and a dispatcher decided it anew."""
    once = [taken(30, 5, caller="a", episode=number) for number in (1, 2, 3)]
    twice = [taken(number, 5, caller="b") for number in (31, 32)]
    async with transaction(store) as connection:
        await connection.execute(insert(EPISODE), [*once, *twice])
    async with store.connect() as connection:
        counted = (await count_all(connection, MARCH, ["repeat-callers"]))["repeat-callers"]
    assert {figure.part: (figure.count, figure.n) for figure in counted if figure.count} == {"2": (1, 5)}


async def test_calls_that_the_cad_made_one_are_counted_once(store: AsyncEngine) -> None:
    """One was merged before it had an outcome, another took its team along; a third had had the default by then."""
    moved = taken(40, 5, moved_to_call_id=f"{AGENCY}/cad/43")
    merged = episode(41, outcome="cancelled", outcome_at=after(20), reason="merged", reasons="merged")
    ended = episode(42, outcome="cancelled", outcome_at=after(20), reason="closed", reasons="closed")
    stands = taken(43, 9, on_scene_at=after(600), cleared_at=after(900), disposition="refused")
    async with transaction(store) as connection:
        await connection.execute(insert(EPISODE), [moved, merged, ended, stands, default(44, 60, "no-team")])
    async with store.connect() as connection:
        names = ["listed", "eligible", "capture", "diverted", "back-up", "went", "routing-time"]
        counted = {name: found[0] for name, found in (await count_all(connection, MARCH, names)).items()}
    assert {name: (figure.count, figure.n) for name, figure in counted.items()} == {
        "listed": (3, 3), "eligible": (3, 3), "capture": (1, 3), "diverted": (1, 3), "back-up": (1, 1),
        "went": (1, 1), "routing-time": (5, 5),
    }  # fmt: skip


async def test_what_befell_a_team_counts_though_its_call_was_merged_into_one_with_the_default(
    store: AsyncEngine,
) -> None:
    there = {"accepted_at": after(5), "on_scene_at": after(600), "police_asked_at": after(700)}
    moved = taken(48, 5, moved_to_call_id=f"{AGENCY}/cad/49", **there)
    left = {"moved_from_call_id": f"{AGENCY}/cad/48", "cleared_at": after(900), "disposition": "transported-er"}
    stands = default(49, 60, "no-team", **there, **left)
    async with transaction(store) as connection:
        await connection.execute(insert(EPISODE), [moved, stands])
    async with store.connect() as connection:
        names = ["safety-events", "back-up", "er-transport", "diverted"]
        counted = {name: found[0] for name, found in (await count_all(connection, MARCH, names)).items()}
    assert {name: (figure.count, figure.n) for name, figure in counted.items()} == {
        "safety-events": (1, 1), "back-up": (1, 1), "er-transport": (1, 1), "diverted": (0, 1),
    }  # fmt: skip


async def test_who_waited_for_a_team_that_was_sent_later_has_waited_since_the_call_came_in(store: AsyncEngine) -> None:
    late = taken(45, 900, received_at=after(890), call_received_at=NOON, on_scene_at=after(1500))
    async with transaction(store) as connection:
        await connection.execute(insert(EPISODE), [late])
    async with store.connect() as connection:
        counted = await count_all(connection, MARCH, ["response-time", "travel-time", "routing-time"])
    assert [figures[0].value for figures in counted.values()] == [25, 10, 10]


async def test_who_called_first_has_waited_since_then_though_the_cad_merged_that_call_into_a_later_one(
    store: AsyncEngine,
) -> None:
    """Twenty minutes in all, nineteen of them on the road: it was ten, for the second call came halfway."""
    city = Journal()
    second = CallInJournal(city, 2, at=NOON + timedelta(minutes=10)).judged(suitable())
    first = CallInJournal(city, 1).judged(suitable()).offered("o1", 2, 60, events.OfferAccepted).taken(60)
    moved = {"team_id": "team-1", "to_call_id": second.call_id, "to_episode": 1, "response": "crt", "sentence": "."}
    first.says(660, events.AssignmentMoved, **moved)
    second.routed(60, "team-accepted", "merged", team_id="team-1", response="crt").stands(600, "on-scene")
    await write(store, city.records)
    async with store.connect() as connection:
        counted = await count_all(connection, MARCH, ["response-time", "travel-time"])
    assert [(figures[0].value, figures[0].n) for figures in counted.values()] == [(20, 1), (19, 1)]


async def test_a_referral_counts_in_the_period_of_the_episode_that_it_was_made_in(store: AsyncEngine) -> None:
    """The call came in before March, was reopened in March and again after it."""
    months = [
        taken(47, 5, episode=number, received_at=NOON + timedelta(days=31 * (number - 2))) for number in (1, 2, 3)
    ]
    made = {
        "agency": AGENCY,
        "call_id": f"{AGENCY}/cad/47",
        "kind": "referral",
        "due_at": after(90),
        "result": "contacted",
    }
    referrals = [
        {**made, "referral_id": "before", "made_at": NOON - timedelta(days=31), "closed_at": after(99)},
        {**made, "referral_id": "in it", "made_at": after(5), "closed_at": after(80)},
    ]
    async with transaction(store) as connection:
        await connection.execute(insert(EPISODE), months)
        await connection.execute(insert(REFERRAL), referrals)
    async with store.connect() as connection:
        [counted] = (await count_all(connection, MARCH, ["follow-up"]))["follow-up"]
    assert (counted.count, counted.n) == (1, 1)


async def test_an_arrival_from_before_the_team_had_the_call_is_missing(store: AsyncEngine) -> None:
    """Somebody's clock is wrong, or they speak of the call before: neither time is worked out from it."""
    early = taken(46, 300, on_scene_at=after(120), cleared_at=after(900))
    async with transaction(store) as connection:
        await connection.execute(insert(EPISODE), [early])
    async with store.connect() as connection:
        counted = await count_all(connection, MARCH, ["response-time", "travel-time", "time-on-scene"])
    assert {(figure.n, figure.missing) for figures in counted.values() for figure in figures} == {(0, 1)}


async def test_a_call_that_could_not_be_taken_in_is_counted_though_its_receipt_has_no_stamp(store: AsyncEngine) -> None:
    city = Journal()
    refused: dict[str, Any] = {
        "position": "calls/0/7",
        "sha256": "",
        "length": 9,
        "wrong": "too long",
        "call_id": f"{AGENCY}/cad/1",
        "input_type": "call-reported",
    }
    city.append(ASSIGNMENTS.name, MIDNIGHT_BEFORE_APRIL - timedelta(days=30), TERMS)
    city.append(ASSIGNMENTS.name, MIDNIGHT_BEFORE_APRIL - timedelta(hours=1), events.InputRefused(**refused))
    await write(store, city.records)
    by_month = Question(MARCH.agency, MARCH.zone, MARCH.first_day, MARCH.end_day, "month")
    async with store.connect() as connection:
        counted = await count_all(connection, MARCH, ["listed", "routing-time"])
        months = (await count_all(connection, by_month, ["listed"]))["listed"]
    assert [(figure.n, figure.missing) for figures in counted.values() for figure in figures] == [(0, 1), (0, 1)]
    assert [(figure.group, figure.missing) for figure in months] == [("2026-03", 1)]


async def test_an_empty_store_has_no_figures(store: AsyncEngine) -> None:
    async with store.connect() as connection:
        assert {tuple(figures) for figures in (await count_all(connection, MARCH)).values()} == {()}


def test_every_measure_says_all_that_belongs_to_a_definition() -> None:
    for name, measure in MEASURES.items():
        assert measure.name == name
        words = (measure.title, measure.sentence, measure.numerator, measure.denominator, measure.missing, measure.unit)
        assert all(words), name
        assert measure.sentence.endswith("."), name
        assert bool(measure.clock_start and measure.clock_end) == isinstance(measure, Duration), name
