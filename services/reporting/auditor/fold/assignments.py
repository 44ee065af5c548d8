"""`assignments`: episodes and their outcomes, offers and what allowed them, and which team has which call when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from services.reporting.auditor.fold.decisions import lets_go
from services.reporting.auditor.fold.writes import Fold, Given, Write, insert

EVERY_RESPONSE = "*"
UNDECIDABLE = ("call-reported", "call-cancelled")
ON_SCENE_CHECK_MINUTES = 30
"""Of a judgement that does not say it."""
NUMBER_AGAIN = timedelta(days=7)
"""What began so long before a call's first episode is of another incident, whose number it was given."""

# --- calls and episodes

_LONG_OVER = """call_id = :call_id AND NOT EXISTS
    (SELECT 1 FROM episode e WHERE e.call_id = :call_id AND e.due_us >= :before_us)"""
_FORGET_INCIDENT = (
    *(f"DELETE FROM {table} WHERE {_LONG_OVER}" for table in ("plan", "confirmed", "hold")),  # noqa: S608  # text of ours
    f"DELETE FROM message WHERE not_after_us < :before_us AND over = 1 AND {_LONG_OVER}",  # noqa: S608
    f"DELETE FROM episode WHERE {_LONG_OVER}",  # noqa: S608
)
"""What is told apart by the number of an episode, which begins with 1 again; the episodes last, for the others ask."""
_BEGUN = """INSERT INTO episode (call_id, episode, agency, partition, record_offset, due_us, begun, changed)
    VALUES (:call_id, :episode, :agency, :partition, :record_offset, :due_us, 1, :changed)
    ON CONFLICT (call_id, episode) DO UPDATE SET begun = episode.begun + 1, changed = excluded.changed"""
_TAKEN = """INSERT INTO call (call_id, taken_offset) VALUES (:call_id, :taken)
    ON CONFLICT (call_id) DO UPDATE SET refused = 0, taken_offset = CASE
        WHEN coalesce(call.taken_offset, -1) < excluded.taken_offset THEN excluded.taken_offset
        ELSE call.taken_offset END"""
_NOT_OWED = "UPDATE version SET owed = 0 WHERE call_id = :call_id AND record_offset <= :taken AND owed = 1"
_PLAN = """UPDATE episode SET due_us = :due_us, check_minutes = :minutes, district = coalesce(:district, district),
    judged_offset = :judged
    WHERE call_id = :call_id AND episode = :episode"""
_HELD = """UPDATE episode SET due_us = :due_us WHERE call_id = :call_id AND episode = :episode"""
_HOLD_BEGAN = """UPDATE hold SET at_us = :at_us, due_us = :due_us, by_person = :by_person
    WHERE call_id = :call_id AND episode = :episode"""
_PLAN_OF_LATE = """INSERT INTO plan (call_id, episode, response, phase, judged_offset, may_go)
    SELECT call_id, episode + 1, response, CASE phase WHEN 'live' THEN 'advisory' ELSE phase END, judged_offset, may_go
    FROM plan WHERE call_id = :call_id AND episode = :episode - 1"""
"""A late call goes by the plan that it had, and only once a dispatcher has said yes."""
_FORGET_PLAN = "DELETE FROM plan WHERE call_id = :call_id AND episode = :episode"
_REFUSED = (
    """INSERT INTO call (call_id, refused) VALUES (:call_id, 1) ON CONFLICT (call_id) DO UPDATE SET refused = 1"""
)
_NOTHING_OWED = "UPDATE version SET owed = 0 WHERE call_id = :call_id AND owed = 1"
_FAILED = "UPDATE episode SET failed = 1 WHERE call_id = :call_id AND outcomes = 0"
_DEFAULT_SENT = """UPDATE episode SET overridden = 1, default_offset = :record_offset
    WHERE call_id = :call_id AND episode = :episode"""
_SENT_BY_HAND = """INSERT INTO confirmed (call_id, episode, response, by_hand)
    VALUES (:call_id, :episode, :response, 1) ON CONFLICT (call_id, episode, response) DO UPDATE SET by_hand = 1"""
_OVERRIDDEN = "UPDATE episode SET overridden = 1 WHERE call_id = :call_id AND episode = :episode"

