"""Which rows the projection of an event reads or changes, so that a batch can ask for all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Table

from services.reporting.projection.rows import Lookup, Rows, Values
from services.reporting.store.tables import (
    AGENCY,
    ASSIGNMENT,
    CAD_MESSAGE,
    COMMAND,
    DOCUMENT,
    EPISODE,
    JUDGEMENT,
    OFFER,
    PAGE,
    REFERRAL,
    SHIFT,
    SWITCH,
    TEAM,
    VERDICT,
    VERSION,
)
from shared.engine.broker import Stored

ValuesOf = Callable[[Any, Stored], Values]


class Need(NamedTuple):
    """Rows that an event needs: those whose columns are as the event says."""

    lookup: Lookup
    values: ValuesOf


class Projection(NamedTuple):
    """What an event changes, and the rows that this needs."""

    change: Callable[[Rows, Any, Stored], None]
    needs: tuple[Need, ...] = ()


def _by(table: Table, *columns: str) -> Callable[[ValuesOf], Need]:
    return lambda values: Need(Lookup(table, columns), values)


def call_of_clock(clock_id: str) -> str:
    """What a clock is about, by its id: `deadline/call id`."""
    return clock_id.partition("/")[2]


EPISODES = _by(EPISODE, "call_id")(lambda event, _: (event.call_id,))
EPISODES_OF_CLOCK = _by(EPISODE, "call_id")(lambda event, _: (call_of_clock(event.clock_id),))
EPISODES_MOVED_TO = _by(EPISODE, "call_id")(lambda event, _: (event.to_call_id,))
EPISODES_SO_JUDGED = _by(EPISODE, "partition", "judgement_offset")(lambda _, stored: (stored.partition, stored.offset))
VERSIONS = _by(VERSION, "call_id")(lambda event, _: (event.call_id,))
VERSIONS_OF_CLOCK = _by(VERSION, "call_id")(lambda event, _: (call_of_clock(event.clock_id),))
ASSIGNMENTS = _by(ASSIGNMENT, "call_id")(lambda event, _: (event.call_id,))
JUDGED_BEFORE = _by(JUDGEMENT, "call_id")(lambda event, _: (event.call_id if event.call is None else None,))
JUDGED = _by(JUDGEMENT, "partition", "record_offset")(lambda event, stored: (stored.partition, event.triaged_at))
VERDICTS = _by(VERDICT, "partition", "record_offset")(lambda event, stored: (stored.partition, event.triaged_at))
OFFERS_BEFORE = _by(OFFER, "call_id")(lambda event, _: (event.call_id if event.episode == 1 else None,))
REFERRALS_BEFORE = _by(REFERRAL, "call_id")(lambda event, _: (event.call_id if event.episode == 1 else None,))
ITS_OFFER = _by(OFFER, "offer_id")(lambda event, _: (event.offer_id,))
ITS_PAGE = _by(PAGE, "page_id")(lambda event, _: (event.page_id,))
ITS_MESSAGE = _by(CAD_MESSAGE, "message_id")(lambda event, _: (event.message_id,))
ITS_SHIFT = _by(SHIFT, "shift_id")(lambda event, _: (event.shift_id,))
ITS_TEAM = _by(TEAM, "agency", "team_id")(lambda event, stored: (stored.key, event.team_id))
DEFINED_TEAM = _by(TEAM, "agency", "team_id")(lambda event, stored: (stored.key, event.team.team_id))
ITS_REFERRAL = _by(REFERRAL, "referral_id")(lambda event, _: (event.referral_id,))
ITS_NOTE = _by(REFERRAL, "referral_id")(lambda event, _: (event.note_id,))
ITS_COMMAND = _by(COMMAND, "agency", "command_id")(lambda event, stored: (stored.key, event.command_id))
ITS_DOCUMENT = _by(DOCUMENT, "agency", "programme_hash")(lambda event, stored: (stored.key, event.document_hash))
ITS_AGENCY = _by(AGENCY, "agency")(lambda _, stored: (stored.key,))
ITS_PAUSE = _by(SWITCH, "agency", "revision")(lambda event, stored: (stored.key, event.paused_at_revision))


def verdicts_of_episodes(rows: Rows) -> Iterator[tuple[Lookup, Values]]:
    """What is needed besides, once the episodes are there: the verdicts that an outcome may name a response of."""
    for row in rows.every(EPISODE):
        if row["judgement_offset"] is not None:
            yield VERDICTS.lookup, (row["partition"], row["judgement_offset"])
