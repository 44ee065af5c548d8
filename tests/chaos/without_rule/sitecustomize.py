"""Put on a process's path, it takes the ownership rule out: late writes count, and a lost claim goes unnoticed.

For one purpose: to show that chaos finds it. The services themselves have no such switch.
"""

import sys

if any(part.startswith("services.") for part in sys.orig_argv):
    from typing import Any

    from shared.engine import journal, writer
    from shared.engine.broker import Stored
    from shared.events import Claimed

    def _counts(self: journal.Ownership, record: Stored) -> bool:
        if record.headers.get("type") == b"claimed":
            claim = Claimed.model_validate_json(record.value)
            return self.claim(claim.epoch, claim.writer)
        return True

    async def _look_away(_writer: Any, _end: int) -> None:
        """Whoever else has written, it goes unnoticed."""

    assert {"counts", "claim"} <= vars(journal.Ownership).keys()
    assert "_read_gap" in vars(writer.JournalWriter)
    journal.Ownership.counts = _counts  # type: ignore[method-assign]
    setattr(writer.JournalWriter, "_read_gap", _look_away)  # noqa: B010  # a method of another type
