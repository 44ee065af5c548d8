"""Who is expected to beat, and when silence is an alarm. Instants are monotonic seconds; alarms are others' work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

AGAIN_SECONDS: Final = 300.0
"""How often an alarm that stands is raised again."""
RETRY_SECONDS: Final = 10.0
"""How soon one is that reached nobody."""

Raise = Callable[[str], bool]
"""`raise_alarm(sentence)` -> whether somebody has it."""


@dataclass(slots=True)
class Vigil:
    """Who is expected to beat, and when each did last. Instants are monotonic seconds."""

    names: tuple[str, ...]
    within_seconds: float
    began_at: float
    _heard_at: dict[str, float] = field(default_factory=dict, init=False)
    _next_alarm_at: dict[str, float] = field(default_factory=dict, init=False)
    """Of everybody who is silent; absent: an alarm is due at once."""
    _told: set[str] = field(default_factory=set, init=False)
    """Whose silence somebody has been told of."""

    def beat(self, name: str, at: float) -> bool:
        """Somebody has beaten; whether they are expected to."""
        if name not in self.names:
            return False
        self._heard_at[name] = at
        return True

    def silent_seconds(self, name: str, at: float) -> float:
        """For how long somebody has not been heard, since the start at most."""
        return at - self._heard_at.get(name, self.began_at)

    def silent(self, at: float) -> list[str]:
        """Whoever has been silent for too long."""
        return [name for name in self.names if self.silent_seconds(name, at) > self.within_seconds]

    def look(self, at: float, raise_alarm: Raise) -> None:
        """Raise what is due: silence, again and again, and once that it is over."""
        silent = self.silent(at)
        for name in silent:
            if at >= self._next_alarm_at.get(name, at):
                seconds = self.silent_seconds(name, at)
                reached = raise_alarm(
                    f"careroute: the {name} has been silent for {seconds:.0f} s. Nobody may be watching over calls."
                )
                self._told |= {name} if reached else set()
                self._next_alarm_at[name] = at + (AGAIN_SECONDS if reached else RETRY_SECONDS)
        for name in [name for name in self._next_alarm_at if name not in silent]:
            if name not in self._told or raise_alarm(f"careroute: the {name} is heard again."):
                del self._next_alarm_at[name]
                self._told.discard(name)

    def state(self, at: float) -> dict[str, Any]:
        """Who is expected, and who is silent; for whoever asks whether anybody is watching."""
        return {
            "silent": self.silent(at),
            "seconds": {name: round(self.silent_seconds(name, at), 1) for name in self.names},
            "within_seconds": self.within_seconds,
        }
