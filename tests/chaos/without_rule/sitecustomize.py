"""Put on a process's path, it takes the ownership rule out: late writes count, and a lost claim goes unnoticed.

For one purpose: to show that chaos finds it. The services themselves have no such switch.
"""

import sys

if any(part.startswith("services.") for part in sys.orig_argv):
    from shared.engine import journal, partition
    from shared.engine.broker import Stored
    from shared.events import Claimed

    def _counts(self: journal.Ownership, record: Stored) -> bool:
        if record.headers.get("type") == b"claimed":
            claim = Claimed.model_validate_json(record.value)
            return self.claim(claim.epoch, claim.writer)
        return True

    assert {"counts", "claim"} <= vars(journal.Ownership).keys()
    assert "_check_foreign" in vars(partition.Partition)
    journal.Ownership.counts = _counts  # type: ignore[method-assign]
    partition.Partition._check_foreign = lambda *_: None  # type: ignore[method-assign]
