"""An identity provider on a loopback port, with keys of its own, that can be told to misbehave."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import RSAKey

from shared.doors.connections import ConnectionBounds
from shared.doors.serve import server_of
from tests.rig.serving import serving

CLIENT, CLIENT_SECRET = "careroute", "a secret & a half"
Claims = dict[str, Any]


def key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"}, private=True)


OWN_KEY, OTHER_KEY = key("own"), key("own")


@dataclass
class TestProvider:
    """What it says, and what it was asked."""

    __test__ = False
    issuer: str = ""
    person: Claims = field(default_factory=lambda: {"sub": "248289761001", "email": "dana@city.gov"})
    verified: bool = True
    groups: list[str] | None = None
    change: Callable[[Claims], object] = lambda _claims: None
    signing_key: RSAKey = field(default_factory=lambda: OWN_KEY)
    published: RSAKey | None = field(default_factory=lambda: OWN_KEY)
    beside: list[Any] = field(default_factory=list)
    """What it publishes as keys before that."""
    sign: Callable[[Claims], str] | None = None
    discovery: dict[str, Any] = field(default_factory=dict)
    delay_seconds: float = 0.0
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def about() -> Any:
            self.asked.append("discovery")
            await asyncio.sleep(self.delay_seconds)
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "scopes_supported": ["openid"],
                **self.discovery,
            }

        @app.get("/keys")
        async def keys() -> Any:
            self.asked.append("keys")
            own = [self.published.as_dict(private=False)] if self.published else []
            return {"keys": [*self.beside, *own]}

        @app.get("/authorize")
        async def authorize(request: Request) -> Response:
            query = dict(request.query_params)
            code = f"code-{len(self.codes)}"
            self.codes[code] = query
            return RedirectResponse(f"{query['redirect_uri']}?code={code}&state={query['state']}", 303)

        @app.post("/token")
        async def token(request: Request) -> Response:
            self.asked.append("token")
            return self._token(request, {name: values[0] for name, values in parse_qs(await request.body()).items()})

        return app

    def _token(self, request: Request, form: dict[bytes, bytes]) -> Response:
        fields = {name.decode(): value.decode() for name, value in form.items()}
        basic = base64.b64encode(b"careroute:a%20secret%20%26%20a%20half").decode()
        asked = self.codes.pop(fields.get("code", ""), None)  # a code is good once
        if asked is None or request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_grant"}, 400)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(fields["code_verifier"].encode()).digest()).rstrip(b"=")
        if challenge.decode() != asked["code_challenge"] or fields["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims: Claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": asked["nonce"],
            **self.person,
            "email_verified": self.verified,
        }
        if self.groups is not None:
            claims["groups"] = self.groups
        self.change(claims)
        return JSONResponse({"access_token": "at", "token_type": "Bearer", "id_token": self._signed(claims)})

    def _signed(self, claims: Claims) -> str:
        if self.sign is not None:
            return self.sign(claims)
        return jwt.encode({"alg": "RS256", "kid": "own"}, claims, self.signing_key)

    def sign_in(self, address: str) -> dict[str, str]:
        """What a person does there: the query with which they are sent back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.asked)}-{len(self.codes)}"
        self.codes[code] = query
        return {"code": code, "state": query["state"]}


@contextlib.asynccontextmanager
async def running_provider() -> AsyncIterator[TestProvider]:
    provider = TestProvider()
    server = server_of("console", provider.app(), ConnectionBounds(), "127.0.0.1", 0)
    async with serving(server) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        yield provider
