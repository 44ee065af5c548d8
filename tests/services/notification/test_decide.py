from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notification.service import NOTIFICATION
from services.notification.state import MAX_MESSAGES, MAX_RECENT_OFFERS, Outbox, State
from shared.engine.service import EffectDone, EffectStarting
from shared.events import (
    AlertAcknowledged,
    AssignmentEnded,
    CadInformed,
    CadMessageDue,
    CadNotInformed,
    CadWebhookDisabled,
    CadWebhookEnabled,
    CommandDone,
    CommandRefused,
    ConfirmationAsked,
    Event,
    OfferDeclined,
    OfferExpired,
    PageAttempted,
    PageDelivered,
    PageDropped,
    PageDue,
    PageFailed,
    TeamNotMoving,
)
from tests.builders import of_offer
from tests.services.notification.driver import (
    CALL,
    CREW,
    NOON,
    Running,
    accepted,
    acknowledge,
    of,
    offer,
    ping,
    redeliver,
    released,
    routed,
    safety_check,
    silent,
    status,
    types,
    unconfirmed,
    upgrade,
    withdrawn,
)

# --- pages


def test_an_offer_is_one_page_per_person_and_contact_method() -> None:
    pages = of(Running().take(offer()), PageDue)
    assert [(page.person_id, page.method.method_id) for page in pages] == [
        ("ana", "phone"),
        ("ana", "pager"),
        ("ben", "phone"),
    ]
    assert {page.not_after for page in pages} == {offer().expires_at}
    assert len({page.page_id for page in pages}) == 3


def test_the_same_offer_read_again_from_elsewhere_is_not_paged_again() -> None:
    running = Running()
    running.take(offer())
    assert running.take(offer(), cause="assignments/0/999") == []


def test_a_page_is_attempted_in_the_journal_before_it_is_sent_and_once() -> None:
    running = Running()
    page = of(running.take(offer(recipients=CREW[1:])), PageDue)[0]
    effect = NOTIFICATION.pending(running.state)[page.page_id]
    assert effect.at_most_once
    assert not effect.attempted
    assert types(running.take(EffectStarting(page.page_id))) == ["page-attempted"]
    assert NOTIFICATION.pending(running.state)[page.page_id].attempted
    assert running.take(EffectStarting(page.page_id)) == []
    assert types(running.take(EffectDone(page.page_id, "done"))) == ["page-delivered"]
    assert running.take(EffectDone(page.page_id, "done")) == []
    assert running.owed() == []


def test_a_page_whose_process_died_while_sending_counts_as_sent() -> None:
    running = Running()
    page = of(running.take(offer(recipients=CREW[1:])), PageDue)[0]
    running.take(EffectStarting(page.page_id))
    assert running.take(EffectDone(page.page_id, "unknown")) == [PageFailed(page_id=page.page_id, why="unknown")]
    assert types(running.take(withdrawn(offer()))) == ["page-due"], "who may have been paged hears that it is over"


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (withdrawn(offer()), "cancelled"),
        (of_offer(OfferExpired, offer()), "expired"),
        (accepted(offer()), "accepted"),
        (of_offer(OfferDeclined, offer(), person_id="ana"), "declined"),
        (routed("default", None), "routed"),
    ],
)
def test_an_untried_page_of_an_offer_that_is_over_is_dropped(end: Event, why: str) -> None:
    running = Running()
    pages = of(running.take(offer()), PageDue)
    dropped = of(running.take(end), PageDropped)
    assert {event.page_id for event in dropped} == {page.page_id for page in pages}
    assert {event.why for event in dropped} == {why}
    assert "page-due" not in running.owed()
    assert running.take(EffectStarting(pages[0].page_id)) == [], "it was about to start"


def test_a_page_that_is_being_tried_is_not_dropped() -> None:
    running = Running()
    page = of(running.take(offer(recipients=CREW[1:])), PageDue)[0]
    running.take(EffectStarting(page.page_id))
    assert of(running.take(of_offer(OfferExpired, offer())), PageDropped) == []


