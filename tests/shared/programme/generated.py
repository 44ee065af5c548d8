"""Documents made up by Hypothesis, most of them acceptable, and calls that turn on whatever a document may turn on."""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from shared.call import Call, CallType
from shared.judgement import PHASES, ResponseVerdict
from shared.programme import Judgement, Programme, ProgrammeRefused, judge, read
from shared.programme.judging.facts import CHOICES, HAZARDS
from shared.programme.judging.hours import Week, Window
from shared.programme.judging.load import Load
from shared.programme.judging.programme import NO_CAP, Cap, Row
from shared.programme.judging.surroundings import Surroundings
from shared.programme.trying.explain import all_on
from tests.shared.programme.documents import PROGRAMMES

PRESETS = tuple(sorted(path.name for path in PROGRAMMES.glob("*.toml")))
FLOORS = (
    ('{ weapon = "present or worse" }', '{ weapon = "elsewhere or worse" }', '{ weapon = "firearm" }'),
    ('{ violence = "threat or worse" }', '{ violence = "past or worse" }', '{ violence = "in-progress" }'),
    ('{ crime = "in-progress" }', '{ crime = "reported or worse" }'),
    ('{ injury = "needs-ems" }', '{ injury = "minor or worse" }'),
    ('{ suicide = "attempt" }', '{ suicide = "ideation or worse" }'),
)
EXTRA = (
    '{ location_kind = ["traffic", "school"] }',
    '{ age = "under 18" }',
    '{ consent = "no" }',
    '{ units_on_scene = "yes" }',
    '{ caller_wants = "police" }',
    '{ intoxication = "severe" }',
    '{ triage_level = "3 or worse" }',
    '{ injury = "minor or worse", age = "65 or more" }',
    '{ violence = "past or worse", location_kind = "private-residence" }',
)
RESPONSES = (
    ("community-responder", '["emt", "clinician"]', "instead of default", "offer"),
    ("mobile-crisis-team", '["clinician"]', "instead of default", "pull"),
    ("co-responder", '["officer", "clinician"]', "instead of default", "offer"),
    ("dual-dispatch", '["crisis-worker"]', "beside default", "broadcast"),
    ("multidisciplinary-team", '["officer", "clinician", "paramedic"]', "instead of default", "on-call page"),
    ("care-navigator", '["navigator"]', "beside default", "note"),
)
PERMISSIONS = (
    "",
    'only_when = { age = "16 or more" }\n',
    'only_when = { location_kind = ["public-outside", "public-inside"], consent = "yes" }\n',
)
QUESTIONS = (
    '"weapon"',
    '{ fact = "weapon", yes = "elsewhere", firearm = "firearm" }',
    '{ fact = "weapon", yes = "elsewhere", asks = "partly" }',
)
VIOLENT = (
    '"violence"',
    '{ fact = "violence", yes = "threat" }',
    '{ fact = "violence", yes = "none", no = "in-progress" }',
)
HOURS = ('"daily 00:00-24:00"', '"Mon-Fri 11:00-19:00"', '"Fri,Sat 18:00-02:30", "Sun 01:00-03:00"')


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A document, which may be refused."""
    count = draw(st.integers(1, 3))
    kinds = draw(st.lists(st.sampled_from(RESPONSES), min_size=count, max_size=count))
    lines = ['agency = "made-up"\nprogramme = "p"\nversion = 1\neffective = 2024-01-01T00:00:00']
    lines.append('time_zone = "America/New_York"\ndefault = "police"\n[holidays]\ncalendar = "US"')
    lines.append('[districts]\nA = ["A1"]\nB = []\n[call_types.cad]\nMH = { category = "mh" }')
    lines.append('MHV = { category = "mh", violence = "in-progress" }\nCALM = { category = "mh", weapon = "none" }')
    lines.append(
        f"[heard]\nanswers = {{ Q1 = {draw(st.sampled_from(QUESTIONS))}, Q2 = {draw(st.sampled_from(VIOLENT))} }}"
    )
    lines.append('cautions = { ARMED = { weapon = "present" } }\nwords = { weapon = ["gun"] }')
    lines.append("weaker_on_purpose = []")
    extra = iter(draw(st.permutations(EXTRA)))  # no level raises what another does
    for level in range(count + 1):
        top = level == count
        raised = [draw(st.sampled_from(choices[: 2 if top else 3])) for choices in FLOORS if top or draw(st.booleans())]
        raised += [next(extra) for _ in range(draw(st.integers(0 if top else 1, 2)))] if level else []
        lines.append(f'[[level]]\nname = "l{level}"\nsends = ["{"default" if top else f"r{level}"}"]')
        lines.append(f"raised_by = [{', '.join(raised)}]" if level else "")
    for index, (model, crew, goes, reached_by) in enumerate(kinds):
        lines.append(f'[responses.r{index}]\nmodel = "{model}"\ncrew = {crew}\ntakes = ["mh"]\ngoes = "{goes}"')
        lines.append(
            f'may_be_asked_by = ["officer"]\nreached_by = "{reached_by}"\n{draw(st.sampled_from(PERMISSIONS))}'
        )
        where, phase = draw(st.sampled_from(('"all"', '["A"]'))), draw(st.sampled_from(("shadow", "live")))
        lines.append(f'[[rollout]]\nresponse = "r{index}"\ndistricts = {where}\nphase = "{phase}"')
        lines.append(f"hours = [{draw(st.sampled_from(HOURS))}]")
        shares = reached_by != "note" and draw(st.integers(0, 3)) == 3
        lines.append(draw(st.sampled_from(('holidays = "closed"', "", 'arm = { share_percent = 40, seed = "s" }'))))
        if shares:
            lines.append(f'cap = "c{index}"\n[caps.c{index}]\nat_most_open = 2')
        elif reached_by != "note":
            lines.append(draw(st.sampled_from(("", "at_most_open = 2", "at_most_per_day = 3"))))
        if draw(st.integers(0, 3)) == 3:
            lines.append(f'[[rollout]]\nresponse = "r{index}"\ndistricts = ["B"]\nphase = "shadow"')
            lines.append(f"hours = [{draw(st.sampled_from(HOURS))}]")
            lines.append(f'cap = "c{index}"' if shares else "")
    lines.append('[when_no_team]\nsteps = [{ try = "default" }]')
    return "\n".join(lines)


def acceptable(text: str) -> str:
    """The document with whatever of it is weaker on purpose; empty where it is refused all the same."""
    for weaker in ("[]", '["Q1"]', '["Q2"]', '["Q1", "Q2"]'):
        whole = text.replace("weaker_on_purpose = []", f"weaker_on_purpose = {weaker}")
        with suppress(ProgrammeRefused):
            read(whole)
            return whole
    return ""


@cache
def preset(name: str) -> Programme:
    """A programme that is delivered."""
    return read((PROGRAMMES / name).read_text())


made_up_texts = texts().map(acceptable).filter(bool)
made_up = made_up_texts.map(read)
programmes = st.sampled_from(PRESETS).map(preset) | made_up
"""Delivered and made-up ones."""

CALM = {hazard: values[0] for hazard, values in HAZARDS.items()} | {
    "location_kind": "public-outside", "consent": "yes", "relation": "self", "resolvable_by_phone": "yes",
    "subject_present": "yes", "repeat_caller": "no", "age": "30",
}  # fmt: skip
VALUES = {**{fact: (*values, "cannot-tell") for fact, values in HAZARDS.items()}, **CHOICES}
VALUES["age"] = ("9", "15", "16", "17", "18", "70")


@st.composite
def facts(draw: st.DrawFn) -> dict[str, str]:
    """What the CAD tells: mostly calm, so that something may go, but for a few facts that are worse or not told."""
    told = dict(CALM)
    for fact in draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=draw(st.sampled_from((0, 1, 2, 8))))):
        if draw(st.booleans()):
            told[fact] = draw(st.sampled_from(VALUES[fact]))
        else:
            told.pop(fact, None)
    return told


def mostly(value: Any, *others: Any) -> st.SearchStrategy[Any]:
    """A value three times out of four."""
    return st.integers(0, 3).flatmap(lambda dice: st.sampled_from(others) if dice == 3 else st.just(value))


@st.composite
def calls_of(draw: st.DrawFn, programme: Programme) -> dict[str, Any]:
    """The fields of a call that the programme may have something to say of."""
    codes = sorted(programme.codes)
    system, code = draw(st.sampled_from([*codes, ("cad", "UNLISTED")]))
    at = datetime(2025, 3, 3, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 60 * 24 * 400)))
    sources = sorted(programme.sources) or ["cad"]
    return {
        "agency": programme.agency,
        "source": draw(st.sampled_from(sources)),
        "incident_id": str(draw(st.integers(1, 50))),
        "created_at": at,
        "updated_at": at,
        "call_type": CallType(system=system, code=code),
        "district": draw(st.sampled_from(sorted(programme.districts))),
        "priority": draw(mostly(None, *programme.priorities, "other")),
        "facts": draw(facts()),
        "cautions": draw(mostly((), *((flag,) for flag in programme.cautions), ("OTHER",))),
        "caller_wants": draw(mostly("none", "alternative", "police")),
        "requested_by": draw(mostly(None, "officer", "caller", "fire-crew")),
        "units_on_scene": draw(st.integers(0, 3)) == 3,
        "language": draw(st.sampled_from([None, "en", "es"])),
    }


def loads_of(row: Row) -> st.SearchStrategy[dict[str, dict[str, Load]]]:
    """Calls that the row's response has in one of its districts, open and on any day of the calls."""
    counts = st.builds(Load, st.integers(0, 3), st.dates(date(2025, 3, 3), date(2026, 4, 8)), st.integers(0, 9))
    by_district = st.dictionaries(st.sampled_from(sorted(row.districts)), counts, min_size=1)
    return st.fixed_dictionaries({row.response: by_district})


