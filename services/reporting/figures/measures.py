"""Every measure once: what it counts, in words and in SQL. The page, the CSV's header and the tests read this table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_

from services.reporting.figures.facts import (
    ACCEPTED,
    ANSWERED_AT,
    ARRIVED_AT,
    ASKED_BY,
    BACK_UP,
    BY_DEFAULT,
    CALLS_IN,
    DECIDED,
    DIVERTED,
    ELIGIBLE,
    ENDED_BY_TEAM,
    EPISODES,
    EVERY,
    FIVE_CLASSES,
    IN_SHADOW,
    INSTEAD_OF_POLICE,
    JUDGED,
    LISTED,
    NO_CONTACT,
    OFFERS,
    OUTSIDE,
    RECEIVED_AT,
    REFERRALS,
    SUITABLE,
    TEAM_ARRIVING,
    TEAM_HAD,
    Facts,
)
from services.reporting.store.tables import EPISODE, OFFER, REFERRAL
from services.reporting.store.went import WENT

_E, _O, _R = EPISODE.c, OFFER.c, REFERRAL.c
SMALL_CELLS = "In public tables 1 to 10 are withheld, with whatever would give them away; inside, every count is shown."
SYNTHETIC = "Synthetic calls and probe agencies."
EXCLUSIONS = (
    "Synthetic calls and probe agencies; calls that the CAD merged into another before they had an outcome, or whose "
    "team went on with that one: they count there."
)
BY_WHAT_CAME = ("model", "response")
"""Cuts of calls by who took them."""
BY_WHAT_PASSED = (*BY_WHAT_CAME, "phase")
"""Also by what passed their gates."""
AN_EPISODE = "A call is an episode: one that is reopened, asked for anew, or sent a team by hand later, counts again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure in words. `among` and `lacks` are its denominator, and which part of that cannot be counted."""

    name: str
    title: str
    sentence: str
    numerator: str
    denominator: str
    missing: str
    facts: Facts = EPISODES
    among: ColumnElement[bool]
    lacks: ColumnElement[bool] | None = None
    exclusions: str = EXCLUSIONS
    clock_start: str = ""
    clock_end: str = ""
    caveat: str = ""
    unit: str = ""
    small_cells: str = SMALL_CELLS
    not_by: tuple[str, ...] = ()
    """Cuts that say no more than what it counts: a share would be all, or nothing, of each part."""
    version: int = 2
    """Raised when the measure comes to mean something else; `changed` is the first day of that meaning."""
    changed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Measure):
    """How many of some calls something is true of."""

    counted: ColumnElement[bool]
    unit: str = "%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown(Measure):
    """How some calls are divided; a call that lacks a part is missing."""

    part: ColumnElement[Any]
    unit: str = "calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration(Measure):
    """How long something took: the nearest ranks of 50 and 90 %; what lacks a stamp is counted, never guessed."""

    start: ColumnElement[Any]
    end: ColumnElement[Any]
    unit: str = "minutes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats(Measure):
    """How many callers called at least so many times in the period."""

    caller: ColumnElement[Any]
    thresholds: tuple[int, ...]
    unit: str = "callers"


