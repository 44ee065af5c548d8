"""The audit log, as an agency reads its own: who saw a call, what somebody did and saw, from when to when."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime

from services.console.api.access import Asking, may
from services.console.api.problems import RESPONSES
from services.console.view.sentences import sentence_of
from shared.audit_log.chain import ChainKeys
from shared.audit_log.chain_writer import NOBODY
from shared.audit_log.reading import Line, Question, answer_to
from shared.clock import Clock
from shared.doors.audit import Register
from shared.doors.problems import Fault, Problem
from shared.engine.broker import Broker, BrokerUnavailable, PositionOutOfRange
from shared.events import CameFrom, DataExported, Identified
from shared.topics import AUDIT_LOG

router = APIRouter(prefix="/v1", tags=["audit log"], responses=RESPONSES)

READ_SECONDS = 8.0
AT_A_TIME = 2
"""Readings under way: nobody's browsing in the log takes the door from whoever needs it."""
CUSTOMARY = timedelta(days=1)
KEPT = timedelta(milliseconds=AUDIT_LOG.retention_milliseconds) + CUSTOMARY
MOST_LINES = 1000
AWAY = "The log cannot be read just now. Try again in a moment."


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry, in words."""

    at: datetime
    kind: str
    sentence: str
    by: str
    roles: tuple[str, ...]
    identified: Identified
    door: str
    request: str
    came_from: CameFrom
    call_id: str
    person_id: str
    position: str
    genuine: bool
    """Whether it is as its writer wrote it; where it is not, ask for `careroute audit verify`."""


@dataclass(frozen=True, slots=True)
class AuditLogSeen:
    """Entries of the audit log, the newest first."""

    since: datetime
    until: datetime
    lines: list[AuditLine]
    whole: bool
    """Whether these are all; if not, ask for a shorter time."""


class AuditDesk:
    """Reads the audit log for whoever may, and writes down that they did."""

    def __init__(self, broker: Broker, keys: ChainKeys, register: Register, clock: Clock) -> None:
        self._broker, self._keys, self._register, self._clock = broker, keys, register, clock
        self._places = asyncio.Semaphore(AT_A_TIME)

    async def answer(
        self,
        who: Asking,
        since: datetime | None,
        until: datetime | None,
        *,
        call_id: str = "",
        person_id: str = "",
        by: str = "",
        strangers: bool = False,
        limit: int = MOST_LINES,
    ) -> AuditLogSeen:
        """What the log has of somebody's own agency, or of `strangers`, who are of none. Raises Problem (422, 503)."""
        if since is not None and until is not None and since >= until:
            fault = Fault("from", "is not before the end", "an earlier instant")
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The time that you ask for has no length.", fault)
        now = self._clock.now()
        until = _within(until or now + timedelta(seconds=1), now)
        since = _within(since or until - CUSTOMARY, now)
        about = {"what": "entries of the audit log", "since": since.isoformat(), "until": until.isoformat()}
        self._register.note(DataExported, who.asker, **about)
        question = Question(NOBODY if strangers else who.agency, since, until, call_id, person_id, by, limit)
        try:
            async with self._places:
                stretch = await answer_to(self._broker, self._keys, question, READ_SECONDS)
        except (BrokerUnavailable, PositionOutOfRange):
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, AWAY) from None
        return AuditLogSeen(since, until, [_line(line) for line in stretch.lines], stretch.whole)


@router.get("/audit-log")
async def show_audit_log(
    request: Request,
    who: Annotated[Asking, Depends(may("read-audit-log"))],
    *,
    since: Annotated[AwareDatetime | None, Query(alias="from", description="a day before the end, if left out")] = None,
    until: Annotated[AwareDatetime | None, Query(description="now, if left out")] = None,
    call_id: Annotated[str, Query(max_length=300, description="about this call alone")] = "",
    person_id: Annotated[str, Query(max_length=80, description="about this person")] = "",
    by: Annotated[str, Query(max_length=80, description="what this person, device or service did and saw")] = "",
    strangers: Annotated[bool, Query(description="who was not let in anywhere, instead")] = False,
    limit: Annotated[int, Query(ge=1, le=MOST_LINES)] = 200,
) -> AuditLogSeen:
    """Who saw, opened, handed out, changed and erased what at your agency, the newest first.

    Whoever came with a token, a link or a sign-in that nobody is known by is of no agency, and told of by `strangers`.
    """
    desk: AuditDesk = request.app.state.audit_desk
    about = {"call_id": call_id, "person_id": person_id, "by": by}
    return await desk.answer(who, since, until, **about, strangers=strangers, limit=limit)


def _within(at: datetime, now: datetime) -> datetime:
    """An instant of which the log may have something: nobody's calendar ends there."""
    return min(max(at, now - KEPT), now + CUSTOMARY)


def _line(line: Line) -> AuditLine:
    entry = line.entry
    return AuditLine(
        entry.at,
        entry.type,
        sentence_of(entry),
        entry.by,
        entry.roles,
        entry.identified,
        entry.door,
        entry.request,
        entry.came_from,
        getattr(entry, "call_id", ""),
        getattr(entry, "person_id", ""),
        line.position,
        line.genuine,
    )
