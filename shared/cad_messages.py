"""What the CAD of a call is told: each message, the event that it tells of, and what it says.

The one list of which notification sends, and of which intake's reference tells whoever builds a CAD.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, NamedTuple

from shared.events import (
    AssignmentMoved,
    AssignmentWithdrawn,
    CallChanged,
    CallRouted,
    ConfirmationAsked,
    EntryNotReleased,
    Event,
    HoldAsked,
    HoldBegan,
    HoldNoticeDue,
    LateTakeAsked,
    MessageKind,
    RecallUnacknowledged,
    SafetyCheckMissed,
    StatusReported,
    TeamMayEnter,
    TeamNotMoving,
    TeamStays,
    TeamStillStaged,
    UpgradeRaised,
)


class CadMessage(NamedTuple):
    """One message about a call."""

    kind: MessageKind
    event: type[Event]
    fields: frozenset[str]
    """Of the event; one without a value is left out, and see `ONLY_WHERE_TRUE`."""
    meaning: str
    """For whoever builds a CAD: what it is to do, or to believe from now on."""


def _message(kind: MessageKind, event: type[Event], fields: str, meaning: str) -> CadMessage:
    return CadMessage(kind, event, frozenset(fields.split()), meaning)


MESSAGES: Final = (
    _message(
        "call.routed",
        CallRouted,
        "outcome reasons team_id response district sentence deadline requested_by programme_version programme_hash "
        "switchboard_revision held",
        "What came of the call. Until it comes, and where it does not, the default goes: silence means no team.",
    ),
    _message(
        "unit.status",
        StatusReported,
        "team_id status disposition happened_at released_by",
        "Where the team stands. `need-police`: send them to where the team is.",
    ),
    _message(
        "call.upgraded",
        UpgradeRaised,
        "team_id level level_rank raised_by on_upgrade sentence team_on_scene send more_dangerous against",
        "The call is worse than the team was told, or none for its response.",
    ),
    _message(
        "assignment.withdrawn",
        AssignmentWithdrawn,
        "team_id why withdrawn_by reason",
        "The team does not come.",
    ),
    _message("team.not-moving", TeamNotMoving, "team_id", "The team accepted, and has not set out: ask it by radio."),
    _message(
        "team.silent",
        RecallUnacknowledged,
        "team_id silent_minutes sentence",
        "The team was turned back, and has not said that it knows: ask it by radio.",
    ),
    _message(
        "team.silent",
        SafetyCheckMissed,
        "team_id missed silent_minutes send sentence",
        "The team does not answer safety checks: send police to it.",
    ),
    _message(
        "call.confirm",
        ConfirmationAsked,
        "response expires_at sentence",
        "A dispatcher may confirm the response until then. It is not asked for later.",
    ),
    _message(
        "call.confirm",
        LateTakeAsked,
        "response team_id expires_at sentence",
        "The default goes, and this team would take the call: a dispatcher may say yes until then.",
    ),
    _message(
        "call.hold",
        HoldAsked,
        "minutes until sentence",
        "Nobody can come now. To acknowledge this message says that the call may wait for so long.",
    ),
    _message(
        "call.held",
        HoldBegan,
        "acknowledged_by until sentence",
        "A dispatcher has let the call wait for a team until then.",
    ),
    _message("call.held", HoldNoticeDue, "waited_minutes until sentence", "The call still waits for a team."),
    _message(
        "team.stays",
        TeamStays,
        "team_id why send sentence",
        "The call is over, or decided otherwise, and the team is with somebody: it stays assigned.",
    ),
    _message("team.may-enter", TeamMayEnter, "team_id released_by", "The team that waited nearby was let in."),
    _message(
        "team.entered",
        EntryNotReleased,
        "team_id enters_when sentence",
        "The team has gone in, and nobody is known to have let it in.",
    ),
    _message(
        "team.staged", TeamStillStaged, "team_id staged_minutes sentence", "The team still waits nearby: may it go in?"
    ),
    _message(
        "call.changed",
        CallChanged,
        "team_id changes another_incident far changed_at sentence",
        "The number of the call may stand for another incident now, or it has moved far away: does the team go on?",
    ),
    _message(
        "team.moved",
        AssignmentMoved,
        "team_id to_call_id to_episode sentence",
        "The team has the call that this one was merged into.",
    ),
)
ONLY_WHERE_TRUE: Final = frozenset(("held",))
"""Fields that are left out where they are false: nobody was asked."""
BY_EVENT: Final = MappingProxyType({message.event: message for message in MESSAGES})
NEEDS_POLICE: Final[MessageKind] = "team.needs-police"
"""Made of no event alone: a team that has no call, and whose status says so. Every CAD of the agency hears of it."""
