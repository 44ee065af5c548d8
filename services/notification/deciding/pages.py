"""What happens to every page: it is owed once, tried once, dropped while untried, and something comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.notification.state import State
from shared.engine.service import Draft, EffectStarting, Input
from shared.events import (
    ContactMethod,
    LinksRenewed,
    LinksRevoked,
    MessageKind,
    PageAttempted,
    PageDropped,
    PageDue,
    PageKind,
    child_id,
)


def owe(draft: Draft[State], page: PageDue, why_not: str = "") -> None:
    """Owe a page, once; or say that it is not sent, and why."""
    if page.page_id not in draft.state.seen:
        draft.emit(PageDropped(page_id=page.page_id, why=why_not, page=page) if why_not else page)


def page_to(state: State, page_id: str, kind: PageKind, person_id: str, method: ContactMethod, **more: Any) -> PageDue:
    """A page that is about no call."""
    generation = state.link_generation(person_id)
    return PageDue(
        **{"call_id": "", "episode": 0, "team_id": "", "link_generation": generation, **more},
        page_id=page_id,
        kind=kind,
        person_id=person_id,
        method=method,
    )


def drop(draft: Draft[State], call_id: str, why: str, which: Callable[[PageDue], bool]) -> None:
    """Pages of a call that are owed and untried are owed no more."""
    for page_id in draft.state.pages_of_call.get(call_id, ()):
        owed = draft.state.owed[page_id]
        if isinstance(owed.event, PageDue) and not owed.attempted and which(owed.event):
            draft.emit(PageDropped(page_id=page_id, why=why))


def untried_of(state: State, person_id: str) -> list[PageDue]:
    """The pages to a person that are owed and untried."""
    owed = [each.event for _, each in sorted(state.owed.items()) if not each.attempted]
    return [page for page in owed if isinstance(page, PageDue) and page.person_id == person_id]


def is_repeat(draft: Draft[State], given: Input, word: MessageKind) -> bool:
    """Whether the input was decided before: then its word to the CAD has been owed."""
    return outward_id(given, word) in draft.state.seen


def outward_id(given: Input, name: str) -> str:
    """The id of something that goes out, by which whoever receives it tells a repeat.

    It is of the instant too: on a cluster that was made of a backup, positions that came after that are given again,
    and a CAD would pass over what is new there as if it had it.
    """
    return child_id(given.cause, f"{name}/{given.time.isoformat()}")


def links_revoked(draft: Draft[State], event: LinksRevoked, _given: Input) -> None:
    """What the person is owed goes out with new links, over the ways that they are still reached in."""
    generation = event.generation
    if draft.state.link_generation(event.person_id) >= generation:
        return
    draft.emit(LinksRenewed(person_id=event.person_id, generation=generation, contact_methods=event.contact_methods))
    for page in untried_of(draft.state, event.person_id):
        draft.emit(PageDropped(page_id=page.page_id, why="links-revoked"))
        if draft.state.still_reaches(page):
            changed = {"page_id": child_id(page.page_id, f"links/{generation}"), "link_generation": generation}
            owe(draft, page.model_copy(update=changed))


def starting(draft: Draft[State], effect: EffectStarting, _given: Input) -> None:
    """The journal says that a page is tried before it is, and it is tried once; one that comes too late is not.

    A page by call whose line has been given to another meanwhile is owed as before.
    """
    owed = draft.state.owed.get(effect.effect_id)
    if owed is None or owed.attempted or not isinstance(owed.event, PageDue):
        return
    page_id = owed.event.page_id
    if draft.now >= owed.event.not_after:
        draft.emit(PageDropped(page_id=page_id, why="too-late"))
    elif draft.state.has_turn(owed):
        draft.emit(PageAttempted(page_id=page_id))
