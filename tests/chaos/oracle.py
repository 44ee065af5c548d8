"""Says what was broken: from the topics, the sender's list and what really reached the receivers. Pure.

It folds ownership by a rule of its own (`tests.rig.log`) and knows nothing of how the services decide.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from tests.rig.log import JOURNALS, Seen


@dataclass(frozen=True, slots=True)
class Sent:
    """A version of a call that intake answered with 2xx."""

    call_id: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Received:
    """A webhook that reached its receiver."""

    message_id: str
    path: str
    at: float
    not_after: float
    signature_holds: bool
    signed_at: float = 0.0
    """The sender's own time of sending, as it signed it: whole seconds, rounded down. A page on its way while its
    process is frozen or starved arrives later than that; its validity travels with it, and the provider drops it."""


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
    records: Iterable[Seen], sent: Iterable[Sent], commands: Iterable[str], received: Iterable[Received]
) -> Verdict:
    """Every promise, checked. `commands`: ids of commands that a door said are durable, or the topic holds."""
    everything, sent, received = list(records), list(sent), list(received)
    counting = [one for one in everything if one.topic in JOURNALS and one.counts and one.type != "claimed"]
    of = _by_type(counting)
    over_before, pages = _ended_first(everything), [one for one in received if one.path.startswith("/page")]
    verdict = Verdict()
    verdict.faults = {
        "acknowledged and not in the topic": _missing(sent, everything),
        "acknowledged and not judged by triage": _unjudged(sent, everything, of),
        "calls lost: no outcome": sorted({one.call_id for one in sent} - _routed(of) - over_before),
        "episodes without an outcome": sorted(_episodes(of["deadline-set"]) - _episodes(of["call-routed"])),
        "outcomes twice": _twice(of["call-routed"], lambda one: f"{one.said['call_id']}#{one.said['episode']}"),
        "double assignments of a team": _overlaps(counting, "team_id"),
        "double assignments of a call": _overlaps(counting, "call_id"),
        "a team offered two calls at a time": _double_offers(counting),
        "pages twice, by step, person and method": _twice(of["page-due"], _step_person_method),
        "pages attempted twice": _twice(of["page-attempted"], lambda one: str(one.said["page_id"])),
        "pages received twice": _repeated(one.message_id for one in pages),
        "pages sent past their time": [one.message_id for one in pages if one.signed_at > one.not_after],
        "webhooks with a wrong signature": [one.message_id for one in received if not one.signature_holds],
        "clocks fired twice": _decided_twice(record for record in counting if record.cause.startswith("tick/")),
        "offers expired twice": _twice(of["offer-expired"], lambda one: str(one.said["offer_id"])),
        "clocks failed": [one.cause for one in of["clock-failed"]],
        "inputs decided twice": _decided_twice(
            one for one in counting if one.type != "positions-noted" and not one.cause.startswith("tick/")
        ),
        "inputs refused": [f"{one.topic}: {one.said['position']} {one.said['wrong']}" for one in of["input-refused"]],
        "commands answered twice": _twice(_answers(of), lambda one: str(one.said["command_id"])),
        "commands not answered": sorted(set(commands) - {str(one.said["command_id"]) for one in _answers(of)}),
    }
    verdict.counts = {
        "versions acknowledged": len(sent),
        "calls acknowledged": len({one.call_id for one in sent}),
        "outcomes": len(of["call-routed"]),
        "of them team-accepted": sum(one.said["outcome"] == "team-accepted" for one in of["call-routed"]),
        "calls whose end came first: no episode": len(over_before - _routed(of)),
        "offers": len(of["offer-made"]),
        "pages received": len(pages),
        "of them past their validity, for the provider to drop": sum(one.at > one.not_after for one in pages),
        "CAD messages received": sum(one.path.startswith("/cad") for one in received),
        "clocks fired": len({one.cause for one in counting if one.cause.startswith("tick/")}),
        "commands answered": len(_answers(of)),
        "claims": sum(one.type == "claimed" for one in everything),
        "late writes ignored": sum(
            not one.counts and one.type not in ("claimed", "positions-noted") for one in everything
        ),
    }
    return verdict


def lateness_of_defaults(records: Iterable[Seen]) -> list[float]:
    """Seconds from an episode's deadline to its outcome, for outcomes that the deadline itself brought about."""
    return [
        record.time - datetime.fromisoformat(str(record.said["deadline"])).timestamp()
        for record in records
        if record.counts and record.type == "call-routed" and record.cause.startswith("tick/")
        if "deadline" in str(record.said["reasons"])
    ]


def _by_type(records: Iterable[Seen]) -> defaultdict[str, list[Seen]]:
    found: defaultdict[str, list[Seen]] = defaultdict(list)
    for record in records:
        if record.topic in JOURNALS:
            found[record.type].append(record)
    return found


