"""The templates: frames whose rules nobody published divert nothing, and say what a region would fill in."""

from typing import Any

import pytest

from tests.deploy.programmes.desk import PROGRAMMES, crew, document, ladder, result

MARCUS, PIMA = "template-virginia-marcus-alert", "template-pima-az"
FRAMEWORKS, FREEDOM_HOUSE = "template-frameworks", "template-freedom-house"
NOON = "2024-07-02T12:00"


@pytest.mark.parametrize("agency", [MARCUS, PIMA, FRAMEWORKS, FREEDOM_HOUSE, "template-boston-community-led"])
def test_a_template_says_that_it_is_one_and_goes_no_further_than_shadow(agency: str) -> None:
    for path in PROGRAMMES.glob(f"{agency}.*.toml"):
        text = path.read_text()
        assert "\n# TEMPLATE" in text
        assert 'phase     = "live"' not in text


@pytest.mark.parametrize(
    ("facts", "comes"),
    [
        ({"triage_level": "1"}, "regional-line (shadow)"),
        ({"triage_level": "2"}, "mobile-crisis (shadow)"),
        ({"triage_level": "3"}, "co-response (shadow)"),
        ({"triage_level": "4"}, "default: level-sends-default"),
        ({"triage_level": "not-asked"}, "ask: triage_level"),
        ({"triage_level": "1", "suicide": "threat-or-plan"}, "co-response (shadow)"),
        ({"triage_level": "1", "weapon": "present"}, "default: level-sends-default"),
    ],
)
def test_the_four_levels_of_virginia(facts: dict[str, str], comes: str) -> None:
    assert result(MARCUS, at=NOON, code="BEHAVIORAL HEALTH", district="Region", facts=facts) == comes


@pytest.mark.parametrize(
    ("case", "comes"),
    [
        ({"at": "2021-11-30T12:00"}, "default: no-programme"),
        ({"at": "2021-12-01T00:00"}, "regional-line (shadow)"),
        ({"at": "2022-11-06T01:30-05:00"}, "regional-line (shadow)"),
        ({"at": NOON, "district": "Maryland"}, "default: district-unknown"),
        ({"at": NOON, "code": "ARMED SUBJECT"}, "default: level-sends-default"),
        ({"at": NOON, "cautions": ("ASSAULTIVE",)}, "co-response (shadow)"),
    ],
)
def test_virginia_elsewhere_and_otherwise(case: dict[str, Any], comes: str) -> None:
    assert result(MARCUS, **({"code": "BEHAVIORAL HEALTH", "district": "Region"} | case)) == comes


@pytest.mark.parametrize(
    ("case", "comes"),
    [
        ({}, "default: resolvable-by-phone-unknown"),
        ({"facts": {"resolvable_by_phone": "yes"}}, "crisis-line (shadow)"),
        ({"facts": {"resolvable_by_phone": "yes"}, "cautions": ("VIOLENT",)}, "default: level-sends-default"),
        ({"facts": {"suicide": "ideation"}}, "default: level-sends-default"),
        ({"facts": {"weapon": "not-asked"}}, "ask: weapon"),
    ],
)
def test_the_crisis_line_of_pima(case: dict[str, Any], comes: str) -> None:
    assert result(PIMA, at=NOON, code="SUICIDE", district="Tucson", **case) == comes


@pytest.mark.parametrize(
    ("agency", "district", "levels"),
    [
        (MARCUS, "Region", "0233 02233 023 003 0123 0123"),
        (PIMA, "Tucson", "0111 01111 011 011 0111"),
    ],
)
def test_what_each_hazard_raises_to(agency: str, district: str, levels: str) -> None:
    found = ladder(agency, at=NOON, code="BEHAVIORAL HEALTH", district=district)
    names = ("weapon", "violence", "crime", "injury", "suicide", "triage_level")
    assert found == dict(zip(names, levels.split(), strict=False))


FIRST: dict[str, Any] = {"at": NOON, "district": "First precinct", "code": "MENTAL HEALTH"}


@pytest.mark.parametrize(
    ("case", "comes"),
    [
        ({}, "unarmed-team (shadow)"),
        ({"facts": {"resolvable_by_phone": "yes"}}, "crisis-line (shadow) + unarmed-team (shadow)"),
        *[({"code": code}, "unarmed-team (shadow)") for code in ("SUBSTANCE USE", "CONFLICT", "WELFARE CHECK")],
        ({"district": "Second precinct"}, "default: category-not-taken, no-rollout, resolvable-by-phone-unknown"),
        ({"code": "FIGHT"}, "default: level-sends-default"),
        # low risk to self and others only
        ({"code": "SUICIDE THREAT", "facts": {"suicide": "ideation"}}, "same-car (shadow)"),
        ({"facts": {"violence": "past"}}, "same-car (shadow)"),
        ({"facts": {"violence": "threat"}}, "default: level-sends-default"),
        ({"everything_known": False}, "ask: weapon, violence, crime, injury, suicide"),
        # an officer calls the professional to the scene
        ({"requested_by": "officer"}, "called-by-officer (shadow) + unarmed-team (shadow)"),
        ({"facts": {"violence": "past"}, "requested_by": "officer"}, "same-car (shadow) + called-by-officer (shadow)"),
    ],
)
def test_the_three_modes_of_the_frameworks(case: dict[str, Any], comes: str) -> None:
    assert result(FRAMEWORKS, **(FIRST | case)) == comes


def test_whoever_goes_alone_is_unarmed_and_may_be_asked_for_by_the_caller() -> None:
    assert crew(FRAMEWORKS, "unarmed-team", at=NOON) == ("clinician or crisis-worker", "emt or paramedic or nurse")
    assert "caller" in document(f"{FRAMEWORKS}.2022-01-01").responses["unarmed-team"].may_be_asked_by
    assert "officer" in crew(FRAMEWORKS, "same-car", at=NOON)


@pytest.mark.parametrize(
    ("district", "comes"),
    [
        *[(district, "ambulance (shadow)") for district in ("Hill District", "Oakland", "Downtown")],
        ("Rest of city", "default: no-rollout"),
    ],
)
def test_where_freedom_house_drove(district: str, comes: str) -> None:
    facts = {"injury": "needs-ems"}
    assert result(FREEDOM_HOUSE, at=NOON, code="SICK PERSON", district=district, facts=facts) == comes
    assert crew(FREEDOM_HOUSE, "ambulance", at=NOON) == ("paramedic", "paramedic")