def test_an_offer_that_comes_too_late_leaves_only_dropped_pages_and_its_team_can_still_be_warned() -> None:
    running = Running(now=NOON + timedelta(minutes=1))
    events = running.take(offer())
    assert types(events) == ["page-dropped"] * 3
    assert running.owed() == []
    assert running.take(offer()) == []
    assert len(of(running.take(upgrade()), PageDue)) == 3


def test_an_open_call_pages_nobody_and_the_team_that_takes_it_is_told_all_the_same() -> None:
    running = Running()
    open_call = offer(paged=False)
    assert {drop.why for drop in of(running.take(open_call), PageDropped)} == {"not-paged"}
    assert running.owed() == []
    assert running.take(open_call, cause="assignments/0/999") == []
    for over in (withdrawn(open_call, "taken"), of_offer(OfferExpired, open_call)):
        assert running.take(over) == []
    running.take(accepted(open_call))
    notices = of(running.take(upgrade()), PageDue)
    assert [(page.kind, page.person_id) for page in notices] == [("upgrade", name) for name in ("ana", "ana", "ben")]


def test_of_a_broadcast_everybody_is_paged_and_who_comes_too_late_is_told() -> None:
    running = Running()
    teams = [offer(number, team_id=team_id) for number, team_id in enumerate(("alpha", "bravo"), start=1)]
    assert [len(of(running.take(made), PageDue)) for made in teams] == [3, 3]
    running.perform()
    notices = of(running.take(withdrawn(teams[1], "taken")), PageDue)
    assert {(page.kind, page.team_id, page.why) for page in notices} == {("withdrawn", "bravo", "taken")}
    assert len(notices) == 3


def test_a_page_is_not_started_after_its_time() -> None:
    running = Running()
    page = of(running.take(offer(recipients=CREW[1:])), PageDue)[0]
    running.pass_seconds(31)
    assert running.take(EffectStarting(page.page_id)) == [PageDropped(page_id=page.page_id, why="too-late")]


def test_an_expired_page_that_was_never_tried_is_dropped() -> None:
    running = Running()
    page = of(running.take(offer(recipients=CREW[1:])), PageDue)[0]
    assert types(running.take(EffectDone(page.page_id, "expired"))) == ["page-dropped"]


def test_only_who_was_paged_hears_that_an_offer_is_withdrawn() -> None:
    running = Running()
    first, *_ = of(running.take(offer()), PageDue)
    running.take(EffectStarting(first.page_id))
    notices = of(running.take(withdrawn(offer(), "overridden")), PageDue)
    assert [(page.kind, page.person_id, page.method.method_id, page.why) for page in notices] == [
        ("withdrawn", "ana", "phone", "overridden")
    ]


@pytest.mark.parametrize("call_id", [CALL, "madison/dane/26-002"])
def test_who_is_asked_anew_is_not_told_that_a_call_is_over(call_id: str) -> None:
    """Offers go out first: the crew of a changed team, or one that is needed first, would read last that it is over."""
    running = Running()
    running.take(offer())
    running.perform()
    running.take(withdrawn(offer(), "crew-changed"))
    asked = offer(2, recipients=CREW[:1], call_id=call_id)
    dropped = of(running.take(asked), PageDropped)
    assert [page.why for page in dropped] == ["asked-anew"] * 2
    owed = of((effect.event for effect in NOTIFICATION.pending(running.state).values()), PageDue)
    assert sorted((page.kind, page.person_id) for page in owed) == [
        ("offer", "ana"),
        ("offer", "ana"),
        ("withdrawn", "ben"),
    ]
    assert running.take(asked, cause="assignments/0/999") == []


