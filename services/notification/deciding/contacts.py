"""The ways to people: set and removed by command, proved by an answer, broken by what carriers and clocks say."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from services.notification.contact import MAX_CONTACTS, WRITTEN, Contact
from services.notification.deciding import ladder
from services.notification.deciding.pages import owe, page_to, untried_of
from services.notification.ladders import offer_page_id
from services.notification.sent import answer_id
from services.notification.state import State
from shared.answers import done, nothing_to_do, refused
from shared.engine.service import Draft, Input
from shared.events import (
    UNPROVED,
    ContactBroken,
    ContactKind,
    ContactOptedIn,
    ContactOptedOut,
    ContactProved,
    ContactRemoved,
    ContactSet,
    DeviceRevoked,
    ErasePerson,
    Event,
    NoteOptOut,
    OfferAccepted,
    OfferAnswered,
    OfferDeclined,
    PageDropped,
    PageKind,
    PersonRemoved,
    RemoveContact,
    SetContact,
    child_id,
)

Why = Literal["erased", "person-removed"]
CONTACT_NOTICE = timedelta(hours=12)
NAME = "name"
"""In place of a method: where the name of the person is sealed."""
DEVICE_ID_LENGTH = 16
"""Of a device's id, so much is the id of the push that it takes."""
WORDS: dict[ContactKind, str] = {
    "pocket": "on their page",
    "webhook": "by pager",
    "sms": "by text",
    "voice": "by phone call",
    "push": "by push",
    "email": "by mail",
}


def set_contact(draft: Draft[State], command: SetContact) -> list[Event]:
    """Have a way to a person stand; whoever sets it hears who else has the same address."""
    state, person_id, method_id = draft.state, command.person_id, command.method_id
    about = f"{person_id}/{method_id}"
    present = state.contact(person_id, method_id)
    if method_id == NAME:
        return [refused(command, "reserved-name", "A way cannot be called “name”: that is where the name is sealed.")]
    if command.kind != "pocket" and command.position < 0:
        return [refused(command, "no-address", f"There is no sealed address for {about}: send it to the console.")]
    pushes_before = _pushes_before(state, command)
    kept = [each for each in state.ways_to(person_id) if (person_id, each) not in pushes_before]
    if present is None and len(kept) >= MAX_CONTACTS:
        sentence = f"{person_id} has {MAX_CONTACTS} ways to be reached already: remove one first."
        return [refused(command, "too-many-ways", sentence)]
    if present is not None and not present.broken and _stands(present, command):
        return [nothing_to_do(command, "It stands so already.", about=about)]
    contact_set = ContactSet(
        person_id=person_id,
        method_id=method_id,
        kind=command.kind,
        after_seconds=command.after_seconds,
        shown=command.shown,
        fingerprint=command.fingerprint,
        position=command.position,
        set_by=command.issued_by,
    )
    is_stopped = _is_stopped(state, command)
    for before in pushes_before:
        _end_push(draft, *before)
    if present is not None and present.kind != command.kind:
        # another way under the same name: STOP to texts, or their proof, say nothing of calls to that number
        draft.emit(ContactRemoved(person_id=person_id, method_id=method_id))
    draft.emit(contact_set)
    if present is not None and (present.kind, present.fingerprint) != (command.kind, command.fingerprint):
        _readdress(draft, person_id, method_id)
    if is_stopped:
        opt_out(draft, person_id, method_id, command.command_id)
    return [done(command, _sentence(draft.state, command), about=about)]


def _is_stopped(state: State, command: SetContact) -> bool:
    """Whether STOP was said to texts at this number, over whichever way that is one: carriers keep it by number."""
    return (
        command.kind == "sms"
        and command.fingerprint != ""
        and any(
            contact.opted_out and (contact.kind, contact.fingerprint) == ("sms", command.fingerprint)
            for ways in state.contacts.values()
            for contact in ways.values()
        )
    )


def _pushes_before(state: State, command: SetContact) -> list[tuple[str, str]]:
    """A push goes to one browser, which is one person's: what went there before, under another name, goes nowhere."""
    if command.kind != "push" or not command.fingerprint:
        return []
    return [
        (person_id, method_id)
        for person_id, ways in sorted(state.contacts.items())
        for method_id, contact in sorted(ways.items())
        if (contact.kind, contact.fingerprint) == ("push", command.fingerprint)
        and (person_id, method_id) != (command.person_id, command.method_id)
    ]


