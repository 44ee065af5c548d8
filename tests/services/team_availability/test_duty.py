"""A plan is followed as far as people and calls let it; teams on call are chosen by proofs; who is silent is out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.team_availability.service import TEAM_AVAILABILITY
from shared.events import (
    AssignmentWithdrawn,
    BeginDuty,
    CallRouted,
    CommandRefused,
    ConfirmMember,
    ContactBroken,
    ContactOptedIn,
    ContactOptedOut,
    ContactProved,
    ContactRemoved,
    ContactSet,
    DeclineOffer,
    DefinePerson,
    DefineTeam,
    DutyBegan,
    DutyChanged,
    DutyEnded,
    DutyNoted,
    DutyOver,
    Event,
    HoldCall,
    MembersLeftOut,
    OfferAccepted,
    OfferMade,
    OfferWithdrawn,
    Person,
    RevokeLinks,
    ShiftChanged,
    SignOff,
    SignOn,
    Team,
    TeamHeard,
    TeamMissing,
    TeamSignedOff,
    TeamSignedOn,
    TeamUnanswering,
)
from shared.judgement import Step
from tests.builders import judgement, verdict
from tests.services.team_availability.driver import START, Town, call_id, kinds, reason

CREW = ("ann", "bob")


class PlannedTown(Town):
    """A town with a team `night` that a plan signs on, and people who can be reached."""

    def __init__(self, *, people: tuple[str, ...] = ("ann", "bob", "cem")) -> None:
        super().__init__()
        self.command(
            DefineTeam, team=Team(team_id="night", model="community-responder", primary_districts=("Central",))
        )
        for person_id in people:
            discipline: Any = "crisis-worker" if person_id == "bob" else "paramedic"
            self.command(DefinePerson, person=Person(person_id=person_id, name=person_id, disciplines=(discipline,)))
            self.prove(person_id)

    def reach(self, event: type[Event], person_id: str, method_id: str = "text", **fields: Any) -> list[Event]:
        return self.hear(
            event.model_validate({"person_id": person_id, "method_id": method_id, **fields}), "notifications"
        )

    def prove(self, person_id: str, method_id: str = "text", time: datetime | None = None) -> None:
        self.reach(ContactSet, person_id, method_id, kind="sms", fingerprint=f"{person_id}/{method_id}")
        proved = ContactProved(person_id=person_id, method_id=method_id)
        self.hear(proved, "notifications", time or self.now)

    def begin(
        self, shift_id: str = "n1", members: tuple[str, ...] = CREW, hours: float = 10, **fields: Any
    ) -> list[Event]:
        about: Any = {"duty": "on-call", "team_id": "night", "ends_at": self.now + timedelta(hours=hours)} | fields
        return self.hear(DutyBegan(shift_id=shift_id, members=members, **about), "rosters")

    def change(self, members: tuple[str, ...], ends_at: datetime, shift_id: str = "n1") -> list[Event]:
        changed = DutyChanged(shift_id=shift_id, team_id="night", members=members, ends_at=ends_at)
        return self.hear(changed, "rosters")

    def end(self, shift_id: str = "n1") -> list[Event]:
        return self.hear(DutyEnded(shift_id=shift_id, team_id="night"), "rosters")

    def crew(self) -> tuple[str, ...]:
        shift = self.state.teams["night"].shift
        return () if shift is None else shift.members

    def take(self, *args: Any, **kwargs: Any) -> list[Event]:
        events = super().take(*args, **kwargs)
        for team_id, shift in self.state.on_shift():
            assert set(shift.members).isdisjoint(
                member for other, each in self.state.on_shift() if other != team_id for member in each.members
            ), "somebody is on two teams"
        return events


@pytest.fixture
def town() -> PlannedTown:
    return PlannedTown()


def passed_over(town: Town, team_id: str = "night") -> tuple[str, ...]:
    stepped = [event for event in town.journal if event.type in ("fall-back-stepped", "offer-made")]
    (reasons,) = [each.reasons for event in stepped[-1:] for each in event.bypassed if each.team_id == team_id]  # type: ignore[attr-defined]
    return tuple(reasons)


# --- a team on call --------------------------------------------------------------------------------------------------


@pytest.mark.scenario("duty")
def test_a_team_on_call_is_signed_on_by_the_plan_and_asked_at_four_in_the_morning(town: PlannedTown) -> None:
    assert kinds(town.begin()) == ["duty-noted", "team-signed-on"]
    signed_on = town.last(TeamSignedOn)
    assert (signed_on.members, signed_on.unconfirmed) == (CREW, ())
    assert (signed_on.vouched_by, signed_on.duty, signed_on.planned_shift_id) == ("roster", "on-call", "n1")
    assert town.wait(8 * 3600) == [], "nobody is asked where they stand"
    town.call()
    assert town.last(OfferMade).team_id == "night"
    assert [each.person_id for each in town.last(OfferMade).recipients] == ["ann", "bob"]
    town.accept(town.last(OfferMade), person_id="ann", method_id="text")
    assert town.last(OfferAccepted).method_id == "text"
    assert town.last(CallRouted).outcome == "team-accepted"


@pytest.mark.scenario("duty")
def test_a_team_at_work_is_still_asked_where_it_stands(town: PlannedTown) -> None:
    town.begin(duty="on-shift")
    town.command(BeginDuty, team_id="night", planned_shift_id="n1", vouched=True)
    town.wait(16 * 60)
    town.call()
    assert passed_over(town) == ("status-stale",)


@pytest.mark.scenario("duty")
@pytest.mark.parametrize(
    ("told", "passed_on"),
    [
        ([("ann", ContactBroken, "unknown-number"), ("bob", ContactBroken, "landline")], True),
        ([("ann", ContactOptedOut, ""), ("bob", ContactBroken, "gone")], True),
        ([("ann", ContactBroken, "gone")], False),
        ([("ann", ContactBroken, "gone"), ("bob", ContactBroken, "unproved")], False),
        ([("ann", ContactBroken, "gone"), ("bob", ContactOptedOut, "")], False),
    ],
)
def test_what_nobody_on_call_can_hear_goes_on_at_once(
    town: PlannedTown, told: list[tuple[str, type[Event], str]], *, passed_on: bool
) -> None:
    """It ran out unheard, with half of what time the call had."""
    town.begin()
    town.call()
    asked = town.last(OfferMade)
    for person_id, kind, why in told:
        town.reach(kind, person_id, **({"why": why} if why else {}))
    withdrawn = [(event.offer_id, event.why) for event in town.all(OfferWithdrawn)]
    assert withdrawn == ([(asked.offer_id, "no-working-way")] if passed_on else [])
    assert [event.outcome for event in town.all(CallRouted)] == (["default"] if passed_on else [])
    assert len(town.all(OfferMade)) == 1


@pytest.mark.scenario("duty")
def test_at_work_somebody_may_look_at_their_page_and_is_asked_until_the_end(town: PlannedTown) -> None:
    town.begin(duty="on-shift")
    town.command(BeginDuty, team_id="night", planned_shift_id="n1", vouched=True)
    town.call()
    for person_id in CREW:
        town.reach(ContactBroken, person_id, why="gone")
    town.accept(town.last(OfferMade), person_id="ann")
    assert town.last(CallRouted).outcome == "team-accepted"


@pytest.mark.scenario("duty")
@pytest.mark.parametrize(
    ("told", "reasons"),
    [
        ([], ()),
        ([(ContactBroken, {"why": "unknown-number"})], ("no-working-way",)),
        ([(ContactOptedOut, {})], ("no-working-way",)),
        ([(ContactOptedOut, {}), (ContactOptedIn, {})], ()),
        ([(ContactRemoved, {"why": "device-revoked"})], ("no-working-way",)),
        ([(ContactSet, {"kind": "sms", "fingerprint": "another number"})], ("unproved",)),
        ([(ContactSet, {"kind": "sms", "fingerprint": "bob/text"})], ()),
        ([(ContactBroken, {"why": "gone"}), (ContactProved, {})], ()),
        ([(ContactBroken, {"why": "gone"}), (ContactSet, {"kind": "sms", "fingerprint": "bob/text"})], ()),
    ],
)
def test_everybody_on_call_has_a_way_that_works_and_is_proved(
    town: PlannedTown, told: list[tuple[type[Event], dict[str, Any]]], reasons: tuple[str, ...]
) -> None:
    town.begin()
    for kind, fields in told:
        town.reach(kind, "bob", **fields)
    town.call()
    if reasons:
        assert not town.all(OfferMade)
        assert passed_over(town) == reasons
        assert town.last(CallRouted).reasons == reasons
        assert town.last(CallRouted).outcome == "default"
    else:
        assert town.last(OfferMade).team_id == "night"


@pytest.mark.scenario("duty")
@pytest.mark.parametrize(
    ("dead", "reasons"),
    [
        ((), ()),
        (("dee",), ()),
        (("ann",), ()),
        (("bob",), ("no-working-way",)),
        (("ann", "dee"), ("no-working-way",)),
        (("ann", "bob", "dee"), ("no-working-way",)),
    ],
    ids=lambda value: "-".join(value) or "none",
)
@pytest.mark.parametrize("how", ["broken", "never proved"])
def test_a_dead_phone_beside_a_whole_crew_takes_no_team_out(
    dead: tuple[str, ...], reasons: tuple[str, ...], how: str
) -> None:
    """The programme asks for a paramedic and a crisis worker; ann and dee are paramedics, bob is the crisis worker."""
    town = PlannedTown()
    town.command(DefinePerson, person=Person(person_id="dee", name="dee", disciplines=("paramedic",)))
    town.prove("dee")
    town.begin(members=(*CREW, "dee"))
    for person_id in dead:
        if how == "broken":
            town.reach(ContactBroken, person_id, why="unknown-number")
        else:
            town.reach(ContactSet, person_id, kind="sms", fingerprint="another number")
    town.call()
    if reasons:
        assert passed_over(town) == (reasons if how == "broken" else ("unproved",))
        assert not town.all(OfferMade)
    else:
        assert {each.person_id for each in town.last(OfferMade).recipients} == {*CREW, "dee"}, "all of them are told"


@pytest.mark.scenario("duty")
def test_a_response_that_names_no_crew_is_offered_where_everybody_can_be_reached(town: PlannedTown) -> None:
    town.begin()
    town.reach(ContactBroken, "ann", why="unknown-number")
    town.call(judged=judgement(verdict(crew=())))
    assert passed_over(town) == ("no-working-way",)


@pytest.mark.scenario("duty")
def test_a_proof_counts_for_thirty_days(town: PlannedTown) -> None:
    town.begin(hours=24 * 40)
    town.wait(30 * 86_400 - 60)
    town.call()
    assert town.last(OfferMade).team_id == "night"
    town.command(DeclineOffer, offer_id=town.last(OfferMade).offer_id, person_id="ann", method_id="text")
    town.wait(120)
    town.call("2")
    assert passed_over(town) == ("unproved",)
    assert len(town.all(OfferMade)) == 1


@pytest.mark.scenario("duty")
def test_somebody_who_only_has_the_page_open_cannot_be_reached() -> None:
    town = PlannedTown()
    town.command(DefinePerson, person=Person(person_id="dee", name="dee", disciplines=("paramedic",)))
    town.reach(ContactSet, "dee", "page", kind="pocket")
    town.begin(members=("dee", "bob"))
    town.call()
    assert passed_over(town) == ("no-working-way",)


@pytest.mark.scenario("duty")
def test_who_is_on_shift_elsewhere_is_left_out_loudly_and_comes_when_that_is_over(town: PlannedTown) -> None:
    town.team("day", ("ann", "dan"), hours=1)
    town.begin()
    left_out = town.last(MembersLeftOut)
    assert [(each.person_id, each.why, each.on_shift_with) for each in left_out.left_out] == [
        ("ann", "on-shift", "day")
    ]
    assert town.crew() == ("bob",)
    events = town.wait(3600 + 1)
    assert kinds(events)[-3:] == ["team-signed-off", "shift-changed", "members-left-out"]
    assert town.crew() == ("bob", "ann")
    assert town.last(MembersLeftOut).left_out == ()


def test_two_who_have_swapped_between_teams_on_call_are_each_on_the_other_at_once(town: PlannedTown) -> None:
    """Whichever was said first: the one who had come from the other team was on none until somebody spoke."""
    town.command(DefineTeam, team=Team(team_id="day", model="community-responder", primary_districts=("Central",)))
    town.begin("n1")
    town.begin("o1", ("cem",), team_id="day")
    ends_at = town.now + timedelta(hours=10)
    town.change(("ann", "cem"), ends_at)
    assert town.crew() == ("ann",), "cem is on the other team still"
    town.hear(DutyChanged(shift_id="o1", team_id="day", members=("bob",), ends_at=ends_at), "rosters")
    assert town.crew() == ("ann", "cem")
    assert [shift.members for team_id, shift in town.state.on_shift() if team_id == "day"] == [("bob",)]
    assert town.last(MembersLeftOut).left_out == ()


def test_who_takes_up_again_what_was_signed_off_by_hand_is_who_is_planned_by_then(town: PlannedTown) -> None:
    """Who had taken the place meanwhile was refused, and who was relieved of it was signed on, and paged."""
    town.begin()
    town.command(SignOff, team_id="night")
    town.change(("ann", "cem"), town.now + timedelta(hours=10))
    assert town.crew() == (), "a person has ended it"
    assert town.command(BeginDuty, team_id="night", planned_shift_id="n1", issued_by="cem").type == "command-done"
    assert town.crew() == ("ann", "cem")


@pytest.mark.scenario("duty")
def test_nobody_left_signs_nobody_on_and_somebody_is_told_once(town: PlannedTown) -> None:
    town.begin(members=("nobody-we-know",))
    assert not town.all(TeamSignedOn)
    assert [(event.why, event.members) for event in town.all(TeamMissing)] == [("nobody-left", ("nobody-we-know",))]
    assert town.last(MembersLeftOut).left_out[0].why == "unknown-person"
    town.wait(3600)
    town.command(DefinePerson, person=Person(person_id="eve", name="eve", disciplines=("paramedic",)))
    assert len(town.all(TeamMissing)) == 1
    town.command(DefinePerson, person=Person(person_id="nobody-we-know", name="x", disciplines=("paramedic",)))
    assert town.crew() == ("nobody-we-know",), "once they are on the books they are on call"


@pytest.mark.scenario("duty")
def test_a_duty_of_a_team_that_is_not_on_the_roster(town: PlannedTown) -> None:
    assert kinds(town.begin(team_id="gone")) == ["duty-noted", "team-missing"]
    assert town.last(TeamMissing).why == "unknown-team"
    town.command(DefineTeam, team=Team(team_id="gone", model="community-responder"))
    assert town.last(TeamSignedOn).team_id == "gone"


@pytest.mark.scenario("duty")
def test_a_duty_twice_and_one_that_is_over_begin_nothing(town: PlannedTown) -> None:
    town.begin()
    assert town.begin() == []
    town.end()
    assert town.begin() == town.begin(members=("ann",)) == [], "it has ended"
    late = DutyBegan(shift_id="n0", team_id="night", duty="on-call", members=CREW, ends_at=town.now)
    assert (kinds(town.hear(late, "rosters")), town.crew()) == (["duty-noted"], ())
    assert town.change(CREW, town.now + timedelta(hours=1), "never-begun") == []
    assert town.end("never-begun") == []


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_shift_that_is_planned_longer_once_it_was_over_has_its_crew_on_call(town: PlannedTown, by_hand: bool) -> None:  # noqa: FBT001
    """Ten minutes after the end its rotation was given another: by the rota they were on call, and nobody was."""
    town.begin(hours=1)
    if by_hand:
        town.command(SignOff, team_id="night")
    town.wait(3600)
    town.end()
    town.wait(600)
    town.begin(hours=1)
    assert town.crew() == (() if by_hand else CREW)


def test_a_shift_that_was_moved_before_anybody_read_that_it_began_has_its_crew_on_call(town: PlannedTown) -> None:
    """After hours without team availability nobody was on call: by its first end the shift was over."""
    town.command(DefineTeam, team=Team(team_id="day", model="community-responder"))
    ended = town.now - timedelta(hours=1)
    town.hear(DutyBegan(shift_id="n1", team_id="night", duty="on-call", members=CREW, ends_at=ended), "rosters")
    town.begin("d1", ("cem",), team_id="day")
    town.change(CREW, town.now + timedelta(hours=4))
    assert town.crew() == CREW


@pytest.mark.scenario("duty")
def test_the_night_is_handed_over_without_a_gap_whoever_comes_first(town: PlannedTown) -> None:
    town.begin("n1", ("ann", "bob"), hours=10)
    town.wait(9.5 * 3600)
    assert kinds(town.begin("n2", ("cem", "bob"), hours=10)) == ["duty-noted"], "the first goes on until its end"
    events = town.wait(0.5 * 3600 + 1)
    assert kinds(events) == ["team-signed-off", "team-signed-on"]
    assert town.crew() == ("cem", "bob")
    assert town.end("n1") == [town.last(DutyOver)]
    assert town.crew() == ("cem", "bob")


@pytest.mark.scenario("duty")
def test_other_people_by_the_plan_are_asked_instead_of_those_who_leave(town: PlannedTown) -> None:
    town.begin()
    ends_at = town.now + timedelta(hours=10)
    town.call()
    events = town.change(("cem", "bob"), ends_at)
    assert kinds(events) == ["duty-noted", "offer-withdrawn", "shift-changed", "offer-made"]
    assert town.last(OfferWithdrawn).why == "crew-changed"
    assert [each.person_id for each in town.last(OfferMade).recipients] == ["bob", "cem"]
    refused = town.accept(town.all(OfferMade)[0], person_id="ann")
    assert isinstance(refused, CommandRefused)
    assert refused.reason == "not-on-team"


@pytest.mark.scenario("duty")
@pytest.mark.parametrize("status", ["accepted", "en-route", "on-scene", "transporting", "need-police"])
def test_nobody_is_dropped_from_a_call_whatever_the_plan_says(town: PlannedTown, status: str) -> None:
    town.begin()
    town.call()
    town.accept(town.last(OfferMade), person_id="ann")
    if status != "accepted":
        town.status(status, "night", issued_by="ann")
    town.change(("cem",), town.now + timedelta(hours=1))
    assert town.crew() == CREW
    town.end()
    assert town.crew() == CREW
    assert not town.all(TeamSignedOff)
    assert town.state.teams["night"].shift is not None
    town.status("cleared", "night", disposition="resolved-on-scene", issued_by="ann")
    assert town.last(TeamSignedOff).why == "shift-over"
    assert town.crew() == ()


@pytest.mark.scenario("duty")
def test_after_the_call_the_plan_is_caught_up_with(town: PlannedTown) -> None:
    town.begin()
    town.call()
    town.accept(town.last(OfferMade), person_id="ann")
    ends_at = town.now + timedelta(hours=3)
    town.change(("cem", "bob"), ends_at)
    assert town.crew() == CREW
    town.status("cleared", "night", disposition="refused", issued_by="ann")
    assert town.crew() == ("bob", "cem")
    assert town.last(ShiftChanged).shift_ends_at == ends_at
    assert town.wait(3 * 3600 + 1)[-1].type == "team-signed-off"


@pytest.mark.scenario("duty")
def test_a_dead_roster_changes_nothing_and_the_shift_ends_by_itself(town: PlannedTown) -> None:
    town.begin(hours=10)
    events = town.wait(11 * 3600)
    assert kinds(events) == ["team-signed-off"]
    assert town.wait(86_400) == []


@pytest.mark.scenario("duty")
def test_who_is_signed_off_by_hand_is_not_signed_on_again(town: PlannedTown) -> None:
    town.begin()
    town.command(SignOff, team_id="night")
    assert town.last(DutyOver).why == "signed-off"
    assert town.begin() == []
    town.change(("cem",), town.now + timedelta(hours=9))
    town.wait(3600)
    assert town.crew() == ()
    left = town.command(BeginDuty, team_id="night", planned_shift_id="n1", issued_by="ann")
    assert reason(left) == "not-on-team", "somebody else has the place by now"
    town.command(BeginDuty, team_id="night", planned_shift_id="n1", issued_by="cem")
    assert town.crew() == ("cem",), "until they say so themselves"
    assert town.last(TeamSignedOn).duty == "on-call"


@pytest.mark.scenario("duty")
@pytest.mark.parametrize("duty", ["on-call", "on-shift"])
def test_who_takes_their_shift_up_again_stays_until_the_end_that_was_moved_meanwhile(
    town: PlannedTown, duty: str
) -> None:
    """Its end was moved while they were signed off by hand, and they were signed off again at the old one."""
    town.begin(duty=duty, hours=3)
    ends_at = town.now + timedelta(hours=5)
    if duty == "on-shift":
        town.command(BeginDuty, team_id="night", planned_shift_id="n1", vouched=True)
    town.command(SignOff, team_id="night")
    assert kinds(town.change(CREW, ends_at)) == ["duty-noted"]
    town.wait(3600)
    assert town.crew() == (), "nobody is signed on by that, nor missed"
    assert not town.all(TeamMissing)
    town.command(BeginDuty, team_id="night", planned_shift_id="n1", vouched=True)
    assert town.last(TeamSignedOn).shift_ends_at == ends_at
    assert town.wait(3 * 3600) == []
    assert kinds(town.wait(3600 + 1)) == ["team-signed-off"]


@pytest.mark.scenario("duty")
@pytest.mark.parametrize("says", ["available", "cleared"])
def test_who_speaks_at_the_end_of_their_shift_stays_if_it_was_moved_before(town: PlannedTown, says: str) -> None:
    """What a team says is read before what the plan says of the same moment: the crew was signed off at the old end."""
    town.begin(duty="on-shift", hours=3)
    old_end = town.now + timedelta(hours=3)
    town.command(BeginDuty, team_id="night", planned_shift_id="n1", vouched=True)
    if says == "cleared":
        town.call()
        town.accept(town.last(OfferMade), person_id="ann")
        town.status("on-scene", "night")
    town.wait(3 * 3600 - 1)
    town.now += timedelta(seconds=1.1)  # clocks fire once what waits was read
    town.status(says, "night", **({"disposition": "refused"} if says == "cleared" else {}))
    town.change(CREW, old_end + timedelta(hours=2))
    assert town.crew() == CREW
    town.wait(1)
    assert not town.all(TeamSignedOff)
    town.wait(2 * 3600)
    assert len(town.all(TeamSignedOff)) == 1


@pytest.mark.scenario("duty")
@pytest.mark.parametrize("duty", ["on-call", "on-shift"])
@pytest.mark.parametrize("another", [False, True])
def test_an_end_that_was_moved_just_before_it_and_is_read_just_after_it_signs_nobody_off(
    town: PlannedTown,
    duty: str,
    another: bool,  # noqa: FBT001
) -> None:
    """The clock of the old end has come meanwhile; or another team's shift has begun at that moment."""
    town.begin(duty=duty, hours=3)
    old_end = town.now + timedelta(hours=3)
    if duty == "on-shift":
        town.command(BeginDuty, team_id="night", planned_shift_id="n1", vouched=True)
    town.wait(3 * 3600 + 0.02)
    if another:
        town.begin("n2", ("cem",), team_id="day")
    town.change(CREW, old_end + timedelta(hours=2))
    town.wait(1)
    assert not town.all(TeamSignedOff)
    assert town.crew() == CREW
    town.wait(2 * 3600)
    assert len(town.all(TeamSignedOff)) == 1


