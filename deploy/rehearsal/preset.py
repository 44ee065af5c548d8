"""Any programme document, played: calls, teams and times come from the verified document itself, and from a seed.

Nothing here knows a city.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from deploy.demo import traffic
from deploy.demo.people import TeamWanted
from deploy.demo.scenarios import PROGRAMMES, Scenario
from deploy.rehearsal.drawn import City, Place, best_instant
from deploy.rehearsal.switching import Script
from shared.judgement import OR, PHASES, Phase
from shared.programme import Programme, ProgrammeRefused, read

TEAMS_WHERE_IT_IS_RAISED, GROUPS = 5, 2
MARGIN_SECONDS = 30.0


class PresetRefused(ValueError):
    """There is no such document, or it cannot be played; says why."""


def preset(name: str, seed: int, seconds: float, calls_per_second: float, now: datetime) -> Scenario:
    """A run of a document: a preset's name, with or without its date, or a path. Raises PresetRefused, OSError."""
    path = find(name)
    document = _in_force_now(path.read_text("utf-8"), now)
    programme = _read(document, path)
    at = best_instant(programme)
    chance = random.Random(f"{path.stem}/{seed}")  # noqa: S311  # a simulation that can be repeated
    city = City(programme, at, chance)
    if (raised := city.to_raise()) is None:
        raise PresetRefused(f"{path.name} routes no call at any time: there is nothing to play.")
    becomes = city.most(raised)
    phases: dict[Place, Phase] = {raised: "off" if becomes == "shadow" else "shadow"}
    phases |= {place: min("shadow", city.most(place), key=PHASES.index) for place in city.places if place != raised}
    following, words = _following(path, document, programme, raised)
    local = at.astimezone(programme.zone)
    return Scenario(
        title=f"{programme.programme}, version {programme.version} ({path.name}), seed {seed}",
        agency=programme.agency,
        source=min(programme.sources, default="cad"),
        document=document,
        sendings=city.sendings(raised, seconds, calls_per_second),
        phases=phases,
        teams=list(_teams(programme, raised, city.places)),
        replay=True,
        marked=traffic.CANARY,
        at=at,
        clocks=lambda passed: (
            f"{local + timedelta(seconds=passed):%H:%M:%S} by their clocks, {passed:.0f} of {seconds:.0f} s"
        ),
        settle_seconds=_longest_seconds(programme) + MARGIN_SECONDS,
        switching=Script(*raised, phases[raised], becomes, _in_force_now(following, now), words),
        by_hand={**city.fits[raised[0]][0], "district": raised[1]},
        notes=(
            f"Hours, dates and holidays are those of {local:%a %d %b %Y, %H:%M} there; offers and deadlines run now.",
            "Codes, districts, answers and crews are the document's; how many calls and teams there are is made up.",
            "At first every response is in shadow at most: decided and counted, and nobody is sent.",
            f"While calls flow people switch {raised[0]} in {raised[1]}, and publish {words}.",
        ),
    )


# --- the document


def find(name: str) -> Path:
    """The document that is meant; of a preset without a date the newest. Raises PresetRefused."""
    if name.endswith(".toml"):
        if (path := Path(name)).exists():
            return path
        raise PresetRefused(f"there is no file {name}.")
    dated = [path for path in sorted(PROGRAMMES.glob("*.toml")) if name in (path.stem, path.stem.partition(".")[0])]
    if not dated:
        families = ", ".join(sorted({path.stem.partition(".")[0] for path in PROGRAMMES.glob("*.toml")}))
        raise PresetRefused(f"no preset is called {name!r}; there are {families}.")
    return dated[-1]


def _read(document: str, path: Path) -> Programme:
    try:
        return read(document)
    except ProgrammeRefused as refused:
        told = "; ".join(str(fault) for fault in refused.faults[:3])
        raise PresetRefused(f"{path.name} has {len(refused.faults)} faults: {told}") from None


def _in_force_now(document: str, now: datetime) -> str:
    """The document, taking effect at once where its instant is still to come."""
    wanted = re.search(r"(?m)^effective\s*=\s*(\d{4}-\d\d-\d\d)", document)
    if wanted is None or date.fromisoformat(wanted[1]) < now.date():
        return document
    return re.sub(r"(?m)^(effective\s*=\s*)\S+", r"\g<1>2000-01-01T00:00:00", document, count=1)


def _following(path: Path, document: str, programme: Programme, raised: Place) -> tuple[str, str]:
    """The version to put in force after this one, and what it is: the next by date, or the same with a row lowered."""
    name, version = path.stem.partition(".")[0], programme.version + 1
    later = [one for one in sorted(path.parent.glob(f"{name}.*.toml")) if one.stem > path.stem]
    if later and name != path.stem:
        following = later[0].read_text("utf-8")
        version = max(version, _read(following, later[0]).version)
        return _numbered(following, version), f"version {version} ({later[0].name})"
    lowered = _lowered(_numbered(document, version), raised[0])
    try:
        read(lowered)
    except ProgrammeRefused:
        return _numbered(document, version), f"version {version} (only its number differs)"
    return lowered, f"version {version} (one row of {raised[0]} lowered)"


def _numbered(document: str, version: int) -> str:
    return re.sub(r"(?m)^(version\s*=\s*)\d+", rf"\g<1>{version}", document, count=1)


def _lowered(document: str, response: str) -> str:
    """The document with the first row of a response one phase lower."""
    tables = re.split(r"(?m)^(?=\[)", document)
    for number, table in enumerate(tables):
        row = table.startswith("[[rollout]]") and re.search(rf'(?m)^response\s*= "{re.escape(response)}"', table)
        phase = re.search(r'(?m)^(phase\s*= )"(\w+)"', table) if row else None
        if phase is not None:
            lower = "shadow" if phase[2] in ("live", "advisory") else "off"
            tables[number] = table.replace(phase[0], f'{phase[1]}"{lower}"')
            break
    return "".join(tables)


def _longest_seconds(programme: Programme) -> float:
    """The latest routing deadline."""
    clocks = programme.clocks
    return float(max(clocks.routing_deadline_seconds, *clocks.priority_deadline_seconds.values(), 0))


# --- who


def _teams(programme: Programme, raised: Place, places: Iterable[Place]) -> Iterator[TeamWanted]:
    """Teams of each routed response, one a group of its districts, and more where it is raised."""
    covered: dict[str, list[str]] = {}
    for name, district in places:
        covered.setdefault(name, []).append(district)
    for name, districts in covered.items():
        response = programme.responses[name]
        groups = [districts[number::GROUPS] for number in range(GROUPS)]
        groups += [[raised[1]]] * (TEAMS_WHERE_IT_IS_RAISED if name == raised[0] else 0)
        for number, group in enumerate(filter(None, groups), start=1):
            crew = tuple(place.split(OR)[0] for place in response.crew) or ("crisis-worker",)
            paged_by = "webhook" if number % 2 and response.reached_by != "pull" else "pocket"
            yield TeamWanted(f"{name}-{number}", response.model, crew, tuple(group), paged_by, response.pool)
