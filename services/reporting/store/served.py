"""What teams did, and who was told: assignments, stamps, shifts, what was unsafe, pages and messages to CADs."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from services.reporting.store.columns import (
    METADATA,
    Instant,
    count,
    flag,
    instant,
    key,
    number,
    of_call,
    of_record,
    text,
)

ASSIGNMENT = Table(
    "assignment",
    METADATA,
    *of_record(),
    *of_call(),
    Column("team_id", Text, nullable=False),
    text("offer_id"),
    text("response"),
    instant("accepted_at"),
    Column("from_at", Instant, nullable=False),
    instant("en_route_at"),
    instant("staged_at"),
    instant("on_scene_at"),
    instant("transporting_at"),
    instant("to_at"),
    text("ended"),
    text("why"),
    text("disposition"),
    text("moved_from_call_id"),
    text("moved_to_call_id"),
    comment="Which team had which call, from when to when. `ended`: cleared, withdrawn, moved (to a call that this one "
    "was merged into: then another row goes on, with the stamps so far).",
)
Index("assignment_of_call", ASSIGNMENT.c.call_id, ASSIGNMENT.c.episode)

STATUS = Table(
    "status",
    METADATA,
    *of_record(),
    *of_call(),
    Column("team_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    text("status_before"),
    Column("happened_at", Instant, nullable=False),
    Column("reported_at", Instant, nullable=False),
    text("disposition"),
    comment="Where a team said it stands. `kind`: reported, late (it moves nothing, and its time counts), corrected.",
)

TEAM = Table(
    "team",
    METADATA,
    key("agency"),
    key("team_id"),
    text("model"),
    text("pool"),
    instant("removed_at"),
    comment="Teams as they are rostered now.",
)

SHIFT = Table(
    "shift",
    METADATA,
    key("shift_id"),
    Column("agency", Text, nullable=False),
    text("team_id"),
    text("model"),
    text("pool"),
    count("members"),
    count("members_confirmed"),
    instant("from_at"),
    instant("ends_at"),
    instant("to_at"),
    text("why"),
    comment="When a team was on duty, as which model; how many it was, and how many of them have said so.",
)

SAFETY = Table(
    "safety",
    METADATA,
    *of_record(),
    *of_call(),
    text("team_id"),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
    text("level"),
    number("level_rank"),
    text("detail"),
    number("number"),
    flag("team_on_scene"),
    comment="What was, or may have been, unsafe: police asked for, checks due and missed, upgrades, teams that stay, "
    "do not move, wait to be let in, or do not answer a recall; acceptances that the CAD was not told of in time.",
)

PAGE = Table(
    "page",
    METADATA,
    key("page_id"),
    *of_call(),
    text("kind"),
    text("offer_id"),
    text("team_id"),
    text("person_id"),
    text("method"),
    text("district"),
    instant("due_at"),
    instant("not_after"),
    count("attempts"),
    instant("attempted_at"),
    text("result"),
    instant("result_at"),
    comment="A page to one person over one way of reaching them. `attempts` is 1 at most when all is well; `result`: "
    "delivered, failed, dropped.",
)

CAD_MESSAGE = Table(
    "cad_message",
    METADATA,
    key("message_id"),
    *of_call(),
    text("source"),
    text("kind"),
    instant("due_at"),
    instant("not_after"),
    text("result"),
    instant("result_at"),
    flag("alarm"),
    comment="A message that a CAD is owed. `result`: informed, not-informed; `alarm`: it now believes what is not so.",
)
Index("cad_message_of_call", CAD_MESSAGE.c.call_id, CAD_MESSAGE.c.episode)
