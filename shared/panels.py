"""What is drawn of the metrics, each panel once, whoever draws it: Grafana, or the console's page of operations.

An expression holds Grafana's own two words: `$agency`, a pattern of the agencies that are shown, and
`$__rate_interval`, a range that a rate can be taken over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Board = Literal["now", "pages-and-cads", "engine", "probe-and-auditor"]
BOARDS: Mapping[Board, str] = {
    "now": "Now",
    "pages-and-cads": "Pages and CADs",
    "engine": "Engine",
    "probe-and-auditor": "Probe and auditor",
}
"""Each board with its title, in the order in which somebody looks who was woken."""

Unit = Literal["count", "seconds", "a second", "share", "bytes"]


@dataclass(frozen=True, slots=True)
class Curve:
    """One expression. In its legend `{{label}}` stands for that label's value.

    A metric without labels is shown by every process, and means something in one of them: its highest is taken.
    """

    promql: str
    legend: str
    always: bool = True
    """Whether a city that works always has it; else it appears with what it tells of."""

    def filled(self, agency: str | None = None, rate_seconds: int = 60) -> str:
        """The expression as Prometheus takes it, of one agency or of all."""
        pattern = ".*" if agency is None else re.escape(agency).replace("\\", "\\\\")
        return self.promql.replace("$agency", pattern).replace("$__rate_interval", f"{rate_seconds}s")


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture."""

    board: Board
    title: str
    unit: Unit
    description: str
    """What it shows, and what would be wrong."""
    curves: tuple[Curve, ...]


def _quantiles(metric: str, by: str, selector: str = "", *, always: bool = True) -> tuple[Curve, ...]:
    """The median and the slowest hundredth of a histogram."""
    return tuple(
        Curve(
            f"histogram_quantile({share}, sum by (le, {by}) (rate({metric}_bucket{selector}[$__rate_interval])))",
            f"{name} {{{{{by}}}}}",
            always,
        )
        for share, name in ((0.5, "P50"), (0.99, "P99"))
    )


def _rate(metric: str, by: str, selector: str = "") -> Curve:
    return Curve(
        f"sum by ({by}) (rate({metric}{selector}[$__rate_interval]))",
        " ".join(f"{{{{{label.strip()}}}}}" for label in by.split(",")),
    )


AGENCY = '{agency=~"$agency"}'

