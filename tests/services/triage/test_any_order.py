"""Versions of one call in any order, before the first offer, under every document."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.triage.state import State, VerifiedDocument
from shared.events import CallReported
from shared.programme import read
from shared.programme.trying.explain import all_on
from tests.services.triage.driver import Triage, report
from tests.shared.programme.documents import PROGRAMMES
from tests.shared.programme.generated import PRESETS, calls_of, made_up_texts

TEXTS = st.sampled_from(PRESETS).map(lambda name: (PROGRAMMES / name).read_text()) | made_up_texts
NARRATIVES = (None, "calm", "has a gun", "calm\nhas a gun", "he hit me")


def version(number: int, fields: dict[str, Any], minute: int, data: st.DataObject) -> CallReported:
    updated = fields["created_at"] + timedelta(minutes=minute)
    status = data.draw(st.sampled_from(("active", "active", "reopened")))
    said = fields | {"updated_at": updated, "status": status}
    narrative = data.draw(st.sampled_from(NARRATIVES))
    made = report(f"e{number}", narrative=narrative, **said)
    assert isinstance(made, CallReported)
    return made.model_copy(update={"received_at": updated, "judged_at": updated})


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(TEXTS, st.data())
def test_a_version_that_comes_late_never_calms_a_call_under_any_document(text: str, data: st.DataObject) -> None:
    programme = read(text)
    first = data.draw(calls_of(programme))
    document = VerifiedDocument(text, programme.hash, programme.version, programme.effective, "ann")
    now = first["created_at"] + timedelta(minutes=5)
    triage = Triage(State(active=document, switchboard=all_on(programme)), now)
    newest, before = None, None
    for number in range(data.draw(st.integers(2, 5))):
        changed = data.draw(calls_of(programme)) | {key: first[key] for key in ("source", "incident_id", "created_at")}
        made = version(number, changed, data.draw(st.integers(0, 3)), data)
        assert triage.put(made)
        (open_call,) = triage.state.calls.values()
        assert open_call.judgement is not None
        if newest is not None and before is not None and made.call.updated_at < newest:
            assert open_call.judgement.level_rank >= before.level_rank
            assert open_call.version.call.updated_at == newest
        newest = max(made.call.updated_at, newest or made.call.updated_at)
        before = open_call.judgement
