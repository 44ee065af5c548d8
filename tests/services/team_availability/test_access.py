"""Who is on a team for certain, and how links and tokens are taken away while calls run."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from services.team_availability.choice import recipients_of
from shared.events import (
    AcceptOffer,
    CalendarRevoked,
    CallRouted,
    CommandDone,
    CommandRefused,
    ConfirmMember,
    ContactMethod,
    DefinePerson,
    DefineTeam,
    Event,
    LinksRevoked,
    MemberConfirmed,
    OfferAccepted,
    OfferMade,
    Person,
    RemovePerson,
    RevokeCalendar,
    RevokeLinks,
    RevokeToken,
    SignOff,
    SignOn,
    Team,
    TeamSignedOn,
    TokenRevoked,
    decode,
)
from tests.builders import judgement, verdict
from tests.services.team_availability.driver import Town, call_id, reason

CREW, TEAMS = ("sal", "sid"), ("one", "two")
HASH = "sha256:" + "a" * 64
PAGER = ContactMethod(method_id="webhook", kind="webhook", url="https://pager.test/sal")


def town_with_people() -> Town:
    """Sal is a paramedic, Sid a crisis worker; nobody is on shift."""
    town = Town()
    for person_id, discipline in zip(CREW, ("paramedic", "crisis-worker"), strict=True):
        town.command(DefinePerson, person=Person(person_id=person_id, name=person_id, disciplines=(discipline,)))  # type: ignore[arg-type]
    for team_id in TEAMS:
        team = Team(team_id=team_id, model="community-responder", primary_districts=("Central",))
        town.command(DefineTeam, team=team)
    return town


def sign_on(
    town: Town, by: str, members: tuple[str, ...] = CREW, *, vouched: bool = False, team_id: str = "one"
) -> Event:
    ends_at = town.now + timedelta(hours=8)
    return town.command(SignOn, team_id=team_id, members=members, shift_ends_at=ends_at, vouched=vouched, issued_by=by)


def confirm(town: Town, person_id: str, by: str | None = None, team_id: str = "one") -> Event:
    return town.command(ConfirmMember, team_id=team_id, person_id=person_id, issued_by=by or person_id)


def accept(town: Town, person_id: str) -> Event:
    offer = town.last(OfferMade)
    return town.command(AcceptOffer, offer_id=offer.offer_id, person_id=person_id, issued_by=person_id)


def members(town: Town, team_id: str = "one") -> tuple[str, ...]:
    shift = town.state.teams[team_id].shift
    return shift.members if shift else ()


# --- F9 -------------------------------------------------------------------------------------------------------------


def test_a_team_of_which_nobody_has_confirmed_is_offered_nothing_whatever_crew_a_response_asks_for() -> None:
    town = town_with_people()
    sign_on(town, "sal", ("sid",))
    town.call("1", judgement(verdict(crew=())))
    assert not town.all(OfferMade)
    assert town.last(CallRouted).reasons == ("crew-incomplete",)


def test_f9_whom_staff_name_counts_only_once_they_have_confirmed() -> None:
    """F9: Sal signs Sid on, who is at home: the crew is incomplete, and nobody answers as Sid."""
    town = town_with_people()
    answer = sign_on(town, "sal")
    assert isinstance(answer, CommandDone)
    assert answer.sentence == "Not counted before they confirm: sid."
    town.call("1")
    assert not town.all(OfferMade)
    assert town.last(CallRouted).reasons == ("crew-incomplete",)
    assert reason(confirm(town, "sid")) == "command-done"
    assert (town.last(MemberConfirmed).person_id, town.last(MemberConfirmed).vouched_by) == ("sid", "")
    town.call("2")
    assert [recipient.person_id for recipient in town.last(OfferMade).recipients] == ["sal", "sid"]
    assert reason(accept(town, "sid")) == "command-done"


def test_f9_who_has_not_confirmed_cannot_answer_for_themselves_or_be_paged() -> None:
    """F9: the crew is complete without Sid, and he is neither paged nor can he accept."""
    town = town_with_people()
    both = Person(person_id="sal", name="sal", disciplines=("paramedic",))
    town.command(DefinePerson, person=both)
    town.command(DefinePerson, person=Person(person_id="sue", name="sue", disciplines=("crisis-worker",)))
    sign_on(town, "sal", ("sal", "sid", "sue"))
    confirm(town, "sue")
    town.call("1")
    assert [recipient.person_id for recipient in town.last(OfferMade).recipients] == ["sal", "sue"]
    answer = accept(town, "sid")
    assert isinstance(answer, CommandRefused)
    assert (answer.reason, answer.sentence) == (
        "not-confirmed",
        "sid has not confirmed yet to be on one: that comes first.",
    )
    assert reason(confirm(town, "sid")) == "command-done"
    assert town.last(MemberConfirmed).call_id is None
    assert town.last(MemberConfirmed).offer_id == town.last(OfferMade).offer_id, "it is asked of him, too"
    assert reason(accept(town, "sid")) == "command-done"


def test_a_member_who_confirms_while_the_team_has_a_call_comes_to_that_call() -> None:
    town = town_with_people()
    town.command(DefinePerson, person=Person(person_id="sue", name="sue", disciplines=("crisis-worker",)))
    sign_on(town, "sal", ("sal", "sid", "sue"))
    confirm(town, "sue")
    town.call("1")
    accept(town, "sal")
    confirm(town, "sid")
    assert (town.last(MemberConfirmed).call_id, town.last(MemberConfirmed).episode) == (call_id("1"), 1)
    assert town.last(MemberConfirmed).offer_id is None
    assert town.last(OfferAccepted).members == ("sal", "sue")


def test_f9_who_vouches_is_recorded() -> None:
    """F9: a supervisor's sign-on speaks for the members; so may a dispatcher later, for one."""
    town = town_with_people()
    sign_on(town, "ana", vouched=True)
    signed_on = town.last(TeamSignedOn)
    assert (signed_on.unconfirmed, signed_on.vouched_by) == ((), "ana")
    assert members(town) == CREW
    town.command(SignOff, team_id="one")
    sign_on(town, "sal")
    assert (town.last(TeamSignedOn).unconfirmed, town.last(TeamSignedOn).vouched_by) == (("sid",), "")
    confirm(town, "sid", by="cleo")
    assert town.last(MemberConfirmed).vouched_by == "cleo"
    assert members(town) == CREW
    again = confirm(town, "sid")
    assert isinstance(again, CommandDone)
    assert again.result == "nothing-to-do"


