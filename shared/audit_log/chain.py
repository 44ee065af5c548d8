"""The links of the audit log: each record authenticates itself, the one before it, and what its writer had seen.

Many processes append to a partition, so each has a *chain* of its own there: a random name, numbers from 1, and in each
record the authentication code (HMAC-SHA-256, cut to 128 bits) of the one before. The code covers partition, key, value
and every header, so that nobody without the key changes or adds a record. A record also cites the *heads* of the other
chains: the last that its writer had read of each, as far as it has not cited them before. So the end of a chain that
was cut off is missed by whoever comes after it, in that chain or in another. What nobody came after is guarded by
heads that are kept elsewhere (`careroute audit heads`).

A process that does not know whether a batch was written begins a new chain and writes it there again: no record is
ever repeated in a chain, and none is lost by asking twice.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from shared.engine.broker import Record, Stored

KEY_BYTES: Final = 32
CODE_BYTES: Final = 16
CHAIN_BYTES: Final = 8
LINK, CODE = "link", "code"
"""The headers that make a record a link."""
MOST_HEADS: Final = 64
"""So many heads are cited by one record; the others by the next."""


class ChainKeys:
    """The keys of the chains: the first makes them, the others are still known. Raises ValueError."""

    def __init__(self, text: str) -> None:
        keys = [_key(part) for part in text.split(",")]
        self._keys = {hashlib.sha256(key).hexdigest()[:8]: key for key in keys}
        self.newest_id = next(iter(self._keys))

    def key(self, key_id: str) -> bytes | None:
        """A key by its id."""
        return self._keys.get(key_id)

    @property
    def newest(self) -> bytes:
        """The key that new records are authenticated with."""
        return self._keys[self.newest_id]


def _key(part: str) -> bytes:
    try:
        raw = base64.b64decode(part.strip(), validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != KEY_BYTES:
        message = f"an audit key is {KEY_BYTES} bytes in base64; make one with `careroute key audit`"
        raise ValueError(message)
    return raw


def new_audit_key() -> str:
    """A fresh key."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _are_keys(text: SecretStr) -> SecretStr:
    ChainKeys(text.get_secret_value())
    return text


AuditKeys = Annotated[
    SecretStr,
    AfterValidator(_are_keys),
    Field(description="32 bytes, base64: authenticates the audit log; after a comma, keys of before"),
]
"""A setting: the key of the audit log's chains, and those before it that are still known."""


ChainName = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]


class Head(BaseModel):
    """The last record of a chain that somebody had seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chain: ChainName
    number: int = Field(ge=1, lt=2**63)
    code: str
    at: AwareDatetime


class Link(BaseModel):
    """What a record says of its place: its chain, its number, the record before it, and heads of other chains."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chain: ChainName
    number: int = Field(ge=1, lt=2**63)
    at: AwareDatetime
    key_id: str
    previous_code: str = ""
    previous_at: AwareDatetime | None = None
    heads: tuple[Head, ...] = ()


def link_of(stored: Stored) -> Link | None:
    """The link that a record says it is; None where it says nothing of the kind."""
    try:
        return Link.model_validate_json(stored.headers.get(LINK, b""))
    except ValidationError:
        return None


def head_of(stored: Stored) -> Head | None:
    """A record as a head; None for what is no link."""
    link = link_of(stored)
    if link is None:
        return None
    return Head(chain=link.chain, number=link.number, code=code_in(stored), at=link.at)


def code_in(stored: Stored) -> str:
    """The authentication code that a record carries."""
    return stored.header(CODE)


def code_of(key: bytes, partition: int, record_key: str, headers: Mapping[str, bytes], value: bytes) -> str:
    """The authentication code of a record: over all that stands in it but the code itself."""
    code = hmac.new(key, b"careroute audit log 1", "sha256")
    parts = [str(partition).encode(), record_key.encode(), value]
    parts += [part for name in sorted(headers) if name != CODE for part in (name.encode(), headers[name])]
    for part in parts:
        code.update(len(part).to_bytes(4, "big"))
        code.update(part)
    return code.hexdigest()[: 2 * CODE_BYTES]


def is_genuine(keys: ChainKeys, stored: Stored) -> bool:
    """Whether a record was written by somebody with one of the keys, and not changed since."""
    link = link_of(stored)
    key = None if link is None else keys.key(link.key_id)
    if key is None:
        return False
    code = code_of(key, stored.partition, stored.key, stored.headers, stored.value)
    return hmac.compare_digest(code.encode(), stored.headers.get(CODE, b""))


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain as its writer knows it: its name and its last record."""

    partition: int
    name: str
    number: int = 0
    code: str = ""
    at: datetime | None = None

    @classmethod
    def begun(cls, partition: int) -> Chain:
        """A new chain, under a name that nobody had before."""
        return cls(partition, secrets.token_hex(CHAIN_BYTES))

    @property
    def head(self) -> Head | None:
        """Its last record; None before there is one."""
        return None if self.at is None else Head(chain=self.name, number=self.number, code=self.code, at=self.at)

    def extended(
        self, keys: ChainKeys, records: Iterable[Record], heads: Sequence[Head], at: datetime
    ) -> tuple[list[Record], Chain]:
        """The records as the next links, of which the first cites these heads; and the chain with them."""
        chain = self
        linked: list[Record] = []
        for record in records:
            link = Link(
                chain=chain.name,
                number=chain.number + 1,
                at=at,
                key_id=keys.newest_id,
                previous_code=chain.code,
                previous_at=chain.at,
                heads=tuple(heads[:MOST_HEADS]) if not linked else (),
            )
            headers = (*record.headers, (LINK, link.model_dump_json(exclude_defaults=True).encode()))
            code = code_of(keys.newest, chain.partition, record.key, dict(headers), record.value)
            linked.append(replace(record, headers=(*headers, (CODE, code.encode()))))
            chain = replace(chain, number=link.number, code=code, at=at)
        return linked, chain
