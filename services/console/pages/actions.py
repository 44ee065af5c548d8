"""What a page can do: each act is a command of the API, posted as a form, by the same code and the same rights.

A form posts to the API's path without `/v1`. Its fields are those of the API's body: `team.team_id` stands for a field
inside another, `members[]` for one of several, `places[2].needs` for a field of the second of several, which is there
also where only `places[2]` says anything; and an empty field for none. Two are the page's own: `back`, where to lead
afterwards, and `key`, which makes a repeat harmless. A script that asks for JSON gets the API's answer.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, get_type_hints
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData

from services.console.api.access import Right
from services.console.api.issue import Answered
from services.console.api.problems import not_understood
from services.console.api.routes_commands import Issuer
from services.console.pages.document import DocumentInForce
from services.console.pages.page import LOCAL
from services.console.pages.seat import Seated, check_right, door_of, from_own_page, own_address, prove_first
from shared.doors.pages import asks_for_page
from shared.doors.problems import Problem
from shared.programme.judging.hours import instant

Fields = Mapping[str, Any]
KEY_CHARACTERS = 200
MOST_STEPS = 4
NUMBERED = re.compile(r"(\w+)\[([0-9]{1,2})\]")
LOG_AWAY = (
    "careroute's log does not answer, so nobody knows yet whether this was done. "
    "Press again once it is back, or look; what was done already is not done twice."
)


def never(_fields: Fields) -> bool:
    """For what needs nobody to show once more who they are."""
    return False


def always(_fields: Fields) -> bool:
    """For what weighs most, whatever it says."""
    return True


@dataclass(frozen=True, slots=True)
class Action:
    """An act that pages offer."""

    path: str
    """The API's, without `/v1`."""
    right: Right
    command: Callable[..., Awaitable[Answered]]
    """The API's own route of the command."""
    weighs_most: Callable[[Fields], bool] = never
    """Whether, with these fields, somebody has to show once more who they are."""
    reasoned: bool = False
    """Whether a page asks why, also where the API does not."""
    on_clocks: tuple[str, ...] = ()
    """Fields with a time that a form says on the agency's clocks; `starts_at_was` is what it had in `starts_at`."""


def router_of(actions: tuple[Action, ...]) -> APIRouter:
    """The routes of some actions."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(from_own_page)])
    for action in actions:
        router.add_api_route(action.path, _endpoint(action), methods=["POST"])
    return router


def _endpoint(action: Action) -> Callable[..., Awaitable[Response]]:
    hints = get_type_hints(action.command, include_extras=True)
    body_type, path_types = hints["body"], {name: TypeAdapter(hints[name]) for name in _names_in(action.path)}

    async def act(request: Request, signed_in: Seated) -> Response:
        check_right(signed_in.who, action.right)
        form = await request.form()
        fields, back = fields_of(form), own_address(str(form.get("back") or "/"))
        for name in action.on_clocks:
            was = fields.pop(f"{name}_was", "")
            if name in fields:
                seen = door_of(request).view.agency(signed_in.who.agency)
                fields[name] = _instant(fields[name], was, DocumentInForce.of(seen).zone)
        if action.weighs_most(fields) and not door_of(request).sessions.is_fresh(signed_in.session):
            return prove_first(request, back)
        if action.reasoned and "reason" not in fields:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Say why, so that whoever looks back can know.")
        key = str(form.get("key") or "")[:KEY_CHARACTERS] or None
        issuer = Issuer(request, Response(), signed_in.who, key)
        try:
            path = {name: kind.validate_python(request.path_params[name]) for name, kind in path_types.items()}
            body = body_type.model_validate(fields)
        except ValidationError as error:
            raise not_understood(error.errors()) from None
        return await _answer(request, _told(action.command(issuer, **path, body=body)), issuer, back)

    return act


async def _answer(request: Request, issuing: Awaitable[Answered], issuer: Issuer, back: str) -> Response:
    """Lead back to the page, which then says what became of it; a script gets the API's answer."""
    if not asks_for_page(request):
        answered = await issuing
        return JSONResponse(answered.model_dump(), issuer.response.status_code or HTTPStatus.OK)
    try:
        command_id = (await issuing).command_id
    except Problem as problem:
        if problem.status_code != HTTPStatus.CONFLICT or not problem.members.get("command_id"):
            raise
        command_id = problem.members["command_id"]
    return RedirectResponse(with_query(back, said=command_id), HTTPStatus.SEE_OTHER)


