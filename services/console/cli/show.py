"""What the command line prints for people. Colour only on a terminal: rich sees to that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from services.console.cli.show_audit import audit_log, audit_verified
from services.console.cli.show_figures import figures, publication
from services.console.cli.show_rolls import roll_or_answer, rolls
from services.console.cli.show_rota import absences, answers, feeds, rota, rotations
from services.console.cli.show_trace import trace
from services.console.cli.terminal import BAD, GOOD, QUIET, local_time, whole_table
from services.console.cli.terminal import terminal as _out
from shared.programme.judging.programme import Cap
from shared.switch import Switch

SWITCHES_SHOWN = 20
"""Changes of the switchboard that are printed; `--json` has more."""

OF_THE_API = "see /docs"
"""What helps a program alone."""

COLOURS = {
    "live": GOOD,
    "team-accepted": GOOD,
    "done": GOOD,
    "active": GOOD,
    "available": GOOD,
    "suitable": GOOD,
    "paused": BAD,
    "rolled-back": BAD,
    "refused": BAD,
    "unconfirmed": BAD,
    "need-police": BAD,
    "safety-check-overdue": BAD,
    "silent": BAD,
    "off-duty": QUIET,
    "off": QUIET,
}


def answer(body: dict[str, Any]) -> None:
    """What became of a command."""
    out = _out()
    out.print(_word(body.get("result") or body["state"]), body["sentence"] or "", soft_wrap=True)
    for name in ("reason", "about", "revision"):
        if body.get(name):
            out.print(Text(f"  {name}: {body[name]}"), soft_wrap=True)
    _lines(out, body.get("faults", ()))
    for person, link in sorted(body.get("links", {}).items()):
        out.print(Text(f"  {person}: {link}"), soft_wrap=True)
    if body["state"] in ("waiting", "held"):
        out.print(Text(f"next: careroute command {body['command_id']}", QUIET), soft_wrap=True)


def link(body: dict[str, str]) -> None:
    """A person's own pocket page."""
    _out().print(Text(f"{body['person_id']} with {body['team_id']}: {body['link']}"), soft_wrap=True)


def calendars(body: dict[str, str]) -> None:
    """Where calendar programs subscribe."""
    out = _out()
    out.print(Text(f"shifts of {body['person_id']}: {body['own']}"), soft_wrap=True)
    out.print(Text(f"everybody's shifts: {body['whole']}"), soft_wrap=True)
    out.print(Text("  ?team=TEAM behind it shows one team's alone", QUIET), soft_wrap=True)


def sign_in_link(body: dict[str, str]) -> None:
    """A link that signs in at a browser."""
    _out().print(Text(body["link"]), soft_wrap=True)
    _out().print(Text(f"It works once, until {_at(body['until'])}.", QUIET), soft_wrap=True)


def devices(body: Sequence[dict[str, Any]]) -> None:
    """Phones and tablets, and whose each is."""
    rows = [
        (
            seen["device_id"],
            seen["person_id"] or f"team {seen['team_id']}",
            seen["label"],
            _at(seen["enrolled_at"]),
            seen["enrolled_by"],
        )
        for seen in body
    ]
    _table(_out(), ("device", "of", "label", "enrolled at", "by"), rows, "No device yet.")


def enrolment_link(body: dict[str, str]) -> None:
    """A link that enrols a device, and the same for a camera."""
    import segno  # noqa: PLC0415  # what only one answer needs is imported with it

    out = _out()
    code = StringIO()
    segno.make_qr(body["link"]).terminal(out=code, compact=True)
    out.print(Text(code.getvalue(), "bright_white on black"), soft_wrap=True)
    out.print(Text(body["link"]), soft_wrap=True)
    out.print(Text(f"It enrols one device, once, until {_at(body['until'])}. Whoever opens it first has it.", QUIET))


def not_done(body: dict[str, Any]) -> None:
    """Why it was not done, and what to do next."""
    out = _out(error=True)
    reason = f" ({body['reason']})" if body.get("reason") else ""
    out.print(Text("not done", BAD), Text(f"{body.get('detail', '')}{reason}"), soft_wrap=True)
    for fault in body.get("errors", ()):
        right = f" ({fault['right']})" if fault.get("right") not in (None, "", OF_THE_API) else ""
        path = fault["path"].removeprefix("path.").removeprefix("query.").lstrip("/")
        place = f"{path}: " if path else ""
        out.print(Text(f"  - {place}{fault['what']}{right}"), soft_wrap=True)
    out.print(Text(f"next: {body['next']}"), soft_wrap=True)


