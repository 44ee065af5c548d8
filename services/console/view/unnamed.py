"""What of a team's entry on the roster no programme names: it would never be asked, and nothing would say so."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from services.console.view.agency_records import AgencyRecords
from shared.events import Team
from shared.programme import ProgrammeRefused, read

NO_PROGRAMME = "No programme is in force or approved yet that could name its model and districts."
NAMING = ("active", "adopted")


class _Names(NamedTuple):
    models: frozenset[str]
    districts: frozenset[str]


def unnamed(records: AgencyRecords, team: Team) -> str:
    """Which models and districts of a team no programme names that is in force or approved; nothing where all are."""
    texts = [document.document for document in records.documents.values() if document.state in NAMING]
    programmes = [names for text in texts if text and (names := _names(text)) is not None]
    if not programmes:
        return NO_PROGRAMME
    models = frozenset[str]().union(*(names.models for names in programmes))
    districts = frozenset[str]().union(*(names.districts for names in programmes))
    served = (*team.primary_districts, *team.secondary_districts)
    return " ".join((*_faults("model", team.models, models), *_faults("district", served, districts)))


def _faults(what: str, given: Collection[str], named: Collection[str]) -> Iterator[str]:
    if strange := [name for name in dict.fromkeys(given) if name not in named]:
        which = f"{what} {strange[0]}" if len(strange) == 1 else f"{what}s {', '.join(strange)}"
        yield f"No programme in force or approved names the {which}; there are: {', '.join(sorted(named)) or 'none'}."


@lru_cache(maxsize=32)
def _names(text: str) -> _Names | None:
    """It was verified when it was proposed, so that reading it costs a quarter of a second at most."""
    try:
        programme = read(text)
    except ProgrammeRefused:
        return None
    models = frozenset(response.model for response in programme.responses.values())
    return _Names(models, frozenset(programme.districts))
