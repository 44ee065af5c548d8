"""What an entry of the audit log says, in a sentence for whoever reads it: who did what, about whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared import events
from shared.events import AuditEntry, Event
from shared.plain import how_many

WHAT = {
    "call": "the sealed part of {e.call_id}",
    "names": "the name of {e.person_id}",
    "addresses": "the addresses of {e.person_id}",
}
EVERYBODYS = {"names": "the names of all staff", "addresses": "the addresses of all staff"}
PURPOSES = {
    "judge": "to look for words of the programme",
    "send": "to reach somebody",
    "recognise": "to know whose number it was",
}
SEALED = {"call": "sealed parts of calls", "names": "names of staff", "addresses": "addresses of staff"}
LINKS = {"shift": "link of their shift", "calendar": "link of their calendar", "device": "link that enrols a device"}
ANSWERS = {
    "done": "done",
    "refused": "refused",
    "not-yet": "not answered when this was written",
    "not-sent": "not known to have been written",
}
SECONDS_IN_WORDS = 180
MOST_NAMED = 4
"""Of the people whom a command is about."""


def _who(entry: AuditEntry) -> str:
    return entry.by or "Somebody unknown"


def _times(entry: events.PersonalDataSeen | events.KeyUsed | events.SignInRefused) -> str:
    return f", {entry.times} times within {_span(entry.at, entry.until)}" if entry.until and entry.times > 1 else ""


def _span(since: datetime, until: datetime) -> str:
    """A length of time, which is the same on all clocks: where this is read, times are those of the agency."""
    seconds = max(1, round((until - since).total_seconds()))
    return f"{seconds} s" if seconds < SECONDS_IN_WORDS else f"{seconds // 60} min"


def _seen(entry: events.PersonalDataSeen) -> str:
    everybody = not entry.person_id and entry.what != "call"
    what = EVERYBODYS[entry.what] if everybody else WHAT[entry.what].format(e=entry)
    return f"{_who(entry)} saw {what}{_times(entry)}."


def _key_used(entry: events.KeyUsed) -> str:
    return f"{_who(entry)} opened {SEALED[entry.what]} {PURPOSES[entry.purpose]}{_times(entry)}."


def _signed_in(entry: events.SignedIn) -> str:
    return f"{_who(entry)} signed in by {entry.identified.replace('-', ' ') or 'a way unknown'}."


def _not_let_in(entry: events.SignInRefused) -> str:
    why = "they may do nothing here" if entry.by else "nobody is known by what they had"
    return f"{entry.by or 'Somebody'} was not let in: {why}{_times(entry)}."


def _handed_out(entry: events.LinkHandedOut) -> str:
    return f"{_who(entry)} was shown {entry.person_id or 'somebody'}'s {LINKS[entry.what]}."


def _issued(entry: events.CommandIssued) -> str:
    people = [each for each in (entry.person_id, *entry.people) if each]
    more = f"{len(people) - MOST_NAMED} more" if len(people) > MOST_NAMED else ""
    about = ", ".join(filter(None, (entry.call_id, *people[:MOST_NAMED], more, entry.district)))
    command = entry.command_type.replace("-", " ")
    return f"{_who(entry)} issued: {command}{f' ({about})' if about else ''}; {ANSWERS[entry.answer]}."


def _exported(entry: events.DataExported) -> str:
    period = f" from {entry.since} to {entry.until}" if entry.since else ""
    return f"{_who(entry)} took out {entry.what}{period}."


def _erased(entry: events.PersonalDataErased) -> str:
    what = f"the sealed part of {entry.call_id}" if entry.call_id else f"what there was of {entry.person_id}"
    return f"{_who(entry)} erased {what}. {entry.reason}".rstrip()


def _lost(entry: events.AuditEntriesLost) -> str:
    span = _span(entry.at, entry.until)
    entries, are = how_many(entry.count, "entry", "entries"), "is" if entry.count == 1 else "are"
    return f"{entries} of {_who(entry)} {are} lost: for {span} none could be written."


AUDIT_SENTENCES: dict[type[Event], Callable[..., str]] = {
    events.PersonalDataSeen: _seen,
    events.KeyUsed: _key_used,
    events.SignedIn: _signed_in,
    events.SignedOut: lambda e: f"{_who(e)} signed out.",
    events.SignInRefused: _not_let_in,
    events.LinkHandedOut: _handed_out,
    events.CommandIssued: _issued,
    events.DataExported: _exported,
    events.PersonalDataErased: _erased,
    events.AuditEntriesLost: _lost,
}
