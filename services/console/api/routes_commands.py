"""The routes that issue commands: one each, decided by the one service that has the say."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from pydantic import AfterValidator

from services.console.api import bodies
from services.console.api.access import Asking, Right, may, visible
from services.console.api.contact_desk import desk_of
from services.console.api.issue import NOTHING, Answered, CommandIssuer
from services.console.api.problems import RESPONSES, ProblemDetails
from services.console.api.routes_reads import agency_alerts, own_shift_link, register_of, whole_view
from services.console.config import ConsoleSettings
from services.console.view.alarms import is_open
from services.console.view.unnamed import unnamed
from shared import events
from shared.agencies import hash_of
from shared.call import Name
from shared.contacts import ContactKey, push_key
from shared.doors.problems import Fault, Problem
from shared.events import Command
from shared.plain import fault_of_id

LIKE_A_NAME = re.compile(r"[A-Za-z]{2,}[._][A-Za-z]{2,}|\S+@\S+")
SIGN_IN_STAYS = "Take their sign_in out with it: once the file has no token of theirs, it lets them in again."
ID_STAYS = "That id looks like a name: ids stand in journals for good, and are not erased with a person."
KeyHeader = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


def _plain(text: str) -> str:
    if (wrong := fault_of_id(text)) is not None:
        raise ValueError(wrong)
    return text


IdInPath = Annotated[str, Path(min_length=1, max_length=80), AfterValidator(_plain)]
IncidentInPath = Annotated[str, Path(min_length=1, max_length=120), AfterValidator(_plain)]

COMMAND_RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {"model": Answered, "description": "Not answered yet; ask at `status`"},
    409: {"model": ProblemDetails, "description": "Refused; `reason` is a stable code"},
}
router = APIRouter(prefix="/v1", tags=["commands"], responses={**RESPONSES, **COMMAND_RESPONSES})


@dataclass(frozen=True, slots=True)
class Issuer:
    """Somebody who may issue a command, and the way to do it."""

    request: Request
    response: Response
    who: Asking
    key: str | None

    async def issue(self, kind: type[Command], about: dict[str, Any], apart: Mapping[str, Any] = NOTHING) -> Answered:
        """Issue it; 202 and the status address where no answer comes in time. Raises Problem."""
        commands: CommandIssuer = self.request.app.state.commands
        answered = await commands.issue(kind, self.who, self.key, about, apart)
        if answered.state != "done":
            self.response.status_code = HTTPStatus.ACCEPTED
            self.response.headers["Location"] = answered.status
        return answered

    def is_answered(self, kind: type[Command], about: dict[str, Any]) -> bool:
        """Whether they asked the same before, under the same key, and have an answer."""
        commands: CommandIssuer = self.request.app.state.commands
        return commands.is_answered(kind, self.who, self.key, about)

    def of_own(self, person_id: str) -> None:
        """Staff act for themselves. Raises Problem (403)."""
        if self.who.only_own_shift and person_id != self.who.name:
            raise Problem(HTTPStatus.FORBIDDEN, "You may answer for yourself only.")

    def of_own_or_vouching(self, person_id: str) -> None:
        """Staff act for themselves, dispatchers and supervisors for everybody. Raises Problem (403)."""
        if not self.who.may_vouch and person_id != self.who.name:
            raise Problem(HTTPStatus.FORBIDDEN, "You may do this for yourself only.")

    def of_own_team(self, team_id: str, *, in_need: bool = False) -> None:
        """Staff act for the team they are on shift with. Raises Problem (403, 503).

        Whom somebody else has signed on may only ask for police before they confirm.
        """
        if self.who.only_own_shift:
            team = whole_view(self.request).agency(self.who.agency).teams.get(team_id)
            if team is None or self.who.name not in team.members:
                raise Problem(HTTPStatus.FORBIDDEN, "You may act for the team only that you are on shift with.")
            if self.who.name in team.unconfirmed and not in_need:
                raise Problem(HTTPStatus.FORBIDDEN, f"Confirm first that you are on {team_id}: somebody else said so.")


def check_on_books(issuer: Issuer, people: Iterable[str]) -> None:
    """Raise Problem (409) where nobody of a name is on the books, as far as this door has read."""
    state = issuer.request.app.state
    for person_id in people:
        if state.follower.ready and person_id not in state.view.agency(issuer.who.agency).people:
            sentence = f"There is no {person_id} among the staff: add them first."
            raise Problem(HTTPStatus.CONFLICT, sentence, reason="unknown-person")


def check_off_books(issuer: Issuer, person_id: str) -> None:
    """Raise Problem (409) where somebody has come back since a removal was answered: what is theirs now stays."""
    if person_id in whole_view(issuer.request).agency(issuer.who.agency).people:
        sentence = f"{person_id} is on the books again, so nothing of theirs is erased. Ask for it anew if it is meant."
        raise Problem(HTTPStatus.CONFLICT, sentence, reason="on-books-again")


def issuing(right: Right) -> Any:
    """A dependency: somebody who has the right, and the way to issue a command."""
    allowed = Depends(may(right))

    async def issuer(request: Request, response: Response, who: Asking = allowed, key: KeyHeader = None) -> Issuer:
        return Issuer(request, response, who, key)

    return Depends(issuer)


@router.post("/switchboard/pause")
async def pause(issuer: Annotated[Issuer, issuing("pause")], body: bodies.PauseBody) -> Answered:
    """The stop switch: one person, at once. Nothing of ours leaves in this district, or with `all` anywhere.

    With a `response` nothing of that response: a call goes on to the next one.
    """
    return await issuer.issue(events.PauseDistrict, body.fields())


@router.post("/switchboard/resume")
async def resume(issuer: Annotated[Issuer, issuing("resume")], body: bodies.PauseBody) -> Answered:
    """End a pause: the one of this district and this response."""
    return await issuer.issue(events.ResumeDistrict, body.fields())


@router.post("/switchboard/review")
async def review(issuer: Annotated[Issuer, issuing("review")], body: bodies.ReviewBody) -> Answered:
    """Say what was found of a pause; refused to the person who paused."""
    return await issuer.issue(events.ReviewPause, body.fields())


@router.post("/switchboard/phase")
async def set_phase(issuer: Annotated[Issuer, issuing("set-phase")], body: bodies.PhaseBody) -> Answered:
    """Set how far a response is switched on in a district, within what the document allows."""
    about = body.fields()
    if about["phase"] == "live" and not issuer.request.app.state.agencies.may_pause(issuer.who.agency):
        detail = "No district goes live without a stop switch: give somebody the role dispatcher or supervisor first."
        raise Problem(HTTPStatus.CONFLICT, detail, reason="no-stop-switch")
    return await issuer.issue(events.SetPhase, about)


@router.post("/switchboard/cap")
async def set_cap(issuer: Annotated[Issuer, issuing("set-cap")], body: bodies.CapBody) -> Answered:
    """Bound how many calls a response takes. The document's own caps hold besides: the lower one counts."""
    return await issuer.issue(events.SetCap, body.fields())


