"""Calls made up from a programme document and a seed. What a response takes, the decision itself says."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Any

from immutables import Map

from deploy.actors.story import CANARY, Sending, Story, personal, sent_within
from shared.call import Call
from shared.judgement import NOT_ROUTED, PHASES, Phase
from shared.programme import Programme, Switchboard, judge
from shared.programme.judging.facts import CHOICES, HAZARDS
from shared.programme.judging.programme import Code, Condition, Question, Response, Row
from shared.programme.judging.surroundings import Surroundings
from shared.switch import Switch

Body = dict[str, Any]
"""What a call says."""
ResponseDistrict = tuple[str, str]
TRIES, SUITABLE_CALLS = 400, 12
"""How many calls are drawn for a response at most, and of how many that it takes drawing stops."""


def best_instant(programme: Programme) -> datetime:
    """When the most rows are open, first those that send somebody: soon, and from midday on where there is a choice."""
    rows = programme.rollout
    routed = [row for row in rows if programme.responses[row.response].reached_by not in NOT_ROUTED]
    effective = programme.effective.astimezone(programme.zone).date()
    starts = {max(effective, row.from_day or effective) for row in rows} | {effective}
    instants = (
        datetime.combine(start + timedelta(days=day), time(hour % 24, 10), programme.zone)
        for start, day, hour in product(sorted(starts), range(14), range(12, 36))
    )

    def opened(at: datetime) -> tuple[int, int]:
        return sum(is_open(programme, row, at) for row in routed), sum(is_open(programme, row, at) for row in rows)

    return max(instants, key=opened)


def is_open(programme: Programme, row: Row, at: datetime) -> bool:
    """Whether a row runs at an instant: hours, dates and holidays, all of the day on which it opened."""
    return any(
        (row.from_day or day) <= day < (row.until_day or date.max)
        and not (row.closed_on_holidays and programme.holidays and programme.holidays.name(day))
        for day in row.week.opened_on(programme.zone, at, at.astimezone(programme.zone).date())
    )


class DocumentCalls:
    """The calls that a document can meet at an instant."""

    def __init__(self, programme: Programme, at: datetime, chance: random.Random) -> None:
        self.programme, self.at, self.chance = programme, at, chance
        responses = list(programme.responses.values())
        places: tuple[ResponseDistrict, ...] = tuple(
            (response.name, district)
            for response in responses
            for district in programme.districts
            if (response.name, district) in programme.rows
        )
        self.recorded = tuple(at for at in places if programme.responses[at[0]].reached_by in NOT_ROUTED)
        """Responses that are referrals or notes, with each district that the document has a row for."""
        self.routed = tuple(at for at in places if at not in self.recorded)
        """Responses that calls are routed to, likewise."""
        phases = {Switch(district, name).key: self.highest_phase((name, district)) for name, district in places}
        self._board = Switchboard(phases=Map(phases))
        self.suitable: dict[str, list[Body]] = {response.name: self._suitable(response) for response in responses}
        """By response: what calls say that it takes, less their district and what is personal."""
        categories = {category for response in responses for category in response.takes}
        self.other_codes = [code for code in programme.codes.values() if code.category not in categories]

    def highest_phase(self, routed: ResponseDistrict) -> Phase:
        """The highest phase that rows allow there, which are open now; `off` where none is."""
        rows = (row for row in self.programme.rows[routed] if is_open(self.programme, row, self.at))
        return max((row.phase for row in rows), key=PHASES.index, default="off")

    def to_raise(self) -> ResponseDistrict | None:
        """Where to raise a response: as far as can be; one that is offered before a telephone, a referral last."""
        able = [at for at in (*self.routed, *self.recorded) if self.suitable[at[0]] and self.highest_phase(at) != "off"]
        return max(able, key=self._worth_raising, default=None)

    def _worth_raising(self, at: ResponseDistrict) -> tuple[bool, int, bool]:
        is_offered = self.programme.responses[at[0]].reached_by != "phone transfer"
        return at in self.routed, PHASES.index(self.highest_phase(at)), is_offered

    def _suitable(self, response: Response) -> list[Body]:
        """Calls drawn until enough of them are taken by the response, by the decision's own word."""
        places = (*self.routed, *self.recorded)
        where = [at for at in places if at[0] == response.name and self.highest_phase(at) != "off"]
        bodies: list[Body] = []
        for _ in range(TRIES if where else 0):
            body = self._drawn(response)
            if self._takes(response, {**body, "district": where[0][1]}):
                bodies.append(body)
            if len(bodies) == SUITABLE_CALLS:
                break
        return bodies

    def _takes(self, response: Response, body: Body) -> bool:
        names = {"agency": self.programme.agency, "source": min(self.programme.sources, default="cad")}
        times = dict.fromkeys(("created_at", "updated_at"), self.at)
        call = Call.model_validate({**names, "incident_id": "1", **times, **body})
        judgement = judge(self.programme, self._board, call, Surroundings(), self.at)
        may_go = any(verdict.may_go for verdict in judgement.responses if verdict.response == response.name)
        if response.reached_by in NOT_ROUTED:  # it is made beside whatever the level sends
            return may_go and all(gate.passed or gate.gate == "level" for gate in judgement.gates)
        return may_go and judgement.suitability == "suitable"

    def _drawn(self, response: Response) -> Body:
        """A call of a code that the response takes, or for which somebody asks for it; mostly calm."""
        chance = self.chance
        listed = self.programme.codes.values()
        codes = [code for code in listed if code.category in response.takes]
        codes = codes or [code for code in listed if not code.hazards]  # of any type, where it is only asked for
        code = chance.choice(codes) if codes else None
        body: Body = {"call_type": _type(code) if code else self.unlisted(), "priority": self.priority()}
        is_taken = code is not None and code.category in response.takes
        if response.may_be_asked_by and (not is_taken or chance.random() < 0.15):
            asker = chance.choice(sorted(response.may_be_asked_by))
            body |= {"caller_wants": "alternative"} if asker == "caller" else {"requested_by": asker}
        return body | self._as_sent(self._facts(response), code)

    def _facts(self, response: Response) -> dict[str, str]:
        """A value of each fact that the document turns on; of those that permit the response, one that does."""
        chance = self.chance
        facts = {
            hazard: HAZARDS[hazard][0] if chance.random() < 0.8 else chance.choice(HAZARDS[hazard])
            for hazard in self.programme.hazards
        }
        others = [*self.programme.others, *(condition.fact for condition in response.only_when)]
        for fact in dict.fromkeys(others):
            conditions = [condition for condition in response.only_when if condition.fact == fact]
            values = [v for v in _values(fact, conditions) if all(condition.allows(v) for condition in conditions)]
            facts[fact] = chance.choice(values)
        return facts

    def _as_sent(self, facts: Mapping[str, str], code: Code | None) -> Body:
        """How a CAD says it: by an answer where there is a question, else by itself, unless code or priority do."""
        body: Body = {"answers": {}, "facts": {}}
        stated = {fact for priority in self.programme.priorities.values() for fact in priority}
        stated |= {*code.hazards, *code.others} if code else set()
        for fact, value in facts.items():
            questions = [question for question in self.programme.questions if question.fact == fact]
            if fact == "units_on_scene":
                body[fact] = value == "yes"
            elif fact in ("language", "caller_wants"):
                body[fact] = value
            elif questions:
                body["answers"] |= {question.name: _answer(question, value) for question in questions}
            elif fact not in stated:
                body["facts"][fact] = value
        return body

    def unlisted(self) -> Body:
        """A call type that the document does not list."""
        systems = sorted({system for system, _ in self.programme.codes}) or ["cad"]
        return {"system": self.chance.choice(systems), "code": self.chance.choice(("TRAFFIC", "ALARM", "NOISE"))}

    def priority(self) -> str:
        """A priority of the document's, or of the usual four."""
        return self.chance.choice(sorted(self.programme.priorities) or list("1234"))

    def sendings(self, raised: ResponseDistrict, seconds: float, calls_per_second: float) -> list[Sending]:
        """Everything that the CAD sends, in order."""
        begins = sorted(self.chance.uniform(0, seconds) for _ in range(max(1, round(seconds * calls_per_second))))
        stories = (_DocumentStory(self, raised, number, begin) for number, begin in enumerate(begins, start=1))
        return sent_within(seconds, stories)


