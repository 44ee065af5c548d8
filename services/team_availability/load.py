"""The calls that each response has, now and today, by what was offered: what caps are measured with. Pure."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.team_availability.plan import Option
from services.team_availability.state import CallState, LoadEntry, State
from shared.programme.judging.load import counted, with_call, without_call
from shared.replace import replace


def count(state: State, call_id: str, response: str, district: str | None, at: datetime) -> State:
    """From its first offer, or when a team comes with it, a call counts for a response, and for no other."""
    present = state.load_entries.get(call_id)
    if present is not None and present.response == response:
        return state
    entry = LoadEntry(response, district or "", _day(state, state.call(call_id), at))
    load, entries = with_call(state.load, state.load_entries, call_id, entry)
    return replace(state, load=load, load_entries=entries)


def discount(state: State, call_id: str, *, of_its_day: bool) -> State:
    """No team has the call any more, or was asked; whether it still counts as one of its day."""
    load, entries = without_call(state.load, state.load_entries, call_id, counts=of_its_day)
    return replace(state, load=load, load_entries=entries)


def why_capped(state: State, call: CallState, option: Option, now: datetime) -> str | None:
    """Why a response takes this call no more, as one that it does not have yet; what a dispatcher sends, it takes."""
    episode = call.episode
    if not option.caps or episode is None or episode.override == option.response:
        return None
    if any(offer.response == option.response for offer in episode.offers):
        return None
    day = _day(state, call, now)
    reasons = (cap.reason(*counted(state.load, option.response, cap.districts, day)) for cap in option.caps)
    return next((reason for reason in reasons if reason), None)


def _day(state: State, call: CallState, at: datetime) -> date:
    return at.astimezone(ZoneInfo(state.timings(call).zone)).date()
