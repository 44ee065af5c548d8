"""Who is signed in at a browser: sessions that this door keeps, and links that begin one, once.

A browser holds a random id, and whoever follows a link a random secret; the door holds their hashes only, so that its
memory and its file let nobody in. A session stands on its person's token, or on their name at the identity provider: it
has the roles that the agencies file gives them now, and ends when that is revoked or taken out.
"""

from __future__ import annotations

import json
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from services.console.api.access import PEOPLE, Agencies, Asking
from shared.agencies import Principal, Role, hash_of, sign_in_hash
from shared.clock import Clock
from shared.private_file import write_private
from shared.telemetry import logger

LINK_LIFE = timedelta(minutes=15)
FRESH = timedelta(minutes=10)
"""So long after somebody has shown who they are, they need not do so again for what weighs most."""
SAVE_USE_EVERY = timedelta(minutes=1)
NEVER = datetime.min.replace(tzinfo=UTC)
MOST_SESSIONS, MOST_LINKS = 2_000, 200
SESSIONS_OF_ONE, LINKS_OF_ONE = 100, 10
"""Of one person: else whoever signs in again and again signs everybody out, at every agency."""

T = TypeVar("T")


@dataclass(slots=True)
class Session:
    """A browser that somebody is signed in at. Its id is not in it."""

    token_hash: str
    """Or the hash of a name at the identity provider."""
    began_at: datetime
    used_at: datetime
    """When somebody last did something there; that a page follows what happens is no use of it."""
    proved_at: datetime
    """When its person last showed who they are."""
    groups: tuple[str, ...] | None = None
    """The groups of the agencies file that the identity provider put them in; None: they came by a token."""
    shown_names: set[str] = field(default_factory=set)
    """Pages with names of staff of which the audit log has that they were opened here."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session, and who that is as things stand now."""

    session: Session
    session_hash: str
    who: Asking


_FILE = TypeAdapter(dict[str, Session])