def test_who_is_asked_anew_too_late_is_told_that_the_call_is_over() -> None:
    running = Running()
    running.take(offer())
    running.perform()
    told = of(running.take(withdrawn(offer(), "overridden")), PageDue)
    running.pass_seconds(40)
    running.take(offer(2))
    assert running.owed() == ["page-due"] * len(told)


@pytest.mark.parametrize("late", [withdrawn(offer(), "signed-off"), withdrawn(offer(7), "cancelled")])
def test_nobody_hears_of_their_own_sign_off_or_of_an_offer_never_made(late: Event) -> None:
    running = Running()
    running.take(offer())
    running.perform()
    assert running.take(late) == []


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (unconfirmed(), "unconfirmed"),
        (upgrade(), "upgrade"),
        (released(), "withdrawn"),
        (TeamNotMoving(call_id=CALL, episode=1, team_id="alpha"), "not-moving"),
        (safety_check(), "safety-check"),
    ],
)
def test_a_team_is_told_what_changes_its_call_over_every_method(event: Event, kind: str) -> None:
    running = Running()
    for before in (offer(), accepted(offer()), routed()):
        running.take(before)
    running.perform()
    notices = of(running.take(event), PageDue)
    assert [page.kind for page in notices] == [kind] * 3
    assert {page.not_after for page in notices} == {NOON + timedelta(minutes=3)}


@pytest.mark.parametrize(("minutes", "told"), [(50, 3), (70, 0)])
def test_who_was_turned_back_long_ago_is_not_told_now_as_if_it_were_of_the_call_that_they_have(
    minutes: int, told: int
) -> None:
    running = Running()
    for before in (offer(), accepted(offer())):
        running.take(before)
    running.perform()
    running.pass_seconds(minutes * 60)
    running.take(released(), at=NOON)
    assert len(of(running.perform(), PageAttempted)) == told


def test_a_notice_is_not_sent_once_the_call_is_cleared() -> None:
    running = Running()
    running.take(offer())
    running.perform()
    running.take(unconfirmed())
    done = AssignmentEnded(call_id=CALL, episode=1, team_id="alpha", disposition="resolved-on-scene")
    assert {event.why for event in of(running.take(done), PageDropped)} == {"ended"}


def test_each_question_is_a_page_of_its_own_and_none_is_sent_once_the_team_has_spoken() -> None:
    running = Running()
    running.take(offer())
    running.perform()
    first = of(running.take(safety_check()), PageDue)
    running.perform()
    running.pass_seconds(1800)
    second = of(running.take(safety_check(2)), PageDue)
    assert [page.person_id for page in first] == [page.person_id for page in second] == ["ana", "ana", "ben"]
    assert not {page.page_id for page in first} & {page.page_id for page in second}
    dropped = of(running.take(status("on-scene")), PageDropped)
    assert {(drop.page_id, drop.why) for drop in dropped} == {(page.page_id, "answered") for page in second}


def test_the_cad_reads_which_team_is_silent_for_how_long_and_what_is_asked() -> None:
    (message,) = of(Running().take(silent()), CadMessageDue)
    assert (message.source, message.not_after) == ("dane", NOON + timedelta(seconds=10))
    assert message.body["data"] == {
        "agency": "madison",
        "source": "dane",
        "incident_id": "26-001",
        "call_id": CALL,
        "episode": 1,
        "team_id": "alpha",
        "missed": 2,
        "silent_minutes": 90,
        "send": "police",
        "sentence": "alpha has been silent for 90 min, safety checks missed: 2. Send police.",
    }


def test_a_late_acceptance_of_an_older_offer_still_has_its_notices() -> None:
    running = Running()
    running.take(offer())
    running.take(offer(2, call_id="madison/dane/26-002"))
    running.perform()
    assert {page.offer_id for page in of(running.take(unconfirmed()), PageDue)} == {"offer-1"}


