"""The page of one call: its whole story, with every gate in words, and what a person can decide about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

from services.console.api.access import visible
from services.console.pages.call_line import CallLine, confirmation_of, hold_question_of, line_of, path_of
from services.console.pages.page import ConsolePage, PersonLink, Region, Row, Visit
from services.console.view.call import KEEP_FIRST_LINES, CallSeen
from services.console.view.reasons import as_codes, in_words, words_of
from services.console.view.records import MessageSeen, OfferSeen, PageSeen
from shared.doors.pages import Page
from shared.events import BypassedTeam, CallTriaged
from shared.judgement import UNKNOWN_WORDS, Gate, Judgement, RaisedBy

PATH = "/calls/{agency}/{source}/{incident}"
NOT_FOUND = Page(
    HTTPStatus.NOT_FOUND, "No such call", "There is no such call among those you may see, or it closed long ago."
)


class Acts(NamedTuple):
    """What a person can decide about a call as it stands."""

    line: CallLine
    may_confirm_until: datetime | None
    may_hold_until: datetime | None
    may_send_default: bool
    may_erase: bool
    responses: tuple[str, ...]
    """Those that may be sent by hand, also to a call that has its outcome, for as long as the CAD has not ended it."""
    team_with_call: str
    incident_in_doubt: bool
    """Whether somebody has to say if the number stands for another incident by now."""


class Summary(NamedTuple):
    """The call in a few words."""

    line: CallLine
    episodes: int
    cad_status: str
    linked: tuple[tuple[str, str], ...]
    language: str
    disposition: str
    released: str


class Verdict(NamedTuple):
    """What one response of the level had to pass."""

    response: str
    model: str
    may_go: bool
    phase: str
    gates: tuple[Gate, ...]


class Judged(NamedTuple):
    """The newest judgement, in words."""

    suitability: str
    level: str
    sentence: str
    missing: tuple[str, ...]
    raised_by: tuple[tuple[str, str, str, str, datetime], ...]
    """Fact, value, why nobody knows it, source, when."""
    gates: tuple[Gate, ...]
    responses: tuple[Verdict, ...]
    unlisted: tuple[str, ...]
    version: int
    document_hash: str
    switchboard_revision: int
    in_force: str
    """Hash of the document in force now."""


class Asked(NamedTuple):
    """A team that was asked, or a step of the fall-back chain that nobody could be asked in."""

    offer_id: str
    title: str
    state: str
    at: datetime | None = None
    until: datetime | None = None
    ended_at: datetime | None = None
    by: PersonLink | None = None
    """Who answered."""
    words: str = ""
    codes: str = ""
    """Of the reasons among the words."""
    members: tuple[tuple[str, str], ...] = ()
    """Id and name of those of the team who can take an open offer."""
    bypassed: tuple[tuple[str, str, str], ...] = ()
    """Each team that was passed over, why in words, and the codes of that."""


def regions(visit: Visit) -> Sequence[Region]:
    """The parts of the story."""
    call = _call(visit)
    if call is None:
        return ()
    judged = _judged(call.judged) if call.judged else None
    pages, messages = list(call.pages.values()), list(call.messages.values())
    return (
        Region.of_one("call-summary", "call_summary.html", _summary(call, judged, visit)),
        Region.of_one("call-acts", "call_acts.html", _acts(call, judged, visit)),
        Region("call-teams", _asked(call, visit), empty="No team was asked."),
        Region(
            "call-pages",
            [_page_row(page, visit) for page in pages],
            empty="Nobody was paged.",
            tag="tbody",
            row_tag="tr",
        ),
        Region(
            "call-messages",
            [_message_row(message) for message in messages],
            empty="The CAD was told nothing.",
            tag="tbody",
            row_tag="tr",
        ),
        Region.of_one("call-judgement", "call_judgement.html", _judgement(judged, visit)),
        Region("call-history", _history(call), tag="ol", row_tag="li"),
    )


async def show(visit: Visit) -> Mapping[str, Any]:
    """Raises Page (404)."""
    if _call(visit) is None:
        raise NOT_FOUND
    call_id = _call_id(visit)
    return {"incident": visit.params["incident"], "call_id": call_id, "trace_path": f"{path_of(call_id)}/trace"}


def _call_id(visit: Visit) -> str:
    return "/".join(visit.params[name] for name in ("agency", "source", "incident"))


def _call(visit: Visit) -> CallSeen | None:
    call_id = _call_id(visit)
    return visit.seen.call(call_id) if visible(visit.who, call_id) else None


@lru_cache(maxsize=256)
def _judged(record: bytes) -> CallTriaged:
    return CallTriaged.model_validate_json(record)


# --- the parts


def _summary(call: CallSeen, judged: CallTriaged | None, visit: Visit) -> Summary:
    newest = call.episodes[-1] if call.episodes else None
    own = call.call_id.rsplit("/", 1)[0]
    return Summary(
        line=line_of(call, visit),
        episodes=len(call.episodes),
        cad_status=call.cad_status or "",
        linked=tuple((incident, path_of(f"{own}/{incident}")) for incident in call.linked_incidents),
        language=(judged.language or "") if judged else "",
        disposition=str(newest.disposition or "") if newest else "",
        released=(newest.released or "") if newest else "",
    )


def _acts(call: CallSeen, judged: CallTriaged | None, visit: Visit) -> Acts:
    newest = call.episodes[-1] if call.episodes else None
    with_team = newest is not None and newest.team_is_on_it
    alerts = visit.seen.alerts()
    return Acts(
        line=line_of(call, visit),
        may_confirm_until=confirmation_of(call),
        may_hold_until=hold_question_of(call),
        may_send_default=call.open,
        may_erase=not call.open,
        responses=tuple(verdict.response for verdict in judged.judgement.responses) if judged and call.goes_on else (),
        team_with_call=(newest.team_id or "") if newest is not None and with_team else "",
        incident_in_doubt=any(alert.kind == "call-changed" and alert.call_id == call.call_id for alert in alerts),
    )


def _asked(call: CallSeen, visit: Visit) -> list[Row]:
    rows = [Row(f"offer-{offer.offer_id}", "call_asked.html", _offer(offer, visit)) for offer in call.offers.values()]
    for episode in call.episodes:
        for number, step in enumerate(episode.steps):
            would_have = f", {step.shadow_team_id} would have been asked" if step.shadow_team_id else ""
            words = f"{in_words(step.why) or 'no team'}{would_have}"
            shown = Asked(
                "",
                step.response,
                "not sent",
                words=words,
                codes=as_codes(step.why),
                bypassed=_bypassed(step.bypassed),
            )
            rows.append(Row(f"step-{episode.episode}-{number}", "call_asked.html", shown))
    return rows


def _offer(offer: OfferSeen, visit: Visit) -> Asked:
    team = visit.seen.teams.get(offer.team_id)
    members = team.members if team is not None and offer.state == "open" else ()
    eta = f"arriving in {offer.eta_minutes} min" if offer.eta_minutes is not None else ""
    return Asked(
        offer_id=offer.offer_id,
        title=f"{offer.team_id} for {offer.response}",
        state="answered" if offer.answered and offer.state == "open" else offer.state,
        at=offer.made_at,
        until=offer.expires_at if offer.state == "open" else None,
        ended_at=offer.ended_at,
        by=visit.person(offer.person_id) if offer.person_id else None,
        words=", ".join(filter(None, (eta, words_of(offer.why)))),
        codes=offer.why,
        members=tuple((member, visit.name_of(member)) for member in members),
        bypassed=_bypassed(offer.bypassed),
    )


def _bypassed(teams: Sequence[BypassedTeam]) -> tuple[tuple[str, str, str], ...]:
    return tuple((team.team_id, in_words(team.reasons), as_codes(team.reasons)) for team in teams)


def _page_row(page: PageSeen, visit: Visit) -> Row:
    shown = (
        visit.person(page.person_id),
        page.team_id,
        page.kind,
        page.method,
        page.due_at,
        page.state,
        page.at,
        page.why,
    )
    return Row(f"page-{page.page_id}", "call_page.html", shown)


def _message_row(message: MessageSeen) -> Row:
    shown = (message.message_id, message.kind, message.source, message.due_at, message.state, message.at, message.why)
    return Row(f"message-{message.message_id}", "call_message.html", shown)


def _history(call: CallSeen) -> list[Row]:
    """Every line keeps its number, also where the middle of a long history is left out."""
    lines = enumerate(call.history)
    numbered = [(number + (call.left_out if number >= KEEP_FIRST_LINES else 0), line) for number, line in lines]
    rows = [Row(f"line-{number}", "call_line.html", (line.at, line.words, line.sentence)) for number, line in numbered]
    if call.left_out:
        rows.insert(KEEP_FIRST_LINES, Row("lines-left-out", "call_left_out.html", call.left_out))
    return rows


def _judgement(judged: CallTriaged | None, visit: Visit) -> Judged | None:
    if judged is None:
        return None
    judgement: Judgement = judged.judgement
    return Judged(
        suitability=judgement.suitability,
        level=judgement.level,
        sentence=judgement.sentence,
        missing=judgement.missing,
        raised_by=tuple(map(_raised, judgement.raised_by)),
        gates=judgement.gates,
        responses=tuple(
            Verdict(verdict.response, verdict.model, verdict.may_go, verdict.phase, verdict.gates)
            for verdict in judgement.responses
        ),
        unlisted=judgement.unlisted,
        version=judgement.programme_version,
        document_hash=judgement.programme_hash,
        switchboard_revision=judgement.switchboard_revision,
        in_force=visit.document.document_hash,
    )


def _raised(by: RaisedBy) -> tuple[str, str, str, str, datetime]:
    return by.fact, by.value, UNKNOWN_WORDS[by.unknown] if by.unknown else "", by.source, by.at


PAGE = ConsolePage(
    PATH, "Call", "read-calls", "call.html", show=show, regions=regions, navigation=False, names_people=True
)
