"""The image has what runs and nothing else, by its Dockerfile, its lock, and what is imported in it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.local.kafka.node import CHECKOUT

DOCKERFILE = (CHECKOUT / "deploy/Dockerfile").read_text("utf-8")
BUILD, FINAL = re.split(r"(?m)^FROM ", DOCKERFILE)[1:]
IGNORED = (CHECKOUT / ".dockerignore").read_text("utf-8").splitlines()
OURS = ("deploy", "services", "shared")
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
UNSEEN = {
    "aiosqlite": "SQLAlchemy opens SQLite with it",
    "httptools": "uvicorn reads HTTP with it",
    "python-multipart": "FastAPI reads forms with it",
    "tzdata": "zoneinfo reads it",
}
"""What runs without being imported by us."""


def pins(lock: str) -> set[str]:
    return set(re.findall(r"(?m)^([a-z0-9-]+)==", (CHECKOUT / lock).read_text("utf-8")))


def in_image() -> Iterator[Path]:
    """Our modules, as .dockerignore lets them in."""
    left_out = [line for line in IGNORED if line.startswith("deploy/")]
    for path in (path for package in OURS for path in (CHECKOUT / package).rglob("*.py")):
        place = path.relative_to(CHECKOUT)
        if not any(place.is_relative_to(name) for name in left_out):
            yield path


@cache
def imported_by(path: Path) -> frozenset[str]:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module)
    return frozenset(modules)


def distributions(modules: set[str]) -> set[str]:
    installed = packages_distributions()
    foreign = {name.partition(".")[0] for name in modules} - {*OURS, *sys.stdlib_module_names}
    return {canonicalize_name(installed.get(name, [name])[0]) for name in foreign}


def test_which_python_it_stands_on_has_to_be_said() -> None:
    """A tag as a default would be another image tomorrow, and nobody would have said so."""
    assert re.search(r"(?m)^ARG PYTHON_IMAGE$", DOCKERFILE)
    assert re.findall(r"(?m)^FROM (\S+)", DOCKERFILE) == ["${PYTHON_IMAGE}"] * 2


def test_it_runs_without_root_and_its_user_may_write_into_volumes() -> None:
    assert re.findall(r"(?m)^USER (.*)$", DOCKERFILE) == ["10001:10001"]
    assert FINAL.index("\nUSER ") > FINAL.index("\nCOPY ")
    assert "install --directory --owner=10001 --group=10001 /var/lib/careroute\n" in FINAL


def test_nothing_can_be_installed_into_it_and_nothing_is_written_when_it_starts() -> None:
    assert "venv --without-pip" in BUILD
    assert "uninstall --yes setuptools" in BUILD
    assert "pip uninstall --yes" in FINAL
    assert "import ensurepip" in FINAL
    assert "apt-get" not in DOCKERFILE
    assert "PYTHONDONTWRITEBYTECODE=1" in FINAL
    assert "compileall" in BUILD
    assert not re.search(r"(?m)^(HEALTHCHECK|VOLUME|ADD|EXPOSE)\b", DOCKERFILE), "who runs it says so"


def test_it_says_what_it_is() -> None:
    labels = re.findall(r"org\.opencontainers\.image\.([a-z]+)=", FINAL)
    assert set(labels) == {"title", "licenses", "version", "revision"}


def test_f16_it_is_installed_from_hashes_of_what_runs() -> None:
    assert "COPY deploy/requirements.lock ./\n" in BUILD
    assert "install --no-cache-dir --require-hashes --requirement requirements.lock" in BUILD
    runs = pins("deploy/requirements.lock")
    assert runs < pins("requirements.lock")
    extras = {Requirement(line).name for extra in ("dev", "local") for line in PROJECT["optional-dependencies"][extra]}
    asked = {Requirement(line).name for line in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["image"])}
    by_way_of_others = {"aiohttp"}  # Faust brings it
    assert not extras & runs - asked - by_way_of_others


def test_what_is_in_it_imports_what_runs_and_asks_for_no_more() -> None:
    modules = {name for path in in_image() for name in imported_by(path)}
    used = distributions(modules)
    assert used <= pins("deploy/requirements.lock")
    assert {Requirement(line).name for line in PROJECT["dependencies"]} - used == UNSEEN.keys()


def test_what_is_in_it_imports_nothing_of_ours_that_is_left_out() -> None:
    names = {".".join(path.relative_to(CHECKOUT).with_suffix("").parts) for path in in_image()}
    there = {name.removesuffix(".__init__") for name in names}
    for path in in_image():
        ours = {name for name in imported_by(path) if name.partition(".")[0] in OURS}
        assert ours <= there, f"{path}: {ours - there}"
