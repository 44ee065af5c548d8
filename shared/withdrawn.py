"""Why an offer or an assignment was taken back, in the words that its team reads, by the code in the event."""

from __future__ import annotations

from collections.abc import Mapping

WITHDRAWN: Mapping[str, str] = {
    "cancelled": "The call was cancelled.",
    "overridden": "The dispatcher decided otherwise.",
    "paused": "Alternative responses are paused in this district.",
    "routed": "The call has been settled otherwise.",
    "signed-off": "Your team has signed off.",
    "upgraded": "The call has become more dangerous.",
    "may-not-go": "The call has proved to be none for your team.",
    "taken": "The call or your team was taken in the meantime.",
    "out-of-service": "Your team is out of service.",
    "no-working-way": "Nobody of your team could be reached.",
    "crew-changed": "Other people are on your team from now on.",
    "not-needed": "Another team is there sooner.",
    "needed-first": "Somebody on scene needs your team first.",
    "shift-ends": "Your shift ends before you could have done the call.",
    "withdrawn": "You were taken off the call by name.",
}
