"""A rehearsal as a scenario: calls, teams and times come from the verified document, and from a seed.

Nothing here knows a city.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from deploy.actors.console import TeamSpec
from deploy.actors.scenario import Scenario, advisory_of, of_agency
from deploy.actors.story import CANARY
from deploy.rehearsal.calls import DocumentCalls, ResponseDistrict, best_instant
from deploy.rehearsal.changes import ChangePlan
from deploy.rehearsal.documents import CannotRehearse, effective_now, find, next_version, verified
from shared.judgement import OR, PHASES, Phase
from shared.programme import Programme

TEAMS_WHERE_IT_IS_RAISED, GROUPS = 5, 2
MARGIN_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Rehearsal(Scenario):
    """A document that is rehearsed."""

    plan: ChangePlan
    suitable_call: Mapping[str, Any]
    """What a call says that the response which is raised takes."""

    @property
    def advisory(self) -> tuple[str, ...]:
        """Districts in which a dispatcher confirms, sooner or later."""
        return advisory_of({**self.phases, (self.plan.response, self.plan.district): self.plan.becomes})

    def example(self, now: datetime) -> dict[str, Any]:
        """A call for somebody to send by hand: one that a team may take."""
        return self.by_hand(self.suitable_call, now)

    def renamed(self, agency: str) -> Self:
        """The same for an agency of another name."""
        plan = replace(self.plan, document=of_agency(agency, self.plan.document))
        return replace(super().renamed(agency), plan=plan)


def rehearsal(name: str, seed: int, seconds: float, calls_per_second: float, now: datetime) -> Rehearsal:
    """A run of a document: a preset's name, with or without its date, or a path. Raises CannotRehearse, OSError."""
    path = find(name)
    document = effective_now(path.read_text("utf-8"), now)
    programme = verified(document, path)
    at = best_instant(programme)
    chance = random.Random(f"{path.stem}/{seed}")  # noqa: S311  # a simulation that can be repeated
    calls = DocumentCalls(programme, at, chance)
    if (raised := calls.to_raise()) is None:
        raise CannotRehearse(f"{path.name} sends, refers and notes no call at any time: there is nothing to play.")
    response, district = raised
    becomes = calls.highest_phase(raised)
    phases: dict[ResponseDistrict, Phase] = {raised: "off" if becomes == "shadow" else "shadow"}
    for routed in calls.routed:
        phases.setdefault(routed, min("shadow", calls.highest_phase(routed), key=PHASES.index))
    for recorded in calls.recorded:
        phases.setdefault(recorded, calls.highest_phase(recorded))
    following, words = next_version(path, document, programme, response)
    local = at.astimezone(programme.zone)
    return Rehearsal(
        title=f"{programme.programme}, version {programme.version} ({path.name}), seed {seed}",
        agency=programme.agency,
        source=min(programme.sources, default="cad"),
        document=document,
        sendings=calls.sendings(raised, seconds, calls_per_second),
        phases=phases,
        teams=list(_teams(programme, raised, calls.routed)),
        replay=True,
        marked=CANARY,
        at=at,
        clocks=lambda passed: (
            f"{local + timedelta(seconds=passed):%H:%M:%S} by their clocks, {passed:.0f} of {seconds:.0f} s"
        ),
        settle_seconds=_longest_seconds(programme) + MARGIN_SECONDS,
        plan=ChangePlan(response, district, phases[raised], becomes, effective_now(following, now), words),
        suitable_call={**calls.suitable[response][0], "district": district},
        notes=(
            f"Hours, dates and holidays are those of {local:%a %d %b %Y, %H:%M} there; offers and deadlines run now.",
            "Codes, districts, answers and crews are the document's; how many calls and teams there are is made up.",
            "At first every response is in shadow at most: decided and counted, and nobody is sent.",
            *_on_referrals(programme, calls.recorded),
            f"While calls flow people switch {response} in {district}, and publish {words}.",
        ),
    )


def _on_referrals(programme: Programme, recorded: Iterable[ResponseDistrict]) -> Iterator[str]:
    if names := ", ".join(dict.fromkeys(name for name, _ in recorded)):
        yield f"Referrals and notes ({names}) send nobody, and are made from the start as far as the document allows."
    if any(response.follow_up_due_hours for response in programme.responses.values()):
        yield "After a team's visit somebody gets in touch again, as the document asks."


def _longest_seconds(programme: Programme) -> float:
    """The latest routing deadline."""
    clocks = programme.clocks
    return float(max(clocks.routing_deadline_seconds, *clocks.priority_deadline_seconds.values(), 0))


def _teams(programme: Programme, raised: ResponseDistrict, routed: Iterable[ResponseDistrict]) -> Iterator[TeamSpec]:
    """Teams of each routed response, one for each group of its districts, and more where it is raised."""
    districts_of: dict[str, list[str]] = {}
    for name, district in routed:
        districts_of.setdefault(name, []).append(district)
    for name, districts in districts_of.items():
        response = programme.responses[name]
        groups = [districts[number::GROUPS] for number in range(GROUPS)]
        groups += [[raised[1]]] * (TEAMS_WHERE_IT_IS_RAISED if name == raised[0] else 0)
        for number, group in enumerate(filter(None, groups), start=1):
            yield TeamSpec(
                f"{name}-{number}",
                response.model,
                tuple(place.split(OR)[0] for place in response.crew) or ("crisis-worker",),
                tuple(group),
                paged_members=0 if response.reached_by == "pull" else number % 2,
                pool=response.pool,
            )
