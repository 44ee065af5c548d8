"""`decisions`: whether a judgement explains itself, and what it lets go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.reporting.auditor.fold.writes import Fold, Given, Write, insert

_IN_FORCE = """INSERT INTO in_force (agency, programme_hash, version, revision)
    VALUES (:agency, :programme_hash, :version, 0) ON CONFLICT (agency) DO UPDATE SET
    programme_hash = excluded.programme_hash, version = excluded.version"""
_SWITCHED = """INSERT INTO in_force (agency, programme_hash, version, revision) VALUES (:agency, '', 0, :revision)
    ON CONFLICT (agency) DO UPDATE SET revision = excluded.revision"""
_CITES = """UPDATE judgement SET cites = 1 WHERE partition = :partition AND record_offset = :record_offset
    AND (EXISTS (SELECT 1 FROM in_force f WHERE f.agency = judgement.agency AND f.version = judgement.version
            AND f.programme_hash = judgement.programme_hash AND f.revision = judgement.revision)
        OR EXISTS (SELECT 1 FROM judgement j WHERE j.call_id = judgement.call_id AND j.version = judgement.version
            AND j.programme_hash = judgement.programme_hash AND j.revision = judgement.revision
            AND j.cites = 1 AND j.record_offset < judgement.record_offset))"""


def lets_go(judgement: Mapping[str, Any], verdict: Mapping[str, Any]) -> int:
    """Whether a judgement lets a response go: it says so, of the call and of the response, and so does every gate."""
    gates = (*judgement["gates"], *verdict["gates"])
    return int(judgement["suitability"] == "suitable" and verdict["may_go"] and all(gate["passed"] for gate in gates))


def _triaged(given: Given) -> Iterator[Write]:
    judgement = given.event["judgement"]
    call_id = given.event["call_id"]
    gates = [*judgement["gates"], *(gate for verdict in judgement["responses"] for gate in verdict["gates"])]
    yield insert("in_force", agency=given.agency, programme_hash="", version=0, revision=0)
    yield insert(
        "judgement", **given.place, agency=given.agency, call_id=call_id, district=judgement["district"],
        at_us=given.at, gates=len(judgement["gates"]), programme_hash=judgement["programme_hash"],
        version=judgement["programme_version"], revision=judgement["switchboard_revision"], cites=0,
        has_sentence=int(bool(judgement["sentence"]) and all(gate["sentence"] for gate in gates)),
    )  # fmt: skip
    yield Write(_CITES, {"partition": given.stored.partition, "record_offset": given.stored.offset})
    for verdict in judgement["responses"]:
        may_go = lets_go(judgement, verdict)
        yield insert("verdict", **given.place, call_id=call_id, response=verdict["response"], may_go=may_go)


def _activated(given: Given) -> Iterator[Write]:
    about = {"programme_hash": given.event["document_hash"], "version": given.event["version"]}
    yield Write(_IN_FORCE, {"agency": given.agency, **about})


def _switched(given: Given) -> Iterator[Write]:
    yield Write(_SWITCHED, {"agency": given.agency, **given.fields("revision")})


FOLDS: dict[str, Fold] = {
    "call-triaged": _triaged,
    "programme-activated": _activated,
    "phase-changed": _switched,
    "district-paused": _switched,
    "district-resumed": _switched,
    "cap-changed": _switched,
}
