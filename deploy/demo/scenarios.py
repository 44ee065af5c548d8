"""What the demo plays of its own: the made-up city, or a replay of a CAD's export."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.actors.console import TeamSpec
from deploy.actors.crews import Habits
from deploy.actors.scenario import PROGRAMMES, Scenario
from deploy.actors.story import CANARY, Sending
from deploy.demo import traffic
from shared.programme.trying.cad_export import MappingRefused, read_mapping, read_rows


def city(seed: int, seconds: float, calls_per_second: float) -> Scenario:
    """The made-up city: four districts, one of each phase."""
    live, advisory, shadow, off = traffic.DISTRICTS
    phases = {("outreach", live): "live", ("outreach", advisory): "advisory", ("outreach", shadow): "shadow"}
    phases |= {("outreach", off): "off", ("co-response", live): "live", ("co-response", advisory): "advisory"}
    sizes = {live: (4, 2), advisory: (2, 1), shadow: (1, 0), off: (1, 0)}
    teams = []
    for district, (outreach, co_response) in sizes.items():
        name = district.lower().replace(" ", "-")
        teams += [
            TeamSpec(
                f"{name}-{number}",
                "community-responder",
                ("crisis-worker", "emt"),
                (district,),
                paged_members=number % 2,
            )
            for number in range(1, outreach + 1)
        ]
        teams += [
            TeamSpec(f"{name}-co-{number}", "co-responder", ("clinician", "officer"), (district,))
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
        marked=CANARY,
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
            TeamSpec(f"{district.lower()}-{number}", "mobile-crisis-team", ("clinician", "emt"), (district,))
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
