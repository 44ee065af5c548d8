"""A beat of a district: a test call of a real agency, which its document must give the default, at once, for a reason.

What is right is computed from the very document that the console serves, by the same functions as triage has. Nobody is
ever sent to such a call: its source is `synthetic`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.prober.doors import LOOK_SECONDS, Doors
from services.prober.whole_way import Reached, Wrong
from shared.call import Call, CallType
from shared.clock import Clock
from shared.probes import Beat
from shared.programme import Judgement, Programme, ProgrammeRefused, Switchboard, judge, read
from shared.programme.judging.facts import HAZARDS
from shared.programme.judging.surroundings import Surroundings
from shared.switch import ALL

LATE = timedelta(seconds=1)
"""An outcome may be on record so long after its deadline."""
MOST_SECONDS = 5.0
"""What is unsuitable gets the default at once, and not only at its deadline."""
STAGES = ("document", "taken", "decided")


@dataclass(slots=True)
class Beats:
    """A real agency with its synthetic source."""

    agency: str
    beat: Beat
    doors: Doors
    clock: Clock
    _served: tuple[str, Programme] | None = field(default=None, init=False)
    """The document's text as the console served it last, and what it says."""

    async def live_districts(self) -> tuple[str, ...]:
        """The districts in which a response is live now. Raises Refused."""
        board = await self.doors.read(self.beat.token, "/v1/switchboard")
        live = {seen["district"] for seen in board["phases"].values() if seen["phase"] == "live"}
        return () if ALL in board["paused"] else tuple(sorted(live - board["paused"].keys()))

    async def go(self, district: str, probe_id: str, reached: Reached) -> None:
        """Send a call and wait for its outcome. Raises Refused, Wrong; the caller bounds the time."""
        programme = await self._programme()
        reached("document")
        call = dangerous(programme, self._call(programme, district, probe_id))
        await self.doors.publish(self.beat.key, {"event_id": f"{probe_id}-active", **call.model_dump(mode="json")})
        reached("taken")
        seen = await self._outcome(call.call_id)
        for wrong in faults_of(seen, expected(programme, call)):
            raise Wrong(wrong)
        reached("decided")
        ended = {**call.model_dump(mode="json"), "status": "closed", "updated_at": self.clock.now().isoformat()}
        await self.doors.publish(self.beat.key, {"event_id": f"{probe_id}-closed", **ended})

    def _call(self, programme: Programme, district: str, incident: str) -> Call:
        now, (system, code) = self.clock.now(), min(programme.codes, default=("probe", "PROBE"))
        return Call(
            agency=self.agency,
            source=self.beat.source,
            incident_id=incident,
            created_at=now,
            updated_at=now,
            call_type=CallType(system=system, code=code),
            district=district,
        )

    async def _programme(self) -> Programme:
        """The programme in force. Raises Wrong where there is none, or it cannot be read."""
        documents = await self.doors.read(self.beat.token, "/v1/programme")
        active = next((seen for seen in documents if seen["state"] == "active"), None)
        if active is None:
            raise Wrong("no programme is in force")
        if self._served is None or self._served[0] != active["document"]:
            try:
                self._served = active["document"], await asyncio.to_thread(read, active["document"])
            except ProgrammeRefused:
                raise Wrong("the document in force cannot be read") from None
        programme = self._served[1]
        if programme.hash != active["document_hash"]:
            raise Wrong("the document that the console serves is not the one that it names")
        return programme

    async def _outcome(self, call_id: str) -> Mapping[str, Any]:
        """The call as the console shows it once it has its outcome."""
        while True:
            seen = await self.doors.look(self.beat.key, f"/v1/calls/{call_id}")
            if seen is not None and seen["call_id"] != call_id:
                raise Wrong("the console shows another call than the one that it was asked for")
            if seen is not None and seen["episodes"] and seen["episodes"][-1]["outcome"] and seen["judgement"]:
                return dict(seen)
            await asyncio.sleep(LOOK_SECONDS)


def expected(programme: Programme, call: Call) -> Judgement:
    """What triage must say of a test call; its gates do not turn on what is switched on."""
    return judge(programme, Switchboard(), call, Surroundings(synthetic=True), call.updated_at)


def dangerous(programme: Programme, call: Call) -> Call:
    """The call made such that the document gives it the default by itself, so that not only our own gate is tried.

    As it is, where a document sends a team to everything.
    """
    for change in _dangers():
        changed = call.model_copy(update=change)
        reasons = judge(programme, Switchboard(), changed, Surroundings(), call.updated_at).reasons
        if "level-sends-default" in reasons:
            return changed
    return call


def _dangers() -> Iterator[dict[str, Any]]:
    """What hardly a document sends a team to: a hazard at its worst, all of them, or a caller who wants police."""
    worst = {hazard: values[-1] for hazard, values in HAZARDS.items()}
    yield from ({"facts": {hazard: value}} for hazard, value in worst.items())
    yield {"facts": worst}
    yield {"caller_wants": "police"}


def faults_of(seen: Mapping[str, Any], right: Judgement) -> Iterator[str]:
    """What is not as it must be of a call with its outcome, each in a sentence."""
    episode, judged = seen["episodes"][-1], seen["judgement"]
    if not seen["synthetic"]:
        yield "the call does not carry the mark of a test"
    if episode["outcome"] != "default":
        yield f"the outcome is {episode['outcome']}, not default"
    if judged["programme_hash"] != right.programme_hash or episode["programme_hash"] != right.programme_hash:
        yield "it was judged by another document than the one in force"
    if tuple(judged["reasons"]) != right.reasons or tuple(episode["reasons"]) != right.reasons:
        yield f"the reasons are {', '.join(episode['reasons'])}, not {', '.join(right.reasons)}"
    if judged["level"] != right.level:
        yield f"it stands on the level {judged['level']}, not {right.level}"
    routed_at, began_at, deadline = (
        datetime.fromisoformat(episode[name]) for name in ("routed_at", "began_at", "deadline")
    )
    if routed_at > deadline + LATE:
        yield "the outcome came after the deadline"
    elif (routed_at - began_at).total_seconds() > MOST_SECONDS:
        yield f"the outcome took {(routed_at - began_at).total_seconds():.1f} s"