def test_f9_only_a_member_can_confirm() -> None:
    town = town_with_people()
    assert reason(confirm(town, "sid")) == "not-on-team"
    sign_on(town, "sal", ("sal",))
    assert reason(confirm(town, "sid")) == "not-on-team"
    assert reason(town.command(ConfirmMember, team_id="two", person_id="sid")) == "not-on-team"


def test_f9_to_be_named_by_another_keeps_nobody_from_their_own_team() -> None:
    """F9: a name that was typed wrong binds nobody: Sid signs on elsewhere, and is then not on the first team."""
    town = town_with_people()
    sign_on(town, "sal")
    assert reason(sign_on(town, "sid", ("sid",), team_id="two")) == "command-done"
    assert reason(confirm(town, "sid")) == "on-shift"
    assert members(town) == ("sal",)
    assert members(town, "two") == ("sid",)
    town.command(SignOff, team_id="two")
    assert reason(town.command(RemovePerson, person_id="sid")) == "command-done"
    assert reason(confirm(town, "sid")) == "unknown-person"


def test_f9_repeating_a_sign_on_vouches_for_nobody() -> None:
    town = town_with_people()
    sign_on(town, "sal")
    answer = sign_on(town, "ana", vouched=True)
    assert isinstance(answer, CommandDone)
    assert answer.result == "nothing-to-do"
    assert members(town) == ("sal",)


def test_f9_members_of_old_records_are_confirmed() -> None:
    town = town_with_people()
    old = {
        "team_id": "one",
        "shift_id": "s",
        "members": CREW,
        "shift_ends_at": (town.now + timedelta(hours=8)).isoformat(),
    }
    town.fold(decode("team-signed-on", json.dumps(old).encode()))
    assert members(town) == CREW
    town.call("1")
    assert town.all(OfferMade)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("on"), st.sampled_from(TEAMS), st.sampled_from((*CREW, "ana")), st.booleans()),
        st.tuples(st.just("confirm"), st.sampled_from(TEAMS), st.sampled_from(CREW), st.sampled_from((*CREW, "ana"))),
        st.tuples(st.just("off"), st.sampled_from(TEAMS), st.just(""), st.just("")),
    ),
    max_size=12,
)


