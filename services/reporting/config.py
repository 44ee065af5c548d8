"""Settings of reporting."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from services.reporting.figures.district_groups import DistrictGroups, district_groups_of
from shared.config import DoorSettings, StorageSettings

_DRIVER = "postgresql+asyncpg://"


def _absent_where_empty(value: object) -> object:
    return value or None


def _postgresql(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not value.get_secret_value().startswith(_DRIVER):
        message = f"must begin with {_DRIVER}"
        raise ValueError(message)
    return value


DatabaseUrl = Annotated[
    SecretStr | None,
    BeforeValidator(_absent_where_empty),
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