class Sessions:
    """The sessions and links of a door. Of too many, of one person or of all, the one heard of longest ago goes."""

    def __init__(self, agencies: Agencies, clock: Clock, idle: timedelta, file: Path | None = None) -> None:
        """`idle`: how long a session lasts that nobody uses; `file`: where sessions outlive a restart, if anywhere."""
        self._agencies, self._clock, self._idle, self._file = agencies, clock, idle, file
        self._links: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        """Hash of a link's secret → hash of the token it stands for, and until when it is good."""
        self._sessions: OrderedDict[str, Session] = OrderedDict(self._load())
        self._saved_at = clock.now()

    # --- sessions

    def begin(self, token_hash: str) -> str:
        """Begin a session of whoever has this token; the id for the browser."""
        now = self._clock.now()
        return self._begin(Session(token_hash, now, now, now))

    def begin_named(self, person: Principal, groups: tuple[str, ...], proved_at: datetime | None) -> str | None:
        """Begin a session of somebody whom the identity provider names; None where they may do nothing here.

        `proved_at`: when they showed there who they are, as far as it says so.
        """
        now, table = self._clock.now(), self._groups_of(person)
        session = Session(
            sign_in_hash(person.sign_in or ""),
            now,
            now,
            min(proved_at or NEVER, now),
            tuple(group for group in groups if group in table),
        )
        return self._begin(session) if self._roles(person, session) else None

    def _begin(self, session: Session) -> str:
        session_id = secrets.token_urlsafe(32)
        self._sessions[hash_of(session_id)] = session
        _make_room(self._sessions, lambda each: each.token_hash == session.token_hash, SESSIONS_OF_ONE, MOST_SESSIONS)
        self._save()
        return session_id

    def signed_in(self, session_id: str, *, use: bool) -> SignedIn | None:
        """Who is signed in with this id; `use`: whether they did something, or a page of theirs only looks for news."""
        return self.look_up(hash_of(session_id), use=use)

    def look_up(self, session_hash: str, *, use: bool = False) -> SignedIn | None:
        """Who is signed in with the id of this hash; None where the session has ended, for whatever reason."""
        session, now = self._sessions.get(session_hash), self._clock.now()
        if session is None:
            return None
        person = self._agencies.person_with(session.token_hash)
        roles = self._roles(person, session) if person is not None else frozenset()
        if person is None or not roles or (now - session.used_at >= self._idle and not _only_watches(roles)):
            self.end(session_hash)
            return None
        self._sessions.move_to_end(session_hash)
        if use:
            session.used_at = now
            if now - self._saved_at >= SAVE_USE_EVERY:
                self._save()
        return SignedIn(session, session_hash, Asking(person.agency, person.name, roles))

    def _groups_of(self, person: Principal) -> Mapping[str, frozenset[Role]]:
        agency = self._agencies.agency(person.agency)
        return agency.groups if agency is not None else {}

    def _roles(self, person: Principal, session: Session) -> frozenset[Role]:
        """What somebody may do in a session, as the file stands now."""
        table = self._groups_of(person)
        if session.groups is None or not table:
            return person.roles & PEOPLE
        return PEOPLE.intersection(role for group in session.groups for role in table.get(group, ()))

    def end(self, session_hash: str) -> None:
        """Sign out."""
        if self._sessions.pop(session_hash, None) is not None:
            self._save()

    def prove(self, signed_in: SignedIn, token: str) -> bool:
        """Whether a token is that of whoever is signed in: they have shown once more who they are."""
        is_token = self._agencies.person_of(token) is not None
        if not is_token or not secrets.compare_digest(hash_of(token), signed_in.session.token_hash):
            return False
        signed_in.session.proved_at = self._clock.now()
        self._save()
        return True

    def is_fresh(self, session: Session) -> bool:
        """Whether somebody has shown who they are lately enough to approve a document, or to set a phase live."""
        return self._clock.now() - session.proved_at < FRESH

    # --- links

    def make_link(self, token: str) -> str:
        """The secret of a link that signs in, once, the person whose token this is."""
        secret, token_hash = secrets.token_urlsafe(32), hash_of(token)
        self._links[hash_of(secret)] = (token_hash, self._clock.now() + LINK_LIFE)
        _make_room(self._links, lambda each: each[0] == token_hash, LINKS_OF_ONE, MOST_LINKS)
        return secret

    def person_of_link(self, secret: str) -> Principal | None:
        """Whom a link would sign in."""
        token_hash, until = self._links.get(hash_of(secret), ("", self._clock.now()))
        return self._agencies.person_with(token_hash) if self._clock.now() < until else None

    def redeem(self, secret: str) -> str | None:
        """Begin a session by a link; None where it is used up, too old, or none. Afterwards it is used up."""
        person = self.person_of_link(secret)
        self._links.pop(hash_of(secret), None)
        return self.begin(person.token) if person is not None and person.token is not None else None

    # --- the file

    def _load(self) -> dict[str, Session]:
        if self._file is None or not self._file.exists():
            return {}
        try:
            return _FILE.validate_json(self._file.read_bytes())
        except (OSError, ValidationError) as error:
            logger().error("file of sessions not read: everybody signs in anew", error=type(error).__name__)
            return {}

    def _save(self) -> None:
        """Write the file anew. Where that fails the door goes on: its sessions then end with it."""
        self._saved_at = self._clock.now()
        if self._file is None:
            return
        text = json.dumps(_FILE.dump_python(dict(self._sessions), mode="json"))
        beside = self._file.with_suffix(".new")
        try:
            write_private(beside, text)
            beside.replace(self._file)
        except OSError as error:
            logger().error("file of sessions not written", error=type(error).__name__)


def _make_room(held: OrderedDict[str, T], is_theirs: Callable[[T], bool], most_of_one: int, most: int) -> None:
    """Let go of what was heard of longest ago: of one person's where they have too many, then of all."""
    theirs = [key for key, each in held.items() if is_theirs(each)]
    for key in theirs[: max(0, len(theirs) - most_of_one)]:
        del held[key]
    while len(held) > most:
        held.popitem(last=False)


def _only_watches(roles: frozenset[Role]) -> bool:
    """A screen on the wall is signed in as somebody who may only look: nobody touches it, and it stays."""
    return roles == {"viewer"}
