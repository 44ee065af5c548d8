"""Olympia's CRU is sent, or takes what it chooses from the list; Familiar Faces are told of people they know."""

import pytest

from tests.deploy.programmes.desk import Case, ladder, result, verdict

AGENCY = "olympia-wa"
USUAL: Case = {"code": "MENTAL HEALTH", "district": "Olympia", "at": "2021-08-02T12:00", "of": "cru"}
KNOWN: Case = {"of": None, "facts": {"repeat_caller": "yes"}}
CLOSED = "default: outside-hours"


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"at": "2021-07-31T23:59"}, "default: no-programme"),
        ({"at": "2021-08-02T06:59"}, CLOSED),  # Monday
        ({"at": "2021-08-02T07:00"}, "cru"),
        ({"at": "2021-08-05T20:39"}, "cru"),
        ({"at": "2021-08-05T20:40"}, CLOSED),
        ({"at": "2021-08-06T09:59"}, CLOSED),  # Friday
        ({"at": "2021-08-06T10:00"}, "cru"),
        ({"at": "2021-12-25T10:00"}, "cru"),
        ({"district": "Lacey"}, "default: no-rollout"),
        ({"district": "Tumwater"}, "default: district-unknown"),
        ({"at": "2023-01-06T07:00"}, "cru"),
        ({"at": "2023-01-06T06:59"}, CLOSED),
        ({"at": "2023-01-08T20:59"}, "cru"),
        ({"at": "2023-01-08T21:00"}, CLOSED),
        ({"at": "2023-11-05T07:00"}, "cru"),  # the morning after the clocks went back
    ],
)
def test_when_and_where(case: Case, found: str) -> None:
    assert result(AGENCY, **(USUAL | case)) == found


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"code": "WELFARE CHECK"}, "cru"),
        ({"code": "ENCAMPMENT"}, "cru"),
        ({"code": "TRESPASS"}, "default: category-not-taken"),
        *[({"code": "TRESPASS", "requested_by": who}, "cru") for who in ("officer", "fire-crew", "provider", "self")],
        ({"code": "TRESPASS", "requested_by": "caller"}, "default: asker-not-allowed"),
        ({"code": "ASSAULT"}, "default: level-sends-default"),
        ({"facts": {"violence": "not-asked"}}, "ask: violence"),
        ({"everything_known": False}, "ask: weapon, violence, crime, injury, suicide"),
        # the note to Familiar Faces
        (KNOWN, "cru + cru-from-list + familiar-faces"),
        (KNOWN | {"facts": {"repeat_caller": "no"}}, "cru + cru-from-list"),
        (KNOWN | {"code": "ASSAULT"}, "default: level-sends-default"),
        (KNOWN | {"code": "TRESPASS", "facts": {"repeat_caller": "yes", "violence": "threat"}}, "familiar-faces"),
        (KNOWN | {"at": "2021-08-03T03:00"}, "familiar-faces"),
        (KNOWN | {"caller_wants": "police"}, "default: level-sends-default"),
    ],
)
def test_who(case: Case, found: str) -> None:
    assert result(AGENCY, **(USUAL | case)) == found


@pytest.mark.parametrize("at", ["2021-08-02T12:00", "2023-01-06T12:00"])
@pytest.mark.parametrize("code", ["DRUGS", "MENTAL HEALTH", "ENCAMPMENT"])
def test_addiction_is_among_what_the_unit_is_sent_to(at: str, code: str) -> None:
    found = verdict(AGENCY, code=code, district="Olympia", at=at).responses[0]
    assert (found.response, found.may_go, found.goes) == ("cru", True, "instead of default")


@pytest.mark.parametrize("at", ["2021-08-02T12:00", "2023-01-06T12:00"])
def test_dispatchers_send_it_and_it_may_pick_from_the_list(at: str) -> None:
    found = verdict(AGENCY, code="MENTAL HEALTH", district="Olympia", at=at)
    assert [(one.response, one.reached_by) for one in found.responses if one.may_go] == [
        ("cru", "offer"),
        ("cru-from-list", "pull"),
    ]
    assert len({(one.model, one.crew, one.pool) for one in found.responses[:2]}) == 1, "the same crews"
    assert [step.attempt for step in found.steps] == ["same response", "next response", "default"]


@pytest.mark.parametrize("at", ["2021-08-02T12:00", "2023-01-06T12:00"])
def test_hazards(at: str) -> None:
    assert ladder(AGENCY, code="MENTAL HEALTH", district="Olympia", at=at) == {
        "weapon": "0111",
        "violence": "01111",
        "crime": "011",
        "injury": "001",
        "suicide": "0001",
    }
