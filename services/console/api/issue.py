"""From what somebody asked to a command, and from the command to its answer.

A command is appended, then its answer is waited for. The same request with the same `Idempotency-Key` makes the same
command id, and a service answers each id once; so a retry is harmless and gets the first answer.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import to_jsonable_python

from services.console.api.access import Asking
from services.console.api.problems import RETRY_SECONDS, Fault, Problem, faults_of
from services.console.view.agency import View
from services.console.view.records import CommandSeen
from shared.clock import Clock
from shared.doors.answers import AnswerFollower
from shared.doors.serve import send
from shared.engine.broker import Broker, BrokerUnavailable
from shared.events import (
    Command,
    Id,
    child_id,
)

SEND_SECONDS = 1.6
"""The caller hears within two seconds that the log is away."""
KEEP_WAITING = 10_000
C = TypeVar("C", bound=Command)


class Answered(BaseModel):
    """The answer to a command, or that there is none yet."""

    command_id: Id
    state: Literal["done", "waiting", "held"]
    result: str = Field(default="", examples=["done", "nothing-to-do"])
    sentence: str = ""
    about: str = ""
    revision: int | None = None
    status: str = Field(default="", description="where to ask again, while there is no answer")
    links: dict[str, str] = Field(default={}, description="after a sign-on: each member's pocket page")


class CommandIssuer:
    """Sends commands and waits for their answers."""

    def __init__(
        self,
        broker: Broker,
        clock: Clock,
        view: View,
        follower: AnswerFollower,
        *,
        answer_seconds: float,
        expiry: timedelta,
    ) -> None:
        self._broker, self._clock, self._view, self._follower = broker, clock, view, follower
        self._answer_seconds, self._expiry = answer_seconds, expiry
        self._waiting: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        """Commands on the log without an answer, and when they went there."""

    async def issue(self, kind: type[C], who: Asking, key: str | None, about: dict[str, Any]) -> Answered:
        """Issue a command of a kind with the fields `about`. Raises Problem: 409 refused, 422 invalid, 503 log away."""
        command = self._command(kind, who, key, about)
        if self.state_of(who.agency, command.command_id).state in ("unknown", "waiting"):
            await self._send(who.agency, command)
        await self._follower.answer(command.command_id, self._answer_seconds)
        seen = self.state_of(who.agency, command.command_id)
        if seen.state == "refused":
            raise _refusal(seen)
        return Answered(
            command_id=seen.command_id,
            state="waiting" if seen.state == "unknown" else seen.state,
            result=seen.result,
            sentence=seen.sentence,
            about=seen.about,
            revision=seen.revision,
            status="" if seen.state == "done" else f"/v1/commands/{seen.command_id}",
        )

    def state_of(self, agency: str, command_id: str) -> CommandSeen:
        """How far a command has come."""
        seen = self._view.agency(agency).command(command_id)
        if seen is not None:
            return seen
        if (sent_at := self._waiting.get((agency, command_id))) is not None:
            sentence = "The command is on the log; its service has not answered yet."
            return CommandSeen(command_id, "waiting", sent_at, sentence=sentence)
        return CommandSeen(command_id, "unknown", sentence="This door knows of no such command, or forgot it.")

    async def _send(self, agency: str, command: Command) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await send(self._broker, agency, command, self._clock, "console")
        except (BrokerUnavailable, TimeoutError):
            detail = (
                "The log did not take the command in time; it may still arrive there. "
                "Send it again with the same Idempotency-Key, or ask for its state."
            )
            headers = {"Retry-After": RETRY_SECONDS, "Location": f"/v1/commands/{command.command_id}"}
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE, detail, command_id=command.command_id, headers=headers
            ) from None
        self._waiting[agency, command.command_id] = command.issued_at
        while len(self._waiting) > KEEP_WAITING:
            self._waiting.popitem(last=False)

    def _command(self, kind: type[C], who: Asking, key: str | None, about: dict[str, Any]) -> C:
        now = self._clock.now()
        fields = dict(about)
        if (hours := fields.pop("hours", None)) is not None:
            fields["shift_ends_at"] = now + timedelta(hours=hours)
        try:
            return kind(
                command_id=_command_id(kind, who, key, about),
                issued_by=who.name,
                issued_at=now,
                expires_at=now + self._expiry,
                **fields,
            )
        except ValidationError as error:
            detail = "The request is not understood; see errors for each place."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=faults_of(error.errors())) from None


def _command_id(kind: type[Command], who: Asking, key: str | None, about: dict[str, Any]) -> Id:
    """Random without a key; with one the same for the same person, kind and content.

    So a key that is used again for something else can never be answered with something that was not done.
    """
    if key is None:
        return secrets.token_hex(16)
    content = json.dumps(to_jsonable_python(about), sort_keys=True)
    return child_id(f"{who.agency}/{who.name}/{key}", f"{kind.type}/{content}")


def _refusal(seen: CommandSeen) -> Problem:
    faults = [Fault(path="", what=fault) for fault in seen.faults]
    return Problem(HTTPStatus.CONFLICT, seen.sentence, errors=faults, reason=seen.reason, command_id=seen.command_id)
