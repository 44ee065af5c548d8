"""Put on a process's path, it hides the snapshots from it: the state has to be folded from the whole journal."""

import sys

if any(part.startswith("services.") for part in sys.orig_argv):
    from typing import Any

    from shared.engine import claim, snapshots

    async def _none(*_: Any) -> snapshots.Snapshots[Any]:
        return snapshots.Snapshots()

    assert "read_snapshots" in vars(claim)
    setattr(claim, "read_snapshots", _none)  # noqa: B010  # the name that the claim looks up
