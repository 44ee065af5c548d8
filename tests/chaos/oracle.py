"""Says what was broken: from the topics, the sender's list and what really reached the receivers. Pure.

It folds ownership by a rule of its own (`tests.rig.log`) and knows nothing of how the services decide.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any

from deploy.actors.webhooks import Delivery
from tests.chaos.stalls import JOURNAL_OF
from tests.chaos.telephony import Carried
from tests.rig.log import JOURNALS, Entry
from tests.rig.machine import slowness


@dataclass(frozen=True, slots=True)
class Sent:
    """A version of a call that intake answered with 2xx."""

    call_id: str
    event_id: str
    at: float = 0.0
    """When it was sent first."""
    acknowledged_at: float = 0.0


NOTED_LATE_SECONDS = 5.0
"""How much later a played carrier may note what it was handed, for each time that the machine is slower than others."""


@dataclass(slots=True)
class Verdict:
    """Faults by promise, each with what it is about; and counts that say how much was looked at."""

    faults: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether every promise held."""
        return not any(self.faults.values())


def judge(
    records: Iterable[Entry],
    sent: Iterable[Sent],
    commands: Iterable[str],
    received: Iterable[Delivery],
    *,
    carried: Iterable[Carried] = (),
    spoiled: Mapping[str, str] = MappingProxyType({}),
) -> Verdict:
    """Every promise, checked. `commands`: ids of commands that a door said are durable, or the topic holds.

    `carried`: the texts and calls that carriers took.
    `spoiled`: by call id, the service that cannot decide its report; it refuses this one, and nothing else.
    """
    everything, sent, received, carried = list(records), list(sent), list(received), list(carried)
    counting = [entry for entry in everything if entry.topic in JOURNALS and entry.counts and entry.type != "claimed"]
    of = _by_type(counting)
    over_before, pages = _ended_first(everything), [webhook for webhook in received if webhook.path.startswith("/page")]
    verdict = Verdict()
    verdict.faults = {
        "acknowledged and not in the topic": _missing(sent, everything),
        "acknowledged and not judged by triage": _unjudged(
            [version for version in sent if spoiled.get(version.call_id) != "triage"], everything, of
        ),
        "calls lost: no outcome": sorted(
            {version.call_id for version in sent} - _routed(of) - over_before - _refused(of, "assignments")
        ),
        "episodes without an outcome": sorted(_episodes(of["deadline-set"]) - _episodes(of["call-routed"])),
        "outcomes twice": _twice(of["call-routed"], _episode),
        "double assignments of a team": _overlaps(counting, "team_id"),
        "double assignments of a call": _overlaps(counting, "call_id"),
        "a team offered two calls at a time": _double_offers(counting),
        "pages twice, by step, person and method": _twice(of["page-due"], _step_person_method),
        "pages attempted twice": _twice(of["page-attempted"], lambda entry: str(entry.fields["page_id"])),
        "pages received twice": _repeated(page.message_id for page in pages),
        "pages sent past their time": [page.message_id for page in pages if page.signed_at > page.not_after],
        **_carried_wrongly(carried, of["page-due"]),
        "webhooks with a wrong signature": [webhook.message_id for webhook in received if not webhook.is_genuine],
        "clocks fired twice": _decided_twice(entry for entry in counting if entry.cause.startswith("tick/")),
        "offers expired twice": _twice(of["offer-expired"], lambda entry: str(entry.fields["offer_id"])),
        "clocks failed": [entry.cause for entry in of["clock-failed"]],
        "inputs decided twice": _decided_twice(
            entry for entry in counting if entry.type != "positions-noted" and not entry.cause.startswith("tick/")
        ),
        "inputs refused": [
            f"{entry.topic}: {entry.fields['position']} {entry.fields['wrong']}"
            for entry in of["input-refused"]
            if JOURNAL_OF[spoiled.get(str(entry.fields["call_id"]), "notification")] != entry.topic
        ],
        "harmful calls not refused": sorted(
            call_id for call_id, service in spoiled.items() if call_id not in _refused(of, JOURNAL_OF[service])
        ),
        "commands answered twice": _twice(_answers(of), lambda entry: str(entry.fields["command_id"])),
        "commands not answered": sorted(set(commands) - {str(entry.fields["command_id"]) for entry in _answers(of)}),
    }
    verdict.counts = {
        "versions acknowledged": len(sent),
        "calls acknowledged": len({version.call_id for version in sent}),
        "outcomes": len(of["call-routed"]),
        "of them team-accepted": sum(entry.fields["outcome"] == "team-accepted" for entry in of["call-routed"]),
        "calls whose end came first: no episode": len(over_before - _routed(of)),
        "offers": len(of["offer-made"]),
        "pages received": len(pages),
        "of them past their validity, for the provider to drop": sum(page.at > page.not_after for page in pages),
        "CAD messages received": sum(webhook.path.startswith("/cad") for webhook in received),
        "texts carried": sum(page.kind == "text" for page in carried),
        "calls carried": sum(page.kind == "call" for page in carried),
        "of both past their validity, by less than a second": len(_past(carried, of["page-due"], 0)),
        "ways proved by an answer": len(of["contact-proved"]),
        "planned shifts begun": len(of["duty-began"]),
        "of them over": len(of["duty-ended"]),
        "clocks fired": len({entry.cause for entry in counting if entry.cause.startswith("tick/")}),
        "commands answered": len(_answers(of)),
        "claims": sum(entry.type == "claimed" for entry in everything),
        "late writes ignored": sum(
            not entry.counts and entry.type not in ("claimed", "positions-noted") for entry in everything
        ),
    }
    return verdict