# --- outcomes and offers

_HAS_OUTCOME = """UPDATE episode SET outcomes = outcomes + 1, changed = :changed
    WHERE call_id = :call_id AND episode = :episode"""
_MEASURED = """UPDATE outcome SET
    due_us = coalesce((SELECT e.due_us FROM episode e
        WHERE e.call_id = outcome.call_id AND e.episode = outcome.episode), due_us),
    judged_offset = CASE WHEN judged_offset >= 0 THEN judged_offset ELSE (SELECT e.judged_offset FROM episode e
        WHERE e.call_id = outcome.call_id AND e.episode = outcome.episode) END,
    by_hand = coalesce((SELECT e.overridden FROM episode e
        WHERE e.call_id = outcome.call_id AND e.episode = outcome.episode), 0),
    told = CASE WHEN synthetic = 1 OR EXISTS (SELECT 1 FROM message m WHERE m.call_id = outcome.call_id
        AND m.episode = outcome.episode AND m.kind = 'call.routed') THEN 1 ELSE 0 END
    WHERE partition = :partition AND record_offset = :record_offset"""
_ALLOWED = """UPDATE offer SET
    may_go = coalesce((SELECT p.may_go FROM plan p WHERE p.call_id = offer.call_id
        AND p.episode = offer.episode AND p.response = offer.response), 0),
    phase = (SELECT p.phase FROM plan p WHERE p.call_id = offer.call_id
        AND p.episode = offer.episode AND p.response = offer.response),
    judged_offset = (SELECT p.judged_offset FROM plan p WHERE p.call_id = offer.call_id
        AND p.episode = offer.episode AND p.response = offer.response),
    confirmed = CASE WHEN EXISTS (SELECT 1 FROM confirmed c WHERE c.call_id = offer.call_id
        AND c.episode = offer.episode AND c.response = offer.response) THEN 1 ELSE 0 END,
    by_hand = coalesce((SELECT c.by_hand FROM confirmed c WHERE c.call_id = offer.call_id
        AND c.episode = offer.episode AND c.response = offer.response), 0),
    paused = CASE WHEN EXISTS (SELECT 1 FROM paused WHERE paused.agency = offer.agency
        AND paused.district IN ('all', offer.district)
        AND paused.response IN ('*', offer.response)) THEN 1 ELSE 0 END,
    unheard = CASE WHEN EXISTS (SELECT 1 FROM unanswering u WHERE u.agency = offer.agency
        AND u.team_id = offer.team_id) THEN 1 ELSE 0 END,
    busy = coalesce((SELECT CASE WHEN a.ended_offset IS NULL THEN 1 ELSE 0 END FROM assignment a
        WHERE a.agency = offer.agency AND a.team_id = offer.team_id ORDER BY a.record_offset DESC LIMIT 1), 0)
    WHERE offer_id = :offer_id"""
_OFFER_ENDED = """UPDATE offer SET ended_offset = :record_offset, how_it_ended = :how, changed = :changed
    WHERE offer_id = :offer_id AND ended_offset IS NULL"""
_ACCEPTED = "UPDATE offer SET accepted_us = :accepted_us WHERE offer_id = :offer_id"
_ENDED_HOW = {"offer-accepted": "accepted", "offer-declined": "declined", "offer-expired": "expired"}

# --- assignments

_ASSIGNED = """INSERT INTO assignment
    (partition, record_offset, agency, call_id, episode, team_id, at_us, spoken_us, stands, changed, after_default,
    check_minutes, district, response)
    SELECT CAST(:partition AS BIGINT), CAST(:record_offset AS BIGINT), e.agency, e.call_id, e.episode,
        CAST(:team_id AS TEXT), CAST(:at_us AS BIGINT), CAST(:at_us AS BIGINT), 'accepted', CAST(:changed AS BIGINT),
        CASE WHEN e.default_offset IS NULL THEN 0 ELSE 1 END, e.check_minutes, e.district,
        (SELECT f.response FROM offer f WHERE f.offer_id = :offer_id)
    FROM episode e WHERE e.call_id = :call_id AND e.episode = :episode
    ON CONFLICT DO NOTHING"""
