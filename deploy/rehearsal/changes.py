"""What people change while calls flow, and how soon it is at work.

A response is raised in a district, the district paused and resumed, a document put in force and rolled back. Every time
but that of the answer is the log's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from rich.table import Table

from deploy.actors.console import CommandFailed, Console
from deploy.rehearsal.in_force import Change, InForce, Pause
from shared.clock import Clock
from shared.judgement import Phase

T = TypeVar("T")
LOOK_SECONDS = 0.05
EFFECT_SECONDS = 30.0
"""How long a command may take to show in the journals; the next one waits for it."""


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """What is to be changed."""

    response: str
    district: str
    was: Phase
    becomes: Phase
    document: str
    """What is put in force, and rolled back again."""
    document_words: str


@dataclass(slots=True)
class Step:
    """One command, and what came of it."""

    what: str
    posted_at: datetime
    answered_at: datetime
    durable_at: datetime | None = None
    change: Change | None = None
    """None for a proposal: nothing follows from it yet."""
    pause: Pause | None = None

    @property
    def effect_at(self) -> datetime | None:
        """The first judgement that cites it; of a pause, the moment when no offer was open there any more."""
        if self.pause is not None:
            return self.pause.quiet_at
        return self.change.first_cited_at if self.change else None

    def after(self, at: datetime | None) -> str:
        """How long after the command was sent, in words."""
        return "" if at is None else f"{(at - self.posted_at).total_seconds() * 1000:.0f}"


class Changes:
    """Makes the changes of a plan at the console, and looks into the journals for what comes of each."""

    def __init__(self, plan: ChangePlan, in_force: InForce, clock: Clock, say: Callable[[str], None]) -> None:
        """`say` is told each step."""
        self._plan, self._in_force, self._clock, self._say = plan, in_force, clock, say
        self.steps: list[Step] = []
        self.done = False

    async def make(self, console: Console, seconds: float) -> None:
        """Make them, each at its share of a run that lasts `seconds`. Raises CommandFailed."""
        began = self._clock.monotonic()
        for share, step in (
            (0.12, self._raise),
            (0.36, self._pause),
            (0.48, self._resume),
            (0.60, self._publish),
            (0.80, self._roll_back),
        ):
            await asyncio.sleep(max(0.0, began + share * seconds - self._clock.monotonic()))
            await step(console)
        self.done = True

    async def _raise(self, console: Console) -> None:
        plan, revision = self._plan, (await console.read("ana", "/v1/switchboard"))["revision"]
        body = {"response": plan.response, "district": plan.district, "phase": plan.becomes}
        body |= {"based_on": revision, "reason": "ready"}
        what = f"{plan.response} in {plan.district} from {plan.was} to {plan.becomes}"
        await self._change(console, "ana", "switchboard/phase", body, what)

    async def _pause(self, console: Console) -> None:
        district, pauses = self._plan.district, self._in_force.pauses
        count = len(pauses)
        body = {"district": district, "reason": "smoke in the area"}
        step = await self._change(console, "cleo", "switchboard/pause", body, f"{district} paused")
        new = await self._awaited(step, lambda: [pause for pause in pauses[count:] if pause.name == district] or None)
        step.pause = new[0]

    async def _resume(self, console: Console) -> None:
        body = {"district": self._plan.district, "reason": "all clear"}
        await self._change(console, "ana", "switchboard/resume", body, f"{self._plan.district} resumed")

    async def _publish(self, console: Console) -> None:
        words, proposed = self._plan.document_words, self._in_force.proposed
        body = {"document": self._plan.document, "reason": "the next version"}
        step, answer = await self._command(console, "ana", "programme/propose", body, f"{words} proposed")
        document_hash = answer["about"]
        step.durable_at = await self._awaited(step, lambda: proposed.get(document_hash))
        body = {"document_hash": document_hash, "reason": "read and found right"}
        await self._change(console, "ben", "programme/approve", body, f"{words} approved")

    async def _roll_back(self, console: Console) -> None:
        what = f"version {self._in_force.now.version} rolled back"
        await self._change(console, "ana", "programme/rollback", {"reason": "not as we meant it"}, what)

    async def _change(self, console: Console, who: str, path: str, body: dict[str, Any], what: str) -> Step:
        """Issue a command that changes what is in force, and wait for the first judgement that cites it."""
        count = len(self._in_force.changes)
        step, answer = await self._command(console, who, path, body, what)
        step.change = change = await self._awaited(step, lambda: self._change_since(count, answer))
        step.durable_at = change.at
        await self._awaited(step, lambda: change.first_cited_at)
        return step

    def _change_since(self, count: int, answer: dict[str, Any]) -> Change | None:
        """The change that a command was answered for, among those since."""
        for change in self._in_force.changes[count:]:
            if change.cited.revision == answer["revision"] or change.cited.document_hash == answer["about"]:
                return change
        return None

    async def _command(
        self, console: Console, who: str, path: str, body: dict[str, Any], what: str
    ) -> tuple[Step, dict[str, Any]]:
        posted_at = self._clock.now()
        answer = await console.command(who, f"/v1/{path}", body)
        step = Step(what, posted_at, self._clock.now())
        self.steps.append(step)
        self._say(f"{what} by {who}")
        return step, answer

    async def _awaited(self, step: Step, look: Callable[[], T | None]) -> T:
        """What a look into the journals gives, once it gives anything. Raises CommandFailed."""
        deadline = self._clock.monotonic() + EFFECT_SECONDS
        while (result := look()) is None:
            if self._clock.monotonic() > deadline:
                raise CommandFailed(step.what, f"nothing came of it within {EFFECT_SECONDS:.0f} s")
            await asyncio.sleep(LOOK_SECONDS)
        return result

    @property
    def pause_ms(self) -> int:
        """How long after the command the last offer had ended where it was paused; 0 where nothing was paused."""
        paused = [(step.posted_at, step.pause.quiet_at) for step in self.steps if step.pause is not None]
        return max((round((quiet_at - at).total_seconds() * 1000) for at, quiet_at in paused), default=0)

    def table(self) -> Table:
        """The steps, with their times in ms after each command was sent."""
        table = Table(
            "ms from the command to",
            *("answer", "journal", "effect", "then in force", "judgements citing it"),
            title="switched while calls flowed",
            title_justify="left",
            caption="effect: the first judgement that cites it; of a pause: when no offer was open there any more",
            caption_justify="left",
        )
        for column in table.columns[1:]:
            column.justify = "right"
        for step in self.steps:
            times = (step.after(at) for at in (step.answered_at, step.durable_at, step.effect_at))
            cites = (str(step.change.cited), str(step.change.judgements)) if step.change else ()
            ended = f" (open offers ended: {step.pause.ended})" if step.pause else ""
            table.add_row(step.what + ended, *times, *cites)
        return table

    def sentence(self) -> str:
        """What the verdict adds."""
        judgements, in_flight = self._in_force.judgements, self._in_force.in_flight_judgements
        slowest = max((step.effect_at - step.posted_at).total_seconds() for step in self.steps if step.effect_at)
        before = f" ({in_flight}, of calls in flight, what they had cited before)" if in_flight else ""
        return (
            f"Each switch was in effect within {slowest:.2f} s. "
            f"All {judgements} judgements cite the version and revision that were in force{before}."
        )
