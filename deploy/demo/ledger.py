"""What the topics say, read by nobody's code but its own: the book that the view shows and the verdict is passed on.

Plain JSON and dictionaries on purpose: a fault in the services' models must not hide itself here. Of careroute only the
ownership rule is used, for without it a journal cannot be read at all.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from deploy.demo.reached import Reached
from deploy.local.probes import BEAT
from deploy.rehearsal.in_force import InForce
from shared.engine.broker import Stored
from shared.engine.journal import Progress, is_late_write
from shared.switch import Switch

ENDED = ("cancelled", "closed", "merged")
JOURNALS = ("decisions", "assignments", "notifications")
TOPICS = ("calls", *JOURNALS, "dead-letters")
LAST_EVENTS = 200


@dataclass(slots=True)
class Episode:
    """An episode of a call: when it began, by when it needs an outcome, and every outcome that it got."""

    deadline: datetime
    begun_at: datetime
    received_at: datetime
    outcomes: list[str] = field(default_factory=list)
    reasons: tuple[str, ...] = ()
    district: str | None = None
    team_id: str | None = None
    routed_at: datetime | None = None
    overridden: bool = False
    decided: bool = False


@dataclass(slots=True)
class CallHistory:
    """A call: whether its CAD's newest word is that it is over, and its episodes."""

    newest: datetime | None = None
    is_over: bool = False
    owed_episodes: int = 0
    """How often it came to life: by its first version, or by one after its end. Each needs an episode."""
    stale: bool = False
    episodes: dict[int, Episode] = field(default_factory=dict)


@dataclass(slots=True)
class TeamState:
    """A team as the journal has it."""

    status: str = "available"
    call_id: str | None = None
    jobs: int = 0


