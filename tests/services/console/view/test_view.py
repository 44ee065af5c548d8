from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.console.view import agency
from services.console.view.agency import KEEP_QUIET, AgencyView, Keep, View
from services.console.view.alarms import alerts_of, open_alarms
from services.console.view.call import KEEP_HISTORY_LINES
from services.console.view.load import load_of
from services.console.view.sentences import SENTENCES, sentence_of
from services.console.view.switchboard import KEEP_SWITCHES
from shared import events
from shared.call import CallStatus
from shared.contracts import example_of
from shared.events import EVENTS, Command, Event
from shared.topics import ASSIGNMENTS, DECISIONS, NOTIFICATIONS
from tests.services.console.stories import (
    ACCEPTED,
    CALL_ID,
    HASH,
    START,
    accepted,
    deadline,
    informed,
    judgement,
    message_due,
    offered,
    person,
    routed,
    signed_on,
    stored,
    team,
    triaged,
)

A, D, N = ASSIGNMENTS.name, DECISIONS.name, NOTIFICATIONS.name
Story = tuple[tuple[str, Event], ...]


def view_of(*story: tuple[str, Event], keep: Keep | None = None) -> AgencyView:
    view = View(keep)
    for number, (topic, event) in enumerate(story):
        view.fold("madison-wi", event, stored(topic, event, number, START + timedelta(seconds=number)))
    return view.agency("madison-wi")


def state_after(*story: tuple[str, Event]) -> tuple[str, bool]:
    call = view_of(*story).call(CALL_ID)
    assert call is not None
    return call.state, call.open


def test_a_page_and_a_message_are_seen_whichever_journal_is_read_first() -> None:
    """Both were lost where they were read before their call: of 1,000 test calls some looked as if nobody was paged."""
    first = [(topic, event) for topic, event in ACCEPTED if topic == N]
    call = view_of(*first, *(other for other in ACCEPTED if other not in first)).call(CALL_ID)
    as_written = view_of(*ACCEPTED).call(CALL_ID)
    assert call is not None
    assert as_written is not None
    assert [(page.page_id, page.state) for page in call.pages.values()] == [
        (page.page_id, page.state) for page in as_written.pages.values()
    ]
    assert call.messages.keys() == as_written.messages.keys()
    assert call.pages
    assert (call.state, call.open) == (as_written.state, as_written.open)


@pytest.mark.parametrize("kind", ["call.confirm", "call.hold", "call.held"])
def test_what_a_cad_was_asked_is_seen_whichever_journal_is_read_first(kind: Any) -> None:
    asked = message_due().model_copy(update={"message_id": "asked", "kind": kind})
    call = view_of((N, asked), *ACCEPTED).call(CALL_ID)
    assert call is not None
    assert list(call.messages) == ["asked", "message-1"]


def test_what_an_offer_says_of_a_call_is_older_than_what_triage_says_of_it() -> None:
    newer = triaged(district="West").model_copy(update={"priority": "1"})
    for story in ((*ACCEPTED, (D, newer)), ((D, newer), *(pair for pair in ACCEPTED if pair[0] != D))):
        call = view_of(*story).call(CALL_ID)
        assert call is not None
        assert (call.priority, call.district) == ("1", "West")


def test_an_accepted_call_explains_itself() -> None:
    call = view_of(*ACCEPTED).call(CALL_ID)
    assert call is not None
    detail = call.detail()
    assert (detail.state, detail.open, detail.outcomes, detail.team_id) == (
        "accepted",
        True,
        ("team-accepted",),
        "cares-1",
    )
    assert detail.judgement == judgement()
    assert detail.judgement.gates[0].sentence == "The call is in Central."
    assert detail.judgement.raised_by[0].source == "answer Q1"
    episode = detail.episodes[0]
    assert (episode.programme_version, episode.programme_hash, episode.switchboard_revision) == (1, HASH, 3)
    assert detail.offers[0].state == "accepted"
    assert detail.offers[0].bypassed[0].team_id == "cares-9"
    assert [(page.state, page.person_id) for page in detail.pages] == [("delivered", "ann")]
    assert [message.state for message in detail.cad_messages] == ["informed"]
    assert [line.type for line in detail.history] == [event.type for _, event in ACCEPTED[3:]]
    assert all(line.sentence for line in detail.history)


REPORTED: Story = ((A, deadline()), (D, triaged()))
OFFERED: Story = (*REPORTED, (A, offered()))
TAKEN: Story = (*OFFERED, (A, accepted()), (A, routed()))


def status(status: Any) -> tuple[str, Event]:
    return A, events.StatusReported(team_id="cares-1", status=status, call_id=CALL_ID, episode=1)


