"""requirements.lock is what pyproject.toml asks for, and what is installed."""

import re
import tomllib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from deploy.local.kafka.node import CHECKOUT

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCK, PEERS_LOCK = CHECKOUT / "requirements.lock", CHECKOUT / "tests" / "bench" / "peers" / "requirements.lock"


def locked(lock: Path) -> dict[str, re.Match[str]]:
    """The pins of a lock, by name."""
    pin = r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>.+?))? \\\n(?P<hashes>(?:    --hash=.+\n)*)"
    return {match["name"]: match for match in re.finditer(pin, lock.read_text(), re.MULTILINE)}


LOCKED, LOCKED_FOR_PEERS = locked(LOCK), locked(PEERS_LOCK)
ASKED = [
    *(Requirement(line) for line in PROJECT["dependencies"]),
    *(Requirement(line) for name, extra in EXTRAS.items() if name != "peers" for line in extra),
]


@pytest.mark.parametrize(
    ("asked", "pins"),
    [
        *((asked, LOCKED) for asked in ASKED),
        *((Requirement(line), LOCKED_FOR_PEERS) for line in EXTRAS["peers"]),
    ],
    ids=lambda value: str(value) if isinstance(value, Requirement) else "",
)
def test_every_dependency_is_locked_as_asked(asked: Requirement, pins: Mapping[str, re.Match[str]]) -> None:
    assert asked.name in pins, "run make lock"
    assert asked.specifier.contains(pins[asked.name]["version"]), "run make lock"


@pytest.mark.parametrize("lock", [LOCK, PEERS_LOCK], ids=["ours", "peers"])
def test_every_line_of_a_lock_was_understood_and_has_hashes(lock: Path) -> None:
    pins = re.findall(r"^\S+==", lock.read_text(), re.MULTILINE)
    assert len(pins) == len(locked(lock)) > 0
    assert [name for name, pin in locked(lock).items() if not pin["hashes"]] == []


def test_what_is_locked_is_installed() -> None:
    here = [pin for pin in LOCKED.values() if pin["marker"] is None or Marker(pin["marker"]).evaluate()]
    assert {pin["name"]: version(pin["name"]) for pin in here} == {pin["name"]: pin["version"] for pin in here}
