"""Broken documents: what is said of each, and at which line."""

import time
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shared.programme import ProgrammeRefused, read
from shared.programme.document.faults import Fault
from shared.programme.document.kinds import zone
from tests.shared.programme.documents import BOSTON, MADISON, PROGRAMMES

EXAMPLE = (PROGRAMMES / "example-city.toml").read_text()
ROW = '[[rollout]]\nresponse = "cares"\ndistricts = ["West"]\nhours = ["daily 00:00-24:00"]\nphase = "live"\n'

VANS = "[caps.vans]\nat_most_open = 3\n"


def refused(text: str) -> tuple[Fault, ...]:
    with pytest.raises(ProgrammeRefused) as caught:
        read(text)
    return caught.value.faults


def broken(old: str, new: str, text: str = MADISON) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def with_row(*lines: str) -> str:
    """Madison with a second row; each line of it replaces the key that it sets, or comes in addition."""
    keys = [line.split(" ")[0] for line in lines]
    kept = [line for line in ROW.splitlines() if line.split(" ")[0] not in keys]
    return broken("[when_no_team]", "\n".join([*kept, *lines, "[when_no_team]"]))


# document, what the line of the fault holds, field, what is wrong, what would be right
CASES: dict[str, tuple[str, str, str, str, str]] = {
    "misspelt key": (
        broken('sends = ["cares"]', 'sned = ["cares"]'),
        "sned",
        "level[1].sned",
        "unknown key 'sned'",
        "did you mean 'sends'?",
    ),
    "missing key": (broken('sends = ["cares"]', ""), "[[level]]", "level[1].sends", "is missing", "add sends"),
    "unknown part": (broken("[clocks]", "[clock]"), "[clock]", "clock", "unknown key", "did you mean 'clocks'?"),
    "later part": (
        broken("[clocks]", "[notes]\n[clocks]"),
        "[notes]",
        "notes",
        "is written otherwise",
        'reached_by = "note"',
    ),
    "later key": (with_row("caps = 24"), "caps", "rollout[2].caps", "is written otherwise", "at_most_open"),
    "cap of nothing": (
        with_row("at_most_open = 0"),
        "at_most_open",
        "rollout[2].at_most_open",
        "0 does not fit",
        "1 or more",
    ),
    "cap on a note": (
        broken('reached_by      = "offer" ', 'reached_by = "note" #')
        .replace('goes            = "instead', 'goes = "beside default" # "instead')
        .replace('"live" ', '"live"\nat_most_per_day = 3 #'),
        "at_most_per_day",
        "rollout[1].at_most_per_day",
        "a note occupies nobody",
        "leave it out",
    ),
    "callers counted for nothing": (
        broken("[when_no_team]", "[repeat_callers]\ncalls = 8\nwithin_days = 90\n[when_no_team]"),
        "[repeat_callers]",
        "repeat_callers",
        "nothing turns on repeat_caller",
        'repeat_caller = "yes"',
    ),
    "no telephone number": (
        broken(
            "[when_no_team]",
            '[repeat_callers]\ncalls = 8\nwithin_days = 90\nexcept_numbers = ["the shelter"]\n[when_no_team]',
        ).replace("[[rollout]]", 'only_when = { repeat_caller = "yes" }\n[[rollout]]', 1),
        "the shelter",
        "repeat_callers.except_numbers[1]",
        "'the shelter' is no telephone number",
        "+1",
    ),
    "no country": (
        broken("[when_no_team]", '[repeat_callers]\ncalls = 8\nwithin_days = 90\nregion = "USA"\n[when_no_team]'),
        "USA",
        "repeat_callers.region",
        "'USA' is no country",
        '"US"',
    ),
    "a pause after no upgrade": (
        broken("[when_no_team]", "[automatic_pause]\nunsafe_upgrades = 0\nwithin_minutes = 60\n[when_no_team]"),
        "unsafe_upgrades",
        "automatic_pause.unsafe_upgrades",
        "0 does not fit",
        "1 or more",
    ),
    "no discipline": (
        broken('["paramedic", "crisis-worker"]', '["paramedic or medic", "crisis-worker"]'),
        "medic",
        "responses.cares.crew[1]",
        "'medic' is no discipline",
        "emt or paramedic",
    ),
    "an officer by telephone": (
        broken('reached_by = "broadcast"', 'reached_by = "phone transfer"', BOSTON)
        .replace('goes = "beside default"', 'goes = "instead of default"')
        .replace('{ weapon = "present or worse" },', '{ weapon = "firearm" },'),
        "ask-co-response",
        "level[2].sends[2]",
        "with weapon present a call can stand on 'safety risk', where 'ask-co-response' brings no police",
        "to a level that sends police",
    ),
    "one nurse for two": (
        broken(
            'model = "co-responder"\ncrew = ["officer", "clinician"]\ntakes = ["mental-health"]\ngoes = "instead',
            'model = "multidisciplinary-team"\ncrew = ["officer", "nurse"]\ntakes = ["mental-health"]\ngoes = "instead',
            BOSTON,
        ),
        "nurse",
        "responses.co-response-car.crew",
        "one member has to be two",
        "a member each",
    ),
    "a follow-up twice": (
        broken('reached_by      = "offer" ', 'follow_up_due_hours = [24, 48, 24]\nreached_by = "offer" #'),
        "follow_up_due_hours",
        "responses.cares.follow_up_due_hours[3]",
        "24 h stands there twice",
        "name it once",
    ),
    "nobody is under 0": (
        broken("[[rollout]]", 'only_when = { age = "under 0" }\n[[rollout]]'),
        "under 0",
        "responses.cares.only_when.age",
        "'under 0' is no age bound",
        "under 18",
    ),
    "a place that an officer may fill": (
        broken('["paramedic", "crisis-worker"]', '["paramedic or officer", "crisis-worker"]'),
        "officer",
        "responses.cares.crew",
        "an officer is in a community-responder crew",
        "co-responder",
    ),
    "a clock that nothing follows": (
        broken("[clocks]", "[clocks]\nposition_stale_seconds = 60"),
        "position_stale_seconds",
        "clocks.position_stale_seconds",
        "is written otherwise",
        "leave it out",
    ),
    "boundary as a file": (
        broken('West    = ["W1", "W2"]', 'West = { beats = ["W1"], boundary = "west.geojson" }'),
        "West",
        "districts.West.boundary",
        "'west.geojson' does not fit",
        "a table",
    ),
    "wrong type": (broken("version   = 1", 'version = "1"'), "version", "version", "'1' does not fit", "whole number"),
    "wrong value": (
        broken('"community-responder"', '"comunity-responder"'),
        "comunity",
        "responses.cares.model",
        "is no value of model",
        "did you mean 'community-responder'?",
    ),
    "answer that means a day": (
        broken('Q5 = "suicide"', 'Q5 = { fact = "suicide", yes = 2026-01-05 }'),
        "Q5",
        "heard.answers.Q5",
        "yes = 2026-01-05 is no value of suicide",
        "one of none, ideation, threat-or-plan, attempt",
    ),
    "hazard misspelt": (
        broken('{ weapon = "elsewhere or worse" }', '{ wepon = "elsewhere or worse" }'),
        "wepon",
        "level[2].raised_by[1].wepon",
        "unknown key",
        "did you mean 'weapon'?",
    ),
    "one value of a hazard in the middle": (
        broken('"past or worse"', '"past"'),
        "raised_by",
        "level[2].raised_by[2].violence",
        "'past' is no value",
        "did you mean 'past or worse'?",
    ),
    "undefined response": (
        broken('sends = ["cares"]', 'sends = ["care"]'),
        '"care"',
        "level[1].sends[1]",
        "'care' is no response",
        "did you mean 'cares'?",
    ),
    "undefined district": (
        broken('districts = ["Central"]', 'districts = ["Centrel"]'),
        "Centrel",
        "rollout[1].districts[1]",
        "is no district",
        "did you mean 'Central'?",
    ),
    "undefined response in a row": (
        broken('response  = "cares"', 'response = "cars"'),
        '"cars"',
        "rollout[1].response",
        "is no response",
        "did you mean 'cares'?",
    ),
    "beat in two districts": (
        broken('"W2"]', '"C1"]'),
        "West",
        "districts.West[2]",
        "beat 'C1' is in Central too",
        "one district",
    ),
    "category that no code has": (
        broken('takes           = ["mental-health", ', 'takes = ["mental-helth", '),
        "mental-helth",
        "responses.cares.takes[1]",
        "no call type",
        "did you mean 'mental-health'?",
    ),
    "code twice": (
        broken('"MENTAL VIOLENT" =', '"MENTAL  VIOLENT" = { category = "noise" }\n"MENTAL VIOLENT" ='),
        '"MENTAL VIOLENT"',
        'call_types.dane-county."MENTAL VIOLENT"',
        "are one name",
        "write it once",
    ),
    "level that nothing reaches": (
        broken(
            '[[level]]\nname  = "police needed"',
            '[[level]]\nname = "odd"\nsends = ["default"]\nraised_by = [{ weapon = "firearm" }]\n'
            '[[level]]\nname = "police needed"',
        ),
        "[[level]]",
        "level[2]",
        "nothing can put a call on 'odd'",
        "raises no higher level",
    ),
    "response that nobody sends": (
        MADISON
        + '[responses.van]\nmodel = "peer-led"\ncrew = ["peer"]\ntakes = ["mental-health"]\n'
        + 'goes = "instead of default"\nreached_by = "offer"\n',
        "[responses.van]",
        "responses.van",
        "no level sends 'van'",
        "leave it out",
    ),
    "highest level without default": (
        broken('sends = ["default"]', 'sends = ["cares"]'),
        "sends",
        "level[2].sends",
        "does not send default",
        "default",
    ),
    "officer among community responders": (
        broken('["paramedic", "crisis-worker"]', '["paramedic", "officer"]'),
        "officer",
        "responses.cares.crew",
        "an officer is in a community-responder crew",
        "co-responder",
    ),
    "co-responder without officer": (
        broken(
            'crew = ["officer", "clinician"]\ntakes = ["mental-health"]\ngoes = "beside default"',
            'crew = ["clinician"]\ntakes = ["mental-health"]\ngoes = "beside default"',
            BOSTON,
        ),
        "crew",
        "responses.ask-co-response.crew",
        "has officer, and here there is none",
        "crew",
    ),
    "row that ended before it began": (
        with_row("from = 2021-10-01", "until = 2021-10-01"),
        "until",
        "rollout[2].until",
        "can never open",
        "after from",
    ),
    "row that ended before the document": (
        with_row("until = 2021-08-01"),
        "until",
        "rollout[2].until",
        "before the document takes effect",
        "leave the row out",
    ),
    "row without such a day": (
        with_row("from = 2021-10-02", "until = 2021-10-04", 'hours = ["Mon-Fri 11:00-19:00"]'),
        "Mon-Fri",
        "rollout[2].hours",
        "no such hours",
        "other hours",
    ),
    "row open on a holiday only, and closed then": (
        with_row("from = 2021-09-06", "until = 2021-09-07", 'holidays = "closed"'),
        "hours",
        "rollout[2].hours",
        "can never open",
        "other hours",
    ),
    "row that is off": (
        with_row('phase = "off"'),
        "off",
        "rollout[2].phase",
        "can never open: it is off",
        "leave the row out",
    ),
    "hours that cannot be read": (
        broken('"Mon-Fri 11:00-19:00"', '"weekdays 11-19"'),
        "weekdays",
        "rollout[1].hours[1]",
        "is no line of hours",
        'like "Mon-Fri',
    ),
    "hours of half a stretch of days": (
        broken('"Mon-Fri 11:00-19:00"', '"Mon- 11:00-19:00"'),
        "Mon-",
        "rollout[1].hours[1]",
        "'' is no day of the week",
        'like "Mon-Fri',
    ),
    "a code like no code": (
        broken('"CHECK PERSON"', '"-"'),
        '"-"',
        "call_types.dane-county.-",
        "'-' is no name: a field that is left empty is the same",
        "leave it out",
    ),
    "an answer that is no answer": (
        broken('Q1 = "weapon"', 'Q1 = { fact = "weapon", "" = "none" }'),
        "Q1",
        'heard.answers.Q1.""',
        "'' is no name",
        "leave it out",
    ),
    "a beat like no beat": (broken('"C1"', '"."'), "Central", "districts.Central[1]", "'.' is no beat", "leave it out"),
    "a district with a slash": (
        broken('West    = ["W1"', '"North/West" = ["W1"'),
        "North/West",
        'districts."North/West"',
        "has a slash",
        "a name without slash",
    ),
    "a district that turns its line round": (
        broken('West    = ["W1"', r'"W\u202Eest" = ["W1"'),
        r"W\u202Eest",
        'districts."W\u202eest"',
        r"'W\u202eest' must not hold U+202E",
        "a name without slash",
    ),
    "an agency with blanks": (
        broken('"madison-wi"', '"Madison WI"'),
        "Madison WI",
        "agency",
        "does not fit",
        "without blanks",
    ),
    "a version that no store holds": (
        broken("version   = 1", "version = 202109010800"),
        "202109010800",
        "version",
        "does not fit",
        "2147483647 or less",
    ),
    "steps beyond the deadline": (
        broken("seconds = 30", "seconds = 51"),
        "steps",
        "when_no_team.steps",
        "take 51 s, and 50 s are left",
        "at most 50 s",
    ),
    "steps beyond the deadline with the offer before them": (
        broken('try = "same response", seconds = 30', 'try = "neighbour pool", seconds = 30'),
        "steps",
        "when_no_team.steps",
        "take 60 s, and 50 s are left",
        "at most 50 s",
    ),
    "a step shorter than an offer": (
        broken("seconds = 30", "seconds = 20"),
        "20",
        "when_no_team.steps[1].seconds",
        "less than an offer's 30 s",
        "longer step",
    ),
    "a step shorter than the transfer that it is for": (
        broken('try = "next response", seconds = 25', 'try = "phone", seconds = 25', BOSTON).replace(
            "ack_seconds = 25", "ack_seconds = 26"
        ),
        "phone",
        "when_no_team.steps[2].seconds",
        "25 s are less than a telephone transfer's 26 s",
        "shorter transfer_ack_seconds",
    ),
    "a pool of nobody": (
        broken('reached_by      = "referral"\n', 'reached_by = "referral"\npool = "north"\n', EXAMPLE),
        'pool = "north"',
        "responses.navigators.pool",
        "a referral asks no team",
        "leave it out",
    ),
    "a phone step without a telephone": (
        broken('{ try = "default" }', '{ try = "phone", seconds = 10 }, { try = "default" }'),
        "phone",
        "when_no_team.steps[2].try",
        "no level sends a response by phone transfer",
        "leave the step out",
    ),
    "chain without default": (
        broken(', { try = "default" }]', "]"),
        "steps",
        "when_no_team.steps[1]",
        "does not end in default",
        "default",
    ),
    "a holiday that is none": (
        broken("[2022-02-15]", "[2022-02-16]"),
        "2022-02-16",
        "holidays.open[1]",
        "is no holiday in US-WI",
        "ordinary day",
    ),
    "unknown calendar": (broken('"US-WI"', '"US-XX"'), "US-XX", "holidays.calendar", "no calendar 'US-XX'", "US-WI"),
    "unknown zone": (
        broken('"America/Chicago"', '"America/Madison"'),
        "Madison",
        "time_zone",
        "no time zone",
        "America/Chicago",
    ),
    "F16: a zone of the machine": (
        broken('"America/Chicago"', '"localtime"'),
        "localtime",
        "time_zone",
        "no time zone",
        "America/Chicago",
    ),
    "a caution that clears": (
        broken('{ violence = "past" }', '{ violence = "none" }'),
        "ASSAULTIVE",
        "heard.cautions.ASSAULTIVE.violence",
        "'none' is no value",
        "past",
    ),
    "a word for no hazard": (
        broken('violence = ["hit"', 'consent = ["hit"'),
        "words",
        "heard.words.consent",
        "unknown key",
        "weapon",
    ),
    "an answer to no fact": (
        broken('Q3 = "crime"', 'Q3 = "crimes"'),
        "answers",
        "heard.answers.Q3.fact",
        "'crimes' is no fact",
        "did you mean 'crime'?",
    ),
    "a navigator instead of the default": (
        broken('"community-responder"', '"care-navigator"'),
        "goes",
        "responses.cares.goes",
        "never goes instead",
        "beside default",
    ),
    "the floor: violence": (
        broken('{ violence = "past or worse" }', '{ violence = "in-progress" }'),
        "cares",
        "level[1].sends[1]",
        "with violence threat a call can stand on 'calm', where 'cares' brings no police",
        "threat or worse",
    ),
    "the floor: a hazard left out": (
        broken('{ injury = "needs-ems" },', "").replace('["paramedic", "crisis-worker"]', '["crisis-worker"]'),
        "cares",
        "level[1].sends[1]",
        "with injury needs-ems",
        "needs-ems or worse",
    ),
    "a first level that nobody can stand on": (
        broken(
            '{ caller_wants = "police" }',
            '{ caller_wants = "police" }, { age = "18 or more" }, { age = "under 18" }',
        ),
        "[[level]]",
        "level[1]",
        "no call is left on the first level",
        "raises nothing",
    ),
    "a flag twice": (
        broken("ARMED = {", '"ARMED " = { weapon = "present" }, ARMED = {'),
        "cautions",
        "heard.cautions.ARMED",
        "are one name",
        "write it once",
    ),
    "a day out of this world": (
        with_row("from = 9999-12-31"),
        "9999",
        "rollout[2].from",
        "out of range",
        "between 2000 and 2199",
    ),
    "a deadline per priority": (
        broken("routing_deadline_seconds    = 60", "routing_deadline_seconds = { P1 = 30 }"),
        "P1",
        "clocks.routing_deadline_seconds",
        "a table does not fit",
        "priority_deadline_seconds",
    ),
    "a row that another row makes idle": (
        with_row(
            'districts = ["Central"]', 'hours = ["Mon-Fri 12:00-13:00"]', 'holidays = "closed"', 'phase = "shadow"'
        ),
        "[[rollout]]",
        "rollout[2]",
        "changes nothing: row 1 of the roll-out allows all of it",
        "the one that allows most counts",
    ),
    "a row twice": (
        with_row().replace("[when_no_team]", ROW + "[when_no_team]"),
        "[[rollout]]",
        "rollout[3]",
        "row 2 of the roll-out allows all of it",
        "leave this one out",
    ),
    "a code that is over": (
        broken('"MENTAL"         = {', '"MENTAL" = { until = 2021-09-01,'),
        "MENTAL",
        "call_types.dane-county.MENTAL.until",
        "'MENTAL' means nothing any more when the document takes effect",
        "a day after 2021-09-01",
    ),
    "a hazard as a permission": (
        broken('takes           = ["mental', 'only_when = { weapon = "none" }\ntakes = ["mental'),
        "only_when",
        "responses.cares.only_when.weapon",
        "'weapon' is a hazard, and nothing goes because of one",
        "raised_by = [{ weapon",
    ),
    "a date in quotes": (
        with_row('from = "2021-10-01"'),
        "from",
        "rollout[2].from",
        "'2021-10-01' does not fit",
        "a date without quotes",
    ),
    "not TOML": (
        broken('agency    = "madison-wi"', 'agency = "madison-wi'),
        "agency",
        "document",
        "quotation marks stay open at the end of the line",
        "close them",
    ),
    "A9: an hour that is missing": (
        broken("effective = 2021-09-01T00:00:00", "effective = 2021-03-14T02:30:00"),
        "effective",
        "effective",
        "02:30 never is on 2021-03-14: clocks go forward",
        "2021-03-14T03:30:00",
    ),
    "a clock too long: routing_deadline_seconds": (
        broken("routing_deadline_seconds    = 60", "routing_deadline_seconds = 3600"),
        "routing_deadline_seconds",
        "clocks.routing_deadline_seconds",
        "3600 does not fit",
        "180 or less: a caller waits",
    ),
    "a clock too long: offer_expiry_seconds": (
        broken("[clocks]", "[clocks]\noffer_expiry_seconds = 3000"),
        "offer_expiry_seconds",
        "clocks.offer_expiry_seconds",
        "3000 does not fit",
        "120 or less",
    ),
    "a clock too long: call_stale_minutes": (
        broken("[clocks]", "[clocks]\ncall_stale_minutes = 1440"),
        "call_stale_minutes",
        "clocks.call_stale_minutes",
        "1440 does not fit",
        "60 or less",
    ),
    "a clock too long: status_stale_minutes": (
        broken("[clocks]", "[clocks]\nstatus_stale_minutes = 1440"),
        "status_stale_minutes",
        "clocks.status_stale_minutes",
        "1440 does not fit",
        "60 or less",
    ),
    "a clock too long: on_scene_check_minutes": (
        broken("[clocks]", "[clocks]\non_scene_check_minutes = 1440"),
        "on_scene_check_minutes",
        "clocks.on_scene_check_minutes",
        "1440 does not fit",
        "60 or less: a team on scene",
    ),
    "a clock too long: missed_safety_checks": (
        broken("[clocks]", "[clocks]\nmissed_safety_checks = 10"),
        "missed_safety_checks",
        "clocks.missed_safety_checks",
        "10 does not fit",
        "3 or less: a team on scene",
    ),
    "a clock too long: staged_notice_minutes": (
        broken("[clocks]", "[clocks]\nstaged_notice_minutes = 90"),
        "staged_notice_minutes",
        "clocks.staged_notice_minutes",
        "90 does not fit",
        "60 or less: somebody may wait inside",
    ),
    "nobody who asks": (
        broken("programme ", 'order_of_calls = ["officers"]\nprogramme '),
        "officers",
        "order_of_calls[1]",
        "'officers' orders no calls",
        '"priority 1"',
    ),
    "a priority without its code": (
        broken("programme ", 'order_of_calls = ["priority -"]\nprogramme '),
        "priority -",
        "order_of_calls[1]",
        "'priority -' orders no calls",
        '"priority 1"',
    ),
    "one priority twice": (
        broken("programme ", 'order_of_calls = ["priority P1", "officer", "priority p-1", "priority p.1"]\nprogramme '),
        "priority p-1",
        "order_of_calls[4]",
        "'priority p.1' stands there twice",
        "name it once",
    ),
    "age before others": (
        broken("programme ", 'order_of_calls = ["age", "officer"]\nprogramme '),
        "age",
        "order_of_calls[1]",
        "'age' is not the last",
        "every call has an age",
    ),
    "curly quotation marks": (
        broken('agency    = "madison-wi"', "agency = “madison-wi”"),
        "agency",
        "document",
        "quotation marks are curly",
        "straight ones",
    ),
    "a word without quotation marks": (
        broken('phase     = "live"', "phase = live"),
        "phase",
        "document",
        "live stands without quotation marks",
        '"live"',
    ),
    "a key twice": (
        broken('agency    = "madison-wi"', 'agency = "madison-wi"\nagency = "x"'),
        '"x"',
        "document",
        "the key agency is given twice, in line 3 already",
        "give it once",
    ),
    "a heading twice": (
        broken("[clocks]", "[holidays]\n[clocks]"),
        "[holidays]",
        "document",
        "[holidays] is written twice",
        "under the first one",
    ),
    "a heading of a list in single brackets, once": (
        broken("[[rollout]]", "[rollout]"),
        "[rollout]",
        "rollout",
        "a table does not fit",
        "[[rollout]], in double brackets",
    ),
    "a heading of a list in single brackets": (
        MADISON.replace("[[level]]", "[level]"),
        "[level]",
        "document",
        "[level] is written twice",
        "[[level]], in double brackets",
    ),
    "a bracket that stays open": (
        broken('"W2"]', '"W2"'),
        "West",
        "document",
        "the bracket [ that opens here is not closed",
        "add ]",
    ),
    "a brace that stays open": (
        broken('{ violence = "past" }', '{ violence = "past" '),
        "ASSAULTIVE",
        "document",
        "the brace { that opens here is not closed",
        "add }",
    ),
    "a brace that is missing": (
        broken('{ violence = "past" }', 'violence = "past" }'),
        "ASSAULTIVE",
        "document",
        "the brace { is missing before violence",
        "{ violence = … }",
    ),
    "a heading that stays open": (
        broken("[clocks]", "[clocks"),
        "[clocks",
        "document",
        "the bracket [ that opens here is not closed",
        "add ]",
    ),
    "a colon": (
        broken('agency    = "madison-wi"', 'agency: "madison-wi"'),
        "agency",
        "document",
        "a colon stands after the key",
        "=",
    ),
    "no equals sign": (
        broken('agency    = "madison-wi"', 'agency "madison-wi"'),
        "agency",
        "document",
        "after agency there is no =",
        "agency = …",
    ),
    "no comma": (
        broken('"W1", "W2"]', '"W1" "W2"]'),
        "West",
        "document",
        "a comma is missing before",
        "a comma between",
    ),
    "a date in another form": (
        broken("from      = 2021-09-01", "from = 9/1/2021"),
        "from",
        "document",
        "a date is not written as one",
        "like 2021-09-01",
    ),
    "a day that is not": (
        broken("from      = 2021-09-01", "from = 2021-09-31"),
        "from",
        "document",
        "there is no such date",
        "like 2021-09-01",
    ),
    "the end of a day": (
        broken("from      = 2021-09-01", "from = 2021-09-01T24:00:00"),
        "from",
        "document",
        "24 is no hour of a day",
        "T00:00:00 of the day after",
    ),
    "no value": (
        broken('phase     = "live"', "phase ="),
        "phase",
        "document",
        "a value is missing",
        "after the =",
    ),
    "a dotted key without end": (
        MADISON + "a." * 20 + "b = 1",
        "a.a.a",
        "document",
        "a key has too many parts",
        "at most 16",
    ),
    "both answers calm": (
        broken('Q1 = "weapon"', 'Q1 = { fact = "weapon", yes = "none" }'),
        "answers",
        "heard.answers.Q1",
        "every answer says none",
        'yes = "firearm"',
    ),
    "a question that cannot tell the worst": (
        broken('Q5 = "suicide"', 'Q5 = { fact = "suicide", yes = "ideation" }'),
        "answers",
        "heard.answers.Q5",
        "no answer says worse than ideation, and attempt puts a call on a higher level",
        'asks = "partly"',
    ),
    "a question that asks partly, and nothing else does": (
        broken('Q5 = "suicide"', 'Q5 = { fact = "suicide", yes = "ideation", asks = "partly" }'),
        "answers",
        "heard.answers.Q5.asks",
        "nothing else tells of attempt",
        "another question",
    ),
    "a question that asks for all of it": (
        broken('Q5 = "suicide"', 'Q5 = { fact = "suicide", asks = "partly" }'),
        "answers",
        "heard.answers.Q5.asks",
        "the question asks for all of it",
        "leave asks out",
    ),
    "asks of no hazard": (
        broken('Q5 = "suicide"', 'Q5 = "suicide", Q6 = { fact = "consent", asks = "partly" }'),
        "answers",
        "heard.answers.Q6.asks",
        "consent is no hazard",
        "leave asks out",
    ),
    "a silence that is calm": (
        broken('Q1 = "weapon"', 'Q1 = { fact = "weapon", unknown = "none" }'),
        "answers",
        "heard.answers.Q1",
        "unknown says that nobody knows, which counts as firearm, and here it means none",
        "leave unknown out",
    ),
    "a yes that is weaker than its word": (
        broken('Q1 = "weapon"', 'Q1 = { fact = "weapon", yes = "elsewhere" }'),
        "answers",
        "heard.answers.Q1",
        "weaker than the built-in meaning: Q1: yes is only elsewhere",
        '"Q1" in weaker_on_purpose',
    ),
    "a value that means a calmer one": (
        broken('Q1 = "weapon"', 'Q1 = { fact = "weapon", firearm = "elsewhere" }'),
        "answers",
        "heard.answers.Q1",
        "weaker than the built-in meaning: Q1: firearm is only elsewhere",
        "weaker_on_purpose",
    ),
    "a flag that is weaker than its word": (
        broken('ARMED = { weapon = "present" }', 'ARMED = { weapon = "elsewhere" }'),
        "cautions",
        "heard.cautions.ARMED.weapon",
        "weaker than the built-in meaning: ARMED: weapon is only elsewhere",
        '"ARMED" in weaker_on_purpose',
    ),
    "a hazard's word that is listed as harmless": (
        broken('ARMED = { weapon = "present" }', '"MACHETE IN HOUSE" = {}'),
        "cautions",
        'heard.cautions."MACHETE IN HOUSE"',
        "weaker than the built-in meaning: MACHETE IN HOUSE: says nothing of weapon",
        '"MACHETE IN HOUSE" in weaker_on_purpose',
    ),
    "a weakness that is none": (
        broken('["ASSAULTIVE"]', '["ASSAULTIVE", "ASAULTIVE"]'),
        "weaker_on_purpose",
        "heard.weaker_on_purpose[2]",
        "'ASAULTIVE' is no question or caution that is weaker",
        "did you mean 'ASSAULTIVE'?",
    ),
    "a district by itself that is lower": (
        with_row('phase = "shadow"').replace('districts = ["Central"]', 'districts = "all"'),
        "shadow",
        "rollout[2].phase",
        "West by itself is only shadow, and row 1 of the roll-out allows live there in the same hours",
        "for shadow, name the other districts in row 1; for live, leave this row out",
    ),
    "a cap that is not there": (
        with_row('cap = "vans"'),
        "vans",
        "rollout[2].cap",
        "'vans' is no cap",
        "leave it out",
    ),
    "a cap that is a number": (
        with_row("cap = 3"),
        "cap = 3",
        "rollout[2].cap",
        "3 does not fit",
        "at_most_open or at_most_per_day",
    ),
    "a cap misspelt": (
        with_row('cap = "van"').replace("[when_no_team]", f"{VANS}[when_no_team]"),
        'cap = "van"',
        "rollout[2].cap",
        "'van' is no cap",
        "did you mean 'vans'?",
    ),
    "a cap besides one of its own": (
        with_row('cap = "vans"', "at_most_open = 2").replace("[when_no_team]", f"{VANS}[when_no_team]"),
        'cap = "vans"',
        "rollout[2].cap",
        "a bound of its own besides",
        "one of the two",
    ),
    "a cap that bounds nothing": (
        with_row('cap = "vans"').replace("[when_no_team]", "[caps.vans]\n[when_no_team]"),
        "[caps.vans]",
        "caps.vans",
        "bounds nothing",
        "at_most_open",
    ),
    "a cap that nobody names": (
        broken("[when_no_team]", "[caps.vans]\nat_most_open = 3\n[when_no_team]"),
        "[caps.vans]",
        "caps.vans",
        "no row names it",
        'cap = "vans"',
    ),
    "a cap of two responses": (
        broken(
            'phase = "live"\nhours = ["daily 00:00-24:00"]\n\n[[rollout]]\nresponse = "ask-co-response"',
            'cap = "c"\nphase = "live"\nhours = ["daily 00:00-24:00"]\n\n'
            '[[rollout]]\ncap = "c"\nresponse = "ask-co-response"',
            BOSTON,
        )
        + "[caps.c]\nat_most_open = 2\n",
        'cap = "c"',
        "rollout[4].cap",
        "'c' is shared by rows of several responses",
        "a cap for each response",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_document_is_refused_at_its_line(name: str) -> None:
    text, marker, field, what, right = CASES[name]
    faults = refused(text)
    matching = [fault for fault in faults if fault.field == field and what in fault.what and right in fault.right]
    assert len(matching) == 1, [str(fault) for fault in faults]
    assert marker in text.splitlines()[matching[0].line - 1]


def test_most_broken_documents_get_one_fault_only() -> None:
    counts = {name: len(refused(case[0])) for name, case in CASES.items()}
    assert {name: count for name, count in counts.items() if count > 1}.keys() <= {
        "misspelt key",
        "missing key",
        "undefined response",
        "highest level without default",
        "an officer by telephone",
        "a question that cannot tell the worst",
        "a cap misspelt",
        "a heading of a list in single brackets",
        "row that ended before it began",
    }


def test_a_step_is_as_long_as_what_it_may_try() -> None:
    chain = 'try = "phone", seconds = 10 }, { try = "neighbour pool", seconds = 15 }'
    text = BOSTON.replace('try = "next response", seconds = 25 }', chain)
    clocks = "offer_expiry_seconds = 25\ntransfer_ack_seconds = 25"
    assert read(text.replace(clocks, "offer_expiry_seconds = 15\ntransfer_ack_seconds = 10")).steps
    (phone,) = refused(text.replace(clocks, "offer_expiry_seconds = 15\ntransfer_ack_seconds = 11"))
    assert phone.field == "when_no_team.steps[2].seconds"
    (neighbours,) = refused(text.replace(clocks, "offer_expiry_seconds = 16\ntransfer_ack_seconds = 10"))
    assert neighbours.field == "when_no_team.steps[3].seconds"


def test_neighbours_may_be_asked_without_saying_more() -> None:
    chain = 'seconds = 30 }, { try = "neighbour pool", seconds = 30 }'
    text = broken("seconds = 30 }", chain).replace("routing_deadline_seconds    = 60", "routing_deadline_seconds = 70")
    assert [step.attempt for step in read(text).steps] == ["same response", "neighbour pool", "default"]


WITHIN = ('districts = ["Central"]', 'hours = ["Mon-Fri 12:00-13:00"]', 'holidays = "closed"')
"""A second row that lies within Madison's first one."""


@pytest.mark.parametrize(
    "text",
    [
        with_row(*WITHIN[1:], 'districts = ["Central", "West"]'),
        with_row(WITHIN[0], WITHIN[2], 'hours = ["Mon-Fri 10:00-12:00"]'),
        with_row(WITHIN[0], WITHIN[2], 'hours = ["Sun 12:00-13:00"]'),
        with_row(*WITHIN[:2]),
        with_row(*WITHIN).replace("from      = 2021-09-01", "from = 2021-09-02"),
        with_row(*WITHIN).replace("from      = 2021-09-01", "until = 2021-12-01"),
        with_row(*WITHIN).replace('phase     = "live"', 'phase = "advisory"'),
        with_row(*WITHIN).replace('phase     = "live"', 'phase = "live"\nat_most_open = 4'),
        with_row(*WITHIN).replace('phase     = "live"', 'phase = "live"\narm = { share_percent = 50, seed = "s" }'),
    ],
)
def test_a_row_that_allows_anything_of_its_own_is_taken(text: str) -> None:
    """More districts, hours or days, holidays; or earlier, longer, further, or to more calls than the first row."""
    assert len(read(text).rollout) == 2


def test_every_fault_is_told_at_once_in_the_order_of_the_lines() -> None:
    text = (
        broken("version   = 1", "version = 0")
        .replace('"US-WI"', '"XX"')
        .replace('"W2"]', '"C1"]')
        .replace("seconds = 30", "seconds = 55")
    )
    faults = refused(text)
    assert [fault.field for fault in faults] == [
        "version",
        "holidays.calendar",
        "districts.West[2]",
        "when_no_team.steps",
    ]
    assert str(faults[2]).startswith("line 15: districts.West[2]: beat 'C1' is in Central too; ")


def test_what_is_weaker_and_named_is_taken() -> None:
    weak = broken('Q1 = "weapon"', 'Q1 = { fact = "weapon", yes = "elsewhere" }')
    assert read(weak.replace('["ASSAULTIVE"]', '["ASSAULTIVE", "Q1"]')).questions
    partly = broken('Q5 = "suicide"', 'Q5 = { fact = "suicide", yes = "ideation", asks = "partly" }')
    assert read(partly.replace('weapon = ["knife"', 'suicide = ["pills"], weapon = ["knife"')).questions
    inverted = broken('Q1 = "weapon"', 'Q1 = { fact = "weapon", yes = "none", no = "firearm" }')
    assert read(inverted.replace('["ASSAULTIVE"]', '["ASSAULTIVE", "Q1"]')).questions


@pytest.mark.parametrize("word", ["yes", "firearm", "present", "cannot-tell", "unknown", "not-asked"])
@pytest.mark.parametrize("spelt", ["{}", "{}.", "-{}", "{}\u200b", "\u202f{}"])
def test_an_answer_that_is_heard_as_another_is_verified_as_that(word: str, spelt: str) -> None:
    """`"Cannot tell" = "none"` was accepted, and each `cannot-tell` was calm: who verified went by other letters."""
    for written in {spelt.format(word), spelt.format(word.replace("-", " ").title())}:
        calm = f'Q1 = {{ fact = "weapon", "{written}" = "none", shots = "firearm" }}'
        (fault,) = refused(broken('Q1 = "weapon"', calm))
        assert (fault.field, word in fault.what) == ("heard.answers.Q1", True), fault


def test_a_district_by_itself_may_be_lower_at_other_times() -> None:
    wide = 'districts = ["Central"]', 'districts = "all"'
    for keys in (('hours = ["Sun 01:00-02:00"]',), ("until = 2021-09-01",), ('hours = ["Fri 19:00-11:00"]',)):
        text = with_row('phase = "shadow"', *keys).replace(*wide)
        fields = [] if "until" not in keys[0] else ["rollout[2].until"]
        assert faults_of(text) == fields
    assert faults_of(with_row('phase = "shadow"').replace(*wide)) == ["rollout[2].phase"]


def faults_of(text: str) -> list[str]:
    try:
        read(text)
    except ProgrammeRefused as caught:
        return [fault.field for fault in caught.faults]
    return []


def test_no_message_leaks_how_it_is_made() -> None:
    """Every value of the example, replaced by one of each other kind."""
    lines = EXAMPLE.splitlines()
    for number, line in enumerate(lines):
        key, equals, _ = line.partition("=")
        if not equals or line.startswith(("#", " ")):
            continue
        for value in (
            "3",
            "-1",
            "1.5",
            "true",
            '"x"',
            "2026-01-05",
            "2026-01-05T10:00:00",
            "07:30:00",
            "[]",
            "{}",
            '["x"]',
        ):
            text = "\n".join([*lines[:number], f"{key}= {value}", *lines[number + 1 :]])
            for fault in told(text):
                for leak in LEAKS:
                    assert leak not in f"{fault.what} {fault.right}", str(fault)
                assert fault.right != "there is none"


LEAKS = (
    "datetime",
    "valid",
    "instance",
    "dictionary",
    "Input",
    "None",
    "input",
    "tuple",
    "True",
    "(",
)


def told(text: str) -> tuple[Fault, ...]:
    try:
        read(text)
    except ProgrammeRefused as caught:
        return caught.faults
    return ()


def test_slips_and_faults_are_told_in_one_round() -> None:
    text = (
        broken('agency    = "madison-wi"', "agency = madison-wi")
        .replace('"US-WI"', '"XX"')
        .replace('"W2"]', '"W2"')
        .replace('sends = ["cares"]', 'sned = ["cares"]')
        .replace('phase     = "live"', "phase = live")
    )
    assert [(fault.line, fault.field) for fault in refused(text)] == [
        (3, "document"),
        (10, "holidays.calendar"),
        (15, "document"),
        (29, "level[1].sned"),
        (48, "document"),
    ]


def test_a9_an_hour_that_comes_twice_or_has_an_offset_is_taken() -> None:
    """A9: the first of the two hours; and any time that says which it is."""
    for effective in ("2021-11-07T01:30:00", "2021-03-14T02:30:00-06:00", "2021-03-14T03:00:00"):
        assert read(broken("effective = 2021-09-01T00:00:00", f"effective = {effective}")).version == 1


def test_nesting_at_any_depth_is_refused_and_nothing_else() -> None:
    for depth in range(50, 1200, 23):
        assert refused(f"a = {'[' * depth}{']' * depth}")


def test_a_large_document_is_read_within_a_second() -> None:
    districts = "\n".join(f'D{n} = ["{n}A", "{n}B", "{n}C"]' for n in range(200))
    codes = "\n".join(f'"CODE {n}" = {{ category = "mental-health", violence = "none" }}' for n in range(2000))
    text = broken("[call_types.dane-county]", f"{districts}\n[call_types.large]\n{codes}\n[call_types.dane-county]")
    began = time.process_time()
    assert len(read(text).codes) == 2004
    assert time.process_time() - began < 3  # about a quarter of a second


def test_hostile_text_is_refused_and_nothing_else() -> None:
    for text in (
        "",
        "\x00",
        "\ud800",
        "a = " + "[" * 5000,
        "a = " + "9" * 5000,
        "x" * 1_000_001,
        "\ufeffa = 1",
        "a = {b = 1, b = 2}",
    ):
        assert refused(text)


@pytest.mark.parametrize("path", sorted(PROGRAMMES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_programme_that_is_delivered_is_accepted(path: Path) -> None:
    assert path.stem.startswith(read(path.read_text()).agency)


def test_the_assumptions_of_codes_are_listed() -> None:
    text = broken(
        '"MENTAL"         = { category = "mental-health" }',
        '"MENTAL" = { category = "mental-health", violence = "none" }',
    )
    assert read(text).assumptions == ("dane-county MENTAL: violence none",)
    assert read(MADISON).assumptions == ()


def test_a_code_whose_own_name_tells_of_a_hazard_is_remarked_upon_where_it_is_listed_as_calm() -> None:
    """`SHOTS FIRED` could stand among the codes of a team, and no reader of the page was told."""
    text = broken(
        '"MENTAL"         = { category = "mental-health" }',
        '"MENTAL" = { category = "mental-health" }\n"SHOTS FIRED" = { category = "mental-health" }\n'
        '"Fight, armed" = { category = "mental-health", weapon = "none", violence = "in-progress" }',
    )
    assert read(text).assumptions == (
        "dane-county SHOTS FIRED: nothing of weapon (its name speaks of it)",
        "dane-county Fight, armed: weapon none (its name speaks of it)",
    )


def test_f16_a_zone_is_a_name_of_the_iana_database_on_every_machine() -> None:
    """F16: neither what this machine calls its own, nor what stands for no zone at all; every other name is taken."""
    names = files("tzdata").joinpath("zones").read_text("utf-8").split()
    taken = [name for name in (*names, "localtime", "posixrules", "right/UTC", "/etc/localtime", "") if is_zone(name)]
    assert taken == [name for name in names if name != "Factory"]
    assert len(taken) > 500


def is_zone(name: str) -> bool:
    try:
        zone(name)
    except ValueError:
        return False
    return ZoneInfo(name).key == name
