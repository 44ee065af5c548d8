"""Put on a process's path, it hides the snapshots from it: the state has to be folded from the whole journal."""

import sys

if any(part.startswith("services.") for part in sys.orig_argv):
    from typing import Any

    import shared.engine.partition
    from shared.engine import snapshots

    async def _none(*_: Any) -> snapshots.Kept[Any]:
        return snapshots.Kept()

    assert "read_snapshots" in vars(shared.engine.partition)
    setattr(shared.engine.partition, "read_snapshots", _none)  # noqa: B010  # the name that the claim looks up
