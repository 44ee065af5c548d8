"""Seals the personal part of a call: address, call-back number, narrative. AES-256-GCM, bound to the call's id.

The key comes from the environment (`CAREROUTE_SEALING_KEY`: 32 bytes, base64). Opened only by triage, to look for the
programme's words, and by the page of a team that accepted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from typing import Annotated

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import AfterValidator, SecretStr

from shared.events import Sealed

KEY_BYTES = 32
NONCE_BYTES = 12


class CannotOpen(ValueError):
    """The sealed part was made with another key, for another call, or was changed."""


class Sealer:
    """Seals and opens with one key. Raises ValueError for a key that is not 32 bytes of base64."""

    def __init__(self, key: str) -> None:
        try:
            raw = base64.b64decode(key, validate=True)
        except binascii.Error as error:
            message = "the sealing key is not base64; make one with `careroute key seal`"
            raise ValueError(message) from error
        if len(raw) != KEY_BYTES:
            message = f"the sealing key has {len(raw)} bytes and needs {KEY_BYTES}; make one with `careroute key seal`"
            raise ValueError(message)
        self._cipher = AESGCM(raw)
        self._pseudonyms = hmac.digest(raw, b"careroute pseudonyms", "sha256")
        self.key_id = hashlib.sha256(raw).hexdigest()[:8]

    def seal(self, call_id: str, personal: Mapping[str, str]) -> Sealed:
        """Seal named texts for a call. The nonce is random: sealing happens at the door, never in a decision."""
        nonce = os.urandom(NONCE_BYTES)
        text = json.dumps(dict(personal), ensure_ascii=False, separators=(",", ":")).encode()
        ciphertext = self._cipher.encrypt(nonce, text, call_id.encode())
        return Sealed(
            key_id=self.key_id,
            nonce=base64.b64encode(nonce).decode(),
            ciphertext=base64.b64encode(ciphertext).decode(),
        )

    def open(self, call_id: str, sealed: Sealed) -> dict[str, str]:
        """The texts that were sealed. Raises CannotOpen."""
        try:
            text = self._cipher.decrypt(
                base64.b64decode(sealed.nonce), base64.b64decode(sealed.ciphertext), call_id.encode()
            )
        except (InvalidTag, binascii.Error, ValueError) as error:
            message = (
                f"sealed with key {sealed.key_id}, which is not this process's key {self.key_id}, or changed since"
            )
            raise CannotOpen(message) from error
        opened: dict[str, str] = json.loads(text)
        return opened

    def pseudonym(self, text: str) -> str:
        """The same for the same text, and no way back to it without the key; 16 hex digits."""
        return hmac.digest(self._pseudonyms, text.encode(), "sha256").hex()[:16]


def new_key() -> str:
    """A fresh sealing key, for the environment."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def _seals(key: SecretStr) -> SecretStr:
    Sealer(key.get_secret_value())
    return key


SealingKey = Annotated[SecretStr, AfterValidator(_seals)]
"""A setting: 32 bytes in base64; a wrong one is refused when the process starts."""