@router.post("/referrals/{referral_id}/close")
async def close_referral(
    issuer: Annotated[Issuer, issuing("close-referral")], referral_id: IdInPath, body: bodies.CloseReferralBody
) -> Answered:
    """Say what became of a referral or a follow-up."""
    return await issuer.issue(events.CloseReferral, {"referral_id": referral_id, **body.fields()})


@router.post("/programme/propose")
async def propose(issuer: Annotated[Issuer, issuing("propose")], body: bodies.ProposeBody) -> Answered:
    """Put a programme document forward; `about` is its hash. Another person approves it."""
    return await issuer.issue(events.ProposeProgramme, body.fields())


@router.post("/programme/approve")
async def approve(issuer: Annotated[Issuer, issuing("approve")], body: bodies.ApproveBody) -> Answered:
    """Approve a proposed document; refused to the person who proposed it."""
    return await issuer.issue(events.ApproveProgramme, body.fields())


@router.post("/programme/reject")
async def reject(issuer: Annotated[Issuer, issuing("reject")], body: bodies.RejectBody) -> Answered:
    """Turn a proposed document down, or take your own back; the one in force stays."""
    return await issuer.issue(events.RejectProgramme, body.fields())


@router.post("/programme/rollback")
async def roll_back(issuer: Annotated[Issuer, issuing("roll-back")], body: bodies.RollBackBody) -> Answered:
    """Put a document in force again that two people had approved; one person, at once."""
    return await issuer.issue(events.RollBackProgramme, body.fields())


@router.post("/calls/{agency}/{source}/{incident}/override")
async def override(
    issuer: Annotated[Issuer, issuing("override")],
    agency: Name,
    source: Name,
    incident: IncidentInPath,
    body: bodies.OverrideBody,
) -> Answered:
    """Decide a call yourself: `default`, or a response that is to be sent."""
    call_id = _own_call(issuer, f"{agency}/{source}/{incident}")
    return await issuer.issue(events.OverrideCall, {"call_id": call_id, **body.fields()})


