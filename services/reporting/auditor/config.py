"""Settings of the auditor."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from services.reporting.config import DatabaseUrl
from shared.audit_log.chain import AuditKeys
from shared.config import Directory, Environment, StorageSettings, WatchedSettings


def _listed(value: object) -> object:
    return tuple(word for word in value.split(",") if word) if isinstance(value, str) else value


class AuditorStoreSettings(Environment):
    """Where the auditor's store is."""

    storage_directory: Directory = Field(description="the directory of the files that it keeps")
    auditor_database_url: DatabaseUrl = None


class AuditorSettings(AuditorStoreSettings, StorageSettings, WatchedSettings):
    """What the process needs to know that reads beside careroute what careroute writes."""

    audit_seconds: float = Field(default=10, ge=0.2, le=60, description="from one run to the next")
    audit_budget_seconds: float = Field(default=2, ge=0.1, le=30, description="how long the queries of a run may take")
    audit_keys: AuditKeys
    planted_words: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_listed)] = Field(
        default=(), description="personal words that are published on purpose, in the sealed part of calls alone"
    )
