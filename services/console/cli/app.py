"""`careroute`: the command line for people, on the door's API alone.

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 not answered yet, 4 not reachable.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from services.console.cli.client import USAGE, Door, Reply, Trouble, call_path, connect, in_path
from services.console.cli.programme.app import programme_app as programme

EPILOG = "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 not answered yet, 4 not reachable."


def _group(help_text: str) -> typer.Typer:
    return typer.Typer(help=help_text, no_args_is_help=True)


app = typer.Typer(
    help="careroute for dispatchers, supervisors and staff. Set CAREROUTE_CONSOLE_URL and CAREROUTE_TOKEN.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(call := _group("Calls: what was decided, and why."), name="call")
app.add_typer(programme, name="programme")
app.add_typer(team := _group("Teams and their shifts."), name="team")
app.add_typer(person := _group("Members of staff."), name="person")
app.add_typer(offer := _group("Answer an offer."), name="offer")
app.add_typer(referral := _group("Referrals and follow-ups: who is to get in touch, and by when."), name="referral")
app.add_typer(cad := _group("Word back to the CADs."), name="cad")
app.add_typer(key := _group("API keys and tokens."), name="key")

Json = Annotated[bool, typer.Option("--json", help="The API's answer as JSON.")]
Reason = Annotated[str | None, typer.Option("--reason", "-r", help="Why; kept with the command.")]
MustReason = Annotated[str, typer.Option("--reason", "-r", help="Why; kept with the command.")]
District = Annotated[str, typer.Argument(help="A district of the programme, or `all`.")]
CallId = Annotated[str, typer.Argument(help="agency/source/incident")]
Response = Annotated[str | None, typer.Option("--response", help="Only this response of the programme.")]
As = Annotated[str | None, typer.Option("--as", help="Who answers; you, if left out.")]

Show = Callable[[Any], Any]


# --- switchboard


@app.command()
def pause(
    ctx: typer.Context, district: District, *, response: Response = None, reason: Reason = None, json: Json = False
) -> None:
    """The stop switch: nothing of ours leaves in this district any more. One person, at once."""
    body = {"district": district, "response": response, "reason": reason}
    _do(ctx, json, lambda door: door.post("/v1/switchboard/pause", **body))


@app.command()
def resume(
    ctx: typer.Context, district: District, *, response: Response = None, reason: Reason = None, json: Json = False
) -> None:
    """End a pause: the one of this district and this response."""
    body = {"district": district, "response": response, "reason": reason}
    _do(ctx, json, lambda door: door.post("/v1/switchboard/resume", **body))


@app.command()
def review(
    ctx: typer.Context,
    revision: Annotated[int, typer.Argument(help="The switchboard revision that the pause made.")],
    *,
    reason: MustReason,
    json: Json = False,
) -> None:
    """Say what was found of a pause that another person ordered."""
    _do(ctx, json, lambda door: door.post("/v1/switchboard/review", revision=revision, reason=reason))


@app.command()
def phase(
    ctx: typer.Context,
    response: Annotated[str, typer.Argument(help="A response of the programme.")],
    district: District,
    phase: Annotated[str, typer.Argument(help="off, shadow, advisory or live")],
    *,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Set how far a response is switched on in a district."""

    def change(door: Door) -> Reply:
        revision = door.get("/v1/switchboard").body["revision"]
        body = {"response": response, "district": district, "phase": phase, "reason": reason, "based_on": revision}
        return door.post("/v1/switchboard/phase", **body)

    _do(ctx, json, change)


