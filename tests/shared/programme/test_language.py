"""What the language says beyond Madison and Boston, key by key: read, judged, refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.call import Call, CallType
from shared.programme import Judgement, Programme, ProgrammeRefused, judge
from shared.programme.judging.surroundings import ALONE
from tests.shared.programme.documents import live, programme

EVERYTHING = (Path(__file__).parent / "everything.toml").read_text()
EVENING = datetime(2024, 5, 5, 3, 0, tzinfo=UTC)
"""Saturday, 22:00 in Chicago."""
CALM = dict.fromkeys(("Q1", "Q2", "Q3", "Q4", "Q5"), "no") | {"Q6": "yes", "Q7": "17"}
ALL_ON = live(f"{name}/{place}" for name in ("phone", "van", "dual", "nav") for place in ("all-city", "North"))
EVERYONE = EVERYTHING.replace('arm = "control"\n', "").replace('arm = { share_percent = 55, seed = "mcat" }\n', "")


def asked(text: str = EVERYONE, *, at: datetime = EVENING, **changes: Any) -> Judgement:
    code = changes.pop("code", "25A01")
    known: dict[str, Any] = {
        "agency": "x-y",
        "source": "one",
        "incident_id": "24-1",
        "created_at": at,
        "updated_at": at,
        "call_type": CallType(system=changes.pop("system", "mpds"), code=code),
        "district": "North",
        "priority": "B",
        "answers": CALM,
        "facts": {"resolvable_by_phone": "yes"},
        "language": "es",
    }
    return judge(programme(text), ALL_ON, Call(**(known | changes)), ALONE, at)


def verdicts(found: Judgement) -> dict[str, tuple[str, ...]]:
    return {verdict.response: verdict.reasons for verdict in found.responses}


def faults(*changes: tuple[str, str]) -> list[str]:
    text = EVERYTHING
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    with pytest.raises(ProgrammeRefused) as caught:
        programme(text)
    return [f"{fault.field}: {fault.what}" for fault in caught.value.faults]


def test_everything_is_read_and_judged() -> None:
    found = asked()
    assert (found.suitability, found.level, found.district) == ("suitable", "calm", "North")
    never = ("no-rollout", "repeat-caller-unknown")
    assert verdicts(found) == {"phone": (), "van": (), "nav": (), "faces": never}
    assert Judgement.model_validate_json(found.model_dump_json()) == found


def test_calls_of_another_source_are_not_taken() -> None:
    assert asked(source="two").suitability == "suitable"
    assert asked(source="three").reasons == ("other-source",)


def test_how_long_a_call_may_wait_goes_by_its_priority() -> None:
    assert (asked().hold_minutes, asked(priority="A").hold_minutes) == (40, 0)
    assert asked().hold_notice_minutes == (10, 20)


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("25A01", "mental-health"),
        ("25-A-1", "mental-health"),
        ("25a1", "mental-health"),
        ("25A", None),
        ("25", None),
        ("25A011", None),
        ("25A01X", None),
        ("25F01", None),
        ("\uff12\uff15A01", "mental-health"),  # the same digits, wide
        ("\u0662\u0665A01", None),  # digits of another script
    ],
)
def test_mpds_determinants_have_one_form_and_nothing_is_made_of_a_truncated_one(
    code: str, category: str | None
) -> None:
    assert asked(code=code).category == category


@pytest.mark.parametrize("code", ["26O01", "26-O-1", "26-\u03a9-1", "26\u03c91", "26\u212601"])
def test_the_lowest_level_of_mpds_is_one_however_it_is_written(code: str) -> None:
    """A document that wrote it as it is printed was refused, and a call whose CAD does matched nothing."""
    text = EVERYTHING.replace('"25A01"', '"26-\u03a9-1"')
    assert text != EVERYTHING
    assert asked(text, code=code).category == "mental-health"


def test_a_suffix_is_part_of_the_code() -> None:
    assert asked(code="25-A-1-V").level == "police"
    assert asked(code="25A01").level == "calm"


@pytest.mark.parametrize(("day", "category"), [((2024, 3, 31), None), ((2024, 4, 1), "mental-health")])
def test_a_code_means_nothing_before_its_day(day: tuple[int, int, int], category: str | None) -> None:
    at = datetime(*day, 22, 0, tzinfo=programme(EVERYONE).zone)
    assert asked(code="25B03", at=at).category == category


def test_a_code_means_nothing_from_its_last_day_on() -> None:
    text = EVERYONE.replace("from = 2024-04-01 }", "until = 2024-05-05 }")
    assert asked(text, code="25B03", at=EVENING).category == "mental-health"  # 4 May, local time
    assert asked(text, code="25B03", at=EVENING + timedelta(hours=2)).category is None


def test_a_priority_states_hazards_and_an_unlisted_one_states_nothing() -> None:
    assert asked(priority="A").raised_by[0].source == "priority A"
    assert asked(priority="A").level == "police beside"
    assert asked(priority="Z").raised_by[0].unknown == "not-asked"
    assert asked(priority=None).level == "police beside"
    assert asked(system="ppds", code="X", priority=None).level == "calm"  # the code says 2 by itself
    assert "priority B: triage_level 2" in programme(EVERYONE).assumptions


def test_a_priority_may_have_its_own_deadline() -> None:
    assert asked(priority="A").routing_deadline_seconds == 35
    assert asked(priority=" A ").routing_deadline_seconds == 35
    assert asked().routing_deadline_seconds == 60


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"language": "EN"}, ()),
        ({"language": "fr"}, ("language-not-met",)),
        ({"language": None}, ("language-unknown",)),
        ({"answers": CALM | {"Q7": "13"}}, ()),
        ({"answers": CALM | {"Q7": "12"}}, ("age-not-met",)),
        ({"answers": CALM | {"Q7": "18"}}, ("age-not-met",)),
        ({"answers": CALM | {"Q7": "teen"}}, ("age-unknown",)),
        ({"answers": CALM | {"Q7": "17"}, "facts": {"resolvable_by_phone": "yes", "age": "18"}}, ("age-not-met",)),
    ],
)
def test_permissions(changes: dict[str, Any], reasons: tuple[str, ...]) -> None:
    assert verdicts(asked(**changes))["phone"] == reasons


def test_who_is_on_scene_is_never_unknown() -> None:
    assert asked().level == "calm"
    assert asked(units_on_scene=True).raised_by[0].fact == "units_on_scene"
    assert asked(facts={"units_on_scene": "yes"}).level == "police beside"
    assert asked(facts={"units_on_scene": "no"}, units_on_scene=True).level == "police beside"


def test_a_staged_team_is_said_to_stage() -> None:
    found = asked(units_on_scene=True)
    dual = found.responses[0]
    assert (dual.response, dual.enters_when) == ("dual", ("police on scene", "released by sergeant"))
    assert "It stages until police on scene or released by sergeant." in found.sentence


def test_a_referral_is_recorded_and_routes_nothing() -> None:
    found = asked(units_on_scene=True, district="all-city")
    assert found.suitability == "suitable"
    assert verdicts(found) == {"dual": ("no-rollout",), "nav": ()}
    assert found.sentence.endswith("A referral to nav (live), due in 48 h.")
    only = EVERYONE.replace('["dual", "nav", "default"]', '["nav", "default"]').split("[responses.dual]")
    text = only[0] + "[responses.nav]" + only[1].split("[responses.nav]")[1]
    dual_row = '[[rollout]]\nresponse = "dual"\ndistricts = ["North"]\nhours = ["daily 00:00-24:00"]\nphase = "live"\n'
    found = asked(text.replace(dual_row, ""), units_on_scene=True)
    assert (found.suitability, found.reasons) == ("unsuitable", ("level-sends-default",))
    assert [(one.response, one.may_go, one.due_hours) for one in found.responses] == [("nav", True, 48)]
    assert found.sentence.endswith("A referral to nav (live), due in 48 h.")


def test_the_arm_of_a_call_is_drawn_from_its_id() -> None:
    share = EVERYONE.replace(
        'hours = ["daily 18:00-01:30"]', 'hours = ["daily 18:00-01:30"]\narm = { share_percent = 55, seed = "mcat" }'
    )
    sent = {n for n in range(400) if not verdicts(asked(share, incident_id=str(n)))["van"]}
    assert 180 < len(sent) < 260
    more = share.replace("share_percent = 55", "share_percent = 80")
    assert sent < {n for n in range(400) if not verdicts(asked(more, incident_id=str(n)))["van"]}
    other = share.replace('seed = "mcat"', 'seed = "another"')
    assert sent != {n for n in range(400) if not verdicts(asked(other, incident_id=str(n)))["van"]}
    assert verdicts(asked(EVERYTHING))["phone"] == ("control-arm",)


def test_holidays_without_a_calendar() -> None:
    text = EVERYONE.replace('hours = ["daily 18:00-01:30"]\n', 'hours = ["daily 18:00-01:30"]\nholidays = "closed"\n')
    zone = programme(text).zone
    assert verdicts(asked(text, at=datetime(2024, 7, 4, 19, 0, tzinfo=zone)))["van"] == ("holiday",)
    assert verdicts(asked(text, at=datetime(2024, 7, 5, 1, 0, tzinfo=zone)))["van"] == ("holiday",)
    assert verdicts(asked(text, at=datetime(2024, 12, 25, 19, 0, tzinfo=zone)))["van"] == ()


def test_the_clocks_and_defaults_stay_what_they_were() -> None:
    read_one: Programme = programme(EVERYONE)
    assert read_one.clocks.deadline_seconds(None) == 60
    assert read_one.districts["North"] == ("N1",)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"25A01V" =', '"25A" =', "call_types.mpds.25A: '25A' is no MPDS determinant"),
        ('"25A01V" =', '"25-A-1" =', "call_types.mpds.25-A-1: '25-A-1' and '25A01' are one determinant"),
        ("[code_systems.mpds]", "[code_systems.mdps]", "code_systems.mdps: 'mdps' has no call types"),
        ("from = 2024-04-01 }", "from = 2024-04-01, until = 2024-04-01 }", "until: 2024-04-01 is not after from"),
        (
            "priorities = { A = { triage_level",
            'priorities = { "A " = { violence = "threat" }, A = { triage_level',
            "are",
        ),
        ("due_hours = 48\n", "", "responses.nav.due_hours: a referral without due_hours"),
        ('reached_by = "pull"', 'reached_by = "pull"\ndue_hours = 2', "due_hours, and this is no referral"),
        ('reached_by = "referral"', 'reached_by = "referral"\nenters_when = "police on scene"', "enters anywhere"),
        ('reached_by = "pull"', 'reached_by = "pull"\nenters_when = "police on scene"', "waits for police, whom it"),
        ("window_seconds = 20\n", "", "responses.dual.window_seconds: a window without window_seconds"),
        ('reached_by = "pull"', 'reached_by = "pull"\nwindow_seconds = 20', "window_seconds, and no window"),
        (
            'reached_by = "pull"',
            'reached_by = "pull"\npreferred_eta_minutes = 9',
            "preferred_eta_minutes, and no window",
        ),
        ('reached_by = "referral"', 'reached_by = "referral"\nlate_minutes = 9', "late_minutes, and no pull"),
        ("window_seconds = 20", "window_seconds = 21", "20 s are less than a window's 21 s"),
        ('silence_means = "declined"', 'silence_means = "accepted"', "no value of silence_means"),
        ('seed = "mcat"', 'seed = ""', "a share without seed"),
        ('arm = "control"', 'arm = "treated"', "'treated' is no arm"),
        ("A = 35", "A = 30", "when_no_team.steps: the steps take 25 s, and 20 s are left"),
        ("hold_minutes = 40\npri", "pri", "clocks.hold_minutes: a hold without end"),
        ('{ try = "hold", seconds = 5 }, ', "", "clocks.hold_minutes: hold_minutes, and no step holds a call"),
        ('{ try = "hold", seconds = 5 }', '{ try = "hold", seconds = 4 }', "4 s are too few for a CAD"),
        ("hold_minutes = 40\npri", "hold_minutes = 241\npri", "clocks.hold_minutes: 241 does not fit"),
        ("hold_notice_minutes = [10, 20]", "hold_notice_minutes = [20, 10]", "the notices of a hold are not in order"),
        (
            '{ try = "same response", seconds = 20 }, { try = "hold", seconds = 5 }',
            '{ try = "hold", seconds = 5 }, { try = "same response", seconds = 20 }',
            "a hold is not the last step before the default",
        ),
        (
            'police = { weapon = "elsewhere or worse"',
            'police = { weapon = "firearm"',
            "safety_floor.police.weapon: weapon",
        ),
        ("police = { weapon", 'police = { suicide = "ideation or worse", weapon', "with suicide ideation a call can"),
        ("closed = [2024-07-04]", "", "holidays: names no day"),
        ("closed = [2024-07-04]", "closed = [2024-07-04]\nopen = [2024-07-05]", "no calendar that closes it"),
        ('age = "13 to 17"', 'age = "17 to 13"', "is no age bound"),
        ('{ beats = ["N1"] }', '{ beat = ["N1"] }', "districts.North.beat: unknown key 'beat'"),
        ('language = ["en", "ES"]', "language = []", "only_when.language: is empty"),
        ('units_on_scene = "yes"', 'units_on_scene = "maybe"', "'maybe' is no value of units_on_scene"),
    ],
)
def test_refusals(old: str, new: str, fault: str) -> None:
    found = faults((old, new))
    assert any(fault in one for one in found), found


def test_a_referral_goes_beside_the_default() -> None:
    old = 'goes = "beside default"\nreached_by = "referral"'
    assert faults((old, 'goes = "instead of default"\nreached_by = "referral"'))
