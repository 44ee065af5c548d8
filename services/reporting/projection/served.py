"""What teams did and who was told, as rows: assignments, stamps, shifts, what was unsafe, pages, messages to CADs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from services.reporting.projection.episodes import episode_of
from services.reporting.projection.needs import (
    ASSIGNMENTS,
    DEFINED_TEAM,
    EPISODES,
    EPISODES_MOVED_TO,
    ITS_MESSAGE,
    ITS_PAGE,
    ITS_SHIFT,
    ITS_TEAM,
    Projection,
)
from services.reporting.projection.rows import Row, Rows
from services.reporting.projection.words import place_of
from services.reporting.store.tables import (
    ASSIGNMENT,
    CAD_MESSAGE,
    FAULT,
    PAGE,
    SAFETY,
    SHIFT,
    STATUS,
    TEAM,
)
from shared import events
from shared.engine.broker import Stored

STAMPS: Final = ("en_route_at", "staged_at", "on_scene_at", "transporting_at")
"""In the order in which a team goes through them."""
GOES_ALONG: Final = (
    "first_offer_at", "upgraded_at", "on_upgrade", "police_asked_at", "silent_at", "unconfirmed_at", "default_asked",
)  # fmt: skip
"""What an episode has of a team, beside its stamps, and the call that the team goes on with has by that."""
STAMP_OF: Final = {"en-route": STAMPS[0], "staged": STAMPS[1], "on-scene": STAMPS[2], "transporting": STAMPS[3]}


# --- assignments


def _assignment(rows: Rows, call_id: str, team_id: str) -> Row | None:
    """The assignment that runs, of this team to this call."""
    for row in reversed(rows.of_call(ASSIGNMENT, call_id)):
        if row["team_id"] == team_id and row["to_at"] is None:
            return rows.mark_changed(ASSIGNMENT, row)
    return None


def _assignment_ended(rows: Rows, event: events.AssignmentEnded, stored: Stored) -> None:
    _end_assignment(rows, event, "cleared", stored, disposition=event.disposition)
    episode = episode_of(rows, event.call_id, event.episode, stored)
    episode["cleared_at"], episode["disposition"] = episode["cleared_at"] or stored.time, event.disposition


def _assignment_withdrawn(rows: Rows, event: events.AssignmentWithdrawn, stored: Stored) -> None:
    _end_assignment(rows, event, "withdrawn", stored, why=event.why)
    episode = episode_of(rows, event.call_id, event.episode, stored)
    episode["released_at"], episode["released_why"] = stored.time, event.why


def _end_assignment(rows: Rows, event: Any, ended: str, stored: Stored, **more: Any) -> Row | None:
    assignment = _assignment(rows, event.call_id, event.team_id)
    if assignment is not None:
        assignment |= {"to_at": stored.time, "ended": ended, **more}
    return assignment


def _assignment_moved(rows: Rows, event: events.AssignmentMoved, stored: Stored) -> None:
    """The team has the other call from now on, with all stamps so far; nobody was offered that one."""
    before = _end_assignment(rows, event, "moved", stored, moved_to_call_id=event.to_call_id)
    carried = {} if before is None else {name: before[name] for name in ("offer_id", "accepted_at", *STAMPS)}
    rows.add(
        ASSIGNMENT,
        **place_of(stored),
        agency=stored.key,
        call_id=event.to_call_id,
        episode=event.to_episode,
        team_id=event.team_id,
        response=event.response,
        from_at=stored.time,
        moved_from_call_id=event.call_id,
        **carried,
    )
    episode = episode_of(rows, event.call_id, event.episode, stored)
    episode["moved_to_call_id"] = event.to_call_id
    target = episode_of(rows, event.to_call_id, event.to_episode, stored)
    target["moved_from_call_id"] = event.call_id
    target |= {name: target[name] or carried.get(name) for name in ("accepted_at", *STAMPS)}
    target |= {name: target[name] or episode[name] for name in GOES_ALONG}


# --- where a team says it stands


def _status_reported(rows: Rows, event: events.StatusReported, stored: Stored) -> None:
    happened_at = event.happened_at or stored.time
    _status(rows, event, "reported", happened_at, stored, disposition=event.disposition)
    if event.call_id is None:
        return
    if event.status == "need-police":
        _unsafe(rows, event, "need-police", stored)
    if event.episode is not None and (event.assigned or event.status == "need-police"):  # of its last call, too
        _stamp(rows, event, happened_at, stored)


def _late_status_noted(rows: Rows, event: events.LateStatusNoted, stored: Stored) -> None:
    _status(rows, event, "late", event.happened_at, stored)
    _stamp(rows, event, event.happened_at, stored)


def _stamp(rows: Rows, event: Any, happened_at: datetime, stored: Stored) -> None:
    """The first time that a team says it is there counts."""
    episode, assignment = episode_of(rows, event.call_id, event.episode, stored), None
    if (name := STAMP_OF.get(event.status)) is not None:
        assignment = _assignment(rows, event.call_id, event.team_id)
    elif event.status == "need-police":
        episode["police_asked_at"] = episode["police_asked_at"] or happened_at
    elif event.status == "cleared":
        episode["cleared_at"] = episode["cleared_at"] or happened_at
        episode["disposition"] = getattr(event, "disposition", None) or episode["disposition"]
    for row in (episode, assignment):
        if name is not None and row is not None:
            row[name] = happened_at if row[name] is None else min(row[name], happened_at)


def _status_corrected(rows: Rows, event: events.StatusCorrected, stored: Stored) -> None:
    """It is, after all, not yet so far."""
    _status(rows, event, "corrected", stored.time, stored, status_before=event.before)
    taken_back = STAMPS[STAMPS.index(STAMP_OF[event.status]) + 1 :] if event.status in STAMP_OF else ()
    episode_of(rows, event.call_id, event.episode, stored).update(dict.fromkeys(taken_back))
    if (assignment := _assignment(rows, event.call_id, event.team_id)) is not None:
        assignment.update(dict.fromkeys(taken_back))


def _status(rows: Rows, event: Any, kind: str, happened_at: datetime, stored: Stored, **more: Any) -> None:
    rows.add(
        STATUS,
        **place_of(stored),
        agency=stored.key,
        call_id=event.call_id,
        episode=event.episode,
        team_id=event.team_id,
        kind=kind,
        status=event.status,
        happened_at=happened_at,
        reported_at=stored.time,
        **more,
    )


# --- what was, or may have been, unsafe


def _unsafe(rows: Rows, event: Any, kind: str, stored: Stored, **more: Any) -> None:
    rows.add(
        SAFETY,
        **place_of(stored),
        agency=stored.key,
        call_id=event.call_id,
        episode=event.episode,
        team_id=event.team_id,
        kind=kind,
        at=stored.time,
        **more,
    )


def _noted(rows: Rows, event: Any, stored: Stored) -> None:
    kind, detail, number = UNSAFE[type(event)]
    said, counted = getattr(event, detail, None), getattr(event, number, None)
    _unsafe(rows, event, kind, stored, detail=said, number=counted)


def _upgrade_raised(rows: Rows, event: events.UpgradeRaised, stored: Stored) -> None:
    _unsafe(
        rows,
        event,
        "upgrade" if event.more_dangerous else "may-not-go",
        stored,
        level=event.level,
        level_rank=event.level_rank,
        detail=event.on_upgrade,
        team_on_scene=event.team_on_scene,
    )
    episode = episode_of(rows, event.call_id, event.episode, stored)
    if event.more_dangerous and episode["upgraded_at"] is None:
        episode["upgraded_at"], episode["on_upgrade"] = stored.time, event.on_upgrade
    episode["default_asked"] = episode["default_asked"] or event.send == "default"


def _safety_check_missed(rows: Rows, event: events.SafetyCheckMissed, stored: Stored) -> None:
    _noted(rows, event, stored)
    episode = episode_of(rows, event.call_id, event.episode, stored)
    episode["silent_at"] = episode["silent_at"] or stored.time


def _unconfirmed(rows: Rows, event: events.AssignmentUnconfirmed, stored: Stored) -> None:
    _noted(rows, event, stored)
    episode = episode_of(rows, event.call_id, event.episode, stored)
    episode["unconfirmed_at"] = episode["unconfirmed_at"] or stored.time


def _may_enter(rows: Rows, event: events.TeamMayEnter, stored: Stored) -> None:
    detail = event.released_by if event.released_by == "units-on-scene" else "person"
    _unsafe(rows, event, "may-enter", stored, detail=detail)


# --- teams and shifts


def _team_defined(rows: Rows, event: events.TeamDefined, stored: Stored) -> None:
    row = rows.change(TEAM, agency=stored.key, team_id=event.team.team_id)
    row["model"], row["pool"], row["removed_at"] = event.team.model, event.team.pool, None


def _team_removed(rows: Rows, event: events.TeamRemoved, stored: Stored) -> None:
    rows.change(TEAM, agency=stored.key, team_id=event.team_id)["removed_at"] = stored.time


def _signed_on(rows: Rows, event: events.TeamSignedOn, stored: Stored) -> None:
    team = rows.find(TEAM, agency=stored.key, team_id=event.team_id) or {"model": None, "pool": None}
    row = rows.change(SHIFT, shift_id=event.shift_id)
    row |= {
        "agency": stored.key,
        "team_id": event.team_id,
        "model": team["model"],
        "pool": team["pool"],
        "members": len(event.members),
        "members_confirmed": len(event.members) - len(event.unconfirmed),
        "from_at": stored.time,
        "ends_at": event.shift_ends_at,
    }


def _member_confirmed(rows: Rows, event: events.MemberConfirmed, stored: Stored) -> None:
    row = rows.change(SHIFT, shift_id=event.shift_id)
    row["agency"], row["members_confirmed"] = stored.key, row["members_confirmed"] + 1


def _shift_changed(rows: Rows, event: events.ShiftChanged, stored: Stored) -> None:
    row = rows.change(SHIFT, shift_id=event.shift_id)
    row["agency"], row["members"], row["ends_at"] = stored.key, len(event.members), event.shift_ends_at
    row["members_confirmed"] = len(event.members) - len(event.unconfirmed)


def _signed_off(rows: Rows, event: events.TeamSignedOff, stored: Stored) -> None:
    row = rows.change(SHIFT, shift_id=event.shift_id)
    row |= {"agency": stored.key, "team_id": event.team_id, "to_at": stored.time, "why": event.why}


# --- pages and messages


def _page_due(rows: Rows, event: events.PageDue, stored: Stored) -> None:
    _owe_page(rows.change(PAGE, page_id=event.page_id), event, stored)


def _owe_page(page: Row, due: events.PageDue, stored: Stored) -> None:
    page |= {
        "agency": stored.key,
        "call_id": due.call_id,
        "episode": due.episode,
        "kind": due.kind,
        "offer_id": due.offer_id,
        "team_id": due.team_id,
        "person_id": due.person_id,
        "method": due.method.kind,
        "district": due.district,
        "due_at": stored.time,
        "not_after": due.not_after,
    }


def _page_attempted(rows: Rows, event: events.PageAttempted, stored: Stored) -> None:
    page = rows.change(PAGE, page_id=event.page_id)
    page["agency"], page["attempted_at"], page["attempts"] = stored.key, stored.time, page["attempts"] + 1


def _page_ended(rows: Rows, event: Any, stored: Stored) -> None:
    page = rows.change(PAGE, page_id=event.page_id)
    if isinstance(event, events.PageDropped) and event.page is not None:
        _owe_page(page, event.page, stored)
    page |= {"agency": stored.key, "result": PAGE_RESULTS[type(event)], "result_at": stored.time}


def _message_due(rows: Rows, event: events.CadMessageDue, stored: Stored) -> None:
    row = _message(rows, event, stored)
    row["due_at"], row["not_after"] = row["due_at"] or stored.time, event.not_after


def _message_ended(rows: Rows, event: events.CadInformed | events.CadNotInformed, stored: Stored) -> None:
    row = _message(rows, event, stored)
    row["result"] = "informed" if isinstance(event, events.CadInformed) else "not-informed"
    row["result_at"], row["alarm"] = stored.time, getattr(event, "alarm", False)


def _message(rows: Rows, event: Any, stored: Stored) -> Row:
    row = rows.change(CAD_MESSAGE, message_id=event.message_id)
    row |= {"agency": stored.key, "source": event.source, "kind": event.kind}
    row["call_id"], row["episode"] = event.call_id or row["call_id"], event.episode or row["episode"]
    return row


# --- what was found wrong with a CAD, a call, or with careroute itself


def _found_wrong(rows: Rows, event: Any, stored: Stored) -> None:
    about = getattr(event, "source", None) or getattr(event, "invariant", None)
    rows.add(
        FAULT,
        topic=stored.topic,
        **place_of(stored),
        agency=stored.key,
        call_id=getattr(event, "call_id", None),
        kind=event.type,
        about=about,
        at=stored.time,
    )


UNSAFE: dict[type[events.Event], tuple[str, str, str]] = {
    events.RecallUnacknowledged: ("recall-unacknowledged", "", "silent_minutes"),
    events.TeamStays: ("stays", "why", ""),
    events.EntryNotReleased: ("entry-not-released", "", ""),
    events.TeamStillStaged: ("still-staged", "", "staged_minutes"),
    events.AssignmentUnconfirmed: ("unconfirmed", "", ""),
    events.TeamNotMoving: ("not-moving", "", ""),
    events.SafetyCheckDue: ("check-due", "", "number"),
    events.SafetyCheckMissed: ("check-missed", "", "missed"),
    events.CallChanged: ("call-changed", "", ""),
}
"""By event: the kind, and which of its fields are the detail and the number."""
PAGE_RESULTS: dict[type[events.Event], str] = {
    events.PageDelivered: "delivered",
    events.PageFailed: "failed",
    events.PageDropped: "dropped",
}
FOUND_WRONG = (
    events.CallStale,
    events.CadClockNoted,
    events.CadIdentityNoted,
    events.CadWebhookDisabled,
    events.CadWebhookEnabled,
    events.AuditGapFound,
    events.AuditGapClosed,
)
OF_A_TEAM = (EPISODES, ASSIGNMENTS)
SERVED: dict[type[events.Event], Projection] = {
    events.AssignmentEnded: Projection(_assignment_ended, OF_A_TEAM),
    events.AssignmentWithdrawn: Projection(_assignment_withdrawn, OF_A_TEAM),
    events.AssignmentMoved: Projection(_assignment_moved, (*OF_A_TEAM, EPISODES_MOVED_TO)),
    events.StatusReported: Projection(_status_reported, OF_A_TEAM),
    events.LateStatusNoted: Projection(_late_status_noted, OF_A_TEAM),
    events.StatusCorrected: Projection(_status_corrected, OF_A_TEAM),
    **dict.fromkeys(UNSAFE, Projection(_noted)),
    events.UpgradeRaised: Projection(_upgrade_raised, (EPISODES,)),
    events.SafetyCheckMissed: Projection(_safety_check_missed, (EPISODES,)),
    events.AssignmentUnconfirmed: Projection(_unconfirmed, (EPISODES,)),
    events.TeamMayEnter: Projection(_may_enter),
    events.TeamDefined: Projection(_team_defined, (DEFINED_TEAM,)),
    events.TeamRemoved: Projection(_team_removed, (ITS_TEAM,)),
    events.TeamSignedOn: Projection(_signed_on, (ITS_SHIFT, ITS_TEAM)),
    events.MemberConfirmed: Projection(_member_confirmed, (ITS_SHIFT,)),
    events.ShiftChanged: Projection(_shift_changed, (ITS_SHIFT,)),
    events.TeamSignedOff: Projection(_signed_off, (ITS_SHIFT,)),
    events.PageDue: Projection(_page_due, (ITS_PAGE,)),
    events.PageAttempted: Projection(_page_attempted, (ITS_PAGE,)),
    **dict.fromkeys(PAGE_RESULTS, Projection(_page_ended, (ITS_PAGE,))),
    events.CadMessageDue: Projection(_message_due, (ITS_MESSAGE,)),
    events.CadInformed: Projection(_message_ended, (ITS_MESSAGE,)),
    events.CadNotInformed: Projection(_message_ended, (ITS_MESSAGE,)),
    **dict.fromkeys(FOUND_WRONG, Projection(_found_wrong)),
}
