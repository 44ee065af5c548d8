"""Whether the mapping of an export goes with a programme, and what the programme would have taken of the export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from shared.call import CallType, Position
from shared.programme.judging.place import located_by
from shared.programme.judging.programme import Programme, Switchboard
from shared.programme.trying.cad_export import Export, call_of
from shared.programme.trying.coverage import Coverage, tally
from shared.programme.trying.export_document import CallMapping


def misfits(programme: Programme, mapping: CallMapping) -> Iterator[str]:
    """What a mapping names that the programme does not have."""
    if mapping.agency != programme.agency:
        yield f"the mapping is {mapping.agency}'s, the programme {programme.agency}'s"
    for district in mapping.beats.districts if mapping.beats else ():
        if district not in programme.districts:
            yield f"{district} is no district of the programme"
    for code in filter(None, dict.fromkeys(mapping.codes.values())):
        if programme.code(CallType(system=mapping.code_system, code=code)) is None:
            yield f"{mapping.code_system} {code} is no code of the programme"


def fit_remarks(programme: Programme, mapping: CallMapping) -> Iterator[str]:
    """What mapping and programme say differently, where both may be meant."""
    if mapping.time_zone != programme.zone.key:
        yield f"the mapping reads times in {mapping.time_zone}, the programme's hours are in {programme.zone.key}"
    if mapping.code_system not in {system for system, _ in programme.codes}:
        yield f"the programme lists no code of the system {mapping.code_system}"


def coverage_of(programme: Programme, switchboard: Switchboard, export: Export) -> Coverage:
    """What the programme would have taken of an export, each call as it came in."""
    counted = Coverage()
    for row in export.rows:
        call, position = call_of(row.body), row.body.get("position")
        located = located_by(programme, str(Position(**position))) if position else None
        tally(counted, programme, switchboard, call, call.updated_at.astimezone(UTC), located)
    return counted
