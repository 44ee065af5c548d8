"""Every page of the console, and every act that a page offers. A new one is a line here."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from starlette.routing import compile_path

from services.console.api import routes_calendars, routes_contacts, routes_erasure, routes_rolls, routes_rota
from services.console.api import routes_commands as commands
from services.console.api.access import Asking
from services.console.pages import (
    alerts,
    audit_log,
    call,
    calls,
    devices,
    figures,
    frame,
    now,
    operations,
    own_shifts,
    people,
    programme,
    programme_count,
    programme_edit,
    referrals,
    roll_call,
    rota,
    runbook,
    sign_on,
    swap,
    switchboard,
    teams,
    trace,
    wall,
)
from services.console.pages.actions import Action, always
from services.console.pages.page import ConsolePage
from services.console.pages.seat import check_right
from shared.doors.problems import Problem

PAGES: tuple[ConsolePage, ...] = (
    now.PAGE,
    calls.PAGE,
    call.PAGE,
    trace.PAGE,
    referrals.PAGE,
    teams.PAGE,
    sign_on.PAGE,
    rota.PAGE,
    own_shifts.OWN_PAGE,
    own_shifts.PAGE,
    swap.PAGE,
    people.PAGE,
    devices.PAGE,
    devices.TEAM_PAGE,
    roll_call.PAGE,
    switchboard.PAGE,
    alerts.PAGE,
    runbook.PAGE,
    wall.PAGE,
    programme.PAGE,
    programme.DOCUMENT_PAGE,
    programme_edit.PAGE,
    programme_count.PAGE,
    figures.PAGE,
    operations.PAGE,
    audit_log.PAGE,
)
"""In the order of the links on every page."""


def _goes_live(fields: Mapping[str, Any]) -> bool:
    return fields.get("phase") == "live"


TIMES = ("starts_at", "ends_at")

ACTIONS: tuple[Action, ...] = (
    Action("/switchboard/pause", "pause", commands.pause),
    Action("/switchboard/resume", "resume", commands.resume),
    Action("/switchboard/review", "review", commands.review),
    Action("/switchboard/phase", "set-phase", commands.set_phase, weighs_most=_goes_live),
    Action("/switchboard/cap", "set-cap", commands.set_cap),
    Action("/referrals/{referral_id}/close", "close-referral", commands.close_referral),
    Action("/programme/propose", "propose", commands.propose, reasoned=True),
    Action("/programme/approve", "approve", commands.approve, weighs_most=always, reasoned=True),
    Action("/programme/reject", "reject", commands.reject),
    Action("/programme/rollback", "roll-back", commands.roll_back, weighs_most=always),
    Action("/calls/{agency}/{source}/{incident}/override", "override", commands.override),
    Action("/calls/{agency}/{source}/{incident}/confirm", "confirm", commands.confirm),
    Action("/calls/{agency}/{source}/{incident}/hold", "confirm", commands.hold_call),
    Action("/calls/{agency}/{source}/{incident}/incident", "confirm", commands.confirm_incident),
    Action("/teams/{team_id}/sign-on", "sign-on", commands.sign_on),
    Action("/teams/{team_id}/begin-duty", "sign-on", commands.begin_duty),
    Action("/teams/{team_id}/confirm", "sign-on", commands.confirm_member),
    Action("/teams/{team_id}/sign-off", "report", commands.sign_off),
    Action("/teams/{team_id}/status", "report", commands.report_status),
    Action("/teams/{team_id}/correct", "report", commands.correct_status),
    Action("/teams/{team_id}/release", "release-team", commands.release_team),
    Action("/teams/{team_id}/withdraw", "withdraw-team", commands.withdraw_team),
    Action("/rolls", "call-roll", routes_rolls.call_roll),
    Action("/rota/shifts", "plan-shifts", routes_rota.plan_shift, on_clocks=TIMES),
    Action("/rota/rotations/{rotation_id}/remove", "plan-shifts", routes_rota.remove_rotation),
    Action("/rota/shifts/{shift_id}/take", "change-own-plan", routes_rota.take_shift, on_clocks=TIMES),
    Action("/rota/shifts/{shift_id}/swap", "change-own-plan", routes_rota.swap_shifts),
    Action("/rota/shifts/{shift_id}/cover", "change-own-plan", routes_rota.ask_for_cover, on_clocks=TIMES),
    Action("/rota/shifts/{shift_id}/move", "plan-shifts", routes_rota.move_shift, on_clocks=TIMES),
    Action("/rota/shifts/{shift_id}/drop", "plan-shifts", routes_rota.drop_shift),
    Action("/rota/absences", "change-own-plan", routes_rota.set_absence, on_clocks=TIMES),
    Action("/rota/absences/{absence_id}/lift", "change-own-plan", routes_rota.lift_absence),
    Action("/people", "define", commands.define_person),
    Action("/people/{person_id}/contacts/{method_id}", "set-contact", routes_contacts.set_contact),
    Action("/people/{person_id}/contacts/{method_id}/remove", "set-contact", routes_contacts.remove_contact),
    Action("/people/{person_id}/erase", "erase-person", routes_contacts.erase_person, weighs_most=always),
    Action("/calls/{agency}/{source}/{incident}/erase", "erase-call", routes_erasure.erase_call, weighs_most=always),
    Action("/people/{person_id}/revoke-links", "revoke-links", commands.revoke_links),
    Action("/people/{person_id}/revoke-calendar", "revoke-links", routes_calendars.revoke_calendar),
    Action("/people/{person_id}/revoke-token", "revoke-token", commands.revoke_token),
    Action("/devices/{device_id}/revoke", "revoke-device", commands.revoke_device),
    Action("/offers/{offer_id}/accept", "answer-offer", commands.accept),
    Action("/offers/{offer_id}/decline", "answer-offer", commands.decline),
    Action("/alerts/acknowledge", "acknowledge", commands.acknowledge),
    Action("/cad/{source}/ping", "operate-cad", commands.ping),
    Action("/cad-messages/{message_id}/redeliver", "operate-cad", commands.redeliver),
)


class Found(NamedTuple):
    """A page at an address, with what the address says."""

    page: ConsolePage
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]


_PATHS = [(compile_path(page.path)[0], page) for page in PAGES]


def page_for(who: Asking, address: str) -> Found:
    """The page of an address, for somebody who may see it. Raises Problem (403, 404)."""
    found = page_at(address)
    check_right(who, found.page.right)
    if not found.page.admits(who, found.params):
        raise Problem(HTTPStatus.FORBIDDEN, "You may see your own only.")
    return found


def page_at(address: str) -> Found:
    """The page of an address, a path with perhaps a query. Raises Problem (404)."""
    if address == frame.FRAME:
        return Found(frame.PAGE, address, {}, {})
    path, _, query = address.partition("?")
    path = unquote(path)
    for pattern, page in _PATHS:
        if (match := pattern.match(path)) is not None:
            return Found(page, path, match.groupdict(), dict(parse_qsl(query)))
    raise Problem(HTTPStatus.NOT_FOUND, "There is no such page.")
