"""What each event changes in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.projection.project import NOT_PROJECTED, PROJECTIONS, needs_of, project, read
from services.reporting.projection.rows import Rows
from services.reporting.store.tables import (
    ASSIGNMENT,
    COMMAND,
    EPISODE,
    FAULT,
    METADATA,
    OFFER,
    OUTCOME,
    OUTCOME_REASON,
    PAGE,
    REFERRAL,
    SWITCH,
    VERSION,
)
from services.reporting.store.went import WENT
from services.reporting.store.write import write
from shared import events
from shared.call import Call
from shared.contracts import example_of
from shared.engine.broker import Stored
from shared.events import EVENTS, Command, Event
from shared.judgement import Gate, ResponseVerdict
from tests.builders import call_routed, call_triaged, judgement, of_offer, offer_made, verdict
from tests.services.reporting.journals import BEGINNING, Topics, everything, rows_of

CALL = "metro/cad/1"
OTHER = "metro/cad/2"
KEY: dict[str, Any] = {"call_id": CALL, "episode": 1}
TEAM: dict[str, Any] = {**KEY, "team_id": "cares-1"}
WEAPON = Gate("hazards", passed=False, reason="weapon", sentence="A weapon.")
SHADOWED = ("first", None), ("second", "cares-1"), ("third", "cares-2")
LATER = BEGINNING + timedelta(hours=3)
LANGUAGE = {kind for kind in EVENTS.values() if kind is not Command}


def begun(call_id: str = CALL, **changes: Any) -> events.DeadlineSet:
    fields: dict[str, Any] = {
        "call_id": call_id,
        "episode": 1,
        "deadline": BEGINNING + timedelta(seconds=50),
        "received_at": BEGINNING,
        "call_at": "calls/0/0",
    }
    return events.DeadlineSet(**fields | changes)


def planned(triaged_at: int = 0, **changes: Any) -> events.PlanSet:
    fields: dict[str, Any] = {"event_id": "e1", "judgement": judgement(), "deadline": BEGINNING}
    return events.PlanSet(**KEY, triaged_at=triaged_at, **fields | changes)


def accepted() -> list[Event]:
    made = offer_made(CALL, BEGINNING, team_id="cares-1")
    took = of_offer(events.OfferAccepted, made, person_id="ana", accepted_at=BEGINNING + timedelta(seconds=9))
    return [begun(), made, took, call_routed(CALL, BEGINNING, team_id="cares-1", response="cares")]


def reported(status: str, minutes: int, **changes: Any) -> events.StatusReported:
    fields: dict[str, Any] = {**TEAM, "status": status, "happened_at": BEGINNING + timedelta(minutes=minutes)}
    return events.StatusReported(**fields | changes)


async def episode_of(store: AsyncEngine, *batches: Sequence[Stored], call_id: str = CALL) -> dict[str, Any]:
    for batch in batches:
        await write(store, batch)
    return next(row for row in await rows_of(store, EPISODE) if row["call_id"] == call_id)


# --- the whole language


def test_every_event_is_projected_or_listed_with_the_reason_why_not() -> None:
    assert PROJECTIONS.keys() | NOT_PROJECTED.keys() == LANGUAGE
    assert not PROJECTIONS.keys() & NOT_PROJECTED.keys()
    assert all(NOT_PROJECTED.values())


async def test_the_team_that_would_have_gone_is_kept_though_there_was_none_for_the_response_before(
    store: AsyncEngine,
) -> None:
    topics = Topics()
    shadowed = [events.OfferShadowed(**KEY, response=name, team_id=team) for name, team in SHADOWED]
    await write(store, topics.assignments(begun(), *shadowed))
    (episode,) = await rows_of(store, EPISODE)
    assert (episode["shadow_response"], episode["shadow_team_id"]) == ("second", "cares-1")
    assert episode["shadow_at"] == BEGINNING + timedelta(seconds=3)


async def test_any_event_may_be_the_first_that_is_heard(store: AsyncEngine) -> None:
    topics = Topics()
    examples = [kind.model_validate(example_of(kind)) for kind in LANGUAGE - {events.Claimed}]
    examples.sort(key=lambda event: event.type)
    for some in (examples[:40], examples[40:], examples[::-1]):
        await write(store, topics.assignments(*some))
    assert len((await everything(store))["record"]) == 2 * len(examples)


@pytest.mark.parametrize("kind", sorted(LANGUAGE - {events.Claimed}, key=str), ids=str)
def test_an_event_by_itself_touches_only_what_it_has_asked_for(kind: type[Event]) -> None:
    """Nothing else is in its batch that could have asked for it."""
    batch = [read(stored) for stored in Topics().assignments(kind.model_validate(example_of(kind)))]
    rows = Rows()
    for lookup, values in needs_of(batch):
        rows.asked_for[lookup].add(values)
    project(rows, batch)  # raises NotAskedFor


def test_no_column_is_personal_and_staff_stand_in_three_tables_alone() -> None:
    columns = {(table.name, column.name) for table in METADATA.tables.values() for column in table.columns}
    words = {"name", "address", "phone", "narrative", "latitude", "longitude", "language", "members", "sentence"}
    personal = {(table, column) for table, column in columns if words & set(column.split("_"))}
    assert personal == {("shift", "members"), ("shift", "members_confirmed")}  # how many they are
    staff = {table for table, column in columns if column in ("person_id", "issued_by")}
    said = {column for _, column in columns if column.endswith("_by")} - {"issued_by"}
    assert (staff, said) == ({"command", "offer", "page"}, {"decided_by", "requested_by", "stopped_by", "reached_by"})


# --- an episode, from beginning to end


async def test_an_episode_says_what_became_of_a_call_by_which_document_and_when(store: AsyncEngine) -> None:
    topics = Topics()
    judged = judgement(verdict(replaces=("police",)), zone="America/Chicago")
    row = await episode_of(
        store,
        topics.decisions(call_triaged(CALL, BEGINNING, judged, caller="c4f1", priority="2")),
        topics.assignments(begun(), planned(judgement=judged)),
        topics.assignments(*accepted()[1:]),
        topics.assignments(reported("en-route", 2), reported("on-scene", 9), reported("need-police", 12)),
        topics.assignments(events.AssignmentEnded(**TEAM, disposition="resolved-on-scene")),
    )
    assert row["outcome"], row["outcomes"] == ("team-accepted", 1)
    assert (row["level"], row["category"], row["district"]) == ("calm", "mental-health", "Central")
    assert (row["may_go"], row["phase"], row["stopped_by"]) == (True, "live", None)
    assert (row["model"], row["goes"], row["replaces"]) == ("community-responder", "instead of default", "police")
    assert (row["programme_version"], row["programme_hash"], row["caller"], row["priority"]) == (1, "h1", "c4f1", "2")
    assert (row["zone"], row["local_date"], row["local_hour"]) == ("America/Chicago", "2026-03-01", 6)
    assert row["local_weekday"] == 6
    assert (row["team_id"], row["response"], row["offers"]) == ("cares-1", "cares", 1)
    assert row["accepted_at"] == BEGINNING + timedelta(seconds=9)
    assert row["on_scene_at"] - row["en_route_at"] == timedelta(minutes=7)
    assert row["police_asked_at"] == BEGINNING + timedelta(minutes=12)
    assert row["disposition"] == "resolved-on-scene"
    assert row["received_at"] == BEGINNING


async def test_a_judgement_may_be_read_before_or_after_the_outcome_that_follows_it(store: AsyncEngine) -> None:
    stopped = judgement(
        verdict(
            may_go=False,
            reasons=("weapon",),
            gates=(WEAPON,),
        ),
        suitability="unsuitable",
    )
    topics = Topics()
    triaged = topics.decisions(call_triaged(CALL, BEGINNING, stopped), call_triaged(OTHER, BEGINNING, stopped))
    first = topics.assignments(begun(CALL), call_routed(CALL, BEGINNING, "default", triaged_at=0, reasons=("weapon",)))
    second = topics.assignments(
        begun(OTHER), call_routed(OTHER, BEGINNING, "default", triaged_at=1, reasons=("weapon",))
    )
    before = await episode_of(store, triaged[:1], first)
    after = await episode_of(store, second, triaged[1:], call_id=OTHER)
    apart = {"call_id", "judgement_offset", "begun_at", "outcome_at"}
    assert {name: before[name] for name in before.keys() - apart} == {
        name: after[name] for name in after.keys() - apart
    }
    assert (after["suitability"], after["may_go"], after["stopped_by"]) == ("unsuitable", False, "hazards")


def kept_out(name: str, *gates: str) -> ResponseVerdict:
    failed = tuple(Gate(gate, passed=False, reason=gate, sentence="No.") for gate in gates)
    return verdict(name, may_go=False, reasons=gates, gates=failed)


@pytest.mark.parametrize(
    ("verdicts", "is_outside"),
    [
        ([kept_out("first", "hours")], True),
        ([kept_out("first", "phase", "dates", "hours", "holiday")], True),
        ([kept_out("first", "category"), kept_out("second", "hours")], True),
        ([kept_out("first", "hours", "arm")], False),
        ([kept_out("first", "hours", "only-when-consent")], False),
        ([kept_out("first", "hours"), verdict("second")], False),
    ],
)
async def test_outside_hours_or_area_is_what_nothing_else_keeps_a_response_from(
    store: AsyncEngine, verdicts: list[ResponseVerdict], *, is_outside: bool
) -> None:
    await write(store, Topics().assignments(begun(), planned(-1, judgement=judgement(*verdicts))))
    (row,) = await rows_of(store, EPISODE)
    assert row["outside"] is is_outside


async def test_an_override_goes_on_with_the_plan_of_the_episode_before(store: AsyncEngine) -> None:
    topics = Topics()
    again = begun(episode=2, why="overridden")
    await write(store, topics.decisions(call_triaged(CALL, BEGINNING)))
    await write(store, topics.assignments(begun(), planned(), call_routed(CALL, BEGINNING, "default")))
    sent = events.CallOverridden(call_id=CALL, episode=2, send="cares", overridden_by="dee")
    routed = call_routed(CALL, BEGINNING, episode=2, response="cares")
    await write(store, topics.assignments(again, sent, routed))
    second = next(row for row in await rows_of(store, EPISODE) if row["episode"] == 2)
    assert (second["level"], second["model"], second["override_send"]) == ("calm", "community-responder", "cares")
    assert "dee" not in map(str, second.values())


async def test_a_merged_call_has_the_team_of_the_other_and_no_offer(store: AsyncEngine) -> None:
    topics = Topics()
    moved = events.AssignmentMoved(**TEAM, to_call_id=OTHER, to_episode=1, response="cares", sentence="Moved.")
    routed = call_routed(OTHER, BEGINNING, reasons=("merged",), team_id="cares-1", response="cares")
    stayed = reported("on-scene", 5, call_id=OTHER)
    ended = events.AssignmentEnded(call_id=OTHER, episode=1, team_id="cares-1", disposition="refused")
    first = await episode_of(
        store,
        topics.assignments(*accepted(), reported("en-route", 2), begun(OTHER)),
        topics.assignments(moved, routed, stayed, ended),
    )
    second = await episode_of(store, call_id=OTHER)
    assert (first["moved_to_call_id"], first["on_scene_at"]) == (OTHER, None)
    assert (second["outcome"], second["offers"], second["moved_from_call_id"]) == ("team-accepted", 0, CALL)
    assert second["en_route_at"] == first["en_route_at"]
    assert second["disposition"] == "refused"
    assert [(row["call_id"], row["ended"]) for row in await rows_of(store, ASSIGNMENT)] == [
        (CALL, "moved"),
        (OTHER, "cleared"),
    ]
    assert [row["reason"] for row in await rows_of(store, OUTCOME_REASON)] == ["merged"]


async def test_what_a_team_asked_for_goes_along_to_the_call_that_its_own_was_merged_into(store: AsyncEngine) -> None:
    """Police were asked for before: they are there, whatever the CAD calls it by now."""
    moved = events.AssignmentMoved(**TEAM, to_call_id=OTHER, to_episode=1, response="cares", sentence="Moved.")
    routed = call_routed(OTHER, BEGINNING, reasons=("merged",), team_id="cares-1", response="cares")
    cleared = events.AssignmentEnded(call_id=OTHER, episode=1, team_id="cares-1", disposition="resolved-on-scene")
    said = [THERE, reported("need-police", 8), begun(OTHER), moved, routed, cleared]
    other = await episode_of(store, Topics().assignments(*accepted(), *said), call_id=OTHER)
    assert (other["police_asked_at"], other["first_offer_at"] is None) == (BEGINNING + timedelta(minutes=8), False)
    assert await went_to(store, OTHER) == "team-and-default"


# --- who really went


async def went_to(store: AsyncEngine, call_id: str = CALL, episode: int = 1) -> str:
    asked = select(WENT).where(EPISODE.c.call_id == call_id, EPISODE.c.episode == episode)
    async with store.connect() as connection:
        return str((await connection.execute(asked)).scalar_one())


def ended(disposition: str) -> events.AssignmentEnded:
    return events.AssignmentEnded(**TEAM, disposition=disposition)


UPGRADED = events.UpgradeRaised(**TEAM, level="danger", level_rank=3, on_upgrade="recall")
TURNED_BACK = events.AssignmentWithdrawn(**TEAM, why="upgraded", acknowledge=True)
TAKEN_OFF = events.AssignmentWithdrawn(**TEAM, why="withdrawn", withdrawn_by="dee", reason="police have it")
THERE = reported("on-scene", 5)
CLEARED = ended("resolved-on-scene")
TAKEN = call_routed(CALL, BEGINNING, team_id="cares-1", response="cares")
DEFAULT_SENT = events.CallOverridden(**KEY, send="default", overridden_by="dee")
OVERRIDDEN = events.AssignmentWithdrawn(**TEAM, why="overridden", acknowledge=True)
AGAINST = UPGRADED.model_copy(update={"more_dangerous": False, "send": "default", "on_upgrade": "stay"})


@pytest.mark.parametrize(
    ("then", "went"),
    [
        ([THERE, CLEARED], "team"),
        ([CLEARED], "team"),
        ([], "team-under-way"),
        ([TURNED_BACK], "recalled"),
        ([ended("cancelled")], "recalled"),
        ([reported("en-route", 2), ended("no-longer-needed")], "recalled"),
        ([THERE, ended("no-longer-needed")], "team"),
        ([ended("unable-to-locate")], "team"),
        ([UPGRADED, TURNED_BACK], "recalled-upgraded"),
        ([UPGRADED, ended("cancelled")], "recalled-upgraded"),
        ([THERE, UPGRADED, CLEARED], "team-upgraded"),
        ([THERE, reported("need-police", 8), CLEARED], "team-and-default"),
        ([events.AssignmentUnconfirmed(**TEAM), THERE, CLEARED], "team-and-default"),
        ([THERE, CLEARED, reported("need-police", 50, assigned=False)], "team-and-default"),
        ([THERE, AGAINST, CLEARED], "team-and-default"),
        ([THERE, TAKEN_OFF], "team-and-default"),
        ([THERE, ended("handed-over-police")], "team-and-default"),
        ([THERE, ended("upgraded")], "team-and-default"),
        ([THERE, ended("handed-over-ems")], "team"),
        ([events.SafetyCheckMissed(**TEAM, missed=2, silent_minutes=60, sentence="Silent.")], "team-and-default"),
        (
            [events.AssignmentMoved(**TEAM, to_call_id=OTHER, to_episode=1, response="cares", sentence="Moved.")],
            "merged",
        ),
    ],
)
async def test_an_acceptance_is_counted_by_who_really_went(store: AsyncEngine, then: list[Event], went: str) -> None:
    await write(store, Topics().assignments(*accepted(), *then))
    assert await went_to(store) == went


@pytest.mark.parametrize(("replaces", "went"), [(("ems",), "team-and-default"), (("police",), "team")])
async def test_an_ambulance_that_was_called_after_all_is_the_default_where_it_was_replaced(
    store: AsyncEngine, replaces: tuple[str, ...], went: str
) -> None:
    topics, judged = Topics(), judgement(verdict(replaces=replaces))
    await write(store, topics.decisions(call_triaged(CALL, BEGINNING, judged)))
    first, *others = accepted()
    said = [first, planned(judgement=judged), *others, THERE, ended("handed-over-ems")]
    await write(store, topics.assignments(*said))
    assert await went_to(store) == went


@pytest.mark.parametrize(
    ("asked_by", "went"), [("officer", "team-and-default"), ("fire-crew", "team-and-default"), ("provider", "team")]
)
async def test_of_units_on_scene_that_ask_for_a_team_the_default_has_gone(
    store: AsyncEngine, asked_by: str, went: str
) -> None:
    """Whether the call begins with that or it is said before the outcome."""
    topics = Topics()
    version = Call.model_validate(example_of(EVENTS["call-reported"])["call"])
    asked = call_triaged(CALL, BEGINNING).model_copy(
        update={"call": version.model_copy(update={"requested_by": asked_by})}
    )
    await write(store, topics.decisions(asked))
    first, *others = accepted()
    await write(store, topics.assignments(first, planned(), *others, THERE, CLEARED))
    assert await went_to(store) == went


@pytest.mark.parametrize(("asked_by", "went"), [("officer", "team-and-default"), ("provider", "team")])
async def test_units_that_asked_are_there_whatever_the_cad_calls_it_by_now(
    store: AsyncEngine, asked_by: str, went: str
) -> None:
    moved = events.AssignmentMoved(**TEAM, to_call_id=OTHER, to_episode=1, response="cares", sentence="Moved.")
    routed = call_routed(OTHER, BEGINNING, reasons=("merged",), team_id="cares-1", response="cares")
    cleared = events.AssignmentEnded(call_id=OTHER, episode=1, team_id="cares-1", disposition="resolved-on-scene")
    said = [begun(requested_by=asked_by), *accepted()[1:], THERE, begun(OTHER), moved, routed, cleared]
    await write(store, Topics().assignments(*said))
    assert await went_to(store, OTHER) == went


@pytest.mark.parametrize("is_judged_first", [True, False])
async def test_units_that_asked_are_there_for_whoever_is_sent_later_whatever_is_read_first(
    store: AsyncEngine, *, is_judged_first: bool
) -> None:
    topics, version = Topics(), Call.model_validate(example_of(EVENTS["call-reported"])["call"])
    asked = version.model_copy(update={"requested_by": "officer"})
    judged = topics.decisions(call_triaged(CALL, BEGINNING).model_copy(update={"call": asked}))
    routed = topics.assignments(
        begun(), planned(), call_routed(CALL, BEGINNING, "default"), begun(episode=2, why="overridden")
    )
    for batch in (judged, routed) if is_judged_first else (routed, judged):
        await write(store, batch)
    assert [row["requested_by"] for row in await rows_of(store, EPISODE)] == ["officer", "officer"]


@pytest.mark.parametrize("is_judged_first", [True, False])
async def test_a_call_that_is_judged_again_says_what_it_said_whatever_is_read_first(
    store: AsyncEngine, *, is_judged_first: bool
) -> None:
    """A switch was thrown while it waited: its type, its caller and the officer who asked stood, or did not."""
    topics, version = Topics(), Call.model_validate(example_of(EVENTS["call-reported"])["call"])
    asked = version.model_copy(update={"requested_by": "officer"})
    of_version = call_triaged(CALL, BEGINNING, caller="c4f1").model_copy(update={"call": asked})
    judged = topics.decisions(of_version, call_triaged(CALL, BEGINNING))
    routed = topics.assignments(begun(), planned(), planned(1), call_routed(CALL, BEGINNING, "default", triaged_at=1))
    for batch in (judged, routed) if is_judged_first else (routed, judged):
        await write(store, batch)
    (row,) = await rows_of(store, EPISODE)
    assert version.call_type is not None
    assert (row["requested_by"], row["caller"], row["call_type"]) == ("officer", "c4f1", version.call_type.code)


async def test_the_episode_before_is_the_newest_whichever_of_them_was_looked_for_first(store: AsyncEngine) -> None:
    """The second was found by its judgement, before the first was by its call: a third went on with the first."""
    topics, reopened = Topics(), BEGINNING + timedelta(hours=1)
    judged = topics.decisions(*(call_triaged(CALL, BEGINNING, judgement(level=level)) for level in ("calm", "tense")))
    plan = planned(1, judgement=judgement(level="tense")).model_copy(update={"episode": 2})
    until_then = topics.assignments(
        begun(), planned(), call_routed(CALL, BEGINNING, "default"),
        begun(episode=2, why="reopened", received_at=reopened),
        plan, call_routed(CALL, BEGINNING, episode=2, team_id="cares-1"),
    )  # fmt: skip
    await write(store, [judged[0], *until_then])
    await write(store, [judged[1], *topics.assignments(begun(episode=3, why="overridden", received_at=LATER))])
    third = next(row for row in await rows_of(store, EPISODE) if row["episode"] == 3)
    assert (third["level"], third["call_received_at"], third["default_asked"]) == ("tense", reopened, False)


@pytest.mark.parametrize(
    ("before", "went"),
    [
        ([call_routed(CALL, BEGINNING, "default", reasons=("not-pulled",))], "team-and-default"),
        ([TAKEN, DEFAULT_SENT, OVERRIDDEN], "team-and-default"),
        ([TAKEN, UPGRADED, TURNED_BACK], "team-and-default"),
        ([TAKEN, TAKEN_OFF], "team-and-default"),
        ([TAKEN, THERE, ended("handed-over-police")], "team-and-default"),
        ([TAKEN, THERE, CLEARED], "team"),
    ],
)
@pytest.mark.parametrize("why", ["overridden", "late-pull", "requested"])
async def test_after_the_default_stood_nobody_was_spared_it(
    store: AsyncEngine, why: str, before: list[Event], went: str
) -> None:
    again = BEGINNING + timedelta(minutes=15)
    cleared = ended("resolved-on-scene").model_copy(update={"episode": 2})
    routed = call_routed(CALL, BEGINNING, episode=2, team_id="cares-1", response="cares")
    there = reported("on-scene", 25, episode=2)
    topics, second = Topics(), begun(episode=2, why=why, received_at=again)
    await write(store, topics.assignments(begun(), *before, second, routed, there, cleared))
    assert await went_to(store, episode=2) == went
    row = next(row for row in await rows_of(store, EPISODE) if row["episode"] == 2)
    assert (row["received_at"], row["call_received_at"]) == (again, again if why == "requested" else BEGINNING)


@pytest.mark.parametrize(("response", "went"), [("cares", "team"), ("co", "team-and-default")])
async def test_whether_police_go_too_is_not_known_of_what_a_person_sends_and_the_judgement_does_not_name(
    store: AsyncEngine, response: str, went: str
) -> None:
    topics, judged = Topics(), judgement(verdict("cares"))
    await write(store, topics.decisions(call_triaged(CALL, BEGINNING, judged)))
    sent = events.CallOverridden(**KEY, send=response, overridden_by="dee")
    routed = call_routed(CALL, BEGINNING, team_id="cares-1", response=response)
    await write(store, topics.assignments(begun(), planned(judgement=judged), sent, routed, THERE, CLEARED))
    assert await went_to(store) == went


async def test_who_is_sent_in_the_place_of_another_team_spares_the_default(store: AsyncEngine) -> None:
    topics = Topics()
    before = topics.assignments(begun(), TAKEN)
    swap = topics.assignments(OVERRIDDEN, begun(episode=2, why="overridden"))  # in one step, so at one instant
    routed = call_routed(CALL, BEGINNING, episode=2, team_id="cares-2", response="co")
    then = topics.assignments(routed, ended("resolved-on-scene").model_copy(update={"episode": 2}))
    at_once = [replace(stored, time=swap[0].time) for stored in swap]
    await write(store, [*before, *at_once, *then])
    assert (await went_to(store), await went_to(store, episode=2)) == ("recalled", "team")


async def test_the_default_that_a_person_sent_beside_a_team_goes_along_to_another_call(store: AsyncEngine) -> None:
    moved = events.AssignmentMoved(**TEAM, to_call_id=OTHER, to_episode=1, response="cares", sentence="Moved.")
    routed = call_routed(OTHER, BEGINNING, reasons=("merged",), team_id="cares-1", response="cares")
    cleared = events.AssignmentEnded(call_id=OTHER, episode=1, team_id="cares-1", disposition="resolved-on-scene")
    said = [THERE, DEFAULT_SENT, begun(OTHER), moved, routed, cleared]
    await write(store, Topics().assignments(*accepted(), *said))
    assert await went_to(store, OTHER) == "team-and-default"


@pytest.mark.parametrize(
    ("outcome", "went"), [("default", "default"), ("cancelled", "nobody"), ("phone-accepted", "phone")]
)
async def test_so_is_any_other_outcome(store: AsyncEngine, outcome: str, went: str) -> None:
    await write(store, Topics().assignments(begun(), call_routed(CALL, BEGINNING, outcome)))
    async with store.connect() as connection:
        assert (await connection.execute(select(WENT))).scalar_one() == went


# --- stamps


async def test_the_first_word_that_a_team_is_there_counts_and_an_earlier_one_that_comes_late(
    store: AsyncEngine,
) -> None:
    late = events.LateStatusNoted(**TEAM, status="en-route", happened_at=BEGINNING + timedelta(minutes=1))
    statuses = [reported("en-route", 3), reported("on-scene", 9), reported("on-scene", 11), late]
    row = await episode_of(store, Topics().assignments(*accepted(), *statuses))
    assert row["en_route_at"] == BEGINNING + timedelta(minutes=1)
    assert row["on_scene_at"] == BEGINNING + timedelta(minutes=9)


async def test_what_is_taken_back_was_not_so(store: AsyncEngine) -> None:
    back = events.StatusCorrected(**TEAM, before="on-scene", status="en-route")
    row = await episode_of(
        store, Topics().assignments(*accepted(), reported("en-route", 3), reported("on-scene", 9), back)
    )
    assert (row["en_route_at"], row["on_scene_at"]) == (BEGINNING + timedelta(minutes=3), None)


# --- failures, doubles, marks


async def test_a_call_that_could_not_be_decided_has_its_outcome_by_that(store: AsyncEngine) -> None:
    topics = Topics()
    refused = events.InputRefused(
        position="calls/0/7", sha256="", length=9, wrong="too long", input_type="call-reported", call_id=OTHER
    )
    failed = events.ClockFailed(clock_id=f"deadline/{CALL}", wrong="ValueError")
    await write(store, topics.assignments(refused, begun(), failed))
    await write(store, topics.assignments(failed, refused))  # over already
    outcomes = await rows_of(store, OUTCOME)
    assert [(row["call_id"], row["outcome"], row["reasons"], row["by_failure"]) for row in outcomes] == [
        (OTHER, "default", "internal-error", True),
        (CALL, "default", "internal-error", True),
    ]
    assert len(await rows_of(store, FAULT)) == 4


async def test_a_double_shows_and_changes_nothing(store: AsyncEngine) -> None:
    row = await episode_of(
        store, Topics().assignments(begun(), call_routed(CALL, BEGINNING, "default"), call_routed(CALL, BEGINNING))
    )
    assert (row["outcome"], row["outcomes"]) == ("default", 2)
    assert [row["outcome"] for row in await rows_of(store, OUTCOME)] == ["default", "team-accepted"]


@pytest.mark.parametrize("at_once", [True, False])
async def test_an_incident_whose_number_is_given_to_another_keeps_what_became_of_it(
    store: AsyncEngine,
    at_once: bool,  # noqa: FBT001
) -> None:
    topics = Topics()
    first = topics.assignments(*accepted(), begun(episode=2, why="requested"))
    topics.now += timedelta(days=365)
    later: dict[str, Any] = {"received_at": topics.now, "deadline": topics.now + timedelta(seconds=50)}
    second = topics.assignments(begun(**later), call_routed(CALL, topics.now, "default", reasons=("no-team",)))
    for batch in ([*first, *second],) if at_once else (first, second):
        await write(store, batch)
    former = f"{CALL} before {topics.now:%Y-%m-%d}"
    found = [(row["call_id"], row["episode"], row["outcomes"], row["outcome"], row["accepted_at"] is not None)
             for row in await rows_of(store, EPISODE)]  # fmt: skip
    assert found == [
        (CALL, 1, 1, "default", False),
        (former, 1, 1, "team-accepted", True),
        (former, 2, 0, None, False),
    ]
    assert [row["call_id"] for row in await rows_of(store, OFFER)] == [former]


@pytest.mark.parametrize("order", ["dada", "aadd", "ddaa", "adda", "daad", "adad"])
@pytest.mark.parametrize("at_once", [True, False])
async def test_so_it_does_what_was_referred_whatever_is_read_first(
    store: AsyncEngine,
    at_once: bool,  # noqa: FBT001
    order: str,
) -> None:
    topics = Topics()

    def referred(name: str) -> events.ReferralMade:
        about: dict[str, Any] = {"referral_id": name, "call_id": CALL, "kind": "referral", "due_at": topics.now}
        return events.ReferralMade(**about, response="care", district="north", phase="live")

    batches = {"a": [topics.assignments(begun())], "d": [topics.decisions(referred("r1"))]}
    topics.now += timedelta(days=60)
    closed = events.ReferralClosed(referral_id="r1", call_id=CALL, result="contacted", closed_by="ana")
    batches["d"].append(topics.decisions(referred("r2"), closed))  # triage was ahead of team availability
    topics.now += timedelta(hours=2)
    batches["a"].append(topics.assignments(begun(received_at=topics.now)))
    said = [batches[topic].pop(0) for topic in order]
    for batch in ([stored for several in said for stored in several],) if at_once else said:
        await write(store, batch)
    former = f"{CALL} before {topics.now:%Y-%m-%d}"
    found = {row["referral_id"]: (row["call_id"], row["result"]) for row in await rows_of(store, REFERRAL)}
    assert found == {"r1": (former, "contacted"), "r2": (CALL, None)}


async def test_two_contents_under_one_event_id_are_two_versions(store: AsyncEngine) -> None:
    topics, call = Topics(), Call.model_validate(example_of(EVENTS["call-reported"])["call"])
    for status in ("active", "reopened"):
        version = events.CallReported(
            event_id="e1", call=call.model_copy(update={"status": status}), received_at=LATER, judged_at=LATER
        )
        await write(store, [topics.append("calls", version, event_id="e1")])
    assert [(row["event_id"], row["status"]) for row in await rows_of(store, VERSION)] == [
        ("e1", "active"),
        ("e1", "reopened"),
    ]


async def test_test_calls_and_agencies_for_probing_are_marked(store: AsyncEngine) -> None:
    await write(store, Topics().assignments(begun(), begun(OTHER, synthetic=True)))
    topics = Topics("probe-3")
    topics.ends["assignments"] = 2
    await write(store, topics.assignments(begun("probe-3/cad/1")))
    assert {row["call_id"]: row["synthetic"] for row in await rows_of(store, EPISODE)} == {
        CALL: False,
        OTHER: True,
        "probe-3/cad/1": True,
    }


@pytest.mark.parametrize("is_read_first", [True, False])
async def test_a_test_call_that_was_refused_is_none_of_the_calls_that_count(
    store: AsyncEngine, *, is_read_first: bool
) -> None:
    """Its refusal does not say that it is one; its version does, whichever of the two is read first."""
    topics, example = Topics(), example_of(EVENTS["call-reported"]) | {"synthetic": True}
    reported_call = events.CallReported.model_validate(example)
    version = topics.calls(reported_call)
    refused = events.InputRefused.of_record("calls/0/0", b"", events.CallReported.type, "slow", reported_call.call_id)
    batches = [version, topics.assignments(refused)]
    for batch in batches if is_read_first else reversed(batches):
        await write(store, batch)
    (row,) = await rows_of(store, EPISODE)
    assert (row["call_id"], row["outcome"], row["synthetic"]) == (reported_call.call_id, "default", True)


async def test_an_answer_may_be_read_before_its_command_and_a_repeat_is_counted(store: AsyncEngine) -> None:
    topics = Topics()
    asked = events.OverrideCall(
        command_id="c1",
        issued_by="dee",
        issued_at=BEGINNING,
        expires_at=LATER,
        call_id=CALL,
        send="default",
        reason="his mother, Jane Roe, called back",
    )
    await write(store, topics.assignments(events.CommandDone(command_id="c1", result="done")))
    await write(store, topics.commands(asked, asked))
    (row,) = await rows_of(store, COMMAND)
    assert (row["type"], row["issued_by"], row["answer"], row["records"]) == ("override-call", "dee", "done", 2)
    assert not any("Jane" in str(each) for rows in (await everything(store)).values() for each in rows)


async def test_a_pause_says_whether_a_person_made_it_and_when_another_looked_into_it(store: AsyncEngine) -> None:
    topics = Topics()
    paused = [
        events.DistrictPaused(district="Central", revision=4, changed_by="careroute", reason="two upgrades"),
        events.DistrictPaused(district="North", revision=5, changed_by="sue", reason="no crews"),
    ]
    reviewed = events.PauseReviewed(paused_at_revision=5, reviewed_by="ana", reason="right")
    await write(store, topics.decisions(*paused))
    await write(store, topics.decisions(reviewed))
    rows = await rows_of(store, SWITCH)
    assert [(row["by_itself"], row["reviewed_at"] is not None) for row in rows] == [(True, False), (False, True)]
    assert [row["reason"] for row in rows] == ["two upgrades", None]
    assert not any("sue" in str(row) or "ana" in str(row) or "no crews" in str(row) for row in rows)


async def test_a_page_has_one_row_however_it_ends(store: AsyncEngine) -> None:
    topics, due = Topics(), events.PageDue.model_validate(example_of(events.PageDue) | {"page_id": "p1"})
    moved = [events.PageAttempted(page_id="p1"), events.PageFailed(page_id="p1", why="unknown")]
    await write(store, topics.notifications(due))
    await write(store, topics.notifications(*moved))
    (row,) = await rows_of(store, PAGE)
    assert (row["attempts"], row["result"], row["person_id"]) == (1, "failed", due.person_id)
    records = (await everything(store))["record"]
    assert {row["call_id"] for row in records} == {due.call_id}


async def test_what_no_database_can_hold_keeps_nothing_up(store: AsyncEngine) -> None:
    """A NUL in an id or a code, an instant before or after all years."""
    topics, call_id = Topics(), "metro/cad/1\0"
    example = example_of(EVENTS["call-reported"])
    example["call"] |= {
        "incident_id": "1\0",
        "created_at": "0001-01-01T00:00:00+14:00",
        "updated_at": "9999-12-31T23:59:59-12:00",
        "call_type": {"system": "s", "code": "A\0B"},
    }
    await write(store, topics.calls(events.CallReported.model_validate(example)))
    await write(store, topics.assignments(begun(call_id)))
    await write(store, topics.assignments(call_routed(call_id, BEGINNING, "default")))
    (version,), (episode,) = await rows_of(store, VERSION), await rows_of(store, EPISODE)
    assert version["call_type"] == "A\ufffdB"
    assert version["created_at"] < BEGINNING < version["updated_at"]
    assert (episode["call_id"], episode["outcome"], episode["begun_at"] is not None) == (
        "metro/cad/1\ufffd",
        "default",
        True,
    )
