"""Puts the auditor together, and runs it as a process."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.auditor.auditing import Auditing
from services.reporting.auditor.config import AuditorSettings, AuditorStoreSettings
from services.reporting.auditor.prepare import FILE_NAME, SCHEMA
from services.reporting.carrier import Carrier
from services.reporting.store.engine import open_engine, sqlite_url
from shared import telemetry
from shared.clock import SystemClock
from shared.engine.kafka import KafkaBroker
from shared.engine.process import run_runner

NAME = "auditor"
GROUP = "careroute-auditor"


def run(settings: AuditorSettings) -> None:
    """Run until told to stop, or until it cannot go on; with the exit codes of every process."""
    broker = KafkaBroker(settings.connection, settings.partitions)
    carrier = Carrier(settings.connection, settings.instance, settings.storage_directory / "faust", GROUP)
    auditing = Auditing(store_of(settings), broker, carrier, SystemClock(), settings)
    telemetry.name_build(NAME)
    telemetry.begin(NAME)
    run_runner(NAME, settings, broker, auditing.topics, auditing, remark=auditing.heartbeat.remark)


def store_of(settings: AuditorStoreSettings) -> AsyncEngine:
    """The auditor's store, not connected yet."""
    if settings.auditor_database_url is not None:
        return open_engine(settings.auditor_database_url.get_secret_value(), SCHEMA)
    return open_engine(sqlite_url(settings.storage_directory, FILE_NAME))