@app.command()
def cap(
    ctx: typer.Context,
    response: Annotated[str, typer.Argument(help="A response of the programme.")],
    district: District,
    *,
    at_once: Annotated[int | None, typer.Option("--open", min=1, help="At most so many calls at once.")] = None,
    per_day: Annotated[int | None, typer.Option(min=1, help="At most so many calls a day.")] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Take both bounds away.")] = False,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Bound how many calls a response takes in a district, or in `all` together; a bound not named stays."""
    if lift == (at_once is not None or per_day is not None):
        raise typer.BadParameter("name a bound, --open or --per-day, or --lift")

    def change(door: Door) -> Reply:
        board = door.get("/v1/switchboard").body
        present = {} if lift else board["caps"].get(f"{response}/{district}", {})
        bounds = {
            "at_most_open": at_once or present.get("at_most_open"),
            "at_most_per_day": per_day or present.get("at_most_per_day"),
        }
        body = {"response": response, "district": district, **bounds, "reason": reason, "based_on": board["revision"]}
        return door.post("/v1/switchboard/cap", **body)

    _do(ctx, json, change)


@app.command()
def switchboard(ctx: typer.Context, *, json: Json = False) -> None:
    """What is switched on, what is paused, and who changed it lately."""
    _do(ctx, json, lambda door: door.get("/v1/switchboard"), "switchboard")


@app.command()
def alerts(ctx: typer.Context, *, json: Json = False) -> None:
    """What somebody has to look at."""
    _do(ctx, json, lambda door: door.get("/v1/alerts"), "alerts")


@app.command()
def command(ctx: typer.Context, command_id: Annotated[str, typer.Argument()], *, json: Json = False) -> None:
    """What became of a command that was not answered in time."""
    _do(ctx, json, lambda door: door.get(f"/v1/commands/{in_path(command_id)}"), "answer")


# --- calls


@app.command()
def override(
    ctx: typer.Context,
    call_id: CallId,
    send: Annotated[str, typer.Argument(help="`default`, or a response.")],
    *,
    reason: MustReason,
    json: Json = False,
) -> None:
    """Decide a call yourself."""
    _do(ctx, json, lambda door: door.post(f"{call_path(call_id)}/override", send=send, reason=reason))


@app.command()
def confirm(ctx: typer.Context, call_id: CallId, *, reason: Reason = None, json: Json = False) -> None:
    """In an advisory district: confirm what is proposed for a call."""
    _do(ctx, json, lambda door: door.post(f"{call_path(call_id)}/confirm", reason=reason))


@call.command("show")
def call_show(ctx: typer.Context, call_id: CallId, *, json: Json = False) -> None:
    """A call: state, history, and every gate with its sentence."""
    _do(ctx, json, lambda door: door.get(call_path(call_id)), "call")


@call.command("list")
def call_list(
    ctx: typer.Context,
    *,
    district: Annotated[str | None, typer.Option(help="Only this district.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only calls without outcome, or with a team.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    json: Json = False,
) -> None:
    """Calls, the one heard of last first."""
    query = {"district": district, "open": True if open_only else None, "limit": limit}
    _do(ctx, json, lambda door: door.get("/v1/calls", **query), "calls")


# --- programme


@programme.command("propose")
def programme_propose(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The document, TOML.")],
    *,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Put a document forward; another person approves it by the hash that this prints."""

    def propose(door: Door) -> Reply:
        try:
            document = file.read_text("utf-8")
        except UnicodeDecodeError:
            raise Trouble(USAGE, {"detail": f"{file} is not UTF-8 text."}, "Save it as UTF-8.") from None
        return door.post("/v1/programme/propose", document=document, reason=reason)

    _do(ctx, json, propose)


@programme.command("approve")
def programme_approve(
    ctx: typer.Context,
    document_hash: Annotated[str, typer.Argument(metavar="HASH")],
    *,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Approve a proposed document; it takes effect at the instant that it names."""
    _do(ctx, json, lambda door: door.post("/v1/programme/approve", document_hash=document_hash, reason=reason))


@programme.command("rollback")
def programme_rollback(
    ctx: typer.Context,
    to_hash: Annotated[
        str | None, typer.Argument(metavar="HASH", help="Else the document before the one in force.")
    ] = None,
    *,
    reason: MustReason,
    json: Json = False,
) -> None:
    """Put a document in force again that two people had approved. One person, at once."""

    def roll_back(door: Door) -> Reply:
        documents = door.get("/v1/programme").body
        in_force = next((seen["document_hash"] for seen in documents if seen["state"] == "active"), None)
        return door.post("/v1/programme/rollback", to_hash=to_hash, in_force=in_force, reason=reason)

    _do(ctx, json, roll_back)


@programme.command("show")
def programme_show(
    ctx: typer.Context,
    *,
    document: Annotated[bool, typer.Option("--document", help="Print the active document itself.")] = False,
    json: Json = False,
) -> None:
    """Versions of the programme: proposed, adopted, active."""
    _do(ctx, json, lambda door: door.get("/v1/programme"), "document" if document else "documents")


# --- teams


@team.command("list")
def team_list(ctx: typer.Context, *, json: Json = False) -> None:
    """The roster, with who is on shift and where they stand."""
    _do(ctx, json, lambda door: door.get("/v1/teams"), "teams")


@team.command("add")
def team_add(
    ctx: typer.Context,
    team_id: Annotated[str, typer.Argument()],
    *,
    model: Annotated[str, typer.Option(help="Response model, e.g. community-responder.")],
    primary: Annotated[list[str] | None, typer.Option(help="Primary district; may be repeated.")] = None,
    secondary: Annotated[list[str] | None, typer.Option(help="Secondary district; may be repeated.")] = None,
    pool: Annotated[str, typer.Option()] = "default",
    json: Json = False,
) -> None:
    """Add a team, or replace what is known of it."""
    given = {
        "team_id": team_id,
        "model": model,
        "primary_districts": primary or [],
        "secondary_districts": secondary or [],
        "pool": pool,
    }
    _do(ctx, json, lambda door: door.post("/v1/teams", team=given))


@team.command("remove")
def team_remove(
    ctx: typer.Context, team_id: Annotated[str, typer.Argument()], *, reason: Reason = None, json: Json = False
) -> None:
    """Take a team off the roster."""
    _do(ctx, json, lambda door: door.post(f"/v1/teams/{in_path(team_id)}/remove", reason=reason))


@team.command("sign-on")
def team_sign_on(
    ctx: typer.Context,
    team_id: Annotated[str, typer.Argument()],
    members: Annotated[list[str], typer.Argument(help="Who is on the team.")],
    *,
    hours: Annotated[float, typer.Option(help="How long the shift is.")] = 8.0,
    json: Json = False,
) -> None:
    """Start a shift; prints each member's pocket page."""
    path = f"/v1/teams/{in_path(team_id)}/sign-on"
    _do(ctx, json, lambda door: door.post(path, members=members, hours=hours))


@team.command("sign-off")
def team_sign_off(ctx: typer.Context, team_id: Annotated[str, typer.Argument()], *, json: Json = False) -> None:
    """End a shift."""
    _do(ctx, json, lambda door: door.post(f"/v1/teams/{in_path(team_id)}/sign-off"))


@team.command("status")
def team_status(
    ctx: typer.Context,
    team_id: Annotated[str, typer.Argument()],
    status: Annotated[str, typer.Argument(help="e.g. en-route, on-scene, need-police, cleared, available")],
    *,
    call_id: Annotated[str | None, typer.Option("--call", help="The call it is about.")] = None,
    disposition: Annotated[str | None, typer.Option(help="With cleared, e.g. resolved-on-scene.")] = None,
    json: Json = False,
) -> None:
    """Say where a team stands."""
    body = {"status": status, "call_id": call_id, "disposition": disposition}
    _do(ctx, json, lambda door: door.post(f"/v1/teams/{in_path(team_id)}/status", **body))


# --- people


@person.command("list")
def person_list(ctx: typer.Context, *, json: Json = False) -> None:
    """Members of staff."""
    _do(ctx, json, lambda door: door.get("/v1/people"), "people")


@person.command("add")
def person_add(
    ctx: typer.Context,
    person_id: Annotated[str, typer.Argument(help="The same as their name in the agencies file.")],
    *,
    name: Annotated[str, typer.Option()],
    discipline: Annotated[list[str], typer.Option(help="e.g. paramedic, crisis-worker; may be repeated.")],
    language: Annotated[list[str] | None, typer.Option(help="e.g. en, es; may be repeated.")] = None,
    webhook: Annotated[str | None, typer.Option(help="A paging provider's; the pocket page is there anyway.")] = None,
    json: Json = False,
) -> None:
    """Add a member of staff, or replace what is known of them."""
    methods: list[dict[str, str]] = [{"method_id": "pocket", "kind": "pocket"}]
    if webhook is not None:
        methods.append({"method_id": "webhook", "kind": "webhook", "url": webhook})
    given = {
        "person_id": person_id,
        "name": name,
        "disciplines": discipline,
        "languages": language or ["en"],
        "contact_methods": methods,
    }
    _do(ctx, json, lambda door: door.post("/v1/people", person=given))


@person.command("remove")
def person_remove(
    ctx: typer.Context, person_id: Annotated[str, typer.Argument()], *, reason: Reason = None, json: Json = False
) -> None:
    """Take a member of staff off the books."""
    _do(ctx, json, lambda door: door.post(f"/v1/people/{in_path(person_id)}/remove", reason=reason))


# --- offers


@offer.command("accept")
def offer_accept(
    ctx: typer.Context,
    offer_id: Annotated[str, typer.Argument()],
    *,
    eta: Annotated[int | None, typer.Option(help="Minutes until you are there.")] = None,
    person_id: As = None,
    json: Json = False,
) -> None:
    """Take the call."""
    path = f"/v1/offers/{in_path(offer_id)}/accept"
    _do(ctx, json, lambda door: door.post(path, person_id=person_id, eta_minutes=eta))


@offer.command("decline")
def offer_decline(
    ctx: typer.Context,
    offer_id: Annotated[str, typer.Argument()],
    *,
    person_id: As = None,
    json: Json = False,
) -> None:
    """Leave the call to another team."""
    _do(ctx, json, lambda door: door.post(f"/v1/offers/{in_path(offer_id)}/decline", person_id=person_id))


# --- referrals


@referral.command("list")
def referral_list(
    ctx: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones and notes too.")] = False,
    json: Json = False,
) -> None:
    """Referrals and follow-ups, the one that is due first at the top."""
    query = {"open": None if everything else True}
    _do(ctx, json, lambda door: door.get("/v1/referrals", **query), "referrals")


@referral.command("close")
def referral_close(
    ctx: typer.Context,
    referral_id: Annotated[str, typer.Argument()],
    result: Annotated[str, typer.Argument(help="contacted, not-reached, refused or no-longer-needed")],
    *,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Say what became of one."""
    path = f"/v1/referrals/{in_path(referral_id)}/close"
    _do(ctx, json, lambda door: door.post(path, result=result, reason=reason))


# --- CADs and keys


@cad.command("ping")
def cad_ping(ctx: typer.Context, source: Annotated[str, typer.Argument()], *, json: Json = False) -> None:
    """Send a test message; success enables a disabled webhook again."""
    _do(ctx, json, lambda door: door.post(f"/v1/cad/{in_path(source)}/ping"))


@cad.command("redeliver")
def cad_redeliver(ctx: typer.Context, message_id: Annotated[str, typer.Argument()], *, json: Json = False) -> None:
    """Send a message again, under the same id; `call show` lists the ids."""
    _do(ctx, json, lambda door: door.post(f"/v1/cad-messages/{in_path(message_id)}/redeliver"))


@key.command("new")
def key_new(*, json: Json = False) -> None:
    """Make a key for a CAD or a token for a person, and the line for the agencies file that holds its hash."""
    import secrets  # noqa: PLC0415  # what only one command needs is imported there

    from shared.agencies import hash_of  # noqa: PLC0415  # as above

    made = secrets.token_urlsafe(32)
    body = {"key": made, "hash": hash_of(made)}
    _tell(body, "key", as_json=json)


@key.command("seal")
def key_seal() -> None:
    """Make a sealing key, for CAREROUTE_SEALING_KEY of intake, triage and the pocket page."""
    from shared.sealing import new_key  # noqa: PLC0415  # as above

    typer.echo(new_key())


@key.command("webhook")
def key_webhook() -> None:
    """Make a secret that signs webhooks, for the agencies file and for whoever receives them."""
    import base64  # noqa: PLC0415  # as above
    import secrets  # noqa: PLC0415  # as above

    typer.echo("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())


def _do(ctx: typer.Context, as_json: bool, ask: Callable[[Door], Reply], shape: str = "answer") -> None:  # noqa: FBT001  # typer's
    """Ask the door, show the answer in its shape, and leave with the exit code that it means."""
    try:
        reply = ask(ctx.obj or connect())
    except Trouble as trouble:
        _tell({**trouble.body, "next": trouble.next_step}, "trouble", as_json=as_json)
        raise typer.Exit(trouble.exit_code) from None
    _tell(reply.body, shape, as_json=as_json)
    raise typer.Exit(reply.exit_code)


def _tell(body: Any, shape: str, *, as_json: bool) -> None:
    if as_json:
        from json import dumps  # noqa: PLC0415  # as above

        typer.echo(dumps(body, indent=2))
        return
    from services.console.cli.show import SHAPES  # noqa: PLC0415  # as above

    SHAPES[shape](body)
