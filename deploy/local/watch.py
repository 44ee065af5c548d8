"""Prometheus and Alertmanager on a stack of this machine, with the rules and the routing that careroute ships."""

from __future__ import annotations

import asyncio
import json
import math
import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from deploy.local.kafka.node import CHECKOUT, free_port
from deploy.local.processes import spawn
from deploy.local.programs import HOST, Program
from shared.config import PREFIX
from shared.panels import PANELS
from shared.private_file import write_private

SHIPPED = CHECKOUT / "deploy" / "prometheus"
PROMETHEUS, ALERTMANAGER = ("prometheus",), ("prometheus-alertmanager", "alertmanager")
"""What they are called: Debian has a name of its own for the second."""
SCRAPE = "2s"
READY_SECONDS = 20.0


class WatchError(RuntimeError):
    """Prometheus or Alertmanager could not be started; the message says where to look."""


def missing() -> str | None:
    """What keeps a stack from being watched, as a sentence; `None` if nothing does."""
    if _find(PROMETHEUS) and _find(ALERTMANAGER):
        return None
    return (
        "Not watched: Prometheus and Alertmanager are not both here "
        "(Debian: apt-get install --no-install-recommends prometheus prometheus-alertmanager)."
    )


class Watch:
    """Both, on loopback ports of their own. They belong to the stack's directory, and are ended with the stack."""

    def __init__(self, directory: Path, alerts_url: str) -> None:
        """`alerts_url`: where alerts are sent, each receiver of the routing below it by its name."""
        self._directory, self._alerts_url = directory.resolve(), alerts_url
        self._port, self._alertmanager_port = free_port(), free_port()
        self._began = time.monotonic()
        self.prometheus_url = f"http://{HOST}:{self._port}"
        self.alertmanager_url = f"http://{HOST}:{self._alertmanager_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What the console is told, so that its page of operations can draw."""
        return {f"{PREFIX}PROMETHEUS_URL": self.prometheus_url}

    async def start(self, programs: Iterable[Program]) -> None:
        """Start both, and return once they answer. Raises WatchError."""
        prometheus, alertmanager = _find(PROMETHEUS), _find(ALERTMANAGER)
        if prometheus is None or alertmanager is None:
            raise WatchError(missing() or "")
        settings, routing = self._directory / "prometheus.json", self._directory / "alertmanager.yml"
        write_private(settings, json.dumps(self._settings(programs), indent=1))
        write_private(routing, self._routing())
        self._spawn(
            prometheus,
            f"--config.file={settings}",
            f"--storage.tsdb.path={self._directory / 'prometheus'}",
            f"--web.listen-address={HOST}:{self._port}",
            "--storage.tsdb.retention.time=1d",
        )
        self._spawn(
            alertmanager,
            f"--config.file={routing}",
            f"--storage.path={self._directory / 'alertmanager'}",
            f"--web.listen-address={HOST}:{self._alertmanager_port}",
            "--cluster.listen-address=",
        )
        await self._wait_until_ready()

    async def ask(self, promql: str) -> list[dict[str, Any]]:
        """The series that an expression has at this moment. Raises WatchError where Prometheus refuses it."""
        return list((await self._get("query", query=promql))["result"])

    async def firing(self) -> set[tuple[str, ...]]:
        """Which alerts fire at this moment: each name with what it tells of, the agency for example."""
        alerts = (await self._get("alerts"))["alerts"]
        return {_name_of(alert["labels"]) for alert in alerts if alert["state"] == "firing"}

    async def empty_curves(self) -> list[str]:
        """The curves of panels that a city that works always has, and this one has not had. Raises WatchError."""
        seconds = math.ceil(time.monotonic() - self._began)
        shown = [
            (panel, curve, await self.ask(curve.filled(rate_seconds=seconds)))
            for panel in PANELS
            for curve in panel.curves
        ]
        return [f"{panel.title}, {curve.legend}" for panel, curve, series in shown if curve.always and not series]

    def _settings(self, programs: Iterable[Program]) -> dict[str, Any]:
        """Every process is scraped under its own name, which lasts while its port does not."""
        jobs: dict[str, list[dict[str, Any]]] = {}
        for program in programs:
            target = {"targets": [f"{HOST}:{program.operations_port}"], "labels": {"instance": program.name}}
            jobs.setdefault(program.service, []).append(target)
        return {
            "global": {"scrape_interval": SCRAPE, "evaluation_interval": SCRAPE},
            "rule_files": [str(SHIPPED / "rules.yml")],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"{HOST}:{self._alertmanager_port}"]}]}]},
            "scrape_configs": [{"job_name": job, "static_configs": targets} for job, targets in jobs.items()],
        }

    def _routing(self) -> str:
        """What is shipped, with an address of this machine for each receiver, which asks for no secret."""
        shipped = (SHIPPED / "alertmanager.yml").read_text("utf-8")
        without_secrets = re.sub(r"(?m)^ *http_config:.*\n", "", shipped)
        return re.sub(r"http://([\w-]+)\.example[^\"\s]*", rf"{self._alerts_url}/\1", without_secrets)

    def _spawn(self, path: str, *arguments: str) -> None:
        spawn([path, *arguments, "--log.level=warn"], self._directory, f"{Path(path).name}.log")

    async def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            for url in (self.prometheus_url, self.alertmanager_url):
                while not await _answers(client, f"{url}/-/ready"):
                    if time.monotonic() > deadline:
                        raise WatchError(f"{url} did not answer within {READY_SECONDS:.0f} s: see {self._directory}.")
                    await asyncio.sleep(0.1)

    async def _get(self, what: str, **parameters: str) -> Any:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            try:
                answer = (await client.get(f"{self.prometheus_url}/api/v1/{what}", params=parameters)).json()
            except (httpx.HTTPError, ValueError) as error:
                raise WatchError(f"Prometheus gave no answer: {error!r}.") from error
        if answer["status"] != "success":
            raise WatchError(f"Prometheus refuses {parameters}: {answer['error']}.")
        return answer["data"]


def _find(names: tuple[str, ...]) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


def _name_of(labels: dict[str, str]) -> tuple[str, ...]:
    told = ("agency", "kind", "service", "door", "job", "topic", "partition", "instance", "counter")
    return (labels["alertname"], *(labels[name] for name in told if name in labels))


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).is_success
    except httpx.HTTPError:
        return False