def ended(disposition: str = "resolved-on-scene") -> tuple[str, Event]:
    return A, events.AssignmentEnded(call_id=CALL_ID, episode=1, team_id="cares-1", disposition=disposition)


def closed(status: str = "closed") -> tuple[str, Event]:
    return D, events.CallEnded(call_id=CALL_ID, event_id="e2", updated_at=START, status=status)


ASKED = (
    A,
    events.ConfirmationAsked(
        call_id=CALL_ID, episode=1, response="cares", expires_at=START + timedelta(seconds=60), sentence="May cares go?"
    ),
)
SENT = (A, events.CallOverridden(call_id=CALL_ID, episode=1, send="cares", overridden_by="dee"))
RELEASED = (A, events.AssignmentWithdrawn(call_id=CALL_ID, episode=1, team_id="cares-1", why="overridden"))
UNCONFIRMED = (A, events.AssignmentUnconfirmed(call_id=CALL_ID, episode=1, team_id="cares-1"))
SILENT = (
    A,
    events.SafetyCheckMissed(
        call_id=CALL_ID, episode=1, team_id="cares-1", missed=2, silent_minutes=90, sentence="Send police."
    ),
)
FORGOTTEN = (A, events.CallForgotten(call_id=CALL_ID))


@pytest.mark.parametrize(
    ("story", "state", "is_open"),
    [
        ((REPORTED[0],), "received", True),
        ((REPORTED[1],), "triaged", True),
        (REPORTED, "triaged", True),
        (OFFERED, "offered", True),
        ((*REPORTED, ASKED), "advised", True),
        ((*REPORTED, ASKED, SENT), "triaged", True),
        (TAKEN, "accepted", True),
        ((*TAKEN, status("en-route")), "en-route", True),
        ((*TAKEN, status("on-scene")), "on-scene", True),
        ((*TAKEN, status("on-scene"), SILENT), "safety-check-overdue", True),
        ((*TAKEN, status("on-scene"), SILENT, status("on-scene")), "on-scene", True),
        ((*TAKEN, status("on-scene"), status("cleared"), ended()), "cleared", False),
        ((*TAKEN, RELEASED), "withdrawn", False),
        ((*REPORTED, (A, routed("default", reasons=("deadline",)))), "default", False),
        ((*REPORTED, (A, routed("cancelled"))), "cancelled", False),
        ((*TAKEN, ended(), FORGOTTEN), "cleared", False),
        ((closed("cancelled"),), "cancelled", False),
        (((D, events.CallStale(call_id=CALL_ID, event_id="e1", updated_at=START)),), "stale", False),
        ((*TAKEN, ended(), (A, deadline(episode=2, why="reopened"))), "triaged", True),
    ],
)
def test_the_state_in_one_word(story: Story, state: str, is_open: bool) -> None:  # noqa: FBT001
    assert state_after(*story) == (state, is_open)


def test_of_a_broadcast_every_offer_is_seen_and_who_took_the_call() -> None:
    second = offered("cares-2", step=2)
    lost = events.OfferWithdrawn(offer_id="offer-2", call_id=CALL_ID, episode=1, team_id="cares-2", why="taken")
    call = view_of(*OFFERED, (A, second), (A, lost), (A, accepted()), (A, routed())).call(CALL_ID)
    assert call is not None
    detail = call.detail()
    assert [(offer.team_id, offer.state, offer.why) for offer in detail.offers] == [
        ("cares-1", "accepted", ""),
        ("cares-2", "withdrawn", "taken"),
    ]
    assert (detail.state, detail.team_id) == ("accepted", "cares-1")
    open_call = second.model_copy(update={"paged": False, "bypassed": ()})
    assert sentence_of(open_call) == "Offer 2: cares-2 may take the call, which stands on its page, for cares."


def test_a_call_reads_the_same_whichever_journal_is_read_first() -> None:
    assignments = [pair for pair in TAKEN if pair[0] == A]
    decisions = [pair for pair in TAKEN if pair[0] == D]
    one, other = (view_of(*order).call(CALL_ID) for order in ((*assignments, *decisions), (*decisions, *assignments)))
    assert one is not None
    assert other is not None
    assert (one.state, one.district, one.level, one.judged) == (other.state, other.district, other.level, other.judged)