@router.post("/calls/{agency}/{source}/{incident}/confirm")
async def confirm(
    issuer: Annotated[Issuer, issuing("confirm")],
    agency: Name,
    source: Name,
    incident: IncidentInPath,
    body: bodies.ConfirmBody,
) -> Answered:
    """In an advisory district: confirm what is proposed for a call."""
    call_id = _own_call(issuer, f"{agency}/{source}/{incident}")
    return await issuer.issue(events.ConfirmDecision, {"call_id": call_id, **body.fields()})


@router.post("/calls/{agency}/{source}/{incident}/hold")
async def hold_call(
    issuer: Annotated[Issuer, issuing("confirm")],
    agency: Name,
    source: Name,
    incident: IncidentInPath,
    body: bodies.Body,
) -> Answered:
    """Where careroute asks for it: let a call wait for a team, as its CAD has not acknowledged yet."""
    call_id = _own_call(issuer, f"{agency}/{source}/{incident}")
    return await issuer.issue(events.HoldCall, {"call_id": call_id, **body.fields()})


@router.post("/calls/{agency}/{source}/{incident}/late")
async def take_late_call(
    issuer: Annotated[Issuer, issuing("answer-offer")],
    agency: Name,
    source: Name,
    incident: IncidentInPath,
    body: bodies.LateBody,
) -> Answered:
    """Ask to take a call that no team took in time: a dispatcher confirms it, or nothing comes of it."""
    call_id = _own_call(issuer, f"{agency}/{source}/{incident}")
    fields = {**body.fields(), "call_id": call_id, "person_id": _whose_name(issuer, body)}
    return await issuer.issue(events.TakeLateCall, fields)


@router.post("/calls/{agency}/{source}/{incident}/incident")
async def confirm_incident(
    issuer: Annotated[Issuer, issuing("confirm")],
    agency: Name,
    source: Name,
    incident: IncidentInPath,
    body: bodies.IncidentBody,
) -> Answered:
    """Say whether a call that a team has, and that began at another time, is another incident by now."""
    call_id = _own_call(issuer, f"{agency}/{source}/{incident}")
    return await issuer.issue(events.ConfirmIncident, {"call_id": call_id, **body.fields()})


@router.post("/teams")
async def define_team(issuer: Annotated[Issuer, issuing("define")], body: bodies.TeamBody) -> Answered:
    """Add a team to the roster, or replace what is known of it.

    The answer says which of its models and districts no programme names: its calls may be yet to come, or it is a slip.
    """
    answered = await issuer.issue(events.DefineTeam, body.fields())
    records = issuer.request.app.state.view.agency(issuer.who.agency)
    warning = await asyncio.to_thread(unnamed, records, body.team)
    return answered.model_copy(update={"sentence": f"{answered.sentence} {warning}".strip()})


@router.post("/teams/{team_id}/remove")
async def remove_team(issuer: Annotated[Issuer, issuing("define")], team_id: Name, body: bodies.Body) -> Answered:
    """Take a team off the roster."""
    return await issuer.issue(events.RemoveTeam, {"team_id": team_id, **body.fields()})


@router.post("/teams/{team_id}/sign-on")
async def sign_on(issuer: Annotated[Issuer, issuing("sign-on")], team_id: Name, body: bodies.SignOnBody) -> Answered:
    """Start a shift; `links` has your own pocket page, where you are a member. The others ask for theirs themselves.

    Whom staff name besides themselves counts once they have confirmed it; a dispatcher or supervisor vouches for all.
    """
    about = {"team_id": team_id, **body.fields(), "vouched": issuer.who.may_vouch}
    if not issuer.who.may_vouch and issuer.who.name not in about["members"]:
        raise Problem(HTTPStatus.FORBIDDEN, "You may sign on a team only that you are a member of.")
    _check_length(issuer, about.get("shift_ends_at"), about.get("hours"), long=about.get("long_shift", False))
    answered = await issuer.issue(events.SignOn, about)
    if answered.state == "done":
        answered.links = _links(issuer, team_id, answered.about, about["members"])
    return answered


