"""`careroute rota`: who is planned when, what the plan lacks, and plans that another tool has made.

A shift is named by its id, or by how that begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from services.console.cli.ask import JsonOption, ReasonOption, RequiredReason, ask, group
from services.console.cli.client import REFUSED, USAGE, Door, NotDone, Reply, in_path

rota = group("The rota: who is planned when.")

WHOLE_ID = 32
HORIZON_DAYS, MOST_DAYS = 42, 100
Shift = Annotated[str, typer.Argument(metavar="SHIFT", help="As `rota show` names it; the beginning is enough.")]
PlaceOption = Annotated[int, typer.Option("--place", min=1, max=8, help="Which place, from 1.")]
FromOption = Annotated[str | None, typer.Option("--from", help="Only from then on, e.g. 2026-12-07T02:00-06:00.")]
UntilOption = Annotated[str | None, typer.Option("--until", help="Only until then.")]
WhoOption = Annotated[str | None, typer.Option("--person", help="Who, if not you: for supervisors.")]
Instant = Annotated[str, typer.Argument(help="An instant with its offset, e.g. 2026-12-07T19:00-06:00.")]


@rota.command("show", epilog="Example: careroute rota show --team harbor-night --gaps")
def rota_show(
    ctx: typer.Context,
    *,
    team_id: Annotated[str | None, typer.Option("--team", help="Of one team.")] = None,
    person_id: Annotated[str | None, typer.Option("--person", help="Of one person.")] = None,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="How many days from now on.")] = HORIZON_DAYS,
    gaps: Annotated[bool, typer.Option("--gaps", help="Only shifts that lack something.")] = False,
    json: JsonOption = False,
) -> None:
    """Who is planned when, six weeks ahead, with what each shift lacks and why."""

    def shown(door: Door) -> Reply:
        reply = door.get("/v1/rota", days=days, team_id=team_id, person_id=person_id)
        return Reply([shift for shift in reply.body if shift["gaps"]] if gaps else reply.body)

    ask(ctx, json, shown, "rota")


@rota.command("rotations")
def rota_rotations(ctx: typer.Context, *, json: JsonOption = False) -> None:
    """The rotations from which shifts follow."""
    ask(ctx, json, lambda door: door.get("/v1/rota/rotations"), "rotations")


@rota.command("define", epilog="Example: careroute rota define rota.toml --reason 'the winter plan'")
def rota_define(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Rotations, TOML; `careroute rota example` prints one.")
    ],
    *,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Add the rotations of a file, or replace them; the shifts of the next six weeks follow at once."""

    def define(door: Door) -> Reply:
        from services.console.cli.rota_file import RotationsRefused, read_rotations  # noqa: PLC0415  # see ask.py

        try:
            written = read_rotations(file)
        except RotationsRefused as refused:
            body = {"detail": f"{file} does not say what can be planned.", "errors": _told(refused.faults)}
            raise NotDone(USAGE, body, "Nothing was changed. Put right what is named above.") from None
        answers: list[dict[str, Any]] = []
        for rotation in written.rotations:
            try:
                reply = door.post("/v1/rota/rotations", rotation=rotation.model_dump(mode="json"), reason=reason)
            except NotDone as failed:
                said = [error["what"] for error in failed.body.get("errors", ())]
                failed.body["errors"] = _told(written.fault(rotation.rotation_id, each) for each in said)
                before = f"Defined were: {', '.join(answer['about'] for answer in answers)}. " if answers else ""
                failed.next_step = f"{before}{failed.next_step}"
                raise
            answers.append({**reply.body, "rotation_id": rotation.rotation_id})
        return Reply(answers)

    ask(ctx, json, define, "answers")


def _told(faults: Iterable[str]) -> list[dict[str, str]]:
    return [{"path": "", "what": fault} for fault in faults]


@rota.command("example", epilog="Example: careroute rota example > rota.toml")
def rota_example() -> None:
    """Print a file of rotations to begin with, each line explained."""
    from services.console.cli.rota_file import EXAMPLE  # noqa: PLC0415  # see ask.py

    typer.echo(EXAMPLE, nl=False)


@rota.command("remove", epilog="Example: careroute rota remove nights --reason 'the winter plan ends'")
def rota_remove(
    ctx: typer.Context,
    rotation_id: Annotated[str, typer.Argument(metavar="ROTATION")],
    *,
    reason: RequiredReason,
    json: JsonOption = False,
) -> None:
    """End a rotation, and drop the shifts of it that have not begun."""
    ask(ctx, json, lambda door: door.post(f"/v1/rota/rotations/{in_path(rotation_id)}/remove", reason=reason))


