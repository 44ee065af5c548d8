"""Positions of calls: only triage opens them, only their districts are kept, and who disagrees gets the default."""

from __future__ import annotations

import json
import logging
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake import flat
from services.intake.version import record
from services.triage.judging import essence
from services.triage.sealed_part import NoKey
from services.triage.service import triage_service
from services.triage.state import State
from shared.agencies import Source
from shared.engine.service import Input
from shared.events import (
    ApproveProgramme,
    CallReported,
    CallTriaged,
    Event,
    ProposeProgramme,
    Sealed,
    VersionNoted,
    decode,
)
from shared.judgement import Located
from shared.programme import read
from shared.programme.judging.place import UNREADABLE
from shared.sealing import Key, Sealer, new_key
from tests.services.triage.driver import AGENCY, SAFE, THURSDAY_NOON, Triage, command, madison, only, report, triaged
from tests.shared.programme.document.test_boundaries import (
    BORDER,
    DRAWN,
    INSIDE_CENTRAL,
    INSIDE_WEST,
    NOWHERE,
    box,
    drawn,
    polygon,
)

SEALER, KEY = Sealer(new_key()), Key(bytes(32), "key")


class WithKey(NoKey):
    """Opens what is sealed with the one key."""

    def open(self, call_id: str, sealed: Sealed) -> dict[str, str]:
        return KEY.open(call_id, sealed)

    def pseudonym(self, text: str) -> str:
        return SEALER.pseudonym(text)


OPENER = WithKey()


def hash_of(text: str) -> str:
    boundaries = read(text).boundaries
    assert boundaries is not None
    return boundaries.hash


def published(triage: Triage, text: str) -> list[Event]:
    """What follows from putting another document in force."""
    (proposed, *_) = triage.put(command(ProposeProgramme, f"p{triage.number}", document=text))
    triage.put(command(ApproveProgramme, f"a{triage.number}", by="bob", document_hash=proposed.document_hash))  # type: ignore[attr-defined]
    return triage.run_clocks()


def next_version(text: str) -> str:
    return text.replace("version   = 1", "version   = 2")


def test_a_position_in_the_district_that_the_cad_names_changes_nothing() -> None:
    said = triaged(madison(document=DRAWN).put(report(position=INSIDE_CENTRAL)))
    assert said.judgement.suitability == "suitable"
    assert said.located == Located(("Central",), hash_of(DRAWN))


@pytest.mark.parametrize("position", [INSIDE_WEST, BORDER, NOWHERE, "somewhere"])
def test_a_position_that_does_not_agree_makes_it_the_default(position: str) -> None:
    said = triaged(madison(document=DRAWN).put(report(position=position)))
    assert (said.judgement.suitability, said.judgement.reasons) == ("unsuitable", ("district-conflict",))


def test_a_position_alone_tells_the_district() -> None:
    said = triaged(madison(document=DRAWN).put(report(position=INSIDE_CENTRAL, district=None)))
    assert (said.judgement.district, said.judgement.suitability) == ("Central", "suitable")


def test_a_sealed_part_that_nobody_can_open_may_say_any_place() -> None:
    said = triaged(madison(document=DRAWN).put(report(unreadable=True)))
    assert said.located == UNREADABLE
    assert said.judgement.suitability == "unsuitable"
    assert "district-conflict" in said.judgement.reasons
    assert triaged(madison().put(report(unreadable=True))).located is None


def test_a_call_that_moves_is_judged_again() -> None:
    triage = madison(document=DRAWN)
    triage.put(report("e1", position=INSIDE_CENTRAL))
    assert triaged(triage.put(report("e2", minute=1, position=INSIDE_WEST))).judgement.suitability == "unsuitable"
    moved_on = triaged(triage.put(report("e3", minute=2, position=INSIDE_WEST, district="West")))
    assert moved_on.judgement.district == "West"


def test_of_two_versions_of_one_time_the_last_to_arrive_says_where_it_is() -> None:
    versions = [report("e1", position=INSIDE_CENTRAL), report("e2", position=INSIDE_WEST)]
    for order, reasons in ((versions, ("district-conflict",)), (versions[::-1], ())):
        triage = madison(document=DRAWN)
        for version in order:
            triage.put(version)
        (held,) = triage.state.calls.values()
        assert held.judgement is not None
        assert held.judgement.reasons == reasons


def test_a_take_over_knows_where_each_version_lies() -> None:
    triage = madison(document=DRAWN)
    triage.put(report("e1", position=INSIDE_CENTRAL))
    noted = only(triage.put(report("e2", minute=1, position=INSIDE_CENTRAL)), VersionNoted)
    assert noted.located == Located(("Central",), hash_of(DRAWN))
    assert triage.refold() == triage.state


def test_a_new_version_of_the_document_with_the_same_boundaries_changes_nothing() -> None:
    triage = madison(document=DRAWN)
    triage.put(report("e1", position=INSIDE_CENTRAL))
    published(triage, next_version(DRAWN))
    (held,) = triage.state.calls.values()
    assert held.judgement is not None
    assert (held.judgement.programme_version, held.judgement.suitability) == (2, "suitable")


