"""What several projections do to the row of an episode."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.reporting.projection.rows import Row, Rows
from services.reporting.store.tables import EPISODE
from shared.call import CallId
from shared.engine.broker import Stored
from shared.judgement import PHASES, Judgement, ResponseVerdict

OF_A_JUDGEMENT = (
    "zone", "district", "category", "level", "level_rank", "suitability", "may_go", "phase", "stopped_by", "outside",
    "programme_version", "programme_hash", "switchboard_revision", "cad_notice_seconds",
)  # fmt: skip
"""What an episode has of the judgement that it follows, and the plan says as well."""
OF_ITS_GATES = ("may_go", "phase", "stopped_by", "outside")
"""Of these, what is worked out from its gates."""
OF_ROLL_OUT = frozenset(("phase", "dates", "hours", "holiday"))
"""The gates that say where and when a response runs."""
OF_ITS_VERSION = ("caller", "call_type")
"""And what only the judgement says."""
OF_ITS_TERMS = ("priority", "requested_by")
"""And what it says where nothing else did."""
FOLLOWS = ("partition", "judgement_offset", *OF_A_JUDGEMENT, *OF_ITS_VERSION, *OF_ITS_TERMS)

NUMBER_AGAIN = timedelta(days=7)
"""What began so long before a call's first episode is of another incident, whose number it was given."""


def episode_of(rows: Rows, call_id: str, number: int, stored: Stored) -> Row:
    """The row of an episode, which begins here where nothing is known of it."""
    row = rows.change(EPISODE, call_id=call_id, episode=number)
    row["agency"], row["partition"] = stored.key, stored.partition
    row["source"] = row["source"] or source_of_call(call_id)
    return row


def beginnings_of(rows: Rows, call_id: str) -> list[datetime]:
    """When the episodes of a call began, of those of which that is known."""
    return [row["begun_at"] for row in rows.of_call(EPISODE, call_id) if row["begun_at"] is not None]


def former_of(call_id: str, begun_at: datetime) -> str:
    """The id of the incident that had the number before the one that began then."""
    return f"{call_id} before {begun_at:%Y-%m-%d}"


def is_of_former(at: datetime | None, begun_at: datetime) -> bool:
    """Whether what was said of a number then was of the former one: of this it is said when it begins, or after."""
    return at is not None and begun_at - at > NUMBER_AGAIN / 2


def source_of_call(call_id: str) -> str | None:
    """The CAD that publishes a call; None for an id that is none."""
    try:
        return CallId.parse(call_id).source
    except ValueError:
        return None


def columns_of(judgement: Judgement) -> Row:
    """What the row of a judgement, and of an episode that follows it, both say of it."""
    going = [verdict.phase for verdict in judgement.responses if verdict.may_go and verdict.phase != "off"]
    row = {name: getattr(judgement, name) for name in OF_A_JUDGEMENT if name not in OF_ITS_GATES}
    row["may_go"], row["phase"] = bool(going), max(going, key=PHASES.index) if going else None
    row["stopped_by"] = None if going else _stopped_by(judgement)
    row["outside"] = not going and judgement.suitability == "suitable" and any(map(_is_outside, judgement.responses))
    return row


def _stopped_by(judgement: Judgement) -> str | None:
    gates = [*judgement.gates, *(gate for verdict in judgement.responses for gate in verdict.gates)]
    return next((gate.gate for gate in gates if not gate.passed), None)


def _is_outside(verdict: ResponseVerdict) -> bool:
    """Whether nothing but place, date, hour or phase speaks against a response."""
    failed = {gate.gate for gate in verdict.gates if not gate.passed}
    return bool(failed) and failed <= OF_ROLL_OUT


def follow(episode: Row, judged: Row) -> None:
    """The episode follows a judgement, as far as that is known: its names are those of that document."""
    if episode["outcome"] is None or episode["level"] is None:
        episode |= {name: judged[name] for name in OF_A_JUDGEMENT}
        set_local_time(episode)


def follow_judgement(episode: Row, judgement: Row, verdicts: Iterable[Row]) -> None:
    """The episode follows this judgement, whichever of the two was read first."""
    episode |= {name: judgement[name] for name in (*OF_A_JUDGEMENT, *OF_ITS_VERSION)}
    episode |= {name: judgement[name] or episode[name] for name in OF_ITS_TERMS}
    episode["synthetic"] = episode["synthetic"] or judgement["synthetic"]
    set_local_time(episode)
    name_response(episode, verdicts)


def name_response(episode: Row, verdicts: Iterable[Row]) -> None:
    """What the document says of the response that an episode came to."""
    for verdict in verdicts:
        if verdict["response"] == episode["response"]:
            episode |= {name: verdict[name] for name in ("model", "goes", "replaces")}


def set_local_time(episode: Row) -> None:
    """When the call was received by the agency's clocks, where both are known; or else when that was said."""
    received_at, zone = episode["received_at"] or episode["begun_at"], zone_of(episode["zone"])
    if received_at is None or zone is None:
        return
    local: datetime = received_at.astimezone(zone)
    episode["local_date"], episode["local_hour"] = local.date().isoformat(), local.hour
    episode["local_weekday"] = local.weekday()


def zone_of(name: str | None) -> ZoneInfo | None:
    """The time zone of a name; None where this machine does not know it."""
    try:
        return None if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None