def _volume() -> Iterator[Measure]:
    yield Share(
        name="listed",
        title="Behavioural-health calls",
        sentence="Calls whose call type the programme document lists, of all calls that the CAD published.",
        numerator="calls with a category of the document",
        denominator="all calls that were judged",
        missing="calls that were never judged",
        among=EVERY,
        lacks=~JUDGED,
        counted=LISTED,
        not_by=(*BY_WHAT_PASSED, "category"),
        caveat=AN_EPISODE,
    )
    yield Share(
        name="eligible",
        title="Eligible calls",
        sentence="Calls that a response could have gone to, before asking whether a team was there.",
        numerator="calls for which a response passed every gate, in phase advisory or live",
        denominator="behavioural-health calls, and others that somebody who may do so asked for",
        missing="calls that were never judged",
        among=or_(~JUDGED, LISTED, ELIGIBLE),
        lacks=~JUDGED,
        counted=ELIGIBLE,
        not_by=BY_WHAT_PASSED,
        caveat=AN_EPISODE,
    )
    yield Share(
        name="outside",
        title="Eligible outside hours or area",
        sentence="Suitable calls that nothing could go to, for place, date, hour, holiday or phase alone.",
        numerator="suitable calls to which nothing may go, and of a response no gate failed but phase, dates, hours, "
        "holiday",
        denominator="suitable calls",
        missing="none: every suitable call was judged",
        among=SUITABLE,
        counted=OUTSIDE,
        not_by=BY_WHAT_PASSED,
        caveat="Paused and switched-off districts are outside too.",
    )
    yield Share(
        name="indeterminate",
        title="Could not be triaged",
        sentence="Calls that might have been suitable, had a question been answered: not the same as unsuitable.",
        numerator="calls that are indeterminate",
        denominator="behavioural-health calls, and others that somebody who may do so asked for",
        missing="calls that were never judged",
        among=or_(~JUDGED, LISTED, ELIGIBLE),
        lacks=~JUDGED,
        counted=_E.suitability == "indeterminate",
        not_by=BY_WHAT_PASSED,
    )
    yield Breakdown(
        name="stopped-by",
        title="Stopped by which gate",
        sentence="Calls that were not eligible, by the first gate that they did not pass.",
        numerator="calls by first failed gate: of the call, else of the response that the document prefers",
        denominator="behavioural-health calls that were not eligible",
        missing="calls without a failed gate on record",
        among=and_(LISTED, ~ELIGIBLE, ~IN_SHADOW),
        lacks=_E.stopped_by.is_(None),
        part=_E.stopped_by,
    )
    yield Breakdown(
        name="call-type",
        title="Call types",
        sentence="Calls by the document's categories.",
        numerator="calls by category",
        denominator="all calls",
        missing="calls of a type that the document does not list, and calls never judged",
        among=EVERY,
        lacks=~LISTED,
        part=_E.category,
    )
    yield Breakdown(
        name="asked-by",
        title="Who asked",
        sentence="Calls by who asked for a response: an officer, a provider, or nobody but the caller.",
        numerator="calls by who asked",
        denominator="all calls",
        missing="none",
        among=EVERY,
        part=ASKED_BY,
    )
    yield Breakdown(
        name="source",
        title="Where calls came from",
        sentence="Calls by the CAD that published them.",
        numerator="calls by source",
        denominator="all calls",
        missing="calls whose source cannot be read from their number",
        among=EVERY,
        lacks=_E.source.is_(None),
        part=_E.source,
    )


