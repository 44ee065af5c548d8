"""The ways to people: set, taken away, listed without their addresses; and everything of a person erased."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from services.console.api import bodies
from services.console.api.access import RIGHTS, Asking, may
from services.console.api.contact_desk import check_method, desk_of
from services.console.api.issue import Answered
from services.console.api.problems import RESPONSES, ProblemDetails
from services.console.api.routes_commands import COMMAND_RESPONSES, Issuer, check_off_books, check_on_books, issuing
from services.console.api.routes_reads import contacts_of, register_of, whole_view
from services.console.view.records import ContactSeen
from shared import events
from shared.call import Name
from shared.contact_forms import AddressRefused
from shared.contacts import ContactKey
from shared.doors.problems import Fault, Problem

router = APIRouter(prefix="/v1", tags=["contacts"], responses=RESPONSES)


@router.get("/people/{person_id}/contacts")
async def list_contacts(
    request: Request, who: Annotated[Asking, Depends(may("read"))], person_id: Name
) -> list[ContactSeen]:
    """The ways to a person, in the order of their turns, and whether they work; staff see their own."""
    if person_id != who.name and not who.roles & RIGHTS["read-people"]:
        raise Problem(HTTPStatus.FORBIDDEN, "You may see your own only.")
    seen = whole_view(request).agency(who.agency)
    if person_id not in seen.people:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no {person_id} among the staff.")
    return list(contacts_of(seen, person_id))


class PeopleChecked(BaseModel):
    """What would be added."""

    people: int
    ways: int


@router.post("/people/check")
async def check_people(
    request: Request, _who: Annotated[Asking, Depends(may("define"))], body: bodies.CheckPeopleBody
) -> PeopleChecked:
    """Say of people and their addresses whether they would be taken. It changes nothing."""
    desk, faults = desk_of(request), []
    for number, each in enumerate(body.people):
        for place, way in enumerate(each.ways):
            try:
                desk.normal_form(way.kind, way.address)
            except AddressRefused as wrong:
                faults.append(Fault(f"people.{number}.ways.{place}.address", "cannot be taken", str(wrong)))
    if faults:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Some addresses cannot be taken; see errors for each.", *faults)
    return PeopleChecked(people=len(body.people), ways=sum(len(each.ways) for each in body.people))


@router.post("/people/{person_id}/contacts/{method_id}", responses=COMMAND_RESPONSES)
async def set_contact(
    issuer: Annotated[Issuer, issuing("set-contact")], person_id: Name, method_id: Name, body: bodies.ContactBody
) -> Answered:
    """Have a way to a person stand, or stand anew; staff set their own.

    The address is sealed here; only its kind, what may be shown of it and a pseudonym go on. Nobody is told it again.
    """
    issuer.of_own(person_id)
    check_method(method_id, sets=True)
    check_on_books(issuer, [person_id])
    about = {
        "person_id": person_id,
        "method_id": method_id,
        **body.model_dump(include={"kind", "after_seconds", "reason"}),
    }
    if body.kind == "pocket" and not body.address:
        return await issuer.issue(events.SetContact, about)
    desk = desk_of(issuer.request)
    contact, doubt = desk.seal_address(ContactKey(issuer.who.agency, person_id, method_id), body.kind, body.address)
    about |= {"shown": contact.shown, "fingerprint": contact.fingerprint}
    answered_before = issuer.is_answered(events.SetContact, about)  # another address may stand by now, or none
    placed = None if answered_before else await desk.place(contact)
    async with desk.unless_refused(placed):
        position = -1 if placed is None else placed.position
        answered = await issuer.issue(events.SetContact, about, apart={"position": position})
    if doubt:
        answered.sentence = f"{answered.sentence} {doubt}".strip()
    return answered


@router.post("/people/{person_id}/contacts/{method_id}/remove", responses=COMMAND_RESPONSES)
async def remove_contact(
    issuer: Annotated[Issuer, issuing("set-contact")], person_id: Name, method_id: Name, body: bodies.Body
) -> Answered:
    """Take a way to a person away, and erase its address; staff take away their own."""
    issuer.of_own(person_id)
    check_method(method_id)
    about = {"person_id": person_id, "method_id": method_id, **body.fields()}
    if not issuer.is_answered(events.RemoveContact, about):  # another address may stand by now
        await desk_of(issuer.request).erase(issuer.who.agency, [ContactKey(issuer.who.agency, person_id, method_id)])
    return await issuer.issue(events.RemoveContact, about)


@router.post("/people/{person_id}/erase", responses={**COMMAND_RESPONSES, 409: {"model": ProblemDetails}})
async def erase_person(
    issuer: Annotated[Issuer, issuing("erase-person")], person_id: Name, body: bodies.ErasePersonBody
) -> Answered:
    """Take a person off the books, and erase their name and every address of theirs. Refused while they work."""
    about = {"person_id": person_id, **body.fields()}
    removed = await issuer.issue(events.RemovePerson, about)
    if removed.state != "done":
        removed.sentence = f"Nothing is erased before {person_id} is off the books: send it again then."
        return removed
    check_off_books(issuer, person_id)
    await desk_of(issuer.request).erase_person(issuer.who.agency, person_id, with_name=True)
    register_of(issuer.request).note(events.PersonalDataErased, issuer.who.asker, person_id=person_id)
    erased = await issuer.issue(events.ErasePerson, about)
    if removed.result == "nothing-to-do":
        erased.sentence = f"Nobody is called {person_id} on the books: is the id right? {erased.sentence}".strip()
    return erased