@router.post("/teams/{team_id}/begin-duty")
async def begin_duty(
    issuer: Annotated[Issuer, issuing("sign-on")], team_id: Name, body: bodies.BeginDutyBody
) -> Answered:
    """Start the shift that is planned for a team, with the people of the plan; you have to be of them, or vouch."""
    about = {"team_id": team_id, **body.fields(), "vouched": issuer.who.may_vouch}
    answered = await issuer.issue(events.BeginDuty, about)
    if answered.state == "done":
        seen = issuer.request.app.state.view.agency(issuer.who.agency).teams.get(team_id)
        members = seen.planned.members if seen and seen.planned else ()
        answered.links = _links(issuer, team_id, answered.about, members)
    return answered


@router.post("/teams/{team_id}/confirm")
async def confirm_member(
    issuer: Annotated[Issuer, issuing("sign-on")], team_id: Name, body: bodies.MemberBody
) -> Answered:
    """Say that you are on the team that you were signed on with; a dispatcher or supervisor may vouch for a member."""
    person_id = body.person_id or issuer.who.name
    issuer.of_own_or_vouching(person_id)
    return await issuer.issue(events.ConfirmMember, {"team_id": team_id, **body.fields(), "person_id": person_id})


def _check_length(issuer: Issuer, ends_at: datetime | None, hours: float | None, *, long: bool) -> None:
    """Raise Problem (422) for a shift that is longer than one can be, or longer than usual where nobody says so."""
    commands: CommandIssuer = issuer.request.app.state.commands
    length = timedelta(hours=hours) if hours is not None else ends_at - commands.now() if ends_at else timedelta()
    most = events.LONGEST_SHIFT_HOURS if long else events.LONG_SHIFT_HOURS
    if length > timedelta(hours=most):
        asks = (
            "" if long else f"; if so long a shift is meant, {events.LONGEST_SHIFT_HOURS} hours with long_shift = true"
        )
        where = "hours" if hours is not None else "shift_ends_at"
        fault = Fault(where, f"makes a shift of more than {most} hours", f"at most {most} hours{asks}")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The shift is too long.", fault)


@router.post("/teams/{team_id}/sign-off")
async def sign_off(issuer: Annotated[Issuer, issuing("report")], team_id: Name, body: bodies.Body) -> Answered:
    """End a shift."""
    issuer.of_own_team(team_id)
    return await issuer.issue(events.SignOff, {"team_id": team_id, **body.fields()})


@router.post("/teams/{team_id}/status")
async def report_status(
    issuer: Annotated[Issuer, issuing("report")], team_id: Name, body: bodies.StatusBody
) -> Answered:
    """Say where a team stands."""
    issuer.of_own_team(team_id, in_need=body.fields()["status"] == "need-police")
    return await issuer.issue(events.ReportStatus, {"team_id": team_id, **body.fields()})


@router.post("/teams/{team_id}/correct")
async def correct_status(
    issuer: Annotated[Issuer, issuing("report")], team_id: Name, body: bodies.CorrectionBody
) -> Answered:
    """Take back where a team said it stands: it is, after all, not yet so far."""
    issuer.of_own_team(team_id)
    return await issuer.issue(events.CorrectStatus, {"team_id": team_id, **body.fields()})


@router.post("/teams/{team_id}/release")
async def release_team(
    issuer: Annotated[Issuer, issuing("release-team")], team_id: Name, body: bodies.ReleaseBody
) -> Answered:
    """Let a team go in that waits nearby."""
    return await issuer.issue(events.ReleaseTeam, {"team_id": team_id, **body.fields()})


@router.post("/teams/{team_id}/withdraw")
async def withdraw_team(
    issuer: Annotated[Issuer, issuing("withdraw-team")], team_id: Name, body: bodies.WithdrawBody
) -> Answered:
    """Take a team off its call, wherever it stands. One that is with somebody is taken off in no other way."""
    return await issuer.issue(events.WithdrawTeam, {"team_id": team_id, **body.fields()})


@router.post("/people")
async def define_person(issuer: Annotated[Issuer, issuing("define")], body: bodies.PersonBody) -> Answered:
    """Add a member of staff, or replace what is known of them. Their name is sealed, and goes no further."""
    person = body.person
    desk = desk_of(issuer.request)
    placed = await desk.put_name(issuer.who.agency, person.person_id, person.name) if person.name else None
    about = {**body.fields(), "person": person.model_copy(update={"name": ""})}
    async with desk.unless_refused(placed):
        answered = await issuer.issue(events.DefinePerson, about)
    if LIKE_A_NAME.fullmatch(person.person_id):
        answered.sentence = f"{answered.sentence} {ID_STAYS}".strip()
    return answered


