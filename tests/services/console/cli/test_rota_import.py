"""`careroute rota import` reads here, refuses as a whole, and sends what a door can take."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from typer.testing import CliRunner, Result

from deploy.local.kafka.node import CHECKOUT
from services.console.cli.app import app
from services.console.cli.client import Door
from services.console.foreign.fetch import NotFetched, fetch
from services.console.foreign.plan import MAX_BYTES
from shared.clock import SystemClock
from shared.events import ImportShifts
from tests.services.console.cli.driver import Town

SPREADSHEET = CHECKOUT / "deploy" / "mappings" / "rota-spreadsheet.toml"
HEAD = "Shift ID,First name,Last name,Unit,Kind,Date,Start,End"
CHICAGO = ZoneInfo("America/Chicago")
DONE = {"state": "done", "result": "done", "sentence": "Imported.", "command_id": "c"}


def row(days: int, number: int = 0, name: str = "Ana,Silva", unit: str = "Crisis 2") -> str:
    date = f"{SystemClock().now().astimezone(CHICAGO) + timedelta(days=days):%m/%d/%Y}"
    return f"{days}-{number},{name},{unit},Regular,{date},{number // 60:02}:{number % 60:02},23:59"


class StandIn:
    """A door that takes what it is sent."""

    def __init__(self, *refused: int, reason: str = "drops-much") -> None:
        self.refused, self.reason = refused, reason
        self.bodies: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            people = [{"person": {"person_id": person}} for person in ("ana", "ben", "chris")]
            teams = [{"team": {"team_id": team}} for team in ("crisis-1", "crisis-2")]
            return httpx.Response(200, json=people if request.url.path == "/v1/people" else teams)
        assert request.url.path == "/v1/rota/import"
        self.bodies.append(json.loads(request.content))
        if len(self.bodies) in self.refused:
            body = {"detail": "38 % of the next week would be dropped.", "reason": self.reason}
            return httpx.Response(409, json=body)
        return httpx.Response(200, json=DONE)


def run(door: Callable[[httpx.Request], httpx.Response], *arguments: str) -> Result:
    http = httpx.Client(transport=httpx.MockTransport(door), base_url="http://door")
    with http:
        return CliRunner().invoke(app, ["rota", "import", "--mapping", str(SPREADSHEET), *arguments], obj=Door(http))


def written(folder: Path, *rows: str) -> str:
    file = folder / "plan.csv"
    file.write_text("\n".join((HEAD, *rows)))
    return str(file)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.scenario("roster")
def test_shifts_are_sent_with_the_time_that_the_file_speaks_of(tmp_path: Path) -> None:
    door = StandIn()
    result = run(door, written(tmp_path, row(3), row(10, name=",")))
    assert result.exit_code == 0, result.output
    assert "2 shifts of scheduling from" in result.stdout
    assert "crisis-2 on-shift: 2, 1 place without anybody" in result.stdout
    (body,) = door.bodies
    assert [(shift["team_id"], shift["people"], shift["needs"]) for shift in body["rows"]] == [
        ("crisis-2", ["ana"], [""]),
        ("crisis-2", [], [""]),
    ]
    now = SystemClock().now()
    assert timedelta(0) < at(body["starts_at"]) - now <= timedelta(minutes=1)
    end = at(body["ends_at"]).astimezone(CHICAGO)
    assert (end.date() - now.astimezone(CHICAGO).date()).days == 11
    assert (end.hour, end.minute) == (0, 0)
    assert {name: body[name] for name in ("source", "zone", "confirmed", "period_minutes", "gaps_to")} == {
        "source": "scheduling",
        "zone": "America/Chicago",
        "confirmed": False,
        "period_minutes": 24 * 60,
        "gaps_to": ["supervisor"],
    }


@pytest.mark.scenario("roster")
def test_a_refused_row_refuses_all_of_it_unless_the_rest_is_asked_for(tmp_path: Path) -> None:
    door, file = StandIn(), written(tmp_path, row(1), row(2, name="Zed,Zed"), row(3, name="Dana,Whitney"))
    result = run(door, file)
    assert (result.exit_code, door.bodies) == (1, [])
    assert "line 3, column First name, Last name: 'Zed Zed' is nobody in [people]" in result.stderr
    assert "line 4, column First name, Last name: 'dana' is not on the books" in result.stderr
    assert "Nothing is imported." in result.stderr
    assert run(door, file, "--without-refused").exit_code == 0
    assert [shift["people"] for shift in door.bodies[0]["rows"]] == [["ana"], [], []]


@pytest.mark.scenario("roster")
def test_a_dry_run_sends_nothing_and_asks_nobody(tmp_path: Path) -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    result = run(nobody, written(tmp_path, row(1)), "--dry-run", "--json")
    assert result.exit_code == 0
    assert [shift["people"] for shift in json.loads(result.stdout)["shifts"]] == [["ana"]]
    assert run(nobody, written(tmp_path, row(1, name="Zed,Zed")), "--dry-run").exit_code == 1


@pytest.mark.scenario("roster")
def test_an_empty_file_speaks_of_a_week_and_is_the_services_to_refuse(tmp_path: Path) -> None:
    door = StandIn(1)
    result = run(door, written(tmp_path))
    assert result.exit_code == 1
    assert "38 % of the next week would be dropped." in result.stderr
    (body,) = door.bodies
    assert body["rows"] == []
    assert at(body["ends_at"]) - at(body["starts_at"]) == timedelta(days=7)
    assert run(door, written(tmp_path), "--confirm").exit_code == 0
    assert door.bodies[1]["confirmed"] is True


@pytest.mark.scenario("roster")
def test_more_than_a_command_takes_goes_in_several_that_touch(tmp_path: Path) -> None:
    door = StandIn()
    rows = [row(days, number) for days in range(1, 6) for number in range(0, 24 * 60, 6)]
    result = run(door, written(tmp_path, *rows))
    assert result.exit_code == 0, result.output
    sizes = [len(body["rows"]) for body in door.bodies]
    assert (sum(sizes), max(sizes), len(sizes)) == (1200, 500, 3)
    assert [body["starts_at"] for body in door.bodies[1:]] == [body["ends_at"] for body in door.bodies[:-1]]
    for body in door.bodies:
        assert all(at(body["starts_at"]) <= at(shift["starts_at"]) < at(body["ends_at"]) for shift in body["rows"])
        others = {shift["key"] for other in door.bodies if other is not body for shift in other["rows"]}
        assert (set(body["elsewhere"]), len(body["elsewhere"])) == (others, len(others))
    half = StandIn(2)
    result = run(half, written(tmp_path, *rows))
    assert (result.exit_code, len(half.bodies)) == (1, 2)
    assert "Imported are the shifts before" in result.stderr


@pytest.mark.scenario("roster")
def test_what_is_too_much_for_one_command_is_said_in_two(tmp_path: Path) -> None:
    """A row of eight people takes more room than one of two; or many shifts are dropped, and there is no row at all."""
    door = StandIn(1, 2, reason="too-big")
    rows = [row(days, number) for days in range(1, 3) for number in range(0, 24 * 60, 6)]
    result = run(door, written(tmp_path, *rows))
    assert result.exit_code == 0, result.output
    taken = door.bodies[2:]
    assert [len(body["rows"]) for body in door.bodies] == [480, 240, 120, 120, 240]
    assert [body["starts_at"] for body in taken[1:]] == [body["ends_at"] for body in taken[:-1]]
    assert (taken[0]["starts_at"], taken[-1]["ends_at"]) == (door.bodies[0]["starts_at"], door.bodies[0]["ends_at"])
    for body in taken:
        assert all(at(body["starts_at"]) <= at(shift["starts_at"]) < at(body["ends_at"]) for shift in body["rows"])
        assert len(set(body["elsewhere"]) | {shift["key"] for shift in body["rows"]}) == len(rows)
    empty = StandIn(1, reason="too-big")
    assert run(empty, written(tmp_path), "--confirm").exit_code == 0
    assert [body["starts_at"] for body in empty.bodies[2:]] == [body["ends_at"] for body in empty.bodies[1:-1]]
    never = StandIn(*range(1, 1000), reason="too-big")
    assert run(never, written(tmp_path, row(1))).exit_code == 1
    assert len(never.bodies) < 20


def test_more_shifts_than_there_may_be_are_refused_with_what_to_do(tmp_path: Path) -> None:
    door = StandIn()
    rows = [row(days, number) for days in range(1, 12) for number in range(0, 23 * 60, 3)]
    result = run(door, written(tmp_path, *rows))
    assert (result.exit_code, door.bodies) == (1, [])
    assert "say an earlier --until" in result.stderr


def test_the_last_day_can_be_said(tmp_path: Path) -> None:
    door = StandIn()
    until = SystemClock().now().astimezone(CHICAGO) + timedelta(days=30)
    assert run(door, written(tmp_path, row(1)), "--until", f"{until:%Y-%m-%d}").exit_code == 0
    assert at(door.bodies[0]["ends_at"]).astimezone(CHICAGO).date() == (until + timedelta(days=1)).date()


def test_what_begins_after_the_last_day_is_told_as_left_out_and_not_as_imported(tmp_path: Path) -> None:
    door, until = StandIn(), f"{SystemClock().now().astimezone(CHICAGO) + timedelta(days=2):%Y-%m-%d}"
    result = run(door, written(tmp_path, row(1), row(5), row(6)), "--until", until)
    assert [row["key"] for row in door.bodies[0]["rows"]] == ["1-0"]
    assert "1 shift of scheduling" in result.stdout
    assert "2 left out: it begins outside of the time that is imported" in result.stdout


def test_a_last_day_that_is_over_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    door = StandIn()
    result = run(door, written(tmp_path, row(1)), "--until", "2020-01-01")
    assert (result.exit_code, door.bodies) == (1, [])
    assert "--until 2020-01-01 is over; right is today or a later day" in result.stderr


def test_neither_file_nor_url_is_wrong_usage(tmp_path: Path) -> None:
    assert run(StandIn()).exit_code == 2
    assert "Say the file, or --url." in run(StandIn()).stderr
    bad = tmp_path / "m.toml"
    bad.write_text("source = 1")
    result = run(StandIn(), written(tmp_path, row(1)), "--mapping", str(bad))
    assert result.exit_code == 1
    assert "the mapping: source: must be text" in result.stderr
    bad.write_bytes(b"# caf\xe9\n" + SPREADSHEET.read_bytes())
    result = run(StandIn(), written(tmp_path, row(1)), "--mapping", str(bad))
    assert (result.exit_code, result.stderr.replace("\n", "")) == (1, f"{bad} is no UTF-8 text")
    marked = tmp_path / "marked.toml"
    marked.write_bytes(b"\xef\xbb\xbf" + SPREADSHEET.read_bytes())
    assert run(StandIn(), written(tmp_path, row(1)), "--mapping", str(marked), "--dry-run").exit_code == 0


@pytest.mark.scenario("roster")
def test_a_feed_that_cannot_be_read_changes_nothing() -> None:
    door = StandIn()
    result = run(door, "--url", "http://calendar.example/private-token.ics")
    assert (result.exit_code, door.bodies) == (4, [])
    assert "over https:// alone" in result.stderr
    assert "What was imported last stands." in result.stderr
    assert "private-token" not in result.output


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> bytes:
    return fetch("https://calendar.example/private-token.ics", httpx.MockTransport(answer))


@pytest.mark.scenario("roster")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(404), "https://calendar.example answered 404"),
        (httpx.Response(200, content=b"x" * (MAX_BYTES + 1)), "sends more than 1,000,000 bytes"),
        (httpx.Response(302, headers={"location": "http://elsewhere.example/"}), "over https:// alone"),
        (httpx.Response(302, headers={"location": "http://127.0.0.1/"}), "leads to http://127.0.0.1, which is this"),
        (httpx.Response(302, headers={"location": "https://[::1"}), "cannot be read (RemoteProtocolError)"),
        (httpx.Response(302, headers={"location": "/again"}), "leads on and on"),
        (httpx.ConnectTimeout("slow"), "cannot be read (ConnectTimeout)"),
    ],
)
def test_a_feed_is_bounded_and_its_address_is_not_told(answer: httpx.Response | Exception, said: str) -> None:
    def answered(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    with pytest.raises(NotFetched) as failed:
        answering(answered)
    assert said in str(failed.value)
    assert "private-token" not in str(failed.value)


def test_what_is_no_address_is_said_to_be_none() -> None:
    with pytest.raises(NotFetched, match="is no address"):
        fetch("https://[::1")


def test_a_feed_may_lead_on_over_https() -> None:
    def answered(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/real.ics":
            return httpx.Response(200, content=b"BEGIN:VCALENDAR")
        return httpx.Response(301, headers={"location": "/real.ics"})

    assert answering(answered) == b"BEGIN:VCALENDAR"


@pytest.mark.scenario("roster")
def test_the_door_takes_what_is_sent_and_knows_who_is_on_the_books(town: Town, tmp_path: Path) -> None:
    assert town.run("supervisor", "team", "add", "crisis-2", "--model", "peer-led").exit_code == 0
    for person in ("ana", "supervisor"):
        add = ("person", "add", person, "--name", person, "--discipline", "emt")
        assert town.run("supervisor", *add).exit_code == 0
    importing = ("rota", "import", "--mapping", str(SPREADSHEET))
    refused = town.run("supervisor", *importing, written(tmp_path, row(1), row(2, name="Ben,Okafor")))
    assert refused.exit_code == 1
    assert "'ben' is not on the books" in refused.stderr
    file = written(tmp_path, row(1), row(2, name=","))
    assert town.run("dispatcher", *importing, file).exit_code == 1
    done = town.run("supervisor", *importing, file)
    assert done.exit_code == 0, done.output
    (command,) = (each for each in town.city.commands() if isinstance(each, ImportShifts))
    assert [(shift.people, shift.needs) for shift in command.rows] == [(("ana",), ("",)), ((), ("",))]
    assert command.period_minutes == 24 * 60
    assert {shift.key for shift in command.rows} == {""}, "the other tool's word for a shift may name somebody"
    assert len({shift.shift_id for shift in command.rows}) == 2
