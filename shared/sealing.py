"""Seals what is personal: AES-256-GCM, bound to what it belongs to. Pseudonyms are made here, too.

The key comes from the environment (`CAREROUTE_SEALING_KEY`: 32 bytes, base64). A second one may stand beside it, which
opens and never seals: so a key can be changed while every process runs (`careroute key rotate` says how). Pseudonyms
have to outlive that, or no caller and no number would be known again: they have a key of their own.

Addresses and names of staff are sealed with the key itself (`shared.contacts`), calls with keys of their own that are
sealed with it (`shared.call_keys`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from typing import Annotated, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import AfterValidator, Field, SecretStr, model_validator

from shared.config import Environment
from shared.events import Sealed
from shared.telemetry import KEY

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID_LENGTH = 8


class CannotOpen(ValueError):
    """The sealed part was made with another key, for something else, or was changed; or its key is erased."""


class Key:
    """One key: seals and opens."""

    def __init__(self, raw: bytes, key_id: str) -> None:
        self._cipher, self.key_id = AESGCM(raw), key_id

    def seal(self, bound_to: str, personal: Mapping[str, str]) -> Sealed:
        """Seal named texts. The nonce is random: sealing happens at the door, never in a decision."""
        text = json.dumps(dict(personal), ensure_ascii=False, separators=(",", ":")).encode()
        nonce, ciphertext = self.encrypt(bound_to, text)
        return Sealed(
            key_id=self.key_id,
            nonce=base64.b64encode(nonce).decode(),
            ciphertext=base64.b64encode(ciphertext).decode(),
        )

    def open(self, bound_to: str, sealed: Sealed) -> dict[str, str]:
        """The texts that were sealed. Raises CannotOpen."""
        try:
            nonce, ciphertext = base64.b64decode(sealed.nonce), base64.b64decode(sealed.ciphertext)
        except (binascii.Error, ValueError) as error:
            raise self._cannot_open(bound_to) from error
        opened: dict[str, str] = json.loads(self.decrypt(bound_to, nonce, ciphertext))
        return opened

    def encrypt(self, bound_to: str, plain: bytes) -> tuple[bytes, bytes]:
        """A random nonce, and what was sealed with it."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce, self._cipher.encrypt(nonce, plain, bound_to.encode())

    def decrypt(self, bound_to: str, nonce: bytes, ciphertext: bytes) -> bytes:
        """What was sealed. Raises CannotOpen."""
        try:
            return self._cipher.decrypt(nonce, ciphertext, bound_to.encode())
        except (InvalidTag, ValueError) as error:
            raise self._cannot_open(bound_to) from error

    def _cannot_open(self, bound_to: str) -> CannotOpen:
        return CannotOpen(f"sealed with key {self.key_id}, for something else than {bound_to}, or changed since")


class Sealer:
    """Seals with one key, opens with two. Raises ValueError for a key that is not 32 bytes of base64."""

    def __init__(self, key: str, second: str = "", pseudonym_key: str = "") -> None:
        raw = _raw(key)
        self._key = _named(raw)
        self._keys = {self._key.key_id: self._key}
        if second:
            other = _named(_raw(second))
            self._keys.setdefault(other.key_id, other)
        self._pseudonyms = _raw(pseudonym_key) if pseudonym_key else _pseudonyms_of(raw)
        self.key_id, self.pseudonym_key_id = self._key.key_id, _id_of(self._pseudonyms)

    @property
    def key_ids(self) -> frozenset[str]:
        """What it opens."""
        return frozenset(self._keys)

    @property
    def second_key_ids(self) -> frozenset[str]:
        """What it opens, and does not seal with."""
        return self.key_ids - {self.key_id}

    def uses(self) -> list[tuple[str, str]]:
        """Each key with its use, by what says nothing of it: so a rotation can be watched."""
        opens = (("opens", key_id) for key_id in self.second_key_ids)
        return [("seals", self.key_id), *opens, ("pseudonyms", self.pseudonym_key_id)]

    def seal(self, bound_to: str, personal: Mapping[str, str]) -> Sealed:
        """Seal named texts."""
        return self._key.seal(bound_to, personal)

    def open(self, bound_to: str, sealed: Sealed) -> dict[str, str]:
        """The texts that were sealed. Raises CannotOpen."""
        return self._key_of(sealed.key_id).open(bound_to, sealed)

    def seal_bytes(self, bound_to: str, plain: bytes) -> bytes:
        """Seal what is no text: the key's id, the nonce, and what was sealed."""
        nonce, ciphertext = self._key.encrypt(bound_to, plain)
        return self.key_id.encode() + nonce + ciphertext

    def open_bytes(self, bound_to: str, sealed: bytes) -> bytes:
        """What `seal_bytes` has sealed. Raises CannotOpen."""
        key_id, rest = sealed[:KEY_ID_LENGTH], sealed[KEY_ID_LENGTH:]
        return self._key_of(key_id.decode(errors="replace")).decrypt(bound_to, rest[:NONCE_BYTES], rest[NONCE_BYTES:])

    def is_former(self, sealed: bytes) -> bool:
        """Whether what `seal_bytes` has sealed was sealed with another key than the present one."""
        return not sealed.startswith(self.key_id.encode())

    def _key_of(self, key_id: str) -> Key:
        key = self._keys.get(key_id)
        if key is None:
            message = f"sealed with key {key_id}, and this process has {', '.join(sorted(self._keys))}"
            raise CannotOpen(message)
        return key

    def pseudonym(self, text: str) -> str:
        """The same for the same text, and no way back to it without the key; 16 hex digits."""
        return hmac.digest(self._pseudonyms, text.encode(), "sha256").hex()[:16]


