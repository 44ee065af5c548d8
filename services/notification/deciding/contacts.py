"""The ways to people: set and removed by command, proved by an answer, broken by what carriers and clocks say."""

from __future__ import annotations

from services.notification.contact import MAX_CONTACTS, Contact
from services.notification.state import State
from shared.answers import done, nothing_to_do, refused
from shared.engine.service import Draft, Input
from shared.events import (
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
    PersonRemoved,
    RemoveContact,
    SetContact,
    child_id,
)

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
    if present is None and len(state.ways_to(person_id)) >= MAX_CONTACTS:
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
    return [contact_set, done(command, _sentence(state, command), about=about)]


def _stands(contact: Contact, command: SetContact) -> bool:
    wanted = (command.kind, command.after_seconds, command.shown, command.fingerprint, command.position)
    return wanted == (contact.kind, contact.after_seconds, contact.shown, contact.fingerprint, contact.position)


def _sentence(state: State, command: SetContact) -> str:
    after = f" from {command.after_seconds} s after an offer" if command.after_seconds else ""
    sentence = f"{command.person_id} is reached {WORDS[command.kind]}{after}."
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
    removed = ContactRemoved(person_id=person_id, method_id=method_id)
    left = [contact for each, contact in draft.state.ways_to(person_id).items() if each != method_id]
    reached = any(not contact.why_not for contact in left)
    return [removed, done(command, "" if reached else f"{person_id} cannot be reached any more.", about=about)]


def erase_person(draft: Draft[State], command: ErasePerson) -> list[Event]:
    """Every way to a person is gone; the door has erased the addresses and the name."""
    person_id = command.person_id
    removed = _all_removed(draft.state, person_id, "erased")
    sentence = f"The name of {person_id} and {len(removed)} ways to reach them are erased within a day."
    return [*removed, done(command, sentence, about=person_id)]


def person_removed(draft: Draft[State], event: PersonRemoved, _given: Input) -> None:
    """Who is off the books is not reached any more."""
    draft.emit_all(_all_removed(draft.state, event.person_id, "person-removed"))


def _all_removed(state: State, person_id: str, why: str) -> list[Event]:
    ways = sorted(state.ways_to(person_id))
    return [ContactRemoved.model_validate({"person_id": person_id, "method_id": each, "why": why}) for each in ways]


def device_revoked(draft: Draft[State], event: DeviceRevoked, _given: Input) -> None:
    """A push to a device that is let in no more goes nowhere."""
    method_id = event.device_id[:DEVICE_ID_LENGTH]
    for person_id, ways in sorted(draft.state.contacts.items()):
        contact = ways.get(method_id)
        if contact is not None and contact.kind == "push":
            draft.emit(ContactRemoved(person_id=person_id, method_id=method_id, why="device-revoked"))


# --- proved, broken, opted out --------------------------------------------------------------------------------------


def offer_answered(draft: Draft[State], event: OfferAccepted | OfferAnswered | OfferDeclined, _given: Input) -> None:
    """An answer over a way proves it."""
    prove(draft, event.person_id, event.method_id, child_id(event.offer_id, f"{event.person_id}/{event.method_id}"))


def prove(draft: Draft[State], person_id: str, method_id: str, page_id: str) -> None:
    """A person answered a page over a way; the first answer of a page counts."""
    contact = draft.state.contact(person_id, method_id)
    if contact is not None and contact.can_be_proved and contact.proved_at != draft.now:
        draft.emit(ContactProved(person_id=person_id, method_id=method_id, page_id=page_id))


def break_way(draft: Draft[State], person_id: str, method_id: str, why: str) -> None:
    """A way does not work: nothing goes there until it is set anew, or an answer comes over it."""
    contact = draft.state.contact(person_id, method_id)
    if contact is not None and not contact.broken:
        draft.emit(ContactBroken(person_id=person_id, method_id=method_id, why=why))


def unproved(draft: Draft[State], about: str) -> None:
    """Nobody has answered over a way for so long that it may be a stranger's."""
    person_id, _, method_id = about.partition("/")
    break_way(draft, person_id, method_id, "unproved")


def note_opt_out(draft: Draft[State], command: NoteOptOut) -> list[Event]:
    """Somebody said STOP or START: the carrier keeps to it, and so do we."""
    person_id, method_id = command.person_id, command.method_id
    about = f"{person_id}/{method_id}"
    contact = draft.state.contact(person_id, method_id)
    if contact is None:
        return [refused(command, "unknown-way", f"{person_id} has no way {method_id}.")]
    if contact.opted_out == command.opted_out:
        return [nothing_to_do(command, "That is known already.", about=about)]
    kind = ContactOptedOut if command.opted_out else ContactOptedIn
    return [kind(person_id=person_id, method_id=method_id), done(command, about=about)]