@pytest.mark.scenario("duty")
def test_who_is_on_their_way_keeps_the_call_when_their_shift_is_made_longer_just_before_they_would_hand_it_back(
    town: PlannedTown,
) -> None:
    ends_at = town.now + timedelta(hours=3)
    town.begin(hours=3)
    town.call()
    town.accept(town.last(OfferMade), person_id="ann")
    town.status("en-route", "night")
    town.wait(120 * 60 + 0.02)
    town.change(CREW, ends_at + timedelta(hours=2))
    town.wait(60)
    assert not town.all(AssignmentWithdrawn)


@pytest.mark.scenario("duty")
def test_a_shift_by_hand_goes_first_and_the_night_follows_it(town: PlannedTown) -> None:
    signs_on: Any = {"team_id": "night", "members": ("cem",), "shift_ends_at": town.now + timedelta(hours=1)}
    town.command(SignOn, issued_by="cem", **signs_on)
    assert kinds(town.begin()) == ["duty-noted"]
    assert town.crew() == ("cem",)
    town.command(SignOff, team_id="night")
    assert town.crew() == CREW


@pytest.mark.scenario("duty")
def test_lost_phone_the_link_is_revoked_and_the_duty_goes_on(town: PlannedTown) -> None:
    town.begin()
    before = len(town.journal)
    town.command(RevokeLinks, person_id="ann", reason="the phone is lost")
    assert town.kinds(before) == ["links-revoked", "command-done"]
    assert town.crew() == CREW
    town.reach(ContactRemoved, "ann", why="device-revoked")
    town.call()
    assert passed_over(town) == ("no-working-way",), "until another phone is hers"
    town.prove("ann", "new")
    town.call("2")
    assert town.last(OfferMade).team_id == "night"


