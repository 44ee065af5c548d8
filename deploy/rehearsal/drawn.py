"""Calls drawn from a programme document and a seed. What a response takes is what the decision itself says it takes."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Any

from immutables import Map

from deploy.demo import traffic
from deploy.demo.traffic import Sending, Story
from shared.call import Call
from shared.judgement import NOT_ROUTED, PHASES, Phase
from shared.programme import Programme, Switchboard, judge
from shared.programme.judging.facts import CHOICES, HAZARDS
from shared.programme.judging.programme import Code, Condition, Question, Response, Row
from shared.programme.judging.surroundings import Surroundings

Body = dict[str, Any]
Place = tuple[str, str]
"""Response and district."""
TRIES, FITS = 400, 12
"""Of so many calls drawn for a response, so many that it takes are kept."""


def best_instant(programme: Programme) -> datetime:
    """When the most rows of routed responses are open: soon, and from midday on where there is a choice."""
    rows = [row for row in programme.rollout if programme.responses[row.response].reached_by not in NOT_ROUTED]
    effective = programme.effective.astimezone(programme.zone).date()
    starts = {max(effective, row.from_day or effective) for row in rows} | {effective}
    instants = (
        datetime.combine(start + timedelta(days=day), time(hour % 24, 10), programme.zone)
        for start, day, hour in product(sorted(starts), range(14), range(12, 36))
    )
    return max(instants, key=lambda at: sum(is_open(programme, row, at) for row in rows))


def is_open(programme: Programme, row: Row, at: datetime) -> bool:
    """Whether a row runs at an instant: hours, dates and holidays, all of the day on which it opened."""
    return any(
        (row.from_day or day) <= day < (row.until_day or date.max)
        and not (row.closed_on_holidays and programme.holidays and programme.holidays.name(day))
        for day in row.week.opened_on(programme.zone, at, at.astimezone(programme.zone).date())
    )


class City:
    """What can be drawn from a document at an instant."""

    def __init__(self, programme: Programme, at: datetime, chance: random.Random) -> None:
        self.programme, self.at, self.chance = programme, at, chance
        self.routed = [one for one in programme.responses.values() if one.reached_by not in NOT_ROUTED]
        self.places: tuple[Place, ...] = tuple(
            (one.name, district)
            for one in self.routed
            for district in programme.districts
            if (one.name, district) in programme.rows
        )
        phases = Map({f"{name}/{district}": self.most((name, district)) for name, district in self.places})
        self._board = Switchboard(phases=phases)
        self.fits: dict[str, list[Body]] = {one.name: self._fitting(one) for one in self.routed}
        """By response: what calls say that it takes, less their district and what is personal."""
        self.others = [one for one in programme.codes.values() if not any(one.category in r.takes for r in self.routed)]

    def most(self, place: Place) -> Phase:
        """The highest phase that rows allow there, which are open now; `off` where none is."""
        rows = (row for row in self.programme.rows[place] if is_open(self.programme, row, self.at))
        return max((row.phase for row in rows), key=PHASES.index, default="off")

    def to_raise(self) -> Place | None:
        """Where to raise a response: as far as can be, and sooner one that is offered than a telephone."""
        able = [place for place in self.places if self.fits[place[0]] and self.most(place) != "off"]
        return max(able, key=self._worth_raising, default=None)

    def _worth_raising(self, place: Place) -> tuple[int, bool]:
        return PHASES.index(self.most(place)), self.programme.responses[place[0]].reached_by != "phone transfer"

    def _fitting(self, response: Response) -> list[Body]:
        """Calls drawn until enough of them are taken by the response, by the decision's own word."""
        places = [place for place in self.places if place[0] == response.name and self.most(place) != "off"]
        found: list[Body] = []
        for _ in range(TRIES if places else 0):
            body = self._drawn(response)
            if self._takes(response, {**body, "district": places[0][1]}):
                found.append(body)
            if len(found) == FITS:
                break
        return found

    def _takes(self, response: Response, body: Body) -> bool:
        names = {"agency": self.programme.agency, "source": min(self.programme.sources, default="cad")}
        times = dict.fromkeys(("created_at", "updated_at"), self.at)
        call = Call.model_validate({**names, "incident_id": "1", **times, **body})
        judgement = judge(self.programme, self._board, call, Surroundings(), self.at)
        going = (one.may_go for one in judgement.responses if one.response == response.name)
        return judgement.suitability == "suitable" and any(going)

    def _drawn(self, response: Response) -> Body:
        """A call of a code that the response takes, or for which somebody asks for it; mostly calm."""
        chance = self.chance
        codes = [one for one in self.programme.codes.values() if one.category in response.takes]
        code = chance.choice(codes) if codes else None
        body: Body = {"call_type": _type(code) if code else self.unlisted(), "priority": self.priority()}
        if response.may_be_asked_by and (code is None or chance.random() < 0.15):
            asker = chance.choice(sorted(response.may_be_asked_by))
            body |= {"caller_wants": "alternative"} if asker == "caller" else {"requested_by": asker}
        return body | self._told(self._wanted(response), code)

    def _wanted(self, response: Response) -> dict[str, str]:
        """A value of each fact that the document turns on; of those that permit the response, one that does."""
        chance = self.chance
        wanted = {
            hazard: HAZARDS[hazard][0] if chance.random() < 0.8 else chance.choice(HAZARDS[hazard])
            for hazard in self.programme.hazards
        }
        named = [*self.programme.others, *(one.fact for one in response.only_when)]
        for fact in dict.fromkeys(named):
            conditions = [one for one in response.only_when if one.fact == fact]
            values = [value for value in _values(fact, conditions) if all(one.allows(value) for one in conditions)]
            wanted[fact] = chance.choice(values)
        return wanted

    def _told(self, wanted: Mapping[str, str], code: Code | None) -> Body:
        """How a CAD says it: by an answer where there is a question, else by itself, unless code or priority do."""
        body: Body = {"answers": {}, "facts": {}}
        stated = {fact for facts in self.programme.priorities.values() for fact in facts}
        stated |= {*code.hazards, *code.others} if code else set()
        for fact, value in wanted.items():
            questions = [one for one in self.programme.questions if one.fact == fact]
            if fact == "units_on_scene":
                body[fact] = value == "yes"
            elif fact in ("language", "caller_wants"):
                body[fact] = value
            elif questions:
                body["answers"] |= {one.name: _answer(one, value) for one in questions}
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

    def sendings(self, raised: Place, seconds: float, calls_per_second: float) -> list[Sending]:
        """Everything that the CAD sends, in order."""
        begins = sorted(self.chance.uniform(0, seconds) for _ in range(max(1, round(seconds * calls_per_second))))
        sendings = [
            sending
            for number, begin in enumerate(begins, start=1)
            for sending in _PresetStory(self, raised, number, begin).sendings()
            if sending.at_seconds <= seconds
        ]
        return sorted(sendings, key=lambda sending: sending.at_seconds)