NOW = (
    Panel(
        "now",
        "Open alarms",
        "count",
        "What somebody has to look at and nobody has ended, by kind. Nothing here is good.",
        (Curve(f"max by (agency, kind) (careroute_open_alarms{AGENCY}) > 0", "{{agency}} {{kind}}", always=False),),
    ),
    Panel(
        "now",
        "Unattended alarms",
        "count",
        "Those of the open alarms that nobody has said they look after, by kind.",
        (
            Curve(
                f"max by (agency, kind) (careroute_unattended_alarms{AGENCY}) > 0", "{{agency}} {{kind}}", always=False
            ),
        ),
    ),
    Panel(
        "now",
        "Calls past their deadline",
        "count",
        "Calls without an outcome a second after their deadline. Anything but 0: send the default response.",
        (Curve('max by (agency) (careroute_open_calls{state="overdue",agency=~"$agency"})', "{{agency}}"),),
    ),
    Panel(
        "now",
        "Open calls",
        "count",
        "Calls that wait for an outcome, and calls that a team has.",
        (
            Curve(
                'max by (agency, state) (careroute_open_calls{state!="overdue",agency=~"$agency"})',
                "{{agency}} {{state}}",
            ),
        ),
    ),
    Panel(
        "now",
        "Longest wait for a decision",
        "seconds",
        "Age of the oldest input that was read and not decided. Above 5 s a service falls behind or stands still.",
        (Curve("max by (service) (careroute_oldest_undecided_seconds)", "{{service}}"),),
    ),
    Panel(
        "now",
        "Calls received",
        "a second",
        "Versions of calls made durable by intake. None where there should be some: a CAD is silent, or intake is.",
        (_rate("careroute_calls_received_total", "agency", AGENCY),),
    ),
    Panel(
        "now",
        "Outcomes",
        "a second",
        "Routing outcomes. More defaults than usual: look at the teams, the pauses and the document.",
        (_rate("careroute_outcomes_total", "agency, outcome", AGENCY),),
    ),
    Panel(
        "now",
        "From receipt to outcome",
        "seconds",
        "The deadline is 60 s unless the document says otherwise, and 10 of them are kept to tell the CAD.",
        _quantiles("careroute_routing_seconds", "agency", AGENCY),
    ),
    Panel(
        "now",
        "From offer to answer",
        "seconds",
        "How long teams take to accept or to decline.",
        _quantiles("careroute_answer_seconds", "agency", AGENCY),
    ),
    Panel(
        "now",
        "From acceptance to arrival",
        "seconds",
        "From the acceptance of a call to the team's first word that it is on scene.",
        _quantiles("careroute_arrival_seconds", "agency", AGENCY, always=False),
    ),
    Panel(
        "now",
        "Offers by how they ended",
        "a second",
        "Many that expired: pages do not reach the teams, or nobody is on shift who was said to be.",
        (_rate("careroute_offers_total", "agency, ended", AGENCY),),
    ),
    Panel(
        "now",
        "Teams",
        "count",
        "Teams on the roster by where they stand. A silent one: police are asked to look after it.",
        (Curve(f"max by (agency, state) (careroute_teams{AGENCY})", "{{agency}} {{state}}"),),
    ),
    Panel(
        "now",
        "Pauses in force",
        "count",
        "Districts and responses that people, or careroute itself, have paused.",
        (Curve(f"max by (agency) (careroute_paused{AGENCY})", "{{agency}}"),),
    ),
    Panel(
        "now",
        "Judgements",
        "a second",
        "Calls by suitability. Indeterminate: something was not known, and counted as its worst.",
        (_rate("careroute_calls_triaged_total", "agency, suitability", AGENCY),),
    ),
    Panel(
        "now",
        "Document in force",
        "count",
        "1 for the version in force. Two of an agency for more than a moment: processes disagree.",
        (Curve(f"max by (agency, version) (careroute_programme_info{AGENCY})", "{{agency}} version {{version}}"),),
    ),
    Panel(
        "now",
        "Switchboard revision",
        "count",
        "Rises with every change that somebody makes.",
        (Curve(f"max by (agency) (careroute_switchboard_revision{AGENCY})", "{{agency}}"),),
    ),
)