# --- a team at work --------------------------------------------------------------------------------------------------


@pytest.mark.scenario("duty")
def test_a_planned_crew_signs_on_with_one_tap_and_the_others_confirm(town: PlannedTown) -> None:
    assert kinds(town.begin(duty="on-shift")) == ["duty-noted"]
    answer = town.command(BeginDuty, team_id="night", planned_shift_id="n1", issued_by="ann")
    assert "bob" in getattr(answer, "sentence", "")
    assert (town.last(TeamSignedOn).unconfirmed, town.crew()) == (("bob",), ("ann",))
    town.command(ConfirmMember, team_id="night", person_id="bob", issued_by="bob")
    assert town.crew() == CREW
    assert not [event for event in town.wait(3600) if isinstance(event, TeamMissing)]


def test_a_shift_that_is_over_before_anybody_is_missed_leaves_no_clock(town: PlannedTown) -> None:
    town.begin(duty="on-shift", hours=0.1, sign_on_grace_minutes=15)
    town.wait(600)
    town.begin("n2", duty="on-shift", sign_on_grace_minutes=60)
    assert town.wait(3000) == [], "the clock of a shift that is forgotten found nothing"


@pytest.mark.scenario("duty")
@pytest.mark.parametrize("grace", [15, 5])
def test_a_team_that_does_not_sign_on_is_missed_once(town: PlannedTown, grace: int) -> None:
    town.begin(duty="on-shift", sign_on_grace_minutes=grace)
    assert town.wait(grace * 60 - 1) == []
    (missing,) = town.wait(2)
    assert isinstance(missing, TeamMissing)
    assert (missing.team_id, missing.planned_shift_id, missing.members) == ("night", "n1", CREW)
    assert town.wait(8 * 3600) == []
    assert town.command(BeginDuty, team_id="night", planned_shift_id="n1", issued_by="bob").type == "command-done"


