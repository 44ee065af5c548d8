"""What tests share: one real Kafka and one Chromium for the whole run, or a skip that says why there is none."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import NoReturn

import psutil
import pytest
import uvloop
from hypothesis import HealthCheck, settings

from deploy.local.broker import find_broker
from deploy.local.kafka.node import CHECKOUT, KafkaError, missing

for folder in Path(__file__).parent.iterdir():
    pytest.register_assert_rewrite(f"tests.{folder.stem}")  # helpers say what was wrong, as tests do

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # how long an example takes is this machine's affair; a bound of time is a test's own

RUN = CHECKOUT / ".run"
IS_CI = os.environ.get("CI") == "true"
PROMETHEUS_PACKAGES = {"promtool": "prometheus", "amtool": "prometheus-alertmanager"}
"""Each tool with the package that brings it, and the server beside it."""


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the loop that processes run on: its sockets and its ends are not asyncio's own."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def kafka(pytestconfig: pytest.Config) -> str:
    """Bootstrap servers of a real Kafka that all tests share: name topics and groups of your own."""
    if IS_CI and missing() is not None:
        install_debian_packages("default-jre-headless", "maven")
    with (directory(pytestconfig) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parallel workers: one starts it, the others wait
        if (broker := find_broker(directory(pytestconfig))) is None:
            absent(f"NOT TESTED on a real Kafka: {missing()} Or start Docker.")
        try:
            return broker.start()
        except KafkaError as problem:
            pytest.fail(str(problem))


@pytest.fixture(autouse=True)
def nothing_left_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test of Kafka leaves open is told of at its own end, and not wherever it comes to be collected."""
    yield
    if request.node.get_closest_marker("kafka"):
        gc.collect()


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser that shows the pages."""
    if IS_CI and chromium() is None:
        install_debian_packages("chromium")
    if (path := chromium()) is None:
        absent("NOT TESTED in a browser: Chromium is missing (Debian: apt-get install chromium).")
    return path


@pytest.fixture(scope="session")
def prometheus_tools() -> dict[str, str]:
    """By name, where promtool and amtool are."""
    if IS_CI:
        install_prometheus()
    tools = {name: path for name in PROMETHEUS_PACKAGES if (path := shutil.which(name))}
    if missing_tools := PROMETHEUS_PACKAGES.keys() - tools.keys():
        names = " ".join(PROMETHEUS_PACKAGES[name] for name in sorted(missing_tools))
        absent(
            f"NOT TESTED with Prometheus' own tools: {', '.join(sorted(missing_tools))} "
            f"(Debian: apt-get install --no-install-recommends {names})."
        )
    return tools


def install_prometheus() -> None:
    if not all(map(shutil.which, PROMETHEUS_PACKAGES)):
        install_debian_packages(*PROMETHEUS_PACKAGES.values())


def chromium() -> Path | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((Path(path) for name in names if (path := shutil.which(name))), None)


def absent(reason: str) -> NoReturn:
    """Skip, except in CI, where everything must be tested."""
    if IS_CI:
        pytest.fail(reason)
    pytest.skip(reason)


def install_debian_packages(*names: str) -> None:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return  # the caller sees that the thing is still missing, and fails
    RUN.mkdir(exist_ok=True)
    with (RUN / "apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *names]):
            command = [apt, *arguments]
            done = subprocess.run(command, env=environment, timeout=600, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                pytest.fail(f"apt-get {arguments[0]} failed:\n{done.stdout}{done.stderr}")


@cache
def directory(config: pytest.Config) -> Path:
    """The run's own directory, named after the process that began it."""
    given: str = getattr(config, "workerinput", {}).get("run_directory", str(RUN / f"tests-{os.getpid()}"))
    path = Path(given)
    path.mkdir(parents=True, exist_ok=True)
    return path


def pytest_configure(config: pytest.Config) -> None:
    """Clear away what a run left that was killed."""
    if hasattr(config, "workerinput"):
        return
    for left in RUN.glob("tests-[0-9]*"):
        if not psutil.pid_exists(int(left.name.removeprefix("tests-"))):
            clear(left)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: pytest.Session) -> None:
    """Tell pytest-xdist's workers where the run's Kafka is."""
    node.workerinput["run_directory"] = str(directory(node.config))  # type: ignore[attr-defined]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no worker is left with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """While tests are collected, nothing comes to be free: nobody looks for it either."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """What all tests share lives until the end: nobody looks through it again for what may be freed."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test that has to be `alone` wait for all others, and them for it; nobody else comes in between."""
    how = fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH
    door, room = (gate(directory(item.config) / name) for name in ("door", "room"))
    fcntl.flock(door, how)
    fcntl.flock(room, how)
    fcntl.flock(door, fcntl.LOCK_UN)
    try:
        return (yield)
    finally:
        fcntl.flock(room, fcntl.LOCK_UN)


@cache
def gate(path: Path) -> int:
    """A file to be locked, open for as long as this process lives."""
    return os.open(path, os.O_CREAT | os.O_RDWR)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        clear(RUN / f"tests-{os.getpid()}")


def clear(run_directory: Path) -> None:
    if run_directory.exists():
        if (broker := find_broker(run_directory)) is not None:
            broker.discard()
        shutil.rmtree(run_directory, ignore_errors=True)
