"""What was published: no projection of the journals, but a fact of its own that a store made anew takes along."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from services.reporting.store.columns import METADATA, Instant, key

PUBLICATION = Table(
    "publication",
    METADATA,
    key("agency"),
    key("period"),
    Column("published_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    comment="Public tables of a quarter or a year, as JSON, suppressed: what has once been published stays as it is, "
    "and the same calls are never published at another cut.",
)
