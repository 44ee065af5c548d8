"""How far the journals have been read, and where each record stands: never what is in it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from services.reporting.store.columns import METADATA, Instant, count, instant, key, key_number, text

PLACE = Table(
    "place",
    METADATA,
    key("topic"),
    key_number("partition"),
    Column("next_offset", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    count("late_writes"),
    instant("record_time"),
    comment="How far a partition is in this store: the record that comes next, and the epoch in force there. Written "
    "in the transaction that holds the facts. `late_writes`: records of former owners, which count for nothing.",
)

PROJECTION = Table(
    "projection",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    instant("begun_at"),
    comment="One row: which meaning the facts of this store have. Another meaning is another store, made anew.",
)

RECORD = Table(
    "record",
    METADATA,
    key("topic"),
    key_number("partition"),
    Column("record_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("agency", Text, nullable=False),
    text("call_id"),
    Column("type", Text, nullable=False),
    text("event_id"),
    Column("time", Instant, nullable=False),
    text("cause"),
    text("source"),
    comment="Every record that counts. `cause`: the position of the record that brought it about (topic/partition/"
    "offset), or the clock. An event id may repeat: a CAD may send two contents under one.",
)
Index("record_of_call", RECORD.c.agency, RECORD.c.call_id)

FAULT = Table(
    "fault",
    METADATA,
    key("topic"),
    key_number("partition"),
    Column("record_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("agency", Text, nullable=False),
    text("call_id"),
    Column("kind", Text, nullable=False),
    text("about"),
    Column("at", Instant, nullable=False),
    comment="What a service could not do, or found wrong with a CAD: inputs refused, clocks failed, calls too old, "
    "webhooks disabled, clocks that are off, promises that the auditor found broken; and, as `unreadable`, records "
    "that this process could not read.",
)
