"""Whether what is personal of a call may go: never while somebody may still need it."""

from __future__ import annotations

from services.team_availability.draft import AgencyDraft
from shared.answers import done, refused
from shared.events import CallErased, EraseCall, Event


def erase_call(draft: AgencyDraft, command: EraseCall) -> list[Event]:
    """Have a call be erased, with those that are one with it: all of them, or none. The door then erases their keys."""
    if not command.reason.strip():
        return [refused(command, "no-reason", "Say who asked for it and why, and name nobody: it is kept for good.")]
    call_ids = (command.call_id, *command.merged)
    for call_id in call_ids:
        if wrong := _needed(draft, call_id):
            return [refused(command, *wrong)]
    erased = CallErased(
        call_id=command.call_id, merged=command.merged, erased_by=command.issued_by, reason=command.reason
    )
    with_it = f" and of {len(command.merged)} that are one with it" if command.merged else ""
    sentence = f"What is personal of {command.call_id}{with_it} can be read by nobody any more, and is gone in a day."
    return [erased, done(command, sentence, about=command.call_id)]


def _needed(draft: AgencyDraft, call_id: str) -> tuple[str, str] | None:
    """Why somebody may still need to know where the call is: a code, and a sentence."""
    call = draft.state.call(call_id)
    if call.assignment is not None:
        return "team-has-call", f"{call.assignment.team_id} has {call_id}, and may be there: wait until it has cleared."
    if call.is_open or call.late is not None:
        return "call-open", f"{call_id} is not decided yet, or a team may still take it."
    if call.memory is not None and not call.memory.ended:
        return "call-open", f"The CAD has not ended {call_id}, so a dispatcher can still send a team there."
    if call.memory is None and (call.plan is not None or call.early_plan is not None):
        return "call-open", f"{call_id} was judged, and is about to be reported."
    return None
