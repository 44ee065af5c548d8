"""The star schema: every table once. No column is personal; ids of staff stand in `command`, `offer` and `page` alone.

A fact that is a record of its own is known by where that record stands, so it is there once, and a double shows.
Anything else is known by the id that the journals give it.
"""

from services.reporting.store.bookkeeping import FAULT, PLACE, PROJECTION, RECORD
from services.reporting.store.columns import METADATA
from services.reporting.store.judged import (
    AGENCY,
    COMMAND,
    DOCUMENT,
    GATE,
    IN_FORCE,
    JUDGEMENT,
    REFERRAL,
    SWITCH,
    VERDICT,
    VERSION,
)
from services.reporting.store.published import PUBLICATION
from services.reporting.store.routed import BYPASS, EPISODE, OFFER, OUTCOME, OUTCOME_REASON, STEP
from services.reporting.store.served import ASSIGNMENT, CAD_MESSAGE, PAGE, SAFETY, SHIFT, STATUS, TEAM

PROJECTION_VERSION = 5
"""Raised when facts come to mean something else: then the store has to be made anew (`careroute report rebuild`)."""

__all__ = [
    "AGENCY", "ASSIGNMENT", "BYPASS", "CAD_MESSAGE", "COMMAND", "DOCUMENT", "EPISODE", "FAULT", "GATE", "IN_FORCE",
    "JUDGEMENT", "METADATA", "OFFER", "OUTCOME", "OUTCOME_REASON", "PAGE", "PLACE", "PROJECTION", "PROJECTION_VERSION",
    "PUBLICATION", "RECORD", "REFERRAL", "SAFETY", "SHIFT", "STATUS", "STEP", "SWITCH", "TEAM", "VERDICT", "VERSION",
]  # fmt: skip
