"""Fresh keys, tokens and secrets for a set of agencies, and the agencies file that knows their hashes."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.agencies import Role, SourceKind, hash_of, new_signing_secret
from shared.audit_log.chain import new_audit_key
from shared.card_numbers import written
from shared.private_file import write_private
from shared.sealing import new_key

PEOPLE: Mapping[str, tuple[Role, ...]] = {
    "ana": ("supervisor",),
    "ben": ("approver",),
    "cleo": ("dispatcher",),
    "vera": ("viewer",),
}
"""Who an agency has where nobody else is named; nobody may approve what they proposed."""


def people_with(staff: Iterable[str]) -> Mapping[str, tuple[Role, ...]]:
    """Those who run an agency, and its staff."""
    return {**PEOPLE, **dict.fromkeys(staff, ("staff",))}


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A CAD that publishes for an agency; with an address, it is told outcomes there."""

    name: str = "cad"
    webhook_url: str | None = None
    replay: bool = False
    kind: SourceKind = "cad"


@dataclass(frozen=True, slots=True)
class AgencySpec:
    """An agency to make keys for."""

    name: str
    sources: tuple[SourceSpec, ...] = (SourceSpec(),)
    people: Mapping[str, tuple[Role, ...]] = field(default_factory=lambda: PEOPLE)
    zone: str = ""
    carriers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """By carrier, the account as the agencies file has it."""


class Access:
    """Every secret of one stack, made fresh when the value is made."""

    def __init__(self, agencies: Iterable[AgencySpec]) -> None:
        self._agencies = tuple(agencies)
        self.sealing_key = new_key()
        self.audit_key = new_audit_key()
        self.link_secret = secrets.token_urlsafe(32)
        self.reporting_key = secrets.token_urlsafe(32)
        self._keys = {(a.name, s.name): secrets.token_urlsafe(32) for a in self._agencies for s in a.sources}
        self._tokens = {(a.name, person): secrets.token_urlsafe(32) for a in self._agencies for person in a.people}
        self._webhook_secrets = {at: new_signing_secret() for at in self._keys}
        self._page_secrets = {agency.name: new_signing_secret() for agency in self._agencies}

    def key(self, agency: str, source: str = "cad") -> str:
        """The API key of a CAD."""
        return self._keys[agency, source]

    def token(self, agency: str, person: str) -> str:
        """The token of a person."""
        return self._tokens[agency, person]

    def webhook_secret(self, agency: str, source: str = "cad") -> str:
        """What signs the messages to a CAD."""
        return self._webhook_secrets[agency, source]

    def page_secret(self, agency: str) -> str:
        """What signs the webhook pages to an agency's staff."""
        return self._page_secrets[agency]

    @property
    def card_numbers(self) -> str:
        """The senders of every agency, as the pocket door is told them."""
        return written({agency.name: _senders(agency) for agency in self._agencies})

    def write(self, path: Path) -> None:
        """Write the agencies file: hashes of keys and tokens, and the secrets that sign; for its owner's eyes only."""
        lines: list[str] = []
        for agency in self._agencies:
            lines += [f"[agencies.{_text(agency.name)}]", f"page_secret = {_text(self.page_secret(agency.name))}"]
            lines += [f"zone = {_text(agency.zone)}"] if agency.zone else []
            for carrier, account in agency.carriers.items():
                lines.append(f"[agencies.{_text(agency.name)}.carriers.{carrier}]")
                lines += [f"{key} = {json.dumps(value)}" for key, value in account.items()]
            for source in agency.sources:
                lines.append(f"[agencies.{_text(agency.name)}.sources.{_text(source.name)}]")
                lines.append(f"keys = [{_text(hash_of(self.key(agency.name, source.name)))}]")
                lines.append(f"replay = {str(source.replay).lower()}")
                lines.append(f"kind = {_text(source.kind)}")
                if source.webhook_url:
                    secret = self.webhook_secret(agency.name, source.name)
                    lines.append(f"webhook = {{ url = {_text(source.webhook_url)}, secret = {_text(secret)} }}")
            for person, roles in agency.people.items():
                lines.append(f"[agencies.{_text(agency.name)}.people.{_text(person)}]")
                lines.append(f"token = {_text(hash_of(self.token(agency.name, person)))}")
                lines.append(f"roles = [{', '.join(map(_text, roles))}]")
        write_private(path, "\n".join(lines) + "\n")


def _text(value: str | list[str]) -> str:
    return json.dumps(value)  # of these characters a JSON string, or a list of some, is TOML's


def _senders(agency: AgencySpec) -> tuple[str, ...]:
    """Every number that an agency's carriers send from."""
    numbers: list[str] = []
    for account in agency.carriers.values():
        senders = account.get("senders")
        numbers += map(str, senders) if isinstance(senders, list) else ()
    return tuple(dict.fromkeys(numbers))
