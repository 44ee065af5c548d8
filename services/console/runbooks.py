"""What to do about an alert: the pages of a directory, which an agency may have its own telephone numbers in.

They are files of a setting and no part of this package: who runs a console puts them there, and can mend them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from markdown_it import MarkdownIt
from markupsafe import Markup

from services.console.view.records import AlertKind
from shared.telemetry import logger

MOST_CHARACTERS = 100_000
MARKDOWN = MarkdownIt("commonmark", {"html": False})
DANGER = "## Is anybody in danger now?"
FIRST = "## First command"
NOBODY = ("No.", "No,")
"""How the answer begins where nobody is in danger: whatever else it says counts as yes."""

RUNBOOK_OF: Mapping[AlertKind, str] = MappingProxyType(
    {
        "unconfirmed": "AssignmentUnconfirmed",
        "team-silent": "TeamSilent",
        "team-missing": "TeamMissing",
        "members-left-out": "TeamMissing",
        "team-unanswering": "TeamUnanswering",
        "team-unreachable": "TeamUnreachable",
        "way-lost": "WayLost",
        "need-police": "PoliceNeeded",
        "team-stays": "TeamNeedsWord",
        "team-staged": "TeamNeedsWord",
        "entry-not-released": "TeamNeedsWord",
        "call-changed": "TeamNeedsWord",
        "cad-not-informed": "CadNotInformed",
        "routed-late": "RoutedLate",
        "audit-gap": "ConservationBroken",
        "input-refused": "InputRefused",
        "clock-failed": "ClockFailed",
        "webhook-disabled": "WebhookDisabled",
        "cad-away": "CadAway",
        "cad-clock": "CadClockWrong",
        "cad-identity": "CadIdentityUnreliable",
        "no-stop-switch": "NoStopSwitch",
        "agencies-file-refused": "AgenciesFileRefused",
        "programme-unread": "ProgrammeUnread",
        "paused-by-itself": "AutomaticPause",
        "pause-unreviewed": "PauseUnreviewed",
        "referral-overdue": "ReferralOverdue",
        "rota-gap": "RotaGap",
        "roster-feed-stale": "RosterFeedStale",
    }
)


class Runbook(NamedTuple):
    """One page."""

    name: str
    danger: Markup
    """Whether anybody is in danger, in a few words and a sentence."""
    first: Markup
    """What to do first."""
    page: Markup

    @property
    def anybody_in_danger(self) -> bool:
        """Whether somebody may be."""
        return not self.danger.striptags().startswith(NOBODY)


def address_of_runbook(name: str) -> str:
    """Where this console shows the page of an alert."""
    return f"/runbooks/{quote(name, safe='')}"


def read_runbooks(directory: Path | None) -> Mapping[str, Runbook]:
    """The pages of a directory by name; the log says which cannot be read and are left out, or that there are none."""
    runbooks: dict[str, Runbook] = {}
    if directory is None:
        return runbooks
    for path in sorted(directory.glob("*.md")):
        try:
            runbooks[path.stem] = _runbook(path.stem, path.read_text("utf-8")[:MOST_CHARACTERS])
        except (OSError, ValueError) as error:
            logger().error("runbook not read", error=type(error).__name__)
    if not runbooks:
        logger().error("no runbooks in CAREROUTE_CONSOLE_RUNBOOKS: alerts stand without what to do about them")
    return MappingProxyType(runbooks)


@lru_cache(256)
def _runbook(name: str, text: str) -> Runbook:
    page = Markup(MARKDOWN.render(text))  # noqa: S704  # HTML inside is escaped, and addresses are checked
    return Runbook(name, _words_under(DANGER, text), _words_under(FIRST, text), page)


def _words_under(heading: str, text: str) -> Markup:
    """The first paragraph under a heading."""
    _, _, after = text.partition(f"{heading}\n")
    paragraph, _, _ = after.strip().partition("\n\n")
    return Markup(MARKDOWN.renderInline(" ".join(paragraph.split())))  # noqa: S704  # as above
