"""Which services there are, and what the process of each is told. A new service or door is one line here."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.kafka.node import CHECKOUT
from services.console.config import ConsoleSettings
from services.intake.config import IntakeSettings
from services.notification.callbacks.config import CallbacksSettings
from services.notification.config import NotificationSettings
from services.pocket.config import PocketSettings
from services.prober.config import ProberSettings
from services.reporting.auditor.config import AuditorSettings
from services.reporting.config import ReportingSettings
from services.rostering.config import RosteringSettings
from services.team_availability.config import TeamAvailabilitySettings
from services.triage.config import TriageSettings
from shared.config import (
    KeepingSettings,
    ListeningSettings,
    ProcessSettings,
    file_variable_of,
    is_secret,
    variable_of,
)
from shared.private_file import write_private

HOST = "127.0.0.1"
SERVICES: Mapping[str, type[ProcessSettings]] = {
    "intake": IntakeSettings,
    "triage": TriageSettings,
    "team-availability": TeamAvailabilitySettings,
    "notification": NotificationSettings,
    "callbacks": CallbacksSettings,
    "rostering": RosteringSettings,
    "pocket": PocketSettings,
    "console": ConsoleSettings,
    "auditor": AuditorSettings,
    "reporting": ReportingSettings,
    "prober": ProberSettings,
}
"""What each can be told; its package is the one that the settings stand in."""
DOORS = frozenset(name for name, settings in SERVICES.items() if issubclass(settings, ListeningSettings))
"""They have a port of their own."""
STORING = frozenset(name for name, settings in SERVICES.items() if issubclass(settings, KeepingSettings))
"""They have a directory of their own."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process: `service` and its number, from 1 up to the `processes` of its settings."""

    service: str
    number: int
    operations_port: int
    port: int | None
    """Where a door listens."""
    environment: Mapping[str, str]
    checkout: Path = CHECKOUT
    """Where its code is."""

    @property
    def name(self) -> str:
        """`triage-1`."""
        return f"{self.service}-{self.number}"

    @property
    def command(self) -> tuple[str, ...]:
        """What starts it."""
        return (sys.executable, "-m", module_of(self.service))

    @property
    def ready_url(self) -> str:
        """Where it says whether it is ready."""
        return f"http://{HOST}:{self.port or self.operations_port}/readyz"

    @property
    def metrics_url(self) -> str:
        """Where it says what it measures."""
        return f"http://{HOST}:{self.port or self.operations_port}/metrics"


def module_of(service: str) -> str:
    """What is run: `services.triage`."""
    return SERVICES[service].__module__.removesuffix(".config")


def environment_of(service: str, settings: Mapping[str, object], secrets: Path) -> dict[str, str]:
    """Those of the settings that the service has; of a secret, its file in the directory for them."""
    environment: dict[str, str] = {}
    for name, field in SERVICES[service].model_fields.items():
        if not is_secret(field):
            environment |= {variable_of(name): str(settings[name])} if name in settings else {}
        elif settings.get(name):
            environment[file_variable_of(name)] = str(secrets / name)
    return environment


def write_secrets(service: str, settings: Mapping[str, object], directory: Path) -> None:
    """Write the files of the secrets that the service has, for its owner's eyes only."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, field in SERVICES[service].model_fields.items():
        if is_secret(field) and settings.get(name):
            write_private(directory / name, str(settings[name]))
