"""Put on a process's path, it hides the snapshots from it: the state has to be folded from the whole journal."""

import sys

if any(part.startswith("services.") for part in sys.orig_argv):
    from collections.abc import Iterable
    from typing import Any

    from shared.engine import snapshot_cache, standby

    async def _none(_service: Any, _reader: Any, partitions: Iterable[int]) -> dict[int, snapshot_cache.Snapshots[Any]]:
        return {number: snapshot_cache.Snapshots() for number in partitions}

    assert "read_snapshots" in vars(standby)
    setattr(standby, "read_snapshots", _none)  # noqa: B010  # the name that the standby looks up
