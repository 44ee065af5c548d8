"""What is counted of calls: as they are known, and at best."""

from typing import Any

from shared.programme.trying.coverage import Coverage, tally
from shared.programme.trying.explain import all_on
from tests.shared.programme.documents import BOSTON, MADISON, WEDNESDAY_NOON, call, programme

BOSTON_CALL = {"agency": "boston-ma", "system": "bpd", "district": "A1", "code": "EDP"}
KNOWN = {"weapon": "none", "violence": "none", "crime": "none", "injury": "none", "suicide": "none"}


def counted(text: str, *calls: dict[str, Any]) -> dict[str, Any]:
    found, document = Coverage(), programme(text)
    for number, one in enumerate(calls):
        tally(found, document, all_on(document), call(incident_id=str(number), **one), WEDNESDAY_NOON)
    return found.summary()


def test_an_open_question_stops_a_call_and_at_best_does_not() -> None:
    found = counted(MADISON, {"answers": {}}, {}, {"answers": {"Q1": "yes"}})
    assert (found["suitable"], found["indeterminate"], found["unsuitable"]) == (1, 1, 1)
    assert found["would_go"] == {"cares": 1}
    assert found["at_best"] == {
        "suitable": 2,
        "suitable_of_a_type_that_is_taken": 2,
        "would_go": {"cares": 2},
        "stopped": {"level: level-sends-default": 1},
    }
    assert found["types"] == {"MENTAL": {"calls": 3, "would_go": 1, "at_best": 2}}


def test_a_type_is_one_however_the_export_writes_it() -> None:
    found = counted(MADISON, {"code": "mental"}, {"code": " MENTAL "})
    assert found["types"] == {"MENTAL": {"calls": 2, "would_go": 2, "at_best": 2}}


def test_what_is_known_stays_as_it_is_at_best() -> None:
    """A past violence keeps the call on the level of the co-responders, whatever the rest comes to."""
    boston = BOSTON.replace("2021-10-01", "2021-09-01")
    found = counted(boston, BOSTON_CALL | {"answers": {"Q2": "past"}}, BOSTON_CALL | {"answers": {}})
    assert found["would_go"] == {}
    assert found["at_best"]["would_go"] == {"co-response-car": 1, "ems-and-mental-health": 1}


def test_where_the_calmest_level_sends_nobody_a_heavier_one_may() -> None:
    boston = BOSTON.replace("2021-10-01", "2021-09-01").replace(
        'crew = ["emt", "clinician"]\ntakes = ["mental-health"]', 'crew = ["emt", "clinician"]\ntakes = ["noise"]'
    )
    boston = boston.replace("[call_types.bpd]\n", '[call_types.bpd]\nNOISE = { category = "noise" }\n')
    boston = boston.replace(
        'crew = ["clinician"]\ntakes = ["mental-health"]', 'crew = ["clinician"]\ntakes = ["noise"]'
    )
    found = counted(boston, BOSTON_CALL | {"answers": {}})
    assert found["at_best"]["would_go"] == {"co-response-car": 1}


def test_a_permission_that_nobody_asked_about_is_an_open_question_too() -> None:
    text = MADISON.replace('goes            = "instead', 'only_when = { age = "18 or more" }\ngoes = "instead')
    found = counted(text, {"facts": {}}, {"facts": {"age": "17"}})
    assert found["suitable"] == 2
    assert found["stopped"] == {"only-when-age: age-unknown": 1, "only-when-age: age-not-met": 1}
    assert found["at_best"]["would_go"] == {"cares": 1}
    assert found["at_best"]["stopped"] == {"only-when-age: age-not-met": 1}


def test_a_response_in_shadow_goes_to_nobody() -> None:
    found = counted(MADISON.replace('phase     = "live"', 'phase     = "shadow"'), {})
    assert (found["suitable"], found["would_go"]) == (1, {})
    assert found["stopped"] == {"phase: shadow, counted for cares": 1}


def test_a_type_that_nobody_takes_is_counted_apart() -> None:
    found = counted(MADISON, {"code": "NOISE", "answers": {}}, {"district": "Nowhere"})
    assert found["of_a_type_that_is_taken"]["calls"] == 0
    assert found["indeterminate"] == 1
    assert (found["at_best"]["suitable"], found["at_best"]["suitable_of_a_type_that_is_taken"]) == (1, 0)
    assert found["at_best"]["stopped"] == {"category: code-not-listed": 1, "district: district-unknown": 1}
    assert found["unlisted_codes"] == {"NOISE": 1}
