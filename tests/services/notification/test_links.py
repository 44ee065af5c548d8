"""What is sent to a person whose links were revoked."""

from __future__ import annotations

from services.notification.adapters import Links
from shared.engine.service import EffectStarting
from shared.events import ContactMethod, LinksRenewed, LinksRevoked, PageAttempted, PageDropped, PageDue
from shared.links import offer_link
from tests.services.notification.driver import (
    POCKET,
    WEBHOOK,
    Running,
    accepted,
    of,
    offer,
    safety_check,
    upgrade,
)

SECRET = "s" * 32


def revoked(generation: int = 1, *methods: ContactMethod) -> LinksRevoked:
    return LinksRevoked(person_id="ana", generation=generation, contact_methods=methods or (POCKET, WEBHOOK))


def generations(pages: list[PageDue]) -> set[tuple[str, str, int]]:
    return {(page.person_id, page.method.method_id, page.link_generation) for page in pages}


def tried(running: Running) -> list[tuple[str, str]]:
    """Person and method of every page that was tried once everything owed is performed: nobody twice."""
    pages = {event.page_id: event for event in running.journal if isinstance(event, PageDue)}
    attempts = of(running.perform(), PageAttempted)
    paged = [(pages[event.page_id].person_id, pages[event.page_id].method.method_id) for event in attempts]
    assert len(set(paged)) == len(paged)
    return paged


def on_a_call() -> Running:
    """A crew that was paged and has a call."""
    running, made = Running(), offer()
    running.take(made)
    running.perform()
    running.take(accepted(made))
    return running


def test_f10_what_is_sent_afterwards_carries_the_new_link() -> None:
    """F10: a notice to a team on a call has the link that leads somewhere; the others' links are as they were."""
    running = on_a_call()
    assert [event.type for event in running.take(revoked())] == ["links-renewed"]
    notices = of(running.take(safety_check()), PageDue)
    assert generations(notices) == {("ana", "phone", 1), ("ana", "pager", 1), ("ben", "phone", 0)}
    assert generations(of(running.take(offer(2)), PageDue)) == generations(notices)
    page = next(page for page in notices if page.method == WEBHOOK)
    expected = offer_link("http://pocket", SECRET, page.offer_id or "", "ana", 1, method_id="pager")
    assert Links("http://pocket", SECRET).of(page) == expected


def test_f10_a_page_that_is_owed_goes_out_once_with_the_new_link() -> None:
    running = Running()
    owed = of(running.take(offer()), PageDue)
    events = running.take(revoked())
    dropped, renewed = of(events, PageDropped), of(events, PageDue)
    assert [page.why for page in dropped] == ["links-revoked"] * 2
    assert generations(renewed) == {("ana", "phone", 1), ("ana", "pager", 1)}
    assert len(tried(running)) == len(owed) == 3
    assert not running.decide(running.inputs[-1]), "decided a second time, nothing comes of it"
    assert not of(running.decide(running.inputs[0]), PageDue)


def test_f10_a_page_that_was_tried_is_not_sent_again() -> None:
    running = Running()
    for page in of(running.take(offer()), PageDue):
        running.take(EffectStarting(page.page_id), f"effect/{page.page_id}")
    assert [event.type for event in running.take(revoked())] == ["links-renewed"], "they are on their way"
    running.perform()
    assert [event.type for event in running.take(revoked(2))] == ["links-renewed"], "they have arrived"


def test_f10_a_way_that_was_taken_away_is_used_no_more_for_a_call_under_way() -> None:
    """F10: the pager of a lost phone was taken away before the links: no notice carries a new link there."""
    running = on_a_call()
    running.take(revoked(1, POCKET))
    assert generations(of(running.take(safety_check()), PageDue)) == {("ana", "phone", 1), ("ben", "phone", 0)}
    running.pass_seconds(1)
    with_pager_again = offer(2)
    assert generations(of(running.take(with_pager_again), PageDue)) >= {("ana", "pager", 1)}
    running.take(accepted(with_pager_again))
    assert generations(of(running.take(upgrade()), PageDue)) >= {("ana", "pager", 1)}


def test_f10_an_owed_page_does_not_go_where_the_person_is_no_more() -> None:
    running = Running()
    running.take(offer())
    running.take(revoked(1, POCKET))
    assert set(tried(running)) == {("ana", "phone"), ("ben", "phone")}
    assert ("ana", "pager") not in {
        (event.person_id, event.method.method_id)
        for event in running.journal
        if isinstance(event, PageDue) and event.link_generation == 1
    }


def test_f10_an_older_generation_changes_nothing() -> None:
    running = Running()
    running.take(revoked(2))
    assert not running.take(revoked(1))
    assert [event.generation for event in running.journal if isinstance(event, LinksRenewed)] == [2]
