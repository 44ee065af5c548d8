"""Imports the shifts of another tool: reads them here, shows what they come to, and sends them as commands."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from datetime import date, datetime
from json import dumps
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from services.console.cli.ask import show
from services.console.cli.client import NOT_REACHABLE, REFUSED, USAGE, Door, NotDone, connect
from services.console.cli.terminal import BAD, QUIET, terminal
from services.console.foreign.fetch import NotFetched, fetch
from services.console.foreign.mapping import RotaMapping, read_mapping
from services.console.foreign.rows import Books, Import, Row, read_plan
from services.console.foreign.windows import Window, halves, spoken_of, whole_span, windows
from shared.plain import how_many, visible
from shared.programme.trying.export_document import MappingRefused

MOST_FAULTS = 50
MINUTES_AN_HOUR = 60


class Wanted(NamedTuple):
    """How it is to be imported."""

    until: date | None
    dry_run: bool
    without_refused: bool
    confirmed: bool


def run(
    door: Door | None, mapping_file: Path, place: Path | str | None, wanted: Wanted, now: datetime, *, as_json: bool
) -> NoReturn:
    """Read, show, send. Leaves with the exit code of the command line."""
    try:
        mapping = read_mapping(mapping_file.read_text("utf-8-sig"))
        content = _content(place)
        books = None if wanted.dry_run else _books(door := door or connect())
        span = whole_span(now)
        plan = read_plan(mapping, content, span, books)
        spoken = spoken_of(plan.rows, span, ZoneInfo(mapping.time_zone), wanted.until)
        plan = plan.within(spoken)
        parts = list(windows(plan.rows, spoken, plan.unread))
    except MappingRefused as refused:
        _end(str(refused), REFUSED)
    except UnicodeDecodeError:
        _end(f"{mapping_file} is no UTF-8 text", REFUSED)
    except NotFetched as error:
        _end(f"{error}. What was imported last stands.", NOT_REACHABLE)
    except NotDone as failed:
        show({**failed.body, "next": failed.next_step}, "not-done", as_json=False)
        raise typer.Exit(failed.exit_code) from None
    if as_json and wanted.dry_run:
        typer.echo(dumps(_shown(plan, parts), indent=2))
    elif not as_json:
        _tell(mapping, plan, parts)
    _tell_faults(plan)
    if plan.faults and not wanted.without_refused:
        _end("Nothing is imported. Put right what is named above, or say --without-refused.", REFUSED)
    if wanted.dry_run or door is None:
        raise typer.Exit(0)
    raise typer.Exit(_send(door, mapping, parts, wanted, as_json=as_json))


def _content(place: Path | str | None) -> bytes:
    if place is None:
        _end("Say the file, or --url.", USAGE)
    return place.read_bytes() if isinstance(place, Path) else fetch(place)


def _books(door: Door) -> Books:
    """Who is on the books. Raises NotDone."""
    people = (person["person"]["person_id"] for person in door.get("/v1/people").body)
    return Books(frozenset(people), frozenset(team["team"]["team_id"] for team in door.get("/v1/teams").body))


def _tell(mapping: RotaMapping, plan: Import, parts: Sequence[Window]) -> None:
    out, zone = terminal(), ZoneInfo(mapping.time_zone)
    begins, ends = parts[0].span.starts_at.astimezone(zone), parts[-1].span.ends_at.astimezone(zone)
    shifts = how_many(len(plan.rows), "shift")
    out.print(Text(f"{shifts} of {mapping.source} from {begins:%Y-%m-%d %H:%M} until {ends:%Y-%m-%d %H:%M %Z}"))
    for (team_id, duty), count in sorted(Counter((row.team_id, row.duty) for row in plan.rows).items()):
        open_places = sum(
            len(row.needs) - len(row.people) for row in plan.rows if (row.team_id, row.duty) == (team_id, duty)
        )
        lacking = f", {how_many(open_places, 'place')} without anybody" if open_places else ""
        out.print(Text(f"  {team_id} {duty}: {count}{lacking}"), soft_wrap=True)
    for why, count in sorted(plan.left_out.items()):
        out.print(Text(f"  {count} left out: {visible(why)}", QUIET), soft_wrap=True)
    for remark in plan.remarks:
        out.print(Text(f"  {visible(remark)}"), soft_wrap=True)


def _tell_faults(plan: Import) -> None:
    errors = terminal(error=True)
    for fault in plan.faults[:MOST_FAULTS]:
        errors.print(Text("refused", BAD), Text(visible(str(fault))), soft_wrap=True)
    if len(plan.faults) > MOST_FAULTS:
        errors.print(Text(f"and {len(plan.faults) - MOST_FAULTS} more"))


def _shown(plan: Import, parts: Sequence[Window]) -> dict[str, Any]:
    return {
        "from": parts[0].span.starts_at.isoformat(),
        "until": parts[-1].span.ends_at.isoformat(),
        "shifts": [_of_row(row) for row in plan.rows],
        "refused": [str(fault) for fault in plan.faults],
        "left_out": plan.left_out,
        "remarks": plan.remarks,
    }


def _send(door: Door, mapping: RotaMapping, parts: Sequence[Window], wanted: Wanted, *, as_json: bool) -> int:
    """One command a window, in order of time; the first that is not done ends it. The exit code of the last.

    What is too much for one command is said in two.
    """
    answers: list[Any] = []
    exit_code = 0
    left = deque(parts)
    while left:
        part = left.popleft()
        try:
            reply = door.post("/v1/rota/import", **_command(mapping, part, confirmed=wanted.confirmed))
        except NotDone as failed:
            if failed.body.get("reason") == "too-big" and (two := halves(part)):
                left.extendleft(reversed(two))
                continue
            if answers:
                terminal(error=True).print(f"Imported are the shifts before {part.span.starts_at.isoformat()} alone.")
            show({**failed.body, "next": failed.next_step}, "not-done", as_json=False)
            exit_code = failed.exit_code
            break
        answers.append(reply.body)
        exit_code = max(exit_code, reply.exit_code)
    if as_json:
        typer.echo(dumps(answers, indent=2))
    else:
        for body in answers:
            show(body, "answer", as_json=False)
    return exit_code


def _command(mapping: RotaMapping, part: Window, *, confirmed: bool) -> dict[str, Any]:
    return {
        "source": mapping.source,
        "starts_at": part.span.starts_at.isoformat(),
        "ends_at": part.span.ends_at.isoformat(),
        "zone": mapping.time_zone,
        "rows": [_of_row(row) for row in part.rows],
        "elsewhere": part.elsewhere,
        "confirmed": confirmed,
        "period_minutes": mapping.every_hours * MINUTES_AN_HOUR,
        "rest_hours": mapping.rest_hours,
        "sign_on_grace_minutes": mapping.sign_on_grace_minutes,
        "gaps_to": mapping.gaps_to,
    }


def _of_row(row: Row) -> dict[str, Any]:
    return {**row._asdict(), "starts_at": row.starts_at.isoformat(), "ends_at": row.ends_at.isoformat()}


def _end(message: str, exit_code: int) -> NoReturn:
    terminal(error=True).print(Text(visible(message, several_lines=True)), soft_wrap=True)
    raise typer.Exit(exit_code)
