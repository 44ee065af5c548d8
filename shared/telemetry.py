"""Logs and metrics. Every metric stands here once, with its meaning; a log line holds allow-listed keys only."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from importlib.metadata import version
from itertools import product
from typing import Any, NamedTuple

import structlog
from prometheus_client import (
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

ALLOWED_KEYS = frozenset(
    {
        "event", "level", "timestamp", "service", "instance", "partition", "epoch", "topic", "position", "wrong",
        "reason", "error", "count", "url_path", "status", "agency", "kind", "clock_id", "effect_id", "with_care",
        "dropped_keys",
    }
)  # fmt: skip
"""Identifiers and measures. Nothing that a caller said, and no name, number or address, has a key here."""

FAST_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
ROUTING_SECONDS = (1, 2, 5, 10, 15, 20, 30, 40, 45, 50, 55, 59, 60, 61, 65, 90, 120, 300)
"""Past the deadline, and fine around it: it is 60 s unless the document says otherwise, of which 10 tell the CAD."""
ARRIVAL_SECONDS = (60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each: nobody asks when counting began

GIVEN: tuple[str, ...] = ()
"""A label whose values a process learns as it runs, and names to `begin`."""
OPEN = None
"""A label whose values nobody can list beforehand: its counter cannot begin at 0, and no alert stands on it."""


class _Beginning(NamedTuple):
    counter: Counter
    by: str
    labels: Mapping[str, tuple[str, ...] | None]
    given: frozenset[str]


_BEGINNINGS: list[_Beginning] = []


def _counter(name: str, meaning: str, *, by: str = "", **labels: tuple[str, ...] | None) -> Counter:
    """A counter with the values of each label. `by`: the process that counts, where only one kind of them does."""
    counter = Counter(name, meaning, list(labels))
    if OPEN not in labels.values():
        given = frozenset(label for label, values in labels.items() if values == GIVEN)
        _BEGINNINGS.append(_Beginning(counter, by, labels, given))
    return counter


def begin(by: str, /, **given: str) -> None:
    """Begin at 0 what this process counts for an agency, a topic … that it has just learnt of.

    A series that first appears at 1 shows no increase, so nothing that watches increases would see that one.
    """
    for counter, counted_by, labels, asks_for in _BEGINNINGS:
        if counted_by in ("", by) and asks_for == given.keys():
            for values in product(*(closed or (given[label],) for label, closed in labels.items())):
                counter.labels(*values)


# --- what every process measures that speaks to Kafka

CERTIFICATE_EXPIRES = Gauge(
    "careroute_certificate_expires_timestamp_seconds",
    "When what this process speaks to Kafka with ends: its own certificate, or an authority that it trusts. ALERT.",
    ["file"],
)
BROKER_CERTIFICATE_EXPIRES = Gauge(
    "careroute_broker_certificate_expires_timestamp_seconds",
    "When the certificate ends that a broker showed as this process last connected to it, by the broker's host. ALERT.",
    ["broker"],
)

# --- what every worker measures

INPUTS = _counter("careroute_inputs_total", "Inputs decided, by topic.", service=GIVEN, topic=GIVEN)
EVENTS = _counter("careroute_events_total", "Events appended to the journal, by type.", service=GIVEN, type=OPEN)
STEP = Histogram("careroute_step_seconds", "One step: decide, append, confirm.", ["service"], buckets=FAST_SECONDS)
INPUT_AGE = Histogram(
    "careroute_input_age_seconds", "From an input's durable time to its decision.", ["service"], buckets=FAST_SECONDS
)
OLDEST_UNDECIDED = Gauge(
    "careroute_oldest_undecided_seconds",
    "Age of the oldest input that this process has read and not decided; 0: none waits. ALERT.",
    ["service"],
)
CLOCK_LATENESS = Histogram(
    "careroute_clock_lateness_seconds", "From a clock's instant to its firing.", ["service"], buckets=FAST_SECONDS
)
CLOCK_OFFSET = Gauge(
    "careroute_clock_offset_seconds",
    "How far at least this machine's clock was ahead of Kafka's at the last append (behind: below 0). ALERT.",
    ["service"],
)
OWNED = Gauge("careroute_owned_partitions", "Partitions that this process owns.", ["service"])
PARTITION_OWNER = Gauge(
    "careroute_partition_owner",
    "1 where this process owns the partition of a journal; 0 of every process: nobody decides there. ALERT.",
    ["topic", "partition"],
)
CLAIMS = _counter("careroute_claims_total", "Partitions claimed by this process.", service=GIVEN)
WARM = Gauge(
    "careroute_warm_partitions",
    "Partitions that others own and this process follows closely enough to take them over at once.",
    ["service"],
)
WOKEN = _counter(
    "careroute_processes_woken_total",
    "Processes of the same service that were taken for dead and went on: they hung, or have too little processor.",
    service=GIVEN,
)
LATE_WRITES = _counter(
    "careroute_late_writes_ignored_total", "Records of a former owner that were read and ignored.", topic=GIVEN
)
REFUSED_INPUTS = _counter("careroute_inputs_refused_total", "Inputs that could not be decided. ALERT.", service=GIVEN)
FAILED_CLOCKS = _counter("careroute_clocks_failed_total", "Clocks that raised when they fired. ALERT.", service=GIVEN)
DELETED_UNDECIDED = _counter(
    "careroute_inputs_deleted_total",
    "Records that Kafka had deleted, for their age, before anybody decided them. ALERT.",
    service=GIVEN,
    topic=GIVEN,
)
EFFECTS = _counter(
    "careroute_effects_total",
    "Effects by result.",
    service=GIVEN,
    result=("done", "failed", "expired", "unknown"),
)
SNAPSHOTS = _counter("careroute_snapshots_total", "Snapshots of an agency's state written.", service=GIVEN)
SNAPSHOTS_NOT_SAVED = _counter(
    "careroute_snapshots_not_saved_total",
    "States and views that were not saved: too large, or the broker did not take or tell something, or packing failed. "
    "ALERT.",
    service=GIVEN,
    why=("too-large", "unavailable", "failed"),
)
BUILD = Gauge(
    "careroute_build_info",
    "1: the version that runs, and of what decides. ALERT where two of a service differ.",
    ["service", "version", "decider"],
)

# --- what every door measures

REQUESTS = _counter("careroute_requests_total", "HTTP requests by path and status.", door=GIVEN, path=OPEN, status=OPEN)
WRONG_TOKENS = _counter("careroute_wrong_tokens_total", "Requests with a token or key that nobody has.", door=GIVEN)
REQUEST_SECONDS = Histogram(
    "careroute_request_seconds", "HTTP requests, from the head to the answer.", ["door"], buckets=FAST_SECONDS
)
FOLLOWER_LAG = Gauge(
    "careroute_follower_lag_seconds",
    "How long ago it was last sure that it had read all there was: what a door shows may be as old. ALERT.",
    ["door"],
)
AGENCIES_FILE_REFUSED = Gauge(
    "careroute_agencies_file_refused",
    "1 while the agencies file is wrong or gone, and the one before it in force: nobody can be taken out by it. ALERT.",
)
AGENCIES_FILE = Gauge(
    "careroute_agencies_file_info",
    "1: the agencies file in force in this process, by eight digits of its hash. ALERT where two processes differ.",
    ["hash"],
)
AUDIT_ENTRIES = _counter("careroute_audit_entries_total", "Entries in the audit log.", by="audit log", service=GIVEN)
AUDIT_ENTRIES_LOST = _counter(
    "careroute_audit_entries_lost_total",
    "Entries of the audit log that found no room to wait while it could not be written. ALERT.",
    by="audit log",
    service=GIVEN,
)
AUDIT_UNWRITTEN_SECONDS = Gauge(
    "careroute_audit_unwritten_seconds",
    "How long the oldest entry of the audit log has waited to be written; 0: none waits. ALERT.",
    ["service"],
)
CONTACTS_UNOPENABLE = Gauge(
    "careroute_contacts_unopenable",
    "Addresses of staff that are sealed with another key than this process has: nothing can go there. ALERT.",
)
CALL_KEYS_UNOPENABLE = Gauge(
    "careroute_call_keys_unopenable",
    "Keys of calls that are sealed with another key than this process has: what these calls say is unknown, and their "
    "teams see no address. ALERT.",
)
KEY = Gauge(
    "careroute_key_info",
    "1: a key of this process, by its use: it seals with one, opens with that and perhaps another, and makes "
    "pseudonyms with one. ALERT where a process has not what another seals with.",
    ["use", "key"],
)
SEALED_FORMERLY = Gauge(
    "careroute_sealed_formerly",
    "What is still sealed with the former key, by topic: at 0 the former key can be thrown away.",
    ["topic"],
)

# --- what one kind of process counts, as it happens

CALLS_RECEIVED = _counter(
    "careroute_calls_received_total",
    "Call versions made durable by intake. ALERT where a source sends none that always did.",
    by="intake",
    agency=GIVEN,
    source=GIVEN,
)
UNLISTED = _counter(
    "careroute_unlisted_total",
    "Names that nothing lists, by kind: in a judged call codes, cautions and questions that its document lacks.",
    agency=GIVEN,
    kind=OPEN,
)
TRIAGED = _counter(
    "careroute_calls_triaged_total",
    "Judgements by suitability.",
    by="triage",
    agency=GIVEN,
    suitability=("suitable", "unsuitable", "indeterminate"),
)
OUTCOMES = _counter(
    "careroute_outcomes_total",
    "Routing outcomes. ALERT where none sends a team any more.",
    by="team-availability",
    agency=GIVEN,
    outcome=("team-accepted", "phone-accepted", "default", "cancelled"),
)
OFFERS = _counter(
    "careroute_offers_total",
    "Offers by how they ended.",
    by="team-availability",
    agency=GIVEN,
    ended=("accepted", "declined", "expired", "withdrawn"),
)
REACHED_BY = ("pocket", "webhook", "sms", "voice", "push", "email")
"""The kinds of way to a person."""
PAGES = _counter(
    "careroute_pages_total",
    "Pages by how they ended.",
    by="notification",
    agency=GIVEN,
    ended=("delivered", "failed", "dropped"),
)
PAGES_RECEIVED = _counter(
    "careroute_pages_received_total",
    "Pages of which more is known than that their provider took them, by the kind of way. ALERT where of many none is.",
    by="notification",
    agency=GIVEN,
    kind=REACHED_BY,
    evidence=("carrier", "shown", "heard"),
)
PAGES_UNDELIVERED = _counter(
    "careroute_pages_undelivered_total",
    "Pages that their provider took and that did not arrive: it lies with us, the number, or the moment. ALERT.",
    by="notification",
    agency=GIVEN,
    kind=REACHED_BY,
    why=("ours", "number", "moment"),
)
WAYS_LOST = _counter(
    "careroute_ways_lost_total",
    "Ways to people that broke, or that they closed: a person has to see to each.",
    by="notification",
    agency=GIVEN,
    why=("broken", "unproved", "opted-out"),
)
PAGE_SECONDS = Histogram(
    "careroute_page_seconds", "Handing a page to its provider, until it answered.", ["method"], buckets=FAST_SECONDS
)
PAGES_HANDED = _counter(
    "careroute_pages_handed_total",
    "Pages handed to whoever delivers them, by the kind of way. ALERT where of one kind all fail.",
    by="notification",
    agency=GIVEN,
    kind=REACHED_BY,
    ended=("done", "failed"),
)
CARRIER_ANSWERS = _counter(
    "careroute_carrier_answers_total",
    "What carriers made of a text or call that was handed to them. ALERT where they refuse us, or leave it open.",
    by="notification",
    agency=GIVEN,
    carrier=("twilio", "telnyx"),
    ended=("taken", "refused", "unknown", "not-taken", "credentials", "queue-full", "unregistered", "filtered"),
)
PAGES_NEAR_LIMIT = _counter(
    "careroute_pages_near_limit_total",
    "Texts and calls past four fifths of what their agency pays for in a day; `stopped`: not sent. ALERT.",
    by="notification",
    agency=GIVEN,
    kind=("sms", "voice"),
    result=("sent", "stopped"),
)
CALLBACKS = _counter(
    "careroute_callbacks_total",
    "What carriers called back with: news of pages, calls picked up, keys, texts. ALERT where it is forged.",
    by="callbacks",
    carrier=("twilio", "telnyx"),
    result=("news", "call", "key", "text", "forged", "not-understood", "away"),
)
LOOK_UPS = _counter(
    "careroute_look_ups_total",
    "Carriers asked for what they have not told of a page. Where it rises, callbacks are lost on the way.",
    by="callbacks",
    carrier=("twilio", "telnyx"),
    result=("news", "none", "failed"),
)
INBOUND_TEXTS = _counter(
    "careroute_inbound_texts_total",
    "Texts from phones, by what they were taken for.",
    by="callbacks",
    result=("answer", "stop", "start", "not-understood", "which", "late", "nothing-asked", "stranger"),
)
CAD_NOT_INFORMED = _counter(
    "careroute_cad_not_informed_total",
    "Messages that a CAD did not acknowledge in time. ALERT.",
    by="notification",
    agency=GIVEN,
)
ALERTS_ACKNOWLEDGED = _counter(
    "careroute_alerts_acknowledged_total",
    "Alerts that somebody said they look after, or took for noise: a kind that is often noise wants mending.",
    by="notification",
    agency=GIVEN,
    kind=OPEN,
    result=("looked-after", "noise"),
)
UNCONFIRMED = _counter(
    "careroute_assignments_unconfirmed_total",
    "Accepted calls whose CAD was not told in time: police may be coming too. ALERT.",
    by="team-availability",
    agency=GIVEN,
)
PAUSED_ITSELF = _counter(
    "careroute_automatic_pauses_total",
    "Pauses after too many unsafe upgrades; a person has to resume. ALERT.",
    by="triage",
    agency=GIVEN,
)
REFERRALS_OVERDUE = _counter(
    "careroute_referrals_overdue_total",
    "Referrals and follow-ups of which nobody said in time what became.",
    by="triage",
    agency=GIVEN,
)
CAD_CLOCK = Gauge(
    "careroute_cad_clock_offset_seconds",
    "How far a CAD's clock was ahead of ours (behind: below 0) when that last kept calls from being diverted.",
    ["agency", "source"],
)
SILENT_TEAMS = _counter(
    "careroute_safety_checks_missed_total",
    "Police asked for, because a team with a call was silent. ALERT.",
    by="team-availability",
    agency=GIVEN,
)

# --- what reporting measures

REPORT_LAG = Gauge(
    "careroute_report_lag_seconds", "How long ago the store of reporting last held all that there was. ALERT."
)
REPORT_LAST_BATCH = Gauge(
    "careroute_report_last_batch_timestamp_seconds", "When reporting last stored something, in seconds since 1970."
)
REPORT_RECORDS = _counter(
    "careroute_report_records_total",
    "Records that reporting read: stored, repeated (they were stored before), or late writes of former owners.",
    by="reporting",
    result=("stored", "repeated", "late"),
)
REPORT_DATABASE_AWAY = Gauge(
    "careroute_report_database_away", "1 while the database of reporting is away; it is asked again until it is back."
)

# --- what the prober sees of careroute from outside

PROBES = _counter(
    "careroute_probe_results_total",
    "Test calls of careroute's own by what became of them: a made-up agency's, or a district's of a real one. ALERT.",
    by="prober",
    agency=GIVEN,
    district=GIVEN,
    result=("seen", "missed"),
)
PROBE_MISSED = Gauge(
    "careroute_probe_missed_in_a_row",
    "Test calls missed in a row; two are an alarm. ALERT.",
    ["agency", "district", "partition"],
)
PROBE_MISSED_APART = Gauge(
    "careroute_probe_missed_apart",
    "How often one of the last twelve test calls was missed behind one that was seen; four are an alarm. ALERT.",
    ["agency", "district", "partition"],
)
PROBE_SEEN = Gauge(
    "careroute_probe_last_seen_timestamp_seconds",
    "When a test call was last seen at the end of its way. ALERT.",
    ["agency", "district", "partition"],
)
PROBE_STAGE = Histogram(
    "careroute_probe_stage_seconds",
    "From the sending of a test call until it had come so far.",
    ["stage"],
    buckets=FAST_SECONDS,
)

# --- what the auditor measures

AUDIT_LAST_CLEAN = Gauge(
    "careroute_audit_last_clean_timestamp_seconds",
    "When a run last found what was planted and nothing else, in seconds since 1970; 0: never. ALERT.",
)
AUDIT_VIOLATIONS = Gauge(
    "careroute_audit_violations", "What breaks an invariant now and nobody has looked into. ALERT.", ["invariant"]
)
AUDIT_RUNS = _counter(
    "careroute_audit_runs_total",
    "Runs of the auditor: clean; broken; blind (what was planted was not found); cut (not all was asked in time); "
    "behind (not all was read); away (database or Kafka).",
    by="auditor",
    result=("clean", "broken", "blind", "cut", "behind", "away"),
)
AUDIT_SECONDS = Gauge("careroute_audit_seconds", "How long the last run took.")
AUDIT_PLANTED = Gauge("careroute_audit_planted_found", "Invariants whose query found what was planted in the last run.")
AUDIT_INVARIANTS = Gauge("careroute_audit_invariants", "Invariants that there are.")
AUDIT_UNASKED = Gauge(
    "careroute_audit_unasked_invariants", "Invariants that the last run's budget did not allow. They come first next."
)
AUDIT_LAG = Gauge("careroute_audit_lag_seconds", "How long ago the auditor's store last held all that there was.")
AUDIT_LISTS = _counter(
    "careroute_audit_lists_total",
    "Senders' lists, by whether they could be read.",
    by="auditor",
    result=("taken", "refused"),
)
AUDIT_BEATS = _counter(
    "careroute_audit_heartbeats_total",
    "Heartbeats to the watcher; `off`: none is sent, because the settings say so.",
    by="auditor",
    result=("sent", "failed", "off"),
)

# --- how things stand: the console's fold of the journals, so that no count dies with the process that made it

OPEN_ALARMS = Gauge(
    "careroute_open_alarms",
    "What somebody has to look at and nobody has ended; what nothing ends stands for a stated time. ALERT.",
    ["agency", "kind"],
)
UNATTENDED_ALARMS = Gauge(
    "careroute_unattended_alarms", "Those of the open alarms that nobody has said they look after.", ["agency", "kind"]
)
OPEN_CALLS = Gauge(
    "careroute_open_calls",
    "Calls undecided, overdue (undecided a second after their deadline: ALERT) and with a team.",
    ["agency", "state"],
)
TEAMS = Gauge("careroute_teams", "Teams on the roster, by where they stand.", ["agency", "state"])
SWITCHBOARD_REVISION = Gauge("careroute_switchboard_revision", "The switchboard's newest revision.", ["agency"])
PAUSED = Gauge("careroute_paused", "Pauses in force.", ["agency"])
PROGRAMME = Gauge("careroute_programme_info", "1: the document in force.", ["agency", "version", "hash"])
ROUTING = Histogram(
    "careroute_routing_seconds",
    "From intake's durable receipt to the routing outcome, while the console ran.",
    ["agency"],
    buckets=ROUTING_SECONDS,
)
ANSWERED = Histogram(
    "careroute_answer_seconds",
    "From an offer to the team's answer, accepted or declined, while the console ran.",
    ["agency"],
    buckets=ROUTING_SECONDS,
)
ARRIVAL = Histogram(
    "careroute_arrival_seconds",
    "From the acceptance of a call to the team's first word that it is on scene, while the console ran.",
    ["agency"],
    buckets=ARRIVAL_SECONDS,
)


def forget_probe(agency: str, district: str, partition: str) -> None:
    """Say nothing more of a district in which nothing is probed any more."""
    for gauge in (PROBE_MISSED, PROBE_MISSED_APART, PROBE_SEEN):
        with suppress(KeyError):
            gauge.remove(agency, district, partition)


_SAID: dict[tuple[Gauge, str], tuple[str, ...]] = {}
"""What an info gauge says now of what its first label names."""


def set_info(gauge: Gauge, *labels: str) -> None:
    """Have an info gauge say this of what its first label names, and nothing that it said of it before."""
    said = _SAID.get((gauge, labels[0]), labels)
    if said != labels:
        with suppress(KeyError):
            gauge.remove(*said)
    _SAID[gauge, labels[0]] = labels
    gauge.labels(*labels).set(1)


def name_build(service: str, decider: str = "") -> None:
    """Say which version runs."""
    BUILD.labels(service, version("careroute"), decider).set(1)


def _keep_allowed(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ARG001  # structlog's shape
    dropped = [key for key in line if key not in ALLOWED_KEYS]
    for key in dropped:
        del line[key]
    if dropped:
        line["dropped_keys"] = len(dropped)
    return line


def _write_json(level: str) -> None:
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


_write_json("info")  # from the first line on: what is said while a process is put together has allow-listed keys, too


def configure_logs(service: str, instance: str, level: str = "info") -> None:
    """JSON lines on standard error, for this process."""
    _write_json(level)
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