@settings(max_examples=300)
@given(STEPS)
def test_f9_nobody_counts_without_their_own_word_or_somebody_elses_that_is_recorded(steps: list[Any]) -> None:
    """F9: whatever happens in whatever order, who counts and who is paged has confirmed, or was vouched for."""
    town, certain = town_with_people(), {team_id: set[str]() for team_id in TEAMS}
    for kind, team_id, who, more in steps:
        before = len(town.journal)
        if kind == "on":
            sign_on(town, who, vouched=more, team_id=team_id)
        elif kind == "confirm":
            confirm(town, who, by=more, team_id=team_id)
        else:
            town.command(SignOff, team_id=team_id)
        for event in town.journal[before:]:
            if isinstance(event, TeamSignedOn):
                certain[team_id] = set(CREW) if event.vouched_by else {who} & set(CREW)
            elif isinstance(event, MemberConfirmed):
                assert event.vouched_by == ("" if more == who else more)
                certain[team_id].add(event.person_id)
            elif event.type == "team-signed-off":
                certain[team_id] = set()
        for team in TEAMS:
            assert set(members(town, team)) == certain[team]
            assert {recipient.person_id for recipient in recipients_of(town.state, team)} == certain[team]
        assert not certain["one"] & certain["two"], "nobody is on two teams"


# --- F10 ------------------------------------------------------------------------------------------------------------


def revoke(town: Town, person_id: str = "sal", reason: str = "the phone is lost") -> Event:
    return town.command(RevokeLinks, person_id=person_id, reason=reason, issued_by="ana")


def test_f10_links_are_revoked_at_once_and_a_team_on_scene_stays() -> None:
    """F10: a phone is lost while the team is on scene: the links end, the assignment and its checks go on."""
    town = town_with_people()
    sign_on(town, "ana", vouched=True)
    town.call("1")
    accept(town, "sal")
    town.status("on-scene")
    before = town.state
    assert reason(revoke(town)) == "command-done"
    revoked = town.last(LinksRevoked)
    assert (revoked.person_id, revoked.generation, revoked.revoked_by) == ("sal", 1, "ana")
    assert revoked.reason == "the phone is lost"
    assert (town.state.teams, town.state.calls, town.state.clocks) == (before.teams, before.calls, before.clocks)
    revoke(town)
    assert town.last(LinksRevoked).generation == 2


def test_f10_generations_go_on_when_somebody_leaves_and_comes_back() -> None:
    town = town_with_people()
    revoke(town)
    town.command(RemovePerson, person_id="sal")
    assert reason(revoke(town)) == "unknown-person"
    town.command(DefinePerson, person=Person(person_id="sal", name="sal", disciplines=("paramedic",)))
    revoke(town)
    assert town.last(LinksRevoked).generation == 2


def test_f10_it_takes_a_reason_and_says_where_new_links_go() -> None:
    town = town_with_people()
    assert reason(revoke(town, reason=" ")) == "no-reason"
    person = Person(person_id="sal", name="sal", disciplines=("paramedic",), contact_methods=(PAGER,))
    town.command(DefinePerson, person=person)
    answer = revoke(town)
    assert isinstance(answer, CommandDone)
    assert answer.sentence.endswith(
        "if that reaches a phone in wrong hands, change how they are reached, then revoke once more."
    )
    assert town.last(LinksRevoked).contact_methods == (PAGER,)


def test_calendars_are_revoked_alone_and_no_link_to_one_comes_back() -> None:
    town = town_with_people()

    def revoke_calendar(why: str) -> Event:
        return town.command(RevokeCalendar, person_id="sal", reason=why, issued_by="ana")

    assert reason(revoke_calendar(" ")) == "no-reason"
    assert reason(revoke_calendar("it was shared")) == "command-done"
    town.command(RemovePerson, person_id="sal", issued_by="cy")
    assert reason(revoke_calendar("once more")) == "unknown-person"
    town.command(DefinePerson, person=Person(person_id="sal", name="sal", disciplines=("paramedic",)))
    revoke_calendar("it was shared again")
    revoked = [(each.generation, each.revoked_by) for each in town.all(CalendarRevoked)]
    assert revoked == [(1, "ana"), (2, "cy"), (3, "ana")], "whoever left has no link to what comes after them"
    assert town.all(LinksRevoked) == []


# --- F7 -------------------------------------------------------------------------------------------------------------


def test_f7_a_token_is_revoked_once_and_for_good() -> None:
    town = Town()
    revocation: dict[str, Any] = {"token_hash": HASH, "holder": "ana", "issued_by": "ben"}
    assert reason(town.command(RevokeToken, **revocation, reason="")) == "no-reason"
    assert reason(town.command(RevokeToken, **revocation, reason="it was seen")) == "command-done"
    revoked = town.last(TokenRevoked)
    assert (revoked.token_hash, revoked.holder, revoked.revoked_by, revoked.reason) == (
        HASH,
        "ana",
        "ben",
        "it was seen",
    )
    again = town.command(RevokeToken, **revocation, reason="it was seen")
    assert isinstance(again, CommandDone)
    assert again.result == "nothing-to-do"
    assert len(town.all(TokenRevoked)) == 1
