"""Says what was broken of the promises about who is on duty by the rota, and who is on a call. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.events import Event
from shared.events.base import decode
from tests.chaos.stalls import SERVICE_OF
from tests.rig.log import Entry
from tests.rig.machine import slowness
from tests.simulation.oracle_duty import check_duty

LATE_SECONDS = 20.0
"""Within so long what begins or ends has done so, whoever was killed in between; news from another journal too. On a
machine that is not slower than others."""
DROPPED = "dropped: "


@dataclass(frozen=True, slots=True)
class _Told:
    """Where an event stands, as the simulation's oracle wants to know it."""

    key: str
    position: str
    time: datetime


def duty_faults(records: Iterable[Entry]) -> dict[str, list[str]]:
    """By promise, what was broken."""
    counting = [entry for entry in records if entry.topic in SERVICE_OF and entry.counts]
    journals: dict[str, list[tuple[_Told, Event]]] = {service: [] for service in SERVICE_OF.values()}
    for entry in counting:
        told = _Told(entry.key, entry.position, datetime.fromtimestamp(entry.time, UTC))
        journals[SERVICE_OF[entry.topic]].append((told, decode(entry.type, entry.value)))
    broken = list(check_duty(journals))
    return {
        "people with a call dropped": [line for line in broken if line.startswith(DROPPED)],
        "duty by the rota broken": [line for line in broken if not line.startswith(DROPPED)],
        "planned shifts that did not begin and end once, in time": list(_untimely(counting)),
        "planned teams not signed on once": list(_not_signed_on(counting)),
    }


def _untimely(counting: Sequence[Entry]) -> Iterator[str]:
    """Every planned shift, as it stands in the end: begun once and ended once, neither early nor late."""
    over_at = max((entry.time for entry in counting), default=0.0) - LATE_SECONDS * slowness()
    planned = ((entry.key, _shift(entry)) for entry in _of(counting, "shift-planned", "shift-moved"))
    plans = {(agency, plan["shift_id"]): plan for agency, plan in planned}
    for kind, boundary in (("duty-began", "starts_at"), ("duty-ended", "ends_at")):
        times: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for entry in _of(counting, kind):
            times[entry.key, str(entry.fields["shift_id"])].append(entry.time)
        for shift, plan in plans.items():
            due = datetime.fromisoformat(plan[boundary]).timestamp()
            came = times[shift]
            if len(came) > 1:
                yield f"{shift} {kind} {len(came)} times"
            elif came and not due <= came[0] + 0.1 <= due + LATE_SECONDS * slowness():
                yield f"{shift} {kind} {came[0] - due:.1f} s after its time"
            elif not came and due < over_at:
                yield f"{shift} {kind} not at all"


def _not_signed_on(counting: Sequence[Entry]) -> Iterator[str]:
    """Every shift that has begun has signed its team on once, and nothing signed it off before its end."""
    over_at = max((entry.time for entry in counting), default=0.0) - LATE_SECONDS * slowness()
    ended = {(entry.key, str(entry.fields["shift_id"])) for entry in _of(counting, "duty-ended")}
    by_plan = [entry for entry in _of(counting, "team-signed-on") if entry.fields["planned_shift_id"]]
    signed_on = Counter((entry.key, str(entry.fields["planned_shift_id"])) for entry in by_plan)
    shift_of = {
        (entry.key, str(entry.fields["shift_id"])): (entry.key, str(entry.fields["planned_shift_id"]))
        for entry in by_plan
    }
    for entry in _of(counting, "duty-began"):
        shift = entry.key, str(entry.fields["shift_id"])
        if signed_on[shift] != 1 and entry.time < over_at:
            yield f"{shift} signed on {signed_on[shift]} times"
    for entry in _of(counting, "team-signed-off"):
        off = shift_of.get((entry.key, str(entry.fields["shift_id"])))
        if off is not None and off not in ended:
            yield f"{off} signed off, and the rota did not say so"


def _of(counting: Iterable[Entry], *kinds: str) -> Iterator[Entry]:
    return (entry for entry in counting if entry.type in kinds)


def _shift(entry: Entry) -> Any:
    return entry.fields["shift"]