def _served() -> Iterator[Measure]:
    yield Share(
        name="offered",
        title="Offered",
        sentence="Eligible calls that were offered to a team, or to somebody by phone.",
        numerator="eligible calls with an offer",
        denominator="eligible calls",
        missing="none",
        among=ELIGIBLE,
        counted=_E.first_offer_at.is_not(None),
        not_by=BY_WHAT_CAME,
    )
    yield Share(
        name="capture",
        title="Capture",
        sentence="Eligible calls that a team, or somebody by phone, took.",
        numerator="eligible calls that were accepted",
        denominator="eligible calls",
        missing="calls without outcome yet",
        among=ELIGIBLE,
        lacks=~DECIDED,
        counted=ACCEPTED,
        not_by=BY_WHAT_CAME,
        caveat="Accepted is not arrived: see Diverted.",
    )
    yield Share(
        name="reach",
        title="Reach",
        sentence="Behavioural-health calls that a team, or somebody by phone, took.",
        numerator="calls with a category that were accepted",
        denominator="calls with a category",
        missing="calls without outcome yet",
        among=LISTED,
        lacks=~DECIDED,
        counted=ACCEPTED,
        not_by=BY_WHAT_CAME,
        caveat="Calls of a type that the document does not list are in neither.",
    )
    yield Share(
        name="diverted",
        version=4,
        title="Diverted",
        sentence="Eligible calls that a team, or somebody by phone, really dealt with, without the default response.",
        numerator="eligible calls that a team went to, or that were dealt with by phone, and the default did not go to",
        denominator="eligible calls",
        missing="calls without outcome yet",
        among=ELIGIBLE,
        lacks=~DECIDED,
        counted=DIVERTED,
        not_by=BY_WHAT_CAME,
        caveat="Teams that were upgraded, recalled or called off, sent beside the default or after it, or by a person "
        "for a response that the judgement does not name, asked for by units on scene or still on their way do not "
        "count, nor what was handed over to police or taken off a team. "
        f"{AN_EPISODE}",
    )
    yield Breakdown(
        name="went",
        version=4,
        title="Who really went",
        sentence="Accepted calls by who went in the end.",
        numerator="accepted calls by who went; upgraded, and recalled or called off, apart",
        denominator="accepted calls",
        missing="none",
        among=ACCEPTED,
        part=WENT,
    )
    yield Share(
        name="instead-of-police",
        version=3,
        title="Police not sent",
        sentence="Calls to which the document would have sent police, and a team went instead.",
        numerator="diverted calls whose response replaces police, as the document says",
        denominator="calls that were accepted",
        missing="accepted calls of which the document says not what the response replaces",
        among=ACCEPTED,
        lacks=_E.goes.is_(None),
        counted=INSTEAD_OF_POLICE,
        caveat="What the CAD would have sent is taken from the programme document, call by call it is not recorded.",
    )
    yield Breakdown(
        name="unserved",
        title="Unserved, by reason",
        sentence="Eligible calls that got the default response, by the first reason that was recorded.",
        numerator="eligible calls with the default response, by reason",
        denominator="eligible calls with the default response",
        missing="outcomes without a reason: must be none",
        among=and_(ELIGIBLE, BY_DEFAULT),
        lacks=or_(_E.reason.is_(None), _E.reason == ""),
        part=_E.reason,
    )
    yield Breakdown(
        name="models",
        title="Kinds of team",
        sentence="Accepted calls by the model of the response.",
        numerator="accepted calls by response model",
        denominator="accepted calls",
        missing="calls whose judgement does not name the response that a person sent",
        among=ACCEPTED,
        lacks=_E.model.is_(None),
        part=_E.model,
    )
    yield Breakdown(
        name="phases",
        title="Phases compared",
        sentence="Calls that passed every gate, by phase of the response.",
        numerator="calls by the highest phase in which a response could have gone",
        denominator="calls for which a response passed every gate",
        missing="none",
        among=_E.may_go.is_(True),
        part=_E.phase,
        caveat="Shadow over-counts: its teams never get busy.",
    )
    yield Share(
        name="shadow-team",
        title="Shadow: a team would have been there",
        sentence="Calls in phase shadow for which a team would have been offered.",
        numerator="calls in shadow with a team that would have been offered",
        denominator="calls that passed every gate in phase shadow",
        missing="calls without outcome yet",
        among=IN_SHADOW,
        lacks=~DECIDED,
        counted=_E.shadow_team_id.is_not(None),
        not_by=BY_WHAT_CAME,
        caveat="Shadow over-counts: its teams never get busy. Compare with Capture only with this in mind.",
    )
    yield Breakdown(
        name="offers",
        title="Offers, by end",
        sentence="Offers to teams by how they ended; one call may have several.",
        numerator="offers accepted, declined, expired, withdrawn",
        denominator="offers made",
        missing="offers still open",
        facts=OFFERS,
        exclusions=SYNTHETIC,
        version=1,
        among=EVERY,
        lacks=_O.ended.is_(None),
        part=_O.ended,
        unit="offers",
    )


