"""Indianapolis MCAT: asked for in the East District, with a paramedic on board until December 2018."""

import pytest

from tests.deploy.programmes.desk import Case, ladder, result

AGENCY = "indianapolis-in"
USUAL: Case = {"code": "MENTAL PERSON", "district": "East", "at": "2017-08-01T03:00", "requested_by": "officer"}
SECOND: Case = {"at": "2018-12-01T00:00"}


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({"at": "2017-07-31T23:59"}, "default: no-programme"),
        ({"at": "2017-08-01T00:00"}, "mcat"),
        ({"district": "North"}, "default: no-rollout"),
        ({"district": "Carmel"}, "default: district-unknown"),
        ({"at": "2017-12-25T12:00"}, "mcat"),
        ({"at": "2017-11-05T01:30-04:00"}, "mcat"),
        ({"at": "2017-11-05T01:30-05:00"}, "mcat"),
        ({"at": "2018-03-11T03:00"}, "mcat"),
        ({"requested_by": "fire-crew"}, "mcat"),
        ({"requested_by": "self"}, "mcat"),
        ({"requested_by": None}, "default: category-not-taken"),
        ({"requested_by": "caller"}, "default: asker-not-allowed"),
        ({"everything_known": False}, "mcat"),  # police and ambulance go anyway: nothing needs to be asked
        ({"code": "OVERDOSE"}, "mcat"),
        ({"caller_wants": "police", "requested_by": None}, "default: level-sends-default"),
        ({"caller_wants": "police", "units_on_scene": True}, "mcat"),
        (SECOND, "mcat"),
        (SECOND | {"requested_by": "fire-crew"}, "mcat-with-paramedic + mcat"),
        (SECOND | {"requested_by": "self"}, "mcat"),
        (SECOND | {"district": "North"}, "default: asker-not-allowed, no-rollout"),
    ],
)
def test_mcat(case: Case, found: str) -> None:
    assert result(AGENCY, **(USUAL | case)) == found


@pytest.mark.parametrize("at", ["2017-08-01T03:00", "2019-08-01T03:00"])
def test_no_hazard_counts(at: str) -> None:
    assert ladder(AGENCY, **(USUAL | {"at": at})) == {}
