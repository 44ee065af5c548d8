"""From the document as written to the tables that judging looks things up in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from immutables import Map

from shared.judgement import NOT_ROUTED, OrderOfTeams, Step
from shared.programme.document import written
from shared.programme.document.boundaries import boundaries_of
from shared.programme.document.written import Document, beats_of
from shared.programme.judging.facts import CHOICES, HAZARDS, NOT_ASKED, VALUES, in_words
from shared.programme.judging.hours import Holidays, calendar_days, week
from shared.programme.judging.normal_forms import determinant, language, normal, plain
from shared.programme.judging.phone_numbers import number_of
from shared.programme.judging.programme import (
    ASKED_NOT,
    AutomaticPause,
    ByForm,
    Cap,
    Clocks,
    Code,
    Condition,
    Level,
    Programme,
    Question,
    Raise,
    RepeatCallers,
    Response,
    Row,
)
from shared.programme.judging.words import HAZARD_FORMS, WordTables, form_of, tables_of, words_in

V = TypeVar("V")


def compiled(document: Document, text: str, weaker: tuple[str, ...]) -> Programme:
    """The programme that a verified document says. `text` is what it was read from, for the hash."""
    levels, raises, responses = levels_of(document), raises_of(document), responses_of(document)
    rollout = tuple(row_of(row, document) for row in document.rollout)
    codes = _codes_of(document)
    conditions = [condition for item in raises for condition in item.conditions]
    permissions = [condition for response in responses.values() for condition in response.only_when]
    zone = ZoneInfo(document.time_zone)
    effective = document.effective if document.effective.tzinfo else document.effective.replace(tzinfo=zone)
    hazards = tuple(hazard for hazard in HAZARDS if any(condition.fact == hazard for condition in conditions))
    words = words_of(document, hazards)
    questions = tuple(_question_of(name, answer) for name, answer in document.heard.answers.items())
    cautions = MappingProxyType({plain(flag): _ranks(stated) for flag, stated in document.heard.cautions.items()})
    districts = MappingProxyType({name: beats_of(district) for name, district in document.districts.items()})
    beats = MappingProxyType({beat: name for name, beats in districts.items() for beat in beats})
    priorities = MappingProxyType({plain(name): _ranks(facts) for name, facts in document.heard.priorities.items()})
    boundaries = boundaries_of(document)
    _warm(document)
    return Programme(
        agency=document.agency,
        programme=document.programme,
        version=document.version,
        effective=effective.astimezone(UTC),
        time_zone=document.time_zone,
        default=document.default,
        hash=sha256(text.encode()).hexdigest()[:16],
        zone=zone,
        holidays=holidays_of(document),
        districts=districts,
        boundaries=boundaries,
        sources=frozenset(document.sources),
        beats=beats,
        codes=MappingProxyType({(code.system, code.code): code for code in codes}),
        priorities=priorities,
        questions=questions,
        cautions=cautions,
        by_form=ByForm(
            codes=MappingProxyType({(normal(code.system), _code_form(code, document)): code for code in codes}),
            determinants=determinants_of(document),
            stated_by_codes=frozenset(hazard for code in codes for hazard in code.hazards),
            priorities=_by_form(priorities),
            questions=_by_form({question.name: question for question in questions}),
            cautions=_by_form(cautions),
            districts=_by_form({name: name for name in districts}),
            beats=_by_form(beats),
        ),
        words=words.words,
        stems=words.stems,
        phrases=words.phrases,
        phrases_by_beginning=words.phrases_by_beginning,
        stems_by_beginning=words.stems_by_beginning,
        levels=levels,
        raises=raises,
        responses=MappingProxyType(responses),
        rollout=rollout,
        rows=_rows_of(rollout),
        hazards=hazards,
        others=tuple(
            fact
            for fact in (*CHOICES, "age", "language")
            if any(condition.fact == fact for condition in (*conditions, *permissions))
        ),
        steps=tuple(Step(step.attempt, step.seconds or 0) for step in document.when_no_team.steps),
        order_of_calls=document.order_of_calls,
        clocks=_clocks_of(document.clocks),
        reads=f"{sha256(repr(_sorted(words)).encode()).hexdigest()[:16]}/{boundaries.hash if boundaries else ''}",
        repeat_callers=_repeat_callers_of(document.repeat_callers),
        automatic_pause=_automatic_pause_of(document.automatic_pause),
        pauses_on_audit_gap=document.alarms.audit_gap == "pause",
        assumptions=_assumptions(codes, priorities, words),
        weaker=weaker,
    )


def levels_of(document: Document) -> tuple[Level, ...]:
    """The levels, calmest first."""
    return tuple(
        Level(
            level.name, rank, tuple(name for name in level.sends if name != "default"), _routes(document, level.sends)
        )
        for rank, level in enumerate(document.level)
    )


def _routes(document: Document, sends: tuple[str, ...]) -> bool:
    return any(document.responses[name].reached_by not in NOT_ROUTED for name in sends if name != "default")


def raises_of(document: Document) -> tuple[Raise, ...]:
    """Everything that raises a call, the highest level's first."""
    return tuple(
        Raise(rank, tuple(condition_of(fact, value) for fact, value in raised_by.stated()))
        for rank, level in reversed(tuple(enumerate(document.level)))
        for raised_by in level.raised_by
    )