@pytest.mark.parametrize(
    ("topic", "event", "outcomes"),
    [
        (A, events.InputRefused(position="calls/0/0", sha256="", length=1, wrong="x", input_type="call-reported", call_id=CALL_ID), ("default",)),  # noqa: E501
        (A, events.ClockFailed(clock_id=f"deadline/{CALL_ID}", wrong="KeyError"), ("default",)),
        (D, events.InputRefused(position="calls/0/0", sha256="", length=1, wrong="x", input_type="call-reported", call_id=CALL_ID), ("open",)),  # noqa: E501
    ],
)  # fmt: skip
def test_a_call_that_cannot_be_decided_has_the_default(topic: str, event: Event, outcomes: tuple[str, ...]) -> None:
    view = view_of(*REPORTED, (topic, event))
    call = view.call(CALL_ID)
    assert call is not None
    assert call.summary().outcomes == outcomes
    assert len(view.alerts()) == 1


def test_a_late_word_about_a_call_that_left_does_not_bring_it_back() -> None:
    of_a_status = message_due().model_copy(update={"kind": "unit.status"})
    for event in (accepted(), offered(), of_a_status, informed(), events.CallForgotten(call_id=CALL_ID)):
        assert view_of((A, event)).call(CALL_ID) is None


@pytest.mark.parametrize("keep", [Keep(closed_calls=0), Keep(closed=timedelta())])
def test_nor_does_what_another_journal_says_of_its_beginning_which_is_read_after_its_end(keep: Keep) -> None:
    """As after a restart: a call that had ended stood among the open ones for a week."""
    view, other = View(keep), "madison-wi/dane-county/later"
    for seconds, (topic, event) in enumerate(ACCEPTED):
        if topic == A:
            view.fold("madison-wi", event, stored(topic, event, seconds, START + timedelta(seconds=seconds)))
    for minutes, (topic, event) in enumerate((ended(), (A, deadline(other)), (A, routed("default", other))), 10):
        view.fold("madison-wi", event, stored(topic, event, minutes, START + timedelta(minutes=minutes)))
    for seconds, (topic, event) in enumerate(ACCEPTED):
        if topic != A:
            view.fold("madison-wi", event, stored(topic, event, seconds, START + timedelta(seconds=seconds)))
    assert view.agency("madison-wi").call(CALL_ID) is None
    new = triaged().model_copy(update={"call_id": "madison-wi/dane-county/new"})
    view.fold("madison-wi", new, stored(D, new, 99, START + timedelta(minutes=20)))
    assert view.agency("madison-wi").call(new.call_id) is not None


def test_closed_calls_leave_by_number_and_open_ones_stay() -> None:
    story: list[tuple[str, Event]] = [(A, deadline("madison-wi/s/open"))]
    for number in range(30):
        call_id = f"madison-wi/s/{number}"
        story += [(A, deadline(call_id)), (A, routed("default", call_id))]
    view = view_of(*story, keep=Keep(closed_calls=5))
    assert [call.call_id.rpartition("/")[2] for call in view.calls()] == ["29", "28", "27", "26", "25", "open"]


def test_closed_calls_leave_by_time_and_quiet_ones_much_later() -> None:
    view = View(Keep(closed=timedelta(hours=1)))

    def fold(event: Event, at: datetime) -> None:
        view.fold("a", event, stored(A, event, 0, at))

    fold(deadline("a/s/open"), START)
    fold(deadline("a/s/closed"), START)
    fold(routed("default", "a/s/closed"), START)
    fold(deadline("a/s/next"), START + timedelta(hours=1))
    assert view.agency("a").call("a/s/closed") is not None
    fold(deadline("a/s/later"), START + timedelta(hours=1, seconds=1))
    assert view.agency("a").call("a/s/closed") is None
    assert view.agency("a").call("a/s/open") is not None
    fold(deadline("a/s/last"), START + KEEP_QUIET + timedelta(seconds=1))
    assert view.agency("a").call("a/s/open") is None


def test_what_belongs_to_a_call_leaves_with_it() -> None:
    view = view_of(*ACCEPTED, ended(), (A, deadline("madison-wi/s/2")), keep=Keep(closed_calls=0))
    assert view.call(CALL_ID) is None
    assert view._call_of_page == {}


def test_a_very_long_history_leaves_its_middle_out() -> None:
    version = events.VersionNoted(call_id=CALL_ID, event_id="e", updated_at=START, why="unchanged")
    call = view_of(*REPORTED, *((D, version) for _ in range(500))).call(CALL_ID)
    assert call is not None
    assert (len(call.history), call.left_out) == (KEEP_HISTORY_LINES, 502 - KEEP_HISTORY_LINES)
    assert call.history[0].type == "deadline-set"


