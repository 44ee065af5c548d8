"""Documents made up by Hypothesis, mostly acceptable, and calls that turn on whatever a document may turn on."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from shared.call import Call, CallType
from shared.programme import Judgement, Programme, ProgrammeRefused, judge, read
from shared.programme.explain import all_on
from shared.programme.facts import CHOICES, HAZARDS
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
HOURS = ('"daily 00:00-24:00"', '"Mon-Fri 11:00-19:00"', '"Fri,Sat 18:00-02:30", "Sun 01:00-03:00"')


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A document; now and then one that is refused."""
    count = draw(st.integers(1, 3))
    kinds = draw(st.lists(st.sampled_from(RESPONSES), min_size=count, max_size=count))
    lines = ['agency = "made-up"\nprogramme = "p"\nversion = 1\neffective = 2024-01-01T00:00:00']
    lines.append('time_zone = "America/New_York"\ndefault = "police"\n[holidays]\ncalendar = "US"')
    lines.append('[districts]\nA = ["A1"]\nB = []\n[call_types.cad]\nMH = { category = "mh" }')
    lines.append('MHV = { category = "mh", violence = "in-progress" }\nCALM = { category = "mh", weapon = "none" }')
    lines.append('[heard]\nanswers = { Q1 = "weapon", Q2 = { fact = "violence", yes = "threat" } }')
    lines.append('cautions = { ARMED = { weapon = "present" } }\nwords = { weapon = ["gun"] }')
    for level in range(count + 1):
        top = level == count
        raised = [draw(st.sampled_from(choices[: 2 if top else 3])) for choices in FLOORS if top or draw(st.booleans())]
        raised += draw(st.lists(st.sampled_from(EXTRA), max_size=2, unique=True)) if level else []
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
        lines.append(draw(st.sampled_from(('holidays = "closed"', "", 'arm = { share_percent = 40, seed = "s" }'))))
    lines.append('[when_no_team]\nsteps = [{ try = "default" }]')
    return "\n".join(lines)


def accepted(text: str) -> Programme | None:
    """The programme, if the document is accepted."""
    try:
        return read(text)
    except ProgrammeRefused:
        return None


@cache
def preset(name: str) -> Programme:
    """A programme that is delivered."""
    return read((PROGRAMMES / name).read_text())


programmes = st.sampled_from(PRESETS).map(preset) | texts().map(accepted).filter(lambda one: one is not None)
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


def judged_by(programme: Programme, fields: dict[str, Any], heard: frozenset[str] = frozenset()) -> Judgement:
    """The judgement with everything switched on, at the call's own time."""
    call = Call(**fields)
    return judge(programme, all_on(programme), call, heard, call.updated_at)
