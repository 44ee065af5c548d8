"""What Prometheus says, checked and bounded: it is another service, and shows what it likes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AliasPath, AwareDatetime, BaseModel, Field

from services.console.elsewhere import Elsewhere

MOST_SERIES, MOST_POINTS, MOST_ALERTS = 2_000, 11_000, 2_000
TEXT = 1_000
API = ("api", "v1")

Labels = dict[str, Annotated[str, Field(max_length=TEXT)]]


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


Value = Annotated[float | None, AfterValidator(_number)]
"""None where it is no number: a quantile of nothing, a share of nothing."""
Point = tuple[float, Value]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time up to now, in equal steps."""

    end: datetime
    step: timedelta
    steps: int

    @property
    def moments(self) -> list[datetime]:
        """Every instant of it, the first one first."""
        return [self.end - self.step * back for back in range(self.steps, -1, -1)]


class Sample(BaseModel):
    """A series at one instant."""

    labels: Labels = Field(alias="metric")
    point: Point = Field(alias="value")

    @property
    def value(self) -> float | None:
        """Its value; None where that is no number."""
        return self.point[1]


class Stretch(BaseModel):
    """A series over a window; not every moment of it has a value."""

    labels: Labels = Field(alias="metric")
    points: list[Point] = Field(alias="values", max_length=MOST_POINTS)

    def at(self, moments: list[datetime]) -> list[float | None]:
        """Its values at these moments, None where there is none."""
        values = {round(second): value for second, value in self.points}
        return [values.get(round(moment.timestamp())) for moment in moments]


class Firing(BaseModel):
    """An alert that fires, or would if it lasted."""

    labels: Labels
    annotations: Labels = {}
    state: str = Field(max_length=TEXT)
    since: AwareDatetime = Field(alias="activeAt")

    @property
    def name(self) -> str:
        """What it is called."""
        return self.labels.get("alertname", "")


class _Samples(BaseModel):
    result: list[Sample] = Field(validation_alias=AliasPath("data", "result"), max_length=MOST_SERIES)


class _Stretches(BaseModel):
    result: list[Stretch] = Field(validation_alias=AliasPath("data", "result"), max_length=MOST_SERIES)


class _Alerts(BaseModel):
    alerts: list[Firing] = Field(validation_alias=AliasPath("data", "alerts"), max_length=MOST_ALERTS)


async def samples(prometheus: Elsewhere, promql: str, at: datetime) -> list[Sample]:
    """What an expression has at an instant. Raises Away."""
    query = {"query": promql, "time": _second(at)}
    return (await prometheus.ask_for(_Samples, *API, "query", query=query)).result


async def stretches(prometheus: Elsewhere, promql: str, window: Window) -> list[Stretch]:
    """What an expression had over a window. Raises Away."""
    moments = window.moments
    between = {"start": _second(moments[0]), "end": _second(moments[-1]), "step": f"{window.step.total_seconds():g}"}
    return (await prometheus.ask_for(_Stretches, *API, "query_range", query={"query": promql, **between})).result


async def firing(prometheus: Elsewhere) -> list[Firing]:
    """The alerts that fire at this moment. Raises Away."""
    return [alert for alert in (await prometheus.ask_for(_Alerts, *API, "alerts")).alerts if alert.state == "firing"]


def _second(at: datetime) -> str:
    return f"{at.timestamp():.0f}"
