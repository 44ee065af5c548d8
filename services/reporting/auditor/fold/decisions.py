"""`decisions`: whether a judgement explains itself, and what it lets go."""

from __future__ import annotations

from collections.abc import Iterator

from services.reporting.auditor.fold.writes import Fold, Given, Write, insert


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
        yield insert(
            "verdict", **given.place, call_id=call_id, response=verdict["response"], may_go=int(verdict["may_go"])
        )


FOLDS: dict[str, Fold] = {"call-triaged": _triaged}
