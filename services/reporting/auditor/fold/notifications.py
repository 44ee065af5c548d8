"""`notifications`: pages that were tried, and what each CAD was told."""

from __future__ import annotations

from collections.abc import Iterator

from services.reporting.auditor.fold.writes import Fold, Given, Write, insert

ACCEPTED = ("team-accepted", "phone-accepted")

_TRIED = """UPDATE page SET attempts = attempts + 1, attempted_us = :attempted_us, read_offset = :read_offset,
    changed = :changed WHERE page_id = :page_id"""
_PAGE_OVER = "UPDATE page SET over = 1 WHERE page_id = :page_id"
_OWED_AGAIN = "UPDATE message SET over = 0, not_after_us = :not_after_us WHERE message_id = :message_id"
_MESSAGE_OVER = """UPDATE message SET over = 1, alarmed = :alarmed, changed = :changed
    WHERE message_id = :message_id"""
_TOLD = "UPDATE outcome SET told = 1 WHERE call_id = :call_id AND episode = :episode AND told = 0"


def _page_due(given: Given) -> Iterator[Write]:
    yield insert(
        "page", **given.fields("page_id", "kind", "offer_id", "call_id", "person_id"), agency=given.agency,
        method_id=given.event["method"]["method_id"], not_after_us=given.instant("not_after"), attempts=0,
        partition=given.stored.partition, changed=given.batch,
    )  # fmt: skip


def _page_attempted(given: Given) -> Iterator[Write]:
    changes = {"attempted_us": given.at, "read_offset": given.read_before, "changed": given.batch}
    yield Write(_TRIED, {"page_id": given.event["page_id"], **changes})


def _page_over(given: Given) -> Iterator[Write]:
    yield Write(_PAGE_OVER, given.fields("page_id"))


def _message_due(given: Given) -> Iterator[Write]:
    event, not_after = given.event, given.instant("not_after")
    routed = event["kind"] == "call.routed"
    data = event["body"].get("data", {})
    told = {"outcome": data.get("outcome"), "team_id": data.get("team_id")}
    yield insert(
        "message", **given.fields("message_id", "kind", "call_id", "episode"), agency=given.agency,
        not_after_us=not_after, misleads=int(routed and told["outcome"] in ACCEPTED), changed=given.batch, **told,
    )  # fmt: skip
    yield Write(_OWED_AGAIN, {"message_id": event["message_id"], "not_after_us": not_after})
    if routed:
        yield Write(_TOLD, given.fields("call_id", "episode"))


def _message_over(given: Given) -> Iterator[Write]:
    alarmed = given.kind == "cad-not-informed" and bool(given.event.get("alarm"))
    told = given.kind == "cad-informed"
    values = {"alarmed": 1 if told else int(alarmed), "changed": given.batch}
    yield Write(_MESSAGE_OVER, {**given.fields("message_id"), **values})


FOLDS: dict[str, Fold] = {
    "page-due": _page_due,
    "page-attempted": _page_attempted,
    "page-delivered": _page_over,
    "page-failed": _page_over,
    "page-dropped": _page_over,
    "cad-message-due": _message_due,
    "cad-informed": _message_over,
    "cad-not-informed": _message_over,
}