@pytest.mark.scenario("duty")
@pytest.mark.parametrize(
    ("who", "fields", "reason"),
    [
        ("zoe", {}, "not-on-team"),
        ("ann", {"planned_shift_id": "another"}, "unknown-duty"),
        ("ann", {"team_id": "nowhere"}, "unknown-duty"),
    ],
)
def test_who_may_begin_a_planned_shift(town: PlannedTown, who: str, fields: dict[str, Any], reason: str) -> None:
    town.begin(duty="on-shift")
    about: Any = {"team_id": "night", "planned_shift_id": "n1"} | fields
    refused = town.command(BeginDuty, issued_by=who, **about)
    assert isinstance(refused, CommandRefused)
    assert refused.reason == reason
    assert not town.all(TeamSignedOn)


@pytest.mark.scenario("duty")
def test_a_crew_that_signed_on_early_is_not_missed(town: PlannedTown) -> None:
    ends_at = town.now + timedelta(hours=10)
    town.command(SignOn, team_id="night", members=CREW, shift_ends_at=ends_at, vouched=True)
    town.begin(duty="on-shift", ends_at=ends_at)
    assert town.state.teams["night"].shift is not None
    assert town.state.teams["night"].shift.planned_shift_id == "n1"
    town.command(SignOff, team_id="night")
    assert town.last(DutyOver).why == "signed-off"
    assert town.wait(7200) == []


