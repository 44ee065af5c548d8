"""Figures, as reporting tells them: of a period, and those that are published."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, Field, RootModel, model_validator

TEXT, MOST = 2_000, 10_000

Text = Annotated[str, Field(max_length=TEXT)]
Count = Annotated[int, Field(ge=0)]


class Figure(BaseModel):
    """One number of a measure: `count` of `n` calls; `missing` more could not be counted."""

    group: Text | int | None
    part: Text | None
    """Of a breakdown: which part."""
    value: float | None
    """In the measure's unit; of a duration the median."""
    high: float | None
    """Of a duration: in nine of ten it was no longer."""
    count: Count
    n: Count
    missing: Count


class Definition(BaseModel):
    """A measure in words."""

    name: Text
    version: int
    title: Text
    sentence: Text
    numerator: Text
    denominator: Text
    clock_start: Text
    clock_end: Text
    exclusions: Text
    missing: Text
    unit: Text
    small_cells: Text
    caveat: Text


class Measure(Definition):
    """A measure, and what it came to."""

    figures: list[Figure] = Field(max_length=MOST)


class Document(BaseModel):
    """A programme document that was in force."""

    version: int | None


class Change(BaseModel):
    """Since when figures differ in kind from those before."""

    day: date
    label: Text


class Customary(BaseModel):
    """A figure that programmes publish, and by which measures it comes out here."""

    figure: Text
    measures: list[Text] = Field(max_length=MOST)
    remark: Text


class Report(BaseModel):
    """Figures of a period."""

    zone: Text
    first_day: date = Field(alias="from")
    end_day: date = Field(alias="until")
    cut: Text | None = Field(alias="by")
    documents: list[Document] = Field(max_length=MOST)
    changes: list[Change] = Field(max_length=MOST)
    not_cut: list[Text] = Field(default=[], max_length=MOST)
    measures: list[Measure] = Field(max_length=MOST)
    customary: list[Customary] = Field(max_length=MOST)

    @property
    def by_name(self) -> dict[str, Measure]:
        """The measures by name."""
        return {measure.name: measure for measure in self.measures}


class PublicRow(BaseModel):
    """A row of a public table; a count that is withheld is None."""

    label: Text
    cells: list[Count | None] = Field(max_length=MOST)
    total: Count | None = None
    percent: Count | None = None


class PublicTable(BaseModel):
    """A public table, or why it shows no row."""

    name: Text
    title: Text
    sentence: Text
    columns: list[Text] = Field(max_length=MOST)
    rows: list[PublicRow] = Field(max_length=MOST)
    refused: Text

    @model_validator(mode="after")
    def _has_a_cell_for_each_column(self) -> Self:
        if any(len(row.cells) != len(self.columns) for row in self.rows):
            raise ValueError("a row has not one cell for each column")
        return self


class Publication(BaseModel):
    """What was published of a period; it stays as it is for good."""

    period: Text
    zone: ZoneInfo
    published_at: AwareDatetime
    documents: list[int] = Field(max_length=MOST)
    totals: dict[Text, Count | None] = Field(max_length=MOST)
    tables: list[PublicTable] = Field(max_length=MOST)
    definitions: list[Definition] = Field(max_length=MOST)

    @property
    def published_on(self) -> date:
        """The day, on the agency's own clocks."""
        return self.published_at.astimezone(self.zone).date()


class Publications(RootModel[list[Publication]]):
    """What an agency has published, the newest period first."""


class Publishers(RootModel[list[Text]]):
    """The agencies that have published anything."""