def test_the_switchboard() -> None:
    phase = events.PhaseChanged(response="cares", district="Central", phase="live", revision=4, changed_by="sue")
    pause = events.DistrictPaused(district="Central", revision=5, changed_by="dan", reason="storm")
    switchboard = view_of((D, phase), (D, pause)).switchboard
    assert switchboard.revision == 5
    assert switchboard.phases["cares/Central"].phase == "live"
    assert switchboard.paused["Central"].reason == "storm"
    resume = events.DistrictResumed(district="Central", revision=6, changed_by="sue")
    assert view_of((D, phase), (D, pause), (D, resume)).switchboard.paused == {}


def test_the_history_of_the_switchboard_is_bounded() -> None:
    pauses = [events.DistrictPaused(district="Central", revision=n, changed_by="dan") for n in range(1, 500)]
    history = view_of(*((D, pause) for pause in pauses)).switchboard.history
    assert (len(history), history[0].revision) == (KEEP_SWITCHES, 499)


def proposed(number: int) -> tuple[str, Event]:
    return D, events.ProgrammeProposed(
        document=f"version = {number}", document_hash=f"h{number}", version=number, effective=START, proposed_by="sue"
    )


def adopted(number: int) -> tuple[str, Event]:
    return D, events.ProgrammeAdopted(
        document_hash=f"h{number}", version=number, effective=START, proposed_by="sue", approved_by="amy"
    )


def test_versions_of_the_programme() -> None:
    activate = [(D, events.ProgrammeActivated(document_hash=f"h{number}", version=number)) for number in (1, 2)]
    story = (proposed(1), adopted(1), activate[0], proposed(2), adopted(2), activate[1], proposed(3))
    documents = view_of(*story).documents
    assert [seen.state for seen in documents.values()] == ["replaced", "active", "proposed"]
    many = view_of(*story, *(proposed(number) for number in range(4, 40))).documents
    assert len(many) == 10
    assert [seen.state for seen in many.values()].count("active") == 1


def test_what_can_be_put_in_force_again_outlives_drafts_that_were_turned_down() -> None:
    """Nine drafts later the page had no button any more that leads back to the version before."""
    story = [proposed(1), adopted(1), active(1), proposed(2), adopted(2), active(2)]
    for number in range(3, 20):
        turned_down = events.ProgrammeRejected(
            document_hash=f"h{number}", version=number, proposed_by="sue", rejected_by="amy", reason="no"
        )
        story += [proposed(number), (D, turned_down)]
    documents = view_of(*story, proposed(20)).documents
    assert len(documents) == 10
    assert [seen.state for seen in documents.values() if seen.state != "rejected"] == ["replaced", "active", "proposed"]


def active(number: int) -> tuple[str, Event]:
    return D, events.ProgrammeActivated(document_hash=f"h{number}", version=number)


def test_an_approved_version_that_a_greater_one_has_overtaken_waits_for_nothing() -> None:
    """Triage lets go of it; the page said for ever that it is approved and waits for its time."""
    waiting = view_of(proposed(2), adopted(2), proposed(3), adopted(3), proposed(4), adopted(4), active(3)).documents
    assert [(seen.version, seen.state) for seen in waiting.values()] == [(2, "replaced"), (3, "active"), (4, "adopted")]
    back: tuple[str, Event] = (
        D,
        events.ProgrammeActivated(document_hash="h1", version=9, rolled_back_from="h3", changed_by="sue"),
    )
    waiting = view_of(proposed(3), adopted(3), active(3), proposed(4), adopted(4), back).documents
    assert waiting["h4"].state == "adopted"


def test_a_version_that_was_rolled_back_from_says_by_whom_and_why() -> None:
    def activate(number: int, **changes: Any) -> tuple[str, Event]:
        return D, events.ProgrammeActivated(document_hash=f"h{number}", version=number, **changes)

    back = activate(1, rolled_back_from="h2", changed_by="sue", reason="too many refusals")
    documents = view_of(*(proposed(1), adopted(1), activate(1), proposed(2), adopted(2), activate(2), back)).documents
    assert [seen.state for seen in documents.values()] == ["active", "rolled-back"]
    assert (documents["h2"].rolled_back_by, documents["h2"].rolled_back_why) == ("sue", "too many refusals")
    assert view_of(back).documents["h1"].state == "active"