def test_offers_of_teams_that_are_gone_are_forgotten_and_not_of_one_that_is_asked_whether_it_is_well() -> None:
    running = Running()
    for before in (offer(), accepted(offer()), offer(2, "gone", call_id="madison/dane/26-002")):
        running.take(before)
    for number in range(1, 5):
        running.pass_seconds(20 * 24 * 3600)
        running.take(safety_check(number))
        running.take(offer(2 + number, f"new-{number}", running.now, call_id=f"madison/dane/26-01{number}"))
        running.perform()
    assert set(running.state.recent_offers) == {"alpha", "new-3", "new-4"}
    assert {page.offer_id for page in of(running.take(upgrade()), PageDue)} == {"offer-1"}


def test_a_notice_about_a_call_that_was_never_offered_to_the_team_has_no_receiver() -> None:
    running = Running()
    for number in range(2, 60):
        running.take(offer(number, call_id=f"madison/dane/26-00{number}"))
    assert of(running.take(unconfirmed()), PageDue) == []
    assert len(running.state.recent_offers["alpha"]) == MAX_RECENT_OFFERS


# --- word back to the CAD


def test_the_cad_hears_the_outcome_in_the_notice_time() -> None:
    running = Running()
    (message,) = of(running.take(routed()), CadMessageDue)
    assert message.source == "dane"
    assert message.not_after == routed().deadline + timedelta(seconds=10)
    data = message.body["data"]
    assert (data["outcome"], data["team_id"], data["incident_id"]) == ("team-accepted", "alpha", "26-001")
    effect = NOTIFICATION.pending(running.state)[message.message_id]
    assert not effect.at_most_once
    assert running.take(EffectDone(message.message_id, "done")) == [
        CadInformed(message_id=message.message_id, source="dane", kind="call.routed", call_id=CALL, episode=1)
    ]
    assert running.owed() == []


@pytest.mark.parametrize("event", [routed(), status("need-police"), released()])
def test_what_stands_at_a_position_that_is_given_again_is_no_repeat_for_whoever_is_told(event: Event) -> None:
    """After a restore Kafka gives those again that came after the backup, and who was told of them has their ids."""
    sent: list[set[str]] = []
    for later in (timedelta(0), timedelta(minutes=20)):
        running = Running(now=NOON + later)
        running.take(offer())
        told = running.take(event, "assignments/0/55")
        assert not of(running.take(event, "assignments/0/55", running.now), CadMessageDue), "that would be a repeat"
        pages = {page.page_id for page in of(told, PageDue) if page.kind != "offer"}
        sent.append({message.message_id for message in of(told, CadMessageDue)} | pages)
    assert sent[0]
    assert not sent[0] & sent[1]


def test_an_outcome_that_is_decided_late_is_still_told() -> None:
    running = Running(now=NOON + timedelta(hours=1))
    (message,) = of(running.take(routed()), CadMessageDue)
    assert message.not_after == running.now + timedelta(seconds=10)


def test_that_no_team_comes_is_told_as_long_as_that_one_comes() -> None:
    """A CAD whose door was away for half a minute heard only that a team comes, which had been turned back by then."""
    running = Running()
    (outcome,) = of(running.take(routed()), CadMessageDue)
    running.pass_seconds(5)
    (taken_back,) = of(running.take(released()), CadMessageDue)
    assert (taken_back.kind, taken_back.not_after) == ("assignment.withdrawn", outcome.not_after)
    running = Running()
    running.take(routed())
    running.perform()
    (taken_back,) = of(running.take(released()), CadMessageDue)
    assert taken_back.not_after == running.now + timedelta(seconds=10)


