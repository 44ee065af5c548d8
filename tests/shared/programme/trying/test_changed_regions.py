"""What a new version changes: as a manager reads it, and against the judgement itself, call by call."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st

from shared.call import Call
from shared.judgement import PHASES
from shared.programme import Programme
from shared.programme.document.fact_space import Axis, conditions_of
from shared.programme.judging.evidence import Hazard, Other
from shared.programme.judging.facts_of_call import weigh
from shared.programme.judging.judge import judge
from shared.programme.judging.surroundings import ALONE
from shared.programme.trying import changed_regions
from shared.programme.trying.changed_regions import TooLarge
from shared.programme.trying.difference import difference
from shared.programme.trying.explain import all_on
from tests.shared.programme.documents import MADISON, programme
from tests.shared.programme.generated import PRESETS, calls_of, made_up, preset
from tests.shared.programme.test_language import EVERYONE, EVERYTHING

GROWN = (
    MADISON.replace("Mon-Fri 11:00-19:00", "Mon-Fri 08:00-20:00")
    .replace('districts = ["Central"]', 'districts = "all"')
    .replace("version   = 1", "version = 2")
)
WEEKENDS = """
[[rollout]]
response = "cares"
districts = "all"
from = 2023-09-16
hours = ["Sat,Sun 10:00-20:00"]
phase = "advisory"
"""


def told(old: str, new: str) -> list[tuple[str, ...]]:
    found = difference(programme(old), programme(new))
    return [(one.facts, one.districts, one.hours, one.before, one.after) for one in found.covers]


def test_the_same_document_changes_nothing() -> None:
    found = difference(programme(EVERYTHING), programme(EVERYTHING))
    assert (found.covers, found.changes) == ((), ())


def test_more_hours_and_districts_are_two_covers() -> None:
    assert told(MADISON, GROWN) == [
        (
            "level 'calm'",
            "Central",
            "Mon-Fri 08:00-11:00 and 19:00-20:00 except on holidays",
            "does not go",
            "may go",
        ),
        ("level 'calm'", "West", "Mon-Fri 08:00-20:00 except on holidays", "does not go", "may go"),
    ]
    assert difference(programme(MADISON), programme(GROWN)).changes == ()


def test_a_row_that_starts_later_and_a_level_that_takes_more() -> None:
    new = GROWN.replace("[when_no_team]", WEEKENDS + "[when_no_team]")
    assert told(GROWN, new) == [
        ("level 'calm'", "all districts", "Sat-Sun 10:00-20:00, from 2023-09-16", "does not go", "may go (advisory)")
    ]
    calmer = GROWN.replace('violence = "past or worse"', 'violence = "threat or worse"')
    assert told(GROWN, calmer) == [
        (
            "level 'police needed', now 'calm' with violence past",
            "all districts",
            "Mon-Fri 08:00-20:00 except on holidays",
            "does not go",
            "may go",
        )
    ]
    assert told(calmer, GROWN)[0][0] == "level 'calm', now 'police needed' with violence past"


def test_permissions_set_facts_apart_within_a_level() -> None:
    new = EVERYONE.replace('age = "13 to 17"', 'age = "13 or more"')
    (found,) = told(EVERYONE, new)
    assert found[0] == "level 'calm' with resolvable by phone yes, age 18 or more, language en or es"


def test_how_long_a_call_takes_whose_teams_are_asked_and_safety_checks_are_told_as_changes() -> None:
    said = 'reached_by = "offer"\nexpected_minutes = 45\npool = "north"'
    new = MADISON.replace('reached_by      = "offer"', said, 1).replace(
        "[clocks]", "[clocks]\nmissed_safety_checks = 3\nstaged_notice_minutes = 5", 1
    )
    new = new.replace("programme ", 'order_of_calls = ["officer", "age"]\nprogramme ', 1)
    assert [(one.what, one.before, one.after) for one in difference(programme(MADISON), programme(new)).changes] == [
        ("cares: expected_minutes", "60", "45"),
        ("cares: pool", "default", "north"),
        ("missed_safety_checks", "2", "3"),
        ("staged_notice_minutes", "10", "5"),
        ("order of calls", "officer, fire-crew", "officer, age"),
    ]


def test_what_is_no_cover_is_told_as_a_change() -> None:
    new = (
        EVERYTHING.replace("offer_expiry_seconds = 20", "offer_expiry_seconds = 15")
        .replace('X = { category = "person-down"', 'X = { category = "mental-health"')
        .replace('Q7 = "age"', 'Q7 = "intoxication"')
        .replace("due_hours = 48", "due_hours = 24")
        .replace('sends = ["phone", "van", "nav", "faces"]', 'sends = ["van", "phone", "nav", "faces"]')
        .replace("closed = [2024-07-04]", "closed = [2024-07-05]")  # and no row closes on holidays
        .replace('takes = ["mental-health", "person-down"]', 'takes = ["mental-health"]')
    )
    found = {
        change.what: (change.before, change.after)
        for change in difference(programme(EVERYTHING), programme(new)).changes
    }
    assert found["offer_expiry_seconds"] == ("20", "15")
    assert found["code ppds X"] == ("person-down, triage_level 2", "mental-health, triage_level 2")
    assert found["nav: due_hours"] == ("48", "24")
    assert found["level 'calm': order"] == ("phone, van, nav, faces", "van, phone, nav, faces")
    assert "answer Q7" in found
    assert len(found) == 5


def test_another_order_is_told_of_the_same_calls_whatever_their_level_is_called() -> None:
    """Levels were compared by name: a new name hid that another team is asked first."""
    calm, low = 'name = "calm"\nsends = ["phone", "van", ', 'name = "low"\nsends = ["van", "phone", '
    new = EVERYTHING.replace(calm, low)
    (change,) = difference(programme(EVERYTHING), programme(new)).changes
    assert change.what == "level 'calm', now 'low': order"
    assert (change.before, change.after) == ("phone, van, nav, faces", "van, phone, nav, faces")


def test_a_document_without_sources_is_for_all_of_them() -> None:
    named = programme(MADISON.replace("programme =", 'sources = ["dane-911"]\nprogramme ='))
    (change,) = difference(named, programme(MADISON)).changes
    assert (change.what, change.before, change.after) == ("sources", "dane-911", "all of the agency's")


def test_beginnings_of_words_and_the_format_of_a_code_system_are_told_as_changes() -> None:
    """A version without "machete*", and one in which 25-A-1 is no 25A01 any more, read as if nothing changed."""
    new = MADISON.replace('weapon = ["knife"', 'weapon = ["spear*", "knife"').replace(
        "words    =", 'not_words = ["machete*", "knife"]\nwords    ='
    )
    changes = difference(programme(MADISON), programme(new)).changes
    assert sorted((one.what, one.before, one.after) for one in changes) == [
        ("word machete*", "weapon", "nothing"),
        ("word spear*", "nothing", "weapon"),
    ]
    mpds = MADISON.replace("[call_types.dane-county]", "[call_types.MPDS]\n25A01 = {}\n[call_types.dane-county]")
    new = mpds + '\n[code_systems.MPDS]\nformat = "mpds"\n'
    (change,) = difference(programme(mpds), programme(new)).changes
    assert (change.what, change.before, change.after) == ("format of the code system mpds", "nothing", "mpds")


def test_a_flag_that_becomes_harmless_is_told() -> None:
    """Unlisted, it puts weapon and violence in doubt; a version that listed `GATE CODE = {}` told of no change."""
    listed = programme(MADISON.replace("cautions = {", 'cautions = { "GATE CODE" = {},'))
    for old, new, told_as in (
        (programme(MADISON), listed, ("not listed", "of no hazard")),
        (listed, programme(MADISON), ("of no hazard", "not listed")),
    ):
        (change,) = difference(old, new).changes
        assert (change.what, change.before, change.after) == ("caution GATE CODE", *told_as)


def test_closed_dates_are_told_where_rows_close_on_them() -> None:
    new = MADISON.replace("closed   = [2021-11-26]", "closed = [2021-11-24]")
    changes = difference(programme(MADISON), programme(new)).changes
    assert [(one.what, one.after) for one in changes] == [
        ("Wed 2021-11-24", "a holiday (closed by the programme)"),
        ("Fri 2021-11-26", "an ordinary day"),
    ]


def test_days_that_a_document_names_are_told_however_far_off_they_are() -> None:
    """A version keeps the instant of the one before easily: Christmas of five years on opened without a word."""
    new = MADISON.replace("open     = [2022-02-15]", "open = [2022-02-15, 2026-12-25]")
    (change,) = difference(programme(MADISON), programme(new)).changes
    assert (change.what, change.after) == ("Fri 2026-12-25", "an ordinary day")


def test_days_that_are_past_when_the_new_version_takes_effect_are_not_told() -> None:
    later = MADISON.replace("2021-09-01T00:00:00", "2021-11-27T00:00:00").replace("[2021-11-26]", "[2021-11-24]")
    changes = difference(programme(MADISON), programme(later)).changes
    assert [one.what for one in changes if "2021-11" in one.what] == []


def test_beats_that_move_together_and_districts_of_one_version_are_told_so() -> None:
    new = MADISON.replace('West    = ["W1", "W2"]', 'Northwest = ["W1", "W2"]')
    found = difference(programme(MADISON), programme(new))
    assert [(one.what, one.before, one.after) for one in found.changes] == [("beats W1, W2", "West", "Northwest")]
    row = '[[rollout]]\nresponse = "cares"\ndistricts = "all"\nhours = ["Sun 01:00-02:00"]\nphase = "live"\n'
    (one, other) = [one.districts for one in difference(*(programme(text + row) for text in (MADISON, new))).covers]
    assert (one, other) == ("West (no more)", "Northwest (new)")


def test_stretches_of_dates_that_touch_are_one() -> None:
    row = '[[rollout]]\nresponse = "cares"\ndistricts = ["West"]\nphase = "live"\nfrom = 2021-10-01\n'
    later = row.replace("West", "Central").replace("2021-10-01", "2021-11-01")
    hours = 'hours = ["Mon 01:00-02:00"]\n'
    new = MADISON + row + hours + later + hours
    found = [(one.districts, one.hours) for one in difference(programme(MADISON), programme(new)).covers]
    assert ("West", "Mon 01:00-02:00, from 2021-10-01") in found
    assert ("Central", "Mon 01:00-02:00, from 2021-11-01") in found


def test_a_share_is_told_with_its_seed() -> None:
    covers_told = told(EVERYTHING, EVERYTHING.replace("share_percent = 55", "share_percent = 60"))
    assert {one[-2:] for one in covers_told} == {
        ("may go (55 % of calls, drawn by 'mcat')", "may go (60 % of calls, drawn by 'mcat')")
    }


def test_rows_that_are_open_together_are_each_told() -> None:
    """Only the one that allows most was told: another half of the calls, or a cap on the rest, changed nothing."""
    half = MADISON.replace('phase     = "live" ', 'phase = "live"\narm = { share_percent = 50, seed = "a" } ')
    row = '[[rollout]]\nresponse = "cares"\ndistricts = ["Central"]\nhours = ["Mon-Fri 11:00-19:00"]\n'
    row += 'holidays = "closed"\nphase = "live"\n'
    other_half = f'{half}{row}arm = {{ share_percent = 50, seed = "b" }}\n'
    a, b = ("50 % of calls, drawn by 'a'", "50 % of calls, drawn by 'b'")
    assert [one[-2:] for one in told(half, other_half)] == [(f"may go ({a})", f"may go ({a}; or {b})")]
    two_a_day = f"{half}{row}at_most_per_day = 2\n"
    capped = "at most 2 calls a day in Central"
    assert [one[-2:] for one in told(half, two_a_day)] == [(f"may go ({a})", f"may go ({capped}; or {a})")]


def test_a_cap_that_moves_to_other_hours_is_told() -> None:
    row = '[[rollout]]\nresponse = "cares"\ndistricts = ["West"]\nphase = "live"\nhours = ["Mon {}"]\n{}\n'
    early, late = "07:00-09:00", "20:00-22:00"
    cap = "at_most_open = 1"
    old, new = (
        MADISON + row.format(early, first) + row.format(late, second) for first, second in ((cap, ""), ("", cap))
    )
    capped = "may go (at most 1 call at once in West)"
    assert [one[1:] for one in told(old, new)] == [
        ("West", f"Mon {early}", capped, "may go"),
        ("West", f"Mon {late}", "may go", capped),
    ]


def test_many_rows_of_different_hours_and_dates_are_compared_at_once() -> None:
    """Sixty took 20 s, a hundred minutes, and three hundred are accepted: nobody saw what such a version changes."""
    places = range(100)
    row = '[[rollout]]\nresponse = "cares"\ndistricts = ["D{0}"]\nphase = "live"\n'
    row += 'hours = ["Mon-Fri {1:02}:{2:02}-{3:02}:00"]\nfrom = 2022-{4:02}-{5:02}\n'
    rows = [row.format(one, one % 24, one % 59 + 1, (one + 5) % 24, one % 12 + 1, one % 28 + 1) for one in places]
    old = MADISON.replace("[districts]", "[districts]\n" + "".join(f"D{one} = []\n" for one in places), 1)
    old = old.replace("[when_no_team]", "".join(rows) + "[when_no_team]")
    both = programme(old), programme(old.replace('["D7"]\nphase = "live"', '["D7"]\nphase = "advisory"'))
    began = time.process_time()
    (found,) = difference(*both).covers
    assert time.process_time() - began < 10
    assert (found.districts, found.hours) == ("D7", "Mon-Fri 07:08-12:00, from 2022-08-08")


def test_too_many_combinations_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changed_regions, "MAX_CELLS", 10)
    with pytest.raises(TooLarge, match="combinations of facts"):
        difference(programme(MADISON), programme(GROWN))


# --- against the judgement itself


def pairs() -> list[tuple[str, str]]:
    """Dated versions of one programme that follow each other."""
    return [
        (one, other)
        for one, other in pairwise(PRESETS)
        if one.split(".", maxsplit=1)[0] == other.split(".", maxsplit=1)[0]
    ]


@st.composite
def versions(draw: st.DrawFn) -> tuple[Programme, Programme]:
    one, other = draw(st.sampled_from(pairs()))
    if draw(st.integers(0, 1)):
        return preset(one), preset(other)
    return draw(made_up), draw(made_up)


QUICKLY = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking would take longer than reading what failed


@settings(max_examples=40, suppress_health_check=list(HealthCheck), phases=QUICKLY)
@given(versions(), st.data())
def test_a_call_goes_otherwise_exactly_where_a_cover_says_so(
    both: tuple[Programme, Programme], data: st.DataObject
) -> None:
    old, new = both
    try:
        facts, takes, times = (
            changed_regions.Facts(old, new),
            changed_regions._Takes(old, new),
            changed_regions._Times(old, new),
        )
    except TooLarge:
        reject()
    for _ in range(5):
        fields = data.draw(calls_of(data.draw(st.sampled_from([old, new]))))
        later = max(fields["updated_at"], new.effective + timedelta(days=2))
        unasked = {"requested_by": None, "caller_wants": "none"}  # who asks is a class of its own
        call = Call(**(fields | unasked | {"updated_at": later, "created_at": later}))
        place = where_it_is(old, new, call, facts, times)
        if place is None:
            continue
        cell, district, atom = place
        for response in {*old.responses, *new.responses}:
            claimed = {
                going
                for going, pieces in changed_regions._pieces(response, facts, takes, times).items()
                for piece in pieces
                if drawn(going[0], call) != drawn(going[1], call)
                and cell in piece.facts
                and atom in times.atoms(piece.times)
                and district in piece.places
                and asked(old, new, call, piece)
            }
            before, after = going_to(old, call, response), going_to(new, call, response)
            assert bool(claimed) is (before != after), (response, claimed, before, after)


def drawn(going: changed_regions.Going, call: Call) -> str | None:
    """How far a call goes by the ways whose share it is in; no cap is reached."""
    numbers = {way: sha256(f"{way.seed}/{call.call_id}".encode()).digest()[:8] for way in going}
    phases = [way.phase for way in going if int.from_bytes(numbers[way], "big") * 100 >> 64 < way.share_percent]
    return max(phases, key=PHASES.index, default=None)


def asked(old: Programme, new: Programme, call: Call, piece: changed_regions._Piece) -> bool:
    """Whether the call is of a type that the piece names; only types that mean the same in both are looked at."""
    code = old.code(call.call_type, call.updated_at)
    assert code == new.code(call.call_type, call.updated_at)
    return code is not None and code.category in piece.takes


def going_to(programme: Programme, call: Call, response: str) -> str | None:
    """The phase in which the response may go, asked of the judgement; units on scene hand over by every document."""
    found = judge(programme, all_on(programme), call, ALONE, call.updated_at)
    verdicts = {one.response: one for one in found.responses if set(one.reasons) <= {"units-on-scene"}}
    return verdicts[response].phase if response in verdicts else None


def where_it_is(
    old: Programme, new: Programme, call: Call, facts: changed_regions.Facts, times: changed_regions._Times
) -> Any:
    """Cell, group of districts, and atom of a call; None where the two documents do not hear it alike."""
    code, code_now = (one.code(call.call_type, call.updated_at) for one in (old, new))
    if code is None or code != code_now:
        return None
    known, known_now = (weigh(one, call, code, ALONE) for one in (old, new))
    if any(known[fact] != known_now[fact] for fact in known.keys() & known_now.keys()):
        return None
    if any(isinstance(one, Other) and len(set(one.values)) > 1 for one in (*known.values(), *known_now.values())):
        return None  # sources that contradict each other: the space has no such class
    local = call.updated_at.astimezone(new.zone)
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    holidays = {bool(one.holidays and one.holidays.name(day)) for one in (old, new) for day in (today, yesterday)}
    dates = [max(index for index, first in enumerate(times._dates) if first <= day) for day in (today, yesterday)]
    if (
        len(holidays) > 1
        or len(set(dates)) > 1
        or old.zone != new.zone
        or local.utcoffset() != (local - timedelta(days=1)).utcoffset()
    ):
        return None
    minute = local.hour * 60 + local.minute
    number = next(
        index
        for index, (weekday, start, end) in enumerate(times._week)
        if weekday == local.weekday() and start <= minute < end
    )
    (holiday,) = holidays
    district = next((index for index, names in enumerate(times._places) if call.district in names), None)
    if district is None:
        return None
    cell = tuple(class_of(axis, {**known, **known_now}, old, new) for axis in facts._axes)
    return cell, district, (number, holiday and True in times._holidays, dates[0])


def class_of(axis: Axis, known: dict[str, Any], old: Programme, new: Programme) -> int:
    fact = known[axis.fact]
    conditions = [one for each in (old, new) for one in conditions_of(each, permissions=True) if one.fact == axis.fact]
    if isinstance(fact, Hazard):
        fact = replace_low(fact)
    return next(
        index
        for index, one in enumerate(axis.classes)
        if list(signs(one.sample, conditions)) == list(signs(fact, conditions))
    )


def replace_low(fact: Hazard) -> Hazard:
    return fact._replace(low=fact.high, unknown=None)


def signs(fact: Any, conditions: list[Any]) -> Iterator[tuple[bool, bool]]:
    for one in conditions:
        yield fact.may_be(one), isinstance(fact, Hazard) or fact.permits(one)


def test_a_cover_holds_whole_programmes_apart_from_their_rows() -> None:
    one = programme(MADISON)
    nothing = replace(one, rollout=(), rows={})
    (found,) = difference(one, nothing).covers
    assert (found.before, found.after, found.districts) == ("may go", "does not go", "Central")
