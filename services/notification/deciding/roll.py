"""Roll calls: pages that ask nothing but to be answered, so that it is known who can be reached over which way.

Of one person it is the verification of their ways. An offer that is answered proves a way as well, so a roll asks only
where nothing has for a month.
"""

from __future__ import annotations

import math
from datetime import timedelta

from services.notification.deciding.contacts import prove, sent_as, went_elsewhere
from services.notification.deciding.pages import owe, page_to
from services.notification.rolls import MAX_ROLL_PEOPLE, PLACES_AT_ONCE, Roll, roll_page_id, spread
from services.notification.state import State
from shared.answers import done, nothing_to_do, refused
from shared.engine.service import Draft, Input
from shared.events import (
    AnswerRoll,
    CallRoll,
    ContactMethod,
    Event,
    RollCalled,
    RollClosed,
    RollPlace,
    child_id,
)

NAMES_SHOWN = 10


def call_roll(draft: Draft[State], command: CallRoll) -> list[Event]:
    """Ask people to answer, over every way that was not proved lately."""
    state = draft.state
    people = sorted(set(command.person_ids) or state.contacts.keys())
    if len(people) > MAX_ROLL_PEOPLE:
        sentence = f"A roll call asks {MAX_ROLL_PEOPLE} people at most, and these are {len(people)}: name whom to ask."
        return [refused(command, "too-many-people", sentence)]
    if len(people) > 1 and any(_is_of_several(roll) for roll in state.rolls.values()):
        return [refused(command, "roll-open", "A roll call is under way: wait until it is over.")]
    every_way = command.every_method or len(command.person_ids) == 1
    asked = tuple(place for person_id in people for place in _places(draft, person_id, every_way=every_way))
    unreached = _unreached(state, people)
    if not asked:
        said = "Nobody else is left to ask." if unreached else "Everybody has answered within the last month."
        return [nothing_to_do(command, f"{said}{unreached}")]
    roll_id = child_id(command.command_id, "roll")
    until = draft.now + spread(len(asked)) + timedelta(minutes=command.minutes)
    draft.emit(RollCalled(roll_id=roll_id, asked=asked, until=until, called_by=command.issued_by))
    persons = len({place.person_id for place in asked})
    minutes = math.ceil((until - draft.now) / timedelta(minutes=1))
    sentence = (
        f"Asked: {persons} {'person' if persons == 1 else 'people'} over {len(asked)} ways, for {minutes} min from now."
    )
    return [done(command, f"{sentence}{unreached}", about=roll_id)]


def _places(draft: Draft[State], person_id: str, *, every_way: bool) -> list[RollPlace]:
    """The ways over which somebody is asked: broken ones too, for an answer shows that they work again."""
    return [
        RollPlace(person_id=person_id, method_id=method_id)
        for method_id, contact in draft.state.ways_in_order(person_id)
        if contact.can_be_proved
        and not contact.opted_out
        and (every_way or contact.broken or not contact.was_proved_lately(draft.now))
    ]


def _unreached(state: State, people: list[str]) -> str:
    nowhere = [
        person_id
        for person_id in people
        if not any(way.can_be_proved and not way.opted_out for way in state.ways_to(person_id).values())
    ]
    if not nowhere:
        return ""
    more = f" and {len(nowhere) - NAMES_SHOWN} more" if len(nowhere) > NAMES_SHOWN else ""
    return f" No way to ask: {', '.join(nowhere[:NAMES_SHOWN])}{more}."


def _is_of_several(roll: Roll) -> bool:
    return len({place.person_id for place in roll.called.asked}) > 1


def ask_next(draft: Draft[State], roll_id: str, _given: Input) -> None:
    """Page those whose turn it is. A way that is gone by now is passed over."""
    roll = draft.state.rolls[roll_id]
    for place in roll.left[:PLACES_AT_ONCE]:
        contact = draft.state.contact(place.person_id, place.method_id)
        method = contact.method(place.method_id) if contact else ContactMethod(method_id=place.method_id, kind="pocket")
        why_not = "way-gone" if contact is None else "opted-out" if contact.opted_out else ""
        page_id = roll_page_id(roll_id, place.person_id, place.method_id)
        more = {"not_after": roll.called.until, "about": roll_id}
        owe(draft, page_to(draft.state, page_id, "test", place.person_id, method, **more), why_not)


def answer_roll(draft: Draft[State], command: AnswerRoll) -> list[Event]:
    """A person can be reached over a way. That it comes after the end of the roll call makes it no less true."""
    person_id, method_id = command.person_id, command.method_id
    first_id = roll_page_id(command.roll_id, person_id, method_id)
    page_id = sent_as(draft.state, first_id, ("test", command.roll_id, person_id, method_id))
    if page_id not in draft.state.sent:
        sentence = f"{person_id} was not asked over {method_id} in this roll call: answer the newest message."
        return [refused(command, "not-asked", sentence)]
    contact = draft.state.contact(person_id, method_id)
    if contact is None:
        sentence = f"{person_id} has no way {method_id} any more: have it set once more, if it is to be one."
        return [refused(command, "unknown-way", sentence)]
    if went_elsewhere(draft.state, contact, page_id):
        sentence = (
            f"This went where {method_id} led before it was changed, and proves nothing of now: ring it once more."
        )
        return [refused(command, "address-changed", sentence)]
    if not prove(draft, person_id, method_id, page_id):
        return [nothing_to_do(command, "You have answered already: thank you.", about=command.roll_id)]
    roll = draft.state.rolls.get(command.roll_id)
    if roll is not None and not roll.silent:
        _close(draft, roll)
    return [done(command, "Thank you: you can be reached this way.", about=command.roll_id)]


def close(draft: Draft[State], roll_id: str, _given: Input) -> None:
    """A roll call is over."""
    _close(draft, draft.state.rolls[roll_id])


def _close(draft: Draft[State], roll: Roll) -> None:
    draft.emit(RollClosed(roll_id=roll.called.roll_id, answered=roll.answered, silent=roll.silent))