@pytest.mark.parametrize(
    ("event", "kind", "alarm"),
    [
        (routed(), "call.routed", True),
        (routed("default", None), "call.routed", False),
        (routed("default", None).model_copy(update={"requested_by": "officer"}), "call.routed", True),
        (routed("cancelled", None), "call.routed", False),
        (status("en-route"), "unit.status", False),
        (status("need-police"), "unit.status", True),
        (upgrade(), "call.upgraded", True),
        (released(), "assignment.withdrawn", True),
        (TeamNotMoving(call_id=CALL, episode=1, team_id="alpha"), "team.not-moving", True),
        (silent(), "team.silent", True),
    ],
)
def test_who_believes_wrongly_raises_an_alarm(event: Event, kind: str, alarm: bool) -> None:  # noqa: FBT001
    running = Running()
    (message,) = of(running.take(event), CadMessageDue)
    assert message.kind == kind
    (told,) = of(running.take(EffectDone(message.message_id, "failed", "no-webhook")), CadNotInformed)
    assert (told.why, told.alarm) == ("no-webhook", alarm)


def test_a_confirmation_is_asked_for_only_while_it_helps() -> None:
    until = NOON + timedelta(seconds=5)
    asked = ConfirmationAsked(call_id=CALL, episode=1, response="care-team", expires_at=until, sentence="Fits.")
    (message,) = of(Running().take(asked), CadMessageDue)
    assert (message.kind, message.not_after) == ("call.confirm", until)


def test_a_status_without_a_call_is_no_word_to_the_cad() -> None:
    assert Running().take(status("available").model_copy(update={"call_id": None})) == []


def test_a_webhook_that_is_gone_is_disabled_until_a_ping_succeeds() -> None:
    running = Running()
    running.take(routed("default", None))
    gone = running.perform("failed", "gone")
    assert types(gone) == ["cad-not-informed", "cad-webhook-disabled"]
    assert of(gone, CadWebhookDisabled)[0].source == "dane"

    at_once = running.take(status("need-police"))
    assert types(at_once) == ["cad-message-due", "cad-not-informed"]
    assert of(at_once, CadNotInformed)[0].why == "disabled"
    assert running.owed() == []

    assert types(running.take(redeliver(at_once[0].message_id))) == ["command-refused"]  # type: ignore[attr-defined]
    assert types(running.take(ping())) == ["cad-message-due", "command-done"]
    assert types(running.perform("failed", "timeout")) == ["cad-not-informed"]
    running.take(ping("ping-2"))
    assert types(running.perform()) == ["cad-informed", "cad-webhook-enabled"]
    assert of(running.journal, CadWebhookEnabled)[0].source == "dane"
    assert types(running.take(redeliver(at_once[0].message_id, "again-2"))) == ["cad-message-due", "command-done"]  # type: ignore[attr-defined]


def test_who_looks_after_an_alert_is_on_record_once() -> None:
    running = Running()
    assert types(running.take(acknowledge())) == ["alert-acknowledged", "command-done"]
    (again,) = running.take(acknowledge("ack-2"))
    assert isinstance(again, CommandDone)
    assert (again.result, again.sentence) == ("nothing-to-do", "You have said so already.")
    taken_over = running.take(acknowledge("ack-3", by="eve"))
    assert of(taken_over, AlertAcknowledged)[0].acknowledged_by == "eve"
    assert "eve looks after it. Before: dora." in of(taken_over, CommandDone)[0].sentence
    raised_again = acknowledge("ack-4", by="eve", raised_at=NOON + timedelta(minutes=5))
    assert types(running.take(raised_again)) == ["alert-acknowledged", "command-done"]


def test_noise_is_said_with_a_reason() -> None:
    running = Running()
    (refused,) = running.take(acknowledge(noise=True))
    assert isinstance(refused, CommandRefused)
    assert refused.reason == "no-reason"
    (word, _) = running.take(acknowledge("ack-2", noise=True, reason="the radio shadow at the lake"))
    assert isinstance(word, AlertAcknowledged)
    assert (word.noise, word.reason) == (True, "the radio shadow at the lake")