def key(body: dict[str, str]) -> None:
    """A new key or token, and its hash for the agencies file."""
    out = _out()
    out.print(Text(f"key: {body['key']}"), soft_wrap=True)
    out.print("Hand it over safely; it is shown this once. In the agencies file, one of:")
    out.print(Text(f'keys = ["{body["hash"]}"]   # of a source'), soft_wrap=True)
    out.print(Text(f'token = "{body["hash"]}"    # of a person'), soft_wrap=True)


def switchboard(body: dict[str, Any]) -> None:
    """What is switched on, what is paused, and the newest changes."""
    out = _out()
    for seen in body["paused"].values():
        where = Switch(seen["district"], seen["response"]).words
        why = f"{where} since {_at(seen['since'])} by {seen['by']}: {seen['reason'] or 'no reason given'}"
        out.print(_word("paused"), Text(why), soft_wrap=True)
    rows = [
        (seen["response"], seen["district"], seen["phase"], _at(seen["since"]), seen["by"], seen["reason"])
        for _, seen in sorted(body["phases"].items())
    ]
    _table(out, ("response", "district", "phase", "since", "by", "reason"), rows, "Nothing was ever switched on.")
    for seen in body["caps"].values():
        words = Cap(seen["at_most_open"], seen["at_most_per_day"]).words
        where = Switch(seen["district"], seen["response"]).words
        out.print(
            _word("capped"), Text(f"{where}: {words}, since {_at(seen['since'])} by {seen['by']}"), soft_wrap=True
        )
    out.print(Text(f"revision {body['revision']}; what is not listed is off", QUIET))
    if body["history"]:
        _heading(out, "Changed lately")
        changes = [
            (seen["revision"], _at(seen["at"]), seen["by"], seen["sentence"], seen["reason"], _reviewed(seen))
            for seen in body["history"][:SWITCHES_SHOWN]
        ]
        _table(out, ("revision", "at", "by", "what", "why", "looked into"), changes)


def _reviewed(seen: dict[str, Any]) -> str:
    return f"{seen['reviewed_by']}: {seen['found']}" if seen["reviewed_by"] else ""


def referrals(body: Sequence[dict[str, Any]]) -> None:
    """Referrals, follow-ups and notes."""
    rows = [
        (
            _at(seen["due_at"]),
            seen["kind"],
            seen["response"],
            seen["state"],
            seen["phase"],
            seen["district"],
            seen["call_id"],
            seen["closed_by"],
            seen["reason"],
            seen["referral_id"],
        )
        for seen in body
    ]
    head = ("due", "what", "to", "state", "phase", "district", "call", "closed by", "why", "id")
    _table(_out(), head, rows, "No referral is open.")


def calls(body: Sequence[dict[str, Any]]) -> None:
    """A list of calls."""
    rows = [
        (
            seen["call_id"],
            "test" if seen["synthetic"] else "",
            seen["state"],
            seen["district"],
            seen["priority"],
            ", ".join(seen["outcomes"]),
            seen["sentence"],
        )
        for seen in body
    ]
    _table(_out(), ("call", "", "state", "district", "priority", "outcomes", ""), rows, "No such call.")


def call(body: dict[str, Any]) -> None:
    """One call with everything that explains it."""
    out = _out()
    out.print(Text(body["call_id"], "bold"), _word(body["state"]), Text(body["sentence"]), soft_wrap=True)
    if body["synthetic"]:
        out.print(Text("  a test call of careroute's own: nobody is sent to it"), soft_wrap=True)
    if body["linked_incidents"]:
        out.print(Text(f"  has to do with {', '.join(body['linked_incidents'])}"), soft_wrap=True)
    for episode in body["episodes"]:
        _episode(out, episode, [offer for offer in body["offers"] if offer["episode"] == episode["episode"]])
    if body["judgement"] is not None:
        _judgement(out, body["judgement"])
    sent = [
        ("page", page["person_id"], page["kind"], page["state"], page["why"], page["page_id"]) for page in body["pages"]
    ]
    sent += [
        ("CAD", message["source"], message["kind"], message["state"], message["why"], message["message_id"])
        for message in body["cad_messages"]
    ]
    if sent:
        _heading(out, "Who was told")
        _table(out, ("by", "to", "what", "state", "why", "id"), sent)
    _heading(out, "History")
    _table(out, ("at", "event", ""), [(_at(line["at"]), line["type"], line["sentence"]) for line in body["history"]])
    if body["history_left_out"]:
        out.print(Text(f"{body['history_left_out']} lines in its middle are left out", QUIET))


