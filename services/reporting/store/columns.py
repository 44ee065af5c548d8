"""What the columns of the store are made of. The same SQL reads them on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Dialect, Integer, MetaData, Text
from sqlalchemy.types import TypeDecorator

METADATA = MetaData()
"""Every table of the store; each is defined in one of the modules beside this one."""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = datetime(1, 1, 1, tzinfo=UTC) - _BEGINNING
_LAST = datetime(9999, 12, 31, tzinfo=UTC) - _BEGINNING
"""A CAD may name any instant, in any zone; what Python could not read again is moved to the nearest that it can."""


class Instant(TypeDecorator[datetime]):
    """An instant: microseconds since 1970, UTC, so that a difference is a subtraction; in Python an aware datetime."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # its shape
        """Into the database."""
        return None if value is None else min(max(value - _BEGINNING, _FIRST), _LAST) // timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # its shape
        """Out of the database."""
        return None if value is None else _BEGINNING + timedelta(microseconds=int(value))


def text(name: str) -> Column[str]:
    """A word, a code or an id, where it is said."""
    return Column(name, Text)


def number(name: str) -> Column[int]:
    """A number, where it is said."""
    return Column(name, Integer)


def instant(name: str) -> Column[datetime]:
    """An instant, where it has come."""
    return Column(name, Instant)


def count(name: str) -> Column[int]:
    """A count, from 0."""
    return Column(name, Integer, nullable=False, default=0)


def flag(name: str) -> Column[bool]:
    """Whether something is so; it is not until it is said."""
    return Column(name, Boolean, nullable=False, default=False)


def key(name: str) -> Column[str]:
    """A part of what a row is known by."""
    return Column(name, Text, primary_key=True)


def key_number(name: str) -> Column[int]:
    """A number that is part of what a row is known by."""
    return Column(name, Integer, primary_key=True, autoincrement=False)


def of_record() -> tuple[Column[Any], ...]:
    """Where the record stands that a row was made of; its topic is always the same."""
    return key_number("partition"), Column("record_offset", BigInteger, primary_key=True, autoincrement=False)


def of_call() -> tuple[Column[Any], ...]:
    """Whose call, which, and which of its episodes a row is about."""
    return Column("agency", Text, nullable=False), Column("call_id", Text), Column("episode", Integer)
