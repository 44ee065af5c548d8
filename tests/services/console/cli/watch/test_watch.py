"""The watcher: silence is an alarm that reaches somebody, a beat needs the secret, and an end is no beat."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from deploy.local.kafka.node import CHECKOUT, free_port
from services.console.cli.app import app
from services.console.cli.watch import ways
from services.console.cli.watch.door import BeatsServer
from services.console.cli.watch.vigil import AGAIN_SECONDS, RETRY_SECONDS, Vigil
from services.console.cli.watch.ways import Ways

SECRET = "a-secret-of-thirty-two-characters"


@contextmanager
def listener(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of somebody who is connected to, and answers whatever they like."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


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


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"HTTP/1.1 soon OK\r\n\r\n",
        b"HTTP/1.1 200 " + b"O" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 300 + b"\r\n",
    ],
    ids=["another protocol", "nothing", "half a head", "no status", "a line without end", "too many headers"],
)
def test_whoever_answers_and_is_no_receiver_is_not_told_and_the_watch_goes_on(answer: bytes) -> None:
    with listener(lambda connection: connection.sendall(answer)) as url:
        assert not Ways(url=url).raise_alarm("silent")


def test_a_receiver_that_sends_its_answer_byte_by_byte_does_not_hold_the_watch_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.wait(0.05):
            connection.sendall(b"x")

    monkeypatch.setattr(ways, "POST_SECONDS", 0.3)
    began = time.monotonic()
    with listener(drip) as url:
        assert not Ways(url=url).raise_alarm("silent")
        assert time.monotonic() - began < 5
        over.set()


def test_who_only_says_that_the_receiver_is_elsewhere_is_not_told() -> None:
    """The alarm would be followed there without its sentence, and a page that says so would count as somebody."""
    asked: list[bytes] = []

    def elsewhere(connection: socket.socket) -> None:
        asked.append(connection.recv(65536))
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 0" if len(asked) > 1 else b"HTTP/1.1 302 Found\r\nLocation: /login"
        connection.sendall(head + b"\r\nConnection: close\r\n\r\n")

    with listener(elsewhere) as url:
        assert not Ways(url=url).raise_alarm("silent")
    assert len(asked) == 1


def test_a_command_that_says_nothing_reaches_nobody() -> None:
    assert not Ways(command="  ").raise_alarm("silent")


# --- the command


@pytest.mark.parametrize("within", ["nan", "inf", "-inf", "0", "1e9"])
def test_a_silence_that_nobody_would_ever_be_told_of_is_refused(within: str) -> None:
    done = CliRunner().invoke(app, ["watch", "--run", "true", "--within", within, "--drill"])
    assert done.exit_code == 2
    assert "--within" in done.stderr


@pytest.mark.parametrize(
    "address",
    [
        "pager.example/hook",
        "file:///etc/hostname",
        "http://a b/",
        "http://[::1",
        "http://",
        "http://pager.example:99999/",
    ],
)
def test_an_address_to_which_nothing_can_be_posted_is_refused_at_the_start(address: str) -> None:
    done = CliRunner().invoke(app, ["watch", "--post", address, "--drill"])
    assert done.exit_code == 2
    assert "--post" in done.stderr


@pytest.mark.parametrize(
    "where", [("--port", "99999"), ("--port", "-1"), ("--host", "nö.example..x"), ("--host", "192.0.2.1")]
)
def test_where_nobody_can_listen_it_ends_with_a_sentence(
    where: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAREROUTE_WATCH_SECRET", SECRET)
    done = CliRunner().invoke(app, ["watch", "--run", "true", *where])
    assert done.exit_code in (1, 2)
    assert where[0].strip("-") in done.stderr or where[1] in done.stderr
    assert isinstance(done.exception, SystemExit)


def test_it_asks_no_name_service_for_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda _: pytest.fail("it was asked"))
    BeatsServer(("127.0.0.1", 0), Vigil(("prober",), 120, 0), SECRET, time.monotonic).server_close()


def test_it_does_not_start_without_a_way_to_alarm_and_says_so_loudly() -> None:
    done = CliRunner().invoke(app, ["watch"])
    assert done.exit_code == 2
    assert done.stderr.startswith("NOBODY WOULD BE TOLD")


def test_a_drill_tells_whether_the_way_works() -> None:
    assert CliRunner().invoke(app, ["watch", "--run", "true", "--drill"]).exit_code == 0
    assert CliRunner().invoke(app, ["watch", "--run", "false", "--drill"]).exit_code == 1


@contextmanager
def program(told: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The program, which hears nobody, and writes an alarm to a file."""
    command = [sys.executable, "-c", "from services.console.cli.app import app; app()", "watch"]
    options = ["--within", "1", "--run", f"tee {told}", "--port", str(free_port())]
    environment = {"CAREROUTE_WATCH_SECRET": SECRET, "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(
        [*command, *options], cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)


def wait_for_words(told: Path) -> str:
    began = time.monotonic()
    while not (told.exists() and told.read_text()):
        assert time.monotonic() - began < 20
        time.sleep(0.05)
    return told.read_text()


def test_the_program_alarms_when_it_hears_nobody(tmp_path: Path) -> None:
    with program(tmp_path / "told") as process:
        assert "the prober has been silent for" in wait_for_words(tmp_path / "told")
    assert process.stderr is not None
    assert b"watching over prober" in process.stderr.read()
    process.stderr.close()


def test_the_program_alarms_where_nobody_reads_any_more_what_it_writes(tmp_path: Path) -> None:
    """A terminal that was closed, or a program that took its lines and has ended."""
    with program(tmp_path / "told") as process:
        assert process.stderr is not None
        process.stderr.close()
        assert "the prober has been silent for" in wait_for_words(tmp_path / "told")
