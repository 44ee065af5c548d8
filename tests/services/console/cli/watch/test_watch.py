"""The watcher: silence is an alarm that reaches somebody, a beat needs the secret, and an end is no beat."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from deploy.local.kafka.node import CHECKOUT, free_port
from services.console.cli.app import app
from services.console.cli.watch.door import BeatsServer
from services.console.cli.watch.vigil import AGAIN_SECONDS, RETRY_SECONDS, Vigil
from services.console.cli.watch.ways import Ways

SECRET = "a-secret-of-thirty-two-characters"


@dataclass
class Pager:
    """Somebody who is told, or cannot be reached."""

    reachable: bool = True
    heard: list[str] = field(default_factory=list)

    def __call__(self, sentence: str) -> bool:
        self.heard.append(sentence)
        return self.reachable


# --- when


def test_whoever_was_never_heard_is_silent_from_the_start() -> None:
    vigil, pager = Vigil(("prober", "auditor"), 120, 0), Pager()
    vigil.beat("prober", 60)
    vigil.look(120, pager)
    assert pager.heard == []
    vigil.look(121, pager)
    assert pager.heard == ["careroute: the auditor has been silent for 121 s. Nobody may be watching over calls."]


def test_an_alarm_is_raised_again_while_it_stands_and_its_end_is_told_once() -> None:
    vigil, pager = Vigil(("prober",), 120, 0), Pager()
    for at in (121, 122, 121 + AGAIN_SECONDS - 1):
        vigil.look(at, pager)
    assert len(pager.heard) == 1
    vigil.look(121 + AGAIN_SECONDS, pager)
    assert len(pager.heard) == 2
    vigil.beat("prober", 430)
    for at in (431, 432):
        vigil.look(at, pager)
    assert pager.heard[2:] == ["careroute: the prober is heard again."]
    vigil.look(551, pager)
    assert len(pager.heard) == 4


def test_an_alarm_that_reaches_nobody_is_raised_again_soon_and_its_end_then_is_no_news() -> None:
    vigil, pager = Vigil(("prober",), 120, 0), Pager(reachable=False)
    for at in (121, 122, 121 + RETRY_SECONDS):
        vigil.look(at, pager)
    assert len(pager.heard) == 2
    vigil.beat("prober", 135)
    vigil.look(136, pager)
    assert len(pager.heard) == 2


# --- the door


@pytest.fixture
def door() -> Iterator[BeatsServer]:
    server = BeatsServer(("127.0.0.1", 0), Vigil(("prober",), 120, time.monotonic() - 60), SECRET, time.monotonic)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def ask(door: BeatsServer, method: str, path: str, content: str = "{}", secret: str = SECRET) -> httpx.Response:
    url, headers = f"http://127.0.0.1:{door.server_port}{path}", {"Authorization": f"Bearer {secret or 'x'}"}
    with httpx.Client(trust_env=False) as http:
        return http.request(method, url, content=content, headers=headers)


def seconds(door: BeatsServer) -> float:
    return door.vigil.silent_seconds("prober", time.monotonic())


def test_a_beat_counts_with_the_secret_alone_and_from_whoever_is_expected(door: BeatsServer) -> None:
    assert ask(door, "POST", "/beat/prober", secret="another").status_code == 401
    assert ask(door, "POST", "/beat/stranger").status_code == 404
    assert seconds(door) > 59
    assert ask(door, "POST", "/beat/prober").status_code == 204
    assert seconds(door) < 5


def test_the_end_of_the_watchdog_alert_is_no_beat(door: BeatsServer) -> None:
    assert ask(door, "POST", "/beat/prober", json.dumps({"status": "resolved"})).status_code == 202
    assert seconds(door) > 59
    assert ask(door, "POST", "/beat/prober", json.dumps({"status": "firing", "alerts": []})).status_code == 204
    assert seconds(door) < 5


def test_what_is_stated_to_be_too_large_is_not_read(door: BeatsServer) -> None:
    headers = {"Authorization": f"Bearer {SECRET}", "Content-Length": str((1 << 20) + 1)}
    with closing(HTTPConnection("127.0.0.1", door.server_port, timeout=5)) as http:
        http.request("POST", "/beat/prober", b"{}", headers)
        assert http.getresponse().status == 413
    assert seconds(door) > 59


def test_it_tells_whoever_may_ask_whether_somebody_is_silent(door: BeatsServer) -> None:
    assert ask(door, "GET", "/state", secret="another").status_code == 401
    door.vigil.within_seconds = 30
    assert ask(door, "GET", "/state").json()["silent"] == ["prober"]
    ask(door, "POST", "/beat/prober")
    assert ask(door, "GET", "/state").json()["silent"] == []


# --- the ways to alarm


def test_a_command_gets_the_sentence_and_one_that_fails_reaches_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told = tmp_path / "told"
    assert Ways(command=f"tee {told}").raise_alarm("silent")
    assert told.read_text() == "silent\n"
    for command in ("false", "no-such-program", "an 'open quote"):
        assert not Ways(command=command).raise_alarm("silent")
    assert "THE ALARM REACHED NOBODY" in capfd.readouterr().err


@pytest.mark.parametrize(("status", "reaches"), [(200, True), (500, False)])
def test_a_post_counts_if_it_is_acknowledged(status: int, reaches: bool) -> None:  # noqa: FBT001  # parametrized
    bodies: list[bytes] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert Ways(url=f"http://127.0.0.1:{server.server_port}/").raise_alarm("silent") == reaches
        thread.join()
    assert json.loads(bodies[0]) == {"alarm": "silence", "sentence": "silent"}


# --- the command


def test_it_does_not_start_without_a_way_to_alarm_and_says_so_loudly() -> None:
    done = CliRunner().invoke(app, ["watch"])
    assert done.exit_code == 2
    assert done.stderr.startswith("NOBODY WOULD BE TOLD")


def test_a_drill_tells_whether_the_way_works() -> None:
    assert CliRunner().invoke(app, ["watch", "--run", "true", "--drill"]).exit_code == 0
    assert CliRunner().invoke(app, ["watch", "--run", "false", "--drill"]).exit_code == 1


def test_the_program_alarms_when_it_hears_nobody(tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = [sys.executable, "-c", "from services.console.cli.app import app; app()", "watch"]
    options = ["--within", "1", "--run", f"tee {told}", "--port", str(free_port())]
    environment = {"CAREROUTE_WATCH_SECRET": SECRET, "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(
        [*command, *options], cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        began = time.monotonic()
        while not (told.exists() and told.read_text()):
            assert time.monotonic() - began < 20
            time.sleep(0.05)
    finally:
        process.terminate()
        _, said = process.communicate(timeout=10)
    assert b"watching over prober" in said
    assert "the prober has been silent for" in told.read_text()