@pytest.mark.scenario("duty")
def test_another_crew_by_hand_stands_against_the_plan(town: PlannedTown) -> None:
    town.begin(duty="on-shift")
    fields: Any = {"team_id": "night", "members": ("cem", "bob"), "shift_ends_at": town.now + timedelta(hours=4)}
    town.command(SignOn, vouched=True, **fields)
    assert town.last(DutyOver).why == "by-hand"
    town.change(("ann",), town.now + timedelta(hours=4))
    assert town.crew() == ("cem", "bob")
    town.command(SignOff, team_id="night")
    assert town.wait(7200) == []


@pytest.mark.scenario("duty")
def test_the_crew_of_before_stays_and_the_next_one_is_missed_after_it(town: PlannedTown) -> None:
    town.begin("n1", ("ann",), duty="on-shift", hours=1)
    town.command(BeginDuty, team_id="night", planned_shift_id="n1", issued_by="ann")
    town.wait(3500)
    town.begin("n2", ("cem",), duty="on-shift", hours=8)
    assert kinds(town.wait(101)) == ["team-signed-off"]
    assert kinds(town.wait(15 * 60)) == ["team-missing"]
    assert town.last(TeamMissing).planned_shift_id == "n2"


@pytest.mark.scenario("duty")
@pytest.mark.parametrize("by_hand", [False, True])
def test_a_crew_that_a_call_keeps_beyond_its_shift_is_missed_in_its_next_one(town: PlannedTown, by_hand: bool) -> None:  # noqa: FBT001
    fields: Any = {"team_id": "night", "members": CREW, "shift_ends_at": town.now + timedelta(hours=3)}
    if by_hand:
        town.command(SignOn, vouched=True, **fields)
    else:
        town.begin("n1", duty="on-shift", hours=3)
        town.command(BeginDuty, team_id="night", planned_shift_id="n1", vouched=True)
    town.call()
    town.accept(town.last(OfferMade), person_id="ann")
    town.status("on-scene", "night")
    town.wait(3 * 3600)
    town.begin("n2", duty="on-shift", hours=8)
    town.end("n1")
    before = len(town.all(TeamSignedOff))
    town.status("cleared", "night", disposition="refused")
    town.wait(1)
    assert len(town.all(TeamSignedOff)) == before + 1
    assert kinds(town.wait(15 * 60)) == ["call-forgotten", "team-missing"]
    assert town.last(TeamMissing).planned_shift_id == "n2"


