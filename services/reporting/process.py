"""Puts reporting together, and runs it as a process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from services.reporting.carrier import Carrier
from services.reporting.config import ReportingSettings
from services.reporting.http import create_app
from services.reporting.reporter import Reporter
from services.reporting.store.engine import open_engine, sqlite_url
from services.reporting.store.lock import StoreInUse, locked
from shared import telemetry
from shared.clock import SystemClock
from shared.doors.connections import ConnectionBounds
from shared.doors.serve import server_of
from shared.engine.kafka import KafkaBroker
from shared.engine.process import EXIT_FAILED, run_runner

NAME = "reporting"


def run(settings: ReportingSettings) -> None:
    """Run until told to stop, or until it cannot go on; with the exit codes of every process."""
    with _store_of(settings):
        _run(settings)


def _run(settings: ReportingSettings) -> None:
    engine, clock = open_engine(database_of(settings)), SystemClock()
    broker = KafkaBroker(settings.connection, settings.partitions)
    carrier = Carrier(settings.connection, settings.instance, settings.storage_directory / "faust")
    reporter = Reporter(engine, broker, carrier, clock)
    app = create_app(engine, settings, clock, lambda: reporter.ready, lambda: reporter.prepared)
    bounds = ConnectionBounds(settings.connections, settings.connections_per_address)
    reporter.door = server_of(NAME, app, bounds, settings.host, settings.port)
    telemetry.name_build(NAME)
    telemetry.begin(NAME)
    run_runner(NAME, settings, broker, reporter.topics, reporter)


@contextmanager
def _store_of(settings: ReportingSettings) -> Iterator[None]:
    """Have the files of the store; where another process has them this one ends (`EXIT_FAILED`) with a line."""
    try:
        with locked(settings.storage_directory):
            yield
    except StoreInUse as error:
        sys.stderr.write(f"CAREROUTE_STORAGE_DIRECTORY: {error}\n")
        sys.exit(EXIT_FAILED)


def database_of(settings: ReportingSettings) -> str:
    """Where the store is."""
    if settings.reporting_database_url is not None:
        return settings.reporting_database_url.get_secret_value()
    return sqlite_url(settings.storage_directory)