@rota.command(
    "plan",
    epilog="Example: careroute rota plan harbor-night 2026-12-07T19:00-06:00 2026-12-08T07:00-06:00 "
    "sal 'emt or nurse=tim' --zone America/Chicago",
)
def rota_plan(
    ctx: typer.Context,
    team_id: Annotated[str, typer.Argument(metavar="TEAM")],
    starts_at: Instant,
    ends_at: Instant,
    places: Annotated[
        list[str], typer.Argument(help="One a place: who, or what it needs and who: `ann`, `emt=`, `emt or nurse=bob`.")
    ],
    *,
    zone: Annotated[str, typer.Option(help="On whose clocks people read it, e.g. America/Chicago.")],
    duty: Annotated[Literal["on-shift", "on-call"], typer.Option(help="At work, or on call.")] = "on-shift",
    gaps_to: Annotated[list[str] | None, typer.Option(help="Who is told what it lacks; may be repeated.")] = None,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Plan one shift that no rotation plans."""
    body = {
        "team_id": team_id,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "zone": zone,
        "duty": duty,
        "places": [_place(written) for written in places],
        "gaps_to": gaps_to or [],
        "reason": reason,
    }
    ask(ctx, json, lambda door: door.post("/v1/rota/shifts", **body))


def _place(written: str) -> dict[str, str]:
    needs, equals, person_id = written.partition("=")
    return {"needs": needs, "person_id": person_id} if equals else {"needs": "", "person_id": written}


@rota.command(
    "move",
    epilog="Example: careroute rota move a4da24a9 2026-12-07T20:00-06:00 2026-12-08T08:00-06:00 --reason training",
)
def rota_move(
    ctx: typer.Context,
    shift: Shift,
    starts_at: Instant,
    ends_at: Instant,
    *,
    reason: RequiredReason,
    json: JsonOption = False,
) -> None:
    """Give a shift other times, whatever its rotation says; whoever is in it keeps their place, and is told."""
    body = {"starts_at": starts_at, "ends_at": ends_at, "reason": reason}
    ask(ctx, json, lambda door: door.post(f"{_path_of(door, shift)}/move", **body))


@rota.command("drop", epilog="Example: careroute rota drop a4da24a9 --reason 'a holiday'")
def rota_drop(ctx: typer.Context, shift: Shift, *, reason: RequiredReason, json: JsonOption = False) -> None:
    """Have a shift not take place, on purpose; its rotation does not plan it again."""
    ask(ctx, json, lambda door: door.post(f"{_path_of(door, shift)}/drop", reason=reason))


@rota.command("take", epilog="Example: careroute rota take a4da24a9 --place 2 --from 2026-12-08T02:00-06:00")
def rota_take(
    ctx: typer.Context,
    shift: Shift,
    *,
    person_id: WhoOption = None,
    place: PlaceOption = 1,
    instead_of: Annotated[str | None, typer.Option(help="Whose place it is, where they ask no cover for it.")] = None,
    starts_at: FromOption = None,
    ends_at: UntilOption = None,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Take a place in a shift, all of it or a part, at once; whoever had it is told. Supervisors give it to anybody.

    Whoever says neither which part nor from whom has the parts that somebody is wanted for.
    """
    body = {
        "person_id": person_id,
        "place": place,
        "instead_of": instead_of,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "reason": reason,
    }
    ask(ctx, json, lambda door: door.post(f"{_path_of(door, shift)}/take", **body))


@rota.command("swap", epilog="Example: careroute rota swap a4da24a9 01cb853a")
def rota_swap(
    ctx: typer.Context,
    shift: Shift,
    other: Shift,
    *,
    place: PlaceOption = 1,
    other_place: Annotated[int, typer.Option(min=1, max=8, help="Which place of the other shift, from 1.")] = 1,
    with_whom: Annotated[str | None, typer.Option("--with", help="Whose that is: refused if not by now.")] = None,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Exchange your place in a shift for somebody's in another, both or neither; they are told."""

    def swap(door: Door) -> Reply:
        body = {
            "place": place,
            "other_shift_id": whole_shift_id(door, other),
            "other_place": other_place,
            "other_person_id": with_whom,
            "reason": reason,
        }
        return door.post(f"{_path_of(door, shift)}/swap", **body)

    ask(ctx, json, swap)


@rota.command("cover", epilog="Example: careroute rota cover a4da24a9")
def rota_cover(
    ctx: typer.Context,
    shift: Shift,
    *,
    place: PlaceOption = 1,
    starts_at: FromOption = None,
    ends_at: UntilOption = None,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """Ask everybody who is trained, free and rested to take your place; the first to take it has it."""
    body = {"place": place, "starts_at": starts_at, "ends_at": ends_at, "reason": reason}
    ask(ctx, json, lambda door: door.post(f"{_path_of(door, shift)}/cover", **body))


@rota.command("away", epilog="Example: careroute rota away 2026-12-07T00:00-06:00 2026-12-14T00:00-06:00")
def rota_away(
    ctx: typer.Context, starts_at: Instant, ends_at: Instant, *, person_id: WhoOption = None, json: JsonOption = False
) -> None:
    """Say that you are away, ill or on leave: nobody asks why. Prints the id by which it is taken back."""
    body = {"starts_at": starts_at, "ends_at": ends_at, "person_id": person_id}
    ask(ctx, json, lambda door: door.post("/v1/rota/absences", **body))


@rota.command("back", epilog="Example: careroute rota back db52d67f42c03ed6386460dae43abb02")
def rota_back(
    ctx: typer.Context,
    absence_id: Annotated[str, typer.Argument(metavar="ABSENCE")],
    *,
    person_id: WhoOption = None,
    json: JsonOption = False,
) -> None:
    """Say that you are not away after all."""

    def lifted(door: Door) -> Reply:
        path = f"/v1/rota/absences/{in_path(absence_id)}/lift"
        return door.post(path, person_id=person_id or _who_is_away(door, absence_id))

    ask(ctx, json, lifted)


def _who_is_away(door: Door, absence_id: str) -> str | None:
    """Whose absence it is, where that can be seen: a supervisor takes back anybody's by its id alone."""
    seen = door.get("/v1/rota/absences").body
    return next((each["person_id"] for each in seen if each["absence_id"] == absence_id), None)


@rota.command("absences")
def rota_absences(ctx: typer.Context, *, json: JsonOption = False) -> None:
    """When you are away; for dispatchers and supervisors everybody."""
    ask(ctx, json, lambda door: door.get("/v1/rota/absences"), "absences")


@rota.command("feeds")
def rota_feeds(ctx: typer.Context, *, json: JsonOption = False) -> None:
    """The plans that are read from other tools: when last, and what of them was not taken."""
    ask(ctx, json, lambda door: door.get("/v1/rota/feeds"), "feeds")


def _path_of(door: Door, shift: str) -> str:
    return f"/v1/rota/shifts/{in_path(whole_shift_id(door, shift))}"


def whole_shift_id(door: Door, shift: str) -> str:
    """The id of the shift that begins so. Raises NotDone."""
    if len(shift) == WHOLE_ID:
        return shift
    shifts = door.get("/v1/rota", days=MOST_DAYS).body
    meant = [each["shift_id"] for each in shifts if each["shift_id"].startswith(shift)]
    if len(meant) == 1:
        return str(meant[0])
    detail = f"{len(meant)} shifts begin with {shift!r}." if meant else f"No shift from now on begins with {shift!r}."
    raise NotDone(REFUSED, {"detail": detail}, "`careroute rota show` names the shifts.")


@rota.command(
    "import",
    epilog="Example: careroute rota import plan.csv --mapping deploy/mappings/rota-spreadsheet.toml --dry-run",
)
def rota_import(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="CSV or ICS.")
    ] = None,
    *,
    mapping: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="How to read it (TOML).")],
    url: Annotated[
        str | None, typer.Option(envvar="CAREROUTE_ROTA_URL", help="Where the tool publishes it, instead of a file.")
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The last day that it speaks of; else that of its last shift."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be imported.")] = False,
    without_refused: Annotated[
        bool, typer.Option("--without-refused", help="Import the rest, where rows are refused.")
    ] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", "--confirmed", help="It is meant that much of the next week is dropped.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Import the shifts that another tool has planned, from a CSV or a calendar.

    They replace what was imported of the same source, from now until the last day that the file speaks of.

    To follow a tool, have this run as often as the mapping says (`every_hours`): after two misses an alert says so.
    """
    from services.console.cli import rota_import as importing  # noqa: PLC0415  # `--help` does without
    from shared.clock import SystemClock  # noqa: PLC0415  # as above

    wanted = importing.Wanted(
        until=until.date() if until else None, dry_run=dry_run, without_refused=without_refused, confirmed=confirm
    )
    importing.run(ctx.obj, mapping, file or url, wanted, SystemClock().now(), as_json=json)


@rota.command("calendar", epilog="Example: careroute rota calendar sal")
def rota_calendar(
    ctx: typer.Context,
    person_id: Annotated[str | None, typer.Argument(metavar="PERSON", help="You, if left out.")] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Links for a calendar program: a person's own shifts, and everybody's. Whoever has them can look, and no more."""
    path = "/v1/rota/calendars" + (f"/{in_path(person_id)}" if person_id else "")
    ask(ctx, json, lambda door: door.get(path), "calendars")


@rota.command("revoke-calendar", epilog="Example: careroute rota revoke-calendar sal --reason 'lost laptop'")
def rota_revoke_calendar(
    ctx: typer.Context,
    person_id: Annotated[str, typer.Argument(metavar="PERSON")],
    *,
    reason: RequiredReason,
    json: JsonOption = False,
) -> None:
    """End a person's links to calendars, and none besides; what they ask for next are new ones."""
    path = f"/v1/people/{in_path(person_id)}/revoke-calendar"
    ask(ctx, json, lambda door: door.post(path, reason=reason))