@pytest.mark.scenario("duty")
@pytest.mark.parametrize(("minutes", "handed_back"), [(0, 120), (240, 360), (-30, 90), (-150, 30)])
@pytest.mark.parametrize("duty", ["on-call", "on-shift"])
def test_who_is_on_their_way_hands_back_by_the_end_that_the_plan_has_by_now(
    town: PlannedTown, duty: str, minutes: float, handed_back: int
) -> None:
    town.begin(duty=duty, hours=3)
    if duty == "on-shift":
        town.command(BeginDuty, team_id="night", planned_shift_id="n1", vouched=True)
    took_it_at = town.now
    town.call()
    town.accept(town.last(OfferMade), person_id="ann")
    town.status("en-route", "night")
    town.change(CREW, took_it_at + timedelta(hours=3, minutes=minutes))
    town.wait(handed_back * 60 - 60)
    assert not town.all(AssignmentWithdrawn)
    town.wait(60 + 1)
    assert town.last(AssignmentWithdrawn).why == "shift-ends"


@pytest.mark.scenario("duty")
def test_who_is_on_their_way_hands_back_once_nobody_follows_on_their_shift_any_more(town: PlannedTown) -> None:
    ends_at = town.now + timedelta(hours=3)
    town.begin(hours=3, planned_until=ends_at + timedelta(hours=12))
    town.call()
    town.accept(town.last(OfferMade), person_id="ann")
    town.status("en-route", "night")
    town.change(CREW, ends_at)
    town.wait(120 * 60 + 1)
    assert town.last(AssignmentWithdrawn).why == "shift-ends"


NEXT_CREW = ("cem", "bob")


def near_the_hand_over(town: PlannedTown, until: float | None) -> datetime:
    """A shift of twelve hours ends in half of one; when. The team is planned for so many hours from its start."""
    ends_at = town.now + timedelta(hours=12)
    town.begin(hours=12, planned_until=None if until is None else town.now + timedelta(hours=until))
    town.wait(11.5 * 3600)
    return ends_at


@pytest.mark.scenario("duty")
def test_a_team_whose_next_crew_takes_over_is_offered_calls_up_to_the_hand_over(town: PlannedTown) -> None:
    ends_at = near_the_hand_over(town, 24)
    town.call()
    offer = town.last(OfferMade)
    assert (offer.team_id, [each.person_id for each in offer.recipients]) == ("night", list(CREW))
    town.accept(offer, person_id="ann")
    town.status("en-route", "night")
    town.wait((ends_at - town.now).total_seconds())
    town.begin("n2", NEXT_CREW, hours=12)
    town.end("n1")
    town.wait(60)
    assert town.crew() == CREW, "whoever has a call keeps it, on the way too"
    assert not town.all(AssignmentWithdrawn)
    town.status("on-scene", "night")
    town.status("cleared", "night", disposition="refused")
    town.wait(1)
    assert set(town.crew()) == set(NEXT_CREW)


HANDED_OVER = pytest.mark.parametrize("says_so", ["the clock", "the plan"])


def hand_over_with_an_offer(town: PlannedTown, says_so: str) -> OfferMade:
    """Five seconds before the hand-over the crew is asked; then the next crew's duty begins."""
    ends_at = near_the_hand_over(town, 24)
    town.wait((ends_at - town.now).total_seconds() - 5)
    town.call()
    town.wait(5 if says_so == "the plan" else 6)
    if says_so == "the plan":
        town.end("n1")
    town.begin("n2", NEXT_CREW, hours=12)
    return town.last(OfferMade)


@pytest.mark.scenario("duty")
@HANDED_OVER
def test_an_offer_that_is_open_at_the_hand_over_stays_good_and_whoever_takes_it_keeps_the_team(
    town: PlannedTown, says_so: str
) -> None:
    offer = hand_over_with_an_offer(town, says_so)
    assert town.crew() == CREW
    assert not town.all(OfferWithdrawn)
    town.wait(8)
    town.accept(offer, person_id="ann")
    assert town.last(CallRouted).team_id == "night"
    town.status("en-route", "night")
    town.wait(60)
    town.call("2")
    assert passed_over(town)[0] == "assigned"
    town.status("on-scene", "night")
    assert town.crew() == CREW
    assert not town.all(AssignmentWithdrawn)
    town.status("cleared", "night", disposition="refused")
    town.wait(1)
    assert set(town.crew()) == set(NEXT_CREW)
    town.call("3")
    assert {each.person_id for each in town.last(OfferMade).recipients} == set(NEXT_CREW)
    assert len(town.all(OfferMade)) == 2  # and nothing else was offered to anybody


@pytest.mark.scenario("duty")
@pytest.mark.parametrize("meanwhile", ["they say available", "somebody joins"])
def test_an_offer_that_is_open_at_the_end_of_a_shift_stays_good_whatever_is_said_of_the_team_meanwhile(
    town: PlannedTown, meanwhile: str
) -> None:
    ends_at = near_the_hand_over(town, 24)
    town.wait((ends_at - town.now).total_seconds() - 5)
    town.call()
    if meanwhile == "they say available":
        town.status("available", "night")
    else:
        town.change((*CREW, "cem"), ends_at)
        assert town.crew() == (*CREW, "cem")
    town.wait(10)
    assert not town.all(OfferWithdrawn)
    assert not town.all(TeamSignedOff)
    town.accept(town.last(OfferMade), person_id="ann")
    assert town.last(CallRouted).team_id == "night"


@pytest.mark.scenario("duty")
@pytest.mark.parametrize("meanwhile", ["they say available", "nothing"])
def test_an_offer_that_nobody_answers_ends_a_shift_whose_time_is_up(town: PlannedTown, meanwhile: str) -> None:
    ends_at = near_the_hand_over(town, 24)
    town.wait((ends_at - town.now).total_seconds() - 5)
    town.call()
    if meanwhile == "they say available":
        town.status("available", "night")
    town.wait(32)
    assert town.last(TeamSignedOff).why == "shift-over"


