"""`careroute team`, `person`: who is on the books, and who is on shift."""

from __future__ import annotations

from typing import Annotated

import typer

from services.console.cli.ask import HashOption, JsonOption, PersonOption, ReasonOption, RequiredReason, ask, group
from services.console.cli.client import in_path
from services.console.cli.rota import Shift, whole_shift_id

team = group("Teams and their shifts.")
person = group("Members of staff.")

CallOption = Annotated[
    str | None, typer.Option("--call", help="The call it is about: refused if the team has another by now.")
]


@team.command("list")
def team_list(ctx: typer.Context, *, json: JsonOption = False) -> None:
    """The roster, with who is on shift and where they stand."""
    ask(ctx, json, lambda door: door.get("/v1/teams"), "teams")


@team.command("add", epilog="Example: careroute team add harbor-1 --model community-responder --primary Harbor")
def team_add(
    ctx: typer.Context,
    team_id: Annotated[str, typer.Argument()],
    *,
    model: Annotated[str, typer.Option(help="Response model, e.g. community-responder.")],
    primary: Annotated[list[str] | None, typer.Option(help="Primary district; may be repeated.")] = None,
    secondary: Annotated[list[str] | None, typer.Option(help="Secondary district; may be repeated.")] = None,
    pool: Annotated[str, typer.Option()] = "default",
    further_model: Annotated[
        list[str] | None, typer.Option(help="Another model that its crew can go as; may be repeated.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Add a team, or replace what is known of it."""
    given = {
        "team_id": team_id,
        "model": model,
        "primary_districts": primary or [],
        "secondary_districts": secondary or [],
        "pool": pool,
        "further_models": further_model or [],
    }
    ask(ctx, json, lambda door: door.post("/v1/teams", team=given))


@team.command("remove", epilog="Example: careroute team remove harbor-1 --reason 'joined with harbor-2'")
def team_remove(
    ctx: typer.Context,
    team_id: Annotated[str, typer.Argument()],
    *,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Take a team off the roster."""
    ask(ctx, json, lambda door: door.post(f"/v1/teams/{in_path(team_id)}/remove", reason=reason))


@team.command("sign-on", epilog="Example: careroute team sign-on harbor-1 sal tim --hours 10")
def team_sign_on(
    ctx: typer.Context,
    team_id: Annotated[str, typer.Argument()],
    members: Annotated[list[str], typer.Argument(help="Who is on the team.")],
    *,
    hours: Annotated[float, typer.Option(help="How long the shift is: at most 72 hours.")] = 8.0,
    long_shift: Annotated[bool, typer.Option("--long-shift", help="More than 24 hours are meant.")] = False,
    json: JsonOption = False,
) -> None:
    """Start a shift; prints your own pocket page, where you are a member. Whom you name besides has to confirm."""
    path = f"/v1/teams/{in_path(team_id)}/sign-on"
    ask(ctx, json, lambda door: door.post(path, members=members, hours=hours, long_shift=long_shift))


@team.command("begin-duty", epilog="Example: careroute team begin-duty harbor-1 a4da24a9")
def team_begin_duty(
    ctx: typer.Context,
    team_id: Annotated[str, typer.Argument()],
    planned_shift_id: Shift,
    *,
    json: JsonOption = False,
) -> None:
    """Start a team's planned shift with its people: you are one of them, or a dispatcher or supervisor."""
    path = f"/v1/teams/{in_path(team_id)}/begin-duty"
    ask(ctx, json, lambda door: door.post(path, planned_shift_id=whole_shift_id(door, planned_shift_id)))


@team.command("confirm", epilog="Example: careroute team confirm harbor-1")
def team_confirm(
    ctx: typer.Context,
    team_id: Annotated[str, typer.Argument()],
    *,
    person_id: PersonOption = None,
    json: JsonOption = False,
) -> None:
    """Say that you are on the team that you were signed on with; dispatchers and supervisors may vouch for others."""
    ask(ctx, json, lambda door: door.post(f"/v1/teams/{in_path(team_id)}/confirm", person_id=person_id))


@team.command("sign-off", epilog="Example: careroute team sign-off harbor-1")
def team_sign_off(ctx: typer.Context, team_id: Annotated[str, typer.Argument()], *, json: JsonOption = False) -> None:
    """End a shift."""
    ask(ctx, json, lambda door: door.post(f"/v1/teams/{in_path(team_id)}/sign-off"))


@team.command("status", epilog="Example: careroute team status harbor-1 on-scene --call demo-city/cad/D000002")
def team_status(
    ctx: typer.Context,
    team_id: Annotated[str, typer.Argument()],
    status: Annotated[str, typer.Argument(help="e.g. en-route, on-scene, need-police, cleared, available")],
    *,
    call_id: CallOption = None,
    disposition: Annotated[str | None, typer.Option(help="With cleared, e.g. resolved-on-scene.")] = None,
    happened_at: Annotated[
        str | None, typer.Option("--at", help="When it was so, e.g. 2026-03-02T14:05-06:00.")
    ] = None,
    released_by: Annotated[str | None, typer.Option(help="With on-scene: who let the team in.")] = None,
    json: JsonOption = False,
) -> None:
    """Say where a team stands."""
    body = {
        "status": status,
        "call_id": call_id,
        "disposition": disposition,
        "happened_at": happened_at,
        "released_by": released_by,
    }
    ask(ctx, json, lambda door: door.post(f"/v1/teams/{in_path(team_id)}/status", **body))


@team.command("correct", epilog="Example: careroute team correct harbor-1 en-route --reason 'pressed too early'")
def team_correct(
    ctx: typer.Context,
    team_id: Annotated[str, typer.Argument()],
    status: Annotated[str, typer.Argument(help="en-route, staged or on-scene")],
    *,
    call_id: CallOption = None,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Take back where a team said it stands: it is, after all, not yet so far."""
    body = {"status": status, "call_id": call_id, "reason": reason}
    ask(ctx, json, lambda door: door.post(f"/v1/teams/{in_path(team_id)}/correct", **body))


@team.command("release", epilog="Example: careroute team release harbor-1 --by 'officer 12'")
def team_release(
    ctx: typer.Context,
    team_id: Annotated[str, typer.Argument()],
    *,
    call_id: CallOption = None,
    released_by: Annotated[str | None, typer.Option("--by", help="Who lets it in; you, if left out.")] = None,
    json: JsonOption = False,
) -> None:
    """Let a team go in that waits nearby."""
    body = {"call_id": call_id, "released_by": released_by}
    ask(ctx, json, lambda door: door.post(f"/v1/teams/{in_path(team_id)}/release", **body))


@team.command(
    "withdraw",
    epilog="Example: careroute team withdraw harbor-1 --call demo-city/cad/D000002 --reason 'needed elsewhere'",
)
def team_withdraw(
    ctx: typer.Context,
    team_id: Annotated[str, typer.Argument()],
    *,
    call_id: CallOption = None,
    reason: RequiredReason,
    json: JsonOption = False,
) -> None:
    """Take a team off its call, wherever it stands."""
    body = {"call_id": call_id, "reason": reason}
    ask(ctx, json, lambda door: door.post(f"/v1/teams/{in_path(team_id)}/withdraw", **body))


@person.command("link")
def person_link(ctx: typer.Context, *, json: JsonOption = False) -> None:
    """Your own pocket page of the shift that you are on."""
    ask(ctx, json, lambda door: door.get("/v1/people/me/link"), "link")


@person.command("sign-in")
def person_sign_in(ctx: typer.Context, *, json: JsonOption = False) -> None:
    """A link that signs you in at a browser, once, within a quarter of an hour. Hand it to nobody."""
    ask(ctx, json, lambda door: door.post("/v1/people/me/sign-in-link").at(door), "sign-in-link")


@person.command("list")
def person_list(ctx: typer.Context, *, json: JsonOption = False) -> None:
    """Members of staff."""
    ask(ctx, json, lambda door: door.get("/v1/people"), "people")


@person.command(
    "add",
    epilog="Example: careroute person add sal --name 'Sal Ito' --discipline crisis-worker --language en --language es",
)
def person_add(
    ctx: typer.Context,
    person_id: Annotated[str, typer.Argument(help="The same as their name in the agencies file.")],
    *,
    name: Annotated[
        str | None, typer.Option(help="Sealed, and shown to whoever may read people; left out, it stays.")
    ] = None,
    discipline: Annotated[list[str], typer.Option(help="e.g. paramedic, crisis-worker; may be repeated.")],
    language: Annotated[
        list[str] | None, typer.Option(help="e.g. en, es; may be repeated; en alone, if left out.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Add a member of staff, or replace what is known of them. How they are reached: `person contact set`."""
    given = {"person_id": person_id, "name": name or "", "disciplines": discipline, "languages": language or ["en"]}
    ask(ctx, json, lambda door: door.post("/v1/people", person=given))


@person.command("remove", epilog="Example: careroute person remove sal --reason 'has left'")
def person_remove(
    ctx: typer.Context,
    person_id: Annotated[str, typer.Argument()],
    *,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Take a member of staff off the books."""
    ask(ctx, json, lambda door: door.post(f"/v1/people/{in_path(person_id)}/remove", reason=reason))


@person.command("revoke-links", epilog="Example: careroute person revoke-links sal --reason 'lost phone'")
def person_revoke_links(
    ctx: typer.Context,
    person_id: Annotated[str, typer.Argument()],
    *,
    reason: RequiredReason,
    device: Annotated[
        list[str] | None, typer.Option(help="The lost phone: a device that ends, too; may be repeated.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """End every pocket link of a person, at once, whatever runs. Of a lost phone change first how they are reached."""
    path = f"/v1/people/{in_path(person_id)}/revoke-links"
    ask(ctx, json, lambda door: door.post(path, reason=reason, device_ids=device or None))


@person.command("revoke-token", epilog="Example: careroute person revoke-token sal --reason 'lost laptop'")
def person_revoke_token(
    ctx: typer.Context,
    person_id: Annotated[str, typer.Argument(help="Their name in the agencies file.")],
    *,
    reason: RequiredReason,
    token_hash: HashOption = None,
    json: JsonOption = False,
) -> None:
    """Let a person's token in nowhere any more, at once, whatever the agencies file says."""
    path = f"/v1/people/{in_path(person_id)}/revoke-token"
    ask(ctx, json, lambda door: door.post(path, reason=reason, token_hash=token_hash))