def test_teams_and_people() -> None:
    view = view_of(*ACCEPTED[:6])
    seen = view.teams["cares-1"]
    assert (seen.status, seen.members, seen.offers) == ("available", ("ann",), ["offer-1"])
    assert view.people["ann"].team_id == "cares-1"
    seen = view_of(*ACCEPTED).teams["cares-1"]
    assert (seen.status, seen.call_id, seen.offers) == ("assigned", CALL_ID, [])
    recalled = events.AssignmentWithdrawn(
        call_id=CALL_ID, episode=1, team_id="cares-1", why="upgraded", acknowledge=True
    )
    assert view_of(*ACCEPTED, (A, recalled)).teams["cares-1"].status == "recalled"
    seen = view_of(*ACCEPTED, ended()).teams["cares-1"]
    assert (seen.status, seen.call_id) == ("available", None)
    seen = view_of(*ACCEPTED, status("on-scene"), SILENT).teams["cares-1"]
    assert (seen.status, seen.call_id) == ("safety-check-overdue", CALL_ID)
    off = events.TeamSignedOff(team_id="cares-1", shift_id="shift-1")
    view = view_of((A, person()), (A, team()), (A, signed_on()), (A, off))
    assert (view.teams["cares-1"].status, view.people["ann"].team_id) == ("off-duty", None)
    view = view_of((A, person()), (A, team()), (A, events.TeamRemoved(team_id="cares-1")), (A, events.PersonRemoved(person_id="ann")))  # noqa: E501  # fmt: skip
    assert (view.teams, view.people) == ({}, {})


def not_informed() -> tuple[str, Event]:
    return N, events.CadNotInformed(
        message_id="message-1", source="dane-county", kind="call.routed", why="timeout", call_id=CALL_ID, episode=1
    )


def test_a_ping_that_a_cad_does_not_acknowledge_is_among_the_alerts() -> None:
    """The page of CadNotInformed leads there: that a ping was sent is all that its command is answered."""
    ping = events.CadNotInformed(message_id="m", source="dane-county", kind="ping", why="timeout")
    (alert,) = view_of((N, ping)).alerts()
    assert alert.alert_id == "cad-not-informed/m"
    assert "did not acknowledge ping" in alert.sentence


def untold(number: int, why: str = "timeout", source: str = "dane-county") -> tuple[str, Event]:
    call = f"madison-wi/{source}/{number}"
    message: dict[str, Any] = {"kind": "call.routed", "call_id": call, "episode": 1}
    return N, events.CadNotInformed(message_id=f"m{number}", source=source, why=why, **message)


@pytest.mark.parametrize(
    ("story", "about"),
    [
        ((untold(1), untold(2)), []),
        ((untold(1), untold(2), untold(3, "status-503")), ["dane-county"]),
        ((untold(1), untold(2), untold(3), untold(4)), ["dane-county"]),
        ((untold(1), untold(2), untold(3, source="other")), []),
        ((untold(1), untold(2), (N, informed()), untold(3)), []),
        ((untold(1), untold(2), untold(3), (N, informed())), []),
        (
            tuple(untold(n, why) for why in ("expired", "no-webhook", "disabled", "gone", "unknown") for n in range(3)),
            [],
        ),
    ],
)
def test_a_cad_that_acknowledges_nothing_is_an_alarm_though_nothing_that_it_missed_misleads_it(
    story: Story, about: list[str]
) -> None:
    """Else the first who hears that its door is away is who waits with a team, perhaps after weeks."""
    assert [alert.about for alert in view_of(*story).alerts() if alert.kind == "cad-away"] == about
    assert open_alarms(view_of(*story).alerts(), START)["cad-away"] == len(about)


def told_of_help() -> tuple[str, Event]:
    return N, events.CadInformed(
        message_id="m", source="dane-county", kind="unit.status", call_id=CALL_ID, episode=1, needs_police="cares-1"
    )


def on_scene(kind: type[Any], **more: Any) -> tuple[str, Event]:
    return A, kind(call_id=CALL_ID, episode=1, team_id="cares-1", sentence="It is so.", **more)


def corrected(status: Any) -> tuple[str, Event]:
    return A, events.StatusCorrected(
        call_id=CALL_ID, episode=1, team_id="cares-1", before="transporting", status=status, corrected_by="dee"
    )


def version(status: CallStatus) -> tuple[str, Event]:
    return A, events.CallVersionAt(call_id=CALL_ID, episode=1, call_at="calls/0/7", status=status)


CHANGED: dict[str, Any] = {"changes": ("x",), "changed_at": START}
MOVED = on_scene(events.AssignmentMoved, to_call_id="madison/dane/2", to_episode=1, response="cares")
CONFIRMED: tuple[str, Event] = (
    A,
    events.IncidentConfirmed(
        call_id=CALL_ID, episode=1, team_id="cares-1", another=True, begun_at=START, confirmed_by="dee"
    ),
)
LET_IN: tuple[str, Event] = (
    A,
    events.TeamMayEnter(call_id=CALL_ID, episode=1, team_id="cares-1", released_by="Sergeant Ortiz"),
)


def acknowledged(**changes: Any) -> tuple[str, Event]:
    word: dict[str, Any] = {"alert_id": "team-silent/cares-1", "kind": "team-silent", "raised_at": START}
    word["acknowledged_by"] = "dora"
    return N, events.AlertAcknowledged(**word | changes)


