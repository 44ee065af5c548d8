"""What a door writes into the audit log: who asked, how the door knew them, what for, and from what kind of network."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, NamedTuple

from starlette.requests import Request

from shared.audit_log.log import AuditLog
from shared.clock import Clock
from shared.doors.guard import route_of
from shared.events import (
    AuditEntry,
    CameFrom,
    Identified,
    SignedIn,
    SignInRefused,
)

RECORD_SECONDS = 1.9
"""Whoever exports hears within two seconds that it cannot be written down."""
MOST_FIRST_USES = 20_000


class Approach(NamedTuple):
    """How a request came to the door."""

    identified: Identified = ""
    request: str = ""
    came_from: CameFrom = ""

    @classmethod
    def of(cls, request: Request, identified: Identified = "") -> Approach:
        """Of a request; what it asks for is named by its route, in which no link and no id stands."""
        return cls(identified, f"{request.method} {route_of(request.scope)}", _kind_of_network(request))


UNKNOWN = Approach()


def _kind_of_network(request: Request) -> CameFrom:
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:
        return ""
    if address.is_loopback:
        return "this-machine"
    return "private" if address.is_private else "public"


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks, as the audit log names them."""

    agency: str
    by: str = ""
    roles: tuple[str, ...] = ()
    approach: Approach = UNKNOWN

    @classmethod
    def person(cls, agency: str, by: str, roles: Iterable[str], approach: Approach) -> Asker:
        """Somebody with roles, which are put in order."""
        return cls(agency, by, tuple(sorted(roles)), approach)


class Register:
    """The audit log, as a door writes it."""

    def __init__(self, log: AuditLog, door: str, clock: Clock) -> None:
        self.log, self._door, self._clock = log, door, clock
        self._met: OrderedDict[tuple[str, str, Identified], None] = OrderedDict()

    def note(self, kind: type[AuditEntry], asker: Asker, **about: Any) -> None:
        """Write down what somebody did or saw. It never waits, and never fails."""
        self.log.record(asker.agency, self._entry(kind, asker, about))

    async def noted(self, kind: type[AuditEntry], asker: Asker, **about: Any) -> bool:
        """Write down what somebody is about to be given; whether it is durable. Without that they must not have it."""
        return await self.log.recorded(asker.agency, self._entry(kind, asker, about), RECORD_SECONDS)

    def refuse(self, request: Request, identified: Identified, agency: str = "", by: str = "") -> None:
        """Write down that somebody was not let in; without a name nobody is known by what they had."""
        self.note(SignInRefused, Asker(agency, by, approach=Approach.of(request, identified)))

    def meet(self, asker: Asker) -> None:
        """Write down that somebody came in, the first time since the door began that they did so in this way."""
        met = (asker.agency, asker.by, asker.approach.identified)
        if met in self._met:
            return
        self._met[met] = None
        if len(self._met) > MOST_FIRST_USES:
            self._met.popitem(last=False)
        self.note(SignedIn, asker)

    def _entry(self, kind: type[AuditEntry], asker: Asker, about: dict[str, Any]) -> AuditEntry:
        return kind(
            at=self._clock.now(),
            by=asker.by,
            roles=asker.roles,
            door=self._door,
            **asker.approach._asdict(),
            **about,
        )
