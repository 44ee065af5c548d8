"""What of a team's entry on the roster no programme names: it would never be asked, and nothing would say so."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from services.console.view.agency_records import AgencyRecords
from services.console.view.readable import programme_of
from shared.events import Team

NO_PROGRAMME = "No programme is in force or approved yet that could name its model and districts."
NAMING = ("active", "adopted")


def unnamed(records: AgencyRecords, team: Team) -> str:
    """Which models and districts of a team no programme names that is in force or approved; nothing where all are."""
    texts = [document.document for document in records.documents.values() if document.state in NAMING]
    programmes = [programme for text in texts if text and (programme := programme_of(text)) is not None]
    if not programmes:
        return NO_PROGRAMME
    models = {response.model for programme in programmes for response in programme.responses.values()}
    districts = {district for programme in programmes for district in programme.districts}
    served = (*team.primary_districts, *team.secondary_districts)
    return " ".join((*_faults("model", team.models, models), *_faults("district", served, districts)))


def _faults(what: str, given: Collection[str], named: Collection[str]) -> Iterator[str]:
    if strange := [name for name in dict.fromkeys(given) if name not in named]:
        which = f"{what} {strange[0]}" if len(strange) == 1 else f"{what}s {', '.join(strange)}"
        yield f"No programme in force or approved names the {which}; there are: {', '.join(sorted(named)) or 'none'}."
