"""What one decision costs, beside reading the same call: in process, on one core."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from statistics import median

from deploy.local.kafka.node import CHECKOUT
from shared.call import Call, CallType
from shared.programme import Programme, judge, read
from shared.programme.judging.surroundings import ALONE
from shared.programme.trying.explain import all_on

PROGRAMMES = CHECKOUT / "deploy" / "programmes"
SHOWN = (
    "madison-wi.2021-09-01",
    "boston-ma.2021-10-01",
    "denver-co.2022-01-01",
    "seattle-wa.2025-10-22",
    "durham-nc.2023-10-23",
    "nyc-ny.2024-07-01",
    "example-city",
)
ROUNDS, CALLS_A_ROUND = 60, 50
DISTRICTS, CODES = 200, 2000


@dataclass(frozen=True, slots=True)
class Judged:
    """Medians of one document, in microseconds."""

    name: str
    judge_us: float
    parse_us: float
    read_ms: float
    """Reading and verifying the document itself, once, warm."""


def judging() -> list[Judged]:
    """Each shown preset, and a document of 200 districts and 2,000 codes."""
    texts = {name: (PROGRAMMES / f"{name}.toml").read_text("utf-8") for name in SHOWN}
    texts[f"{DISTRICTS} districts, {CODES} codes"] = large()
    return [_judged(name, text) for name, text in texts.items()]


def large(agency: str = "madison-wi", version: int = 1) -> str:
    """Madison's rules with many districts, beats and codes."""
    text = (PROGRAMMES / "madison-wi.2021-09-01.toml").read_text("utf-8")
    districts = "".join(f'D{one} = ["D{one}A", "D{one}B"]\n' for one in range(DISTRICTS))
    codes = "".join(f'"CODE {one}" = {{ category = "mental-health" }}\n' for one in range(CODES))
    return (
        text.replace("[districts]", f"[districts]\n{districts}#", 1)
        .replace("[call_types.dane-county]", f"[call_types.dane-county]\n{codes}#", 1)
        .replace('agency    = "madison-wi"', f'agency = "{agency}"')
        .replace("version   = 1", f"version = {version}")
        .replace('districts = ["Central"]', 'districts = "all"')
    )


def _judged(name: str, text: str) -> Judged:
    programme = read(text)
    began = time.perf_counter()
    read(text)
    took = time.perf_counter() - began
    board, call = all_on(programme), _call(programme)
    at, body = call.updated_at.astimezone(UTC), call.model_dump_json().encode()
    judged = _median_us(lambda: judge(programme, board, call, ALONE, at))
    parsed = _median_us(lambda: Call.model_validate_json(body))
    return Judged(name, judged, parsed, took * 1000)


def _median_us(work: Callable[[], object]) -> float:
    """The median over rounds of the mean within one."""
    means = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(CALLS_A_ROUND):
            work()
        means.append((time.perf_counter() - began) / CALLS_A_ROUND * 1e6)
    return median(means)


def _call(programme: Programme) -> Call:
    """A call of a type that is taken, in a district of the programme, with every question answered calmly."""
    taken = {category for response in programme.responses.values() for category in response.takes}
    code = next(code for code in programme.codes.values() if code.category in taken and not code.from_day)
    return Call(
        agency=programme.agency,
        source=next(iter(sorted(programme.sources)), "cad"),
        incident_id="1",
        created_at=programme.effective,
        updated_at=programme.effective,
        call_type=CallType(system=code.system, code=code.code),
        district=next(iter(programme.districts)),
        answers={question.name: "no" for question in programme.questions},
    )
