"""A push service as RFC 8030 has it: it takes what is left for a browser, and checks who left it, and how."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.rig.browser_push import BrowserPush, from_b64url

DAY_SECONDS = 86_400
MOST_BYTES = 4_096
HALF_SIGNATURE = 32


@dataclass(slots=True)
class Left:
    """One push that was left, as the browser reads it."""

    said: Any
    headers: dict[str, str]
    bytes: int
    claims: dict[str, Any]


@dataclass(slots=True)
class PushService:
    """Answers what it is told to, else 201; `pushes` is what its browser was handed."""

    public_key: str
    answers: list[web.Response] = field(default_factory=list)
    pushes: list[Left] = field(default_factory=list)
    asked: int = 0
    browser: BrowserPush = field(default_factory=lambda: BrowserPush(""))
    _runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Begin to listen; where a subscription leads."""
        app = web.Application()
        app.router.add_post("/send/{token}", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        assert self._runner.addresses
        self.browser = BrowserPush(f"http://127.0.0.1:{self._runner.addresses[0][1]}/send/a-browser")
        return self.browser.endpoint

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.asked += 1
        body = await request.read()
        if self.answers:
            return self.answers.pop(0)
        if (wrong := self._wrong(request, body)) is not None:
            return wrong
        claims = _claims(request.headers["authorization"], self.public_key)
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.pushes.append(Left(self.browser.read(body), headers, len(body), claims))
        return web.Response(status=201, headers={"Location": "https://push.example/m/1"})

    def _wrong(self, request: web.Request, body: bytes) -> web.Response | None:
        """What a real one refuses, and how."""
        if len(body) > MOST_BYTES:
            return web.Response(status=413)
        if not request.headers.get("ttl", "").isdecimal() or request.headers.get("content-encoding") != "aes128gcm":
            return web.Response(status=400)
        if len(request.headers.get("topic", "")) > 32:  # RFC 8030's
            return web.Response(status=400)
        claims = _claims(request.headers.get("authorization", ""), self.public_key)
        here = f"http://{request.host}"
        if claims.get("aud") != here or not time.time() < claims.get("exp", 0) <= time.time() + DAY_SECONDS:
            return web.Response(status=403)
        return None


def _claims(authorization: str, public_key: str) -> dict[str, Any]:
    """What a VAPID header claims, if the key that browsers subscribed with has signed it; else nothing."""
    scheme, _, rest = authorization.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    if scheme != "vapid" or parts.get("k") != public_key:
        return {}
    head, claims, signature = parts["t"].split(".")
    raw = from_b64url(signature)
    r, s = (int.from_bytes(half, "big") for half in (raw[:HALF_SIGNATURE], raw[HALF_SIGNATURE:]))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_b64url(public_key))
    key.verify(encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    claimed: dict[str, Any] = json.loads(from_b64url(claims))
    return claimed
