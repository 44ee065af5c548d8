"""requirements.lock is what pyproject.toml asks for, and what is installed."""

import re
import tomllib
from importlib.metadata import version

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from deploy.local.kafka.node import CHECKOUT

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
ASKED = [Requirement(line) for line in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"])]
PEERS = [Requirement(line) for line in PROJECT["optional-dependencies"]["peers"]]
PIN = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>.+?))? \\\n(?P<hashes>(?:    --hash=.+\n)*)",
    re.MULTILINE,
)
LOCKED = {match["name"]: match for match in PIN.finditer((CHECKOUT / "requirements.lock").read_text())}


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_every_dependency_is_locked_as_asked(asked: Requirement) -> None:
    assert asked.name in LOCKED, "run make lock"
    assert asked.specifier.contains(LOCKED[asked.name]["version"]), "run make lock"


def test_every_line_of_the_lock_was_understood_and_has_hashes() -> None:
    pins = re.findall(r"^\S+==", (CHECKOUT / "requirements.lock").read_text(), re.MULTILINE)
    assert len(pins) == len(LOCKED)
    assert [name for name, pin in LOCKED.items() if not pin["hashes"]] == []


def test_what_is_locked_is_installed() -> None:
    here = [pin for pin in LOCKED.values() if pin["marker"] is None or Marker(pin["marker"]).evaluate()]
    assert {pin["name"]: version(pin["name"]) for pin in here} == {pin["name"]: pin["version"] for pin in here}


def test_the_peers_of_the_benchmark_are_locked_apart() -> None:
    text = (CHECKOUT / "tests/bench/peers/requirements.lock").read_text()
    locked = {match["name"]: match for match in PIN.finditer(text)}
    assert len(re.findall(r"^\S+==", text, re.MULTILINE)) == len(locked)
    assert [name for name, pin in locked.items() if not pin["hashes"]] == []
    assert [asked.name for asked in PEERS if not asked.specifier.contains(locked[asked.name]["version"])] == []
    assert not {asked.name for asked in PEERS} & LOCKED.keys()
