"""The command line's way to the door: one request, and what its answer means for the exit code."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:  # imported when the first request is made: `careroute --help` does without
    import httpx

DONE, REFUSED, USAGE, NOT_ANSWERED, NOT_REACHABLE = range(5)
"""Exit codes."""
TRIES = 3
TIMEOUT_SECONDS = 6.0
PAUSE_SECONDS = 0.3


@dataclass(slots=True)
class NotDone(Exception):
    """It was not done: the exit code, what the door answered, and what to do next."""

    exit_code: int
    body: dict[str, Any]
    next_step: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the door answered, with the exit code that it means."""

    body: Any
    exit_code: int = DONE

    def at(self, door: Door) -> Reply:
        """The same with a whole link, where the answer has a path."""
        return Reply({**self.body, "link": door.address + self.body["path"]}, self.exit_code)


class Door:
    """The API of services/console over HTTP. Everything raises NotDone."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    @property
    def address(self) -> str:
        """Where the door is."""
        return str(self._http.base_url).rstrip("/")

    def get(self, path: str, **query: Any) -> Reply:
        """Ask."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._reply("GET", path, params=given)

    def text(self, path: str, **query: Any) -> str:
        """Ask for what is no JSON, e.g. CSV."""
        given = {name: value for name, value in query.items() if value is not None}
        response = self._send("GET", path, {"params": given})
        if response.is_success:
            return response.text
        return str(self._reply_of(response).body)

    def post(self, path: str, **body: Any) -> Reply:
        """Issue a command. A retry carries the same key, so that it cannot be done twice."""
        given = {name: value for name, value in body.items() if value is not None}
        return self._reply("POST", path, json=given, headers={"Idempotency-Key": secrets.token_hex(16)})

    def _reply(self, method: str, path: str, **request: Any) -> Reply:
        return self._reply_of(self._send(method, path, request))

    @staticmethod
    def _reply_of(response: httpx.Response) -> Reply:
        try:
            body = response.json()
        except ValueError:
            body = {
                "detail": f"The answer from {response.url} ({response.status_code}) is not from a careroute console."
            }
            raise NotDone(NOT_REACHABLE, body, "Check CAREROUTE_CONSOLE_URL.") from None
        if response.status_code == 202:  # noqa: PLR2004  # HTTP's: taken, not answered yet
            return Reply(body, NOT_ANSWERED)
        if response.is_success:
            return Reply(body)
        raise NotDone(*_meaning(response.status_code, body))

    def _send(self, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
        import httpx  # noqa: PLC0415  # see above
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed  # noqa: PLC0415

        attempts = Retrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_fixed(PAUSE_SECONDS),
            retry=retry_if_exception_type(httpx.TransportError),
            reraise=True,
        )
        try:
            return attempts(self._http.request, method, path, **request)
        except UnicodeEncodeError:  # of the JSON: bytes of the command line that were no text
            raise NotDone(USAGE, {"detail": "What was typed holds bytes that are no text."}, "Type it anew.") from None
        except ValueError:  # as well: a number that is none
            raise NotDone(USAGE, {"detail": "A number cannot be counted with."}, "Say it in digits.") from None
        except httpx.TransportError as error:
            body = {"detail": f"{self._http.base_url} cannot be reached ({type(error).__name__})."}
            if method == "POST":
                body["detail"] += " The command may or may not have been taken."
            raise NotDone(NOT_REACHABLE, body, "Start the console, or set CAREROUTE_CONSOLE_URL.") from None


def connect() -> Door:
    """The door that the environment names, with the token from there. Raises NotDone."""
    import httpx  # noqa: PLC0415  # see above

    from services.console.config import CommandLineSettings  # noqa: PLC0415  # as above

    settings = CommandLineSettings.load()
    token = settings.token.get_secret_value()
    if not token:
        raise NotDone(
            USAGE, {"detail": "CAREROUTE_TOKEN is not set."}, "Set it to your token; `careroute key new` makes one."
        )
    if not token.isascii() or not token.isprintable():
        raise NotDone(USAGE, {"detail": "CAREROUTE_TOKEN holds a character that no token has."}, "Copy it once more.")
    headers = {"Authorization": f"Bearer {token}"}
    return Door(httpx.Client(base_url=settings.console_url, headers=headers, timeout=TIMEOUT_SECONDS))


def call_path(call_id: str) -> str:
    """Where a call is found. Raises NotDone for what is no call id."""
    from shared.call import CallId  # noqa: PLC0415  # as above

    try:
        parts = CallId.parse(call_id)
    except ValueError:
        body = {"detail": f"{call_id!r} is no call id."}
        next_step = "A call id is agency/source/incident; `careroute call list` shows them."
        raise NotDone(USAGE, body, next_step) from None
    return "/v1/calls/" + "/".join(map(in_path, parts))


def in_path(name: str) -> str:
    """A name as one segment of a path. Raises typer.BadParameter for what can be none, wherever it is asked."""
    from typer import BadParameter  # noqa: PLC0415  # as above

    if not name.strip(".") or "/" in name or not name.isprintable():
        raise BadParameter(f"{name!r} is no id: an id is letters, digits and . _ : @ - alone.")
    return quote(name, safe="")


def _meaning(status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
    """The exit code, the answer, and what to do next."""
    if status == 503:  # noqa: PLR2004  # HTTP's: try again
        command_id = body.get("command_id")
        asking = f", or ask with `careroute command {command_id}` whether it came through" if command_id else ""
        return NOT_REACHABLE, body, f"Try again in a moment{asking}."
    if status in NEXT_STEPS:
        exit_code, next_step = NEXT_STEPS[status]
        return exit_code, body, next_step
    return (REFUSED if status < 500 else NOT_REACHABLE), body, "Ask whoever runs careroute."  # noqa: PLR2004  # HTTP's


NEXT_STEPS = {
    401: (REFUSED, "Check CAREROUTE_TOKEN, and that its hash stands in the agencies file."),
    403: (REFUSED, "Ask somebody with the role, or have it given to you in the agencies file."),
    404: (REFUSED, "Check the id; lists show them: `careroute call list`, `person list`, `team list`, `rota show`."),
    409: (REFUSED, "Nothing was changed. Put right what is named above, then try again."),
    413: (USAGE, "Send less."),
    422: (USAGE, "Put right what is named above; `--help` says what is taken."),
}
