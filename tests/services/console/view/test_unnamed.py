"""What of a team no programme names is said, with the names that there are; and nothing where all is named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.console.view.agency_records import AgencyRecords
from services.console.view.records import DocumentSeen
from services.console.view.unnamed import NO_PROGRAMME, unnamed
from shared.events import Team
from shared.programme import read
from tests.shared.programme.documents import MADISON

PROGRAMME = read(MADISON)
MODEL = next(iter(PROGRAMME.responses.values())).model
DISTRICT = next(iter(PROGRAMME.districts))


def books(state: Any = "active", text: str = MADISON) -> AgencyRecords:
    records, noon = AgencyRecords(), datetime(2026, 3, 2, 12, tzinfo=UTC)
    records.documents["h1"] = DocumentSeen("h1", 1, noon, state, "sue", document=text)
    return records


@pytest.mark.parametrize("state", ["active", "adopted"])
def test_where_all_is_named_nothing_is_said(state: str) -> None:
    team = Team(team_id="t", model=MODEL, primary_districts=(DISTRICT,))
    assert unnamed(books(state), team) == ""


def test_each_strange_name_is_said_once_with_those_that_there_are() -> None:
    team = Team(
        team_id="t", model="peer-let", further_models=(MODEL,), primary_districts=("x", DISTRICT),
        secondary_districts=("x", "y"),
    )  # fmt: skip
    models = ", ".join(sorted({response.model for response in PROGRAMME.responses.values()}))
    districts = ", ".join(sorted(PROGRAMME.districts))
    assert unnamed(books(), team) == (
        f"No programme in force or approved names the model peer-let; there are: {models}. "
        f"No programme in force or approved names the districts x, y; there are: {districts}."
    )


@pytest.mark.parametrize("records", [AgencyRecords(), books("proposed"), books("replaced"), books(text="no document")])
def test_a_roster_may_be_entered_first(records: AgencyRecords) -> None:
    assert unnamed(records, Team(team_id="t", model=MODEL)) == NO_PROGRAMME