def condition_of(fact: str, written_value: str | tuple[str, ...]) -> Condition:
    """What the document asks of a fact: `threat or worse`, `18 or more`, or one or several values."""
    if isinstance(written_value, tuple):
        values = map(language, written_value) if fact == "language" else written_value
        return Condition(fact, " or ".join(written_value), values=frozenset(values))
    if fact in HAZARDS:
        return Condition(fact, written_value, least=HAZARDS[fact].index(written_value.removesuffix(" or worse")))
    if " to " in written_value:
        youngest, oldest = map(int, written_value.split(" to "))
        return Condition(fact, written_value, from_years=youngest, below_years=oldest + 1)
    if written_value.startswith("under "):
        return Condition(fact, written_value, below_years=int(written_value.removeprefix("under ")))
    return Condition(fact, written_value, from_years=int(written_value.removesuffix(" or more")))


def responses_of(document: Document) -> dict[str, Response]:
    """Who goes, by name."""
    return {name: _response_of(name, response) for name, response in document.responses.items()}


def _districts_of(row: written.Rollout, document: Document) -> frozenset[str]:
    return frozenset(document.districts if row.districts == ("all",) else row.districts)


def _sharing(row: written.Rollout, document: Document) -> frozenset[str]:
    """The districts of all rows with the cap of this one."""
    rows = [other for other in document.rollout if other.cap == row.cap and other.response == row.response]
    return frozenset().union(*(_districts_of(other, document) for other in rows))


def row_of(row: written.Rollout, document: Document) -> Row:
    """Where and when one response runs."""
    shared = document.caps.get(row.cap) if row.cap is not None else None
    return Row(
        response=row.response,
        districts=_districts_of(row, document),
        from_day=row.from_,
        until_day=row.until,
        week=week(row.hours),
        closed_on_holidays=row.holidays == "closed",
        phase=row.phase,
        share_percent=row.arm.share_percent,
        seed=row.arm.seed,
        cap=Cap(shared.at_most_open, shared.at_most_per_day) if shared else Cap(row.at_most_open, row.at_most_per_day),
        cap_shared_with=_sharing(row, document) if shared else frozenset(),
    )


def holidays_of(document: Document) -> Holidays | None:
    """The holidays, if the document names any."""
    if document.holidays is None:
        return None
    calendar, worked, closed = document.holidays.calendar or "", document.holidays.open, document.holidays.closed
    return Holidays(calendar, frozenset(worked), frozenset(closed))


def _response_of(name: str, response: written.Response) -> Response:
    only_when, order = response.only_when.stated() if response.only_when else (), response.order_of_teams
    return Response(
        name=name,
        model=response.model,
        crew=response.crew,
        takes=frozenset(response.takes),
        may_be_asked_by=frozenset(response.may_be_asked_by),
        only_when=tuple(condition_of(fact, value) for fact, value in only_when),
        goes=response.goes,
        replaces=("police", "ems", "fire") if response.goes == "instead of default" else response.replaces,
        reached_by=response.reached_by,
        on_upgrade=response.on_upgrade,
        enters_when=response.enters_when,
        due_hours=response.due_hours,
        follow_up_due_hours=response.follow_up_due_hours,
        expected_minutes=response.expected_minutes,
        pool=response.pool,
        window_seconds=response.window_seconds,
        preferred_eta_minutes=response.preferred_eta_minutes,
        late_minutes=response.late_minutes,
        order_of_teams=None if order is None else OrderOfTeams(**order.model_dump()),
    )


def _repeat_callers_of(counted: written.RepeatCallers | None) -> RepeatCallers | None:
    if counted is None:
        return None
    numbers = frozenset(number_of(number, counted.region) for number in counted.except_numbers)
    return RepeatCallers(counted.calls, counted.within_days, counted.region, numbers)


def _automatic_pause_of(pause: written.AutomaticPause | None) -> AutomaticPause | None:
    return None if pause is None else AutomaticPause(pause.unsafe_upgrades, pause.within_minutes, pause.pauses)


def _codes_of(document: Document) -> tuple[Code, ...]:
    mpds = determinants_of(document)
    return tuple(
        Code(
            system=plain(system),
            code=(determinant(code) or plain(code)) if normal(system) in mpds else plain(code),
            category=entry.category,
            hazards=_ranks(entry),
            others=MappingProxyType({fact: value for fact, value in entry.stated() if fact in CHOICES}),
            from_day=entry.from_,
            until_day=entry.until,
        )
        for system, codes in document.call_types.items()
        for code, entry in codes.items()
    )


def determinants_of(document: Document) -> frozenset[str]:
    """The code systems that hold MPDS determinants."""
    return frozenset(normal(name) for name, system in document.code_systems.items() if system.format == "mpds")