def new_key() -> str:
    """A fresh sealing key, for the environment."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def pseudonym_key_of(sealing_key: str) -> str:
    """The key that pseudonyms are made with where none is given. Raises ValueError."""
    return base64.b64encode(_pseudonyms_of(_raw(sealing_key))).decode()


def _raw(key: str) -> bytes:
    try:
        raw = base64.b64decode(key, validate=True)
    except ValueError as error:
        message = f"is not base64: {_WHOLE}"
        raise ValueError(message) from error
    if len(raw) != KEY_BYTES:
        message = f"has {len(raw)} bytes and needs {KEY_BYTES}: {_WHOLE}"
        raise ValueError(message)
    return raw


_WHOLE = "give it the whole key as `careroute key` printed it; a new one opens nothing of what there is"


def _named(raw: bytes) -> Key:
    return Key(raw, _id_of(raw))


def _id_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:KEY_ID_LENGTH]


def _pseudonyms_of(raw: bytes) -> bytes:
    return _made_of(raw, "careroute pseudonyms")


def key_made_of(secret: str, use: str) -> str:
    """A sealing key for one use, made of another secret: who has the key learns nothing of that."""
    return base64.b64encode(_made_of(secret.encode(), use)).decode()


def _made_of(secret: bytes, use: str) -> bytes:
    return hmac.digest(secret, use.encode(), "sha256")


def _seals(key: SecretStr) -> SecretStr:
    _raw(key.get_secret_value())
    return key


SealingKey = Annotated[SecretStr, AfterValidator(_seals)]
"""A setting: 32 bytes in base64; a wrong one is refused when the process starts."""
FurtherKey = Annotated[SecretStr, AfterValidator(lambda key: _seals(key) if key.get_secret_value() else key)]
"""The same, or empty."""


class KeySettings(Environment):
    """The keys of a process that may do without them."""

    sealing_key: SealingKey | None = Field(default=None, description="32 bytes, base64: the key that intake seals with")
    second_sealing_key: FurtherKey = Field(
        default=SecretStr(""), description="opens too: the next one before a rotation, the former one after it"
    )
    pseudonym_key: FurtherKey = Field(
        default=SecretStr(""),
        description="makes pseudonyms, and stays when the sealing key is changed; empty: made from the sealing key",
    )

    @model_validator(mode="after")
    def _two_are_two(self) -> Self:
        """While two places are written one after the other, one key stands in both, and the other nowhere."""
        key, second = self.sealing_key, self.second_sealing_key.get_secret_value()
        if key is not None and second and _raw(key.get_secret_value()) == _raw(second):
            raise ValueError(
                "CAREROUTE_SEALING_KEY and CAREROUTE_SECOND_SEALING_KEY hold the same key: what the other one has "
                "sealed would not be opened; `careroute key rotate` has printed what stands where"
            )
        return self

    @model_validator(mode="after")
    def _pseudonyms_last(self) -> Self:
        if self.second_sealing_key.get_secret_value() and not self.pseudonym_key.get_secret_value():
            raise ValueError(
                "CAREROUTE_PSEUDONYM_KEY is needed beside a second sealing key: `careroute key rotate` prints it"
            )
        return self

    def sealer_with(self, key: SecretStr) -> Sealer:
        """What seals with this key, and opens with the second one, too."""
        second, pseudonyms = self.second_sealing_key.get_secret_value(), self.pseudonym_key.get_secret_value()
        sealer = Sealer(key.get_secret_value(), second, pseudonyms)
        for use, key_id in sealer.uses():
            KEY.labels(use, key_id).set(1)
        return sealer


class SealingSettings(KeySettings):
    """Settings of a process that seals, or opens."""

    sealing_key: SealingKey = Field(description="32 bytes, base64: seals what is personal; the same in every process")

    @property
    def sealer(self) -> Sealer:
        """What seals and opens in this process."""
        return self.sealer_with(self.sealing_key)
