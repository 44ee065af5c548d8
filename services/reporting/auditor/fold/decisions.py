"""`decisions`: whether a judgement explains itself, and what it lets go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.reporting.auditor.fold.writes import Fold, Given, Write, insert


def lets_go(judgement: Mapping[str, Any], verdict: Mapping[str, Any]) -> int:
    """Whether a judgement lets a response go: it says so, of the call and of the response, and so does every gate."""
    gates = (*judgement["gates"], *verdict["gates"])
    return int(judgement["suitability"] == "suitable" and verdict["may_go"] and all(gate["passed"] for gate in gates))


def _triaged(given: Given) -> Iterator[Write]:
    judgement = given.event["judgement"]
    call_id = given.event["call_id"]
    gates = [*judgement["gates"], *(gate for verdict in judgement["responses"] for gate in verdict["gates"])]
    cites = judgement["programme_hash"] and judgement["programme_version"] is not None
    yield insert(
        "judgement", **given.place, agency=given.agency, call_id=call_id, district=judgement["district"],
        at_us=given.at, gates=len(judgement["gates"]),
        cites=int(bool(cites) and judgement["switchboard_revision"] is not None),
        has_sentence=int(bool(judgement["sentence"]) and all(gate["sentence"] for gate in gates)),
    )  # fmt: skip
    for verdict in judgement["responses"]:
        may_go = lets_go(judgement, verdict)
        yield insert("verdict", **given.place, call_id=call_id, response=verdict["response"], may_go=may_go)


FOLDS: dict[str, Fold] = {"call-triaged": _triaged}