class _DocumentStory(Story):
    """A call made up from a document."""

    def __init__(self, calls: DocumentCalls, raised: ResponseDistrict, number: int, begin: float) -> None:
        self._calls, self._programme, self._chance = calls, calls.programme, calls.chance
        self._undisturbed = self._what(raised[0])
        body = {
            "agency": self._programme.agency,
            "source": min(self._programme.sources, default="cad"),
            "incident_id": f"D{number:06d}",
            **self._undisturbed,
            **self._where(raised[1]),
            **self._disturbed(),
            **personal(calls.chance, number, self._word()),
        }
        super().__init__(calls.chance, begin, body)

    def change(self) -> None:
        """What a further version says anew."""
        drawn, body = self._chance.random(), self._body
        if drawn < 0.30:
            body["answers"] = self._undisturbed["answers"]
        elif drawn < 0.38:  # it becomes more dangerous: an upgrade, where a team has it
            body["answers"] = self._answers(worst=True)
        elif drawn < 0.50:
            body["priority"] = self._calls.priority()
        elif drawn < 0.75:
            body["narrative"] += f" Caller {CANARY} adds: still there."

    def _what(self, response: str) -> Body:
        """Mostly a call that some response takes; or of another code, listed or not."""
        chance, suitable, drawn = self._chance, self._calls.suitable, self._chance.random()
        if drawn < 0.35:
            return chance.choice(suitable[response])
        like = chance.choice([body for bodies in suitable.values() for body in bodies])
        if drawn < 0.55:
            return like
        others = self._calls.other_codes
        is_listed = bool(others) and drawn < 0.80
        return {**like, "call_type": _type(chance.choice(others)) if is_listed else self._calls.unlisted()}

    def _where(self, raised: str) -> Body:
        """More often where a response is raised; by district, beat, or both."""
        chance, districts = self._chance, self._programme.districts
        district = raised if chance.random() < 0.4 else chance.choice(list(districts))
        beats, drawn = districts[district], chance.random()
        if drawn < 0.015:
            return {"beat": "a beat that nobody knows"}
        if not beats or drawn < 0.3:
            return {"district": district}
        beat = {"beat": chance.choice(beats)}
        return beat if drawn < 0.6 else {**beat, "district": district}

    def _disturbed(self) -> Body:
        """What is not as clear as it might be: a hazard, an answer that nobody can give, nobody asked, a caution."""
        chance, drawn, cautions = self._chance, self._chance.random(), sorted(self._programme.cautions)
        body: Body = {}
        if drawn < 0.20:
            body["answers"] = self._answers(worst=drawn < 0.12)
        elif drawn < 0.28:
            body["answers"] = {}
        if drawn > 0.97:
            body["caller_wants"] = "police"
        if cautions and chance.random() < 0.04:
            body["cautions"] = [chance.choice(cautions)]
        return body

    def _answers(self, *, worst: bool) -> dict[str, str]:
        """The answers with one hazard at its worst, or in doubt."""
        asked = [question for question in self._programme.questions if question.fact in HAZARDS]
        if not asked:
            return dict(self._undisturbed["answers"])
        question = self._chance.choice(asked)
        answer = _answer(question, HAZARDS[question.fact][-1]) if worst else "cannot-tell"
        return {**self._undisturbed["answers"], question.name: answer}

    def _word(self) -> str:
        """Seldom a word that the document listens for, to be heard in the narrative."""
        programme = self._programme
        words = [*sorted(programme.words), *(phrase for phrase, _ in programme.phrases)]
        return f" Somebody says {self._chance.choice(words)}." if words and self._chance.random() < 0.04 else ""


def _type(code: Code) -> Body:
    return {"system": code.system, "code": code.code}


def _values(fact: str, conditions: Iterable[Condition]) -> list[str]:
    """Values that a fact which is no hazard may have."""
    if fact == "age":
        bounds = (y for c in conditions for y in (c.from_years, c.below_years and c.below_years - 1))
        return ["15", "34", "71", *(str(years) for years in bounds if years is not None)]
    if fact in CHOICES:
        return list(CHOICES[fact])
    values = [value for condition in conditions for value in sorted(condition.values)]
    return values or (["en", "es"] if fact == "language" else ["none"])


def _answer(question: Question, value: str) -> str:
    """The answer that means a value; plain yes and no before others."""
    if question.fact == "age":
        return value
    meant = HAZARDS[question.fact].index(value) if question.fact in HAZARDS else value
    answers = [answer for answer, meaning in question.meanings.items() if meaning == meant]
    return min(answers, key=lambda answer: answer not in ("yes", "no"), default="cannot-tell")