class _PresetStory(Story):
    """A call drawn from a document."""

    def __init__(self, city: City, raised: Place, number: int, begin: float) -> None:
        self._city, self._chance = city, city.chance
        self._fit = self._what(raised[0])
        body = {
            "agency": city.programme.agency,
            "source": min(city.programme.sources, default="cad"),
            "incident_id": f"D{number:06d}",
            **self._fit,
            **self._where(raised[1]),
            **self._disturbed(),
            **traffic.personal(city.chance, number, self._word()),
        }
        super().__init__(city.chance, begin, body)

    def change(self) -> None:
        """What a further version says anew."""
        drawn, body = self._chance.random(), self._body
        if drawn < 0.30:
            body["answers"] = self._fit["answers"]
        elif drawn < 0.38:  # it becomes more dangerous: an upgrade, where a team has it
            body["answers"] = self._answers(worst=True)
        elif drawn < 0.50:
            body["priority"] = self._city.priority()
        elif drawn < 0.75:
            body["narrative"] += f" Caller {traffic.CANARY} adds: still there."

    def _what(self, response: str) -> Body:
        """Mostly a call that some response takes; or of another code, listed or not."""
        chance, fits, drawn = self._chance, self._city.fits, self._chance.random()
        if drawn < 0.35:
            return chance.choice(fits[response])
        like = chance.choice([one for found in fits.values() for one in found])
        if drawn < 0.55:
            return like
        others = self._city.others
        is_listed = bool(others) and drawn < 0.80
        return {**like, "call_type": _type(chance.choice(others)) if is_listed else self._city.unlisted()}

    def _where(self, raised: str) -> Body:
        """More often where a response is raised; by district, beat, or both."""
        chance, districts = self._chance, self._city.programme.districts
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
        chance, drawn, cautions = self._chance, self._chance.random(), sorted(self._city.programme.cautions)
        found: Body = {}
        if drawn < 0.20:
            found["answers"] = self._answers(worst=drawn < 0.12)
        elif drawn < 0.28:
            found["answers"] = {}
        if drawn > 0.97:
            found["caller_wants"] = "police"
        if cautions and chance.random() < 0.04:
            found["cautions"] = [chance.choice(cautions)]
        return found

    def _answers(self, *, worst: bool) -> dict[str, str]:
        """The answers with one hazard at its worst, or in doubt."""
        asked = [one for one in self._city.programme.questions if one.fact in HAZARDS]
        if not asked:
            return dict(self._fit["answers"])
        one = self._chance.choice(asked)
        return {**self._fit["answers"], one.name: _answer(one, HAZARDS[one.fact][-1]) if worst else "cannot-tell"}

    def _word(self) -> str:
        """Now and then a word of the document's, to be heard in the narrative."""
        programme = self._city.programme
        words = [*sorted(programme.words), *(phrase for phrase, _ in programme.phrases)]
        return f" Somebody says {self._chance.choice(words)}." if words and self._chance.random() < 0.04 else ""


def _type(code: Code) -> Body:
    return {"system": code.system, "code": code.code}


def _values(fact: str, conditions: Iterable[Condition]) -> list[str]:
    """Values that a fact which is no hazard may have."""
    if fact == "age":
        bounds = (years for one in conditions for years in (one.from_years, one.below_years and one.below_years - 1))
        return ["15", "34", "71", *(str(years) for years in bounds if years is not None)]
    if fact in CHOICES:
        return list(CHOICES[fact])
    named = [value for one in conditions for value in sorted(one.values)]
    return named or (["en", "es"] if fact == "language" else ["none"])


def _answer(question: Question, value: str) -> str:
    """The answer that means a value; plain yes and no before others."""
    if question.fact == "age":
        return value
    meant = HAZARDS[question.fact].index(value) if question.fact in HAZARDS else value
    told = [answer for answer, meaning in question.meanings.items() if meaning == meant]
    return min(told, key=lambda answer: answer not in ("yes", "no"), default="cannot-tell")