def documents(body: Sequence[dict[str, Any]]) -> None:
    """Versions of the programme."""
    rows = [
        (
            seen["version"],
            seen["state"],
            _at(seen["effective"]),
            seen["proposed_by"],
            seen["approved_by"],
            _undone(seen) or seen["reason"],
            seen["document_hash"],
        )
        for seen in body
    ]
    head = ("version", "state", "effective", "proposed by", "approved by", "why", "hash")
    _table(_out(), head, rows, "No programme yet: every call gets the default response.")


def _undone(seen: dict[str, Any]) -> str:
    """Who rolled a version back, or turned it down, and why."""
    what = {"rolled-back": "rolled_back", "rejected": "rejected"}.get(seen["state"])
    return f"{seen[f'{what}_by']}: {seen[f'{what}_why']}" if what else ""


def document(body: Sequence[dict[str, Any]]) -> None:
    """The active document itself, as it was proposed."""
    active = next((seen for seen in body if seen["state"] == "active"), None)
    if active is None:
        _out().print("No programme is active.")
    else:
        _out().print(Text(active["document"]), soft_wrap=True)


def teams(body: Sequence[dict[str, Any]]) -> None:
    """The roster."""
    rows = [
        (
            seen["team"]["team_id"],
            _status_of_team(seen),
            ", ".join((seen["team"]["model"], *seen["team"]["further_models"])),
            ", ".join(seen["team"]["primary_districts"]) or "all",
            ", ".join(f"{name} (unconfirmed)" if name in seen["unconfirmed"] else name for name in seen["members"]),
            _at(seen["shift_ends_at"]),
            seen["call_id"] or ", ".join(f"offer {offer_id}" for offer_id in seen["offers"]),
        )
        for seen in body
    ]
    _table(
        _out(),
        ("team", "status", "model", "districts", "members", "shift ends", "call or offers"),
        rows,
        "No team yet.",
    )


def _status_of_team(seen: dict[str, Any]) -> str:
    """With what keeps it from being as good as its own word."""
    besides = (("unanswering_since", "unanswering"), ("not_moving_since", "not moving"))
    return ", ".join((seen["status"], *(words for field, words in besides if seen[field])))


def people(body: Sequence[dict[str, Any]]) -> None:
    """Members of staff."""
    rows = [
        (
            seen["person"]["person_id"],
            seen["person"]["name"],
            ", ".join(seen["person"]["disciplines"]),
            ", ".join(seen["person"]["languages"]),
            ", ".join(f"{way['kind']} {way['shown']}".strip() for way in seen["contacts"]),
            seen["team_id"],
        )
        for seen in body
    ]
    _table(_out(), ("person", "name", "disciplines", "languages", "reached by", "on shift with"), rows, "Nobody yet.")


def contacts(body: Sequence[dict[str, Any]]) -> None:
    """The ways to a person."""
    rows = [
        (way["method_id"], f"{way['kind']} {way['shown']}".strip(), f"{way['after_seconds']} s", _works(way))
        for way in body
    ]
    _table(_out(), ("way", "", "after", "answered last"), rows, "There is no way to them: nothing reaches them.")


def _works(way: dict[str, Any]) -> str:
    if way["opted_out"]:
        return "they said STOP: nothing goes there"
    return f"broken: {way['broken']}" if way["broken"] else _at(way["proved_at"]) or "never"


def alerts(body: Sequence[dict[str, Any]]) -> None:
    """What somebody has to look at."""
    rows = [(_at(seen["at"]), seen["alert_id"], seen["sentence"], _looked_after(seen)) for seen in body]
    _table(_out(), ("at", "alert", "", "looked after by"), rows, "Nothing to look at.")


def _looked_after(alert: dict[str, Any]) -> str:
    word = alert["acknowledged"]
    if word is None:
        return "nobody yet"
    noise = ", as noise" if word["noise"] else ""
    return f"{word['by']}{noise}. {word['reason']}".strip()