def test_other_boundaries_make_it_the_default_until_the_calls_next_version() -> None:
    triage = madison(document=DRAWN)
    triage.put(report("e1", position=INSIDE_CENTRAL))
    published(triage, next_version(drawn(polygon(box(-89.40, 43.05, -89.37, 43.07)))))
    (held,) = triage.state.calls.values()
    assert held.judgement is not None
    assert held.judgement.reasons == ("district-conflict",)
    said = triaged(triage.put(report("e2", minute=1, position=INSIDE_CENTRAL)))
    assert said.judgement.suitability == "suitable"


def test_first_boundaries_make_it_the_default_for_calls_whose_position_nobody_has_read() -> None:
    for sealed in (True, False):
        triage = madison(document=drawn(None, None))
        triage.put(report("e1", position=INSIDE_WEST) if sealed else report("e1"))
        published(triage, next_version(DRAWN))
        (held,) = triage.state.calls.values()
        assert held.judgement is not None
        assert held.judgement.reasons == (("district-conflict",) if sealed else ())


def test_the_same_boundaries_in_a_new_document_change_nothing() -> None:
    triage = madison(document=DRAWN)
    triage.put(report("e1", position=INSIDE_CENTRAL))
    published(triage, next_version(DRAWN))
    (held,) = triage.state.calls.values()
    assert held.judgement is not None
    assert held.judgement.suitability == "suitable"


def test_a_document_that_gives_its_boundaries_up_goes_by_the_cad_again() -> None:
    triage = madison(document=DRAWN)
    triage.put(report("e1", position=INSIDE_WEST))
    published(triage, next_version(drawn(None, None)))
    (held,) = triage.state.calls.values()
    assert held.judgement is not None
    assert held.judgement.district == "Central"


def test_versions_in_any_order_end_alike() -> None:
    versions = [
        report("e1", minute=0, position=INSIDE_WEST),
        report("e2", minute=1, position=INSIDE_CENTRAL),
        report("e3", minute=2, position=BORDER, district=None),
        report("e5", minute=1, unreadable=True),
    ]
    ends = []
    for order in permutations(versions):
        triage = madison(document=DRAWN)
        for version in order:
            triage.put(version)
        (held,) = triage.state.calls.values()
        assert held.judgement is not None
        ends.append(essence(held.judgement))
    assert ends == ends[:1] * len(ends)
    assert "district-conflict" in ends[0][1]


# --- it is personal


def through_the_door(
    latitude: float, longitude: float, district: str | None = "Central", sealer: Sealer = SEALER
) -> tuple[bytes, CallReported]:
    """A call as a CAD publishes it: what is appended to the topic, and what triage reads of it."""
    body = {
        "event_id": "e1",
        "agency": AGENCY,
        "source": "dane-county",
        "incident_id": "1",
        "created_at": THURSDAY_NOON.isoformat(),
        "updated_at": THURSDAY_NOON.isoformat(),
        "call_type": {"system": "dane-county", "code": "CHECK PERSON"},
        "answers": SAFE,
        "district": district,
        "position": {"latitude": latitude, "longitude": longitude},
    }
    source = Source(agency=AGENCY, name="dane-county")
    (version,) = flat.read(json.dumps(body).encode())
    made = record(version, source, sealer, KEY, THURSDAY_NOON)
    event = decode("call-reported", made.value)
    assert isinstance(event, CallReported)
    return made.value, event


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@settings(max_examples=60)
@given(
    st.integers(430_400_000, 430_800_000).map(lambda number: number / 1e7),
    st.integers(-894_300_000, -893_700_000).map(lambda number: number / 1e7),
    st.sampled_from(["Central", "West", "Elsewhere", None]),
)
def test_a_position_is_in_no_event_and_in_no_line_of_the_log(
    latitude: float, longitude: float, district: str | None
) -> None:
    handler = Lines()
    logging.getLogger().addHandler(handler)
    try:
        appended, event = through_the_door(latitude, longitude, district)
        state, service = madison(document=DRAWN).state, triage_service(OPENER)
        made = service.decide(state, Input(event, "calls/0/1", THURSDAY_NOON, AGENCY), THURSDAY_NOON)
    finally:
        logging.getLogger().removeHandler(handler)
    (said,) = (one for one in made if isinstance(one, CallTriaged))
    assert said.located is not None
    assert said.located.boundaries == hash_of(DRAWN)
    told = [appended.decode(), *(one.encode().decode() for one in made), *handler.lines]
    told.append(str(fold(state, made)))
    for number in (latitude, longitude):
        shown = repr(number).lstrip("-")[:8]
        assert not [text for text in told if shown in text]


def fold(state: State, made: object) -> State:
    for event in made:  # type: ignore[attr-defined]
        state = triage_service(OPENER).evolve(state, event, THURSDAY_NOON)
    return state


def test_another_position_is_another_version_although_the_sender_gives_it_the_same_id() -> None:
    one, same, other = (through_the_door(latitude, -89.39)[1].fingerprint for latitude in (43.06, 43.06, 43.061))
    assert one == same != other


def test_a_position_cannot_be_guessed_from_the_fingerprint() -> None:
    """Nobody without the key can try places until one fits."""
    (_, event), (_, guessed) = (
        through_the_door(43.06, -89.39),
        through_the_door(43.06, -89.39, sealer=Sealer(new_key())),
    )
    assert guessed.call == event.call
    assert guessed.fingerprint != event.fingerprint
