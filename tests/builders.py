"""Events and judgements for tests: valid as they come, each field changed by its name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar

from shared.events import (
    CallRouted,
    CallTriaged,
    Event,
    OfferMade,
)
from shared.judgement import Judgement, ResponseVerdict, Step

E = TypeVar("E", bound=Event)


def verdict(response: str = "cares", **changes: Any) -> ResponseVerdict:
    """A community-responder team that may go."""
    fields: dict[str, Any] = {
        "response": response,
        "model": "community-responder",
        "crew": ("paramedic", "crisis-worker"),
        "goes": "instead of default",
        "replaces": (),
        "reached_by": "offer",
        "on_upgrade": "recall",
        "may_go": True,
        "phase": "live",
        "reasons": (),
        "gates": (),
    }
    return ResponseVerdict(**fields | changes)


def judgement(*responses: ResponseVerdict, **changes: Any) -> Judgement:
    """A calm call in Central that the responses, or `cares`, may take."""
    fields: dict[str, Any] = {
        "suitability": "suitable",
        "reasons": (),
        "missing": (),
        "level": "calm",
        "level_rank": 0,
        "raised_by": (),
        "district": "Central",
        "category": "mental-health",
        "gates": (),
        "responses": responses or (verdict(),),
        "steps": (Step("same response", 30), Step("default", 0)),
        "routing_deadline_seconds": 60,
        "cad_notice_seconds": 10,
        "offer_expiry_seconds": 30,
        "accepted_not_moving_minutes": 5,
        "status_stale_minutes": 15,
        "transfer_ack_seconds": 30,
        "on_scene_check_minutes": 30,
        "sentence": "cares may go (live).",
        "programme_version": 1,
        "programme_hash": "h1",
        "switchboard_revision": 3,
    }
    return Judgement(**fields | changes)


def call_triaged(call_id: str, at: datetime, judged: Judgement | None = None, **changes: Any) -> CallTriaged:
    """A version of `at` was judged at once."""
    fields: dict[str, Any] = {
        "call_id": call_id,
        "event_id": "e1",
        "updated_at": at,
        "judged_at": at,
        "judgement": judged or judgement(),
    }
    return CallTriaged(**fields | changes)


def offer_made(call_id: str, at: datetime, number: int = 1, **changes: Any) -> OfferMade:
    """An offer of `at`, open for half a minute."""
    fields: dict[str, Any] = {
        "offer_id": f"offer-{number}",
        "call_id": call_id,
        "episode": 1,
        "team_id": "cares-1",
        "response": "cares",
        "district": "Central",
        "priority": "3",
        "step": number,
        "expires_at": at + timedelta(seconds=30),
        "deadline": at + timedelta(seconds=50),
    }
    return OfferMade(**fields | changes)


def of_offer(kind: type[E], made: OfferMade, **fields: Any) -> E:
    """An event about an offer: accepted, declined, expired, withdrawn."""
    about = {name: getattr(made, name) for name in ("offer_id", "call_id", "episode", "team_id")}
    return kind(**about | fields)


def call_routed(call_id: str, at: datetime, outcome: str = "team-accepted", **changes: Any) -> CallRouted:
    """The outcome of a call that was reported at `at`; one that was accepted went to `cares-1`."""
    is_taken = outcome in ("team-accepted", "phone-accepted")
    fields: dict[str, Any] = {
        "call_id": call_id,
        "episode": 1,
        "outcome": outcome,
        "team_id": "cares-1" if is_taken else None,
        "response": "cares" if is_taken else None,
        "district": "Central",
        "deadline": at + timedelta(seconds=50),
        "programme_version": 1,
        "programme_hash": "h1",
        "switchboard_revision": 3,
    }
    return CallRouted(**fields | changes)
