"""What the document in force allows on the switchboard, and where its districts lie: read once a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from services.console.view.agency import AgencyView
from services.console.view.readable import programme_of
from shared.judgement import NOT_ROUTED, Phase
from shared.programme import Programme
from shared.programme.judging.programme import NO_CAP
from shared.programme.trying.schematic import Schematic, schematic_of


@dataclass(frozen=True, slots=True)
class Limits:
    """What people can set, at most."""

    phases: Mapping[tuple[str, str], Phase]
    """By response and district, the highest."""
    caps: Mapping[tuple[str, str], tuple[str, ...]]
    """By response and district, the document's own bounds, in words."""
    counted: frozenset[str]
    """Responses that occupy somebody, so that there is something to bound."""
    schematic: Schematic


def limits_of(seen: AgencyView) -> Limits | None:
    """By the document in force; None where there is none, or none that can be read by today's rules."""
    active = next((document for document in seen.documents.values() if document.state == "active"), None)
    return _limits_by(active.document) if active is not None and active.document else None


@lru_cache(maxsize=32)
def _limits_by(document: str) -> Limits | None:
    programme = programme_of(document)
    if programme is None:
        return None
    places = [(response, district) for response in programme.responses for district in programme.districts]
    return Limits(
        {place: programme.highest_phase(*place) for place in places},
        {place: tuple(_caps(programme, *place)) for place in places},
        frozenset(name for name, response in programme.responses.items() if response.reached_by not in NOT_ROUTED),
        schematic_of(programme),
    )


def _caps(programme: Programme, response: str, district: str) -> Iterator[str]:
    for row in programme.rows.get((response, district), ()):
        if row.cap != NO_CAP:
            others = sorted(row.cap_districts - {district})
            yield row.cap.words + (f", together with {', '.join(others)}" if others else "")
