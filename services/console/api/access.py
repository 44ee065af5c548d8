"""Who is at the door, and what each role may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal, Protocol

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.agencies import Agency, Principal, Role, Source
from shared.doors.audit import UNKNOWN, Approach, Asker, Register
from shared.doors.guard import bearer_of
from shared.doors.problems import Problem

Right = Literal[
    "read-calls",
    "read",
    "read-people",
    "pause",
    "resume",
    "review",
    "set-phase",
    "set-cap",
    "close-referral",
    "propose",
    "approve",
    "reject",
    "roll-back",
    "override",
    "confirm",
    "define",
    "sign-on",
    "revoke-links",
    "revoke-token",
    "enrol-device",
    "revoke-device",
    "report",
    "release-team",
    "withdraw-team",
    "answer-offer",
    "operate-cad",
    "read-figures",
    "export-calls",
    "publish-figures",
    "acknowledge",
    "set-contact",
    "erase-person",
    "erase-call",
    "plan-shifts",
    "change-own-plan",
    "call-roll",
    "read-audit-log",
]

PEOPLE: frozenset[Role] = frozenset({"dispatcher", "supervisor", "approver", "staff", "viewer"})
"""The roles that a person can have: that of a CAD goes with its key, and with the one source whose key that is."""
RIGHTS: dict[Right, frozenset[Role]] = {
    "read-calls": PEOPLE | {"cad"},
    "read": PEOPLE,
    "read-people": frozenset({"dispatcher", "supervisor"}),
    "pause": frozenset({"dispatcher", "supervisor"}),
    "resume": frozenset({"supervisor"}),
    "review": frozenset({"supervisor", "approver"}),
    "set-phase": frozenset({"supervisor"}),
    "set-cap": frozenset({"supervisor"}),
    "close-referral": frozenset({"dispatcher", "supervisor", "staff"}),
    "propose": frozenset({"supervisor"}),
    "approve": frozenset({"approver"}),
    "reject": frozenset({"approver", "supervisor"}),
    "roll-back": frozenset({"supervisor"}),
    "override": frozenset({"dispatcher", "supervisor"}),
    "confirm": frozenset({"dispatcher", "supervisor"}),
    "define": frozenset({"supervisor"}),
    "sign-on": frozenset({"staff", "dispatcher", "supervisor"}),
    "revoke-links": frozenset({"staff", "dispatcher", "supervisor"}),
    "revoke-token": frozenset({"supervisor"}),
    "enrol-device": frozenset({"staff", "supervisor"}),
    "revoke-device": frozenset({"staff", "dispatcher", "supervisor"}),
    "report": frozenset({"staff", "supervisor"}),
    "release-team": frozenset({"dispatcher", "supervisor"}),
    "withdraw-team": frozenset({"dispatcher", "supervisor"}),
    "answer-offer": frozenset({"staff", "supervisor"}),
    "operate-cad": frozenset({"supervisor"}),
    "read-figures": frozenset({"supervisor", "approver", "viewer"}),
    "export-calls": frozenset({"supervisor"}),
    "publish-figures": frozenset({"approver"}),
    "acknowledge": frozenset({"dispatcher", "supervisor"}),
    "set-contact": frozenset({"staff", "supervisor"}),
    "erase-person": frozenset({"supervisor"}),
    "erase-call": frozenset({"supervisor"}),
    "plan-shifts": frozenset({"supervisor"}),
    "change-own-plan": frozenset({"staff", "supervisor"}),
    "call-roll": frozenset({"staff", "dispatcher", "supervisor"}),
    "read-audit-log": frozenset({"supervisor", "approver"}),
}
"""Which roles have a right. Staff have theirs for themselves only, a CAD for the calls of its own source only."""


class Agencies(Protocol):
    """The part of the agencies file that this door asks."""

    @property
    def refused_since(self) -> datetime | None:
        """Since when the file is wrong or gone, and the one before it in force."""
        ...

    def remark(self) -> str:
        """What somebody should know who asks whether the door is ready."""
        ...

    def agency(self, name: str) -> Agency | None:
        """One agency's doors."""
        ...

    def revoke(self, agency: str, token_hash: str) -> None:
        """Let an agency's token or key in no more."""
        ...

    def person_of(self, token: str) -> Principal | None:
        """The person that a token belongs to."""
        ...

    def person_with(self, key: str) -> Principal | None:
        """The person who is known under this hash, of a token or of a `sign_in`, for as long as it lets them in."""
        ...

    def source_of(self, key: str) -> Source | None:
        """The source that a key belongs to."""
        ...

    def names(self) -> tuple[str, ...]:
        """Every agency that has a door."""
        ...

    def may_pause(self, agency: str) -> bool:
        """Whether somebody there can reach the stop switch."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody at the door, by name and roles."""

    agency: str
    name: str
    roles: frozenset[Role]
    source: str | None = None
    """For a CAD: its source."""
    approach: Approach = field(default=UNKNOWN, compare=False)
    """How they came to the door."""

    @property
    def asker(self) -> Asker:
        """Who they are in the audit log."""
        return Asker.person(self.agency, self.name, self.roles, self.approach)

    @property
    def only_own_shift(self) -> bool:
        """Whether they act for themselves only."""
        return "supervisor" not in self.roles

    @property
    def may_vouch(self) -> bool:
        """Whether their word stands for another's: who is on a team, and whose links are to end."""
        return not self.roles.isdisjoint({"dispatcher", "supervisor"})


BEARER = HTTPBearer(auto_error=False, description="Your token; a CAD: its key.")


async def asking(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> Asking:
    """Who asks, by their token or key. Raises Problem (401)."""
    register: Register = request.app.state.register
    if credentials is None or not credentials.credentials:
        raise Problem(HTTPStatus.UNAUTHORIZED, "Send your token as `Authorization: Bearer …`.")
    if (who := _identified(request.app.state.agencies, credentials.credentials)) is None:
        register.refuse(request, "token")
        raise Problem(HTTPStatus.UNAUTHORIZED, "This token is not known here.")
    who = replace(who, approach=Approach.of(request, "token" if who.source is None else "key"))
    register.meet(who.asker)
    return who


def caller_of(request: Request) -> str | None:
    """The name under which the guard counts whoever asks."""
    who = _identified(request.app.state.agencies, bearer_of(request))
    return f"{who.agency}/{who.name}" if who else None


def _identified(agencies: Agencies, token: str) -> Asking | None:
    if (person := agencies.person_of(token)) is not None:
        return Asking(person.agency, person.name, person.roles & PEOPLE)
    if (source := agencies.source_of(token)) is not None:
        return Asking(source.agency, source.name, frozenset({"cad"}), source.name)
    return None


def may(right: Right) -> Callable[[Asking], Awaitable[Asking]]:
    """A dependency that lets in who has the right. Raises Problem (401, 403)."""

    async def check(who: Annotated[Asking, Depends(asking)]) -> Asking:
        if not who.roles & RIGHTS[right]:
            roles = " or ".join(sorted(RIGHTS[right]))
            raise Problem(HTTPStatus.FORBIDDEN, f"This needs the role {roles}; yours: {', '.join(sorted(who.roles))}.")
        return who

    return check


def visible(who: Asking, call_id: str) -> bool:
    """People see their agency's calls, a CAD those that it publishes itself."""
    inside = f"{who.agency}/" if who.roles & PEOPLE else f"{who.agency}/{who.source}/"
    return call_id.startswith(inside)
