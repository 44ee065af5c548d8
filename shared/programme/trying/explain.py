"""What a judgement was made of, for people who try a document out; and a switchboard with everything on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from immutables import Map

from shared.call import Call
from shared.judgement import PHASES, Phase, Unknown
from shared.programme.judging.evidence import Hazard
from shared.programme.judging.facts import HAZARDS
from shared.programme.judging.facts_of_call import weigh
from shared.programme.judging.programme import Programme, Switchboard
from shared.programme.judging.surroundings import Surroundings
from shared.switch import Switch


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact that the programme turns on, as it was weighed."""

    fact: str
    value: str
    """Of a hazard that nobody knows the worst, for it counts as that."""
    unknown: Unknown | None
    source: str


def facts_used(programme: Programme, call: Call, heard: frozenset[str], at: datetime) -> tuple[FactLine, ...]:
    """Every fact that some level or response turns on, in the vocabulary's order."""
    facts = weigh(programme, call, programme.code(call.call_type, at), Surroundings(heard))
    return tuple(
        FactLine(
            fact,
            HAZARDS[fact][evidence.high] if isinstance(evidence, Hazard) else " and ".join(evidence.values),
            evidence.unknown,
            evidence.source,
        )
        for fact, evidence in facts.items()
    )


def all_on(programme: Programme) -> Switchboard:
    """A switchboard with every response as far on as the document allows, for trying it out."""
    phases: dict[str, Phase] = {
        Switch(district, response).key: max((row.phase for row in rows), key=PHASES.index)
        for (response, district), rows in programme.rows.items()
    }
    return Switchboard(0, Map(phases))