def _end_push(draft: Draft[State], person_id: str, method_id: str) -> None:
    draft.emit(ContactRemoved(person_id=person_id, method_id=method_id, why="device-revoked"))
    drop_way(draft, person_id, method_id, "way-gone")


def _readdress(draft: Draft[State], person_id: str, method_id: str) -> None:
    """What is untried goes to the new address; of a roll call it would be taken for a proof of the old one."""
    contact = draft.state.ways_to(person_id)[method_id]
    for page in untried_of(draft.state, person_id):
        if page.method.method_id == method_id:
            draft.emit(PageDropped(page_id=page.page_id, why="address-changed"))
            if page.kind != "test":
                page_id = child_id(page.page_id, f"address/{contact.position}")
                owe(draft, page.model_copy(update={"page_id": page_id, "method": contact.method(method_id)}))


def _stands(contact: Contact, command: SetContact) -> bool:
    wanted = (command.kind, command.after_seconds, command.shown, command.fingerprint, command.position)
    return wanted == (contact.kind, contact.after_seconds, contact.shown, contact.fingerprint, contact.position)


def _sentence(state: State, command: SetContact) -> str:
    after = f" from {command.after_seconds} s after an offer" if command.after_seconds else ""
    sentence = f"{command.person_id} is reached {WORDS[command.kind]}{after}."
    if state.ways_to(command.person_id)[command.method_id].opted_out:
        sentence = f"Nothing goes to {command.person_id} there: STOP was said at this number, until it texts us START."
    others = state.people_at(command.fingerprint) - {command.person_id}
    if others:
        sentence += f" The same address is that of {', '.join(sorted(others))}: is that so?"
    return sentence


def remove_contact(draft: Draft[State], command: RemoveContact) -> list[Event]:
    """Take a way to a person away."""
    person_id, method_id = command.person_id, command.method_id
    about = f"{person_id}/{method_id}"
    if draft.state.contact(person_id, method_id) is None:
        return [nothing_to_do(command, f"{person_id} has no way {method_id}.", about=about)]
    draft.emit(ContactRemoved(person_id=person_id, method_id=method_id))
    drop_way(draft, person_id, method_id, "way-gone")
    reached = _others(draft.state, person_id, method_id)
    return [done(command, "" if reached else f"{person_id} cannot be reached any more.", about=about)]


def erase_person(draft: Draft[State], command: ErasePerson) -> list[Event]:
    """Every way to a person is gone; the door has erased the addresses and the name."""
    person_id = command.person_id
    _remove_all(draft, person_id, "erased")
    sentence = f"The name of {person_id} and every address of theirs are erased within a day."
    return [done(command, sentence, about=person_id)]


def person_removed(draft: Draft[State], event: PersonRemoved, _given: Input) -> None:
    """Who is off the books is not reached any more."""
    _remove_all(draft, event.person_id, "person-removed")


def _remove_all(draft: Draft[State], person_id: str, why: Why) -> None:
    """Every way to a person goes, before anything is dropped: so that nothing is sent over the next one."""
    ways = sorted(draft.state.ways_to(person_id))
    for method_id in ways:
        draft.emit(ContactRemoved(person_id=person_id, method_id=method_id, why=why))
    for method_id in ways:
        drop_way(draft, person_id, method_id, "way-gone")


def device_revoked(draft: Draft[State], event: DeviceRevoked, _given: Input) -> None:
    """A push to a device that is let in no more goes nowhere."""
    method_id = event.device_id[:DEVICE_ID_LENGTH]
    for person_id, ways in sorted(draft.state.contacts.items()):
        contact = ways.get(method_id)
        if contact is not None and contact.kind == "push":
            _end_push(draft, person_id, method_id)


# --- proved, broken, opted out --------------------------------------------------------------------------------------


def offer_answered(draft: Draft[State], event: OfferAccepted | OfferAnswered | OfferDeclined, _given: Input) -> None:
    """An answer over a way proves it."""
    person_id, method_id = event.person_id, event.method_id
    if draft.state.contact(person_id, method_id) is not None:
        page_id = offer_page_id(event.offer_id, person_id, method_id)
        sent = sent_as(draft.state, page_id, ("offer", event.offer_id, person_id, method_id))
        prove(draft, person_id, method_id, sent)