def words_of(view: agency.AgencyView) -> list[str | None]:
    alerts = alerts_of(view, may_pause=True, file_refused_since=None)
    return [alert.acknowledged.by if alert.acknowledged else None for alert in alerts]


@pytest.mark.parametrize("outcome", ["default", None])
def test_a_call_to_which_a_team_came_with_another_has_that_team_whatever_its_outcome(outcome: str | None) -> None:
    """It stood among the closed ones, without a team, while somebody was on scene."""
    other = "madison-wi/dane-county/2021-2"
    before = ((A, routed("default", other)),) if outcome else ()
    moved = on_scene(events.AssignmentMoved, to_call_id=other, to_episode=1, response="cares")
    story: Story = (*TAKEN, status("on-scene"), (A, deadline(other)), *before, moved)
    view = view_of(*story, *(() if outcome else ((A, routed("default", other, reasons=("merged",))),)))
    call = view.call(other)
    assert call is not None
    assert (call.open, call.state, call.summary().team_id) == (True, "on-scene", "cares-1")
    assert call in view.open_calls()
    assert call.summary().outcomes == ("default",)
    cleared = events.AssignmentEnded(call_id=other, episode=1, team_id="cares-1", disposition="refused")
    call = view_of(*story, *(() if outcome else ((A, routed("default", other)),)), (A, cleared)).call(other)
    assert call is not None
    assert (call.open, call.state) == (False, "cleared")


def test_an_acknowledged_alert_stays_open_and_says_who_looks_after_it() -> None:
    silent = (*TAKEN, SILENT)
    assert words_of(view_of(*silent)) == [None]
    (alert,) = view_of(*silent).alerts()
    word = acknowledged(raised_at=alert.at)
    assert words_of(view_of(*silent, word)) == ["dora"]
    assert words_of(view_of(*silent, word, acknowledged(raised_at=alert.at, acknowledged_by="eve"))) == ["eve"]
    early = acknowledged(raised_at=alert.at + timedelta(seconds=1))
    assert words_of(view_of(early, *silent)) == ["dora"], "two journals are read in any order"


def test_an_alert_that_is_raised_again_is_another() -> None:
    view = view_of(*TAKEN, SILENT)
    _, word = acknowledged(raised_at=view.alerts()[0].at)
    view.fold(word, stored(N, word, 98))
    assert words_of(view) == ["dora"]
    view.fold(SILENT[1], stored(A, SILENT[1], 99, START + timedelta(minutes=30)))
    assert words_of(view) == [None]


def test_what_has_ended_says_when() -> None:
    view = view_of(*TAKEN, SILENT)
    raised_at = view.alerts()[0].at
    _, word = acknowledged(raised_at=raised_at)
    view.fold(word, stored(N, word, 98))
    assert view.ended_alerts() == []
    heard = events.StatusReported(team_id="cares-1", status="on-scene", call_id=CALL_ID, episode=1)
    view.fold(heard, stored(A, heard, 99, START + timedelta(minutes=30)))
    (ended_alert,) = view.ended_alerts()
    assert (ended_alert.kind, ended_alert.at, ended_alert.ended_at) == (
        "team-silent",
        raised_at,
        START + timedelta(minutes=30),
    )
    assert ended_alert.acknowledged is not None
    assert ended_alert.acknowledged.by == "dora"
    assert view.alerts() == []


def test_an_alert_that_another_journal_has_ended_is_over_whichever_is_read_first() -> None:
    """As after a restart: that no CAD had acknowledged a need for police was said of one that was long acknowledged."""
    asked, acknowledgement = status("need-police")[1], told_of_help()[1]
    view = View()
    for topic, event, minutes in ((N, acknowledgement, 2), (A, asked, 1)):
        view.fold("madison-wi", event, stored(topic, event, minutes, START + timedelta(minutes=minutes)))
    seen = view.agency("madison-wi")
    assert seen.alerts() == []
    assert [(alert.kind, alert.ended_at) for alert in seen.ended_alerts()] == [
        ("need-police", START + timedelta(minutes=2))
    ]
    view.fold("madison-wi", asked, stored(A, asked, 3, START + timedelta(minutes=3)))
    assert [alert.kind for alert in seen.alerts()] == ["need-police"]


def routing(reached: Any, call_id: str = CALL_ID, **changes: Any) -> tuple[str, Event]:
    where = {"response": "cares", "district": "Central", "day": START.date()} if "default" != reached != "ended" else {}
    return D, events.RoutingNoted(**{"call_id": call_id, "reached": reached, **where, **changes})