@router.post("/people/{person_id}/remove")
async def remove_person(issuer: Annotated[Issuer, issuing("define")], person_id: Name, body: bodies.Body) -> Answered:
    """Take a member of staff off the books, and erase how they were reached."""
    answered = await issuer.issue(events.RemovePerson, {"person_id": person_id, **body.fields()})
    if answered.state == "done":
        check_off_books(issuer, person_id)
        await desk_of(issuer.request).erase_person(issuer.who.agency, person_id, with_name=False)
    return answered


@router.post("/people/{person_id}/revoke-links")
async def revoke_links(
    issuer: Annotated[Issuer, issuing("revoke-links")], person_id: Name, body: bodies.RevokeLinksBody
) -> Answered:
    """End every pocket link of a person, at once, whatever runs; staff end their own. A call that they have stays."""
    issuer.of_own_or_vouching(person_id)
    pushes = _pushes_to(issuer, person_id, body.fields().get("device_ids", ()))
    answered = await issuer.issue(events.RevokeLinks, {"person_id": person_id, **body.fields()})
    await desk_of(issuer.request).erase(issuer.who.agency, pushes)
    return answered


@router.post("/people/{person_id}/revoke-token", responses={404: {"model": ProblemDetails}})
async def revoke_token(
    issuer: Annotated[Issuer, issuing("revoke-token")], person_id: Name, body: bodies.RevokeTokenBody
) -> Answered:
    """Let a person's token in nowhere any more, whatever the agencies file says. A new token lets them in again."""
    doors = issuer.request.app.state.agencies.agency(issuer.who.agency)
    person = doors.people.get(person_id) if doors else None
    answered = await _revoke(issuer, person_id, () if person is None else person.keys[:1], body)
    if person is not None and person.token is not None and person.sign_in is not None:
        answered.sentence = f"{answered.sentence} {SIGN_IN_STAYS}".strip()
    return answered


@router.post("/cad/{source}/revoke-key", responses={404: {"model": ProblemDetails}})
async def revoke_key(
    issuer: Annotated[Issuer, issuing("revoke-token")], source: Name, body: bodies.RevokeTokenBody
) -> Answered:
    """Let a CAD's key in nowhere any more, whatever the agencies file says; of two keys say which."""
    doors = issuer.request.app.state.agencies.agency(issuer.who.agency)
    cad = doors.sources.get(source) if doors else None
    return await _revoke(issuer, source, () if cad is None else cad.keys, body)


async def _revoke(issuer: Issuer, holder: str, hashes: tuple[str, ...], body: bodies.RevokeTokenBody) -> Answered:
    """Revoke the one that is meant: of those in force, or one that is named whole. Raises Problem (404, 422)."""
    named = body.token_hash or ""
    meant = [token_hash for token_hash in hashes if token_hash.startswith(named)]
    if not meant and len(named) == len(hash_of("")):
        meant = [named]
    if not meant:
        raise Problem(HTTPStatus.NOT_FOUND, f"The agencies file in force has no such token or key of {holder}.")
    if len(meant) > 1:
        fault = Fault("token_hash", "is the beginning of more than one", "enough of the hash to tell them apart")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{holder} has {len(meant)} keys: say which.", fault)
    about = {"token_hash": meant[0], "holder": holder, "reason": body.reason}
    return await issuer.issue(events.RevokeToken, about)


@router.post("/devices/{device_id}/revoke")
async def revoke_device(
    issuer: Annotated[Issuer, issuing("revoke-device")], device_id: IdInPath, body: bodies.RevokeDeviceBody
) -> Answered:
    """End a lost or returned phone or tablet, at once; staff end their own."""
    view = issuer.request.app.state.view if issuer.who.may_vouch else whole_view(issuer.request)
    device = view.agency(issuer.who.agency).devices.get(device_id)
    holder = (device.person_id if device else None) or ""
    issuer.of_own_or_vouching(holder)
    pushes = _pushes_to(issuer, holder, (device_id,))
    answered = await issuer.issue(events.RevokeDevice, {"device_id": device_id, **body.fields()})
    await desk_of(issuer.request).erase(issuer.who.agency, pushes)
    return answered


def _pushes_to(issuer: Issuer, person_id: str, device_ids: Iterable[str]) -> list[ContactKey]:
    """Where it is sealed how devices of a person are pushed to. What is no device of theirs may name another way."""
    agency = issuer.who.agency
    devices = issuer.request.app.state.view.agency(agency).devices
    own = {device_id for device_id, device in devices.items() if person_id and device.person_id == person_id}
    return [push_key(agency, person_id, device_id) for device_id in device_ids if device_id in own]


