"""Versions of one call in any order, before the first offer: the same end, under every document."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.triage.judging import essence, judgement_of
from services.triage.state import OpenCall, State, VerifiedDocument
from shared.events import CallReported
from shared.programme import Programme, read
from shared.programme.trying.explain import all_on
from tests.services.triage.harness import Triage, report
from tests.shared.programme.documents import PROGRAMMES
from tests.shared.programme.generated import PRESETS, accepted, calls_of, texts

TEXTS = st.sampled_from(PRESETS).map(lambda name: (PROGRAMMES / name).read_text()) | texts().filter(
    lambda text: accepted(text) is not None
)
NARRATIVES = (None, "calm", "has a gun", "calm\nhas a gun", "he hit me")


def version(number: int, fields: dict[str, Any], minute: int, data: st.DataObject) -> CallReported:
    updated = fields["created_at"] + timedelta(minutes=minute)
    status = data.draw(st.sampled_from(("active", "active", "reopened")))
    said = fields | {"updated_at": updated, "status": status}
    narrative = data.draw(st.sampled_from(NARRATIVES))
    made = report(f"e{number}", narrative=narrative, **said)
    assert isinstance(made, CallReported)
    return made.model_copy(update={"received_at": updated, "judged_at": updated})


def end(text: str, programme: Programme, versions: list[CallReported], now: datetime) -> tuple[State, OpenCall]:
    document = VerifiedDocument(text, programme.hash, programme.version, programme.effective, "ann")
    triage = Triage(State(active=document, switchboard=all_on(programme)), now)
    for one in versions:
        triage.put(one)
    (held,) = triage.state.calls.values()
    return triage.state, held


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, st.data())
def test_the_order_in_which_versions_come_does_not_matter_under_any_document(text: str, data: st.DataObject) -> None:
    programme = read(text)
    first = data.draw(calls_of(programme))
    made = []
    for number in range(data.draw(st.integers(2, 4))):
        changed = data.draw(calls_of(programme)) | {key: first[key] for key in ("source", "incident_id", "created_at")}
        made.append(version(number, changed, data.draw(st.integers(0, 3)), data))
    now = first["created_at"] + timedelta(minutes=5)
    state, held = end(text, programme, made, now)
    other_state, other = end(text, programme, data.draw(st.permutations(made)), now)
    assert judgement_of(state, held) == judgement_of(other_state, other)
    assert held.judgement is not None
    assert other.judgement is not None
    assert essence(held.judgement) == essence(other.judgement)
    assert replace(held, judgement=None) == replace(other, judgement=None)
