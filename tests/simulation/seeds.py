"""Lives through one seed and judges it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from shared.events import PageDue
from tests.simulation.oracle import check
from tests.simulation.simulate import simulate
from tests.simulation.staff import ON_CALL

REGRESSIONS = {
    1229: "whoever had just won a partition was ousted before it had said so, which looked like a death",
    3013: "a call that a dispatcher had sent by hand was taken late, of which the simulation knew no judgement",
}
"""Seeds that once failed, each with what it found; every run of the tests lives through them again."""


@dataclass(frozen=True)
class Verdict:
    """What came of a seed."""

    seed: int
    calls: int
    faults: int
    records: int
    digest: str
    """Of every topic."""
    called: int
    """Offers that went out by telephone: over a later way, when its time came or one before it failed."""
    on_call: int
    """Pages of an offer to people who are on call by the plan."""
    held: int
    """Calls that waited for a team."""
    answered: int
    """What teams answered within a window."""
    broken: tuple[str, ...]


def judge_seed(seed: int, calls: int = 200, agencies: int = 4, *, ownership_rule: bool = True) -> Verdict:
    """Simulate a seed and check every promise. An exception of the simulation itself is a broken promise too."""
    try:
        day = simulate(seed, calls, agencies, ownership_rule=ownership_rule)
        broken = tuple(check(day))
    except Exception as error:  # noqa: BLE001  # the seed is what matters, and the next one
        return Verdict(seed, 0, 0, 0, "", 0, 0, 0, 0, (f"{type(error).__name__}: {error}",))
    pages = [performed.effect.event for performed in day.performed if isinstance(performed.effect.event, PageDue)]
    called = sum(page.kind == "offer" and page.method.kind == "voice" for page in pages)
    on_call = sum(page.kind == "offer" and page.team_id == ON_CALL for page in pages)
    records = sum(day.counts().values())
    written = Counter(stored.headers.get("type") for batch in day.log.places.values() for stored in batch)
    held, answered = written[b"hold-began"], written[b"offer-answered"]
    return Verdict(seed, day.city.sent, len(day.faults), records, day.digest(), called, on_call, held, answered, broken)
