"""The editor of the programme: what is typed is checked while it is typed, by the functions that decide later.

A check changes nothing but the draft of the person who types.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from starlette.datastructures import FormData

from services.console.pages.actions import written
from services.console.pages.drafts import MOST_CHARACTERS
from services.console.pages.page import ConsolePage, Visit
from services.console.pages.studies import active_of, approved_version, studied, values_of
from services.console.workbench.tasks import Studied, TriedCall, Try, Verdict
from shared.doors.problems import Problem
from shared.programme.judging.hours import DAYS

ANSWER = "answer "
"""Before a question's name in the names of fields."""
MOST_ANSWERS, MOST_OF_A_FIELD, MOST_OF_THE_TEXT = 64, 200, 2_000


async def show(visit: Visit) -> Mapping[str, Any]:
    """The draft, or else the document in force, as it was checked. Raises Problem."""
    active = active_of(visit)
    draft = visit.door.drafts.of(visit.who)
    text = draft if draft is not None else active.document if active is not None else ""
    return await _values(visit, text, None)


async def check(visit: Visit, form: FormData) -> Mapping[str, Any]:
    """Keep what was typed as the draft, and check it. Raises Problem."""
    if form.get("again"):
        visit.door.drafts.drop(visit.who)
        return await show(visit)
    text = written(form.get("document"))
    if len(text) > MOST_CHARACTERS:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A document has at most {MOST_CHARACTERS} characters.")
    visit.door.drafts.keep(visit.who, text)
    return await _values(visit, text, _tried_call(form))


async def _values(visit: Visit, text: str, call: TriedCall | None) -> Mapping[str, Any]:
    active = active_of(visit)
    in_force = active.document if active is not None else ""
    study = await studied(visit, text, in_force) if text.strip() else Studied()
    shown = study if study.page is not None or not in_force else await studied(visit, in_force)
    return {
        "active": active,
        "text": text,
        "lines": text.count("\n") + 1,
        "has_draft": visit.door.drafts.of(visit.who) is not None,
        "refusals": _refusals(visit, study),
        "is_late": study.page is not None and datetime.fromisoformat(study.page.effective) <= visit.now,
        "questions": [line for line in shown.page.heard if line.kind == "question"] if shown.page else [],
        "codes": shown.codes,
        "places": shown.districts,
        "weekdays": list(enumerate(DAYS)),
        "call": call or TriedCall(),
        "answered": dict(call.answers) if call else {},
        "verdicts": await _verdicts(visit, call, text, in_force) if call else (),
        "unchanged": text == in_force,
        **values_of(study),
    }


def _refusals(visit: Visit, study: Studied) -> list[str]:
    """Why an otherwise faultless document would not be taken."""
    if study.page is None:
        return []
    approved, refusals = approved_version(visit), []
    if study.page.agency != visit.who.agency:
        refusals.append(f"The document is {study.page.agency}'s, and you work for {visit.who.agency}.")
    if study.page.version <= approved:
        refusals.append(
            f"Its version is {study.page.version}; it has to be greater than {approved}, which is approved."
        )
    return refusals


async def _verdicts(visit: Visit, call: TriedCall, text: str, in_force: str) -> tuple[tuple[str, Verdict], ...]:
    documents = {"In force now": in_force, "Your draft": text}
    there = {title: document for title, document in documents.items() if document.strip()}
    this_week = visit.now.astimezone(visit.zone).date()
    tried = await visit.door.workbench.try_call(Try(tuple(there.values()), call, this_week))
    return tuple(zip(there, tried.verdicts, strict=True))


def _tried_call(form: FormData) -> TriedCall | None:
    """The call that is to be tried; None where nothing of one was said."""
    if not form.get("try"):
        return None
    fields = {name: str(value)[:MOST_OF_A_FIELD].strip() for name, value in form.items()}
    answered = {name.removeprefix(ANSWER): value for name, value in fields.items() if name.startswith(ANSWER)}
    answers = [(question, answer) for question, answer in answered.items() if answer]
    weekday = fields.get("weekday", "")
    return TriedCall(
        code=fields.get("code", ""),
        text=written(form.get("text"))[:MOST_OF_THE_TEXT],
        answers=tuple(answers[:MOST_ANSWERS]),
        district=fields.get("place", ""),
        weekday=int(weekday) if weekday in map(str, range(len(DAYS))) else 0,
        minute=_minute(fields.get("time", "")),
    )


def _minute(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    if not (hours.isdecimal() and minutes[:2].isdecimal()):
        return TriedCall().minute
    return min(int(hours[:2]), 23) * 60 + min(int(minutes[:2]), 59)


PAGE = ConsolePage(
    "/programme/edit",
    "Edit the programme",
    "propose",
    "programme_edit.html",
    show=show,
    posted=check,
    part="programme_checked.html",
    navigation=False,
)