_MOVED = """INSERT INTO assignment
    (partition, record_offset, agency, call_id, episode, team_id, at_us, spoken_us, stands, police_asked, changed,
    check_minutes, district, response)
    SELECT a.partition, CAST(:record_offset AS BIGINT), a.agency, CAST(:to_call_id AS TEXT),
        CAST(:to_episode AS BIGINT), a.team_id, CAST(:at_us AS BIGINT), a.spoken_us, a.stands, a.police_asked,
        CAST(:changed AS BIGINT), a.check_minutes, a.district, a.response
    FROM assignment a WHERE a.call_id = :call_id AND a.team_id = :team_id AND a.ended_offset = :record_offset
    ON CONFLICT DO NOTHING"""
_ASSIGNMENT_OVER = """UPDATE assignment SET ended_offset = :record_offset, how_it_ended = :how, by_person = :by_person,
    changed = :changed WHERE agency = :agency AND team_id = :team_id AND call_id = :call_id AND ended_offset IS NULL"""
_OPEN = "agency = :agency AND team_id = :team_id AND ended_offset IS NULL"
_STANDS = f"UPDATE assignment SET stands = :status, spoken_us = :at_us WHERE {_OPEN}"  # noqa: S608  # text of ours
_NEEDS_POLICE = f"UPDATE assignment SET police_asked = 1, spoken_us = :at_us WHERE {_OPEN}"  # noqa: S608
_ASKED = f"UPDATE assignment SET spoken_us = :at_us WHERE {_OPEN}"  # noqa: S608
_LEFT = f"UPDATE assignment SET left_behind = 1, changed = :changed WHERE {_OPEN}"  # noqa: S608
_ON_PHONE = f"""UPDATE assignment SET stands = 'on-phone', spoken_us = :at_us
    WHERE call_id = :call_id AND stands = 'accepted' AND {_OPEN}"""  # noqa: S608
_OF_A_TEAM = "agency = :agency AND team_id = :team_id"
_MAY_LEAVE = f"UPDATE crew SET stays = 0 WHERE {_OF_A_TEAM}"  # noqa: S608
_STAYS = """INSERT INTO crew (agency, team_id, person_id, stays) VALUES (:agency, :team_id, :person_id, 1)
    ON CONFLICT (agency, team_id, person_id) DO UPDATE SET stays = 1"""
_LEFT_BY_SOMEBODY = f"""UPDATE assignment SET left_behind = 1, changed = :changed WHERE {_OPEN} AND EXISTS
    (SELECT 1 FROM crew c WHERE c.agency = assignment.agency AND c.team_id = assignment.team_id AND c.stays = 0)"""  # noqa: S608
_GONE = f"DELETE FROM crew WHERE stays = 0 AND {_OF_A_TEAM}"  # noqa: S608
_HEARD = f"DELETE FROM unanswering WHERE {_OF_A_TEAM}"  # noqa: S608
_RESUMED = "DELETE FROM paused WHERE agency = :agency AND district = :district AND response = :response"


def _episode_of(given: Given) -> dict[str, Any]:
    return given.fields("call_id", "episode")


