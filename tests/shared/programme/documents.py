"""Documents and calls that the tests of the programme share."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from immutables import Map

from shared.call import Call, CallType
from shared.programme import Judgement, Phase, Programme, Switchboard, judge, read
from shared.programme.judging.surroundings import Surroundings

PROGRAMMES = Path(__file__).parents[3] / "deploy/programmes"
MADISON = re.sub(r"(?m)^(South|North|East|Midtown) .*\n", "", (PROGRAMMES / "madison-wi.2021-09-01.toml").read_text())
"""Madison at its start, with two of its districts: one that runs and one that is off."""
CHICAGO = ZoneInfo("America/Chicago")
WEDNESDAY_NOON = datetime(2021, 9, 1, 12, 0, tzinfo=CHICAGO)
CALM = {"Q1": "no", "Q2": "no", "Q3": "no", "Q4": "no", "Q5": "no"}


def live(places: Iterable[str]) -> Switchboard:
    """A switchboard with these `response/district` live."""
    phases: dict[str, Phase] = dict.fromkeys(places, "live")
    return Switchboard(7, Map(phases))


LIVE = live(("cares/Central", "cares/West"))

BOSTON = """
agency = "boston-ma"
programme = "Mental health crisis response pilots"
version = 1
effective = 2021-10-01T00:00:00
time_zone = "America/New_York"
default = "police patrol"

[districts]
A1 = ["A101", "A102"]
C11 = ["C1101"]

[call_types.bpd]
EDP = { category = "mental-health" }
EDPV = { category = "mental-health", violence = "in-progress" }

[heard]
answers = { Q1 = "weapon", Q2 = "violence", Q3 = "crime", Q4 = "injury", Q5 = "suicide" }

[[level]]
name = "no safety risk"
sends = ["ems-and-mental-health", "mental-health-line"]

[[level]]
name = "safety risk"
sends = ["co-response-car", "ask-co-response"]
raised_by = [
  { weapon = "elsewhere or worse" },
  { violence = "past or worse" },
  { suicide = "threat-or-plan or worse" },
]

[[level]]
name = "police or ambulance needed"
sends = ["default"]
raised_by = [
  { weapon = "present or worse" },
  { violence = "in-progress" },
  { crime = "reported or worse" },
  { injury = "needs-ems" },
  { suicide = "attempt" },
]

[responses.ems-and-mental-health]
model = "community-responder"
crew = ["emt", "clinician"]
takes = ["mental-health"]
goes = "instead of default"
reached_by = "offer"

[responses.mental-health-line]
model = "crisis-call-diversion"
crew = ["clinician"]
takes = ["mental-health"]
goes = "instead of default"
reached_by = "phone transfer"

[responses.co-response-car]
model = "co-responder"
crew = ["officer", "clinician"]
takes = ["mental-health"]
goes = "instead of default"
reached_by = "offer"

[responses.ask-co-response]
model = "co-responder"
crew = ["officer", "clinician"]
takes = ["mental-health"]
goes = "beside default"
reached_by = "broadcast"

[[rollout]]
response = "ems-and-mental-health"
districts = "all"
from = 2021-08-05
phase = "live"
hours = ["daily 00:00-24:00"]

[[rollout]]
response = "mental-health-line"
districts = "all"
from = 2021-08-05
phase = "live"
hours = ["daily 00:00-24:00"]

[[rollout]]
response = "co-response-car"
districts = ["A1"]
from = 2021-10-01
phase = "live"
hours = ["daily 00:00-24:00"]

[[rollout]]
response = "ask-co-response"
districts = "all"
from = 2021-09-01
phase = "live"
hours = ["daily 00:00-24:00"]

[when_no_team]
steps = [{ try = "same response", seconds = 25 }, { try = "next response", seconds = 25 }, { try = "default" }]

[clocks]
routing_deadline_seconds = 60
offer_expiry_seconds = 25
transfer_ack_seconds = 25
"""


@cache
def programme(text: str) -> Programme:
    """Documents are read once a run."""
    return read(text)


def call(**changes: Any) -> Call:
    """A calm mental-health call in Madison's Central district, just updated; `code` and `system` make its call type."""
    code, system = changes.pop("code", "MENTAL"), changes.pop("system", "dane-county")
    known: dict[str, Any] = {
        "agency": "madison-wi",
        "source": "dane",
        "incident_id": "21-1",
        "created_at": WEDNESDAY_NOON,
        "updated_at": WEDNESDAY_NOON,
        "call_type": CallType(system=system, code=code),
        "district": "Central",
        "answers": CALM,
    }
    return Call(**(known | changes))


def judged(
    text: str = MADISON,
    *,
    at: datetime | None = None,
    switchboard: Switchboard = LIVE,
    heard: frozenset[str] = frozenset(),
    **changes: Any,
) -> Judgement:
    """The judgement of such a call at `at`, which is also when it was last updated unless that is given."""
    at = at or WEDNESDAY_NOON
    return judge(
        programme(text), switchboard, call(**({"updated_at": at} | changes)), Surroundings(heard), at.astimezone(UTC)
    )


def answers(**worse: str) -> dict[str, str]:
    """All questions answered no, but for these."""
    return CALM | worse