def _missing(sent: Iterable[Sent], everything: Iterable[Seen]) -> list[str]:
    durable = {
        (record.subject, str(record.said["event_id"]))
        for record in everything
        if record.topic == "calls" and record.type.startswith("call-")
    }
    return [one.event_id for one in sent if (one.call_id, one.event_id) not in durable]


def _unjudged(sent: Iterable[Sent], everything: Iterable[Seen], of: Mapping[str, list[Seen]]) -> list[str]:
    """Versions that left no trace in triage's journal.

    One that comes late for a call that is over need not: it is older than the call's end, or than a version that was
    judged before the call had its outcome and left triage's state.
    """
    kinds = ("call-triaged", "version-noted", "call-ended", "call-stale")
    judged = {(one.subject, str(one.said["event_id"])) for kind in kinds for one in of.get(kind, ())}
    over: dict[str, str] = {}
    routed = _routed(of)
    for one in (*of.get("call-ended", ()), *of.get("call-triaged", ()), *of.get("version-noted", ())):
        if one.type == "call-ended" or one.subject in routed:
            over[one.subject] = max(over.get(one.subject, ""), _utc(one.said["updated_at"]))
    made = {(call_id, event_id): at for call_id, event_id, at, _ in _versions(everything)}
    return [
        one.event_id
        for one in sent
        if (one.call_id, one.event_id) not in judged
        and made.get((one.call_id, one.event_id), "9") > over.get(one.call_id, "")
    ]


def _routed(of: Mapping[str, list[Seen]]) -> set[str]:
    return {one.subject for one in of.get("call-routed", ())}


def _ended_first(everything: Iterable[Seen]) -> set[str]:
    """Calls whose first version to come was their end, and whose later ones were older: no episode ever began."""
    first: dict[str, tuple[str, str]] = {}
    alive: set[str] = set()
    for call_id, _, at, kind in _versions(everything):
        ended_at, first_kind = first.setdefault(call_id, (at, kind))
        if first_kind == "call-reported" or (kind == "call-reported" and at > ended_at):
            alive.add(call_id)
    return first.keys() - alive


def _versions(everything: Iterable[Seen]) -> Iterator[tuple[str, str, str, str]]:
    for one in everything:
        if one.topic == "calls":
            said: Any = one.said
            yield one.subject, said["event_id"], _utc(said["call"]["updated_at"]), one.type


def _utc(time: Any) -> str:
    return datetime.fromisoformat(str(time)).astimezone(UTC).isoformat(timespec="microseconds")


def _episodes(records: Iterable[Seen]) -> set[str]:
    return {f"{one.said['call_id']}#{one.said['episode']}" for one in records}


def _twice(records: Iterable[Seen], what: Callable[[Seen], str]) -> list[str]:
    return _repeated(what(record) for record in records)


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _step_person_method(page: Seen) -> str:
    said = page.said
    method = said["method"]["method_id"] if isinstance(said["method"], dict) else ""
    step = said["offer_id"] if said["kind"] == "offer" else said["page_id"]
    return f"{step}/{said['person_id']}/{method}"


def _answers(of: Mapping[str, list[Seen]]) -> list[Seen]:
    return [*of.get("command-done", ()), *of.get("command-refused", ())]


def _decided_twice(records: Iterable[Seen]) -> list[str]:
    """Events whose id derives from one cause stand in one step; a second time is a second decision."""
    return [f"{topic}: {what}" for (topic, what), times in Counter(map(_id, records)).items() if times > 1]


def _id(record: Seen) -> tuple[str, str]:
    return record.topic, f"{record.type} of {record.cause} ({record.headers.get('id', b'').decode()})"


def _overlaps(records: Iterable[Seen], by: str) -> list[str]:
    """Teams, or calls, with a second assignment while one is live."""
    return list(_held_twice(records, by, {"offer-accepted"}, {"assignment-ended", "assignment-withdrawn"}))


def _double_offers(records: Iterable[Seen]) -> list[str]:
    ends = {"offer-accepted", "offer-declined", "offer-expired", "offer-withdrawn"}
    return list(_held_twice(records, "team_id", {"offer-made"}, ends))


def _held_twice(records: Iterable[Seen], by: str, takes: set[str], lets_go: set[str]) -> Iterator[str]:
    kinds = takes | lets_go
    assignments = (one for one in records if one.topic == "assignments" and one.type in kinds)
    for partition, group in groupby(
        sorted(assignments, key=lambda one: (one.partition, one.offset)), lambda one: one.partition
    ):
        held: dict[str, str] = {}
        for record in group:
            said = record.said
            what, for_what = f"{record.key}/{said[by]}", f"{said['call_id']}#{said['episode']}/{said['team_id']}"
            if record.type in takes:
                if what in held:
                    yield f"{what} in partition {partition}: {held[what]}, then {for_what}"
                held[what] = for_what
            elif held.get(what) == for_what:
                del held[what]