def _deadline_set(given: Given) -> Iterator[Write]:
    if given.event["episode"] == 1:
        about = {"call_id": given.event["call_id"], "before_us": given.at - NUMBER_AGAIN // timedelta(microseconds=1)}
        yield from (Write(sql, about) for sql in _FORGET_INCIDENT)
    yield Write(
        _BEGUN, {**given.place, **_episode_of(given), "agency": given.agency, "due_us": given.instant("deadline")}
    )
    if given.event.get("why") == "late-pull":
        yield Write(_PLAN_OF_LATE, _episode_of(given))
    yield from _taken_in(given)


def _taken_in(given: Given) -> Iterator[Write]:
    """A version of a call, and with it those before it, was taken in."""
    if position := given.event.get("call_at"):
        taken = {"call_id": given.event["call_id"], "taken": int(position.rpartition("/")[2])}
        yield Write(_TAKEN, taken)
        yield Write(_NOT_OWED, taken)


def _plan_set(given: Given) -> Iterator[Write]:
    """A judgement that comes late may name a deadline that is over: from then on a second is still in time."""
    judgement, about, judged = given.event["judgement"], _episode_of(given), given.event.get("triaged_at", -1)
    minutes = judgement.get("on_scene_check_minutes") or ON_SCENE_CHECK_MINUTES
    due = {"due_us": max(given.instant("deadline"), given.at), "minutes": minutes, "district": judgement["district"]}
    yield Write(_PLAN, {**about, **due, "judged": judged})
    yield Write(_FORGET_PLAN, about)
    for verdict in judgement["responses"]:
        may_go = {"may_go": lets_go(judgement, verdict), "phase": verdict["phase"]}
        yield insert("plan", **about, response=verdict["response"], judged_offset=judged, **may_go)


def _hold_asked(given: Given) -> Iterator[Write]:
    yield insert("hold", **_episode_of(given), **given.fields("minutes"), agency=given.agency)


def _hold_began(given: Given) -> Iterator[Write]:
    """From then on the episode needs its outcome by the end of the wait."""
    about, due = _episode_of(given), given.instant("until")
    by_person = int(given.event["acknowledged_by"] != "cad")
    yield Write(_HOLD_BEGAN, {**about, "at_us": given.instant("began_at"), "due_us": due, "by_person": by_person})
    yield Write(_HELD, {**about, "due_us": max(due, given.at)})


def _input_refused(given: Given) -> Iterator[Write]:
    """What could not be decided is an alarm of its own, and with it the call has the default."""
    if given.event.get("input_type") in UNDECIDABLE and given.event.get("call_id"):
        for sql in (_REFUSED, _NOTHING_OWED, _FAILED):
            yield Write(sql, given.fields("call_id"))


def _clock_failed(given: Given) -> Iterator[Write]:
    kind, _, call_id = given.event["clock_id"].partition("/")
    if kind == "deadline":
        yield Write(_FAILED, {"call_id": call_id})


def _confirmed(given: Given) -> Iterator[Write]:
    yield insert("confirmed", **given.fields("call_id", "episode", "response"))


def _overridden(given: Given) -> Iterator[Write]:
    about = _episode_of(given)
    if given.event["send"] == "default":
        yield Write(_DEFAULT_SENT, {**about, "record_offset": given.stored.offset})
    else:
        yield Write(_OVERRIDDEN, about)
        yield Write(_SENT_BY_HAND, {**about, "response": given.event["send"]})


def _routed(given: Given) -> Iterator[Write]:
    event, about = given.event, _episode_of(given)
    yield Write(_HAS_OUTCOME, {**about, "changed": given.batch})
    yield insert(
        "outcome", **given.place, **about, agency=given.agency, at_us=given.at, due_us=given.instant("deadline"),
        reasons=len(event.get("reasons", ())), cites=int(bool(event.get("programme_hash"))),
        synthetic=int(bool(event.get("synthetic"))),
        judged_offset=event.get("triaged_at", -1),
        **given.fields("outcome", "team_id", "response", "district", "programme_hash"),
    )  # fmt: skip
    yield Write(_MEASURED, {"partition": given.stored.partition, "record_offset": given.stored.offset})
    if event["outcome"] == "phone-accepted" and "merged" not in event.get("reasons", ()):
        team = {"agency": given.agency, "team_id": event.get("team_id"), "at_us": given.at}
        yield Write(_ON_PHONE, {**team, "call_id": event["call_id"]})


def _offer_made(given: Given) -> Iterator[Write]:
    named = given.fields("offer_id", "call_id", "episode", "team_id", "response", "district")
    times = {"at_us": given.at, "expires_us": given.instant("expires_at")}
    yield insert("offer", **given.place, **named, **times, agency=given.agency)
    yield Write(_ALLOWED, {"offer_id": given.event["offer_id"]})


def _offer_ended(given: Given) -> Iterator[Write]:
    if given.kind in ("offer-accepted", "offer-declined"):
        yield from _heard(given)
    how = _ENDED_HOW.get(given.kind) or given.event.get("why", "")
    changes = {"record_offset": given.stored.offset, "how": how, "changed": given.batch}
    yield Write(_OFFER_ENDED, {**given.fields("offer_id"), **changes})


def _accepted(given: Given) -> Iterator[Write]:
    yield from _offer_ended(given)
    about = given.fields("call_id", "episode", "team_id", "offer_id")
    yield Write(_ASSIGNED, {**given.place, **about, "at_us": given.at})
    yield Write(_ACCEPTED, {**given.fields("offer_id"), "accepted_us": given.instant("accepted_at")})


def _assignment_over(given: Given) -> Iterator[Write]:
    how = {"assignment-ended": "cleared", "assignment-moved": "moved"}.get(given.kind) or given.event["why"]
    changes = {"how": how, "by_person": int(bool(given.event.get("withdrawn_by"))), "changed": given.batch}
    about = {**given.fields("team_id", "call_id"), "agency": given.agency, "record_offset": given.stored.offset}
    yield Write(_ASSIGNMENT_OVER, {**about, **changes})
    if given.kind == "assignment-moved":
        to = given.fields("to_call_id", "to_episode", "call_id", "team_id")
        now = {"record_offset": given.stored.offset, "at_us": given.at, "changed": given.batch}
        yield Write(_MOVED, {**to, **now})


def _status_reported(given: Given) -> Iterator[Write]:
    yield from _heard(given)
    status = given.event["status"]
    if given.event.get("call_id") and given.event.get("assigned", True):
        about = {"agency": given.agency, "team_id": given.event["team_id"], "at_us": given.at}
        yield Write(_NEEDS_POLICE, about) if status == "need-police" else Write(_STANDS, {**about, "status": status})


def _asked(given: Given) -> Iterator[Write]:
    yield Write(_ASKED, {"agency": given.agency, "team_id": given.event["team_id"], "at_us": given.at})


def _left(given: Given) -> Iterator[Write]:
    yield from _heard(given)
    yield Write(_LEFT, {"agency": given.agency, "team_id": given.event["team_id"], "changed": given.batch})


def _crew(given: Given) -> Iterator[Write]:
    """Who is on a team from now on; nobody of it leaves while it has a call."""
    about = {"agency": given.agency, "team_id": given.event["team_id"]}
    yield Write(_MAY_LEAVE, about)
    for person_id in given.event["members"]:
        yield Write(_STAYS, {**about, "person_id": person_id})
    yield Write(_LEFT_BY_SOMEBODY, {**about, "changed": given.batch})
    yield Write(_GONE, about)


def _signed_on(given: Given) -> Iterator[Write]:
    yield from _heard(given)
    yield from _crew(given)


def _unanswering(given: Given) -> Iterator[Write]:
    yield insert("unanswering", agency=given.agency, team_id=given.event["team_id"])


def _heard(given: Given) -> Iterator[Write]:
    if not given.event.get("vouched_by") or given.kind != "member-confirmed":
        yield Write(_HEARD, {"agency": given.agency, "team_id": given.event["team_id"]})


def _pause_applied(given: Given) -> Iterator[Write]:
    switch = {"agency": given.agency, "district": given.event["district"]}
    switch["response"] = given.event.get("response") or EVERY_RESPONSE
    yield insert("paused", **switch) if given.event["paused"] else Write(_RESUMED, switch)


FOLDS: dict[str, Fold] = {
    "deadline-set": _deadline_set,
    "call-version-at": _taken_in,
    "call-version-seen": _taken_in,
    "plan-set": _plan_set,
    "hold-asked": _hold_asked,
    "hold-began": _hold_began,
    "input-refused": _input_refused,
    "clock-failed": _clock_failed,
    "decision-confirmed": _confirmed,
    "call-overridden": _overridden,
    "call-routed": _routed,
    "offer-made": _offer_made,
    "offer-declined": _offer_ended,
    "offer-expired": _offer_ended,
    "offer-withdrawn": _offer_ended,
    "offer-accepted": _accepted,
    "assignment-ended": _assignment_over,
    "assignment-withdrawn": _assignment_over,
    "assignment-moved": _assignment_over,
    "status-reported": _status_reported,
    "status-corrected": _status_reported,
    "safety-check-due": _asked,
    "safety-check-missed": _asked,
    "offer-answered": _heard,
    "member-confirmed": _heard,
    "team-heard": _heard,
    "team-unanswering": _unanswering,
    "team-signed-on": _signed_on,
    "shift-changed": _crew,
    "team-signed-off": _left,
    "team-removed": _left,
    "pause-applied": _pause_applied,
}
