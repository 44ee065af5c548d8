"""What an expression asks for, as a real parser of PromQL reads it, and what there is to ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser
from prometheus_client import REGISTRY

from shared import telemetry

SERIES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
OF_PROMETHEUS = frozenset({"up", "process_start_time_seconds"})
"""What Prometheus itself knows of a process, or its client in any process."""


def metrics_in(expression: str) -> set[str]:
    """The metrics of an expression. Raises ValueError for what is no PromQL."""
    return {each.name for each in _nodes(promql_parser.parse(expression)) if hasattr(each, "matchers")}


def ranges_in(expression: str) -> list[tuple[str, float]]:
    """Each function over a range, with the range in seconds."""
    return [
        (each.func.name, argument.range.total_seconds())
        for each in _nodes(promql_parser.parse(expression))
        if isinstance(each, promql_parser.Call)
        for argument in each.args
        if isinstance(argument, promql_parser.MatrixSelector)
    ]


def exported() -> set[str]:
    """Every series that a process of ours shows."""
    ours = [metric for metric in vars(telemetry).values() if hasattr(metric, "_documentation")]
    shown = [(metric._name, metric._type) for metric in ours]
    shown += [(metric.name, metric.type) for metric in REGISTRY.collect()]
    return {name.removesuffix("_total") + end for name, kind in shown for end in SERIES.get(kind, ("",))}


def _nodes(expression: Any) -> Iterator[Any]:
    yield expression
    for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
        if isinstance(part := getattr(expression, name, None), promql_parser.Expr):
            yield from _nodes(part)
    for part in getattr(expression, "args", ()):
        yield from _nodes(part)