def _carried_wrongly(carried: Sequence[Carried], due: Sequence[Entry]) -> dict[str, list[str]]:
    """What carriers took twice, or too late; where a carrier is only known to the second, less than one is not late."""
    ways = {(entry.key, str(entry.fields["page_id"])): _step_person_method(entry) for entry in due}
    sent = [(page.agency, page.page_id) for page in carried]
    return {
        "texts and calls of no page": ["/".join(page) for page in sent if page not in ways],
        "texts and calls carried twice, by step, person and way": _repeated(
            f"{page[0]}/{ways.get(page, page[1])}" for page in sent
        ),
        "texts and calls carried past their time": _past(carried, due, 1 + NOTED_LATE_SECONDS * (slowness() - 1)),
    }


def _past(carried: Iterable[Carried], due: Iterable[Entry], tolerance_seconds: float) -> list[str]:
    ends = {
        (entry.key, str(entry.fields["page_id"])): datetime.fromisoformat(str(entry.fields["not_after"])).timestamp()
        for entry in due
    }
    late = ((page, page.at - ends.get((page.agency, page.page_id), page.at)) for page in carried)
    return [
        f"{page.agency}/{page.page_id}, a {page.kind} by {page.carrier}, {seconds:.2f} s"
        for page, seconds in late
        if seconds > tolerance_seconds
    ]


def lateness_of_defaults(records: Iterable[Entry]) -> list[float]:
    """Seconds from an episode's deadline to its outcome, for outcomes that the deadline itself brought about."""
    return [
        entry.time - datetime.fromisoformat(str(entry.fields["deadline"])).timestamp()
        for entry in records
        if entry.counts and entry.type == "call-routed" and entry.cause.startswith("tick/")
        if "deadline" in str(entry.fields["reasons"])
    ]


def _by_type(records: Iterable[Entry]) -> defaultdict[str, list[Entry]]:
    by_type: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in records:
        if entry.topic in JOURNALS:
            by_type[entry.type].append(entry)
    return by_type


def _missing(sent: Iterable[Sent], everything: Iterable[Entry]) -> list[str]:
    durable = {
        (entry.subject, str(entry.fields["event_id"]))
        for entry in everything
        if entry.topic == "calls" and entry.type.startswith("call-")
    }
    return [version.event_id for version in sent if (version.call_id, version.event_id) not in durable]


def _unjudged(sent: Iterable[Sent], everything: Iterable[Entry], of: Mapping[str, list[Entry]]) -> list[str]:
    """Versions that left no trace in triage's journal.

    One that comes late for a call that is over need not: it is older than the call's end, or than a version that was
    judged before the call had its outcome and left triage's state.
    """
    kinds = ("call-triaged", "version-noted", "call-ended", "call-stale")
    judged = {(entry.subject, str(entry.fields["event_id"])) for kind in kinds for entry in of.get(kind, ())}
    over: dict[str, str] = {}
    routed = _routed(of)
    for entry in (*of.get("call-ended", ()), *of.get("call-triaged", ()), *of.get("version-noted", ())):
        if entry.type == "call-ended" or entry.subject in routed:
            over[entry.subject] = max(over.get(entry.subject, ""), _utc(entry.fields["updated_at"]))
    made = {(call_id, event_id): at for call_id, event_id, at, _ in _versions(everything)}
    return [
        version.event_id
        for version in sent
        if (version.call_id, version.event_id) not in judged
        and made.get((version.call_id, version.event_id), "9") > over.get(version.call_id, "")
    ]


