"""What the demo plays: the made-up city, or a replay of a CAD's export; each with its programme, phases and teams."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deploy.demo import traffic
from deploy.demo.crews import Habits
from deploy.demo.people import TeamWanted
from deploy.demo.traffic import Sending
from deploy.local.kafka.node import CHECKOUT
from deploy.rehearsal.switching import Script
from shared.programme.trying.cad_export import MappingRefused, read_mapping, read_rows

PROGRAMMES = CHECKOUT / "deploy" / "programmes"
SETTLE_SECONDS = 40.0
"""How long after the last version every outcome must be there: the routing deadline of the document, and a margin."""


@dataclass(frozen=True)
class Scenario:
    """What is played."""

    title: str
    agency: str
    source: str
    document: str
    sendings: Sequence[Sending]
    phases: Mapping[tuple[str, str], str]
    """By response and district."""
    teams: Sequence[TeamWanted]
    replay: bool = False
    habits: Habits = field(default_factory=Habits)
    pause: str | None = None
    """The district in which the stop switch is thrown once."""
    overrides_in: tuple[str, ...] = ()
    marked: str = ""
    """What stands in every personal text."""
    clocks: Callable[[float], str] = lambda seconds: f"{seconds:.0f} s"
    """The time of the run, in words."""
    notes: tuple[str, ...] = ()
    at: datetime | None = None
    """The instant at which the calls begin, where that is not now."""
    settle_seconds: float = SETTLE_SECONDS
    switching: Script | None = None
    by_hand: Mapping[str, Any] | None = None
    """What a call says that a team may take."""

    @property
    def seconds(self) -> float:
        """When the last version is due."""
        return self.sendings[-1].at_seconds

    @property
    def districts(self) -> tuple[str, ...]:
        """Districts in the order of their phases."""
        return tuple(dict.fromkeys(district for _, district in self.phases))

    @property
    def advisory(self) -> tuple[str, ...]:
        """Districts in which a dispatcher confirms, sooner or later."""
        script = self.switching
        raised = {(script.response, script.district): script.becomes} if script else {}
        phases = {**self.phases, **raised}
        return tuple(dict.fromkeys(district for (_, district), phase in phases.items() if phase == "advisory"))

    def example(self, now: datetime) -> dict[str, Any]:
        """A call for somebody to send by hand: one that a team may take, in the first district."""
        names = {"agency": self.agency, "source": self.source, "incident_id": "BY-HAND-1", "event_id": "by-hand-1"}
        times = dict.fromkeys(("created_at", "updated_at"), (self.at or now).isoformat())
        if self.by_hand is not None:
            return {**names, **times, **self.by_hand}
        fits = (one for one in self.sendings if one.body.get("district") == self.districts[0] and _is_calm(one.body))
        return {**self.body(next(fits, self.sendings[0]), now), **times, **names}

    def renamed(self, agency: str) -> Scenario:
        """The same for an agency of another name, where the log holds calls of the first already."""

        def rename(document: str) -> str:
            return re.sub(r'(?m)^agency(\s*)= "[^"]*"', lambda found: f'agency{found[1]}= "{agency}"', document)

        switching = self.switching and self.switching.renamed(rename)
        return replace(self, agency=agency, document=rename(self.document), switching=switching)

    def body(self, sending: Sending, start: datetime) -> dict[str, Any]:
        """The flat record to send."""
        return {**sending.flat(self.at or start), "agency": self.agency}


def _is_calm(body: Mapping[str, Any]) -> bool:
    answers = set(body.get("answers", {"": "no"}).values())
    code = body.get("call_type", {}).get("code")
    return code in ("MENTAL", "CHECK WELFARE", "5150", "CW") and answers == {"no"} and "cautions" not in body


def city(seed: int, seconds: float, calls_per_second: float) -> Scenario:
    """The made-up city: four districts, one of each phase."""
    live, advisory, shadow, off = traffic.DISTRICTS
    phases = {("outreach", live): "live", ("outreach", advisory): "advisory", ("outreach", shadow): "shadow"}
    phases |= {("outreach", off): "off", ("co-response", live): "live", ("co-response", advisory): "advisory"}
    places = {live: (4, 2), advisory: (2, 1), shadow: (1, 0), off: (1, 0)}
    teams = []
    for district, (outreach, co_response) in places.items():
        name = district.lower().replace(" ", "-")
        for number in range(1, outreach + 1):
            paged_by = "webhook" if number % 2 else "pocket"
            crew = ("crisis-worker", "emt")
            teams.append(TeamWanted(f"{name}-{number}", "community-responder", crew, (district,), paged_by))
        teams += [
            TeamWanted(f"{name}-co-{number}", "co-responder", ("clinician", "officer"), (district,))
            for number in range(1, co_response + 1)
        ]
    return Scenario(
        title=f"a made-up city, seed {seed}",
        agency=traffic.AGENCY,
        source=traffic.SOURCE,
        document=(PROGRAMMES / "demo-city.toml").read_text("utf-8"),
        sendings=traffic.city(seed, seconds, calls_per_second),
        phases=phases,
        teams=teams,
        pause=live,
        overrides_in=(live,),
        marked=traffic.CANARY,
        clocks=lambda at: f"{_hour(at / seconds)} in the city, {at:.0f} of {seconds:.0f} s here",
    )


def _hour(share: float) -> str:
    minutes = min(int(share * 24 * 60), 24 * 60 - 1)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def replay(calls: Path, mapping_file: Path, speed: float) -> Scenario:
    """Real calls, `speed` times as fast as they came. Raises MappingRefused, OSError."""
    mapping = read_mapping(mapping_file.read_text("utf-8"))
    programme = PROGRAMMES / f"{mapping_file.stem}-replay.toml"
    if not programme.exists():
        raise MappingRefused(f"there is no programme for this replay: {programme}")
    rows = read_rows(mapping, calls)
    first, zone = rows[0].created_at, ZoneInfo(mapping.time_zone)
    sendings = [Sending((row.created_at - first).total_seconds() / speed, row.body) for row in rows]
    for row in rows:
        if (body := row.end_body()) is not None:
            after = datetime.fromisoformat(body["updated_at"]) - first
            sendings.append(Sending(after.total_seconds() / speed, body))
    sendings.sort(key=lambda sending: sending.at_seconds)
    districts = tuple(mapping.beats.districts) if mapping.beats is not None else ()
    phase_of = dict.fromkeys(districts, "live")
    if len(districts) >= 4:  # one of each, so that each can be seen
        phase_of |= {districts[-1]: "off", districts[-3]: "shadow", districts[1]: "advisory"}

    def clocks(at: float) -> str:
        there = (first + timedelta(seconds=at * speed)).astimezone(zone)
        return f"{there:%a %d %b %Y %H:%M} there (gates), {at:.0f} s here (offers and deadlines)"

    ends = len(sendings) - len(rows)
    return Scenario(
        title=f"{len(rows)} calls of {calls.name}, {speed:g} times as fast as they came",
        agency=mapping.agency,
        source=mapping.source,
        document=programme.read_text("utf-8"),
        sendings=sendings,
        phases={("crisis-team", district): phase for district, phase in phase_of.items()},
        teams=[
            TeamWanted(f"{district.lower()}-{number}", "mobile-crisis-team", ("clinician", "emt"), (district,))
            for district in districts
            for number in range(1, 5)
        ],
        replay=True,
        habits=Habits(answer=(0.2, 1.0), travel=(0.4, 1.2), work=(0.8, 2.5)),
        clocks=clocks,
        notes=(
            "Two clocks: hours, holidays and freshness go by the call's own time; offers and deadlines run here.",
            f"The export has the received time alone. {ends} calls end early by their disposition, at an assumed time.",
            "It has no screening answers: what some codes state of hazards is assumed, see the programme document.",
        ),
    )
