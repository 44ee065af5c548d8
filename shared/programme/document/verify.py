"""Whether the parts of a document fit together and what it sends is safe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from shared.judgement import AGE, NOT_ROUTED, Model, disciplines_of
from shared.matching import has_perfect_matching
from shared.programme.document import written
from shared.programme.document.boundaries import boundary_faults
from shared.programme.document.compile import holidays_of, row_of
from shared.programme.document.fallback import holds_fit, steps_by_phone, steps_fit
from shared.programme.document.faults import suggestion
from shared.programme.document.finding import Finding
from shared.programme.document.floor import EMS, few_combinations, floor_tightens, levels_reached, safety_floor
from shared.programme.document.heard import questions_tell, weaker_is_meant
from shared.programme.document.lines import Path
from shared.programme.document.overlap import rows_matter
from shared.programme.document.unreachable import responses_reached
from shared.programme.document.work import TooMuchWork
from shared.programme.document.written import DistrictTable, Document, beats_of
from shared.programme.judging.hours import Holidays, calendar_days
from shared.programme.judging.normal_forms import determinant, normal
from shared.programme.judging.phone_numbers import number_of
from shared.programme.judging.programme import Row
from shared.programme.judging.words import HAZARD_FORMS, form_of


def findings(document: Document, sound: frozenset[str]) -> Iterator[Finding]:
    """Everything that contradicts itself in the parts named in `sound`; the others hold faults of their own already."""
    for needs, check in _CHECKS:
        if sound.issuperset(needs):
            try:
                yield from check(document)
            except TooMuchWork:
                yield Finding(("level" if "level" in needs else "rollout",), TOO_LARGE, _SMALLER)


TOO_LARGE: Final = "is too large to verify: its levels, codes and rows have too many combinations"
_SMALLER: Final = "fewer facts in one raised_by or only_when, fewer different ages, fewer rows"


# --- places and codes


def _beats(document: Document) -> Iterator[Finding]:
    yield from _twins(("districts",), document.districts)
    seen: dict[str, str] = {}
    for district, value in document.districts.items():
        if district == "all":
            yield Finding(("districts", district), "'all' means every district", "give it another name")
        beats: Path = ("districts", district, *(("beats",) if isinstance(value, DistrictTable) else ()))
        for index, beat in enumerate(beats_of(value)):
            path = (*beats, index)
            form = normal(beat)
            if not form:
                what = f"{beat!r} is no beat: a field that is left empty is the same"
                yield Finding(path, what, "leave it out")
            elif form in seen:
                where = "twice in this district" if seen[form] == district else f"in {seen[form]} too"
                yield Finding(path, f"beat {beat!r} is {where}", "a beat belongs to one district")
            seen.setdefault(form, district)


def _codes(document: Document) -> Iterator[Finding]:
    yield from _twins(("call_types",), document.call_types)
    for system in document.code_systems:
        if system not in document.call_types:
            what = f"{system!r} has no call types"
            yield Finding(("code_systems", system), what, suggestion(system, document.call_types))
    for system, codes in document.call_types.items():
        yield from _twins(("call_types", system), codes)
        code_system = document.code_systems.get(system)
        if code_system is not None and code_system.format == "mpds":
            yield from _determinants(system, codes)
        for code, entry in codes.items():
            if entry.from_ and entry.until and entry.until <= entry.from_:
                path = ("call_types", system, code, "until")
                what = f"{entry.until} is not after from"
                yield Finding(path, what, "the first day on which the code means nothing any more")


def _takes_effect(document: Document) -> Iterator[Finding]:
    """On the night on which clocks go forward an hour is missing: what is written for it would move in silence."""
    written_time = document.effective
    if written_time.tzinfo is not None:
        return
    there = written_time.replace(tzinfo=ZoneInfo(document.time_zone))
    shown = there.astimezone(UTC).astimezone(there.tzinfo).replace(tzinfo=None)
    if shown != written_time:
        what = f"{written_time:%H:%M} never is on {written_time:%Y-%m-%d}: clocks go forward in that hour"
        yield Finding(("effective",), what, f"an hour that is there, such as {shown.isoformat()}")


def _codes_in_time(document: Document) -> Iterator[Finding]:
    first_day = document.effective.date()
    for system, codes in document.call_types.items():
        for code, entry in codes.items():
            if entry.until and entry.until <= first_day and not (entry.from_ and entry.until <= entry.from_):
                what = f"{code!r} means nothing any more when the document takes effect"
                yield Finding(("call_types", system, code, "until"), what, f"a day after {first_day}, or leave it out")


def _determinants(system: str, codes: Iterable[str]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for code in codes:
        path, form = ("call_types", system, code), determinant(code)
        if form is None:
            yield Finding(path, f"{code!r} is no MPDS determinant", "like 25A01, 25-A-1 or 25A01V")
        elif (twin := seen.setdefault(form, code)) != code and normal(twin) != normal(code):
            yield Finding(path, f"{code!r} and {twin!r} are one determinant", "write it once")


def _flags(document: Document) -> Iterator[Finding]:
    yield from _twins(("heard", "answers"), document.heard.answers)
    for question, answer in document.heard.answers.items():
        yield from _twins(("heard", "answers", question), answer.model_extra or {})
    yield from _twins(("heard", "cautions"), document.heard.cautions)
    yield from _twins(("heard", "priorities"), document.heard.priorities)
    path = ("clocks", "priority_deadline_seconds")
    yield from _twins(path, document.clocks.priority_deadline_seconds)
    yield from _twins(("clocks", "priority_hold_minutes"), document.clocks.priority_hold_minutes)


def _twins(path: tuple[str, ...], names: Iterable[str]) -> Iterator[Finding]:
    """Names that differ only in capitals, white space or marks: whoever writes one of them means the other too.

    One of nothing else is met by every field that a CAD leaves empty.
    """
    seen: dict[str, str] = {}
    for name in names:
        if not normal(name):
            yield Finding((*path, name), f"{name!r} is no name: a field that is left empty is the same", "leave it out")
        twin = seen.setdefault(normal(name), name)
        if twin != name:
            yield Finding((*path, name), f"{name!r} and {twin!r} are one name", "write it once, as the CAD does")


def _not_words(document: Document) -> Iterator[Finding]:
    """Who takes a word out has to hit one that is there."""
    built_in = {form: word for forms in HAZARD_FORMS.values() for form, word in forms.items()}
    for index, word in enumerate(document.heard.not_words):
        if form_of(word) not in built_in:
            what = f"{word!r} is none of the words that count under every document"
            yield Finding(("heard", "not_words", index), what, suggestion(word, built_in.values()))


def _holidays(document: Document) -> Iterator[Finding]:
    if document.holidays is None:
        return
    if document.holidays.calendar is None and not document.holidays.closed:
        yield Finding(("holidays",), "names no day", 'add calendar = "US-…", or closed = [days]')
    for index, day in enumerate(document.holidays.open):
        path = ("holidays", "open", index)
        if day in document.holidays.closed:
            yield Finding(path, f"{day} is open and closed", "name it once")
        elif document.holidays.calendar is None:
            yield Finding(path, f"{day} is open, and there is no calendar that closes it", "leave it out")
        elif day not in calendar_days(document.holidays.calendar, day.year):
            calendar = document.holidays.calendar
            yield Finding(path, f"{day} is no holiday in {calendar}", "leave it out: it is an ordinary day")


# --- levels and responses


def _level_names(document: Document) -> Iterator[Finding]:
    for name, count in Counter(level.name for level in document.level).items():
        if count > 1:
            index = max(index for index, level in enumerate(document.level) if level.name == name)
            yield Finding(("level", index, "name"), f"{name!r} names two levels", "give each its own name")
    for index, level in enumerate(document.level):
        for place, name in enumerate(level.sends):
            path = ("level", index, "sends", place)
            if name in level.sends[:place]:
                yield Finding(path, f"{name!r} is sent twice", "name it once")
            if name == "default" and place != len(level.sends) - 1:
                yield Finding(path, "'default' is not the last choice", "nothing comes after the default")
    highest = len(document.level) - 1
    if document.level[highest].sends != ("default",):
        yield Finding(("level", highest, "sends"), "the highest level does not send default", 'sends = ["default"]')


def _sent(document: Document) -> Iterator[Finding]:
    sent = {name for level in document.level for name in level.sends}
    for index, level in enumerate(document.level):
        for place, name in enumerate(level.sends):
            if name != "default" and name not in document.responses:
                path = ("level", index, "sends", place)
                yield Finding(path, f"{name!r} is no response", suggestion(name, (*document.responses, "default")))
    for name in document.responses:
        if name == "default":
            yield Finding(("responses", name), "'default' is what the CAD sends", "give the response another name")
        elif name not in sent:
            yield Finding(
                ("responses", name), f"no level sends {name!r}", "name it in a level's sends, or leave it out"
            )


def _takes(document: Document) -> Iterator[Finding]:
    entries = [entry for codes in document.call_types.values() for entry in codes.values()]
    categories = sorted({entry.category for entry in entries if entry.category})
    for name, response in document.responses.items():
        for place, category in enumerate(response.takes):
            if category not in categories:
                path = ("responses", name, "takes", place)
                yield Finding(path, f"no call type is of category {category!r}", suggestion(category, categories))


def _crews(document: Document) -> Iterator[Finding]:
    for name, response in document.responses.items():
        path = ("responses", name)
        if not response.takes and not response.may_be_asked_by:
            yield Finding(path, "takes no calls and may not be asked for", "add takes or may_be_asked_by")
        needs, officer_rides = CREWS[response.model]
        crew = [disciplines_of(place) for place in response.crew]
        if any("officer" in place for place in crew) and not officer_rides:
            right = 'leave the officer out, or model = "co-responder"'
            yield Finding((*path, "crew"), f"an officer is in a {response.model} crew", right)
        missing = [disciplines for disciplines in needs if not any(place <= disciplines for place in crew)]
        for disciplines in missing:
            what = f"a {response.model} crew has {' or '.join(sorted(disciplines))}"
            yield Finding(
                (*path, "crew"), f"{what}, and here there is none", f"crew = [{', '.join((*response.crew, '…'))}]"
            )
        if not missing and not has_perfect_matching(needs, crew, lambda disciplines, place: place <= disciplines):
            what = f"one member has to be two of what a {response.model} crew needs"
            right = " and ".join(" or ".join(sorted(disciplines)) for disciplines in needs)
            yield Finding((*path, "crew"), what, f"a member each: {right}")
        yield from _way_of_going(path, response)
        yield from _where_a_team_goes(path, response)
        yield from _asked_within(path, response)


def _way_of_going(path: tuple[str, str], response: written.Response) -> Iterator[Finding]:
    if response.model in ("care-navigator", "dual-dispatch") and response.goes == "instead of default":
        yield Finding((*path, "goes"), f"a {response.model} never goes instead of the default", '"beside default"')
    if response.reached_by in NOT_ROUTED and (response.goes == "instead of default" or response.replaces):
        what = f"a {response.reached_by} sends nobody, so the default goes"
        yield Finding((*path, "goes"), what, '"beside default", and no replaces')
    if (response.reached_by == "referral") != (response.due_hours is not None):
        what = "a referral without due_hours" if response.due_hours is None else "due_hours, and this is no referral"
        yield Finding((*path, "due_hours"), what, "due_hours belongs to reached_by = referral")
    if response.replaces and response.goes == "instead of default":
        what = "all of the default is replaced already"
        yield Finding((*path, "replaces"), what, 'goes = "beside default", or leave replaces out')
    if response.model == "crisis-call-diversion" and response.reached_by != "phone transfer":
        yield Finding((*path, "reached_by"), f"a {response.model} is reached by telephone", '"phone transfer"')


def _where_a_team_goes(path: tuple[str, str], response: written.Response) -> Iterator[Finding]:
    if response.follow_up_due_hours and response.reached_by in NOT_ROUTED:
        yield Finding((*path, "follow_up_due_hours"), "no team goes, so nothing follows", "leave it out, or due_hours")
    for place, hours in enumerate(response.follow_up_due_hours):
        if hours in response.follow_up_due_hours[:place]:
            yield Finding((*path, "follow_up_due_hours", place), f"{hours} h stands there twice", "name it once")
    for key in ("expected_minutes", "pool"):
        if key in response.model_fields_set and response.reached_by in NOT_ROUTED:
            yield Finding((*path, key), f"a {response.reached_by} asks no team", "leave it out")
    if response.enters_when and response.reached_by in (*NOT_ROUTED, "phone transfer"):
        yield Finding((*path, "enters_when"), "nobody who is reached so enters anywhere", "leave enters_when out")
    elif response.enters_when and "police" in _replaced(response):
        what = "waits for police, whom it replaces"
        yield Finding((*path, "enters_when"), what, 'goes = "beside default"')


def _asked_within(path: tuple[str, str], response: written.Response) -> Iterator[Finding]:
    if (response.reached_by == "window") != (response.window_seconds is not None):
        what = "a window without window_seconds" if response.window_seconds is None else "window_seconds, and no window"
        yield Finding((*path, "window_seconds"), what, "window_seconds belongs to reached_by = window")
    if response.preferred_eta_minutes is not None and response.reached_by != "window":
        what = "preferred_eta_minutes, and no window"
        yield Finding((*path, "preferred_eta_minutes"), what, "it belongs to reached_by = window")
    if response.order_of_teams is not None and response.reached_by in NOT_ROUTED:
        yield Finding((*path, "order_of_teams"), f"a {response.reached_by} asks no team", "leave it out")
    if response.late_minutes is not None and response.reached_by != "pull":
        yield Finding((*path, "late_minutes"), "late_minutes, and no pull", "it belongs to reached_by = pull")


def _replaced(response: written.Response) -> tuple[str, ...]:
    return ("police", "ems", "fire") if response.goes == "instead of default" else response.replaces


_TALKS: Final[frozenset[str]] = frozenset(("clinician", "crisis-worker", "nurse", "peer", "navigator"))
_TREATS: Final[frozenset[str]] = frozenset(("paramedic", "emt", "nurse"))
CREWS: Final[Mapping[Model, tuple[tuple[frozenset[str], ...], bool]]] = MappingProxyType(
    {
        "crisis-call-diversion": ((), False),
        "community-responder": ((_TALKS | _TREATS,), False),
        "mobile-crisis-team": ((_TALKS,), False),
        "co-responder": ((frozenset(("officer",)), _TALKS | _TREATS), True),
        "dual-dispatch": ((_TALKS | _TREATS,), False),
        "multidisciplinary-team": ((frozenset(("officer",)), _TALKS, _TREATS), True),
        "mobile-integrated-health": ((_TREATS,), False),
        "mediation-response": ((), False),
        "peer-led": ((frozenset(("peer",)),), False),
        "care-navigator": ((frozenset(("navigator", "peer", "crisis-worker", "clinician")),), False),
        "designated-crisis-responder": ((frozenset(("clinician", "crisis-worker")),), False),
        "police": ((frozenset(("officer",)),), True),
        "ems": ((EMS,), False),
        "fire": ((), False),
        "administrative": ((), False),
    }
)
"""By model: the disciplines of which each crew has a member, and whether an officer may ride along."""


# --- where, when, and within which time


def _rollout(document: Document) -> Iterator[Finding]:
    for index, row in enumerate(document.rollout):
        path = ("rollout", index)
        if row.response not in document.responses:
            what = f"{row.response!r} is no response"
            yield Finding((*path, "response"), what, suggestion(row.response, document.responses))
        if row.districts != ("all",):
            for place, district in enumerate(row.districts):
                if district not in document.districts:
                    what = f"{district!r} is no district"
                    yield Finding((*path, "districts", place), what, suggestion(district, document.districts))
        if row.holidays == "closed" and document.holidays is None:
            what = "closed on holidays, and the document names none"
            yield Finding((*path, "holidays"), what, 'add [holidays] with calendar = "US-…"')


def _caps(document: Document) -> Iterator[Finding]:
    for index, row in enumerate(document.rollout):
        response = document.responses.get(row.response)
        for key in ("at_most_open", "at_most_per_day", "cap"):
            if getattr(row, key) is not None and response is not None and response.reached_by in NOT_ROUTED:
                what = f"a {response.reached_by} occupies nobody, so there is nothing to count"
                yield Finding(("rollout", index, key), what, "leave it out")


def _shared_caps(document: Document) -> Iterator[Finding]:
    """A cap that rows share counts one response's calls, and stands instead of a row's own."""
    responses_with: dict[str, set[str]] = {}
    for index, row in enumerate(document.rollout):
        path = ("rollout", index, "cap")
        if row.cap is None:
            continue
        responses_with.setdefault(row.cap, set()).add(row.response)
        if row.cap not in document.caps:
            yield Finding(path, f"{row.cap!r} is no cap", suggestion(row.cap, document.caps))
        elif row.at_most_open is not None or row.at_most_per_day is not None:
            yield Finding(path, "the row has a bound of its own besides", "one of the two")
        elif len(responses_with[row.cap]) > 1:
            what = f"{row.cap!r} is shared by rows of several responses, whose calls are counted apart"
            yield Finding(path, what, "a cap for each response")
    for name, cap in document.caps.items():
        if cap.at_most_open is None and cap.at_most_per_day is None:
            yield Finding(("caps", name), "bounds nothing", "at_most_open or at_most_per_day")
        elif name not in responses_with:
            yield Finding(("caps", name), "no row names it", f'cap = "{name}" in the rows that share it')


def _repeat_callers(document: Document) -> Iterator[Finding]:
    counted = document.repeat_callers
    if counted is None:
        return
    for index, number in enumerate(counted.except_numbers):
        if not number_of(number, counted.region):
            path = ("repeat_callers", "except_numbers", index)
            yield Finding(path, f"{number!r} is no telephone number", 'like "+1 608 555 0100"')
    tables = [raised_by for level in document.level for raised_by in level.raised_by]
    tables += [response.only_when for response in document.responses.values() if response.only_when is not None]
    if not any(fact == "repeat_caller" for table in tables for fact, _ in table.stated()):
        what = "callers are counted, and nothing turns on repeat_caller"
        yield Finding(("repeat_callers",), what, 'only_when = { repeat_caller = "yes" } of some response')


def _rows_open(document: Document) -> Iterator[Finding]:
    first_day, holidays = document.effective.date(), holidays_of(document)
    for index, row in enumerate(document.rollout):
        key, why, right = "", "", ""
        if row.phase == "off":
            key, why, right = "phase", "it is off", "leave the row out, or a higher phase"
        elif row.from_ and row.until and row.until <= row.from_:
            key, why, right = "until", f"{row.until} is not after from", "the first day no longer in it, after from"
        elif row.until and row.until <= first_day:
            key, why, right = "until", "it ends before the document takes effect", "leave the row out"
        elif row.until and not _opens(row_of(row, document), holidays, first_day):
            key, why, right = "hours", "no such hours between from and until", "other hours, or other dates"
        if key:
            yield Finding(("rollout", index, key), f"the row can never open: {why}", right)


def _opens(row: Row, holidays: Holidays | None, first_day: date) -> bool:
    """Whether a row with an end opens on some day; within 400 days every week and every holiday has been tried."""
    day = max(row.from_day or first_day, first_day)
    for _ in range(400):
        if row.until_day and day >= row.until_day:
            return False
        if row.week.days[day.weekday()] and not (row.closed_on_holidays and holidays and holidays.name(day)):
            return True
        day += timedelta(days=1)
    return False


def _order_of_calls(document: Document) -> Iterator[Finding]:
    forms = list(map(normal, document.order_of_calls))
    for index, name in enumerate(document.order_of_calls):
        path: Path = ("order_of_calls", index)
        if forms[index] in forms[:index]:
            yield Finding(path, f"{name!r} stands there twice", "name it once")
        if name == AGE and index != len(document.order_of_calls) - 1:
            yield Finding(path, f"{AGE!r} is not the last", "nothing comes after it: every call has an age")


def _only_when(document: Document) -> Iterator[Finding]:
    for name, response in document.responses.items():
        if response.only_when is not None and not any(True for _ in response.only_when.stated()):
            yield Finding(("responses", name, "only_when"), "names no fact", "name a fact, or leave it out")


_CHECKS: Final[tuple[tuple[frozenset[str], Callable[[Document], Iterator[Finding]]], ...]] = (
    (frozenset(("districts",)), _beats),
    (frozenset(("effective", "time_zone")), _takes_effect),
    (frozenset(("districts", "time_zone")), boundary_faults),
    (frozenset(("call_types", "code_systems")), _codes),
    (frozenset(("call_types", "effective")), _codes_in_time),
    (frozenset(("heard", "clocks")), _flags),
    (frozenset(("heard",)), _not_words),
    (frozenset(("heard", "level", "call_types")), questions_tell),
    (frozenset(("heard", "level")), weaker_is_meant),
    (frozenset(("holidays",)), _holidays),
    (frozenset(("level",)), _level_names),
    (frozenset(("level",)), few_combinations),
    (frozenset(("level",)), levels_reached),
    (frozenset(("level", "responses")), _sent),
    (frozenset(("call_types", "responses")), _takes),
    (frozenset(("responses",)), _crews),
    (frozenset(("responses",)), _only_when),
    (frozenset(("level", "responses", "call_types")), responses_reached),
    (frozenset(("safety_floor",)), floor_tightens),
    (frozenset(("level", "responses", "safety_floor")), safety_floor),
    (frozenset(("rollout", "responses", "districts", "holidays")), _rollout),
    (frozenset(("rollout", "responses")), _caps),
    (frozenset(("rollout", "caps")), _shared_caps),
    (frozenset(("repeat_callers", "level", "responses")), _repeat_callers),
    (frozenset(("rollout", "effective", "holidays", "districts", "caps")), _rows_open),
    (frozenset(("rollout", "effective", "districts", "caps")), rows_matter),
    (frozenset(("order_of_calls",)), _order_of_calls),
    (frozenset(("when_no_team", "clocks", "level", "responses")), steps_fit),
    (frozenset(("when_no_team", "clocks", "level", "responses")), steps_by_phone),
    (frozenset(("when_no_team", "clocks")), holds_fit),
)
"""Each check with the parts of the document that it reads."""