@router.post("/offers/{offer_id}/accept")
async def accept(
    issuer: Annotated[Issuer, issuing("answer-offer")], offer_id: IdInPath, body: bodies.AcceptBody
) -> Answered:
    """Take the call."""
    return await issuer.issue(events.AcceptOffer, _answer(issuer, offer_id, body))


@router.post("/offers/{offer_id}/decline")
async def decline(
    issuer: Annotated[Issuer, issuing("answer-offer")], offer_id: IdInPath, body: bodies.OfferBody
) -> Answered:
    """Leave the call to another team."""
    return await issuer.issue(events.DeclineOffer, _answer(issuer, offer_id, body))


@router.post("/alerts/acknowledge", responses={404: {"model": ProblemDetails}})
async def acknowledge(issuer: Annotated[Issuer, issuing("acknowledge")], body: bodies.AcknowledgeBody) -> Answered:
    """Say that you look after an alert, or that it is noise. It stays open until what it tells of has ended."""
    alerts = agency_alerts(issuer.request, issuer.who)
    now = issuer.request.app.state.commands.now()
    alert = next((alert for alert in alerts if alert.alert_id == body.alert_id and is_open(alert, now)), None)
    if alert is None:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such alert, or it has ended.")
    if body.raised_at not in (None, alert.at):
        detail = "It has been raised again since you looked: look again."
        raise Problem(HTTPStatus.CONFLICT, detail, reason="raised-again")
    about = {"alert_id": alert.alert_id, "kind": alert.kind, "raised_at": alert.at, "noise": body.noise}
    return await issuer.issue(events.AcknowledgeAlert, {**about, "reason": body.reason})


@router.post("/cad/{source}/ping", responses={404: {"model": ProblemDetails}})
async def ping(issuer: Annotated[Issuer, issuing("operate-cad")], source: Name, body: bodies.Body) -> Answered:
    """Send a test message to the CAD of a source; success enables a disabled webhook again."""
    doors = issuer.request.app.state.agencies.agency(issuer.who.agency)
    if doors is None or source not in doors.sources:  # once named it would be owed each team's cry for help
        raise Problem(HTTPStatus.NOT_FOUND, f"The agencies file in force has no source {source}.")
    return await issuer.issue(events.PingCad, {"source": source, **body.fields()})


@router.post("/cad-messages/{message_id}/redeliver")
async def redeliver(
    issuer: Annotated[Issuer, issuing("operate-cad")], message_id: IdInPath, body: bodies.Body
) -> Answered:
    """Send a message to the CAD again, under the same id."""
    return await issuer.issue(events.RedeliverMessage, {"message_id": message_id, **body.fields()})


def _own_call(issuer: Issuer, call_id: str) -> str:
    if not visible(issuer.who, call_id):
        raise Problem(HTTPStatus.FORBIDDEN, "This is a call of another agency.")
    return call_id


def _answer(issuer: Issuer, offer_id: str, body: bodies.OfferBody) -> dict[str, Any]:
    """The answer to an offer, in the name of whose it is."""
    return {"offer_id": offer_id, **body.fields(), "person_id": _whose_name(issuer, body)}


def _whose_name(issuer: Issuer, body: bodies.OfferBody) -> str:
    """Whose answer it is: staff their own; a supervisor names the person."""
    if body.person_id is None and not issuer.who.only_own_shift:
        fault = Fault("/person_id", "Nobody is named", "the member of the team who answers")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Say for whom you answer.", fault)
    person_id = body.person_id or issuer.who.name
    issuer.of_own(person_id)
    return person_id


def _links(issuer: Issuer, team_id: str, about: str, members: tuple[str, ...]) -> dict[str, str]:
    """The asker's own page of the shift: as the journal has it, or by the answer where the journal does not say."""
    settings: ConsoleSettings = issuer.request.app.state.settings
    team = issuer.request.app.state.view.agency(issuer.who.agency).teams.get(team_id)
    shift_id, members = (team.shift_id, team.members) if team and team.shift_id else (about, members)
    who = issuer.who
    if who.name not in members:
        return {}
    generation = issuer.request.app.state.view.agency(who.agency).link_generations.get(who.name, 0)
    register_of(issuer.request).note(events.LinkHandedOut, who.asker, what="shift", person_id=who.name)
    return {who.name: own_shift_link(settings, shift_id, who.name, generation)}
