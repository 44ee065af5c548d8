"""The ways to raise an alarm: a command, a post, or both."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

COMMAND_SECONDS: Final = 60
POST_SECONDS: Final = 10.0
_UNSENDABLE: Final = re.compile(r"[^!-~]")
"""What no address has as it is sent."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways to raise an alarm. The command gets the sentence on its standard input."""

    command: str = ""
    url: str = ""

    def __bool__(self) -> bool:
        return bool(self.command or self.url)

    def raise_alarm(self, sentence: str) -> bool:
        """Raise it every way there is; whether one of them worked."""
        say(sentence)
        results = [*([self._run(sentence)] if self.command else []), *([self._post(sentence)] if self.url else [])]
        if not any(results):
            say("THE ALARM REACHED NOBODY.")
        return any(results)

    def _run(self, sentence: str) -> bool:
        try:
            done = subprocess.run(  # noqa: S603  # what the operator has written
                shlex.split(self.command), input=f"{sentence}\n", text=True, timeout=COMMAND_SECONDS, check=False
            )
        except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
            say(f"the command failed: {type(error).__name__}")
            return False
        return done.returncode == 0

    def _post(self, sentence: str) -> bool:
        """Post it from a thread: looking up a name, and an answer that comes byte by byte, have no time limit."""
        body = json.dumps({"alarm": "silence", "sentence": sentence}).encode()
        acknowledged = threading.Event()
        posting = threading.Thread(target=_post, args=(self.url, body, acknowledged), name="post", daemon=True)
        posting.start()
        posting.join(POST_SECONDS)
        if posting.is_alive():
            say(f"the post had no answer in {POST_SECONDS:g} s")
        return acknowledged.is_set()


class _NoRedirects(HTTPRedirectHandler):
    """Whoever says that the receiver is elsewhere has not taken the alarm, which would go there without its words."""

    def redirect_request(self, *_: object) -> None:
        """Go nowhere: the answer is one that acknowledges nothing."""


def _post(url: str, body: bytes, acknowledged: threading.Event) -> None:
    request = Request(url, body, {"Content-Type": "application/json"})  # noqa: S310  # what the operator has written
    try:
        with build_opener(_NoRedirects).open(request, timeout=POST_SECONDS):  # it raises for all but 2xx
            acknowledged.set()
    except Exception as error:  # noqa: BLE001  # whoever listens there may answer anything, and the watch goes on
        say(f"the post failed: {type(error).__name__}")


def is_postable(url: str) -> bool:
    """Whether something can be posted to an address at all."""
    try:
        parts = urlsplit(url)
        is_there = bool(parts.hostname) and parts.port != 0
        return parts.scheme in ("http", "https") and is_there and not _UNSENDABLE.search(url)
    except ValueError:
        return False


def say(sentence: str) -> None:
    """Write a line for whoever looks; the watch goes on where nobody can any more."""
    with suppress(OSError):
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()
