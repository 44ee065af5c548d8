"""What each invariant is there for, done to the journals of a day on which nothing went wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.engine.broker import Stored
from shared.engine.journal import Progress
from shared.topics import TOPICS

Log = dict[tuple[str, int], list[Stored]]
Test = Callable[[Mapping[str, Any]], bool]


def copy_of(log: Mapping[tuple[str, int], Sequence[Stored]]) -> Log:
    """What counts, and the claims that say so."""
    progress = Progress(topic.name for topic in TOPICS if topic.journal)
    return {
        place: [stored for stored in records if progress.counts(stored) or stored.headers.get("type") == b"claimed"]
        for place, records in log.items()
    }


def event_of(stored: Stored) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(stored.value)
    return event


def find(log: Log, topic: str, kind: str, test: Test = lambda _: True) -> tuple[list[Stored], int]:
    """Where the last record of a kind stands: the list, and the place in it."""
    for (name, _), records in sorted(log.items()):
        for index in range(len(records) - 1, -1, -1):
            stored = records[index]
            if name == topic and stored.headers.get("type") == kind.encode() and test(event_of(stored)):
                return records, index
    raise LookupError(f"no {kind} in {topic}")


def changed(stored: Stored, kind: str = "", **fields: Any) -> Stored:
    headers = {**stored.headers, "type": kind.encode()} if kind else stored.headers
    return replace(stored, value=json.dumps({**event_of(stored), **fields}).encode(), headers=headers)


def later(stored: Stored, instant: str) -> Stored:
    """Decided two seconds after an instant."""
    time = datetime.fromisoformat(instant) + timedelta(seconds=2)
    return replace(stored, headers={**stored.headers, "time": time.isoformat().encode()})


def drop(topic: str, kind: str, test: Test = lambda _: True) -> Callable[[Log], None]:
    def mutate(log: Log) -> None:
        records, index = find(log, topic, kind, test)
        del records[index]

    return mutate


def double(topic: str, kind: str, test: Callable[[Log], Test] = lambda _: lambda _: True) -> Callable[[Log], None]:
    """The same once more, at the end."""

    def mutate(log: Log) -> None:
        records, index = find(log, topic, kind, test(log))
        offset, last = records[-1].offset + 1, records[-1].headers
        headers = {**records[index].headers, **{name: last[name] for name in ("epoch", "positions", "time")}}
        records.append(replace(records[index], offset=offset, headers=headers))

    return mutate


def rewrite(
    topic: str, kind: str, test: Test = lambda _: True, *, to: str = "", **fields: Any
) -> Callable[[Log], None]:
    def mutate(log: Log) -> None:
        records, index = find(log, topic, kind, test)
        records[index] = changed(records[index], to, **fields)

    return mutate


def _without_episode(log: Log) -> None:
    records, index = find(log, "assignments", "deadline-set", lambda event: event["episode"] == 1)
    call_id = event_of(records[index])["call_id"]
    records[:] = [stored for stored in records if event_of(stored).get("call_id") != call_id]


def _late(log: Log) -> None:
    records, index = find(log, "assignments", "call-routed")
    records[index] = later(records[index], event_of(records[index])["deadline"])


def _page_late(log: Log) -> None:
    records, index = find(log, "notifications", "page-attempted")
    page_id = event_of(records[index])["page_id"]
    due, at = find(log, "notifications", "page-due", lambda event: event["page_id"] == page_id)
    records[index] = later(records[index], event_of(due[at])["not_after"])


def _an_offer(log: Log) -> tuple[list[Stored], int]:
    """One that no person has sent."""
    assignments = [stored for (topic, _), records in log.items() for stored in records if topic == "assignments"]
    by_hand = {
        event_of(stored)["call_id"]
        for stored in assignments
        if stored.headers.get("type") in (b"call-overridden", b"decision-confirmed")
    }
    return find(log, "assignments", "offer-made", lambda event: event["call_id"] not in by_hand)


def _no_plan_allows(log: Log) -> None:
    records, index = _an_offer(log)
    call_id = event_of(records[index])["call_id"]
    _forbid(records, "plan-set", call_id)


def _no_judgement_allows(log: Log) -> None:
    records, index = _an_offer(log)
    _forbid(log["decisions", records[index].partition], "call-triaged", event_of(records[index])["call_id"])


def _confirmed_though_forbidden(log: Log) -> None:
    """A dispatcher has confirmed what may not go any more, and a team is asked."""
    confirmed = {
        event_of(stored)["call_id"]
        for (topic, _), records in log.items()
        for stored in records
        if topic == "assignments" and stored.headers.get("type") == b"decision-confirmed"
    }
    records, index = find(log, "assignments", "offer-made", lambda event: event["call_id"] in confirmed)
    _forbid(records, "plan-set", event_of(records[index])["call_id"])


def _a_gate_is_against(of: str) -> Callable[[Log], None]:
    """What let a team go says so, though the call, or its own response, did not pass a gate."""

    def fail(gates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{**gate, "passed": False, "reason": "no"} for gate in gates]

    def mutate(log: Log) -> None:
        records, index = _an_offer(log)
        partition, call_id = records[index].partition, event_of(records[index])["call_id"]
        for topic, kind in (("decisions", b"call-triaged"), ("assignments", b"plan-set")):
            for at, stored in enumerate(log[topic, partition]):
                if stored.headers.get("type") == kind and event_of(stored)["call_id"] == call_id:
                    judgement = event_of(stored)["judgement"]
                    if of == "call":
                        judgement["gates"] = fail(judgement["gates"])
                    for verdict in judgement["responses"] if of == "response" else ():
                        verdict["gates"] = fail(verdict["gates"])
                    log[topic, partition][at] = changed(stored, judgement=judgement)

    return mutate


def _judged_by(**cites: Any) -> Callable[[Log], None]:
    def mutate(log: Log) -> None:
        records, index = find(log, "decisions", "call-triaged")
        judgement = event_of(records[index])["judgement"]
        records[index] = changed(records[index], judgement={**judgement, **cites})

    return mutate


def _forbid(records: list[Stored], kind: str, call_id: str) -> None:
    for index, stored in enumerate(records):
        event = event_of(stored)
        if stored.headers.get("type") == kind.encode() and event["call_id"] == call_id:
            judgement = event["judgement"]
            responses = [{**verdict, "may_go": False} for verdict in judgement["responses"]]
            records[index] = changed(stored, judgement={**judgement, "responses": responses})


def _before(kind: str, to: str, fields: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Callable[[Log], None]:
    """Another record just before the last one of a kind in `assignments`."""

    def mutate(log: Log) -> None:
        records, index = find(log, "assignments", kind)
        stored = records[index]
        headers = {**stored.headers, "type": to.encode()}
        extra = replace(stored, headers=headers, value=json.dumps(fields(event_of(stored))).encode())
        records.insert(index, extra)

    return mutate


def _is_synthetic(log: Log) -> None:
    records, index = find(log, "assignments", "offer-made")
    call_id = event_of(records[index])["call_id"]
    calls = log["calls", records[index].partition]
    for at, stored in enumerate(calls):
        if stored.headers["subject"].decode() == call_id:
            calls[at] = changed(stored, synthetic=True)


def _second_call(log: Log) -> None:
    """A team accepts a call while it has another one."""
    for (topic, _), records in sorted(log.items()):
        teams: dict[str, str] = {}
        for index, stored in enumerate(records):
            kind = stored.headers.get("type")
            if topic != "assignments" or kind not in (b"offer-accepted", b"assignment-ended", b"assignment-withdrawn"):
                continue
            team_id = event_of(stored)["team_id"]
            if kind != b"offer-accepted" and teams.get(stored.key) == team_id:
                del teams[stored.key]
            elif kind == b"offer-accepted" and stored.key in teams:
                records[index] = changed(stored, team_id=teams[stored.key])
                return
            elif kind == b"offer-accepted":
                teams[stored.key] = team_id
    raise LookupError("no two teams of an agency had calls at one time")


def _taken_off(log: Log) -> None:
    """A team that is on scene loses its call because the CAD ended it."""
    records, index, event = _on_scene(log)
    for at in range(index, len(records)):
        said = records[at].headers.get("type") == b"status-reported" and event_of(records[at])["status"] == "cleared"
        if said and (records[at].key, event_of(records[at])["team_id"]) == (records[index].key, event["team_id"]):
            records[at] = changed(records[at], "assignment-withdrawn", why="cancelled")
            return


def _silent(log: Log) -> None:
    """Nothing is heard of a team after it went on scene, and nothing is asked."""
    records, index, event = _on_scene(log)
    team_id, key = event["team_id"], records[index].key
    rest = [
        stored for stored in records[index + 1 :] if stored.key != key or event_of(stored).get("team_id") != team_id
    ]
    records[index + 1 :] = rest


def _on_scene(log: Log) -> tuple[list[Stored], int, dict[str, Any]]:
    """A team that goes on scene, and clears its call later."""
    for (topic, _), records in sorted(log.items()):
        for index, stored in enumerate(records):
            if topic == "assignments" and stored.headers.get("type") == b"status-reported":
                event = event_of(stored)
                if event["status"] == "on-scene" and any(
                    later.key == stored.key
                    and later.headers.get("type") == b"assignment-ended"
                    and all(event_of(later)[name] == event[name] for name in ("team_id", "call_id"))
                    for later in records[index + 1 :]
                ):
                    return records, index, event
    raise LookupError("no team cleared a call on scene")


def somebody_leaves(log: Log) -> None:
    """The plan takes somebody off a team that is on scene."""
    records, index, event = _on_scene(log)
    headers = {**records[index].headers, "type": b"shift-changed"}
    value = json.dumps({"team_id": event["team_id"], "members": ["somebody-else"]}).encode()
    records.insert(index + 1, replace(records[index], headers=headers, value=value))


def _misled(log: Log) -> None:
    def is_acceptance(event: Mapping[str, Any]) -> bool:
        outcome = event["body"]["data"].get("outcome") if event["kind"] == "call.routed" else None
        return outcome == "team-accepted"

    due, at = find(log, "notifications", "cad-message-due", is_acceptance)
    message_id = event_of(due[at])["message_id"]
    for index, stored in enumerate(due):
        ended = stored.headers["type"] in (b"cad-informed", b"cad-not-informed")
        if ended and event_of(stored)["message_id"] == message_id:
            due[index] = changed(stored, "cad-not-informed", why="HTTP 500", alarm=False)


def _told_as(told: Mapping[str, Any], **otherwise: Any) -> Callable[[Log], None]:
    """The CAD hears otherwise of an outcome."""

    def mutate(log: Log) -> None:
        def is_told(event: Mapping[str, Any]) -> bool:
            return bool(event["kind"] == "call.routed" and told.items() <= event["body"]["data"].items())

        records, index = find(log, "notifications", "cad-message-due", is_told)
        body = event_of(records[index])["body"]
        records[index] = changed(records[index], body={**body, "data": {**body["data"], **otherwise}})

    return mutate


def _unheard(topic: str, kind: str, by: str, test: Test = lambda _: True) -> Callable[[Log], None]:
    """Nothing comes of a record, where something has to."""

    def mutate(log: Log) -> None:
        records, index = find(log, topic, kind, test)
        stored = records[index]
        cause = f"{topic}/{stored.partition}/{stored.offset}".encode()
        for place in log:
            if place[0] == by:
                log[place] = [other for other in log[place] if other.headers.get("cause") != cause]

    return mutate


def _asked_while_busy(log: Log) -> None:
    """The next offer of an agency goes to the team that has just accepted a call."""
    for (topic, _), records in sorted(log.items()):
        for index, stored in enumerate(records):
            if topic == "assignments" and stored.headers.get("type") == b"offer-accepted":
                kinds = [other.headers.get("type") for other in records[index:]]
                over = next((at for at, kind in enumerate(kinds) if kind and kind.startswith(b"assignment-")), None)
                for at, kind in enumerate(kinds[:over], index):
                    if kind == b"offer-made" and records[at].key == stored.key:
                        records[at] = changed(records[at], team_id=event_of(stored)["team_id"])
                        return
    raise LookupError("no offer while a team had a call")


def _asked_afterwards(log: Log) -> None:
    double("assignments", "offer-made")(log)
    records, index = find(log, "assignments", "offer-made")
    records[index] = changed(records[index], offer_id="afterwards")


def _garbled(log: Log) -> None:
    records, index = find(log, "assignments", "call-routed")
    records[index] = replace(records[index], value=b'{"call_id": 7')


def _of_an_offer(log: Log) -> Test:
    due = [stored for (topic, _), records in log.items() for stored in records if topic == "notifications"]
    pages = [event_of(stored) for stored in due if stored.headers.get("type") == b"page-due"]
    offers = {page["page_id"] for page in pages if page["kind"] == "offer"}
    return lambda event: event["page_id"] in offers


def _is_taken(event: Mapping[str, Any]) -> bool:
    return bool(event["outcome"] == "team-accepted")


def _is_default(event: Mapping[str, Any]) -> bool:
    return bool(event["outcome"] == "default")


def _held_unasked(log: Log) -> None:
    """A call waits for a team, and its CAD has acknowledged nothing."""
    records, index = find(log, "assignments", "call-routed", lambda event: event["episode"] == 1)
    about = {name: event_of(records[index])[name] for name in ("call_id", "episode")}
    at = datetime.fromisoformat(records[index].headers["time"].decode())
    asked = replace(changed(records[index], "hold-asked"), value=json.dumps({**about, "minutes": 40}).encode())
    began = {"began_at": at.isoformat(), "until": (at + timedelta(minutes=40)).isoformat(), "acknowledged_by": "cad"}
    began_record = replace(changed(records[index], "hold-began"), value=json.dumps({**about, **began}).encode())
    records[index:index] = [asked, began_record]


MUTATIONS: Mapping[str, Callable[[Log], None]] = {
    "call-taken-in": _without_episode,
    "outcome-by-deadline": drop("assignments", "call-routed"),
    "one-outcome": double("assignments", "call-routed"),
    "outcome-in-time": _late,
    "hold-acknowledged": _held_unasked,
    "outcome-explained": rewrite("assignments", "call-routed", _is_default, reasons=[]),
    "outcome-as-judged": rewrite("assignments", "call-routed", _is_taken, programme_hash="never in force"),
    "outcome-as-accepted": drop("assignments", "offer-accepted"),
    "cancelled-as-ended": rewrite("assignments", "call-routed", _is_default, outcome="cancelled"),
    "judgement-explained": rewrite(
        "decisions", "call-triaged", lambda event: len(event["judgement"]["gates"]) > 0, judgement={
            "gates": [], "responses": [], "programme_hash": "h", "programme_version": 1, "switchboard_revision": 1,
            "sentence": "s", "district": None,
        }
    ),
    "offer-allowed": _no_plan_allows,
    "offer-as-judged": _no_judgement_allows,
    "offer-not-paused": _before("offer-made", "pause-applied", lambda _: {"district": "all", "paused": True}),
    "offer-to-free-team": _asked_while_busy,
    "offer-ended": drop("assignments", "offer-withdrawn"),
    "offer-before-outcome": _asked_afterwards,
    "accepted-as-offered": rewrite("assignments", "offer-accepted", offer_id="never made"),
    "synthetic-not-offered": _is_synthetic,
    "test-call-is-one": rewrite("assignments", "call-routed", synthetic=True),
    "one-team-a-call": _second_call,
    "nobody-dropped": _taken_off,
    "silent-not-offered": _before(
        "offer-made", "team-unanswering", lambda event: {"team_id": event["team_id"], "unanswered": 2}
    ),
    "silence-asked-about": _silent,
    "a-person-wins": _before(
        "offer-accepted", "call-overridden",
        lambda event: {"call_id": event["call_id"], "episode": event["episode"], "send": "default"},
    ),
    "paged-once": double("notifications", "page-attempted"),
    "paged-in-time": _page_late,
    "no-ghost-page": double("notifications", "page-attempted", _of_an_offer),
    "page-ended": drop("notifications", "page-delivered"),
    "cad-told": drop("notifications", "cad-informed"),
    "outcome-told": drop("notifications", "cad-message-due", lambda event: event["kind"] == "call.routed"),
    "outcome-told-as-is": _told_as({"outcome": "default"}, outcome="team-accepted"),
    "version-judged": drop("decisions", "call-triaged", lambda event: bool(event["call"])),
    "offer-paged": _unheard("assignments", "offer-made", "notifications"),
    "team-told-of": _unheard("assignments", "upgrade-raised", "notifications"),
    "pause-applied": _unheard("decisions", "district-paused", "assignments"),
    "misled-cad-alarmed": _misled,
    "command-answered": drop("decisions", "command-done"),
    "answered-once": double("assignments", "command-done"),
    "record-readable": _garbled,
}  # fmt: skip
"""By the invariant that has to see it. The others need no journal: the sender's list, the log's end, a planted
word, the chains of the audit log."""

FURTHER: Mapping[str, tuple[str, Callable[[Log], None]]] = {
    "a confirmed response may not go": ("offer-allowed", _confirmed_though_forbidden),
    "the plan of a call that passed no gate": ("offer-allowed", _a_gate_is_against("call")),
    "the plan of a response that passed no gate": ("offer-allowed", _a_gate_is_against("response")),
    "a call that passed no gate": ("offer-as-judged", _a_gate_is_against("call")),
    "a response that passed no gate": ("offer-as-judged", _a_gate_is_against("response")),
    "a document that was never in force": ("judgement-explained", _judged_by(programme_hash="never in force")),
    "a version that it has not": ("judgement-explained", _judged_by(programme_version=99)),
    "a switchboard that never was": ("judgement-explained", _judged_by(switchboard_revision=99)),
    "a switchboard of before": ("judgement-explained", _judged_by(switchboard_revision=0)),
    "nobody hears that a team needs help": (
        "team-told-of",
        _unheard("assignments", "status-reported", "notifications", lambda event: event["status"] == "need-police"),
    ),
    "accepted too late": (
        "accepted-as-offered",
        rewrite("assignments", "offer-accepted", accepted_at="2027-01-01T00:00Z"),
    ),
    "another team has the call": ("outcome-as-accepted", rewrite("assignments", "call-routed", _is_taken, team_id="x")),
    "another response": ("outcome-as-accepted", rewrite("assignments", "call-routed", _is_taken, response="x")),
    "a CAD waits for another team": ("outcome-told-as-is", _told_as({"outcome": "team-accepted"}, team_id="x")),
    "a CAD hears that nothing goes": ("outcome-told-as-is", _told_as({"outcome": "default"}, outcome="cancelled")),
}
"""Other ways to break a promise, and the invariant that has to see each."""
