"""`commands`, and in every journal the answers to them."""

from __future__ import annotations

from collections.abc import Iterator

from services.reporting.auditor.fold.writes import Fold, Given, Write, insert

_ANSWERED = "UPDATE command SET answered = 1, changed = :changed WHERE agency = :agency AND command_id = :command_id"
_ANSWERED_BEFORE = f"""{_ANSWERED} AND EXISTS (SELECT 1 FROM answer
    WHERE answer.agency = command.agency AND answer.command_id = command.command_id)"""  # noqa: S608  # text of ours


def ordered(given: Given) -> Iterator[Write]:
    """Somebody ordered something."""
    named = {"agency": given.agency, "command_id": given.event["command_id"], "changed": given.batch}
    yield insert("command", **named, type=given.kind, expires_us=given.instant("expires_at"))
    yield Write(_ANSWERED_BEFORE, named)


def _answered(given: Given) -> Iterator[Write]:
    named = {"agency": given.agency, "command_id": given.event["command_id"]}
    yield insert("answer", topic=given.stored.topic, at_us=given.at, **given.place, **named)
    yield Write(_ANSWERED, {**named, "changed": given.batch})


ANSWERS: dict[str, Fold] = {"command-done": _answered, "command-refused": _answered}