def judged_by(
    programme: Programme,
    fields: dict[str, Any],
    heard: frozenset[str] = frozenset(),
    load: Mapping[str, Mapping[str, Load]] | None = None,
) -> Judgement:
    """The judgement with everything switched on, at the call's own time."""
    call = Call(**fields)
    return judge(programme, all_on(programme), call, Surroundings(heard, load=load or {}), call.updated_at)


def brings(response: ResponseVerdict, service: str) -> bool:
    """Whether police or EMS come where the response goes."""
    crew = {"police": {"officer"}, "ems": {"emt", "paramedic"}}[service]
    return bool(crew & set(response.crew)) or (response.goes == "beside default" and service not in response.replaces)


def unknown_or_from(programme: Programme, fields: dict[str, Any], hazard: str, value: str) -> bool:
    """Whether nobody knows a hazard of a call, or it is this value or worse, of all who say something of it."""
    call, scale = Call(**fields), HAZARDS[hazard]
    told = [call.facts.get(hazard, "").strip().casefold()]
    code = programme.code(call.call_type, call.updated_at)
    told += [scale[code.hazards[hazard]]] if code is not None and hazard in code.hazards else []
    by_priority = programme.priorities.get(call.priority or "", {})
    told += [scale[by_priority[hazard]]] if hazard in by_priority else []
    told += [
        scale[programme.cautions[flag][hazard]] for flag in call.cautions if hazard in programme.cautions.get(flag, {})
    ]
    known = [one for one in told if one in scale]
    answered = [one for one in told[:1] if one in scale] or hazard in by_priority or (code and hazard in code.hazards)
    return not answered or "cannot-tell" in told or max(map(scale.index, known), default=0) >= scale.index(value)


