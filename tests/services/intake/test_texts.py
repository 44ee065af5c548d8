"""What may name somebody is sealed, whichever field a CAD writes it into; codes stay, and nothing becomes calmer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.intake import flat
from services.intake.texts import LONGEST_CODE, with_texts_sealed
from services.intake.version import TEXTS, Version, record
from services.triage.sealed_part import NoKey
from services.triage.service import triage_service
from shared.agencies import Source
from shared.engine.service import Input
from shared.events import CallReported, CallTriaged, Sealed, decode
from shared.programme import read
from shared.programme.judging.facts_of_call import doubts_of
from shared.sealing import Key, Sealer, new_key
from shared.topics import CALLS
from tests.rig.town import PROGRAMME
from tests.services.intake.conftest import CALL, Door
from tests.services.triage.driver import AGENCY, SAFE, THURSDAY_NOON, madison

SEALER, KEY = Sealer(new_key()), Key(bytes(32), "key")
NAMED = "Zzyzx Quennell lives here, see report 2019-0142 of the officers who went in"
BORN = "Quillon 01/02/1980"


class Opens(NoKey):
    """Opens what is sealed with the one key."""

    def open(self, call_id: str, sealed: Sealed) -> dict[str, str]:
        return KEY.open(call_id, sealed)

    def pseudonym(self, text: str) -> str:
        return SEALER.pseudonym(text)


def version(**fields: Any) -> Version:
    (base,) = flat.read(json.dumps(CALL).encode())
    return Version(base.event_id, base.call.model_copy(update=fields), base.personal)


def sealed(**fields: Any) -> Version:
    return with_texts_sealed(version(**fields), SEALER.pseudonym)


async def test_no_text_of_a_cad_stands_in_the_topic_and_none_is_lost(door: Door) -> None:
    content = {
        "call_type": {"system": "dane-county", "code": "CHECK PERSON", "text": "brother of Zzyzx"},
        "further_types": [{"system": "x", "code": "Y", "text": "also Quennell"}],
        "cautions": ["ARMED", NAMED, f"DOG; {BORN}"],
        "answers": {"Q1": NAMED, "Q2": "no"},
        "facts": {"age": BORN, "weapon": "none"},
    }
    assert (await door.post({**CALL, **content})).status_code == 200
    (event,) = door.events()
    assert isinstance(event, CallReported)
    log = str([stored.value for (topic, _), held in door.log.places.items() for stored in held if topic == CALLS.name])
    assert [mark in log for mark in ("Zzyzx", "Quennell", "1980", "Quillon")] == [False] * 4
    assert event.sealed is not None
    texts = door.open(event.call_id, event.sealed)[TEXTS].splitlines()
    assert set(texts) == {"brother of Zzyzx", "also Quennell", NAMED, f"DOG; {BORN}", BORN}
    assert event.call.cautions[0] == "ARMED"
    assert all(flag.startswith("sealed text ") for flag in event.call.cautions[1:])
    assert (event.call.answers["Q2"], event.call.facts["weapon"]) == ("no", "none")


def test_codes_stay_as_they_are() -> None:
    code = "X" * LONGEST_CODE
    fields = {"cautions": ("ARMED; DOG", "UNIT 4 1234", code), "answers": {"Q1": "no"}, "priority": "3"}
    assert sealed(**fields) == version(**fields)


def test_each_text_stands_for_itself_and_the_same_one_for_the_same() -> None:
    """A caution puts hazards in doubt once: two that are sealed are two."""
    one, other, again = (sealed(cautions=(text,)).call.cautions for text in (NAMED, NAMED + "!", NAMED))
    assert one == again != other


def test_a_caution_that_is_sealed_may_be_any_that_the_document_lists() -> None:
    text = PROGRAMME.format(agency="town", offer_seconds=30, deadline_seconds=55, step_seconds=40)
    programme = read(text.replace("cautions = {", 'cautions = { SUICIDAL = { suicide = "attempt" },'))
    call = sealed(cautions=(f"SUICIDAL; {NAMED}",)).call
    ((hazards, _),) = doubts_of(programme, call).values()
    assert hazards == {"weapon", "violence", "suicide"}
    ((unlisted, _),) = doubts_of(programme, version(cautions=("DOG",)).call).values()
    assert unlisted == {"weapon", "violence"}


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({"call_type": {"system": "dane-county", "code": "CHECK PERSON", "text": "has a knife"}}, "unsuitable"),
        ({"cautions": [NAMED]}, "unsuitable"),
        ({"answers": {**SAFE, "Q1": NAMED}}, "unsuitable"),
        ({"cautions": ["ASSAULTIVE", NAMED]}, "unsuitable"),
        ({}, "suitable"),
    ],
    ids=["word in the type's text", "caution", "answer", "beside a listed one", "nothing"],
)
def test_a_call_is_judged_no_calmer_for_it(fields: dict[str, Any], level: str) -> None:
    call: dict[str, Any] = {
        **CALL,
        "agency": AGENCY,
        "created_at": THURSDAY_NOON.isoformat(),
        "updated_at": THURSDAY_NOON.isoformat(),
        "answers": SAFE,
    }
    (made,) = flat.read(json.dumps({**call, **fields}).encode())
    judged = []
    for each in (made, with_texts_sealed(made, SEALER.pseudonym)):
        source = Source(agency=AGENCY, name="dane-county")
        event = decode("call-reported", record(each, source, SEALER, KEY, THURSDAY_NOON).value)
        given = Input(event, "calls/0/1", THURSDAY_NOON, AGENCY)
        state = madison().state
        said = [e for e in triage_service(Opens()).decide(state, given, THURSDAY_NOON) if isinstance(e, CallTriaged)]
        judged.append(said[0].judgement.suitability)
        assert "Zzyzx" not in str(said) or each is made
    in_the_clear, apart = judged
    assert apart == in_the_clear
    assert (apart == "suitable") is (level == "suitable")