@pytest.mark.parametrize(
    ("story", "load"),
    [
        ((routing("offered"),), (1, 1)),
        ((routing("offered"), routing("offered", step=2)), (1, 1)),
        ((routing("offered"), routing("team-accepted")), (1, 1)),
        ((routing("offered"), routing("team-accepted"), routing("ended")), (0, 1)),
        ((routing("offered"), routing("default")), (0, 0)),
        ((routing("offered"), routing("offered", response="other")), (0, 0)),
        ((routing("offered", "a/b/1"), routing("team-accepted", "a/b/2")), (2, 2)),
        ((routing("offered", day=START.date() - timedelta(days=1)),), (1, 0)),
        ((routing("offered"), (D, events.CallRetired(call_id=CALL_ID))), (0, 0)),
        ((routing("team-accepted"), (D, events.CallRetired(call_id=CALL_ID))), (1, 1)),
    ],
)
def test_a_response_has_the_calls_that_triage_counts(story: Story, load: tuple[int, int]) -> None:
    assert load_of(view_of(*story), START.date()).get(("cares", "Central"), (0, 0)) == load


def test_a_team_that_has_not_set_out_is_shown_until_it_says_something() -> None:
    still = A, events.TeamNotMoving(call_id=CALL_ID, episode=1, team_id="cares-1")
    board: Story = ((A, team()), (A, signed_on()), *TAKEN, still)
    assert view_of(*board).teams["cares-1"].not_moving_since is not None
    assert view_of(*board, status("en-route")).teams["cares-1"].not_moving_since is None
    assert view_of(*board, ended()).teams["cares-1"].not_moving_since is None


@pytest.mark.parametrize(
    ("story", "kinds"),
    [
        ((*TAKEN, UNCONFIRMED), ["unconfirmed"]),
        ((*TAKEN, UNCONFIRMED, ended()), []),
        ((*TAKEN, (N, message_due()), not_informed(), UNCONFIRMED), ["unconfirmed", "cad-not-informed"]),
        ((*TAKEN, (N, message_due()), not_informed(), UNCONFIRMED, (N, informed())), []),
        ((*TAKEN, status("on-scene"), SILENT, SILENT), ["team-silent"]),
        ((*TAKEN, status("on-scene"), SILENT, status("on-scene")), []),
        ((*TAKEN, status("on-scene"), SILENT, ended()), []),
        (((N, events.CadWebhookDisabled(source="dane-county")),), ["webhook-disabled"]),
        (((D, events.CadClockNoted(source="dane", offset_seconds=-960, seen_at=START)),), ["cad-clock"]),
        (((D, events.CadIdentityNoted(source="dane", call_id=CALL_ID)),), ["cad-identity"]),
        (((N, events.CadWebhookDisabled(source="a")), (N, events.CadWebhookEnabled(source="a"))), []),
        ((*TAKEN, status("need-police")), ["need-police"]),
        ((*TAKEN, status("need-police"), told_of_help()), []),
        ((*TAKEN, status("need-police"), status("on-scene")), ["need-police"]),
        ((*TAKEN, status("need-police"), ended()), []),
        ((*TAKEN, status("need-police"), RELEASED), ["need-police"]),
        ((*TAKEN, status("need-police"), RELEASED, status("available")), []),
        ((*TAKEN, status("need-police"), RELEASED, (A, events.TeamSignedOff(team_id="cares-1", shift_id="s"))), []),
        ((*TAKEN, status("on-scene"), SILENT, RELEASED), ["team-silent"]),
        ((*TAKEN, on_scene(events.TeamStays, why="closed")), ["team-stays"]),
        ((*TAKEN, on_scene(events.TeamStays, why="closed"), ended()), []),
        ((*TAKEN, on_scene(events.TeamStays, why="closed"), version("closed")), ["team-stays"]),
        ((*TAKEN, on_scene(events.TeamStays, why="closed"), version("reopened")), []),
        ((*TAKEN, on_scene(events.TeamStays, why="overridden"), version("active")), ["team-stays"]),
        ((*TAKEN, on_scene(events.TeamStays, why="merged"), MOVED), []),
        ((*TAKEN, status("need-police"), MOVED), ["need-police"]),
        ((*TAKEN, on_scene(events.TeamStillStaged, staged_minutes=10)), ["team-staged"]),
        ((*TAKEN, on_scene(events.TeamStillStaged, staged_minutes=10), LET_IN), []),
        ((*TAKEN, on_scene(events.TeamStillStaged, staged_minutes=10), status("on-scene")), []),
        ((*TAKEN, on_scene(events.TeamStillStaged, staged_minutes=10), status("staged")), ["team-staged"]),
        ((*TAKEN, on_scene(events.TeamStillStaged, staged_minutes=10), corrected("en-route")), []),
        (
            (*TAKEN, on_scene(events.TeamStillStaged, staged_minutes=10), corrected("staged")),
            ["team-staged"],
        ),
        ((*TAKEN, on_scene(events.EntryNotReleased, enters_when=("x",)), corrected("staged")), []),
        (
            (*TAKEN, on_scene(events.EntryNotReleased, enters_when=("x",)), corrected("on-scene")),
            ["entry-not-released"],
        ),
        ((*TAKEN, on_scene(events.EntryNotReleased, enters_when=("police on scene",))), ["entry-not-released"]),
        ((*TAKEN, on_scene(events.RecallUnacknowledged, silent_minutes=5)), ["team-silent"]),
        (
            (*TAKEN, on_scene(events.CallChanged, **CHANGED, another_incident=True)),
            ["call-changed"],
        ),
        ((*TAKEN, on_scene(events.CallChanged, **CHANGED, another_incident=True), CONFIRMED), []),
        ((*TAKEN, on_scene(events.CallChanged, **CHANGED)), []),
        ((*TAKEN, on_scene(events.CallChanged, **CHANGED, far=True)), ["call-changed"]),
        (((A, events.ClockFailed(clock_id="moving/x", wrong="KeyError")),), ["clock-failed"]),
    ],
)
def test_alerts_come_and_go(story: Story, kinds: list[str]) -> None:
    assert [alert.kind for alert in view_of(*story).alerts()] == kinds