def restrictions(row: Row) -> list[tuple[Row, ...]]:
    """Rows that say less than `row`: fewer districts, hours or days, a lower phase, share or cap, or none at all."""
    shorter = tuple(tuple(Window(one.opens + 30, one.closes - 30) for one in day) for day in row.week.days)
    weekdays = tuple(windows if number % 2 else () for number, windows in enumerate(row.week.days))
    middle = (row.from_day or date(2020, 1, 1)) + timedelta(days=3)
    found = [
        (),
        (replace(row, from_day=max(row.from_day or date.min, middle)),),
        (replace(row, until_day=min(row.until_day or date.max, middle)),),
        (replace(row, closed_on_holidays=True),),
        (replace(row, phase=PHASES[max(PHASES.index(row.phase) - 1, 0)]),),
        (replace(row, share_percent=row.share_percent // 2, seed=row.seed or "s"),),
        (replace(row, week=Week(shorter, "shorter")),),
        (replace(row, week=Week(weekdays, "fewer days")),),
        (replace(row, cap=_lower(row.cap)),),
    ]
    if row.cap == NO_CAP:  # a cap counts over the districts of its row, so that fewer districts count fewer calls
        found.append((replace(row, districts=frozenset(sorted(row.districts)[1:])),))
    return found


def _lower(cap: Cap) -> Cap:
    return Cap((cap.at_most_open or 4) - 1, (cap.at_most_per_day or 9) - 1)


def with_rows(programme: Programme, rollout: tuple[Row, ...]) -> Programme:
    """The programme with another roll-out."""
    rows: defaultdict[tuple[str, str], tuple[Row, ...]] = defaultdict(tuple)
    for row in rollout:
        for district in row.districts:
            rows[row.response, district] += (row,)
    return replace(programme, rollout=rollout, rows=MappingProxyType(dict(rows)))
