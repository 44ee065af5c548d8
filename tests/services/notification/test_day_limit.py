"""What an agency pays for in a day: reminders, covers, gaps and roll calls stop there, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from services.notification.outcome import DONE, Outcome
from services.notification.perform import Performer
from services.notification.service import NOTIFICATION
from services.notification.state import State
from services.notification.tally import Quarter, Tally
from shared.agencies import Agencies, AgenciesRefused
from shared.contacts import Contacts
from shared.engine.service import EffectDone, EffectStarting, Tick
from shared.events import Event, PageDue, PageFailed, PlanNoticeDue, ReminderDue, TeamMissing
from tests.services.notification.driver import NOON, Running, call_roll, of, receipt, safety_check, set_contact
from tests.services.notification.test_ladder import ANA, asked
from tests.services.notification.test_staff import signed_on

MIDNIGHT = datetime(2026, 3, 3, 6, tzinfo=UTC)
"""The first one in Madison after NOON, which is six in the morning there."""


@dataclass
class Payer(Running):
    """A notification whose pages the real performer sends, to a phone that notes what arrives."""

    path: Path = Path()
    arrived: list[tuple[str, str]] = field(default_factory=list)
    """Kind of page and of way."""
    number: int = 0

    def __post_init__(self) -> None:
        self.performer = Performer(
            {"sms": self, "voice": self, "push": self},
            cast("Any", None),
            lambda _agency, _source: None,
            cast("Contacts", self),
            cast("Any", self),
            Agencies(self.path).day_limit,
        )

    async def send(self, _agency: str, page: PageDue, _address: str) -> Outcome:
        self.arrived.append((page.kind, page.method.kind))
        return DONE

    async def address(self, *_key: object, **_more: object) -> str:
        return "+16085550123"

    async def pages(self) -> list[Event]:
        """Send everything that is owed, in the order in which it has to go out."""
        left: list[Event] = []
        owed = sorted(NOTIFICATION.pending(self.state).items(), key=lambda item: (item[1].not_after, item[0]))
        for effect_id, _ in owed:
            self.take(EffectStarting(effect_id), f"effect/{effect_id}/start")
            effect = NOTIFICATION.pending(self.state)[effect_id]
            done: EffectDone = await self.performer("madison", effect)
            left += self.take(done, f"effect/{effect_id}/{done.result}")
        return left

    def calls(self) -> list[str]:
        """The pages whose call is under way."""
        return [line.page.page_id for line in self.state.lines.values()]

    async def call_roll(self) -> list[Event]:
        self.take(call_roll("1", "ana"))
        due = NOTIFICATION.due(self.state)
        assert due is not None
        self.now = max(self.now, due[1])
        self.take(Tick(*due), Tick(*due).cause("madison"))
        return await self.pages()

    async def remind(self, times: int, kind: str = "reminder") -> list[Event]:
        left: list[Event] = []
        for _ in range(times):
            self.number += 1
            self.take(about_plan(kind, self.number, self.now))
            left += await self.pages()
        return left


@dataclass
class Stopped:
    """A clock that shows what a payer's does."""

    payer: Payer

    def now(self) -> datetime:
        return self.payer.now

    def monotonic(self) -> float:
        return 0.0


def about_plan(kind: str, number: int, now: datetime) -> Event:
    about: dict[str, Any] = {"person_id": "ana", "shift_id": f"s{number}", "team_id": "alpha", "starts_at": now}
    until = now + timedelta(hours=2)
    if kind == "reminder":
        return ReminderDue(**about, not_after=until)
    return PlanNoticeDue(**about, notice_id=f"n-{number}", kind=kind, not_after=until)  # type: ignore[arg-type]


def payer(tmp_path: Path, most: str = "{ sms = 10, voice = 2 }", **ways: str) -> Payer:
    path = tmp_path / "agencies.toml"
    path.write_text(f'[agencies.madison]\nzone = "America/Chicago"\nat_most_per_day = {most}\n')
    running = Payer(path=path)
    object.__setattr__(running.performer, "clock", Stopped(running))
    for method_id, kind in (ways or {"mobile": "sms"}).items():
        running.take(set_contact("ana", method_id, kind, method_id))
    return running


def counted(result: str, kind: str = "sms") -> float:
    labels = {"agency": "madison", "kind": kind, "result": result}
    return REGISTRY.get_sample_value("careroute_pages_near_limit_total", labels) or 0.0


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("kind", ["reminder", "cover", "gap", "roll"])
async def test_what_can_wait_stops_at_the_limit_and_says_so(kind: str, tmp_path: Path) -> None:
    """Its failure stands in the journal with the reason, the way is not taken for broken, and nothing else is sent."""
    near, stopped = counted("sent"), counted("stopped")
    running = payer(tmp_path)
    await running.remind(8)
    assert counted("sent") == near, "nobody is alarmed below four fifths"
    await running.remind(2)
    assert counted("sent") == near + 2
    if kind == "roll":
        events = await running.call_roll()
    else:
        events = await running.remind(1, kind)
    assert [event.why for event in of(events, PageFailed)] == ["day-limit"]
    assert running.arrived == [("reminder", "sms")] * 10
    assert counted("stopped") == stopped + 1
    assert running.state.ways_to("ana")["mobile"].why_not == ""
    assert not NOTIFICATION.pending(running.state), "and it is not tried again"