def test_answers_to_commands() -> None:
    held = events.CommandHeld(
        command_type="override-call", command={}, command_id="c1", call_id=CALL_ID, expires_at=START
    )
    answer = events.CommandDone(command_id="c1", result="done", about="x", revision=2)
    refusal = events.CommandRefused(command_id="c2", reason="stale", sentence="No.", faults=("one",))
    states = [view_of(*story).command("c1") for story in (((A, held),), ((A, held), (A, answer)))]
    assert [seen.state for seen in states if seen] == ["held", "done"]
    seen = view_of((A, refusal)).command("c2")
    assert seen is not None
    assert (seen.state, seen.reason, seen.faults) == ("refused", "stale", ("one",))


def test_agencies_are_kept_apart() -> None:
    view = View()
    view.fold("a", team("t"), stored(A, team("t")))
    assert list(view.agency("a").teams) == ["t"]
    assert view.agency("b").teams == {}


def test_any_order_of_any_events_folds() -> None:
    story = [*TAKEN, ended(), UNCONFIRMED, closed(), FORGOTTEN, not_informed()]
    for shuffled in itertools.islice(itertools.permutations(story, 4), 2000):
        view_of(*shuffled)


SWITCHED: set[type[Event]] = {
    events.PhaseChanged,
    events.CapChanged,
    events.DistrictPaused,
    events.DistrictResumed,
}


def test_every_event_that_people_read_of_has_a_sentence() -> None:
    """Of a call, of one of its pages, of its clock, or of the switchboard."""
    read = {kind for kind in EVENTS.values() if {"call_id", "page_id"} & kind.model_fields.keys()}
    read = {kind for kind in read if not issubclass(kind, Command)} | {events.ClockFailed} | SWITCHED
    assert {kind.__name__ for kind in read - SENTENCES.keys()} == set(), "say it in view/sentences.py"


@pytest.mark.parametrize("kind", SENTENCES, ids=lambda kind: kind.type)
def test_a_sentence_is_filled_in_from_its_event(kind: type[Event]) -> None:
    sentence = sentence_of(kind.model_validate(example_of(kind)))
    assert sentence
    assert "{" not in sentence


def test_every_section_of_the_view_changes_by_its_events() -> None:
    """Where two change by one event, neither is lost."""
    assert sum(map(len, agency.CHANGES.values())) == sum(map(len, agency.ROOMS))


def test_f9_somebody_is_on_shift_once_they_have_said_so() -> None:
    unconfirmed = signed_on().model_copy(update={"unconfirmed": ("ann",)})
    confirmed = events.MemberConfirmed(team_id="cares-1", shift_id="shift-1", person_id="ann")
    off = events.TeamSignedOff(team_id="cares-1", shift_id="shift-1")
    story: list[tuple[str, Event]] = [(A, person()), (A, team()), (A, unconfirmed), (A, confirmed), (A, off)]
    on_shift = [view_of(*story[:number]).people["ann"].team_id for number in range(1, len(story) + 1)]
    assert on_shift == [None, None, None, "cares-1", None]