def _episode(out: Console, episode: dict[str, Any], offers: Iterable[dict[str, Any]]) -> None:
    reasons = f" ({', '.join(episode['reasons'])})" if episode["reasons"] else ""
    outcome = episode["outcome"] or f"open, until {_at(episode['deadline'])}"
    _heading(out, f"Episode {episode['episode']}: {outcome}{reasons}")
    if episode["programme_hash"]:
        cited = f"version {episode['programme_version']} {episode['programme_hash']}"
        out.print(Text(f"  under {cited}, switchboard {episode['switchboard_revision']}", QUIET), soft_wrap=True)
    if episode["unconfirmed"]:
        out.print(Text("  The CAD has not acknowledged this: police may be coming too.", BAD))
    for offer in offers:
        line = f"  offer {offer['step']}: {offer['team_id']} for {offer['response']}: {offer['state']} {offer['why']}"
        out.print(Text(line), Text(offer["offer_id"], QUIET), soft_wrap=True)
        _bypassed(out, offer["bypassed"])
    for step in episode["steps"]:
        out.print(
            Text(f"  {step['response']}: {', '.join(step['why'])} {step['shadow_team_id'] or ''}"), soft_wrap=True
        )
        _bypassed(out, step["bypassed"])


def _bypassed(out: Console, teams: Iterable[dict[str, Any]]) -> None:
    _lines(out, [f"passed over {team['team_id']}: {', '.join(team['reasons'])}" for team in teams])


def _judgement(out: Console, judgement: dict[str, Any]) -> None:
    _heading(out, f"Judgement: {judgement['suitability']}, level {judgement['level']}")
    cited = f"version {judgement['programme_version']} {judgement['programme_hash']}"
    out.print(Text(f"  under {cited}, switchboard {judgement['switchboard_revision']}", QUIET), soft_wrap=True)
    for raised in judgement["raised_by"]:
        unknown = f" ({raised['unknown']})" if raised["unknown"] else ""
        out.print(
            Text(f"  raised by {raised['fact']} = {raised['value']}{unknown}, {raised['source']}"), soft_wrap=True
        )
    for name in judgement["unlisted"]:
        out.print(Text(f"  the document does not list {name}"), soft_wrap=True)
    _gates(out, judgement["gates"])
    for verdict in judgement["responses"]:
        may_go = "may go" if verdict["may_go"] else "may not go"
        out.print(Text(f"  {verdict['response']} ({verdict['phase']}): {may_go}", "bold"), soft_wrap=True)
        _gates(out, verdict["gates"])


def _gates(out: Console, gates: Iterable[dict[str, Any]]) -> None:
    for gate in gates:
        mark = Text("  ✓", GOOD) if gate["passed"] else Text("  ✗", BAD)
        out.print(mark, Text(f"{gate['gate']}: {gate['sentence']}"), soft_wrap=True)


def _table(out: Console, head: Sequence[str], rows: Sequence[Sequence[Any]], nothing: str = "") -> None:
    if not rows:
        out.print(nothing)
        return
    table = whole_table(*head)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    out.print(table)


def _cell(value: Any) -> RenderableType:
    return "" if value is None else _word(str(value))


def _word(word: str) -> Text:
    return Text(word, COLOURS.get(word, ""))


def _lines(out: Console, lines: Iterable[str]) -> None:
    for line in lines:
        out.print(Text(f"    - {line}"), soft_wrap=True)


def _heading(out: Console, text: str) -> None:
    out.print()
    out.print(Text(text, "bold underline"), soft_wrap=True)


def _at(time: str | None) -> str:
    return "" if time is None else local_time(time)


SHAPES: dict[str, Callable[[Any], None]] = {
    "audit-log": audit_log,
    "audit-verified": audit_verified,
    "answer": answer,
    "not-done": not_done,
    "link": link,
    "calendars": calendars,
    "sign-in-link": sign_in_link,
    "key": key,
    "figures": figures,
    "publication": publication,
    "switchboard": switchboard,
    "referrals": referrals,
    "calls": calls,
    "call": call,
    "trace": trace,
    "documents": documents,
    "document": document,
    "teams": teams,
    "devices": devices,
    "rolls": rolls,
    "roll-or-answer": roll_or_answer,
    "enrolment-link": enrolment_link,
    "people": people,
    "contacts": contacts,
    "alerts": alerts,
    "rota": rota,
    "rotations": rotations,
    "absences": absences,
    "feeds": feeds,
    "answers": answers,
}
