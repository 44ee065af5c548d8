"""The page's words for what stands in events as a code."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import phonenumbers

from services.pocket.records import Offer
from shared.events import OfferAnswered, OfferMade, UpgradeRaised
from shared.programme.judging.phone_numbers import LONGEST
from shared.withdrawn import WITHDRAWN

STAYS = {
    "cancelled": "The CAD has cancelled this call.",
    "closed": "The CAD has closed this call.",
    "merged": "The CAD has merged this call into another.",
    "overridden": "The dispatcher sends the usual response as well.",
}
"""Why the call would be over, of a team that is with somebody."""

STATUSES = {
    "available": "Available",
    "out-of-service": "Out of service",
    "accepted": "Accepted",
    "en-route": "En route",
    "staged": "Waiting nearby",
    "on-scene": "On scene",
    "recalled": "Released",
    "need-police": "In need of police",
    "transporting": "Transporting",
    "cleared": "Cleared",
}

DISPOSITIONS = {
    "resolved-on-scene": "Resolved on scene",
    "resolved-by-phone": "Resolved by phone",
    "transported-er": "Transported to an emergency room",
    "transported-crisis-centre": "Transported to a crisis centre",
    "transported-detox": "Transported to detox",
    "transported-shelter": "Transported to a shelter",
    "transported-home": "Transported home",
    "transported-other": "Transported elsewhere",
    "handed-over-police": "Handed over to police",
    "handed-over-ems": "Handed over to EMS",
    "handed-over-provider": "Handed over to a provider",
    "upgraded": "Upgraded",
    "unable-to-locate": "Unable to locate",
    "refused": "Help refused",
    "no-longer-needed": "No longer needed",
    "cancelled": "Cancelled",
    "follow-up-only": "Follow-up only",
}

PERSONAL = {
    "address": "Address",
    "callback_number": "Call back",
    "caller_name": "Caller",
    "narrative": "What was said",
}
"""The sealed part of a call, in the order shown; what has another name comes after, under that name."""

UPGRADES = {
    "recall": "Turn back.",
    "stage": "Wait nearby. Do not go in.",
    "stay": "Carry on with care.",
}

UNKNOWN = {"not-asked": "nobody asked", "cannot-tell": "the caller cannot tell", "words": "in doubt"}


def withdrawn(why: str) -> str:
    """Why an offer or an assignment was taken back, in a sentence."""
    return WITHDRAWN.get(why, f"The reason given is {why.replace('-', ' ')}." if why else "")


def question(offer: Offer) -> str:
    """What a team is asked of a call."""
    if offer.answered is not None:
        return "You have answered"
    if offer.made.window:
        return "How soon can you be there?"
    return "Will you take this call?" if offer.made.paged else open_call(offer.made)


def answered(answer: OfferAnswered) -> str:
    """What a team has said that was asked how soon it can be there."""
    eta = answer.eta_minutes
    return "You would come, time not known." if eta is None else f"You would be there in about {eta} min."


def open_call(made: OfferMade) -> str:
    """What is said of a call that a team may take though nobody is asked by name: where it is, and how urgent."""
    where = f" in {made.district}" if made.district else ""
    return f"Open call{where}" + (f", priority {made.priority}" if made.priority else "")


def upgrade(raised: UpgradeRaised) -> str:
    """What is told of a call that is not as its team knows it."""
    if raised.more_dangerous:
        return "This call has become more dangerous"
    return "This call may not be one for your team"


def what_to_do(upgrade: UpgradeRaised, may_enter: bool = False) -> str:  # noqa: FBT001, FBT002  from a template
    """What a team does now that its call is more dangerous, or none for it; one that was let in since goes in."""
    if may_enter and upgrade.on_upgrade == "stage":
        return UPGRADES["stay"]
    if upgrade.team_on_scene:
        return "You stay on this call. Keep yourselves safe; the dispatcher has been asked to send help."
    return UPGRADES.get(upgrade.on_upgrade, upgrade.on_upgrade)


def facts(upgrade: UpgradeRaised) -> list[str]:
    """What raised the level, one fact a line, and the call type where the document does not list it."""
    unlisted = [f"Call type: {upgrade.unlisted_type}, not a listed one"] if upgrade.unlisted_type else []
    return unlisted + [
        f"{raised.fact.replace('_', ' ').capitalize()}: "
        f"{UNKNOWN[raised.unknown] if raised.unknown else raised.value.replace('-', ' ')}"
        for raised in upgrade.raised_by
    ]


def changed(at: datetime | None, now: datetime) -> str:
    """Since when something is another than the team accepted, as far as that is known."""
    return "changed since you accepted" if at is None else f"changed {minutes((now - at).total_seconds())} ago"


def label(name: str) -> str:
    """The heading over one text of the sealed part."""
    return PERSONAL.get(name, name.replace("_", " ").replace("-", " ").capitalize())


class Dialled(NamedTuple):
    """A telephone number as a phone dials it, and the extension that somebody asks for then."""

    number: str
    extension: str


def dialled(text: str) -> Dialled | None:
    """The one number that a text is; None for several, or for what is more than a number."""
    written, _, parameters = text.partition(";")
    if len(text) > LONGEST or not set(written.casefold()) <= _OF_A_NUMBER:
        return None
    try:
        number = phonenumbers.parse(written, REGION)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    extension = number.extension or f";{parameters}".casefold().partition(";ext=")[2].partition(";")[0]
    if extension and not extension.isdecimal():
        return None
    return Dialled(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), extension)


REGION = "US"
"""Where a number without international prefix is dialled."""
_OF_A_NUMBER = frozenset("+0123456789 -.()/,#:extnsion\xa0")
"""With the letters of `extension`."""


def end_of_shift(ends_at: datetime, now: datetime) -> str:
    """When a shift ends, or was to end: a team that has a call keeps it, and its shift, until it clears."""
    if now < ends_at:
        return f"shift ends in {minutes((ends_at - now).total_seconds())}"
    return f"shift was to end {minutes((now - ends_at).total_seconds())} ago"


def minutes(seconds: float) -> str:
    """How long ago, or how long still: `less than a minute`, `3 min`, `5 h 59 min`."""
    hours, left = divmod(max(0, int(seconds)) // 60, 60)
    if not hours:
        return f"{left} min" if left else "less than a minute"
    return f"{hours} h {left} min"
