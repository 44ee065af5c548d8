"""What the console has to know of the programme document in force: names and the time zone, not what it decides."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from services.console.view.agency import AgencyView
from services.console.view.records import DocumentSeen

UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class DocumentInForce:
    """The document in force, by what people call things in it; without one, by what the switchboard names."""

    version: int | None
    document_hash: str
    programme: str
    default: str
    """What the CAD sends when careroute says nothing, in the agency's words."""
    zone: ZoneInfo
    districts: tuple[str, ...]
    responses: tuple[str, ...]

    @staticmethod
    def of(seen: AgencyView) -> DocumentInForce:
        """The document in force at an agency."""
        active = next((document for document in seen.documents.values() if document.state == "active"), None)
        phases = seen.switchboard.phases.values()
        switched = tuple(sorted({phase.district for phase in phases})), tuple(sorted({p.response for p in phases}))
        if active is None:
            return DocumentInForce(None, "", "", "", UTC, *switched)
        return _read(active, *switched)


def _read(active: DocumentSeen, districts: tuple[str, ...], responses: tuple[str, ...]) -> DocumentInForce:
    names = _names(active.document)
    return DocumentInForce(
        active.version,
        active.document_hash,
        names.programme,
        names.default,
        names.zone,
        names.districts or districts,
        names.responses or responses,
    )


@dataclass(frozen=True, slots=True)
class _Names:
    programme: str = ""
    default: str = ""
    zone: ZoneInfo = UTC
    districts: tuple[str, ...] = ()
    responses: tuple[str, ...] = ()


@lru_cache(maxsize=64)
def _names(text: str) -> _Names:
    """It was verified when it was proposed; one that cannot be read here leaves out names, never a page."""
    try:
        raw = tomllib.loads(text)
        zone = ZoneInfo(str(raw.get("time_zone", "UTC")))
    except (ValueError, OSError, RecursionError):  # ZoneInfoNotFoundError is a KeyError and is caught below
        return _Names()
    except KeyError:
        return _Names()
    return _Names(
        str(raw.get("programme", "")),
        str(raw.get("default", "")),
        zone,
        _keys(raw.get("districts")),
        _keys(raw.get("responses")),
    )


def _keys(table: Any) -> tuple[str, ...]:
    names: Iterable[Any] = table if isinstance(table, dict) else ()
    return tuple(map(str, names))
