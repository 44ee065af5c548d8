"""Toronto's crisis service: four pilots, each with its own start and week, then the whole city."""

import pytest

from tests.deploy.programmes.desk import in_force, instant, ladder, result, verdict

AGENCY = "toronto-on"
WILLING = {"age": "16", "consent": "yes"}
TEAM = "crisis-service"


@pytest.mark.parametrize(
    ("at", "district", "comes"),
    [
        ("2022-03-30T12:00", "Downtown East", "default: no-programme"),
        ("2022-03-31T00:00", "Downtown East", TEAM),  # Thursday
        ("2022-04-01T23:59", "Downtown East", TEAM),  # Friday
        ("2022-04-02T00:00", "Downtown East", "default: outside-days"),  # Saturday
        ("2022-04-02T23:59", "Downtown East", "default: outside-days"),
        ("2022-04-03T00:00", "Downtown East", TEAM),
        ("2022-04-03T12:00", "Northeast", "default: not-started"),
        ("2022-04-04T12:00", "Northeast", TEAM),
        ("2022-07-10T12:00", "Downtown West", "default: no-rollout"),
        ("2022-07-11T12:00", "Downtown West", TEAM),
        ("2022-07-16T12:00", "Downtown West", TEAM),  # Saturday
        ("2022-07-17T12:00", "Northwest", "default: not-started"),
        ("2022-07-18T12:00", "Northwest", TEAM),
        ("2022-07-23T12:00", "Northwest", "default: outside-days"),  # Saturday
        ("2022-07-18T12:00", "Rest of city", "default: no-rollout"),
        ("2022-12-25T12:00", "Northwest", TEAM),
        ("2022-11-06T01:30-04:00", "Downtown East", TEAM),  # Sunday: both times
        ("2022-11-06T01:30-05:00", "Downtown East", TEAM),
        ("2023-03-12T03:00", "Downtown East", TEAM),
        ("2024-12-30T12:00", "Rest of city", "default: no-rollout"),
        ("2025-01-04T12:00", "Rest of city", TEAM),  # Saturday
    ],
)
def test_pilots_and_their_weeks(at: str, district: str, comes: str) -> None:
    assert result(AGENCY, at=at, code="PERSON IN CRISIS", district=district, facts=WILLING, of=TEAM) == comes


@pytest.mark.parametrize(
    ("code", "facts", "comes"),
    [
        ("WELLBEING CHECK", {}, TEAM),
        ("DISTRESSED BEHAVIOUR", {}, TEAM),
        ("NOISE", {}, "default: category-not-taken"),
        ("ATTEMPT SUICIDE", {}, "default: level-sends-default"),
        ("WELLBEING CHECK", {"age": "15"}, "default: age-not-met"),
        ("WELLBEING CHECK", {"age": "unknown"}, "default: age-unknown"),
        ("WELLBEING CHECK", {"consent": "no"}, "default: consent-not-met"),
        ("WELLBEING CHECK", {"consent": "unknown"}, "default: consent-unknown"),
        ("WELLBEING CHECK", {"violence": "not-asked"}, "ask: violence"),
    ],
)
def test_codes_age_and_consent(code: str, facts: dict[str, str], comes: str) -> None:
    case = {"at": "2022-04-05T12:00", "district": "Northeast", "of": TEAM}
    assert result(AGENCY, code=code, facts=WILLING | facts, **case) == comes


@pytest.mark.parametrize("at", ["2022-04-05T12:00", "2022-07-12T12:00", "2025-01-07T12:00"])
@pytest.mark.parametrize(
    ("consent", "first"), [("yes", TEAM), ("no", "telephone-support"), ("unknown", "telephone-support")]
)
def test_without_consent_there_is_the_phone_only(at: str, consent: str, first: str) -> None:
    facts = WILLING | {"consent": consent}
    found = verdict(AGENCY, at=at, code="PERSON IN CRISIS", district="Northeast", facts=facts)
    going = [(one.response, one.reached_by) for one in found.responses if one.may_go]
    assert going[0][0] == first
    assert going[-1] == ("telephone-support", "phone transfer")
    assert (TEAM in dict(going)) is (consent == "yes")
    assert [step.attempt for step in found.steps] == ["same response", "default"], "nobody is put off with the phone"


@pytest.mark.parametrize("at", ["2022-04-05T12:00", "2022-07-12T12:00", "2025-01-07T12:00"])
def test_the_crew_follows_up_within_48_hours(at: str) -> None:
    programme = in_force(AGENCY, instant(AGENCY, at))
    assert programme is not None
    assert programme.responses[TEAM].follow_up_due_hours == (48,)


@pytest.mark.parametrize("at", ["2022-04-05T12:00", "2022-07-12T12:00", "2025-01-07T12:00"])
def test_what_each_hazard_raises_to(at: str) -> None:
    hazards = {"weapon": "0111", "violence": "01111", "crime": "001", "injury": "001", "suicide": "0011"}
    assert ladder(AGENCY, at=at, code="WELLBEING CHECK", district="Northeast", facts=WILLING) == hazards
