"""What people hear of their answers, as a text or spoken. Nothing personal, and always what to do next.

Each fits into one segment of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from xml.sax.saxutils import escape

from services.notification.callbacks.view import OfferSeen
from services.notification.carriers.gsm import SEGMENT_SEPTETS, fitted, plain, septets
from shared.events import CommandDone, CommandRefused
from shared.withdrawn import WITHDRAWN

HOW_TO_ANSWER = "Answer 1 to take the call, 2 to leave it, or 1 and the minutes you need, such as 1 15."
ANSWERS_NOTHING = (
    "That answers nothing. Nobody reads texts here: answer what you are asked, or say that you need help, "
    "on your page or by radio."
)
"""Perhaps they are asked whether they are well, or on their way: that is answered elsewhere."""
HOW_TO_ANSWER_A_TEST = "This is a test, no call: answer 1 if you read it."
RECEIVED = "Thank you. We know now that you are reached here."
NOT_HEARD_YET = "Sent, but nothing has come back yet. Look at your page, or ask by radio."
AWAY = "That could not be passed on. Answer on your page, or by radio."
KEY_OVER = "That is over. There is nothing to do; what is open to you stands on your page."
CALLED_US = (
    "This is care route, which calls and texts by itself: nobody answers here. "
    "If you are on duty, look at your page, or ask by radio. If you need help, hang up, and call 9 1 1."
)
"""To whoever calls the number that pages come from, and was sent none of late."""
ANSWER_ELSEWHERE = "This call answers nothing: answer on your page, by text, or by radio."
OF_THIS_ONE = "That may be about something else. If you mean the call that is open now:"
NOTHING_TO_DO = "Do not go; there is nothing to do."
TAKEN = f"Too late: another team has this call. {NOTHING_TO_DO}"
TOO_LATE = "Too late: the time to answer is over. Do not go unless the dispatcher asks you to."
NOT_OFFERED = f"The call is not offered to you any more. {NOTHING_TO_DO}"
OVER = {
    "accepted": "Your team has this call: go on with it on your page.",
    "declined": "Your team has left this call. If you can come after all, tell the dispatcher by radio.",
    "released": "Your team was released from this call. If you are with somebody, tell the dispatcher by radio.",
    "cleared": "Your team has cleared this call. There is nothing to do.",
}
"""What became of a call that the team itself has answered."""
MOST_TOLD, LEAST_NAME = 8, 12
"""So many offers, the newest, are told apart in one text; so much of a district's name before anything else of it."""
NOT_LEFT = "Your team has this call. If you cannot go, tell the dispatcher by radio."
"""To whoever leaves a call that their team has."""
REFUSALS = {
    "taken": TAKEN,
    "routed": f"Too late: the usual response goes to this call. {NOTHING_TO_DO}",
    "cancelled": f"The call is over for the dispatcher. {NOTHING_TO_DO}",
    "expired": TOO_LATE,
    "withdrawn": NOT_OFFERED,
    "accepted": NOT_LEFT,
    "declined": OVER["declined"],
    "busy": "Your team is not free any more, and another is asked. If you could go, tell the dispatcher by radio.",
    "paused": f"Such calls are paused in this district. {NOTHING_TO_DO}",
    "not-on-team": "You are not on shift with the team that was asked. If you are, tell the dispatcher by radio.",
    "not-confirmed": "Say first on your shift page that you are on the team.",
    "unknown-offer": "That call is long over. There is nothing to do.",
}
"""In place of the sentence of a refusal, where that names somebody or is longer than it need be."""


def heard(answer: CommandDone | CommandRefused | None) -> str:
    """What came of an answer."""
    if answer is None:
        return NOT_HEARD_YET
    if isinstance(answer, CommandRefused):
        return REFUSALS.get(answer.reason, answer.sentence)
    return answer.sentence or RECEIVED


def over(offer: OfferSeen, now: datetime) -> str:
    """What became of an offer that cannot be answered any more; empty while it can."""
    if offer.is_open(now):
        return ""
    if offer.ended in OVER:
        return OVER[offer.ended]
    if (offer.taken_by and offer.taken_by != offer.made.team_id) or offer.why in ("taken", "not-needed"):
        return TAKEN
    if offer.ended == "withdrawn":
        return f"{WITHDRAWN[offer.why]} {NOTHING_TO_DO}" if offer.why in WITHDRAWN else NOT_OFFERED
    return TOO_LATE


def which(offers: Sequence[OfferSeen], zone: tzinfo | None) -> str:
    """Asks which of several offers is meant, or whether the only one is, in one segment.

    What is too long is cut where it hurts least: never a letter; priorities and times before the names of districts,
    and of these the longest first.
    """
    head = f"{len(offers)} calls are open to you. Which one?" if len(offers) > 1 else OF_THIS_ONE
    told = offers[:MOST_TOLD]
    starts = [f"\n1{offer.letter} or 2{offer.letter}: " for offer in told]
    names = [plain(offer.made.district or "call") for offer in told]
    ends = [_details(offer, zone) for offer in told]
    places = SEGMENT_SEPTETS - septets(head + "".join(starts))
    if places - septets("".join(ends)) < sum(min(septets(name), LEAST_NAME) for name in names):
        ends = [""] * len(told)
    each = SEGMENT_SEPTETS
    while sum(min(septets(name), each) for name in names) > places - septets("".join(ends)):
        each -= 1
    return head + "".join(
        f"{start}{fitted(name, each).rstrip()}{end}" for start, name, end in zip(starts, names, ends, strict=True)
    )


def _details(offer: OfferSeen, zone: tzinfo | None) -> str:
    """What an offer is told with besides its district."""
    priority = f", P{offer.made.priority}" if offer.made.priority else ""
    return plain(priority) + (f" by {offer.made.expires_at.astimezone(zone):%H:%M:%S}" if zone else "")


def as_text(sentence: str, link: str = "") -> str:
    """A sentence as one segment of text, its link whole or not there."""
    lines = "\n".join(plain(line) for line in sentence.split("\n"))
    tail = f"\n{link}" if link and link.isascii() else ""
    if septets(plain(tail)) > SEGMENT_SEPTETS // 2:
        tail = ""
    return fitted(lines, SEGMENT_SEPTETS - septets(tail)) + tail


def as_document(text: str) -> str:
    """A text as the answer to Twilio's request; nothing is sent where there is none."""
    message = f"<Message>{escape(text)}</Message>" if text else ""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>'
