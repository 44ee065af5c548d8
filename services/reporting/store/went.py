"""Who really went to a call: an acceptance is no diversion by itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Case, ColumnElement, Select, and_, case, or_, select

from services.reporting.store.tables import EPISODE

_E = EPISODE.c
UNITS = ("officer", "fire-crew")
"""Who asks from the scene: with them the default, or a part of it, is there."""
HANDED_TO_POLICE = ("handed-over-police", "upgraded")
"""Dispositions of teams that left the call to police."""
CALLED_OFF = ("cancelled", "no-longer-needed")
"""And of teams that were not needed after all."""
MERGED = EPISODE.alias()


def of_the_merged(column: ColumnElement[Any]) -> Select[Any]:
    """What is said, in a column of `MERGED`, of the call that an episode's team had before the CAD merged it."""
    is_merged = and_(MERGED.c.call_id == _E.moved_from_call_id, MERGED.c.moved_to_call_id == _E.call_id)
    return select(column).where(is_merged).correlate(EPISODE)


_UNITS_ASKED = or_(
    _E.requested_by.in_(UNITS), of_the_merged(MERGED.c.call_id).where(MERGED.c.requested_by.in_(UNITS)).exists()
)
"""For this call, or for the one that its team had before."""
_TURNED_BACK = and_(_E.on_scene_at.is_(None), or_(_E.released_at.is_not(None), _E.disposition.in_(CALLED_OFF)))
WENT: Case[str] = case(
    (_E.outcome.is_(None), "undecided"),
    (_E.outcome == "cancelled", "nobody"),
    (_E.outcome == "default", "default"),
    (_E.moved_to_call_id.is_not(None), "merged"),
    (and_(_TURNED_BACK, _E.upgraded_at.is_not(None)), "recalled-upgraded"),
    (_TURNED_BACK, "recalled"),
    (_E.upgraded_at.is_not(None), "team-upgraded"),
    (
        or_(
            _E.police_asked_at.is_not(None),
            _E.silent_at.is_not(None),
            _E.unconfirmed_at.is_not(None),
            _E.goes == "beside default",
            and_(_E.goes.is_(None), _E.overridden_at.is_not(None)),
            _E.default_asked.is_(True),
            _UNITS_ASKED,
            _E.disposition.in_(HANDED_TO_POLICE),
            and_(_E.disposition == "handed-over-ems", _E.replaces.like("%ems%")),
            and_(_E.released_at.is_not(None), _E.cleared_at.is_(None)),
        ),
        "team-and-default",
    ),
    (_E.outcome == "phone-accepted", "phone"),
    (and_(_E.on_scene_at.is_(None), _E.cleared_at.is_(None)), "team-under-way"),
    else_="team",
)
"""In a word, what the episodes of a call came to. Diverted are `team` and `phone` alone: in all the others the default
went, or may have gone, or nobody did.

`recalled`: the team was turned back before it arrived, or cleared the call as cancelled or no longer needed and never
said that it had; `recalled-upgraded`: the call had proved more dangerous. `team-upgraded`: it arrived, or is on its
way, to a call that did. `team-and-default`: police were asked for, or sent beside the team, or may have been, where a
person sent a response of which the judgement does not say how it goes; or the CAD was not told in time; or the default
stood, or may have gone, before a person sent the team or somebody asked for it; or units on scene asked for it; or it
handed over to police, or to the ambulance that the response replaces; or it was taken off the call on scene. `merged`:
the team went on with another call, and counts there."""
