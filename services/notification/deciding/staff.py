"""Pages to staff that are about no call: their shift, their plan, their team.

Written ways carry them, for what they say is a link; only a team that is missing, or does not answer, is telephoned.
Quiet hours are rostering's: what can wait for the day it makes due by day. All that is due goes out at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from services.notification.contact import WRITTEN, Contact
from services.notification.deciding.pages import owe, page_to
from services.notification.state import State
from shared.engine.service import Draft, Input
from shared.engine.state import EMPTY
from shared.events import (
    DUTY_OFFICER,
    ContactKind,
    MembersLeftOut,
    PageKind,
    PlanNoticeDue,
    ReminderDue,
    ShiftChanged,
    TeamMissing,
    TeamSignedOn,
    TeamUnanswering,
    child_id,
)

SHIFT_PAGE = timedelta(minutes=30)
TEAM_PAGE = timedelta(minutes=15)
ON_CALL: frozenset[ContactKind] = frozenset(("push", "sms"))
"""Nothing else wakes somebody whose duty begins by the plan, perhaps at night."""
CREW = "crew"
"""Why a page about a team is sent to somebody of it."""
Ways = list[tuple[str, Contact]]


def signed_on(draft: Draft[State], event: TeamSignedOn, _given: Input) -> None:
    """Everybody on a team is sent the link of their shift page."""
    kinds = ON_CALL if event.duty == "on-call" else WRITTEN
    for person_id in event.members:
        _send_shift(draft, event, person_id, kinds)


def shift_changed(draft: Draft[State], event: ShiftChanged, _given: Input) -> None:
    """Whoever has come to a running shift is sent its link, as the others were; nobody is sent it twice."""
    for person_id in event.members:
        pages = (_page_id(event.shift_id, "signed-on", person_id, way) for way in draft.state.ways_to(person_id))
        if all(page_id not in draft.state.seen for page_id in pages):
            _send_shift(draft, event, person_id, WRITTEN)


def reminder_due(draft: Draft[State], event: ReminderDue, given: Input) -> None:
    """Somebody is reminded of a shift."""
    about = {"team_id": event.team_id, "about": event.shift_id, "not_after": event.not_after}
    _page(draft, "reminder", given.cause, event.person_id, _written(draft.state, event.person_id), **about)


def plan_notice_due(draft: Draft[State], event: PlanNoticeDue, _given: Input) -> None:
    """Somebody hears that their plan has changed, that cover is asked for, or that a shift has a gap."""
    about = {"team_id": event.team_id, "about": event.shift_id, "not_after": event.not_after, "why": event.why}
    _page(draft, event.kind, event.notice_id, event.person_id, _written(draft.state, event.person_id), **about)


def team_missing(draft: Draft[State], event: TeamMissing, given: Input) -> None:
    """Those who should be at work hear that their shift has begun, and the duty officer that they are not there."""
    _to_all(draft, given, "team-missing", event.members, team_id=event.team_id, about=event.planned_shift_id)


def members_left_out(draft: Draft[State], event: MembersLeftOut, _given: Input) -> None:
    """Who is planned, and by now is not on the team, hears so once, and so does the duty officer, in writing."""
    about = {"team_id": event.team_id, "about": event.planned_shift_id, "not_after": draft.now + SHIFT_PAGE}
    for member in event.left_out:
        cause = f"{event.planned_shift_id}/{member.person_id}"
        for person_id, why in ((member.person_id, member.why), (DUTY_OFFICER, "")):
            _page(draft, "left-out", cause, person_id, _written(draft.state, person_id), **about, why=why)


def team_unanswering(draft: Draft[State], event: TeamUnanswering, given: Input) -> None:
    """A team that lets offers run out hears so over every way, with its shift's link; and so does the duty officer."""
    offers = draft.state.recent_offers.get(event.team_id, ())
    people = offers[-1].people if offers else ()
    of_crew = {"about": event.shift_id, "why": CREW} if event.shift_id else {}
    _to_all(draft, given, "team-unanswering", people, of_crew, team_id=event.team_id)


def _to_all(
    draft: Draft[State],
    given: Input,
    kind: PageKind,
    people: Collection[str],
    of_crew: Mapping[str, str] = EMPTY,
    **about: str,
) -> None:
    for person_id in dict.fromkeys((*people, DUTY_OFFICER)):
        more = {**about, **(of_crew if person_id in people else EMPTY), "not_after": draft.now + TEAM_PAGE}
        _page(draft, kind, given.cause, person_id, _working(draft.state, person_id), **more)


def _working(state: State, person_id: str) -> Ways:
    return [way for way in state.ways_in_order(person_id) if not way[1].why_not]


def _written(state: State, person_id: str) -> Ways:
    """The written ways that come first."""
    written = [way for way in _working(state, person_id) if way[1].kind in WRITTEN]
    return [way for way in written if way[1].after_seconds == written[0][1].after_seconds]


def _send_shift(
    draft: Draft[State], event: TeamSignedOn | ShiftChanged, person_id: str, kinds: frozenset[ContactKind]
) -> None:
    ways = [way for way in _working(draft.state, person_id) if way[1].kind in kinds]
    until = min(draft.now + SHIFT_PAGE, event.shift_ends_at)  # who was away for long reads of shifts that are over
    about = {"team_id": event.team_id, "about": event.shift_id, "not_after": until}
    _page(draft, "signed-on", event.shift_id, person_id, ways, **about)


def _page_id(cause: str, kind: PageKind, person_id: str, method_id: str) -> str:
    return child_id(cause, f"{kind}/{person_id}/{method_id}")


def _page(draft: Draft[State], kind: PageKind, cause: str, person_id: str, ways: Ways, **about: Any) -> None:
    for method_id, contact in ways:
        page_id = _page_id(cause, kind, person_id, method_id)
        owe(draft, page_to(draft.state, page_id, kind, person_id, contact.method(method_id), **about))
