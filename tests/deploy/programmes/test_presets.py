"""What every dated preset keeps, whoever wrote it."""

from datetime import timedelta
from itertools import pairwise

import pytest

from shared.call import Call, CallType
from shared.programme import Switchboard, judge
from shared.programme.judging.facts import HAZARDS
from shared.programme.judging.surroundings import ALONE
from tests.deploy.programmes.desk import PROGRAMMES, all_on, document, versions

NAMES = sorted(path.stem for path in PROGRAMMES.glob("*.????-??-??.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_read_and_its_file_is_named_after_it(name: str) -> None:
    programme = document(name)
    assert name == f"{programme.agency}.{programme.effective.astimezone(programme.zone):%Y-%m-%d}"
    assert (PROGRAMMES / f"{name}.toml").read_text().startswith("#:schema ./programme.schema.json\n#")


@pytest.mark.parametrize("agency", sorted({name.rpartition(".")[0] for name in NAMES}))
def test_versions_rise_with_their_dates(agency: str) -> None:
    for earlier, later in pairwise(versions(agency)):
        assert earlier.effective < later.effective
        assert earlier.version < later.version
        assert earlier.time_zone == later.time_zone


@pytest.mark.parametrize("name", NAMES)
def test_nobody_goes_to_a_call_type_that_is_not_listed_unless_somebody_asks(name: str) -> None:
    programme = document(name)
    at = programme.effective + timedelta(days=400)
    for district in programme.districts:
        call = Call(
            agency=programme.agency,
            source=next(iter(programme.sources), "cad"),
            incident_id="1",
            created_at=at,
            updated_at=at,
            call_type=CallType(system=next(iter(programme.codes))[0], code="NOT LISTED ANYWHERE"),
            district=district,
            facts={hazard: HAZARDS[hazard][0] for hazard in programme.hazards},
        )
        assert not any(one.may_go for one in judge(programme, all_on(programme), call, ALONE, at).responses)


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_routed_to_a_call_of_which_nothing_is_known_nor_while_switched_off_or_paused(name: str) -> None:
    programme = document(name)
    on, off = all_on(programme), Switchboard(1)
    at = programme.effective + timedelta(days=400)
    for (system, code), entry in programme.codes.items():
        for district in programme.districts:
            call = Call(
                agency=programme.agency,
                source=next(iter(programme.sources), "cad"),
                incident_id="1",
                created_at=at,
                updated_at=at,
                call_type=CallType(system=system, code=code),
                district=district,
            )
            unasked = judge(programme, on, call, ALONE, at)
            stated = entry.hazards.keys() >= set(programme.hazards)
            assert stated or not programme.hazards or unasked.level_rank > 0
            for board in (off, all_on(programme, paused=("all",))):
                assert not any(one.may_go for one in judge(programme, board, call, ALONE, at).responses)
