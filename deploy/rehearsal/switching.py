"""What people switch while calls flow, and how soon it shows; every time but that of the answer is the log's own.

A response is raised in a district, the district paused and resumed, a document put in force and rolled back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from rich.table import Table

from deploy.demo.people import CommandFailed
from deploy.demo.people import Console as Door
from deploy.rehearsal.in_force import Change, InForce, Pause
from shared.clock import Clock
from shared.judgement import Phase

T = TypeVar("T")
LOOK_SECONDS = 0.05
EFFECT_SECONDS = 30.0
"""How long a command may take to show in the journals; the next one waits for it."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is switched."""

    response: str
    district: str
    was: Phase
    becomes: Phase
    document: str
    """What is put in force, and rolled back again."""
    document_words: str

    def renamed(self, rename: Callable[[str], str]) -> Script:
        """The same with the document of another agency."""
        return replace(self, document=rename(self.document))


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


class Switching:
    """Plays a script at the door for people, and looks at the journals for what comes of it."""

    def __init__(self, script: Script, in_force: InForce, clock: Clock, say: Callable[[str], None]) -> None:
        """`say` is told each step."""
        self._script, self._in_force, self._clock, self._say = script, in_force, clock, say
        self.steps: list[Step] = []
        self.done = False

    async def play(self, door: Door, seconds: float) -> None:
        """Play it within a run of so many seconds. Raises CommandFailed."""
        began = self._clock.monotonic()
        for share, step in (
            (0.12, self._raise),
            (0.36, self._pause),
            (0.48, self._resume),
            (0.60, self._publish),
            (0.80, self._roll_back),
        ):
            await asyncio.sleep(max(0.0, began + share * seconds - self._clock.monotonic()))
            await step(door)
        self.done = True

    async def _raise(self, door: Door) -> None:
        script, revision = self._script, (await door.read("ana", "/v1/switchboard"))["revision"]
        body = {"response": script.response, "district": script.district, "phase": script.becomes}
        body |= {"based_on": revision, "reason": "ready"}
        what = f"{script.response} in {script.district} from {script.was} to {script.becomes}"
        await self._switch(door, "ana", "switchboard/phase", body, what)

    async def _pause(self, door: Door) -> None:
        district, pauses = self._script.district, self._in_force.pauses
        known = len(pauses)
        body = {"district": district, "reason": "smoke in the area"}
        step = await self._switch(door, "cleo", "switchboard/pause", body, f"{district} paused")
        new = await self._found(step, lambda: [one for one in pauses[known:] if one.name == district] or None)
        step.pause = new[0]

    async def _resume(self, door: Door) -> None:
        body = {"district": self._script.district, "reason": "all clear"}
        await self._switch(door, "ana", "switchboard/resume", body, f"{self._script.district} resumed")

    async def _publish(self, door: Door) -> None:
        words, proposed = self._script.document_words, self._in_force.proposed
        body = {"document": self._script.document, "reason": "the next version"}
        step, answer = await self._command(door, "ana", "programme/propose", body, f"{words} proposed")
        document_hash = answer["about"]
        step.durable_at = await self._found(step, lambda: proposed.get(document_hash))
        body = {"document_hash": document_hash, "reason": "read and found right"}
        await self._switch(door, "ben", "programme/approve", body, f"{words} approved")

    async def _roll_back(self, door: Door) -> None:
        what = f"version {self._in_force.now.version} rolled back"
        await self._switch(door, "ana", "programme/rollback", {"reason": "not as we meant it"}, what)

    async def _switch(self, door: Door, who: str, path: str, body: dict[str, Any], what: str) -> Step:
        """Issue a command that changes what is in force, and wait for the first judgement that cites it."""
        known = len(self._in_force.changes)
        step, answer = await self._command(door, who, path, body, what)
        step.change = change = await self._found(step, lambda: self._change(known, answer))
        step.durable_at = change.at
        await self._found(step, lambda: change.first_cited_at)
        return step

    def _change(self, known: int, answer: dict[str, Any]) -> Change | None:
        """The change that a command was answered for, among those since."""
        for change in self._in_force.changes[known:]:
            if change.cited.revision == answer["revision"] or change.cited.document_hash == answer["about"]:
                return change
        return None

    async def _command(
        self, door: Door, who: str, path: str, body: dict[str, Any], what: str
    ) -> tuple[Step, dict[str, Any]]:
        posted_at = self._clock.now()
        answer = await door.command(who, f"/v1/{path}", body)
        step = Step(what, posted_at, self._clock.now())
        self.steps.append(step)
        self._say(f"{what} by {who}")
        return step, answer

    async def _found(self, step: Step, look: Callable[[], T | None]) -> T:
        """What is looked for in the journals, once it is there. Raises CommandFailed."""
        deadline = self._clock.monotonic() + EFFECT_SECONDS
        while (found := look()) is None:
            if self._clock.monotonic() > deadline:
                raise CommandFailed(f"{step.what}: nothing came of it within {EFFECT_SECONDS:.0f} s")
            await asyncio.sleep(LOOK_SECONDS)
        return found

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
        in_force = self._in_force
        slowest = max((step.effect_at - step.posted_at).total_seconds() for step in self.steps if step.effect_at)
        kept = f" ({in_force.kept}, of calls in flight, what they had cited before)" if in_force.kept else ""
        return (
            f"Each switch was in effect within {slowest:.2f} s. "
            f"All {in_force.judgements} judgements cite the version and revision that were in force{kept}."
        )
