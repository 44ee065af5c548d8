"""Whether the fall-back chain of a document holds together and fits into the routing deadline."""

from __future__ import annotations

from collections.abc import Iterator

from shared.judgement import HOLD
from shared.programme.document.finding import Finding
from shared.programme.document.written import Document, Step

LEAST_TO_ACKNOWLEDGE = 5
"""In seconds: a message to a CAD takes less than one, but it is tried again where it fails."""
_PATH = ("when_no_team", "steps")


def steps_fit(document: Document) -> Iterator[Finding]:
    """The chain ends in the default, every step is long enough for an answer, and all of them fit."""
    steps, clocks = document.when_no_team.steps, document.clocks
    if steps[-1].attempt != "default":
        yield Finding((*_PATH, len(steps) - 1), "the chain does not end in default", 'end with { try = "default" }')
    for index, step in enumerate(steps):
        if step.attempt == "default":
            yield from _default(index, step, is_last=index == len(steps) - 1)
        elif step.seconds is None:
            yield Finding((*_PATH, index), "a step without seconds", "say how many seconds it may take")
        elif step.attempt not in ("phone", HOLD):
            yield from _too_short(document, index, step.seconds)
    shortest = min((clocks.routing_deadline_seconds, *clocks.priority_deadline_seconds.values()))
    left = shortest - clocks.cad_notice_seconds
    # the first response is offered in any case
    implied = 0 if steps[0].attempt == "same response" else _first_offer_seconds(document)
    used = implied + sum(step.seconds or 0 for step in steps)
    if left <= 0:
        what = "nothing is left of the routing deadline"
        yield Finding(("clocks", "routing_deadline_seconds"), what, "more than cad_notice_seconds")
    elif used > left:
        who = "the first offer and the steps" if implied else "the steps"
        what = f"{who} take {used} s, and {left} s are left of the routing deadline after the notice to the CAD"
        yield Finding(_PATH, what, f"at most {left} s in all")


def holds_fit(document: Document) -> Iterator[Finding]:
    """A hold is the last thing that is tried, has an end, and reminders before that."""
    steps, clocks = document.when_no_team.steps, document.clocks
    places = [index for index, step in enumerate(steps) if step.attempt == HOLD]
    for index in places:
        if index != len(steps) - 2:
            what = "a hold is not the last step before the default"
            yield Finding((*_PATH, index), what, "what is to be tried besides comes before the hold")
        seconds = steps[index].seconds
        if seconds is not None and seconds < LEAST_TO_ACKNOWLEDGE:
            what = f"{seconds} s are too few for a CAD to acknowledge a hold"
            yield Finding((*_PATH, index, "seconds"), what, f"at least {LEAST_TO_ACKNOWLEDGE}")
    if places and clocks.hold_minutes is None:
        what = "a hold without end"
        yield Finding(("clocks", "hold_minutes"), what, "hold_minutes = how long a call waits at most")
    for key in ("hold_minutes", "priority_hold_minutes", "hold_notice_minutes"):
        if not places and key in clocks.model_fields_set:
            yield Finding(("clocks", key), f"{key}, and no step holds a call", 'a step { try = "hold" }')
    if list(clocks.hold_notice_minutes) != sorted(set(clocks.hold_notice_minutes)):
        path = ("clocks", "hold_notice_minutes")
        yield Finding(path, "the notices of a hold are not in order", "each later than the one before")


def _default(index: int, step: Step, *, is_last: bool) -> Iterator[Finding]:
    if not is_last:
        yield Finding((*_PATH, index), "'default' is not the last step", "nothing comes after the default")
    if step.seconds is not None:
        yield Finding((*_PATH, index, "seconds"), "default takes no time", "leave seconds out")


def _too_short(document: Document, index: int, seconds: int) -> Iterator[Finding]:
    """Any step but a telephone's may try any response of its level: it is as long as an offer, and as any window."""
    offer_seconds, window_seconds = document.clocks.offer_expiry_seconds, _longest_window(document)
    if seconds < offer_seconds:
        what = f"{seconds} s are less than an offer's {offer_seconds} s"
        yield Finding((*_PATH, index, "seconds"), what, "a longer step, or a shorter offer_expiry_seconds")
    elif seconds < window_seconds:
        what = f"{seconds} s are less than a window's {window_seconds} s"
        yield Finding((*_PATH, index, "seconds"), what, "a longer step, or a shorter window_seconds")


def _first_offer_seconds(document: Document) -> int:
    clocks = document.clocks
    first = [document.responses.get(level.sends[0]) for level in document.level]
    by_phone = any(response is not None and response.reached_by == "phone transfer" for response in first)
    phone_seconds = clocks.answer_by_phone_seconds if by_phone else 0
    return max(clocks.offer_expiry_seconds, phone_seconds, _longest_window(document))


def _longest_window(document: Document) -> int:
    return max((response.window_seconds or 0 for response in document.responses.values()), default=0)


def steps_by_phone(document: Document) -> Iterator[Finding]:
    """A step by telephone has somebody to reach, and the time to."""
    ack_seconds = document.clocks.answer_by_phone_seconds
    responses = document.responses
    sent = {responses[name].reached_by for level in document.level for name in level.sends if name in responses}
    for index, step in enumerate(document.when_no_team.steps):
        path = (*_PATH, index)
        if step.attempt == "phone" and "phone transfer" not in sent:
            right = 'a response with reached_by = "phone transfer", or leave the step out'
            yield Finding((*path, "try"), "no level sends a response by phone transfer", right)
        elif step.attempt == "phone" and step.seconds is not None and step.seconds < ack_seconds:
            what = f"{step.seconds} s are less than a telephone transfer's {ack_seconds} s"
            yield Finding((*path, "seconds"), what, "a longer step, or a shorter transfer_ack_seconds")