def _routed(of: Mapping[str, list[Entry]]) -> set[str]:
    return {entry.subject for entry in of.get("call-routed", ())}


def _ended_first(everything: Iterable[Entry]) -> set[str]:
    """Calls whose first version to come was their end, and whose later ones were older: no episode ever began."""
    first: dict[str, tuple[str, str]] = {}
    alive: set[str] = set()
    for call_id, _, at, kind in _versions(everything):
        ended_at, first_kind = first.setdefault(call_id, (at, kind))
        if first_kind == "call-reported" or (kind == "call-reported" and at > ended_at):
            alive.add(call_id)
    return first.keys() - alive


def _versions(everything: Iterable[Entry]) -> Iterator[tuple[str, str, str, str]]:
    for entry in everything:
        if entry.topic == "calls":
            fields: Any = entry.fields
            yield entry.subject, fields["event_id"], _utc(fields["call"]["updated_at"]), entry.type


def _utc(time: Any) -> str:
    return datetime.fromisoformat(str(time)).astimezone(UTC).isoformat(timespec="microseconds")


def _refused(of: Mapping[str, list[Entry]], journal: str) -> set[str]:
    return {str(entry.fields["call_id"]) for entry in of.get("input-refused", ()) if entry.topic == journal}


def _episodes(records: Iterable[Entry]) -> set[str]:
    return {_episode(entry) for entry in records}


def _episode(entry: Entry) -> str:
    return f"{entry.fields['call_id']}#{entry.fields['episode']}"


def _twice(records: Iterable[Entry], what: Callable[[Entry], str]) -> list[str]:
    return _repeated(what(entry) for entry in records)


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _step_person_method(page: Entry) -> str:
    fields = page.fields
    method = fields["method"]["method_id"] if isinstance(fields["method"], dict) else ""
    step = fields["offer_id"] if fields["kind"] == "offer" else fields["page_id"]
    return f"{step}/{fields['person_id']}/{method}"


def _answers(of: Mapping[str, list[Entry]]) -> list[Entry]:
    return [*of.get("command-done", ()), *of.get("command-refused", ())]


def _decided_twice(records: Iterable[Entry]) -> list[str]:
    """Events whose id derives from one cause stand in one step; a second time is a second decision."""
    return [f"{topic}: {what}" for (topic, what), times in Counter(map(_id, records)).items() if times > 1]


def _id(entry: Entry) -> tuple[str, str]:
    return entry.topic, f"{entry.type} of {entry.cause} ({entry.headers.get('id', b'').decode()})"


def _overlaps(records: Iterable[Entry], by: str) -> list[str]:
    """Teams, or calls, with a second assignment while one is live."""
    return list(
        _taken_twice(records, by, {"offer-accepted"}, {"assignment-ended", "assignment-moved", "assignment-withdrawn"})
    )


def _double_offers(records: Iterable[Entry]) -> list[str]:
    ends = {"offer-accepted", "offer-declined", "offer-expired", "offer-withdrawn"}
    return list(_taken_twice(records, "team_id", {"offer-made"}, ends))


def _taken_twice(records: Iterable[Entry], by: str, takes: set[str], releases: set[str]) -> Iterator[str]:
    kinds = takes | releases
    assignments = (entry for entry in records if entry.topic == "assignments" and entry.type in kinds)
    for partition, group in groupby(
        sorted(assignments, key=lambda entry: (entry.partition, entry.offset)), lambda entry: entry.partition
    ):
        takers: dict[str, str] = {}
        for entry in group:
            fields = entry.fields
            what, for_what = (
                f"{entry.key}/{fields[by]}",
                f"{fields['call_id']}#{fields['episode']}/{fields['team_id']}",
            )
            if entry.type in takes:
                if what in takers:
                    yield f"{what} in partition {partition}: {takers[what]}, then {for_what}"
                takers[what] = for_what
            elif takers.get(what) == for_what:
                del takers[what]
