"""What every service does with every command: answer it exactly once, refuse it when it came too late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.events import Command, CommandDone, CommandRefused, Event

Answer = CommandDone | CommandRefused


def done(command: Command, sentence: str = "", *, about: str = "", revision: int | None = None) -> CommandDone:
    """It was carried out."""
    return CommandDone(command_id=command.command_id, result="done", sentence=sentence, about=about, revision=revision)


def nothing_to_do(command: Command, sentence: str, *, about: str = "", revision: int | None = None) -> CommandDone:
    """Things already stood as the command wants them."""
    return CommandDone(
        command_id=command.command_id, result="nothing-to-do", sentence=sentence, about=about, revision=revision
    )


def refused(command: Command, reason: str, sentence: str, faults: tuple[str, ...] = ()) -> CommandRefused:
    """It was not carried out; `reason` is a stable code, the sentence is for a person."""
    return CommandRefused(command_id=command.command_id, reason=reason, sentence=sentence, faults=faults)


def answer(command: Command, time: datetime, answered: Any, decide: Callable[[Command], list[Event]]) -> list[Event]:
    """Decide a command, or not: a repeat gets no second answer, an expired one a refusal.

    `time` is the command's durable time; `answered` holds the ids of commands answered before.
    """
    if command.command_id in answered:
        return []
    if time > command.expires_at:
        return [refused(command, "expired", f"The command expired at {command.expires_at.isoformat()}; send it again.")]
    return decide(command)