NEVER_STOPPED: dict[str, Callable[[], list[Event]]] = {
    "offer": lambda: [asked(ANA)],
    "safety-check": lambda: [asked(ANA), safety_check()],
    "signed-on": lambda: [signed_on()],
    "team-missing": lambda: [TeamMissing(team_id="alpha", planned_shift_id="s1", members=("ana",), since=NOON)],
    "shift-moved": lambda: [about_plan("shift-moved", 999, NOON)],
}


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("kind", NEVER_STOPPED)
@pytest.mark.parametrize("way", ["sms", "voice"])
async def test_what_tells_of_a_call_or_a_shift_goes_out_whatever_was_spent(kind: str, way: str, tmp_path: Path) -> None:
    running = payer(tmp_path, "{ sms = 0, voice = 0 }", mobile=way)
    for event in NEVER_STOPPED[kind]():
        running.take(event)
        await running.pages()
        for page_id in running.calls():
            running.take(receipt(page_id, "no-answer"))
    is_written_only = kind in ("signed-on", "shift-moved") and way == "voice"
    assert [sent for sent, _ in running.arrived][-1:] == ([] if is_written_only else [kind])
    assert not of(running.journal, PageFailed)


@pytest.mark.scenario("failures")
async def test_texts_and_calls_are_counted_apart_and_push_costs_nothing(tmp_path: Path) -> None:
    running = payer(tmp_path, "{ sms = 1, voice = 1 }", mobile="sms", call="voice", app="push")
    await running.remind(2)
    assert sorted(running.arrived) == [("reminder", "push")] * 2 + [("reminder", "sms")]
    await running.call_roll()
    assert sorted(running.arrived[3:]) == [("test", "push"), ("test", "voice")]


@pytest.mark.scenario("failures")
async def test_the_day_is_the_agencys_own(tmp_path: Path) -> None:
    """What was sent before its midnight counts no more after it, to the second; that of UTC is nothing to it."""
    running = payer(tmp_path, "{ sms = 2 }")
    await running.remind(3)
    for hours, arrived in ((13, 2), (17.99, 2)):  # past the midnight of UTC; just before their own
        running.now = NOON + timedelta(hours=hours)
        await running.remind(1)
        assert len(running.arrived) == arrived
    running.now = MIDNIGHT
    await running.remind(3)
    assert len(running.arrived) == 4


@pytest.mark.scenario("failures")
async def test_a_restart_forgets_nothing_of_the_day(tmp_path: Path) -> None:
    """Whoever takes the agency over has the count from the journal."""
    running = payer(tmp_path, "{ sms = 2 }")
    await running.remind(2)
    state = State()
    for event in running.journal:
        state = NOTIFICATION.evolve(state, event, NOON)
    heir = Payer(state=state, path=running.path, number=50)
    object.__setattr__(heir.performer, "clock", Stopped(heir))
    events = await heir.remind(1)
    assert [event.why for event in of(events, PageFailed)] == ["day-limit"]
    assert heir.arrived == []


async def test_what_was_stopped_is_not_counted_as_sent(tmp_path: Path) -> None:
    """A limit that is raised by ten lets ten go, however many were stopped before."""
    running = payer(tmp_path, "{ sms = 1 }")
    await running.remind(6)
    payer(tmp_path, "{ sms = 3 }")
    await running.remind(3)
    assert len(running.arrived) == 3


def test_a_limit_without_a_zone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "agencies.toml"
    path.write_text("[agencies.madison]\nat_most_per_day = { sms = 10 }\n")
    with pytest.raises(AgenciesRefused, match="needs the zone"):
        Agencies(path)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-06-01", 24)])
def test_a_day_is_as_long_as_it_is(day: str, hours: int, tmp_path: Path) -> None:
    path = tmp_path / "agencies.toml"
    path.write_text('[agencies.madison]\nzone = "America/Chicago"\nat_most_per_day = { voice = 3 }\n')
    limit = Agencies(path).day_limit("madison", "voice")
    assert limit is not None
    last_second = datetime.fromisoformat(f"{day}T23:59:59").replace(tzinfo=limit.zone).astimezone(UTC)
    assert last_second - limit.day_began(last_second) == timedelta(hours=hours) - timedelta(seconds=1)
    assert Agencies(path).day_limit("madison", "sms") is None


@given(st.lists(st.integers(0, 100_000), max_size=60))
def test_a_tally_counts_every_page_since_any_quarter_of_the_last_day(seconds: list[int]) -> None:
    """And it never grows above a day of quarters."""
    tally, times = Tally(), [NOON + timedelta(seconds=second) for second in sorted(seconds)]
    for at in times:
        tally = tally.with_page(at)
    for hours in range(28):
        start = NOON + timedelta(hours=hours)
        if times and times[-1] - start < timedelta(hours=25):
            assert tally.since(start) == sum(at >= start for at in times)
    assert len(tally.quarters) <= 26 * 4


def test_a_tally_without_its_only_page_is_empty() -> None:
    tally = Tally().with_page(NOON)
    assert tally.quarters == (Quarter(NOON, 1),)
    assert tally.without_page(NOON + timedelta(minutes=14)) == Tally()
    assert tally.without_page(NOON + timedelta(minutes=15)) == tally
