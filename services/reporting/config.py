"""Settings of reporting."""

from __future__ import annotations

from pydantic import Field, SecretStr

from shared.config import DoorSettings, StorageSettings


class ReportingSettings(StorageSettings, DoorSettings):
    """What the process needs to know that follows every journal into the store, and answers for it."""

    reporting_database_url: SecretStr | None = Field(
        default=None,
        description="postgresql+asyncpg://user:password@host/database; without it a SQLite file in the storage",
    )
    reporting_key: SecretStr = Field(min_length=32, description="what the console says to be told figures")