class Ledger:
    """Folds records of all topics, each topic and partition in order."""

    def __init__(self, agency: str, marked: str = "") -> None:
        """`marked` stands in every personal text: outside the sealed part it must not be found."""
        self.agency, self._marked = agency, marked.encode()
        self.calls: defaultdict[str, CallHistory] = defaultdict(CallHistory)
        self.versions: dict[tuple[str, str], datetime] = {}
        """When a version, by call and the sender's event id, first became durable."""
        self.teams: defaultdict[str, TeamState] = defaultdict(TeamState)
        self.phases: dict[str, str] = {}
        """By `response/district`."""
        self.paused: set[str] = set()
        self.active_programmes: list[int] = []
        self.open_episodes = 0
        self.pages: dict[str, int] = {}
        """Attempts by page."""
        self.pages_ended: Counter[str] = Counter()
        self.message_ids: set[str] = set()
        """Of all pages and messages that were ever due."""
        self.messages_open: set[str] = set()
        self.messages: Counter[str] = Counter()
        self.offers: Counter[str] = Counter()
        self.dispositions: Counter[str] = Counter()
        self.referrals: dict[str, str] = {}
        """Referrals, follow-ups and notes by id: `open`, `overdue`, `noted`, or how they were closed."""
        self.wrong: list[str] = []
        """Promises that the journals themselves break."""
        self.in_force = InForce(self.wrong)
        self.reached = Reached()
        self.dead_letters = 0
        self.late_writes = 0
        self.alerts: Counter[str] = Counter()
        self.triage_seconds: list[float] = []
        self.decided_seconds: list[float] = []
        """From the durable receipt to the first offer, question to a dispatcher, or outcome before the deadline."""
        self.routing_seconds: list[float] = []
        """From the durable receipt to the outcome."""
        self.last: deque[tuple[datetime, str]] = deque(maxlen=LAST_EVENTS)
        self._progress = Progress(JOURNALS)
        self._triaged: dict[tuple[str, str], datetime | None] = {}
        """By version: when it was first judged, until its own record is read; topics are read in no order."""
        self._page_keys: dict[tuple[str, ...], str] = {}
        self._due_pages: set[str] = set()
        self._holder: dict[str, str] = {}

    def take(self, stored: Stored) -> None:
        """Take in the next record of its topic and partition."""
        if not self._progress.counts(stored):
            self.late_writes += is_late_write(stored)
            return
        if stored.key != self.agency:
            return
        if self._marked and self._marked in stored.value:
            self.wrong.append(f"something personal stands in the open at {stored.position}")
        if stored.topic == "dead-letters":
            self.dead_letters += 1
            return
        kind = stored.header("type")
        if stored.headers.get("subject", b"").startswith(f"{self.agency}/{BEAT}/".encode()):
            self._test_call(kind, stored)
            return
        event = json.loads(stored.value)
        self.in_force.take(kind, event, stored)
        self.reached.take(kind, event, stored)
        change = self._CHANGES.get(kind)
        if change is not None:
            change(self, event, stored)

    def _test_call(self, kind: str, stored: Stored) -> None:
        """A test call is nobody's: it counts nowhere, and no team may ever be asked to take it."""
        if kind.startswith("offer-"):
            self.wrong.append(f"a test call was offered to a team at {stored.position}")

    # --- calls

    def _version(self, event: Mapping[str, Any], stored: Stored) -> None:
        call = event["call"]
        call_id = "/".join((call["agency"], call["source"], call["incident_id"]))
        version = (call_id, event["event_id"])
        if version not in self.versions:
            self.versions[version] = stored.time
            if (judged_at := self._triaged.get(version)) is not None:
                self.triage_seconds.append((judged_at - stored.time).total_seconds())
        history, updated_at, ends = self.calls[call_id], _time(call["updated_at"]), call.get("status") in ENDED
        if history.newest is None or updated_at > history.newest or (updated_at == history.newest and ends):
            if not ends and (history.newest is None or history.is_over):
                history.owed_episodes += 1
            history.newest, history.is_over = updated_at, ends

    def _triaged_call(self, event: Mapping[str, Any], stored: Stored) -> None:
        version = (event["call_id"], event["event_id"])
        if version not in self._triaged:
            self._triaged[version] = stored.time
            if (durable_at := self.versions.get(version)) is not None:
                self.triage_seconds.append((stored.time - durable_at).total_seconds())

    def _noted(self, event: Mapping[str, Any], _stored: Stored) -> None:
        """Judged as before: what is said of it later is no first judgement."""
        self._triaged.setdefault((event["call_id"], event["event_id"]), None)

    def _stale(self, event: Mapping[str, Any], _stored: Stored) -> None:
        self.calls[event["call_id"]].stale = True

    # --- episodes

    def _begun(self, event: Mapping[str, Any], stored: Stored) -> None:
        episodes, number = self.calls[event["call_id"]].episodes, event["episode"]
        if number in episodes or number != len(episodes) + 1:
            self.wrong.append(f"{event['call_id']}: episode {number} after {sorted(episodes)}")
        episodes[number] = Episode(_time(event["deadline"]), stored.time, _time(event["received_at"]))
        self.open_episodes += 1

    def _plan(self, event: Mapping[str, Any], _stored: Stored) -> None:
        if (episode := self._episode(event)) is not None:
            episode.deadline = _time(event["deadline"])
            episode.district = event["judgement"]["district"] or episode.district

    def _overridden(self, event: Mapping[str, Any], stored: Stored) -> None:
        if (episode := self._episode(event)) is not None:
            episode.overridden = True
        self._note(stored, f"{_short(event['call_id'])} overridden: {event['send']}")

    def _routed(self, event: Mapping[str, Any], stored: Stored) -> None:
        episode = self._episode(event)
        if episode is None:
            self.wrong.append(f"{event['call_id']}: an outcome of episode {event['episode']}, which never began")
            return
        self.open_episodes -= not episode.outcomes
        episode.outcomes.append(event["outcome"])
        if len(episode.outcomes) > 1:
            return
        episode.reasons, episode.team_id, episode.routed_at = tuple(event["reasons"]), event["team_id"], stored.time
        episode.district = event["district"] or episode.district
        self.routing_seconds.append((stored.time - episode.received_at).total_seconds())
        if "deadline" not in episode.reasons:
            self._decided(event, stored)
        if event["outcome"] == "team-accepted":
            self._note(stored, f"{_short(event['call_id'])} → {event['team_id']} ({episode.district})")

    def _refused_input(self, event: Mapping[str, Any], stored: Stored) -> None:
        self.alerts["input refused"] += 1
        history = self.calls.get(event.get("call_id") or "")
        if stored.topic == "assignments" and history is not None and event.get("input_type") == "call-reported":
            number = len(history.episodes) + 1
            history.episodes[number] = Episode(stored.time, stored.time, stored.time, ["default"], ("internal-error",))

    def _clock_failed(self, event: Mapping[str, Any], _stored: Stored) -> None:
        self.alerts[f"clock failed: {event['clock_id']}"] += 1

    def _decided(self, event: Mapping[str, Any], stored: Stored) -> None:
        episode = self._episode(event)
        if episode is not None and not episode.decided:
            episode.decided = True
            self.decided_seconds.append((stored.time - episode.received_at).total_seconds())

    # --- teams

    def _signed_on(self, event: Mapping[str, Any], _stored: Stored) -> None:
        self.teams[event["team_id"]].status = "available"

    def _signed_off(self, event: Mapping[str, Any], _stored: Stored) -> None:
        self.teams.pop(event["team_id"], None)

    def _status(self, event: Mapping[str, Any], stored: Stored) -> None:
        self.teams[event["team_id"]].status = event["status"]
        if event["status"] == "need-police":
            self._note(stored, f"{event['team_id']} NEEDS POLICE at {_short(event['call_id'] or '')}")

    def _offered(self, event: Mapping[str, Any], stored: Stored) -> None:
        self._decided(event, stored)
        self.offers["made"] += 1
        self.teams[event["team_id"]].status = "offered"

    def _offer_over(self, event: Mapping[str, Any], stored: Stored) -> None:
        how = stored.header("type").removeprefix("offer-")
        self.offers[how] += 1
        team = self.teams[event["team_id"]]
        if team.call_id is None:
            team.status = "available"
        self._note(stored, f"{event['team_id']} {how} {_short(event['call_id'])}")

    def _accepted(self, event: Mapping[str, Any], _stored: Stored) -> None:
        self.offers["accepted"] += 1
        call_id, team = event["call_id"], self.teams[event["team_id"]]
        if team.call_id is not None:
            self.wrong.append(f"{event['team_id']} took {call_id} while it had {team.call_id}")
        if call_id in self._holder:
            self.wrong.append(f"{call_id} went to {event['team_id']} while {self._holder[call_id]} had it")
        team.call_id, team.status, self._holder[call_id] = call_id, "accepted", event["team_id"]
        team.jobs += 1

    def _free(self, event: Mapping[str, Any], stored: Stored) -> None:
        team = self.teams[event["team_id"]]
        if team.call_id == event["call_id"]:
            team.call_id, team.status = None, "available"
        self._holder.pop(event["call_id"], None)
        self.dispositions[event.get("disposition") or f"released: {event['why']}"] += 1
        if "why" in event:
            self._note(stored, f"{event['team_id']} released from {_short(event['call_id'])}: {event['why']}")

    def _moved(self, event: Mapping[str, Any], _stored: Stored) -> None:
        call_id, team_id = event["to_call_id"], event["team_id"]
        if call_id in self._holder:
            self.wrong.append(f"{call_id} was given to {team_id} while {self._holder[call_id]} had it")
        self._holder.pop(event["call_id"], None)
        self.teams[team_id].call_id, self._holder[call_id] = call_id, team_id

    def _upgraded(self, event: Mapping[str, Any], stored: Stored) -> None:
        self._note(stored, f"UPGRADE {_short(event['call_id'])} for {event['team_id']}: {event['on_upgrade']}")

    def _unconfirmed(self, event: Mapping[str, Any], stored: Stored) -> None:
        self.alerts["unconfirmed"] += 1
        self._note(stored, f"{_short(event['call_id'])}: the CAD does not know of {event['team_id']}")

    # --- pages and messages

    def _page_due(self, event: Mapping[str, Any], _stored: Stored) -> None:
        page_id = event["page_id"]
        self._due_pages.add(page_id)
        self.message_ids.add(page_id)
        if event["kind"] == "offer":
            key = (event["offer_id"], event["person_id"], event["method"]["method_id"])
            if self._page_keys.setdefault(key, page_id) != page_id:
                self.wrong.append(f"{event['person_id']} is owed two pages for one offer over {key[2]}")

    def _page_attempted(self, event: Mapping[str, Any], _stored: Stored) -> None:
        page_id = event["page_id"]
        self.pages[page_id] = self.pages.get(page_id, 0) + 1
        if self.pages[page_id] > 1:
            self.wrong.append(f"page {page_id} was sent {self.pages[page_id]} times")

    def _page_over(self, event: Mapping[str, Any], stored: Stored) -> None:
        self._due_pages.discard(event["page_id"])
        self.pages_ended[stored.header("type").removeprefix("page-")] += 1

    def _message_due(self, event: Mapping[str, Any], _stored: Stored) -> None:
        self.messages_open.add(event["message_id"])
        self.message_ids.add(event["message_id"])

    def _message_over(self, event: Mapping[str, Any], stored: Stored) -> None:
        self.messages_open.discard(event["message_id"])
        informed = stored.header("type") == "cad-informed"
        self.messages["acknowledged" if informed else "not acknowledged"] += 1
        if event.get("alarm"):
            self.alerts["CAD not informed"] += 1

    # --- referrals and notes

    def _referred(self, event: Mapping[str, Any], _stored: Stored) -> None:
        self._recorded(event["referral_id"], "open")

    def _note_made(self, event: Mapping[str, Any], _stored: Stored) -> None:
        self._recorded(event["note_id"], "noted")

    def _recorded(self, record_id: str, state: str) -> None:
        if record_id in self.referrals:
            self.wrong.append(f"referral or note {record_id} was made twice")
        self.referrals[record_id] = state

    def _referral_overdue(self, event: Mapping[str, Any], _stored: Stored) -> None:
        self._referral_is(event["referral_id"], "overdue", before=("open",))

    def _referral_closed(self, event: Mapping[str, Any], _stored: Stored) -> None:
        self._referral_is(event["referral_id"], event["result"], before=("open", "overdue"))

    def _referral_is(self, referral_id: str, state: str, before: tuple[str, ...]) -> None:
        was = self.referrals.get(referral_id, "never made")
        if was not in before:
            self.wrong.append(f"referral {referral_id} is {state}, and was {was}")
        self.referrals[referral_id] = state

    # --- programme and switchboard

    def _activated(self, event: Mapping[str, Any], stored: Stored) -> None:
        self.active_programmes.append(event["version"])
        self._note(stored, f"programme version {event['version']} is in force")

    def _phase(self, event: Mapping[str, Any], _stored: Stored) -> None:
        self.phases[f"{event['response']}/{event['district']}"] = event["phase"]

    def _paused(self, event: Mapping[str, Any], stored: Stored) -> None:
        paused = Switch(event["district"], event.get("response")).key
        self.paused.add(paused)
        self._note(stored, f"{paused} PAUSED by {event['changed_by']}: {event['reason']}")

    def _resumed(self, event: Mapping[str, Any], stored: Stored) -> None:
        resumed = Switch(event["district"], event.get("response")).key
        self.paused.discard(resumed)
        self._note(stored, f"{resumed} resumed by {event['changed_by']}")

    @property
    def pages_owed(self) -> int:
        """Pages whose end is not in the journal yet."""
        return len(self._due_pages)

    def _episode(self, event: Mapping[str, Any]) -> Episode | None:
        return self.calls[event["call_id"]].episodes.get(event["episode"])

    def _note(self, stored: Stored, sentence: str) -> None:
        self.last.append((stored.time, sentence))

    _CHANGES: ClassVar[Mapping[str, Callable[[Any, Mapping[str, Any], Stored], None]]] = {
        "call-reported": _version,
        "call-cancelled": _version,
        "call-triaged": _triaged_call,
        "version-noted": _noted,
        "call-stale": _stale,
        "deadline-set": _begun,
        "plan-set": _plan,
        "call-overridden": _overridden,
        "call-routed": _routed,
        "confirmation-asked": _decided,
        "input-refused": _refused_input,
        "clock-failed": _clock_failed,
        "team-signed-on": _signed_on,
        "team-signed-off": _signed_off,
        "status-reported": _status,
        "offer-made": _offered,
        "offer-accepted": _accepted,
        "offer-declined": _offer_over,
        "offer-expired": _offer_over,
        "offer-withdrawn": _offer_over,
        "assignment-ended": _free,
        "assignment-withdrawn": _free,
        "assignment-moved": _moved,
        "upgrade-raised": _upgraded,
        "assignment-unconfirmed": _unconfirmed,
        "page-due": _page_due,
        "page-attempted": _page_attempted,
        "page-delivered": _page_over,
        "page-failed": _page_over,
        "page-dropped": _page_over,
        "cad-message-due": _message_due,
        "cad-informed": _message_over,
        "cad-not-informed": _message_over,
        "referral-made": _referred,
        "referral-overdue": _referral_overdue,
        "referral-closed": _referral_closed,
        "note-made": _note_made,
        "programme-activated": _activated,
        "phase-changed": _phase,
        "district-paused": _paused,
        "district-resumed": _resumed,
    }


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _short(call_id: str) -> str:
    return call_id.rpartition("/")[2]
