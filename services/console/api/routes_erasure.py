"""What is personal of a call, erased for good."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from services.console.api import bodies
from services.console.api.access import visible
from services.console.api.call_desk import call_desk_of
from services.console.api.issue import Answered
from services.console.api.problems import RESPONSES, ProblemDetails
from services.console.api.routes_commands import COMMAND_RESPONSES, IncidentInPath, Issuer, issuing
from services.console.api.routes_reads import register_of, whole_view
from shared import events
from shared.call import Name
from shared.doors.problems import Problem

router = APIRouter(prefix="/v1", tags=["calls"], responses={**RESPONSES, **COMMAND_RESPONSES})

LATER = "What its CAD sends of it after this is sealed anew, and can be read until it is erased as well."


@router.post("/calls/{agency}/{source}/{incident}/erase", responses={404: {"model": ProblemDetails}})
async def erase_call(
    issuer: Annotated[Issuer, issuing("erase-call")],
    agency: Name,
    source: Name,
    incident: IncidentInPath,
    body: bodies.EraseCallBody,
) -> Answered:
    """Erase what is personal of a call, and of those that the CAD merged with it. Refused while it is open.

    Address, number, name and narrative can be read by nobody from then on; what was decided, and why, stays.
    """
    call_id = f"{agency}/{source}/{incident}"
    if not visible(issuer.who, call_id):
        raise Problem(HTTPStatus.FORBIDDEN, "This is a call of another agency.")
    desk = call_desk_of(issuer.request)
    merged = await desk.merged_with(call_id)
    if not (merged or await desk.knows(agency, call_id) or whole_view(issuer.request).agency(agency).call(call_id)):
        sentence = f"Nothing was erased: {call_id} is no call that is known here, and there is no key of it."
        raise Problem(HTTPStatus.NOT_FOUND, sentence)
    answered = await issuer.issue(events.EraseCall, {"call_id": call_id, **body.fields()}, apart={"merged": merged})
    if answered.state != "done":
        answered.sentence = "Nothing is erased before that is decided: send the same again then."
        return answered
    decided = desk.decided((call_id, *merged))  # and none that was merged with it since
    keys = await desk.erase(agency, decided)
    for erased in decided:
        about = {"call_id": erased, "reason": body.reason}
        register_of(issuer.request).note(events.PersonalDataErased, issuer.who.asker, **about)
    if keys:
        answered.sentence = f"{answered.sentence} {LATER}"
    else:
        answered.sentence = f"{call_id} has no key: it is erased, had nothing personal, or came before calls had keys."
    return answered