PAGES_AND_CADS = (
    Panel(
        "pages-and-cads",
        "CADs not informed",
        "count",
        "Messages that a CAD did not acknowledge in time, within 15 minutes. Anything but 0: a person tells it.",
        (Curve(f"sum by (agency) (increase(careroute_cad_not_informed_total{AGENCY}[15m]))", "{{agency}}"),),
    ),
    Panel(
        "pages-and-cads",
        "Unconfirmed assignments",
        "count",
        "Accepted calls whose CAD was not told in time, within the last 15 minutes: police may be coming too.",
        (Curve(f"sum by (agency) (increase(careroute_assignments_unconfirmed_total{AGENCY}[15m]))", "{{agency}}"),),
    ),
    Panel(
        "pages-and-cads",
        "Teams that were silent",
        "count",
        "Safety checks missed, within the last 15 minutes: police were asked to look after the team.",
        (Curve(f"sum by (agency) (increase(careroute_safety_checks_missed_total{AGENCY}[15m]))", "{{agency}}"),),
    ),
    Panel(
        "pages-and-cads",
        "Pages by how they ended",
        "a second",
        "Failed: a provider refuses them. Dropped: their time was over before they could be sent.",
        (_rate("careroute_pages_total", "agency, ended", AGENCY),),
    ),
    Panel(
        "pages-and-cads",
        "Handing over a page",
        "seconds",
        "Until the provider answered.",
        _quantiles("careroute_page_seconds", "method"),
    ),
    Panel(
        "pages-and-cads",
        "Texts and calls, by what carriers made of them",
        "a second",
        "Unknown: it may have gone out. Credentials, unregistered, filtered: for a reason that lies with us.",
        (_rate("careroute_carrier_answers_total", "agency, carrier, ended", AGENCY),),
    ),
    Panel(
        "pages-and-cads",
        "Texts and calls near the limit of the day",
        "count",
        "Past four fifths of what an agency pays for, in the last hour. Stopped: reminders, covers, gaps, roll calls.",
        (
            Curve(
                f"sum by (agency, kind, result) (increase(careroute_pages_near_limit_total{AGENCY}[1h]))",
                "{{agency}} {{kind}} {{result}}",
            ),
        ),
    ),
    Panel(
        "pages-and-cads",
        "What carriers call back with",
        "a second",
        "News of pages, calls picked up, keys, texts. Forged: not from the carrier, or of no page of ours.",
        (_rate("careroute_callbacks_total", "carrier, result"),),
    ),
    Panel(
        "pages-and-cads",
        "Words to CADs and pages, by result",
        "a second",
        "Expired: not tried, since it was too late. Unknown: tried by a process that died.",
        (_rate("careroute_effects_total", "service, result"),),
    ),
    Panel(
        "pages-and-cads",
        "Clocks of CADs",
        "seconds",
        "How far a CAD's clock was ahead of ours when that last kept calls from being diverted.",
        (
            Curve(
                f"max by (agency, source) (careroute_cad_clock_offset_seconds{AGENCY})",
                "{{agency}} {{source}}",
                always=False,
            ),
        ),
    ),
    Panel(
        "pages-and-cads",
        "Names that nothing lists",
        "a second",
        "Codes, cautions and questions of judged calls that the document lacks: each leaves a hazard unknown.",
        (
            Curve(
                f"sum by (agency, kind) (rate(careroute_unlisted_total{AGENCY}[$__rate_interval]))",
                "{{agency}} {{kind}}",
                always=False,
            ),
        ),
    ),
    Panel(
        "pages-and-cads",
        "Pauses by careroute itself",
        "count",
        "After too many unsafe upgrades, within the last hour; a person has to resume.",
        (Curve(f"sum by (agency) (increase(careroute_automatic_pauses_total{AGENCY}[1h]))", "{{agency}}"),),
    ),
    Panel(
        "pages-and-cads",
        "Referrals overdue",
        "count",
        "Referrals and follow-ups of which nobody said in time what became, within the last hour.",
        (Curve(f"sum by (agency) (increase(careroute_referrals_overdue_total{AGENCY}[1h]))", "{{agency}}"),),
    ),
)

