"""A desk at which a call is put before a preset: all of its responses switched on, everything asked and calm.

A test says only what is different. `result` answers in one line, so that a published rule is one row of a table:

    "cares"                          these responses may go (several: in order of preference, with " + ")
    "cares (shadow)"                 the same, where the document allows less than live
    "default: outside-hours"         none may, with the reasons of the call's or of the responses' gates
    "ask: weapon"                    nobody knows yet; these facts decide
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from immutables import Map

from shared.call import Call, CallType
from shared.programme import Judgement, Phase, Programme, ResponseVerdict, Switchboard, judge, read, words_in_narrative
from shared.programme.judging.facts import HAZARDS
from shared.programme.judging.surroundings import Surroundings
from shared.switch import Switch

Case = dict[str, Any]
"""What a test says of a call: arguments of `verdict`."""

PROGRAMMES = Path(__file__).parents[3] / "deploy/programmes"


@cache
def document(name: str) -> Programme:
    """The preset `<agency>.<date>`."""
    return read((PROGRAMMES / f"{name}.toml").read_text())


@cache
def versions(agency: str) -> tuple[Programme, ...]:
    """An agency's dated documents, oldest first."""
    return tuple(document(path.stem) for path in sorted(PROGRAMMES.glob(f"{agency}.????-??-??.toml")))


def in_force(agency: str, at: datetime) -> Programme | None:
    """The version in force at an instant."""
    return next((one for one in reversed(versions(agency)) if one.effective <= at), None)


def instant(agency: str, at: str) -> datetime:
    """`2021-09-03T10:59` on the agency's clocks; in the repeated hour say which: `2021-11-07T01:30-06:00`."""
    moment = datetime.fromisoformat(at)
    return (moment if moment.tzinfo else moment.replace(tzinfo=versions(agency)[0].zone)).astimezone(UTC)


def verdict(
    agency: str,
    *,
    at: str,
    code: str | None,
    everything_known: bool = True,
    facts: Mapping[str, str] | None = None,
    words: str = "",
    switchboard: Switchboard | None = None,
    **call: Any,
) -> Judgement:
    """The judgement of one call under the version in force at `at` (local time).

    `everything_known`: every hazard that the version turns on was asked about and is calm, but for `facts`.
    `words` is the narrative. Without `switchboard` every response is live wherever the document allows it.
    Everything else is a field of the call.
    """
    moment = instant(agency, at)
    programme = in_force(agency, moment)
    calm = {hazard: HAZARDS[hazard][0] for hazard in programme.hazards} if programme and everything_known else {}
    known: dict[str, Any] = {
        "agency": agency,
        "source": next(iter(programme.sources), "cad") if programme else "cad",
        "incident_id": "1",
        "created_at": moment,
        "updated_at": moment,
        "call_type": CallType(system=_system(programme, code), code=code) if code is not None else None,
        "facts": calm | dict(facts or {}),
    }
    board = all_on(programme) if switchboard is None else switchboard
    heard = words_in_narrative(programme, words) if programme else frozenset()
    return judge(programme, board, Call(**(known | call)), Surroundings(heard), moment)


def result(agency: str, *, of: str | None = None, **case: Any) -> str:
    """What comes of a call, in one line; `of` looks at one response only."""
    judgement = verdict(agency, **case)
    responses = [one for one in judgement.responses if of in (None, one.response)]
    may_go = [one for one in responses if one.may_go]
    if judgement.suitability == "indeterminate":
        return f"ask: {', '.join(judgement.missing)}"
    if judgement.suitability == "unsuitable":
        # What a level that sends the default may still have is a referral or a note, made beside it.
        beside = judgement.reasons == ("level-sends-default",) and (may_go or (of and responses))
        if not beside:
            return f"default: {', '.join(judgement.reasons)}"
    return _named(may_go) or f"default: {_listed(reason for one in responses for reason in one.reasons)}"


def goes(agency: str, **case: Any) -> list[str]:
    """The responses that may go, whatever keeps the others: where only this is published, or a code is not listed."""
    return [one.response for one in verdict(agency, **case).responses if one.may_go]


def crew(agency: str, response: str, *, at: str) -> tuple[str, ...]:
    """The places of a response's crew in the version in force at `at`."""
    programme = in_force(agency, instant(agency, at))
    return programme.responses[response].crew if programme else ()


def ladder(agency: str, **case: Any) -> dict[str, str]:
    """For each hazard that the version turns on, the rank of the level for each of its values, calmest first: "0112".

    That an unknown hazard stands where its worst value does is checked on the way.
    """
    programme = in_force(agency, instant(agency, case["at"]))
    facts = dict(case.pop("facts", {}))
    ranks: dict[str, str] = {}
    for hazard in programme.hazards if programme else ():
        found = [verdict(agency, facts=facts | {hazard: value}, **case).level_rank for value in HAZARDS[hazard]]
        for unknown in ("not-asked", "cannot-tell"):
            assert verdict(agency, facts=facts | {hazard: unknown}, **case).level_rank == found[-1]
        ranks[hazard] = "".join(map(str, found))
    return ranks


def all_on(programme: Programme | None, phase: Phase = "live", paused: Iterable[str] = ()) -> Switchboard:
    """Every response switched to `phase` in every district."""
    places = [(one, district) for one in programme.responses for district in programme.districts] if programme else []
    phases: dict[str, Phase] = {f"{response}/{district}": phase for response, district in places}
    return Switchboard(1, Map(phases), frozenset(map(Switch.parse, paused)))


def _system(programme: Programme | None, code: str) -> str:
    """The code system that lists the code, or else the document's first."""
    systems = tuple(dict.fromkeys(system for system, _ in programme.codes)) if programme else ("cad",)
    listing = (one for one in systems if programme and programme.code(CallType(system=one, code=code)))
    return next(listing, systems[0])


def _named(going: Iterable[ResponseVerdict]) -> str:
    return " + ".join(one.response if one.phase == "live" else f"{one.response} ({one.phase})" for one in going)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))