def _times() -> Iterator[Measure]:
    yield Duration(
        name="routing-time",
        title="Routing time",
        sentence="From the durable receipt of a call to its one outcome.",
        numerator="seconds from receipt to outcome",
        denominator="all calls with an outcome",
        missing="calls of which receipt or outcome has no stamp",
        facts=CALLS_IN,
        exclusions=SYNTHETIC,
        version=1,
        clock_start="durable receipt by intake; where a person has a team sent later, their word",
        clock_end="outcome in the journal",
        among=DECIDED,
        start=_E.received_at,
        end=_E.outcome_at,
        unit="seconds",
    )
    yield Duration(
        name="answer-time",
        title="Answer time",
        sentence="From an offer to the answer of the team.",
        numerator="seconds from offer to acceptance or refusal",
        denominator="offers that were answered; expired and withdrawn ones are apart, under Offers",
        missing="offers of which one stamp is missing, and late calls, which a team asked for by itself",
        facts=OFFERS,
        exclusions=SYNTHETIC,
        version=2,
        clock_start="offer made",
        clock_end="the team's answer, though others had longer to give theirs",
        among=_O.ended.in_(("accepted", "declined")),
        start=_O.made_at,
        end=ANSWERED_AT,
        unit="seconds",
    )
    yield Duration(
        name="travel-time",
        version=3,
        title="Acceptance to arrival",
        sentence="From a team's acceptance to its arrival.",
        numerator="minutes from acceptance to on scene",
        denominator="calls that a team took, and was not turned back or called off from",
        missing="teams that never said they had arrived, or said so from before they had the call",
        clock_start="the team accepted",
        clock_end="the team said that it is on scene",
        among=TEAM_ARRIVING,
        start=_E.accepted_at,
        end=ARRIVED_AT,
    )
    yield Duration(
        name="response-time",
        version=4,
        title="Response time",
        sentence="From the durable receipt of a call to the team's arrival.",
        numerator="minutes from receipt to on scene",
        denominator="calls that a team took, and was not turned back or called off from",
        missing="teams that never said they had arrived, or said so from before they had the call",
        clock_start="durable receipt by intake, also where a person has a team sent later; the first of calls that the "
        "CAD merged",
        clock_end="the team said that it is on scene",
        among=TEAM_ARRIVING,
        start=RECEIVED_AT,
        end=ARRIVED_AT,
    )
    yield Duration(
        name="time-on-scene",
        version=3,
        title="Time on scene",
        sentence="From a team's arrival to its clearing the call.",
        numerator="minutes from on scene to cleared",
        denominator="calls that a team took and has cleared",
        missing="teams that never said they had arrived, or said so from before they had the call",
        clock_start="the team said that it is on scene",
        clock_end="the team cleared the call",
        among=and_(TEAM_ARRIVING, _E.cleared_at.is_not(None)),
        start=ARRIVED_AT,
        end=_E.cleared_at,
    )