def _code_form(code: Code, document: Document) -> str:
    return code.code if normal(code.system) in determinants_of(document) else normal(code.code)


def _by_form(names: Mapping[str, V]) -> Mapping[str, V]:
    return MappingProxyType({normal(name): value for name, value in names.items()})


def _ranks(table: written.Table) -> MappingProxyType[str, int]:
    return MappingProxyType({fact: HAZARDS[fact].index(value) for fact, value in table.stated() if fact in HAZARDS})


def _question_of(name: str, answer: written.Answer) -> Question:
    """`yes` is the worst value and `no` the calmest, a value means itself, and the document may spell out others."""
    hazard = answer.fact in HAZARDS
    values = VALUES.get(answer.fact, ())
    values_meant: dict[str, int | str] = {value: rank if hazard else value for rank, value in enumerate(values)}
    meanings: dict[str, int | str] = {**values_meant, NOT_ASKED: ASKED_NOT}
    if hazard:
        meanings["yes"] = len(values) - 1
        if values[0] == "none":
            meanings["no"] = 0
    for spelt, value in (answer.model_extra or {}).items():
        for word in [word for word in meanings if normal(word) == normal(spelt)]:
            meanings.pop(word)
        if value in meanings or value in values_meant:
            meanings[spelt.strip().casefold()] = values_meant.get(value, ASKED_NOT)
    return Question(name, answer.fact, MappingProxyType(meanings), _by_form(meanings))


def words_of(document: Document, hazards: Iterable[str]) -> WordTables:
    """The document's own words, and the built-in ones of the hazards that its levels turn on, less those it names."""
    own = tuple((form_of(word), hazard) for hazard, words in document.heard.words.stated() for word in words)
    taken_out = frozenset(form_of(word) for word in document.heard.not_words)
    return _words(own, taken_out, tuple(hazard for hazard in hazards if hazard in HAZARD_FORMS))


@lru_cache(maxsize=2)  # to verify a document and to compile it mostly takes the same words
def _words(own: tuple[tuple[str, str], ...], taken_out: frozenset[str], hazards: tuple[str, ...]) -> WordTables:
    built_in = ((form, hazard) for hazard in hazards for form in HAZARD_FORMS[hazard] if form not in taken_out)
    return tables_of(dict.fromkeys((*own, *built_in)))


def _sorted(words: WordTables) -> list[object]:
    return [sorted(words.words.items()), sorted(words.stems.items()), sorted(words.phrases)]


def _rows_of(rollout: tuple[Row, ...]) -> MappingProxyType[tuple[str, str], tuple[Row, ...]]:
    rows: defaultdict[tuple[str, str], tuple[Row, ...]] = defaultdict(tuple)
    for row in rollout:
        for district in row.districts:
            rows[row.response, district] += (row,)
    return MappingProxyType(dict(rows))


def _warm(document: Document) -> None:
    """Load the calendar now: its first use costs most of a second, which no call should wait for."""
    if document.holidays is not None and document.holidays.calendar:
        for year in range(document.effective.year, document.effective.year + 10):
            calendar_days(document.holidays.calendar, year)


def _clocks_of(clocks: written.Clocks) -> Clocks:
    deadlines = {normal(name): seconds for name, seconds in clocks.priority_deadline_seconds.items()}
    holds = {normal(name): minutes for name, minutes in clocks.priority_hold_minutes.items()}
    derived = {
        "priority_deadline_seconds": Map(deadlines),
        "priority_hold_minutes": Map(holds),
        "transfer_ack_seconds": clocks.answer_by_phone_seconds,
    }
    return Clocks(**clocks.model_dump() | derived)


OF_ITS_NAME: Final = " (its name speaks of it)"


def _assumptions(
    codes: tuple[Code, ...], priorities: Mapping[str, Mapping[str, int]], words: WordTables
) -> tuple[str, ...]:
    """What codes and priorities state that is calmer than the worst.

    That a code which a response may take, like `SHOTS FIRED`, says nothing of what its name speaks of is calm as well.
    """
    none = frozenset[str]()
    lines = [
        (f"{code.system} {code.code}", code.hazards, words_in(words, code.code) if code.category else none)
        for code in codes
    ]
    lines += [(f"priority {name}", hazards, none) for name, hazards in priorities.items()]
    calmer = ((name, (*_calmer(hazards, named), *_unsaid(hazards, named))) for name, hazards, named in lines)
    return tuple(f"{name}: {', '.join(facts)}" for name, facts in calmer if facts)


def _calmer(hazards: Mapping[str, int], named: Collection[str]) -> Iterator[str]:
    for fact, rank in hazards.items():
        if rank < len(HAZARDS[fact]) - 1:
            yield f"{fact} {HAZARDS[fact][rank]}{OF_ITS_NAME if fact in named and rank == 0 else ''}"


def _unsaid(hazards: Mapping[str, int], named: Collection[str]) -> Iterator[str]:
    for fact in sorted(set(named).difference(hazards)):
        yield f"nothing of {in_words(fact)}{OF_ITS_NAME}"