@pytest.mark.scenario("duty")
@HANDED_OVER
@pytest.mark.parametrize("how", ["declined", "expired", "cancelled"])
def test_an_offer_that_comes_to_nothing_is_the_last_of_its_crew(town: PlannedTown, says_so: str, how: str) -> None:
    offer = hand_over_with_an_offer(town, says_so)
    if how == "declined":
        town.command(DeclineOffer, offer_id=offer.offer_id, person_id="ann", method_id="text")
    elif how == "cancelled":
        town.cancel()
    town.wait(31)
    assert set(town.crew()) == set(NEXT_CREW)
    assert len([event for event in town.all(TeamSignedOn) if event.planned_shift_id == "n2"]) == 1
    town.call("2")
    assert {each.person_id for each in town.last(OfferMade).recipients} == set(NEXT_CREW)


@pytest.mark.scenario("duty")
def test_a_team_that_ends_by_the_plan_with_nobody_after_it_answers_what_it_was_asked(town: PlannedTown) -> None:
    """The night was cut short while its people were being rung."""
    town.begin()
    town.call()
    town.end("n1")
    assert town.crew() == CREW
    town.wait(31)
    assert town.crew() == ()
    assert town.last(CallRouted).outcome == "default"


@pytest.mark.scenario("duty")
def test_what_waits_for_a_team_goes_to_the_next_crew_when_the_one_before_clears(town: PlannedTown) -> None:
    """Whoever stays on a call across the hand-over is offered nothing more, not even what waits for a team."""
    ends_at = near_the_hand_over(town, 24)
    town.call()
    town.accept(town.last(OfferMade), person_id="ann")
    town.status("on-scene", "night")
    town.wait((ends_at - town.now).total_seconds() + 60)
    town.end("n1")
    town.begin("n2", NEXT_CREW, hours=12)
    held = (Step("same response", 30), Step("hold", 10), Step("default", 0))
    town.call("2", judgement(verdict(), steps=held, hold_minutes=60, hold_notice_minutes=(60,)))
    town.wait(1)
    town.command(HoldCall, call_id=call_id("2"))
    assert call_id("2") in town.state.on_hold
    town.status("cleared", "night", disposition="refused")
    town.wait(1)
    assert {each.person_id for each in town.last(OfferMade).recipients} == set(NEXT_CREW)
    assert len(town.all(OfferMade)) == 2


@pytest.mark.scenario("duty")
def test_a_free_team_changes_its_crew_at_the_hand_over(town: PlannedTown) -> None:
    ends_at = near_the_hand_over(town, 24)
    town.wait((ends_at - town.now).total_seconds())
    town.end("n1")
    town.begin("n2", NEXT_CREW, hours=12)
    town.call()
    assert [each.person_id for each in town.last(OfferMade).recipients] == list(NEXT_CREW)


@pytest.mark.scenario("duty")
@pytest.mark.parametrize("why", ["said nothing", "too short", "dropped since", "at work"])
def test_a_team_that_nobody_takes_over_from_is_passed_over_at_its_end(town: PlannedTown, why: str) -> None:
    begins_at = town.now
    until = {"said nothing": None, "too short": 12.25}.get(why, 24)
    if why == "at work":
        town.begin(hours=12, duty="on-shift", planned_until=begins_at + timedelta(hours=24))
        town.command(BeginDuty, team_id="night", planned_shift_id="n1", vouched=True)
        town.wait(11.5 * 3600)
        town.status("available", "night")
    else:
        near_the_hand_over(town, until)
    if why == "dropped since":
        town.change(CREW, begins_at + timedelta(hours=12))
    town.call()
    assert passed_over(town) == ("shift-ends",)
    assert not town.all(OfferMade)


@pytest.mark.scenario("duty")
def test_at_work_who_comes_by_the_plan_has_yet_to_say_so(town: PlannedTown) -> None:
    town.begin(duty="on-shift")
    town.command(BeginDuty, team_id="night", planned_shift_id="n1", vouched=True)
    town.change(("cem", "bob"), town.now + timedelta(hours=10))
    assert town.crew() == ("bob",)
    assert town.last(ShiftChanged).unconfirmed == ("cem",)


@pytest.mark.scenario("duty")
def test_who_comes_by_the_plan_while_the_team_is_asked_may_answer_and_whoever_leaves_may_not(town: PlannedTown) -> None:
    town.begin()
    town.call()
    asked = town.last(OfferMade)
    town.change((*CREW, "cem"), town.now + timedelta(hours=10))
    assert town.last(ShiftChanged).offer_id == asked.offer_id
    assert not town.all(OfferWithdrawn), "who was asked is still asked"
    town.change((CREW[1], "cem"), town.now + timedelta(hours=10))
    assert town.last(ShiftChanged).offer_id is None
    assert [(each.offer_id, each.why) for each in town.all(OfferWithdrawn)] == [(asked.offer_id, "crew-changed")]
    anew = town.last(OfferMade)
    assert {each.person_id for each in anew.recipients} == {CREW[1], "cem"}
    town.accept(anew, person_id=CREW[0])
    assert not town.all(OfferAccepted)
    town.accept(asked, person_id=CREW[0])
    assert not town.all(OfferAccepted)
    town.accept(anew, person_id="cem")
    assert town.last(OfferAccepted).person_id == "cem"


@pytest.mark.parametrize("turned_back", ["before", "after"])
def test_a_crew_whose_team_is_held_by_one_that_fell_silent_is_missed(turned_back: str) -> None:
    """It was turned back and has not said that it knows: the plan does not sign the next crew on over it."""
    town = PlannedTown()
    town.begin(members=("ann",), hours=2)
    town.call("1", judgement(verdict(crew=("paramedic",), expected_minutes=30)))
    town.accept(town.last(OfferMade), person_id="ann")
    town.status("en-route", "night")
    if turned_back == "after":
        town.begin("n2", members=("cem",), hours=12)
    town.cancel()
    town.wait(6 * 60)
    if turned_back == "before":
        town.begin("n2", members=("cem",), hours=12)
    assert [(event.planned_shift_id, event.why) for event in town.all(TeamMissing)] == [("n2", "not-signed-on")]
    town.wait(3 * 3600)
    assert len(town.all(TeamMissing)) == 1
    town.command(SignOff, team_id="night")
    assert town.crew() == ("cem",)


