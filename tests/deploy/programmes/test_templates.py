"""The templates: frames whose rules nobody published divert nothing, and say what a region would fill in."""

from typing import Any

import pytest

from tests.deploy.programmes.desk import PROGRAMMES, ladder, result

MARCUS, PIMA = "template-virginia-marcus-alert", "template-pima-az"
NOON = "2024-07-02T12:00"


@pytest.mark.parametrize("agency", [MARCUS, PIMA])
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
        ({"at": NOON, "code": "NOISE"}, "default: category-not-taken"),
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