ENGINE = (
    Panel(
        "engine",
        "Processes that cannot be seen",
        "count",
        "Of each service: down, or out of reach. All of them at once: nobody does what the service does.",
        (Curve("count by (job) (up) - sum by (job) (up)", "{{job}}"),),
    ),
    Panel(
        "engine",
        "Partitions without an owner",
        "count",
        "Nobody decides there. A moment while one changes hands is as it should be, ten seconds are not.",
        (
            Curve(
                "count by (topic) (max by (topic, partition) (careroute_partition_owner) == 0) "
                "or 0 * count by (topic) (careroute_partition_owner)",
                "{{topic}}",
            ),
        ),
    ),
    Panel(
        "engine",
        "Partitions by owner",
        "count",
        "How many partitions each process decides for.",
        (Curve("careroute_owned_partitions", "{{service}} {{instance}}"),),
    ),
    Panel(
        "engine",
        "Partitions claimed",
        "a second",
        "At each start of a process and change of hands. Going on and on: processes take them from each other.",
        (_rate("careroute_claims_total", "service"),),
    ),
    Panel(
        "engine",
        "Late writes ignored",
        "a second",
        "Records of a former owner, which no reader counts. Some after a change of hands are as it should be.",
        (_rate("careroute_late_writes_ignored_total", "topic"),),
    ),
    Panel(
        "engine",
        "Inputs decided",
        "a second",
        "By the service that decides and the topic that they came from.",
        (_rate("careroute_inputs_total", "service, topic"),),
    ),
    Panel(
        "engine",
        "Events appended",
        "a second",
        "To the journals, by type.",
        (_rate("careroute_events_total", "type"),),
    ),
    Panel(
        "engine",
        "One step",
        "seconds",
        "Deciding, appending and confirming. Slow: Kafka is, or the machine has too much to do.",
        _quantiles("careroute_step_seconds", "service"),
    ),
    Panel(
        "engine",
        "From input to decision",
        "seconds",
        "From an input's durable time to its decision.",
        _quantiles("careroute_input_age_seconds", "service"),
    ),
    Panel(
        "engine",
        "Lateness of clocks",
        "seconds",
        "From a clock's instant, a deadline's for example, to its firing.",
        _quantiles("careroute_clock_lateness_seconds", "service", always=False),
    ),
    Panel(
        "engine",
        "Inputs refused and clocks that failed",
        "count",
        "Within the last 15 minutes. Anything but 0 is a fault, and each has an alert.",
        (
            Curve("sum by (service) (increase(careroute_inputs_refused_total[15m]))", "refused {{service}}"),
            Curve("sum by (service) (increase(careroute_clocks_failed_total[15m]))", "clocks {{service}}"),
        ),
    ),
    Panel(
        "engine",
        "Snapshots written",
        "a second",
        "Of agencies' state; none for a day: a restart reads the whole journal.",
        (_rate("careroute_snapshots_total", "service"),),
    ),
    Panel(
        "engine",
        "Clock against Kafka's",
        "seconds",
        "How far at least a process's clock was ahead of Kafka's at its last append (behind: below 0).",
        (Curve("careroute_clock_offset_seconds", "{{service}} {{instance}}"),),
    ),
    Panel(
        "engine",
        "What a door shows may be so old",
        "seconds",
        "How long ago it was last sure that it had read all there was.",
        (Curve("max by (door) (careroute_follower_lag_seconds)", "{{door}}"),),
    ),
    Panel(
        "engine",
        "Requests",
        "a second",
        "Requests at the doors by status. 5xx: the log is away, or something is broken.",
        (_rate("careroute_requests_total", "door, status"),),
    ),
    Panel(
        "engine",
        "Answering a request",
        "seconds",
        "From the head of a request to its answer.",
        _quantiles("careroute_request_seconds", "door"),
    ),
    Panel(
        "engine",
        "Wrong tokens and keys",
        "a second",
        "Requests with a token or key that nobody has: a mistake after a change of keys, or somebody tries.",
        (_rate("careroute_wrong_tokens_total", "door"),),
    ),
    Panel(
        "engine",
        "Agencies file refused",
        "count",
        "1 while the file is wrong or gone, and the one before it in force: nobody can be taken out by it.",
        (Curve("max by (job) (careroute_agencies_file_refused)", "{{job}}"),),
    ),
    Panel(
        "engine",
        "Keys of processes",
        "count",
        "Processes by key and what they do with it. A step of a rotation is over when each has that step's keys.",
        (Curve("count by (use, key) (careroute_key_info)", "{{use}} {{key}}"),),
    ),
    Panel(
        "engine",
        "Versions that run",
        "count",
        "Processes by version; two versions of a service for long: an update did not finish.",
        (Curve("count by (service, version) (careroute_build_info)", "{{service}} {{version}}"),),
    ),
    Panel(
        "engine",
        "Memory",
        "bytes",
        "Resident memory of each process.",
        (Curve("process_resident_memory_bytes", "{{job}} {{instance}}"),),
    ),
    Panel(
        "engine",
        "Processor",
        "share",
        "Share of one core that each process uses.",
        (Curve("rate(process_cpu_seconds_total[$__rate_interval])", "{{job}} {{instance}}"),),
    ),
)

TESTED = '{agency=~"$agency|probe-[0-9]+"}'
"""Test calls: of the agencies that are shown, and of those that are made up for it."""