def test_a_message_is_sent_again_under_its_id() -> None:
    running = Running()
    (first,) = of(running.take(routed()), CadMessageDue)
    (busy,) = running.take(redeliver(first.message_id, "early"))
    assert isinstance(busy, CommandDone)
    assert busy.result == "nothing-to-do"
    running.perform("failed", "timeout")
    again, done = running.take(redeliver(first.message_id))
    assert isinstance(again, CadMessageDue)
    assert (again.message_id, again.body) == (first.message_id, first.body)
    assert isinstance(done, CommandDone)
    assert types(running.perform()) == ["cad-informed"]


def test_that_a_team_comes_is_not_told_again_once_it_does_not() -> None:
    """A CAD that goes by what it heard last believed in a team that had been turned back."""
    running = Running()
    (accepted,) = of(running.take(routed()), CadMessageDue)
    (withdrawn_team,) = of(running.take(released()), CadMessageDue)
    running.perform()
    (refused,) = running.take(redeliver(accepted.message_id))
    assert isinstance(refused, CommandRefused)
    assert refused.reason == "taken-back"
    assert types(running.take(redeliver(withdrawn_team.message_id, "again-2"))) == ["cad-message-due", "command-done"]


def test_a_question_is_not_asked_again_once_an_answer_would_come_too_late() -> None:
    running = Running()
    expires_at = NOON + timedelta(seconds=25)
    running.take(ConfirmationAsked(call_id=CALL, episode=1, response="care-team", expires_at=expires_at, sentence="?"))
    (asked,) = of(running.journal, CadMessageDue)
    running.perform("failed", "timeout")
    running.pass_seconds(20)
    again, _ = running.take(redeliver(asked.message_id, "in-time"))
    assert isinstance(again, CadMessageDue)
    assert again.not_after == expires_at
    running.perform("failed", "timeout")
    running.pass_seconds(5)
    (refused,) = running.take(redeliver(asked.message_id, "late"))
    assert isinstance(refused, CommandRefused)
    assert refused.reason == "too-late"


def test_a_command_gets_one_answer() -> None:
    running = Running()
    (refused,) = running.take(redeliver("nowhere"))
    assert isinstance(refused, CommandRefused)
    assert refused.reason == "unknown-message"
    assert running.take(redeliver("nowhere")) == []
    running.pass_seconds(120)
    (late,) = running.take(ping())
    assert isinstance(late, CommandRefused)
    assert late.reason == "expired"


# --- state


def test_messages_are_kept_for_a_day_and_up_to_a_number() -> None:
    (message,) = of(Running().take(routed()), CadMessageDue)
    outbox = Outbox()
    for number in range(MAX_MESSAGES + 5):
        outbox = outbox.add(message.model_copy(update={"message_id": f"m{number}"}), NOON)
    assert outbox.get("m4") is None
    assert outbox.get("m5") is not None
    later = outbox.add(message.model_copy(update={"message_id": "late"}), NOON + timedelta(hours=25))
    assert (len(later.messages), len(later.numbers)) == (1, 1)


HISTORIES = st.lists(
    st.sampled_from(
        [
            accepted(offer()),
            withdrawn(offer()),
            withdrawn(offer(2, team_id="bravo"), "taken"),
            of_offer(OfferExpired, offer(2, team_id="bravo")),
            routed(),
            routed("default", None),
            status("en-route"),
            status("need-police"),
            upgrade(),
            unconfirmed(),
            safety_check(),
            silent(),
            released(),
            ping(),
            redeliver("nowhere"),
            "perform",
            "fail",
            "gone",
            "start",
            "wait",
        ]
    ),
    max_size=25,
).map(lambda rest: [offer(), offer(2, team_id="bravo", recipients=CREW[1:]), *rest])


def run(history: list[Any]) -> Running:
    running = Running()
    for item in history:
        match item:
            case "perform":
                running.perform()
            case "fail":
                running.perform("failed", "timeout")
            case "gone":
                running.perform("failed", "gone")
            case "start":
                for effect_id in list(NOTIFICATION.pending(running.state)):
                    running.take(EffectStarting(effect_id))
            case "wait":
                running.pass_seconds(12)
            case event:
                running.take(event)
    return running


