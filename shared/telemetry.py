"""Logs and metrics. Every metric stands here once, with its meaning; a log line holds allow-listed keys only."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

ALLOWED_KEYS = frozenset(
    {
        "event", "level", "timestamp", "service", "instance", "partition", "epoch", "offset", "topic", "position",
        "wrong", "reason", "error", "count", "seconds", "port", "url_path", "status", "agency", "source", "kind",
        "clock_id", "effect_id", "command_type", "with_care", "event_type", "signal", "exit_code", "dropped_keys",
    }
)  # fmt: skip
"""Identifiers and measures. Nothing that a caller said, and no name, number or address, has a key here."""

FAST_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

INPUTS = Counter("careroute_inputs_total", "Inputs decided, by topic.", ["service", "topic"])
EVENTS = Counter("careroute_events_total", "Events appended to the journal, by type.", ["service", "type"])
STEP = Histogram("careroute_step_seconds", "One step: decide, append, confirm.", ["service"], buckets=FAST_SECONDS)
INPUT_AGE = Histogram(
    "careroute_input_age_seconds", "From an input's durable time to its decision.", ["service"], buckets=FAST_SECONDS
)
CLOCK_LATENESS = Histogram(
    "careroute_clock_lateness_seconds", "From a clock's instant to its firing.", ["service"], buckets=FAST_SECONDS
)
OWNED = Gauge("careroute_owned_partitions", "Partitions that this process owns.", ["service"])
CLAIMS = Counter("careroute_claims_total", "Partitions claimed by this process.", ["service"])
LATE_WRITES = Counter(
    "careroute_late_writes_ignored_total", "Records of a former owner that were read and ignored.", ["topic"]
)
REFUSED_INPUTS = Counter("careroute_inputs_refused_total", "Inputs that could not be decided. ALERT.", ["service"])
FAILED_CLOCKS = Counter("careroute_clocks_failed_total", "Clocks that raised when they fired. ALERT.", ["service"])
EFFECTS = Counter("careroute_effects_total", "Effects by result.", ["service", "result"])
SNAPSHOTS = Counter("careroute_snapshots_total", "Snapshots of an agency's state written.", ["service"])
REQUESTS = Counter("careroute_requests_total", "HTTP requests by path and status.", ["door", "path", "status"])
WRONG_TOKENS = Counter("careroute_wrong_tokens_total", "Requests with a token or key that nobody has.", ["door"])
REQUEST_SECONDS = Histogram(
    "careroute_request_seconds", "HTTP requests, from the head to the answer.", ["door"], buckets=FAST_SECONDS
)
CALLS_RECEIVED = Counter("careroute_calls_received_total", "Call versions made durable by intake.", ["agency"])
UNLISTED = Counter(
    "careroute_unlisted_total",
    "Names that nothing lists, by kind: in a judged call codes, cautions and questions that its document lacks.",
    ["agency", "kind"],
)
TRIAGED = Counter("careroute_calls_triaged_total", "Judgements by suitability.", ["agency", "suitability"])
OUTCOMES = Counter("careroute_outcomes_total", "Routing outcomes.", ["agency", "outcome"])
OFFERS = Counter("careroute_offers_total", "Offers by how they ended.", ["agency", "ended"])
PAGES = Counter("careroute_pages_total", "Pages by how they ended.", ["agency", "ended"])
PAGE_SECONDS = Histogram(
    "careroute_page_seconds", "Handing a page to its provider, until it answered.", ["method"], buckets=FAST_SECONDS
)
CAD_NOT_INFORMED = Counter(
    "careroute_cad_not_informed_total", "Messages that a CAD did not acknowledge in time. ALERT.", ["agency"]
)
UNCONFIRMED = Counter(
    "careroute_assignments_unconfirmed_total",
    "Accepted calls whose CAD was not told in time: police may be coming too. ALERT.",
    ["agency"],
)
PAUSED_ITSELF = Counter(
    "careroute_automatic_pauses_total",
    "Pauses after too many unsafe upgrades; a person has to resume. ALERT.",
    ["agency"],
)
REFERRALS_OVERDUE = Counter(
    "careroute_referrals_overdue_total",
    "Referrals and follow-ups of which nobody said in time what became.",
    ["agency"],
)
CAD_CLOCK = Gauge(
    "careroute_cad_clock_offset_seconds",
    "How far a CAD's clock was ahead of ours (behind: below 0) when that last kept calls from being diverted.",
    ["agency", "source"],
)
SILENT_TEAMS = Counter(
    "careroute_safety_checks_missed_total",
    "Police asked for, because a team with a call was silent. ALERT.",
    ["agency"],
)


def _keep_allowed(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ARG001  # structlog's shape
    dropped = [key for key in line if key not in ALLOWED_KEYS]
    for key in dropped:
        del line[key]
    if dropped:
        line["dropped_keys"] = len(dropped)
    return line


def configure_logs(service: str, instance: str, level: str = "info") -> None:
    """JSON lines on standard error, for this process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _keep_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # looked up for each line: it may be replaced
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service, instance=instance)
    logging.basicConfig(level=logging.WARNING, handlers=[_Libraries()], force=True)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it repeats itself while Kafka is away; we say so once


class _Libraries(logging.Handler):
    """What a library logs, as a line of the same shape: which library and how bad; its words may hold anything."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        logger().log(record.levelno, "library", kind=record.name, error=str(record.msg)[:100])


def logger() -> Any:
    """The process's log."""
    return structlog.get_logger()


Probe = Callable[[], bool]


def operations(ready: Probe, live: Probe = lambda: True) -> Callable[[str], tuple[int, str, bytes]]:
    """What `/metrics`, `/livez` and `/readyz` answer: status, content type, body."""

    def answer(path: str) -> tuple[int, str, bytes]:
        if path == "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest()
        if path in ("/livez", "/readyz"):
            good = live() if path == "/livez" else ready()
            return (200, "text/plain", b"ok\n") if good else (503, "text/plain", b"not yet\n")
        return 404, "text/plain", b"only /metrics, /livez and /readyz are here\n"

    return answer


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Requests for metrics are no news."""


def serve_operations(host: str, port: int, ready: Probe, live: Probe) -> int:
    """Serve them from a thread of its own, so that a stuck loop can be seen from outside; the port it got."""
    answer = operations(ready, live)

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        status, kind, body = answer(environ.get("PATH_INFO", "/"))
        start(f"{status} {'OK' if status == 200 else 'Not so'}", [("Content-Type", kind)])  # noqa: PLR2004  # HTTP
        return [body]

    server = make_server(host, port, application, handler_class=_Quiet)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    threading.Thread(target=server.serve_forever, name="operations", daemon=True).start()
    return int(server.server_port)
