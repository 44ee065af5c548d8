"""Settings of reporting."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from services.reporting.figures.district_groups import DistrictGroups, district_groups_of
from shared.config import EMPTY_IS_ABSENT, DoorSettings, StorageSettings

_DRIVER = "postgresql+asyncpg://"
_SHAPE = f"is not whole: {_DRIVER}user:password@host:port/database, with %40 for an @ in the password, %2F for a /"
_PORTS = frozenset({None, *range(1, 65536)})
_OPTIONS = frozenset({"host", "passfile", "port", "prepared_statement_cache_size", "ssl", "target_session_attrs"})
"""What may stand behind a `?`: such as the driver takes as text. Its `ssl=require` is `sslmode=require` of others."""


def _postgresql(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not value.get_secret_value().startswith(_DRIVER):
        message = f"must begin with {_DRIVER}"
        raise ValueError(message)
    if value is not None and (fault := _fault_of(value.get_secret_value())):
        raise ValueError(fault)
    return value


def _fault_of(url: str) -> str:
    """What is wrong with an address. None of it is repeated: where a sign is missing any part may be the password."""
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):  # what is left of an address without its host is read as a port
        return _SHAPE
    host = str(parts.host or parts.query.get("host", ""))
    if not (host and parts.database) or "@" in host or parts.port not in _PORTS:
        return _SHAPE
    return "" if _OPTIONS.issuperset(parts.query) else f"has an option that is none of {', '.join(sorted(_OPTIONS))}"


DatabaseUrl = Annotated[
    SecretStr | None,
    EMPTY_IS_ABSENT,
    AfterValidator(_postgresql),
    Field(description=f"{_DRIVER}user:password@host/database; without it a SQLite file in the storage directory"),
]


def _read(value: object) -> object:
    return (district_groups_of(value) if value else {}) if isinstance(value, str) else value


GroupsFile = Annotated[DistrictGroups, NoDecode, BeforeValidator(_read)]


class ReportingSettings(StorageSettings, DoorSettings):
    """What the process needs to know that follows every journal into the store, and answers for it."""

    reporting_database_url: DatabaseUrl = None
    reporting_district_groups: GroupsFile = Field(
        default={}, description="a TOML file: by agency, which districts are one group in public tables"
    )
    reporting_key: SecretStr = Field(min_length=32, description="what the console says to be told figures")
