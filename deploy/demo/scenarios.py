"""What the demo plays of its own: the made-up city, or a replay of a CAD's export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deploy.actors.console import TeamSpec
from deploy.actors.crews import Habits
from deploy.actors.scenario import PROGRAMMES, Owner, Scenario
from deploy.actors.story import CANARY, Sending
from deploy.demo import traffic
from shared.judgement import NOT_ROUTED, OR
from shared.programme import Programme, ProgrammeRefused, read
from shared.programme.trying.cad_export import read_export
from shared.programme.trying.explain import all_on
from shared.programme.trying.export_document import CallMapping, MappingRefused, read_mapping
from shared.switch import Switch


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
    night = TeamSpec(f"{live.lower()}-night", "community-responder", ("crisis-worker", "emt"), (live,), on_call=True)
    return Scenario(
        title=f"a made-up city, seed {seed}",
        agency=traffic.AGENCY,
        source=traffic.SOURCE,
        document=(PROGRAMMES / "demo-city.toml").read_text("utf-8"),
        sendings=traffic.city(seed, seconds, calls_per_second),
        phases=phases,
        teams=[*teams, night],
        phones=_phones(teams, night),
        pause=live,
        overrides_in=(live,),
        marked=CANARY,
        clocks=lambda at: f"{_hour(at / seconds)} in the city, {at:.0f} of {seconds:.0f} s here",
    )


def _phones(teams: Sequence[TeamSpec], night: TeamSpec) -> dict[str, Owner]:
    """One of each outreach team has a phone; of the first, two have, and one of them has enough of it."""
    habits: tuple[Owner, ...] = ("taps", "texts", "presses", "is off")
    outreach = [team for team in teams if team.model == "community-responder"]
    owners = {team.members[0]: habits[place % len(habits)] for place, team in enumerate(outreach)}
    return owners | {outreach[0].members[1]: "says stop"} | dict.fromkeys(night.members, "presses")


def _hour(share: float) -> str:
    minutes = min(int(share * 24 * 60), 24 * 60 - 1)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


TEAMS_A_DISTRICT = 2


def replay(
    calls: Path, mapping_file: Path, speed: float, document: Path | None = None, teams: int = TEAMS_A_DISTRICT
) -> Scenario:
    """Real calls, `speed` times as fast as they came, under a document as it is. Raises MappingRefused, OSError.

    `teams`: how many of each response there are in a district. Without a document the mapping's own is taken.
    """
    mapping = read_mapping(mapping_file.read_text("utf-8"))
    text, programme = _document(document or PROGRAMMES / f"{mapping_file.stem}-replay.toml", mapping)
    export = read_export(mapping, calls)
    first, zone = export.rows[0].created_at, ZoneInfo(mapping.time_zone)

    def sending(body: Mapping[str, Any]) -> Sending:
        after = datetime.fromisoformat(body["updated_at"]) - first
        return Sending(max(0.0, after.total_seconds()) / speed, body)

    ends = [body for row in export.rows if (body := row.end_body()) is not None]
    bodies = [body for row in export.rows for body in (row.body, *row.later)] + ends

    def clocks(at: float) -> str:
        there = (first + timedelta(seconds=at * speed)).astimezone(zone)
        return f"{there:%a %d %b %Y %H:%M} there (gates), {at:.0f} s here (offers and deadlines)"

    phases = dict(_phases(programme))
    return Scenario(
        title=f"{len(export.rows)} calls of {calls.name}, {speed:g} times as fast as they came",
        agency=mapping.agency,
        source=mapping.source,
        document=text,
        sendings=sorted(map(sending, bodies), key=lambda one: one.at_seconds),
        phases=phases,
        teams=list(_teams(programme, phases, teams)),
        replay=True,
        habits=Habits(answer=(0.2, 1.0), travel=(0.4, 1.2), work=(0.8, 2.5)),
        clocks=clocks,
        notes=(
            "Two clocks: hours, holidays and freshness go by the call's own time; offers and deadlines run here.",
            f"The document is played as it is, as far on as it allows, {teams} teams of each response in a district.",
            *_assumed(mapping, programme, len(ends)),
            *export.remarks,
        ),
    )


def _document(path: Path, mapping: CallMapping) -> tuple[str, Programme]:
    if not path.exists():
        raise MappingRefused(f"there is no programme for this replay: {path}; name one with --document")
    text = path.read_text("utf-8")
    try:
        programme = read(text)
    except ProgrammeRefused as refused:
        faults = (f"{path.name}, line {fault.line}: {fault.field}: {fault.what}" for fault in refused.faults)
        raise MappingRefused(*faults) from None
    if programme.agency != mapping.agency:
        raise MappingRefused(f"the mapping is {mapping.agency}'s, the programme {path.name} {programme.agency}'s")
    return text, programme


def _phases(programme: Programme) -> Iterator[tuple[tuple[str, str], str]]:
    """Each response and district, as far on as the document allows."""
    for key, phase in all_on(programme).phases.items():
        switch = Switch.parse(key)
        if switch.response is not None:
            yield (switch.response, switch.district), phase


def _teams(programme: Programme, phases: Mapping[tuple[str, str], str], teams: int) -> Iterator[TeamSpec]:
    """Teams of each response that is sent, in each district where it runs; their ids say no name of a district."""
    districts = list(dict.fromkeys(district for _, district in phases))
    for name, response in programme.responses.items():
        if response.reached_by in NOT_ROUTED:
            continue
        crew = tuple(place.split(OR)[0] for place in response.crew) or ("crisis-worker",)
        for place, district in enumerate(districts, 1):
            for number in range(1, teams + 1 if phases.get((name, district), "off") != "off" else 1):
                yield TeamSpec(
                    f"{name}-{place}-{number}", response.model, crew, (district,), pool=response.pool,
                    paged_members=0 if response.reached_by == "pull" else 1,
                )  # fmt: skip


def _assumed(mapping: CallMapping, programme: Programme, ends: int) -> Iterator[str]:
    """What the export does not say, and is taken for so."""
    columns = mapping.columns
    if ends and columns.closed_at is None and mapping.rows.of_a_call != "snapshots":
        yield f"{ends} calls end by their disposition, at a time that the mapping assumes."
    if columns.updated_at is None and columns.arrived_at is None and columns.closed_at is None:
        yield "The export has the received time alone."
    yield "It has no screening answers: what is known of hazards, codes and priorities say."
    if programme.assumptions:
        yield f"The document assumes of {len(programme.assumptions)} codes and priorities what nobody asked."
