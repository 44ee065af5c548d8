"""The command line against the door itself."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

from services.console.cli import client
from services.console.cli.app import app
from services.console.cli.client import Door
from services.console.elsewhere import Elsewhere
from shared import events
from shared.agencies import hash_of
from shared.call import Call
from shared.clock import SystemClock
from shared.contacts import push_key
from shared.enrolment import read_enrolment
from shared.links import CALENDARS, calendar_link, calendar_token, shift_link
from shared.topics import ASSIGNMENTS, DECISIONS, NOTIFICATIONS
from tests.services.console.cli.driver import Bridge, Town
from tests.services.console.driver import AGENCY, POCKET, SECRET
from tests.services.console.elsewhere import answers, with_reporting
from tests.services.console.stories import CALL_ID, START, person, triaged
from tests.services.console.test_trace import TOLD


def test_the_stop_switch(town: Town) -> None:
    result = town.run("dispatcher", "pause", "all", "--reason", "storm")
    assert (result.exit_code, result.stdout) == (0, "done all is paused.\n  revision: 1\n")
    shown = town.run("viewer", "switchboard")
    assert "paused all since" in shown.stdout
    assert "storm" in shown.stdout
    refused = town.run("dispatcher", "resume", "all")
    assert refused.exit_code == 1
    assert "needs the role supervisor" in refused.stderr
    assert "next: Ask somebody with the role" in refused.stderr
    assert town.json("supervisor", "resume", "all")["sentence"] == "all is resumed."
    assert town.run("dispatcher", "pause", "Central", "--response", "cares").exit_code == 0
    board = town.run("viewer", "switchboard").stdout
    assert "paused cares in Central since" in board
    assert "Resumed: all." in board


def test_a_phase_is_set_on_the_switchboard_that_was_seen(town: Town) -> None:
    assert town.run("supervisor", "phase", "cares", "Central", "live").exit_code == 0
    shown = town.json("viewer", "switchboard")
    assert shown["phases"]["cares/Central"]["phase"] == "live"
    assert [getattr(command, "based_on", None) for command in town.city.commands()] == [0]
    assert "live" in town.run("viewer", "switchboard").stdout
    misspelt = town.run("supervisor", "phase", "cares", "Central", "lve")
    assert misspelt.exit_code == 2
    assert "'off', 'shadow', 'advisory' or 'live'" in misspelt.stderr


def test_a_cap_and_a_referral(town: Town) -> None:
    assert town.run("supervisor", "cap", "cares", "all", "--open", "2", "-r", "two vans").exit_code == 0
    assert town.run("supervisor", "cap", "cares", "all").exit_code == 2, "neither a bound nor --lift"
    assert town.run("supervisor", "cap", "cares", "all", "--per-day", "20").exit_code == 0
    assert "at most 2 calls at once and at most 20 calls a day" in town.run("viewer", "switchboard").stdout
    assert town.run("supervisor", "cap", "cares", "all", "--lift").exit_code == 0
    assert "capped" not in town.run("viewer", "switchboard").stdout
    assert town.run("supervisor", "cap", "cares", "all", "--open", "2").exit_code == 0
    shown = town.run("viewer", "switchboard").stdout
    assert "capped cares in all: at most 2 calls at once" in shown
    about: dict[str, Any] = {"call_id": CALL_ID, "response": "navigator", "district": "Central", "phase": "live"}
    made = events.ReferralMade(referral_id="r1", kind="referral", due_at=SystemClock().now(), **about)
    town.city.services.write(AGENCY, made, journal=DECISIONS.name)
    town.call(town.city.settle)
    assert "navigator" in town.run("viewer", "referral", "list").stdout
    assert town.run("staff", "referral", "close", "r1", "contacted").exit_code == 0
    assert "No referral is open." in town.run("viewer", "referral", "list").stdout
    assert town.json("viewer", "referral", "list", "--all")[0]["state"] == "contacted"


def test_a_call_with_every_gate_and_its_history(town: Town) -> None:
    town.tell()
    shown = town.run("cad", "call", "show", CALL_ID).stdout
    for told in (
        CALL_ID,
        "accepted",
        "Suitable for cares.",
        "Episode 1: team-accepted",
        "passed over cares-9: off-duty",
        "✓ district: The call is in Central.",
        "✓ hours: Mon-Fri 11:00-19:00 is open.",
        "raised by weapon = none, answer Q1",
        "cares (live): may go",
        "delivered",
        "informed",
        "ann of cares-1 accepted, arriving in 7 min.",
    ):
        assert told in shown
    assert "\x1b" not in shown
    assert town.json("cad", "call", "show", CALL_ID)["history"][-1]["type"] == "cad-informed"
    assert CALL_ID in town.run("dispatcher", "call", "list", "--open").stdout
    assert town.json("dispatcher", "call", "list", "--district", "West") == []
    assert "No such call." in town.run("other-cad", "call", "list").stdout


def test_what_the_document_does_not_list_is_shown_with_the_incidents_beside_the_call(town: Town) -> None:
    told = triaged(unlisted=("caution BARKING DOG",))
    call = Call(
        agency=AGENCY, source="s", incident_id="1", created_at=START, updated_at=START, linked_incidents=("2021-2",)
    )
    town.city.services.write(AGENCY, told.model_copy(update={"call": call}), journal=DECISIONS.name)
    town.call(town.city.settle)
    shown = town.run("viewer", "call", "show", CALL_ID).stdout
    assert "the document does not list caution BARKING DOG" in shown
    assert "has to do with 2021-2" in shown


def test_a_programme_takes_two_people(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "programme.toml"
    file.write_text("version = 1  # Grüße", "utf-8-sig")  # with the mark that some editors put before it
    assert "No programme yet" in town.run("viewer", "programme", "show").stdout
    assert "about: h1" in town.run("supervisor", "programme", "propose", str(file)).stdout
    refused = town.run("approver", "programme", "approve", "h2")
    assert refused.exit_code == 1
    assert "No document with this hash is proposed. (no-such-document)" in refused.stderr
    assert town.run("approver", "programme", "approve", "h1", "--instead-of", "h0").exit_code == 0
    assert getattr(town.city.commands()[-1], "instead_of", None) == "h0"
    assert "active" in town.run("viewer", "programme", "show").stdout
    assert town.run("viewer", "programme", "show", "--document").stdout == "version = 1  # Grüße\n"
    assert town.run("supervisor", "programme", "rollback").exit_code == 2
    assert town.run("supervisor", "programme", "rollback", "h0", "--reason", "too many refusals").exit_code == 0
    assert getattr(town.city.commands()[-1], "in_force", None) == "h1"
    file.write_bytes(b"\xff\xff")
    assert town.run("supervisor", "programme", "propose", str(file)).exit_code == 2
    assert town.run("supervisor", "programme", "propose", str(tmp_path / "none")).exit_code == 2


def test_teams_people_and_a_shift(town: Town) -> None:
    add = ("person", "add", "ann", "--name", "Ann", "--discipline", "paramedic", "--language", "es")
    assert town.run("supervisor", *add).exit_code == 0
    added = ("team", "add", "cares-1", "--model", "community-responder", "--primary", "Central")
    assert town.run("supervisor", *added).exit_code == 0
    answer = town.json("ann", "team", "sign-on", "cares-1", "ann", "--hours", "4")
    assert answer["links"] == {"ann": shift_link(POCKET, SECRET, "shift-1", "ann")}
    assert f"ann: {POCKET}/s/" in town.run("ann", "team", "sign-on", "cares-1", "ann").stdout
    assert f"ann with cares-1: {POCKET}/s/" in town.run("ann", "person", "link").stdout
    (team,) = town.json("viewer", "team", "list")
    assert (team["status"], team["members"], team["team"]["primary_districts"]) == ("available", ["ann"], ["Central"])
    assert "cares-1" in town.run("viewer", "team", "list").stdout
    (person,) = town.json("dispatcher", "person", "list")
    assert (person["person"]["name"], person["contacts"]) == ("Ann", [])
    for arguments in (
        ("team", "status", "cares-1", "cleared", "--call", CALL_ID, "--disposition", "resolved-on-scene"),
        ("offer", "accept", "offer-1", "--eta", "5"),
        ("offer", "decline", "offer-1"),
        ("team", "sign-off", "cares-1"),
    ):
        assert town.run("ann", *arguments).exit_code == 0, arguments
    for arguments in (
        ("offer", "accept", "offer-1", "--as", "ann"),
        ("team", "remove", "cares-1"),
        ("person", "remove", "ann"),
        ("cad", "ping", "dane-county"),
        ("cad", "redeliver", "message-1"),
    ):
        assert town.run("supervisor", *arguments).exit_code == 0, arguments
    assert town.run("dispatcher", "confirm", CALL_ID).exit_code == 0
    assert "Nothing to look at." in town.run("viewer", "alerts").stdout


def test_not_answered_yet_is_three_and_says_how_to_ask_again(town: Town) -> None:
    held = town.run("dispatcher", "override", CALL_ID, "default", "--reason", "known here")
    assert held.exit_code == 3
    command_id = held.stdout.strip().rpartition("next: careroute command ")[2]
    assert town.json("dispatcher", "command", command_id)["state"] == "held"
    town.city.services.silent = True
    waiting = town.json("supervisor", "cad", "ping", "dane-county", exit_code=3)
    assert town.json("supervisor", "command", waiting["command_id"])["state"] == "waiting"
    assert "waiting" in town.run("supervisor", "command", waiting["command_id"]).stdout


def test_not_reachable_is_four(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAUSE_SECONDS", 0)
    town.city.network.away = True
    problem = town.json("dispatcher", "pause", "all", exit_code=4)
    assert problem["status"] == 503
    assert f"careroute command {problem['command_id']}" in problem["next"]

    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    door = Door(httpx.Client(transport=httpx.MockTransport(nobody), base_url="http://door"))
    result = CliRunner().invoke(app, ["pause", "all"], obj=door)
    assert result.exit_code == 4
    assert "may or may not have been taken" in result.stderr
    assert "CAREROUTE_CONSOLE_URL" in result.stderr


def test_a_connection_that_breaks_is_tried_again_with_the_same_key(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAUSE_SECONDS", 0)
    keys: list[str] = []

    class Breaks(Bridge):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            keys.append(request.headers["Idempotency-Key"])
            response = super().handle_request(request)
            if len(keys) == 1:
                raise httpx.ReadError("gone", request=request)
            return response

    http = httpx.Client(
        transport=Breaks(town.city, town.loop), base_url="http://door", headers={"Authorization": "Bearer dispatcher"}
    )
    result = CliRunner().invoke(app, ["pause", "all"], obj=Door(http))
    assert (result.exit_code, len(keys), len(set(keys)), len(town.city.commands())) == (0, 2, 1, 1)


@pytest.mark.parametrize(
    ("token", "arguments", "exit_code", "says"),
    [
        ("wrong", ("switchboard",), 1, "Check CAREROUTE_TOKEN"),
        ("viewer", ("call", "show", "2021-1"), 2, "agency/source/incident"),
        ("viewer", ("call", "show", "a/b/c#d"), 1, "There is no such call"),
        ("viewer", ("person", "list"), 1, "dispatcher or supervisor"),
        ("supervisor", ("team", "add", "a b", "--model", "peer-led"), 2, "team.team_id"),
        ("dispatcher", ("override", CALL_ID, "default"), 2, "--reason"),
        ("dispatcher", ("pause",), 2, "district"),
        ("dispatcher", ("nonsense",), 2, "nonsense"),
    ],
)
def test_errors_say_what_to_do(town: Town, token: str, arguments: tuple[str, ...], exit_code: int, says: str) -> None:
    result = town.run(token, *arguments)
    assert result.exit_code == exit_code
    assert says in result.stderr


def test_without_a_token_it_says_where_it_belongs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAREROUTE_TOKEN", raising=False)
    result = CliRunner().invoke(app, ["switchboard"])
    assert result.exit_code == 2
    assert "CAREROUTE_TOKEN is not set." in result.stderr


@pytest.mark.parametrize("token", ["t\u202e", "t\x07"])
def test_what_can_be_no_token_is_not_sent(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("CAREROUTE_TOKEN", token)
    result = CliRunner().invoke(app, ["switchboard"])
    assert (result.exit_code, "CAREROUTE_TOKEN holds a character that no token has." in result.stderr) == (2, True)


def test_the_environment_names_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREROUTE_TOKEN", "t")
    monkeypatch.setenv("CAREROUTE_CONSOLE_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(client, "PAUSE_SECONDS", 0)
    result = CliRunner().invoke(app, ["switchboard"])
    assert result.exit_code == 4
    assert "http://127.0.0.1:1 cannot be reached" in result.stderr


def test_a_new_key_and_its_hash() -> None:
    made = json.loads(CliRunner().invoke(app, ["key", "new", "--json"]).stdout)
    assert made["hash"] == hash_of(made["key"])
    assert len(made["key"]) == 43
    shown = CliRunner().invoke(app, ["key", "new"]).stdout.splitlines()
    (made_key,) = [line.removeprefix("key: ") for line in shown if line.startswith("key: ")]
    lines = "\n".join(line for line in shown if "=" in line and not line.startswith("key: "))
    assert tomllib.loads(lines) == {"keys": [hash_of(made_key)], "token": hash_of(made_key)}


def test_a_trace_is_a_waterfall(town: Town) -> None:
    with_reporting(town.city, answers(TOLD))
    printed = town.run("dispatcher", "trace", CALL_ID).stdout.splitlines()
    assert f"{CALL_ID} 3 records within 8.000 s" in printed[0]
    head, *lines = [re.sub(r" *━+ *", " ━ ", line).split() for line in printed[1:]]
    assert head == ["at", "record", "took", "by", "because", "of"]
    assert lines == [
        ["0.000", "━", "call-reported", "from", "outside"],
        ["1.000", "━", "call-triaged", "1.000", "x"],
        ["8.000", "━", "call-routed", "x", "override-call", "(commands/1/3)"],
    ]
    bars = [line.index("━") for line in printed[2:]]
    assert bars[0] == bars[1] < bars[2], "a bar begins where the cause was there"
    town.city.app.state.reporting = Elsewhere("reporting service", "CAREROUTE_REPORTING_URL", None)
    told = town.run("dispatcher", "trace", CALL_ID)
    assert told.exit_code == 4
    assert "set CAREROUTE_REPORTING_URL" in " ".join(told.stderr.split())


def test_help_is_there_for_every_command() -> None:
    group = typer.main.get_command(app)
    for path in _paths(group, ()):
        result = CliRunner().invoke(app, [*path, "--help"])
        assert result.exit_code == 0, path


def _paths(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from _paths(inner, (*path, name))


def test_calendars_are_handed_out_and_revoked(town: Town) -> None:
    person = ("person", "add", "ann", "--name", "Ann", "--discipline", "emt")
    assert town.run("supervisor", *person).exit_code == 0
    shown = town.run("ann", "rota", "calendar").stdout
    before: dict[str, str] = {
        whose: calendar_link(POCKET, calendar_token(SECRET, AGENCY, "ann", whose)) for whose in CALENDARS
    }
    assert before["own"] in shown
    assert before["whole"] in shown
    assert town.json("supervisor", "rota", "calendar", "ann") == {"person_id": "ann", **before}
    assert town.run("staff", "rota", "calendar", "ann").exit_code == 1, "staff have their own alone"
    assert town.run("supervisor", "rota", "calendar", "nobody").exit_code == 1
    assert town.run("staff", "rota", "revoke-calendar", "ann", "--reason", "mine").exit_code == 1
    assert town.run("ann", "rota", "revoke-calendar", "ann").exit_code == 2, "a reason is needed"
    assert town.run("ann", "rota", "revoke-calendar", "ann", "--reason", "it was shared").exit_code == 0
    after = calendar_link(POCKET, calendar_token(SECRET, AGENCY, "ann", "own", 0, 1))
    assert town.json("ann", "rota", "calendar")["own"] == after != before["own"]


def test_a_team_that_is_offered_nothing_is_not_listed_as_available_alone(town: Town) -> None:
    assert town.run("supervisor", "team", "add", "cares-1", "--model", "peer-led").exit_code == 0
    assert town.run("staff", "team", "sign-on", "cares-1", "the-staff").exit_code == 0
    assert " available " in town.run("viewer", "team", "list").stdout
    town.write(events.TeamUnanswering(team_id="cares-1", unanswered=2), journal=ASSIGNMENTS.name)
    assert "available, unanswering" in " ".join(town.run("viewer", "team", "list").stdout.split())


def test_f7_f9_f10_what_lets_in_is_taken_away_by_a_command(town: Town) -> None:
    assert town.run("supervisor", "team", "add", "cares-1", "--model", "peer-led").exit_code == 0
    assert town.run("staff", "team", "sign-on", "cares-1", "the-staff", "ann").exit_code == 0
    assert "ann (unconfirmed)" in " ".join(town.run("viewer", "team", "list").stdout.split())
    assert town.run("staff", "team", "confirm", "cares-1", "--as", "ann").exit_code == 1
    assert town.run("ann", "team", "confirm", "cares-1").exit_code == 0
    assert town.json("viewer", "team", "list")[0]["unconfirmed"] == []
    assert town.run("dispatcher", "person", "revoke-links", "ann").exit_code == 2, "a reason is needed"
    assert town.run("dispatcher", "person", "revoke-links", "ann", "--reason", "phone lost").exit_code == 0
    assert shift_link(POCKET, SECRET, "shift-1", "ann", 1) in town.run("ann", "person", "link").stdout
    assert town.run("dispatcher", "person", "revoke-token", "ann", "--reason", "seen").exit_code == 1
    assert town.run("supervisor", "person", "revoke-token", "ann", "--reason", "seen").exit_code == 0
    assert town.run("ann", "person", "link").exit_code == 1
    revoked = ("cad", "revoke-key", "uw-police", "--reason", "seen", "--hash", hash_of("other-cad"))
    assert town.run("supervisor", *revoked).exit_code == 0
    assert getattr(town.city.commands()[-1], "token_hash", None) == hash_of("other-cad")


def test_a_phone_is_enrolled_by_a_link_and_a_code_and_revoked(town: Town) -> None:
    assert town.run("supervisor", "person", "add", "ann", "--name", "Ann", "--discipline", "emt").exit_code == 0
    assert town.run("dispatcher", "device", "enrol", "ann").exit_code == 1, "a supervisor enrols, or Ann herself"
    printed = town.run("ann", "device", "enrol", "--label", "blue phone").stdout
    assert "█▀▀" in printed.replace("▄", "▀")
    (link,) = [line for line in printed.splitlines() if line.startswith(POCKET)]
    enrolment = read_enrolment(link.rpartition("/")[2], SECRET, datetime.now(UTC))
    assert enrolment is not None
    assert (enrolment.holder, enrolment.label, enrolment.enrolled_by) == ("ann", "blue phone", "ann")
    assert town.run("ann", "device", "revoke", "of-ann", "--reason", "lost").exit_code == 1, "not hers as far as known"
    town.write(events.DeviceEnrolled(device_id="of-ann", credential_hash="sha256:0", person_id="ann"))
    assert "of-ann" in town.run("ann", "device", "list").stdout
    assert town.json("staff", "device", "list") == [], "staff see their own"
    assert town.run("ann", "device", "revoke", "of-ann").exit_code == 2, "a reason is needed"
    assert town.run("ann", "device", "revoke", "of-ann", "--reason", "lost").exit_code == 0
    assert erased_pushes(town, "of-ann") == [b""], "where it was pushed to"


def test_devices_that_end_with_the_links_lose_where_they_were_pushed_to(town: Town) -> None:
    town.write(events.DeviceEnrolled(device_id="of-ann", credential_hash="sha256:0", person_id="ann"))
    revoke = ("person", "revoke-links", "ann", "--reason", "lost", "--device", "of-ann")
    done = town.run("ann", *revoke)
    assert done.exit_code == 0, done.output
    assert erased_pushes(town, "of-ann") == [b""]


def erased_pushes(town: Town, device_id: str) -> list[bytes]:
    """What was written where the address of Ann's device's pushes is sealed."""
    written = [
        stored for (topic, _), places in town.city.log.places.items() if topic == "contacts" for stored in places
    ]
    return [stored.value for stored in written if stored.key == str(push_key(AGENCY, "ann", device_id))]


def test_a_roll_call_is_shown_until_it_is_over(town: Town) -> None:
    assert town.run("viewer", "roll-calls").stdout.startswith("There was no roll call yet.")
    town.write(person(), journal=ASSIGNMENTS.name)
    assert "Done." in town.run("supervisor", "roll-call", "--person", "ann", "--minutes", "5", "--no-wait").stdout
    (command,) = town.city.commands()
    assert isinstance(command, events.CallRoll)
    assert (command.person_ids, command.minutes) == (("ann",), 5)
    asked = tuple(events.RollPlace(person_id=who, method_id="mobile") for who in ("ann", "ben"))
    town.write(
        events.RollCalled(roll_id="a" * 32, asked=asked, until=datetime.now(UTC), called_by="sue"),
        events.RollClosed(roll_id="a" * 32, silent=asked),
        journal=NOTIFICATIONS.name,
    )
    assert "sue" in town.run("dispatcher", "roll-calls").stdout
    shown = town.run("dispatcher", "roll-calls", "a" * 32).stdout
    assert "silent" in shown
    assert "0 of 2 people answered. It is over." in shown


def test_an_alert_is_acknowledged(town: Town) -> None:
    async def write() -> None:
        disabled = events.CadWebhookDisabled(source="dane-county")
        town.city.services.write(AGENCY, disabled, journal=NOTIFICATIONS.name)
        await town.city.settle()

    town.call(write)
    shown = town.run("viewer", "alerts").stdout
    assert "webhook-disabled/dane-county" in shown
    assert "nobody yet" in shown
    acknowledged = ("alert", "acknowledge", "webhook-disabled/dane-county")
    assert town.run("dispatcher", *acknowledged, "--noise", "--reason", "a drill").exit_code == 0
    assert town.json("viewer", "alerts")[0]["acknowledged"]["noise"] is True
    assert town.run("viewer", *acknowledged).exit_code == 1
    assert town.run("dispatcher", "alert", "acknowledge", "nothing").exit_code == 1


def test_a_team_that_can_go_as_several_models(town: Town) -> None:
    models = ("--model", "community-responder", "--further-model", "co-responder", "--further-model", "peer-led")
    assert town.run("supervisor", "team", "add", "cares-2", *models).exit_code == 0
    (command,) = town.city.commands()
    assert isinstance(command, events.DefineTeam)
    assert command.team.models == ("community-responder", "co-responder", "peer-led")
    assert "co-responder" in town.run("viewer", "team", "list").stdout


def test_what_is_said_of_a_team_names_the_call_that_its_author_saw_it_on(town: Town) -> None:
    """By the time that it is read the team may have another call, which it is not taken off."""
    call_id = f"{AGENCY}/cad/1"
    for words in (
        ("withdraw", "harbor-1", "--reason", "needed elsewhere"),
        ("release", "harbor-1"),
        ("correct", "harbor-1", "en-route"),
    ):
        assert town.run("supervisor", "team", *words, "--call", call_id).exit_code == 0
    assert [command.call_id for command in town.city.commands()[-3:]] == [call_id] * 3  # type: ignore[attr-defined]


def _leaves(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, each in group.commands.items():
        if hasattr(each, "commands"):
            yield from _leaves(each, (*path, name))
        else:
            yield (*path, name), each


OF_THE_DOOR = [
    (path, [parameter for parameter in each.params if parameter.required])
    for path, each in _leaves(typer.main.get_command(app))
    if path[0]
    in ("team", "person", "device", "rota", "offer", "referral", "call", "cad", "override", "confirm", "command")
]


@pytest.mark.parametrize("typed", ["../..", "", "caf\udce9"], ids=["a path", "nothing", "no text"])
def test_what_can_be_no_id_ends_no_command_in_a_traceback(town: Town, typed: str) -> None:
    """An empty variable did so with `person revoke-links`, of a lost phone, and ended it with 1, as if refused."""
    for path, required in OF_THE_DOOR:
        arguments = [part for each in required for part in (*each.opts[: each.param_type_name == "option"], typed)]
        result = town.run("supervisor", *path, *arguments)
        assert isinstance(result.exception, SystemExit | None), path