# --- a team that does not answer -------------------------------------------------------------------------------------


def two_unanswered(town: Town) -> None:
    for incident in ("1", "2"):
        town.call(incident)
        town.wait(31)


@pytest.mark.scenario("duty")
def test_two_offers_in_a_row_that_ran_out_take_a_team_out_and_the_default_says_why() -> None:
    town = Town()
    town.team("one")
    two_unanswered(town)
    assert [event.unanswered for event in town.all(TeamUnanswering)] == [2]
    town.call("3")
    assert len(town.all(OfferMade)) == 2, "it is offered nothing more"
    assert town.last(CallRouted).outcome == "default"
    assert town.last(CallRouted).reasons == ("unanswering",)
    assert len(town.all(TeamUnanswering)) == 1, "it is said once"


@pytest.mark.parametrize("crew", [("cem", "dan"), ("cem", "bob")])
def test_another_crew_on_call_is_asked_though_the_one_before_did_not_answer(crew: tuple[str, ...]) -> None:
    town = PlannedTown(people=("ann", "bob", "cem"))
    town.command(DefinePerson, person=Person(person_id="dan", name="dan", disciplines=("crisis-worker",)))
    town.prove("dan")
    town.begin()
    ends_at = town.now + timedelta(hours=10)
    two_unanswered(town)
    town.change(crew, ends_at)
    assert town.crew() == (crew if "dan" in crew else ("bob", "cem"))
    town.call("3")
    assert len(town.all(OfferMade)) == (3 if "dan" in crew else 2), "of the crew that was silent somebody is left"


@pytest.mark.scenario("duty")
def test_the_call_itself_goes_on_along_the_chain_at_once() -> None:
    town = Town()
    town.team("one")
    two_unanswered(town)
    town.team("two")
    town.call("3")
    assert town.last(OfferMade).team_id == "two"


@pytest.mark.scenario("duty")
@pytest.mark.parametrize("heard", ["status", "late acceptance", "late decline", "page", "sign-on"])
def test_a_team_comes_back_once_it_is_heard_from(heard: str) -> None:
    town = Town()
    town.team("one")
    two_unanswered(town)
    last = town.last(OfferMade)
    if heard == "status":
        town.status("available")
    elif heard == "late acceptance":
        assert town.accept(last).type == "command-refused"
    elif heard == "late decline":
        town.decline(last)
    elif heard == "page":
        way: Any = {"person_id": "one-medic", "method_id": "text"}
        town.hear(ContactSet(**way, kind="sms"), "notifications")
        assert not town.all(TeamHeard)
        town.hear(ContactProved(**way), "notifications")
    else:
        town.command(SignOff, team_id="one")
        town.team("one")
    if heard in ("late acceptance", "late decline", "page"):
        assert town.last(TeamHeard).person_id == "one-medic"
    town.call("3")
    assert town.last(OfferMade).call_id.endswith("3")
    town.wait(31)
    assert len(town.all(TeamUnanswering)) == 1, "it is counted from the start"


@pytest.mark.scenario("duty")
def test_an_answer_between_two_that_ran_out_counts_from_the_start() -> None:
    town = Town()
    town.team("one")
    for incident in ("1", "2", "3"):
        town.call(incident)
        if incident == "2":
            town.decline(town.last(OfferMade))
        town.wait(31)
    assert not town.all(TeamUnanswering)


@pytest.mark.scenario("duty")
@pytest.mark.parametrize("how", ["open calls", "withdrawn"])
def test_what_nobody_was_paged_for_or_what_was_taken_back_is_not_counted(how: str) -> None:
    town = Town()
    town.team("one")
    judged = judgement(verdict(reached_by="pull")) if how == "open calls" else None
    for incident in ("1", "2", "3"):
        town.call(incident, judged)
        if how == "withdrawn":
            town.wait(1)
            town.cancel(incident)
        town.wait(31)
    assert not town.all(TeamUnanswering)
    assert len(town.all(OfferMade)) == 3


@pytest.mark.scenario("duty")
def test_who_left_the_team_does_not_speak_for_it() -> None:
    town = Town()
    town.team("one")
    two_unanswered(town)
    refused = town.accept(town.last(OfferMade), person_id="somebody")
    assert isinstance(refused, CommandRefused)
    assert not town.all(TeamHeard)


# --- in any order, and again -----------------------------------------------------------------------------------------


def test_the_journal_folds_to_the_state_that_decided_it(town: PlannedTown) -> None:
    town.begin()
    two_unanswered(town)
    town.change(("cem", "bob"), town.now + timedelta(hours=5))
    town.reach(ContactBroken, "cem", why="gone")
    town.begin("d2", ("ann",), duty="on-shift", team_id="night")
    town.wait(6 * 3600)
    state = TEAM_AVAILABILITY.initial
    for event, at in zip(town.journal, town.times, strict=True):
        state = TEAM_AVAILABILITY.evolve(state, event, at)
    assert state == town.state
    packed = TEAM_AVAILABILITY.packer.unpack(TEAM_AVAILABILITY.packer.pack(town.state))
    assert packed == town.state


def test_duties_whose_time_is_up_are_forgotten_once_they_are_over(town: PlannedTown) -> None:
    town.begin("n1", hours=1)
    town.wait(2 * 3600)
    town.begin("n2", hours=1)
    assert sorted(town.state.duties) == ["n1", "n2"], "it may have been said since that it ends later"
    town.end("n1")
    town.begin("n3", hours=1)
    assert sorted(town.state.duties) == ["n2", "n3"]
    assert len(town.all(DutyNoted)) == 3


def test_before_anybody_is_proved_nobody_on_call_is_asked() -> None:
    town = PlannedTown(people=())
    for person_id, discipline in (("ann", "paramedic"), ("bob", "crisis-worker")):
        person = Person(person_id=person_id, name=person_id, disciplines=(discipline,))  # type: ignore[arg-type]
        town.command(DefinePerson, person=person)
        town.reach(ContactSet, person_id, kind="sms", fingerprint=person_id)
    town.begin()
    town.call()
    assert town.last(CallRouted).reasons == ("unproved",)
    assert town.now >= START
