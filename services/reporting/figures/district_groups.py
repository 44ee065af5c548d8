"""Which districts are one group in public tables: fixed in advance, so that few are too small to be published."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter

DistrictGroups = Mapping[str, Mapping[str, str]]
"""By agency, the group of each district; a district without one is a group by itself."""

_FILE = TypeAdapter(dict[str, dict[str, tuple[str, ...]]])


def district_groups_of(file: str | Path) -> DistrictGroups:
    """Read a file that has a table for each agency: `"North side" = ["Harbor", "Hillside"]`. Raises ValueError."""
    try:
        agencies = _FILE.validate_python(tomllib.loads(Path(file).read_text("utf-8")))
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}.") from None
    for agency, groups in agencies.items():
        listed = Counter(district for districts in groups.values() for district in districts)
        twice = sorted(district for district, count in listed.items() if count > 1)
        if twice:
            raise ValueError(f"{agency}: {', '.join(twice)} may be in one group only.")
    return {
        agency: {district: group for group, districts in groups.items() for district in districts}
        for agency, groups in agencies.items()
    }
