"""From what somebody asked to a command, and from the command to its answer.

A command is appended, then its answer is waited for. The same request with the same `Idempotency-Key` makes the same
command id, and a service answers each id once; so a retry is harmless and gets the first answer.
"""

from __future__ import annotations

import json
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import to_jsonable_python

from services.console.api.access import Asking
from services.console.api.problems import RETRY_SECONDS, not_understood
from services.console.view.agency import View
from services.console.view.records import CommandSeen
from shared.doors.command import CommandLog, LogAway
from shared.doors.problems import Fault, Problem
from shared.events import Command, Id, child_id

KEEP_WAITING = 10_000
NOTHING: Mapping[str, Any] = MappingProxyType({})
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
    links: dict[str, str] = Field(
        default={}, description="after a sign-on: your own pocket page, where you are a member"
    )


class CommandIssuer:
    """Sends commands and waits for their answers."""

    def __init__(self, log: CommandLog, view: View, *, answer_seconds: float, expiry: timedelta) -> None:
        self._log, self._view = log, view
        self._answer_seconds, self._expiry = answer_seconds, expiry
        self._waiting: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        """Commands on the log without an answer, and when they went there."""

    async def issue(
        self, kind: type[C], who: Asking, key: str | None, about: dict[str, Any], apart: Mapping[str, Any] = NOTHING
    ) -> Answered:
        """Issue a command of a kind with the fields `about`. Raises Problem: 409 refused, 422 invalid, 503 log away.

        `apart`: fields that are others at each try, though the same is meant.
        """
        command = self._command(kind, who, key, about, apart)
        await self._settle(who, command)
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

    def is_answered(self, kind: type[C], who: Asking, key: str | None, about: dict[str, Any]) -> bool:
        """Whether the same was asked before and has its answer: to issue it again changes nothing."""
        if key is None:
            return False
        return self.state_of(who.agency, _command_id(kind, who, key, about)).state in ("done", "refused")

    def now(self) -> datetime:
        """The instant, by this door's clock."""
        return self._log.clock.now()

    def state_of(self, agency: str, command_id: str) -> CommandSeen:
        """How far a command has come."""
        seen = self._view.agency(agency).command(command_id)
        if seen is not None:
            return seen
        if (sent_at := self._waiting.get((agency, command_id))) is not None:
            sentence = "The command is on the log; its service has not answered yet."
            return CommandSeen(command_id, "waiting", sent_at, sentence=sentence)
        return CommandSeen(command_id, "unknown", sentence="This door knows of no such command, or forgot it.")

    async def _settle(self, who: Asking, command: Command) -> None:
        """Issue a command that nobody has answered yet, and wait for its answer for a while."""
        agency = who.agency
        state = self.state_of(agency, command.command_id).state
        if state == "held":
            await self._log.follower.answer(command.command_id, self._answer_seconds)
        if state not in ("unknown", "waiting"):
            return
        try:
            answer = await self._log.issue(agency, command, self._answer_seconds, who.asker)
        except LogAway:
            detail = (
                "The log did not take the command in time; it may still arrive there. "
                "Send it again with the same Idempotency-Key, or ask for its state."
            )
            headers = {"Retry-After": RETRY_SECONDS, "Location": f"/v1/commands/{command.command_id}"}
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=headers, command_id=command.command_id
            ) from None
        if answer is None:
            self._remember(agency, command)

    def _remember(self, agency: str, command: Command) -> None:
        self._waiting[agency, command.command_id] = command.issued_at
        while len(self._waiting) > KEEP_WAITING:
            self._waiting.popitem(last=False)

    def _command(
        self, kind: type[C], who: Asking, key: str | None, about: dict[str, Any], apart: Mapping[str, Any]
    ) -> C:
        now = self._log.clock.now()
        fields = {**about, **apart}
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
            raise not_understood(error.errors()) from None


def _command_id(kind: type[Command], who: Asking, key: str | None, about: dict[str, Any]) -> Id:
    """Random without a key; with one the same for the same person, kind and content.

    So a key that is used again for something else can never be answered with something that was not done.
    """
    if key is None:
        return secrets.token_hex(16)
    content = json.dumps(to_jsonable_python(about), sort_keys=True)
    return child_id(f"{who.agency}/{who.name}/{key}", f"{kind.type}/{content}")


def _refusal(seen: CommandSeen) -> Problem:
    faults = [Fault("", fault) for fault in seen.faults]
    return Problem(HTTPStatus.CONFLICT, seen.sentence, *faults, reason=seen.reason, command_id=seen.command_id)
