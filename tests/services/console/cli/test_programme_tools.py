"""The tools for programme documents, as people type them."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.console.cli.programme.app import programme_app
from shared.programme import read

PROGRAMMES = Path(__file__).parents[4] / "deploy/programmes"
MADISON = PROGRAMMES / "madison-wi.2021-09-01.toml"
CALL = {
    "agency": "madison-wi",
    "source": "dane",
    "incident_id": "21-1",
    "created_at": "2021-09-01T12:00:00-05:00",
    "updated_at": "2021-09-01T12:00:00-05:00",
    "call_type": {"system": "dane-county", "code": "MENTAL"},
    "district": "Central",
    "answers": {"Q1": "no", "Q2": "no", "Q3": "no", "Q4": "no", "Q5": "no"},
}


def run(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(programme_app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def call_file(tmp_path: Path) -> Path:
    path = tmp_path / "call.json"
    path.write_text(json.dumps(CALL))
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.toml"
    path.write_text(MADISON.read_text().replace("reached_by", "reachd_by").replace('"W2"]', '"C1"]'))
    return path


def test_check_accepts_with_a_page() -> None:
    told = run("check", MADISON).output
    assert told.startswith("accepted: Madison CARES (madison-wi), version 1, hash ")
    assert "  cares: live in Central: Mon-Fri 11:00-19:00, from 2021-09-01, closed on holidays" in told
    assert "  Mon ······················████████████████··········" in told
    assert "  Fri 2021-11-26 closed by the programme" in told
    assert "  Mon 2022-12-26 Christmas Day (observed)" in told
    assert "1 of 486 combinations may divert (0.21%)." in told
    assert "What must be answered for it: weapon, violence, crime, injury, suicide." in told
    assert "    yes: firearm → police needed" in told
    assert "    not-asked: unknown, which counts as attempt → police needed" in told
    assert "  caution ARMED\n    weapon: present → police needed" in told
    assert "  words knife, gun, weapon, weapons, " in told
    assert "Weaker than the built-in meaning, and named as meant\n  ASSAULTIVE: violence is only past" in told
    assert "\x1b[" not in told
    body = json.loads(run("check", MADISON, "--json", "--on", "2022-01-01").output)
    assert (body["accepted"], body["combinations"], body["closed"][0][0]) == (True, 486, "2022-01-01")


def test_check_refuses_with_every_fault_and_its_line(broken: Path) -> None:
    result = run("check", broken, code=1)
    assert result.stdout == ""
    assert f"refused: {broken}, 2 faults" in result.stderr
    assert "districts.West[2]: beat 'C1' is in Central too" in result.stderr
    assert "right would be: did you mean 'reached_by'?" in result.stderr
    body = json.loads(run("check", broken, "--json", code=1).stdout)
    assert (body["accepted"], len(body["faults"])) == (False, 2)
    assert body["faults"][0]["field"] == "districts.West[2]"


def test_diff_tells_covers_and_nothing_else(tmp_path: Path) -> None:
    grown = tmp_path / "grown.toml"
    grown.write_text(
        MADISON.read_text()
        .replace("11:00-19:00", "08:00-20:00")
        .replace("_deadline_seconds    = 60", "_deadline_seconds = 90")
    )
    assert run("diff", MADISON, grown).output.splitlines() == [
        "cares, to calls: check-welfare, mental-health, whatever caller asks for; level 'calm'",
        "  does not go → may go",
        "    Central: Mon-Fri 08:00-11:00 and 19:00-20:00 except on holidays",
        "",
        "Other changes",
        "  routing_deadline_seconds: 60 → 90",
    ]
    assert run("diff", MADISON, MADISON).output == "No call gets another result.\n"
    body = json.loads(run("diff", MADISON, grown, "--json").output)
    assert (len(body["covers"]), body["changes"][0]["what"]) == (1, "routing_deadline_seconds")


def test_explain_tells_every_gate_and_fact(call_file: Path) -> None:
    told = run("explain", MADISON, call_file, "--at", "2021-09-01T12:05").output
    assert told.startswith("madison-wi/dane/21-1 at Wed 2021-09-01 12:05:00 CDT: suitable, level 'calm'")
    assert "A dispatcher reads: cares may go (live), instead of default: in Central, level 'calm'." in told
    assert "  weapon: none (answer Q1)" in told
    assert "    ✓ hours: open: Mon-Fri 11:00-19:00." in told
    night = run("explain", MADISON, call_file, "--at", "2021-09-01T23:00").output
    assert "✗ freshness" in night
    assert "    ✗ hours: Wed 23:00 is outside Mon-Fri 11:00-19:00. [outside-hours]" in night
    late = run("explain", MADISON, call_file, "--at", "2021-09-01T23:00").output
    assert "at Wed 2021-09-01 23:00:00 CDT" in late, "the next day in UTC"
    body = json.loads(run("explain", MADISON, call_file, "--json").output)
    assert body["at"] == "2021-09-01T12:00:00-05:00"
    assert body["facts"][0] == {"fact": "weapon", "value": "none", "unknown": None, "source": "answer Q1"}
    assert body["judgement"]["suitability"] == "suitable"


def test_explain_hears_a_narrative_and_tells_what_to_ask(tmp_path: Path) -> None:
    path = tmp_path / "call.json"
    path.write_text(json.dumps(CALL | {"narrative": "he threw a chair", "answers": {"Q1": "no"}}))
    told = run("explain", MADISON, path).output
    assert "Ask about violence, crime, injury and suicide" in told
    assert "  violence: in doubt by words heard, counts as in-progress (words)" in told
    assert "  suicide: not asked, counts as attempt (nobody)" in told
    assert "he threw" not in told


def test_explain_takes_a_position_and_never_shows_it(tmp_path: Path) -> None:
    path, drawn = tmp_path / "call.json", tmp_path / "drawn.toml"
    square = "[[-89.4, 43.05], [-89.38, 43.05], [-89.38, 43.07], [-89.4, 43.07], [-89.4, 43.05]]"
    boundary = f'{{ beats = ["W1", "W2"], boundary = {{ type = "Polygon", coordinates = [{square}] }} }}'
    drawn.write_text(MADISON.read_text().replace('West    = ["W1", "W2"]', f"West = {boundary}"))
    path.write_text(json.dumps(CALL | {"position": {"latitude": 43.0612, "longitude": -89.3912}}))
    told = run("explain", drawn, path).output
    assert "✗ district: the CAD says Central, its position is in West. [district-conflict]" in told
    assert "43.06" not in told
    assert "✓ district: in Central." in run("explain", MADISON, path).output
    path.write_text(json.dumps(CALL | {"position": {"latitude": 43.0612}}))
    refused = run("explain", drawn, path, code=2)
    assert "longitude: is missing" in refused.stderr
    assert "on the map: West 3.62 square km" in run("check", drawn).output


@pytest.mark.parametrize(
    ("misspelt", "what"),
    [
        ({"facts": {"weapons": "firearm"}}, "facts: weapons is no fact"),
        ({"narative": "he has a gun"}, "narative: no such field"),
        ({"caution": ["ARMED"]}, "caution: no such field"),
    ],
)
def test_what_the_door_refuses_is_no_calm_call_to_the_tools(
    tmp_path: Path, misspelt: dict[str, Any], what: str
) -> None:
    """An armed call with a slip in a name was suitable, as if nobody had said anything of a weapon."""
    path = tmp_path / "call.json"
    path.write_text(json.dumps(CALL | misspelt))
    for tool, code in (("explain", 2), ("decide", 1)):
        assert what in run(tool, MADISON, path, code=code).stderr
    sealed = {"event_id": "e1", "address": "12 Main St", "caller_name": None, "callback_number": "608 555 0199"}
    path.write_text(json.dumps(CALL | sealed | {"narrative": None}))
    assert "suitable" in run("explain", MADISON, path).output


def test_decide_prints_one_decision_a_call_and_tells_the_lines_that_are_none(tmp_path: Path) -> None:
    calls = tmp_path / "calls.ndjson"
    worse = CALL | {"answers": CALL["answers"] | {"Q1": "yes"}}  # type: ignore[operator]
    calls.write_text(
        "\n".join([json.dumps(CALL), "", json.dumps(worse), "{", '{"agency": "secret"}', json.dumps(CALL)])
    )
    result = run("decide", MADISON, calls, code=1)
    decisions: list[dict[str, Any]] = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["suitability"] for one in decisions] == ["suitable", "unsuitable", "suitable"]
    assert decisions[0]["responses"] == [{"response": "cares", "may_go": True, "phase": "live", "reasons": []}]
    assert decisions[1]["raised_by"][0] == {
        "fact": "weapon",
        "value": "firearm",
        "unknown": None,
        "source": "answer Q1",
    }
    assert decisions[0]["programme_hash"] == read(MADISON.read_text()).hash
    assert "calls.ndjson, line 4: is no JSON" in result.stderr
    assert "calls.ndjson, line 5: source: is missing" in result.stderr
    assert "secret" not in result.stderr


def test_decide_under_a_switchboard(tmp_path: Path, call_file: Path) -> None:
    board = tmp_path / "board.json"
    board.write_text('{"revision": 7, "phases": {"cares/Central": "shadow"}, "paused": []}')
    (decision,) = [json.loads(run("decide", MADISON, call_file, "--switchboard", board).stdout)]
    assert (decision["switchboard_revision"], decision["responses"][0]["phase"]) == (7, "shadow")
    board.write_text('{"revision": 8, "paused": ["all"]}')
    decision = json.loads(run("decide", MADISON, call_file, "--switchboard", board, "--at", "2021-09-01T12:01").stdout)
    assert decision["responses"][0]["reasons"] == ["paused"]
    board.write_text('{"phase": {}}')
    assert "phase: no such field" in run("decide", MADISON, call_file, "--switchboard", board, code=2).stderr


def test_week_draws_each_response() -> None:
    told = run("week", PROGRAMMES / "example-city.toml").output
    assert "van in Harbor, with the dates of 2024-02-01" in told
    assert "  Sun ███·································████████████" in told
    assert "aaaa" in told


def test_coverage_tells_what_would_have_gone_and_what_stopped_the_rest(tmp_path: Path) -> None:
    mapping, export = tmp_path / "map.toml", tmp_path / "calls.csv"
    mapping.write_text(
        'agency = "madison-wi"\nsource = "dane"\ntime_zone = "America/Chicago"\ntime = "%Y-%m-%d %H:%M"\n'
        'ambiguous = "first"\ncode_system = "dane-county"\n'
        '[columns]\nincident_id = "id"\ncreated_at = "at"\ncode = "code"\nbeat = "beat"\n'
        '[beats]\nunknown = [""]\n[beats.districts]\nCentral = ["C*"]\nWest = ["W*"]\n'
    )
    rows = [
        "1,2021-09-01 12:00,MENTAL,C1",
        "2,2021-09-01 23:00,MENTAL,C1",
        "3,2021-09-01 12:00,MENTAL,W1",
        "4,2021-09-01 12:00,NOISE,C1",
        "5,2021-09-01 12:00,MENTAL VIOLENT,C1",
        "6,2021-09-01 12:00,MENTAL,",
    ]
    export.write_text("\n".join(["id,at,code,beat", *rows]) + "\n")
    stated = 'violence = "none", weapon = "none", crime = "none", injury = "none", suicide = "none"'
    doc = tmp_path / "doc.toml"
    doc.write_text(
        MADISON.read_text().replace(
            '"MENTAL"         = { category = "mental-health" }',
            f'"MENTAL" = {{ category = "mental-health", {stated} }}',
        )
    )
    body = json.loads(run("coverage", doc, export, "--mapping", mapping, "--json").output)
    assert (body["calls"], body["suitable"], body["would_go"]) == (6, 3, {"cares": 1})
    assert body["stopped"] == {
        "hours: outside-hours": 1,
        "phase: no-rollout": 1,
        "category: code-not-listed": 1,
        "level: level-sends-default": 1,
        "district: district-unknown": 1,
    }
    assert body["calls"] == sum(body["stopped"].values()) + sum(body["would_go"].values())
    told = run("coverage", doc, export, "--mapping", mapping).output
    assert "  cares: 1 (16.67%)" in told
    assert "dane-county MENTAL: weapon none, violence none" in told
    other = PROGRAMMES / "demo-city.toml"
    assert "the mapping is madison-wi's" in run("coverage", other, export, "--mapping", mapping, code=2).stderr
    assert "At best: an upper bound and no forecast" in told
    assert "        3       1       1  MENTAL" in told
    read_as = mapping.read_text()
    mapping.write_text(read_as + '[codes]\nCW = "CHECK PERSONS"\n')
    wrong = run("coverage", doc, export, "--mapping", mapping, code=2).stderr
    assert "map.toml: dane-county CHECK PERSONS is no code of the programme" in wrong
    mapping.write_text(read_as.replace("West =", "Wset ="))
    assert "Wset is no district" in run("coverage", doc, export, "--mapping", mapping, code=2).stderr


def test_files_are_read_as_editors_write_them(tmp_path: Path, call_file: Path) -> None:
    """With a mark before them, and with lines ended as on Windows; what is no UTF-8 is told in a sentence."""
    doc, board, calls = tmp_path / "marked.toml", tmp_path / "board.json", tmp_path / "calls.jsonl"
    doc.write_bytes(b"\xef\xbb\xbf" + MADISON.read_bytes().replace(b"\n", b"\r\n"))
    for path, text in ((call_file, json.dumps(CALL)), (board, "{}"), (calls, json.dumps(CALL))):
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert run("check", doc).output.startswith("accepted: Madison CARES")
    assert "21-1 at" in run("explain", doc, call_file, "--switchboard", board).output
    assert json.loads(run("decide", doc, calls).output)["call_id"] == "madison-wi/dane/21-1"
    latin = tmp_path / "latin.txt"
    latin.write_bytes("café".encode("latin-1"))
    for words in (
        ("check", latin),
        ("explain", doc, latin),
        ("explain", doc, call_file, "--switchboard", latin),
        ("coverage", doc, calls, "--mapping", latin),
    ):
        assert run(*words, code=1).stderr.replace("\n", "") == f"{latin} is no UTF-8 text"


def test_schema_and_reference_are_printed() -> None:
    assert run("schema").output == (PROGRAMMES / "programme.schema.json").read_text()
    example = PROGRAMMES / "example-city.toml"
    assert run("reference", example).output == (PROGRAMMES / "REFERENCE.md").read_text()


def test_wrong_usage_is_told(call_file: Path) -> None:
    assert "no time" in run("explain", MADISON, call_file, "--at", "noon", code=2).stderr
    run("check", "nowhere.toml", code=2)
    call_file.write_text("[1]")
    assert "call.json" in run("explain", MADISON, call_file, code=2).stderr


def test_what_an_export_holds_acts_on_no_terminal(tmp_path: Path) -> None:
    """A code could set the title of an analyst's terminal, or clear it."""
    export = tmp_path / "export.csv"
    export.write_text("id,received,type\n1,2023-01-05 13:02,\x1b[2JCW\n2,2023-01-05 14:02,CW\u202e\n")
    told = run("look", export).output
    assert "\\u{1b}[2JCW, CW\\u{202e}" in told
    assert "\x1b" not in told
    export.write_text("id\x1b[2J;received\n1;2\n")
    assert "\x1b" not in run("look", export, code=1).output


def test_a_look_writes_a_mapping_and_never_over_another(tmp_path: Path) -> None:
    export, mapping = tmp_path / "calls.csv", tmp_path / "map.toml"
    rows = [f"{number},2021-09-01 {number % 24:02}:00,{code}" for number, code in enumerate(["MENTAL", "NOISE"] * 20)]
    export.write_text("\n".join(["event_id,received,call_type", *rows]) + "\n")
    told = run("look", export, "--doc", MADISON, "--mapping", mapping).output
    assert "created_at: received, because" in told
    assert "20 NOISE" in told
    assert json.loads(run("look", export, "--doc", MADISON, "--json").output)["unlisted"] == {"NOISE": 20}
    counted = json.loads(run("coverage", MADISON, export, "--mapping", mapping, "--json").output)
    assert counted["calls"] == 40
    assert "left as it is" in run("look", export, "--mapping", mapping, code=2).stderr
    assert "format" in run("look", export, "--format", "xml", code=2).stderr
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert "a file of rows begins with their names" in run("look", empty, code=1).stderr