async def _told(issuing: Awaitable[Answered]) -> Answered:
    """The answer; that the log is away is said in other words here than to a program."""
    try:
        return await issuing
    except Problem as problem:
        if problem.status_code == HTTPStatus.SERVICE_UNAVAILABLE and "command_id" in problem.members:
            raise Problem(problem.status_code, LOG_AWAY, headers=problem.headers, **problem.members) from None
        raise


def _instant(written: str, was: str, zone: ZoneInfo) -> str:
    """A time of the agency's clocks as the API takes it; what is none is the API's to refuse.

    One that stands as the form had it is what it was. Raises Problem (422) for one that never is, or comes twice.
    """
    try:
        wall = datetime.strptime(written, LOCAL)  # noqa: DTZ007  # its zone comes on the next lines
        if was and f"{datetime.fromisoformat(was).astimezone(zone):{LOCAL}}" == written:
            return was
        first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        is_missing = first.astimezone(UTC) > second.astimezone(UTC)
    except (ValueError, OverflowError):  # no time, or one whose day has no year elsewhere
        return written
    if first.utcoffset() == second.utcoffset():
        return first.isoformat()
    said = f"{wall:%H:%M on %A, %d %B}"
    if is_missing:
        after = instant(zone, wall.date(), wall.hour * 60 + wall.minute).astimezone(zone)
        sentence = f"There is no {said}: the clocks go forward. The first time after it is {after:%H:%M}."
    else:
        one, other = (each.isoformat(timespec="minutes") for each in (first, second))
        sentence = (
            f"{said} comes twice: the clocks go back. Say a time outside of that hour; or, on the command line, "
            f"{one} for the first, {other} for the second."
        )
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, sentence)


def fields_of(form: FormData) -> dict[str, Any]:
    """The body of a command, as a form says it."""
    fields: dict[str | int, Any] = {}
    for name, value in form.multi_items():
        if name in ("back", "key") or not isinstance(value, str) or not value.strip():
            continue
        *outer, last = _steps(name)
        inside: Any = fields
        for step in outer[:MOST_STEPS]:
            inside = inside.setdefault(step, {}) if isinstance(inside, dict) else None
        if isinstance(inside, dict):
            _put(inside, last, written(value))
    return {str(name): _numbered_as_list(value) for name, value in fields.items()}


def _steps(name: str) -> list[str | int]:
    """Where a field stands, from outside; a number for one of several."""
    steps: list[str | int] = []
    for part in name.split("."):
        numbered = NUMBERED.fullmatch(part)
        steps += (part,) if numbered is None else (numbered[1], int(numbered[2]))
    return steps


def _put(inside: dict[str | int, Any], last: str | int, value: str) -> None:
    if isinstance(last, int):
        inside.setdefault(last, {})
    elif last.endswith("[]"):
        several = inside.setdefault(last.removesuffix("[]"), [])
        if isinstance(several, list):
            several.append(value)
    else:
        inside[last] = value


def _numbered_as_list(value: object) -> object:
    """What a form has numbered, in that order; the API refuses what is numbered only in part."""
    if not isinstance(value, dict):
        return value
    by_name = {name: _numbered_as_list(each) for name, each in value.items()}
    are_numbered = bool(by_name) and all(isinstance(name, int) for name in by_name)
    return [by_name[number] for number in sorted(by_name)] if are_numbered else by_name


def written(value: object) -> str:
    """What somebody wrote into a field. Browsers send lines ended as of old, which nobody has typed."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def with_query(address: str, **more: str) -> str:
    """An address with more in its query; what it says of the same names is replaced."""
    parts = urlsplit(address)
    query = {**dict(parse_qsl(parts.query)), **more}
    return urlunsplit(parts._replace(query=urlencode(query)))


def _names_in(path: str) -> tuple[str, ...]:
    return tuple(part[1:-1] for part in path.split("/") if part.startswith("{"))