PROBE_AND_AUDITOR = (
    Panel(
        "probe-and-auditor",
        "Test calls missed in a row",
        "count",
        "Calls of careroute's own that did not come to their end. Two in a row: careroute may be deaf there.",
        (
            Curve(
                f"max by (agency, district, partition) (careroute_probe_missed_in_a_row{TESTED})",
                "{{agency}} {{district}} {{partition}}",
                always=False,
            ),
        ),
    ),
    Panel(
        "probe-and-auditor",
        "Since a test call was last seen",
        "seconds",
        "At the end of its way. Rising without end: nothing comes through there, or the prober is silent.",
        (
            Curve(
                f"time() - (max by (agency, district) (careroute_probe_last_seen_timestamp_seconds{TESTED}) > 0)",
                "{{agency}} {{district}}",
                always=False,
            ),
        ),
    ),
    Panel(
        "probe-and-auditor",
        "Test calls by what became of them",
        "a second",
        "Seen at the end of their way, or missed.",
        (
            Curve(
                f"sum by (agency, result) (rate(careroute_probe_results_total{TESTED}[$__rate_interval]))",
                "{{agency}} {{result}}",
                always=False,
            ),
        ),
    ),
    Panel(
        "probe-and-auditor",
        "How far a test call has come",
        "seconds",
        "From its sending to each stage of its way: judged, offered, paged, accepted, told to the CAD.",
        _quantiles("careroute_probe_stage_seconds", "stage", always=False),
    ),
    Panel(
        "probe-and-auditor",
        "Promises broken",
        "count",
        "What breaks an invariant and nobody has looked into, by invariant. Anything but 0 is paged at once.",
        (Curve("max by (invariant) (careroute_audit_violations)", "{{invariant}}"),),
    ),
    Panel(
        "probe-and-auditor",
        "Since a run of the auditor was clean",
        "seconds",
        "It found what was planted, and nothing else. Beyond two minutes nobody is sure that the promises hold.",
        (Curve("time() - (max(careroute_audit_last_clean_timestamp_seconds) > 0)", "auditor"),),
    ),
    Panel(
        "probe-and-auditor",
        "Runs of the auditor",
        "a second",
        "Blind: what was planted was not found. Cut: not all was asked in time. Behind: not all was read.",
        (_rate("careroute_audit_runs_total", "result"),),
    ),
    Panel(
        "probe-and-auditor",
        "Invariants",
        "count",
        "All that there are, those whose query found what was planted, and those that the budget left out.",
        (
            Curve("max(careroute_audit_invariants)", "all"),
            Curve("max(careroute_audit_planted_found)", "found what was planted"),
            Curve("max(careroute_audit_unasked_invariants)", "not asked"),
        ),
    ),
    Panel(
        "probe-and-auditor",
        "How long a run takes",
        "seconds",
        "A run that grows is cut by its budget one day.",
        (Curve("max(careroute_audit_seconds)", "auditor"),),
    ),
    Panel(
        "probe-and-auditor",
        "Stores behind the journals",
        "seconds",
        "How long ago the auditor's store and reporting's last held all that there was.",
        (
            Curve("max(careroute_audit_lag_seconds)", "auditor"),
            Curve("max(careroute_report_lag_seconds)", "reporting"),
        ),
    ),
    Panel(
        "probe-and-auditor",
        "Heartbeats and lists",
        "a second",
        "Heartbeats to the watcher, and senders' lists that were read.",
        (
            Curve("sum by (result) (rate(careroute_audit_heartbeats_total[$__rate_interval]))", "heartbeat {{result}}"),
            Curve("sum by (result) (rate(careroute_audit_lists_total[$__rate_interval]))", "list {{result}}"),
        ),
    ),
    Panel(
        "probe-and-auditor",
        "Since reporting last stored something",
        "seconds",
        "Long in a quiet night, or because reporting is stuck: its lag says which.",
        (Curve("time() - (max(careroute_report_last_batch_timestamp_seconds) > 0)", "reporting"),),
    ),
    Panel(
        "probe-and-auditor",
        "Records that reporting read",
        "a second",
        "Stored; repeated, since they had been stored before; late, written by former owners, which count for nothing.",
        (_rate("careroute_report_records_total", "result"),),
    ),
    Panel(
        "probe-and-auditor",
        "Database of reporting away",
        "count",
        "1 while it is away. Figures stand still then; calls are decided as ever.",
        (Curve("max(careroute_report_database_away)", "reporting"),),
    ),
)

PANELS: tuple[Panel, ...] = (*NOW, *PAGES_AND_CADS, *ENGINE, *PROBE_AND_AUDITOR)


def panels_of(board: Board) -> tuple[Panel, ...]:
    """The panels of a board, in their order."""
    return tuple(panel for panel in PANELS if panel.board == board)