def sent_as(state: State, page_id: str, like: tuple[PageKind, str, str, str]) -> str:
    """The id under which a page went out: another than its first, where it was owed anew before it was tried.

    It is known by its kind, the offer or roll call that it is of, its person and its way.
    """
    if page_id in state.sent:
        return page_id
    return next((each for each in state.sent if (sent := state.sent.get(each)) and sent.like == like), page_id)


def prove(draft: Draft[State], person_id: str, method_id: str, page_id: str) -> bool:
    """A person answered a page over a way: True where that proves anything, which the first answer does.

    What went to an address that stood there before proves nothing of the one that stands there now.
    """
    contact = draft.state.contact(person_id, method_id)
    if contact is None or not contact.can_be_proved or answer_id(page_id) in draft.state.seen:
        return False
    if went_elsewhere(draft.state, contact, page_id):
        return False
    draft.emit(ContactProved(person_id=person_id, method_id=method_id, page_id=page_id))
    return True


def went_elsewhere(state: State, contact: Contact, page_id: str) -> bool:
    """Whether a page over a way went to an address that it no longer has."""
    sent = state.sent.get(page_id)
    return sent is not None and sent.position < contact.first_position


def break_way(draft: Draft[State], person_id: str, method_id: str, why: str, cause: str) -> None:
    """A way does not work: nothing goes there until it is set anew, or an answer comes over it."""
    contact = draft.state.contact(person_id, method_id)
    if contact is not None and not contact.broken:
        was_last = not _others(draft.state, person_id, method_id)
        draft.emit(ContactBroken(person_id=person_id, method_id=method_id, why=why, was_last=was_last))
        drop_way(draft, person_id, method_id, "broken")
        _tell(draft, person_id, method_id, why, cause)


def opt_out(draft: Draft[State], person_id: str, method_id: str, cause: str) -> None:
    """Somebody wants nothing more over a way: the carrier keeps to it, and so do we."""
    contact = draft.state.contact(person_id, method_id)
    if contact is not None and not contact.opted_out:
        was_last = not _others(draft.state, person_id, method_id)
        draft.emit(ContactOptedOut(person_id=person_id, method_id=method_id, was_last=was_last))
        drop_way(draft, person_id, method_id, "opted-out")
        _tell(draft, person_id, method_id, "opted-out", cause)


def unproved(draft: Draft[State], about: str, given: Input) -> None:
    """Nobody has answered over a way for so long that it may be a stranger's."""
    person_id, _, method_id = about.partition("/")
    break_way(draft, person_id, method_id, UNPROVED, given.cause)


def note_opt_out(draft: Draft[State], command: NoteOptOut) -> list[Event]:
    """Somebody said STOP or START to the number that pages come from."""
    person_id, method_id = command.person_id, command.method_id
    about = f"{person_id}/{method_id}"
    contact = draft.state.contact(person_id, method_id)
    if contact is None:
        return [refused(command, "unknown-way", f"{person_id} has no way {method_id}.")]
    if contact.opted_out == command.opted_out:
        return [nothing_to_do(command, "That is known already.", about=about)]
    if command.opted_out:
        opt_out(draft, person_id, method_id, command.command_id)
    else:
        draft.emit(ContactOptedIn(person_id=person_id, method_id=method_id))
    return [done(command, about=about)]


def drop_way(draft: Draft[State], person_id: str, method_id: str, why: str) -> None:
    """Nothing untried goes over a way any more; an offer goes over the next one now."""
    for page in untried_of(draft.state, person_id):
        if page.method.method_id == method_id:
            draft.emit(PageDropped(page_id=page.page_id, why=why))
            if page.kind == "offer":
                ladder.pull(draft, page.offer_id or "", person_id)


def _others(state: State, person_id: str, method_id: str) -> list[tuple[str, Contact]]:
    """The other ways to a person that work, in their order."""
    ways = state.ways_in_order(person_id)
    return [(each, contact) for each, contact in ways if each != method_id and not contact.why_not]


def _tell(draft: Draft[State], person_id: str, method_id: str, why: str, cause: str) -> None:
    """Somebody hears over another way that one of theirs works no more."""
    others = [way for way in _others(draft.state, person_id, method_id) if way[1].kind in WRITTEN]
    for other_id, contact in others[:1]:
        page_id, method = child_id(cause, f"contact/{person_id}/{method_id}"), contact.method(other_id)
        more = {"not_after": draft.now + CONTACT_NOTICE, "about": method_id, "why": why}
        owe(draft, page_to(draft.state, page_id, "contact", person_id, method, **more))
