"""The ways to raise an alarm: a command, a post, or both."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from typing import Final

COMMAND_SECONDS: Final = 60
POST_SECONDS: Final = 10


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
            say("THE ALARM REACHED NOBODY; it is raised again in a moment.")
        return any(results)

    def _run(self, sentence: str) -> bool:
        try:
            done = subprocess.run(  # noqa: S603  # what the operator has written
                shlex.split(self.command), input=f"{sentence}\n", text=True, timeout=COMMAND_SECONDS, check=False
            )
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            say(f"the command failed: {type(error).__name__}")
            return False
        return done.returncode == 0

    def _post(self, sentence: str) -> bool:
        body = json.dumps({"alarm": "silence", "sentence": sentence}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})  # noqa: S310  # as above
        try:
            with urllib.request.urlopen(request, timeout=POST_SECONDS):  # noqa: S310  # it raises for 4xx and 5xx
                return True
        except (OSError, ValueError) as error:
            say(f"the post failed: {type(error).__name__}")
            return False


def say(sentence: str) -> None:
    """Write a line for whoever looks."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
