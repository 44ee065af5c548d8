"""What a page of the console is made of: a template, and regions of rows that stay current while it is open.

A row shows a value that compares by what is in it; it is rendered anew, and sent to browsers, only where that changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple, Self
from urllib.parse import quote
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from services.console.api.access import RIGHTS, Agencies, Asking, Right
from services.console.api.issue import CommandIssuer
from services.console.api.routes_audit import AuditDesk
from services.console.api.routes_reads import name_of
from services.console.config import ConsoleSettings
from services.console.elsewhere import Elsewhere
from services.console.openid.errand import Errands
from services.console.openid.provider import Provider
from services.console.overseers import Overseers
from services.console.pages.document import DocumentInForce
from services.console.pages.drafts import Drafts
from services.console.pages.sessions import Sessions
from services.console.runbooks import Runbook
from services.console.view.agency import AgencyView, View
from services.console.view.alarms import alerts_of
from services.console.view.records import Alert
from services.console.workbench.bench import Workbench
from shared.clock import Clock
from shared.contacts import Contacts
from shared.doors.answers import AnswerFollower
from shared.doors.audit import Register
from shared.doors.guard import WrongTokens
from shared.doors.pages import Page

CHECK_SECONDS, COUNT_SECONDS = 10.0, 60.0
LOCAL = "%Y-%m-%dT%H:%M"
"""A time on the agency's clocks, as fields of forms have it."""


@dataclass(frozen=True, slots=True)
class ConsoleDoor:
    """What the pages of this door share."""

    view: View
    follower: AnswerFollower
    commands: CommandIssuer
    contacts: Contacts
    agencies: Agencies
    sessions: Sessions
    settings: ConsoleSettings
    clock: Clock
    reporting: Elsewhere
    prometheus: Elsewhere
    overseers: Overseers
    provider: Provider
    errands: Errands
    register: Register
    audit_desk: AuditDesk
    runbooks: Mapping[str, Runbook] = field(default_factory=dict)
    """By name, what to do about alerts."""
    wrong_tokens: WrongTokens = field(default_factory=WrongTokens)
    drafts: Drafts = field(default_factory=Drafts)
    workbench: Workbench = field(default_factory=lambda: Workbench(CHECK_SECONDS))
    counting: Workbench = field(default_factory=lambda: Workbench(COUNT_SECONDS))
    """Apart from the other: whoever counts an export keeps nobody's check waiting."""

    async def close(self) -> None:
        """End what it has started."""
        await self.provider.close()
        await self.overseers.close()
        self.workbench.close()
        self.counting.close()


class PersonLink(NamedTuple):
    """A person where a page names them."""

    name: str
    path: str
    """Where they stand on the page People; empty for whoever may not read that, and where they are not there."""


def html_id_of(name: str) -> str:
    """A name as a part of an id in a page."""
    return quote(name, safe="").replace("%", "_")


def told_apart(people: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Ids and names of people to choose from, by name; with the id, where several have one name."""
    by_name = sorted(people, key=lambda person: (person[1], person[0]))
    many = Counter(name for _, name in by_name)
    return [(person_id, name if many[name] == 1 else f"{name} ({person_id})") for person_id, name in by_name]


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody looks at a page. The rows of a page may depend on their agency and roles, never on their name."""

    door: ConsoleDoor
    who: Asking
    now: datetime
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    """What stands in the path for the names in the page's own."""
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def seen(self) -> AgencyView:
        """What there is to see of their agency."""
        return self.door.view.agency(self.who.agency)

    @property
    def document(self) -> DocumentInForce:
        """The programme document in force there."""
        return DocumentInForce.of(self.seen)

    @property
    def has_several_cads(self) -> bool:
        """Whether the number of a call may be that of two."""
        return len(self.seen.sources) > 1

    @property
    def zone(self) -> ZoneInfo:
        """On whose clocks the agency's people read times."""
        return self.document.zone

    def name_of(self, person_id: str) -> str:
        """What a person is called on a page: their name for whoever may read people, and else their id."""
        person = self.seen.people.get(person_id)
        if person is None or not self.may("read-people"):
            return person_id
        return name_of(self.door.contacts, self.who.agency, person.person) or person_id

    def person(self, person_id: str) -> PersonLink:
        """The same, with where they stand on the page People."""
        is_there = self.may("read-people") and person_id in self.seen.people
        return PersonLink(self.name_of(person_id), f"/people#person-{html_id_of(person_id)}" if is_there else "")

    def alerts(self) -> list[Alert]:
        """What somebody there has to look at, newest first."""
        agencies = self.door.agencies
        may_pause = agencies.may_pause(self.who.agency)
        return alerts_of(self.seen, may_pause=may_pause, file_refused_since=agencies.refused_since)

    def may(self, right: Right) -> bool:
        """Whether they have a right."""
        return bool(self.who.roles & RIGHTS[right])


class LeadsTo(Page):
    """What is asked for stands at another address of this console."""

    def __init__(self, address: str) -> None:
        super().__init__(HTTPStatus.SEE_OTHER, "Elsewhere", "What you ask for stands elsewhere.")
        self.headers = {"Location": address}


class Row(NamedTuple):
    """A line of a region. `id` is unique on its page, and stays while what the row stands for is the same."""

    id: str
    template: str
    shown: Hashable
    """What the template shows, there called `row`; times as instants, since ages are added in the browser."""
    kind: str = ""
    """Its CSS classes."""


class Region(NamedTuple):
    """A list of rows that stays current; the page's template places it with `{{ regions.name }}`."""

    name: str
    rows: Sequence[Row]
    empty: str = ""
    """What stands there where it has no rows."""
    tag: str = "ol"
    row_tag: str = "li"
    label: str = ""
    """What a screen reader calls it, where no heading does."""

    @classmethod
    def of_one(cls, name: str, template: str, shown: Hashable) -> Self:
        """A part of a page that is one row."""
        return cls(name, (Row(f"{name}-now", template, shown),), tag="div", row_tag="div")


def everybody(_who: Asking, _params: Mapping[str, str]) -> bool:
    """For a page that whoever has its right may see at each of its addresses."""
    return True


async def nothing_more(_visit: Visit) -> Mapping[str, Any]:
    """For a page that is its regions alone."""
    return {}


def no_regions(_visit: Visit) -> Sequence[Region]:
    """For a page that stands still."""
    return ()


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """A page: where it is, who may see it, and what it shows."""

    path: str
    """May hold names, as in `/teams/{team_id}`."""
    title: str
    right: Right
    template: str
    show: Callable[[Visit], Awaitable[Mapping[str, Any]]] = nothing_more
    """Values of the template that are as they were when the page was asked for. Raises Problem."""
    regions: Callable[[Visit], Sequence[Region]] = no_regions
    """What stays current, from the view alone and quickly: it is asked whenever the view has changed."""
    admits: Callable[[Asking, Mapping[str, str]], bool] = everybody
    """Whether somebody who has the right may see what stands at an address: of its path, the names and their values."""
    posted: Callable[[Visit, FormData], Awaitable[Mapping[str, Any]]] | None = None
    """The same, of what is shown once the page's own form was posted to it, which changes nothing. Raises Problem."""
    posting_weighs_most: bool = False
    """Whether somebody who posts has to show once more who they are."""
    part: str = ""
    """The template of the part that a script then asks for alone."""
    navigation: bool = True
    """Whether it stands among the links of every page."""
    names_people: bool = False
    """Whether it shows names of staff to whoever may read people: then the audit log says who opened it."""
    refresh_seconds: float = 0.0
    """How often its rows are asked for at most, where they take time to find and need not be quick."""
