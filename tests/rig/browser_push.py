"""A browser's half of web push: its keys, its subscription, and how it reads what was sealed for it (RFC 8291)."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SALT_BYTES, SIZE_BYTES, KEY_LENGTH_AT = 16, 4, 20
LAST_RECORD = b"\x02"


def b64url(raw: bytes) -> str:
    """As browsers write their keys."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_b64url(text: str) -> bytes:
    """What such a text says."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as it stands in subscriptions and headers."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass(frozen=True, slots=True)
class BrowserPush:
    """A subscription, and the keys that only its browser has."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def subscription(self) -> str:
        """As a page's script sends it."""
        keys = {"p256dh": b64url(point_of(self.key.public_key())), "auth": b64url(self.auth)}
        return json.dumps({"endpoint": self.endpoint, "expirationTime": None, "keys": keys})

    def read(self, body: bytes) -> Any:
        """The JSON in one sealed push. Written from the RFCs, and apart from what seals it. Raises InvalidTag."""
        salt = body[:SALT_BYTES]
        length = body[KEY_LENGTH_AT]
        sender = body[KEY_LENGTH_AT + 1 : KEY_LENGTH_AT + 1 + length]
        sealed = body[KEY_LENGTH_AT + 1 + length :]
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        info = b"WebPush: info\x00" + point_of(self.key.public_key()) + sender
        secret = _hkdf(self.auth, shared, info, 32)
        key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\x00", 12)
        plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        if not plain.endswith(LAST_RECORD):
            raise ValueError("no last record")
        return json.loads(plain[:-1])


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
