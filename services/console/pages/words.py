"""How things are said and marked on every page: times with their ages, and states by shape, word and colour."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from services.console.view.people_words import language, training, way
from services.console.view.reasons import part_in_words, plain, words_of
from services.console.view.unsent import unsent_words_of
from shared.plain import how_many

MINUTE, HOUR, DAY = 60, 3600, 86_400
_INSTANT = re.compile(r"\b([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(?::[0-9]{2})?) UTC\b")
_TICKING = re.compile(r'(<span [^>]*data-(age|left)="([^"]+)"[^>]*>)[^<]*</span>')


class Mark(NamedTuple):
    """How a state is shown: never by its colour alone."""

    shape: str
    word: str
    colour: str
    """`free`, `asked`, `busy`, `there`, `out`, `alarm` or `quiet`: the style sheet has each in dark and light."""


MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        # a call
        "received": Mark("○", "received", "quiet"),
        "triaged": Mark("○", "judged", "quiet"),
        "needs-answers": Mark("◐", "needs answers", "asked"),
        "advised": Mark("◐", "waits for you", "asked"),
        "offered": Mark("◐", "offered", "asked"),
        "held": Mark("◐", "waits for a team", "asked"),
        "accepted": Mark("■", "accepted", "busy"),
        "assigned": Mark("■", "assigned", "busy"),
        "en-route": Mark("■", "on its way", "busy"),
        "staged": Mark("■", "waits nearby", "busy"),
        "transporting": Mark("▲", "transporting", "there"),
        "on-scene": Mark("▲", "on scene", "there"),
        "default": Mark("●", "default sent", "quiet"),
        "cleared": Mark("✓", "cleared", "quiet"),
        "withdrawn": Mark("✕", "team withdrawn", "quiet"),
        "cancelled": Mark("✕", "cancelled", "quiet"),
        "phone-accepted": Mark("■", "taken by phone", "busy"),
        "stale": Mark("○", "too old to route", "quiet"),
        # a team
        "available": Mark("●", "available", "free"),
        "off-duty": Mark("○", "off duty", "out"),
        "out-of-service": Mark("○", "out of service", "out"),
        "recalled": Mark("■", "recalled", "busy"),
        "need-police": Mark("◆", "needs police", "alarm"),
        "safety-check-overdue": Mark("◆", "silent", "alarm"),
        "silent": Mark("◆", "silent", "alarm"),
        # a page of a roll call
        "answered": Mark("✓", "answered", "free"),
        "asked": Mark("◐", "no answer yet", "asked"),
        "waiting": Mark("○", "not asked yet", "quiet"),
        "failed": Mark("✕", "did not arrive", "alarm"),
        "not-sent": Mark("✕", "not sent", "quiet"),
        # a way to a person
        "way-proved": Mark("✓", "works", "free"),
        "way-unproved": Mark("◐", "not proved yet", "asked"),
        "way-broken": Mark("✕", "does not work", "alarm"),
        "way-opted-out": Mark("✕", "they said STOP", "alarm"),
        # a version of the programme
        "active": Mark("●", "in force", "free"),
        "proposed": Mark("◐", "proposed", "asked"),
        "rejected": Mark("✕", "turned down", "quiet"),
        "adopted": Mark("■", "approved, waits for its time", "busy"),
        "replaced": Mark("○", "replaced", "out"),
        "rolled-back": Mark("✕", "rolled back", "quiet"),
        # a switch
        "live": Mark("●", "live", "free"),
        "advisory": Mark("◐", "advisory", "asked"),
        "shadow": Mark("○", "shadow", "quiet"),
        "off": Mark("○", "off", "out"),
        "paused": Mark("◆", "stopped", "alarm"),
    }
)


def mark(state: str) -> Markup:
    """A state by shape, word and colour."""
    shape, word, colour = MARKS.get(state) or Mark("○", state.replace("-", " "), "quiet")
    return Markup('<span class="mark {}"><span aria-hidden="true">{}</span> {}</span>').format(colour, shape, word)


@pass_context
def clock_time(context: Context, at: datetime | None) -> Markup | str:
    """An instant on the agency's clocks."""
    return _on_clocks(context, at, "%H:%M:%S")


@pass_context
def day_time(context: Context, at: datetime | None) -> Markup | str:
    """An instant on the agency's clocks, with its date."""
    return _on_clocks(context, at, "%Y-%m-%d %H:%M:%S")


@pass_context
def week_time(context: Context, at: datetime | None) -> Markup | str:
    """An instant some hours or days off on the agency's clocks, to the minute."""
    return _on_clocks(context, at, "%a %H:%M")


def _on_clocks(context: Context, at: datetime | None, pattern: str) -> Markup | str:
    if at is None:
        return "not known"
    return Markup('<time datetime="{}">{}</time>').format(_stamp(at), _said(context, at, pattern))


def _said(context: Context, at: datetime, pattern: str) -> str:
    """In the hour that comes twice, as clocks go back, it says which of the two it is."""
    local = at.astimezone(context["zone"])
    comes_twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    return f"{local:{pattern}} {local:%Z}" if comes_twice else f"{local:{pattern}}"


@pass_context
def on_clocks(context: Context, sentence: str) -> str:
    """A sentence that was made without knowing whose clocks it is read by, with its instants on the agency's."""

    def local(match: re.Match[str]) -> str:
        try:
            return _said(context, datetime.fromisoformat(f"{match[1]}+00:00"), "%Y-%m-%d %H:%M")
        except (ValueError, OverflowError):  # somebody wrote what is no time
            return match[0]

    return _INSTANT.sub(local, sentence)


def age(at: datetime | None) -> Markup:
    """How long ago an instant is; it ticks in the browser, so that a row does not change by growing old."""
    return Markup("") if at is None else Markup('<span class="age" data-age="{}"></span>').format(_stamp(at))


def left(until: datetime | None, say: str = "") -> Markup:
    """How long there is until an instant. `say`: what it is, for whom it is read aloud to near its end."""
    if until is None:
        return Markup("")
    return Markup('<span class="left" data-left="{}" data-say="{}"></span>').format(_stamp(until), say)


def filled(page: str, now: datetime) -> str:
    """A page with ages and times left as they are now, for a browser that runs no script."""

    def fill(match: re.Match[str]) -> str:
        seconds = (now - datetime.fromisoformat(match[3])).total_seconds()
        return f"{match[1]}{_age_words(seconds) if match[2] == 'age' else _left_words(-seconds)}</span>"

    return _TICKING.sub(fill, page)


def _age_words(seconds: float) -> str:
    """As `console.js` says it."""
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole} s ago"
    if whole < HOUR:
        return f"{whole // MINUTE} min ago"
    return f"{whole // HOUR} h ago" if whole < 2 * DAY else f"{whole // DAY} days ago"


def _left_words(seconds: float) -> str:
    whole = int(seconds)
    if whole <= 0:
        return "time is up"
    if whole < 2 * MINUTE:
        return f"{whole} s left"
    return f"{whole // MINUTE} min left" if whole < 2 * HOUR else f"{whole // HOUR} h left"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def pair(value: str) -> tuple[str, str]:
    """A choice that is called by its value."""
    return value, value


FILTERS: Mapping[str, Any] = MappingProxyType(
    {
        "pair": pair,
        "reason": words_of,
        "unsent": unsent_words_of,
        "how_many": how_many,
        "plain": plain,
        "training": training,
        "language": language,
        "way": way,
        "part": part_in_words,
        "mark": mark,
        "on_clocks": on_clocks,
        "clock_time": clock_time,
        "day_time": day_time,
        "week_time": week_time,
        "age": age,
        "left": left,
    }
)