def _results() -> Iterator[Measure]:
    yield Share(
        name="contact",
        title="Contact",
        sentence="Eligible calls in which a team, or somebody by phone, dealt with the person.",
        numerator="eligible calls that were accepted, with a disposition other than unable-to-locate, no-longer-needed "
        "and cancelled",
        denominator="eligible calls",
        missing="calls without outcome yet, and accepted calls without a disposition",
        among=ELIGIBLE,
        lacks=or_(~DECIDED, and_(ACCEPTED, _E.disposition.is_(None))),
        counted=and_(ACCEPTED, _E.disposition.not_in(NO_CONTACT)),
        not_by=BY_WHAT_CAME,
    )
    yield Share(
        name="no-contact",
        title="No contact",
        sentence="Calls that a team cleared without having met anybody.",
        numerator="calls cleared as unable-to-locate, no-longer-needed or cancelled",
        denominator="calls that a team, or somebody by phone, took and cleared",
        missing="calls cleared without a disposition",
        among=ENDED_BY_TEAM,
        lacks=_E.disposition.is_(None),
        counted=_E.disposition.in_(NO_CONTACT),
    )
    yield Breakdown(
        name="dispositions",
        title="Dispositions",
        sentence="Cleared calls by what the team reported.",
        numerator="calls by disposition, a closed list",
        denominator="calls that a team, or somebody by phone, took and cleared",
        missing="calls cleared without a disposition",
        among=ENDED_BY_TEAM,
        lacks=_E.disposition.is_(None),
        part=_E.disposition,
    )
    yield Breakdown(
        name="five-classes",
        title="Outcome in five classes",
        sentence="Cleared calls in five classes, and those handed to police apart.",
        numerator="no contact; refused; services; services and transport; services and emergency department",
        denominator="calls that a team, or somebody by phone, took and cleared",
        missing="calls cleared without a disposition",
        among=ENDED_BY_TEAM,
        lacks=FIVE_CLASSES.is_(None),
        part=FIVE_CLASSES,
        caveat="Handed to a provider is services; handed to EMS is emergency department.",
    )
    yield Share(
        name="er-transport",
        title="Transported to an emergency department",
        sentence="Cleared calls of which the team took somebody to an emergency department.",
        numerator="calls cleared as transported-er",
        denominator="calls that a team, or somebody by phone, took and cleared",
        missing="calls cleared without a disposition",
        among=ENDED_BY_TEAM,
        lacks=_E.disposition.is_(None),
        counted=_E.disposition == "transported-er",
    )
    yield Breakdown(
        name="back-up",
        title="Back-up, by urgency",
        sentence="Calls of teams by the most urgent back-up that was asked for.",
        numerator="calls by back-up: asked for by the team, for its silence, for an upgrade on scene or before arrival",
        denominator="calls that a team took, or came to with one that the CAD merged into them",
        missing="none",
        among=TEAM_HAD,
        part=BACK_UP,
        caveat="A call with several counts once, under the most urgent.",
    )
    yield Share(
        name="safety-events",
        title="Staff safety events",
        sentence="Calls of a team that asked for police, or fell silent until police were asked for.",
        numerator="calls with police asked for, by the team or for its silence",
        denominator="calls that a team took, or came to with one that the CAD merged into them",
        missing="none",
        among=TEAM_HAD,
        counted=or_(_E.police_asked_at.is_not(None), _E.silent_at.is_not(None)),
        caveat="Injuries are not reported to careroute.",
    )
    yield Share(
        name="follow-up",
        title="Follow-up in time",
        sentence="Referrals and follow-ups in which somebody was contacted by the time that the document sets.",
        numerator="referrals closed as contacted by their due time",
        denominator="referrals and follow-ups that were due or closed; those withdrawn are not among them",
        missing="referrals that nobody has closed, and are not overdue yet",
        facts=REFERRALS,
        exclusions=SYNTHETIC,
        among=and_(_R.kind.in_(("referral", "follow-up")), or_(_R.result.is_(None), _R.result != "withdrawn")),
        lacks=and_(_R.closed_at.is_(None), _R.overdue_at.is_(None)),
        counted=and_(_R.result == "contacted", _R.closed_at <= _R.due_at),
        caveat="A referral counts where the call does that it was made in: a call that was reopened later is another.",
    )
    yield Repeats(
        name="repeat-callers",
        title="People met often",
        sentence="Callers who called at least so many times in the period, known by a pseudonym alone.",
        numerator="pseudonyms with at least 2, 5, 10, 20, 40 calls",
        denominator="calls with a pseudonym",
        missing="calls whose number was withheld, and calls under a document that counts no repeat callers",
        facts=CALLS_IN,
        exclusions=SYNTHETIC,
        version=1,
        among=EVERY,
        lacks=func.coalesce(_E.caller, "") == "",
        caller=_E.caller,
        thresholds=(2, 5, 10, 20, 40),
        caveat="Only as such thresholds: nobody is listed. A call that is reopened, or asked for anew, is one here.",
    )


MEASURES: Final[dict[str, Measure]] = {
    measure.name: measure for measure in (*_volume(), *_served(), *_times(), *_results())
}
"""By name, in the order in which people read them."""
