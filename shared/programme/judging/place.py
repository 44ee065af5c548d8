"""The district of a call: what the CAD names, what its beat belongs to, where its position lies. Pure.

All who speak of a place must agree; where two of them disagree, nobody decides between them.
"""

from __future__ import annotations

from typing import Final

from shared.call import Call, position_of
from shared.judgement import OUTSIDE, Gate, Located
from shared.programme.judging.normal_forms import normal, plain
from shared.programme.judging.programme import Programme, failed, passed

UNREADABLE: Final = Located((), "")
"""Of a call whose position nobody can read: located by no boundaries."""


def located_by(programme: Programme, position: str) -> Located | None:
    """Where a position, as it is sealed, lies; None without one, or where no district has a boundary."""
    if programme.boundaries is None or not position:
        return None
    place = position_of(position)
    return UNREADABLE if place is None else programme.boundaries.located(place.latitude, place.longitude)


def district_of(programme: Programme, call: Call, located: Located | None) -> tuple[str | None, Gate]:
    """The district, None where there is none to go by, and the gate that says why. `located`: where the position is."""
    named, gate = _named_district(programme, call)
    if located is None or programme.boundaries is None or gate.reason == "district-conflict":
        return named, gate
    if (nowhere := _why_nowhere(programme, located)) is not None:
        return _conflict(nowhere)
    there = located.districts[0] if located.districts else None
    if there is None:
        outside = named in programme.boundaries.square_km
        return _conflict(f"the CAD says {named}, its position is outside of it.") if outside else (named, gate)
    if not (call.district or call.beat):
        return there, passed("district", f"its position is in {there}.")
    return (named, gate) if named in (None, there) else _conflict(f"the CAD says {named}, its position is in {there}.")


def _why_nowhere(programme: Programme, located: Located) -> str | None:
    """Why a position settles nothing about the district; None where it does."""
    if located == UNREADABLE:
        return "nobody has read the call's position, or can, so nobody can tell whether it agrees."
    if programme.boundaries is not None and located.boundaries != programme.boundaries.hash:
        return "the boundaries have changed since: the call's next version settles its district."
    return f"its position is {_between(located)}." if len(located.districts) > 1 else None


def _named_district(programme: Programme, call: Call) -> tuple[str | None, Gate]:
    """The district that the CAD names, or its beat is in. A district that nobody listed disagrees with any beat."""
    listed = programme.by_form
    named = call.district and listed.districts.get(normal(call.district), plain(call.district))
    beat = call.beat and plain(call.beat)
    by_beat = listed.beats.get(normal(beat)) if beat else None
    if named and by_beat and named != by_beat:
        return _conflict(f"beat {beat} is in {by_beat}, the CAD says {named}.")
    if named and named in programme.districts:
        return named, passed("district", f"in {named}.")
    if by_beat and not named:
        return by_beat, passed("district", f"beat {beat} is in {by_beat}.")
    if named:
        where = f"{named} is no district of the programme."
    else:
        where = f"beat {beat} is in no district of the programme." if beat else "no district is known."
    return None, failed("district", "district-unknown", where)


def _conflict(sentence: str) -> tuple[None, Gate]:
    return None, failed("district", "district-conflict", sentence)


def _between(located: Located) -> str:
    *districts, last = sorted(located.districts, key=lambda name: (name == OUTSIDE, name))
    if last == OUTSIDE:
        return f"on the border of {', '.join(districts)}"
    return f"on the border of {', '.join(districts)} and {last}, or in both"
