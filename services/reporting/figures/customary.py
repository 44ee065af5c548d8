"""What alternative-response programmes publish about themselves: by which measure each comes out here, or why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Customary:
    """A figure that programmes publish."""

    figure: str
    measures: tuple[str, ...]
    """By which it comes out; none: it is not ours."""
    remark: str = ""
    """Of one that comes out: what to know. Else why it is not ours, and where it has to come from."""


CUSTOMARY: Final = (
    Customary("Behavioural-health calls", ("listed",)),
    Customary("Eligible calls, and their share", ("eligible",)),
    Customary("Eligible outside hours or area", ("outside",)),
    Customary("Could not be triaged, apart from ineligible", ("indeterminate",)),
    Customary("Responded, of eligible", ("capture", "diverted"), "Accepted, and who really went, apart."),
    Customary("Responded, of all behavioural-health calls", ("reach",)),
    Customary("Why an eligible call was not served", ("unserved", "stopped-by")),
    Customary("Calls accepted, by kind of team", ("models", "went")),
    Customary("Call types", ("call-type",), "By the document's categories; single codes are in the export."),
    Customary("Call sources", ("source", "asked-by")),
    Customary("Response time, with its clock", ("travel-time", "response-time"), "Median and P90; never a mean alone."),
    Customary("Processing times", ("routing-time", "offered", "answer-time", "offers")),
    Customary("Time on the call", ("time-on-scene",)),
    Customary("Contact made", ("contact", "no-contact")),
    Customary("Outcome mix", ("dispositions", "five-classes")),
    Customary("Police or ambulance asked for", ("back-up",)),
    Customary("Would have gone to police", ("instead-of-police",), "As the document says of the response that went."),
    Customary("Visits to an emergency department", ("er-transport",)),
    Customary("Follow-up done in time", ("follow-up",)),
    Customary("People met often", ("repeat-callers",), "By pseudonyms of callers, as thresholds alone."),
    Customary(
        "Staff safety", ("safety-events",), "Police asked for and silence; injuries are in the provider's record."
    ),
    Customary("Phases compared", ("phases", "shadow-team"), "Shadow over-counts: its teams never get busy."),
    Customary(
        "One row for each call",
        (),
        "Not a figure: the export of calls, for those who may have it; never on the public page.",
    ),
    Customary(
        "Share of all 911 calls",
        (),
        "careroute sees the calls that a CAD publishes to it, which need not be all of them.",
    ),
    Customary(
        "Age, race and gender, with how many are not stated",
        (),
        "No CAD event says them. Join the provider's record to the export by call.",
    ),
    Customary(
        "Arrests, force and involuntary holds", (), "They are in police and provider records; join by the CAD's number."
    ),
    Customary(
        "Cost of a call", (), "Budgets and wages are not in careroute; hours of teams on calls are in the export."
    ),
)