@settings(max_examples=150)
@given(HISTORIES)
def test_deciding_any_input_again_changes_nothing(history: list[Any]) -> None:
    running = run(history)
    for again in running.inputs:
        if isinstance(again.event, EffectStarting | EffectDone) and again.event.effect_id in running.state.owed:
            continue  # a new attempt of something still owed, not the old input again
        assert running.decide(again) == []


@settings(max_examples=150)
@given(HISTORIES)
def test_the_journal_alone_gives_the_state_back_and_a_snapshot_keeps_it(history: list[Any]) -> None:
    running = run(history)
    packed = NOTIFICATION.packer.pack(running.state)
    assert NOTIFICATION.packer.unpack(packed) == running.state
    assert set(running.state.pages_of_call) <= {CALL}
    owed_pages = {key for key, held in running.state.owed.items() if isinstance(held.event, PageDue)}
    assert {page for pages in running.state.pages_of_call.values() for page in pages} == owed_pages


@settings(max_examples=150)
@given(HISTORIES)
def test_no_page_is_tried_twice_and_every_page_and_message_ends_once(history: list[Any]) -> None:
    running = run(history)
    running.pass_seconds(600)
    running.perform("failed", "timeout")
    attempts = [event.page_id for event in of(running.journal, PageAttempted)]
    assert len(attempts) == len(set(attempts))
    ends = [event.page_id for kind in (PageDelivered, PageFailed, PageDropped) for event in of(running.journal, kind)]
    assert len(ends) == len(set(ends))
    assert set(ends) == {event.page_id for event in of(running.journal, PageDue)}
    told = {event.message_id for kind in (CadInformed, CadNotInformed) for event in of(running.journal, kind)}
    assert told == {event.message_id for event in of(running.journal, CadMessageDue)}


def test_it_starts_empty_and_knows_what_it_reads() -> None:
    assert NOTIFICATION.initial == State()
    assert [topic.name for topic in NOTIFICATION.reads] == ["commands", "assignments", "rosters"]
    assert NOTIFICATION.writes.name == "notifications"


def test_no_cad_is_told_of_a_test_call_so_none_can_answer_for_another() -> None:
    """Whoever was ever told anything is asked for police later, and its acknowledgement would end that alarm."""
    running = Running()
    assert of(running.take(routed("default", None).model_copy(update={"synthetic": True})), CadMessageDue) == []
    assert not running.state.sources


def test_of_two_messages_about_one_call_the_later_one_has_a_later_time_stamp() -> None:
    """A CAD tells the order by it, and what came of one input, or of two of one instant, was stamped alike."""
    running = Running()
    running.take(routed())
    running.take(upgrade())
    running.take(status("en-route"), at=NOON - timedelta(seconds=5))
    running.take(withdrawn_team := released())
    assert withdrawn_team.call_id == CALL
    messages = of(running.journal, CadMessageDue)
    stamps = [datetime.fromisoformat(message.body["timestamp"]) for message in messages]
    assert len(stamps) == 4
    assert all(earlier < later for earlier, later in pairwise(stamps))
    assert stamps[0] == NOON
    running.perform()
    (again, _) = running.take(redeliver(messages[1].message_id))
    assert again.body == messages[1].body  # type: ignore[attr-defined]
    assert running.take(status("on-scene"))[0].body["timestamp"] > stamps[-1].isoformat()  # type: ignore[attr-defined]


def test_messages_about_one_call_leave_in_their_order() -> None:
    """An outcome may be told for a minute, a release for ten seconds: the release left first."""
    running = Running()
    running.take(routed())
    running.take(released())
    effects = NOTIFICATION.pending(running.state)
    turns = {effect.event.kind: (effect.sequence, effect.turn) for effect in effects.values()}  # type: ignore[attr-defined]
    assert turns == {"call.routed": (CALL, 0), "assignment.withdrawn": (CALL, 1)}
