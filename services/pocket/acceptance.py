"""The ids of answers to an offer: taps of one person, on whichever of their pages, are one command."""

from __future__ import annotations

from shared.events import Id, OfferMade, child_id


def accept_id(offer_id: str, person_id: str, made: OfferMade | None, eta_minutes: int | None) -> Id:
    """Of an acceptance; within a window the team may come to say another time, which is another command."""
    is_window = made is not None and made.window
    return child_id(offer_id, f"accept/{person_id}/{eta_minutes}" if is_window else f"accept/{person_id}")


def decline_id(offer_id: str, person_id: str) -> Id:
    """Of a refusal."""
    return child_id(offer_id, f"decline/{person_id}")
