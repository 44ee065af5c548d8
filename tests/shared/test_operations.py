"""The port for operations: whoever connects and says nothing, however many, keeps nobody from an answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from shared.operations import OperationsServer, serve_operations

HALF = b"GET /livez HTTP/1.1\r\nHost:"


@pytest.fixture
def port() -> Iterator[int]:
    server = serve_operations("127.0.0.1", 0, lambda: False, lambda: True)
    yield server.server_port
    server.shutdown()
    server.server_close()


def asked(port: int, path: str) -> tuple[int, str]:
    answer = httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=5)
    return answer.status_code, answer.text


def test_it_says_whether_the_process_lives_and_is_ready_and_gives_its_figures(port: int) -> None:
    assert asked(port, "/livez") == (200, "ok\n")
    assert asked(port, "/readyz") == (503, "not yet\n")
    assert "# TYPE careroute_build_info gauge" in asked(port, "/metrics")[1]
    assert asked(port, "/else")[0] == 404


@pytest.mark.parametrize("number", [1, OperationsServer.connections * 3])
@pytest.mark.parametrize("said", [b"", HALF])
def test_who_connects_and_says_nothing_keeps_nobody_from_an_answer(
    port: int, number: int, said: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """One connection over which nothing came was enough: the process was taken for hung, and ended."""
    with ExitStack() as open_:
        for _ in range(number):
            open_.enter_context(socket.create_connection(("127.0.0.1", port))).sendall(said)
        assert asked(port, "/livez") == (200, "ok\n")
    assert asked(port, "/livez") == (200, "ok\n")
    assert capfd.readouterr().err == ""
