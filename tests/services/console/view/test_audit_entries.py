"""What entries of the audit log say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.console.view.sentences import sentence_of
from shared import events

AT = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "1 s"), (18, "18 s"), (179, "179 s"), (180, "3 min"), (7_300, "121 min")]
)
def test_how_long_something_went_on_is_told_by_no_clock(seconds: int, said: str) -> None:
    """Beside 09:07 on the agency's clocks stood "3 times until 15:07:44 UTC"."""
    until = AT + timedelta(seconds=seconds)
    seen = events.PersonalDataSeen(at=AT, by="ann", what="names", times=3, until=until)
    assert sentence_of(seen) == f"ann saw the names of all staff, 3 times within {said}."
    lost = events.AuditEntriesLost(at=AT, by="console-1", count=9, until=until)
    assert sentence_of(lost) == f"9 entries of console-1 are lost: for {said} none could be written."
