"""The trace of a call: what reporting knows of its records, as a waterfall of causes."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from services.console.elsewhere import Elsewhere
from shared.call import CallId
from shared.engine.broker import RecordPosition
from shared.trace import TraceRecord, TraceStep, waterfall

MOST_RECORDS = 5_000
Optional = Annotated[str, BeforeValidator(lambda value: value or "")]


@dataclass(frozen=True, slots=True)
class TraceSeen:
    """What brought what about in a call."""

    call_id: str
    steps: tuple[TraceStep, ...]
    has_more: bool
    """Whether there are more records than are shown: the later ones are left out."""


class _Entry(BaseModel):
    position: RecordPosition
    type: str = Field(max_length=100)
    time: AwareDatetime
    source: Optional = Field(default="", max_length=100)
    cause: Optional = Field(default="", max_length=1_000)

    def record(self, agency: str) -> TraceRecord:
        return TraceRecord(self.position, agency, self.type, self.time, self.source, self.cause)


class _Answer(BaseModel):
    records: list[_Entry] = Field(max_length=MOST_RECORDS)
    causes: list[_Entry] = Field(default=[], max_length=MOST_RECORDS)
    has_more: bool = False


async def trace_of(reporting: Elsewhere, call_id: str) -> TraceSeen:
    """The trace of a call, without steps where reporting knows nothing of it. Raises Away."""
    agency, source, incident = CallId.parse(call_id)
    told = await reporting.ask("trace", agency, source, incident)
    if told.status == HTTPStatus.NOT_FOUND:
        return TraceSeen(call_id, (), has_more=False)
    answer = reporting.read(_Answer, told)
    records, causes = ([entry.record(agency) for entry in part] for part in (answer.records, answer.causes))
    return TraceSeen(call_id, waterfall(records, causes), answer.has_more)
