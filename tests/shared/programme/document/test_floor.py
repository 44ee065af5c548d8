"""The proof of the safety floor against plain enumeration of every combination of hazards."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.programme import ProgrammeRefused, read
from shared.programme.judging.evidence import Hazard
from shared.programme.judging.facts import HAZARDS
from shared.programme.judging.facts_of_call import level_of
from tests.shared.programme.documents import BOSTON, MADISON, programme

FLOOR = (  # written out again: the promise, not the code that keeps it
    ("weapon", "present", "police"),
    ("violence", "threat", "police"),
    ("crime", "in-progress", "police"),
    ("injury", "needs-ems", "ems"),
    ("suicide", "attempt", "ems"),
)
FLOORED = ("weapon", "violence", "crime", "injury", "suicide")
CREWS = {
    "none": ("community-responder", ["crisis-worker"], "instead of default"),
    "ems": ("community-responder", ["emt", "clinician"], "instead of default"),
    "police": ("co-responder", ["officer", "clinician"], "instead of default"),
    "either": ("community-responder", ["emt or paramedic", "clinician"], "instead of default"),
    "perhaps": ("community-responder", ["emt or nurse", "clinician"], "instead of default"),
    "both": ("multidisciplinary-team", ["officer", "clinician", "paramedic"], "instead of default"),
    "beside": ("community-responder", ["crisis-worker"], "beside default"),
}
BRINGS = {
    "none": (),
    "ems": ("ems",),
    "police": ("police",),
    "either": ("ems",),
    "perhaps": (),
    "both": ("police", "ems"),
    "beside": ("police", "ems"),
}


def holds_everywhere(raised: dict[str, list[int]], sent: list[str]) -> bool:
    """By enumeration, with no use of careroute's own code: whether each combination that needs a service is sent it.

    `raised[hazard][level]` is the rank from which the hazard raises to level 1, 2, …; the last level sends the default.
    """
    for ranks in product(*(range(len(HAZARDS[hazard])) for hazard in FLOORED)):
        combination = dict(zip(FLOORED, ranks, strict=True))
        reached = [
            level
            for hazard, leasts in raised.items()
            for level, least in enumerate(leasts, 1)
            if combination[hazard] >= least
        ]
        level = max(reached, default=0)
        if level == len(sent):
            continue
        for hazard, value, service in FLOOR:
            if combination[hazard] >= HAZARDS[hazard].index(value) and service not in BRINGS[sent[level]]:
                return False
    return True


def document(raised: dict[str, list[int]], sent: list[str]) -> str:
    levels = "\n".join(
        f'[[level]]\nname = "{level}"\nsends = ["{"default" if level == len(sent) else f"r{level}"}"]\nraised_by = ['
        + ", ".join(
            f'{{ {hazard} = "{HAZARDS[hazard][leasts[level - 1]]} or worse" }}'
            for hazard, leasts in raised.items()
            if level and leasts[level - 1] < len(HAZARDS[hazard])
        )
        + "]"
        for level in range(len(sent) + 1)
    )
    responses = "\n".join(
        f'[responses.r{level}]\nmodel = "{CREWS[kind][0]}"\ncrew = {CREWS[kind][1]}\ntakes = ["x"]\n'
        f'goes = "{CREWS[kind][2]}"\nreached_by = "offer"'
        for level, kind in enumerate(sent)
    )
    return f"""agency = "a"\nprogramme = "p"\nversion = 1\neffective = 2024-01-01T00:00:00\ntime_zone = "UTC"
default = "police"\n[districts]\nD = []\n[call_types.s]\nC = {{ category = "x" }}
{levels}\n{responses}\n[when_no_team]\nsteps = [{{ try = "default" }}]\n"""


@st.composite
def documents(draw: st.DrawFn) -> tuple[dict[str, list[int]], list[str]]:
    sent = draw(st.lists(st.sampled_from(sorted(CREWS)), min_size=1, max_size=2))
    raised = {
        hazard: draw(st.lists(st.integers(1, len(HAZARDS[hazard])), min_size=len(sent), max_size=len(sent)).map(sorted))
        for hazard in FLOORED
    }
    return raised, sent


@settings(max_examples=150)
@given(documents())
def test_the_proof_agrees_with_enumeration(drawn: tuple[dict[str, list[int]], list[str]]) -> None:
    raised, sent = drawn
    try:
        read(document(raised, sent))
        faults: tuple[str, ...] = ()
    except ProgrammeRefused as refused:
        faults = tuple(fault.what for fault in refused.faults)
    unreached = any("nothing can put a call" in what for what in faults)
    floor = any("brings no" in what for what in faults)
    assert len(faults) == sum("nothing can put a call" in what or "brings no" in what for what in faults), faults
    if not unreached:  # a level that nothing reaches is looked at by the proof, and by no combination
        assert floor is not holds_everywhere(raised, sent)
    elif not floor:
        assert holds_everywhere(raised, sent)


@pytest.mark.parametrize("text", [MADISON, BOSTON])
def test_the_floor_of_the_examples_holds_for_every_combination(text: str) -> None:
    read_one = programme(text)
    for ranks in product(*(range(len(HAZARDS[hazard])) for hazard in FLOORED)):
        facts = {hazard: Hazard(rank, rank, None, "test") for hazard, rank in zip(FLOORED, ranks, strict=True)}
        conditions = [item for item in read_one.raises if all(one.fact in facts for one in item.conditions)]
        level = read_one.levels[level_of(conditions, dict(facts))[0]]
        for hazard, value, service in FLOOR:
            if facts[hazard].low >= HAZARDS[hazard].index(value):
                for name in level.sends:
                    response = read_one.responses[name]
                    wanted = {"officer"} if service == "police" else {"emt", "paramedic"}
                    assert wanted & set(response.crew) or response.goes == "beside default"
