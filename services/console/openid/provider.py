"""The identity provider: what it says of itself, what it gives for a code, and whom its signed word names.

Nothing is asked but the issuer that the settings name, and such hosts of its as they list besides. No answer leads
elsewhere, and each is bounded in time and size.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet
from pydantic import BaseModel, Field, ValidationError

from services.console.config import ConsoleSettings
from services.console.elsewhere import authorities
from services.console.openid.errand import Errand
from shared.clock import Clock
from shared.telemetry import logger

SECONDS: Final = 8.0
"""For everything that is asked while somebody waits."""
MOST_BYTES: Final = 256 * 1024
SKEW_SECONDS: Final = 60
"""How far the provider's clock may be from ours."""
FRESH_SECONDS: Final = 600
"""How long what the provider says of itself is taken as known."""
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
"""Signatures by a private key: none of them can be made by whoever knows the public one."""
MOST_GROUPS: Final = 500
LATEST: Final = 1e11
"""No instant is later, in seconds since 1970."""


class NotSignedIn(Exception):
    """Nobody was signed in; says why, and what to do, for people."""


AWAY = "The identity provider gives no answer. Try again in a moment, or sign in with your token."
MISTAKEN = "What the identity provider says cannot be trusted, so nobody was signed in. Tell your administrator."
REFUSED = "The identity provider did not accept this sign-in: it took too long, or was used before. Sign in anew."


class _About(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery); the rest of it is not needed."""

    issuer: str
    authorization_endpoint: str = Field(max_length=2000)
    token_endpoint: str = Field(max_length=2000)
    jwks_uri: str = Field(max_length=2000)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Tokens(BaseModel):
    id_token: str
    access_token: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider names."""

    names: tuple[str, ...]
    """As the agencies file may have them: `sub:…`, and `email:…` where the provider has verified it."""
    groups: tuple[str, ...]
    proved_at: float | None
    """When the person last showed who they are, in seconds since 1970; None where the provider does not say."""


@dataclass(frozen=True, slots=True)
class _Known:
    about: _About
    keys: KeySet
    until: float


class Provider:
    """The one that the settings name."""

    def __init__(self, settings: ConsoleSettings, clock: Clock) -> None:
        issuer = settings.oidc_issuer
        self._issuer, self._clock = issuer or "", clock
        self._client_id = settings.oidc_client_id
        self._secret = settings.oidc_client_secret.get_secret_value()
        self._callback, self._scope = settings.oidc_callback_url or "", settings.oidc_scope
        self._groups_claim = settings.oidc_groups_claim
        self._origins = {_origin(self._issuer), *(f"https://{host}" for host in settings.oidc_hosts)}
        self._known: _Known | None = None
        self._client = httpx.AsyncClient(timeout=SECONDS, follow_redirects=False, trust_env=False, verify=authorities())

    @property
    def is_set_up(self) -> bool:
        """Whether there is one."""
        return bool(self._issuer)

    async def close(self) -> None:
        """Ask no more."""
        await self._client.aclose()

    async def address_for(self, errand: Errand) -> str:
        """Where the browser goes to sign in; there its person shows who they are, also if they did before.

        Seats are shared: whoever sat there last may still be signed in at the provider. Raises NotSignedIn.
        """
        async with _in_time():
            about = (await self._current()).about
        address = prepare_grant_uri(
            about.authorization_endpoint,
            self._client_id,
            "code",
            redirect_uri=self._callback,
            scope=self._scope,
            state=errand.state,
            nonce=errand.nonce,
            code_challenge=create_s256_code_challenge(errand.verifier),
            code_challenge_method="S256",
            prompt="login",
            max_age="0",
        )
        return str(address)

    async def identity(self, code: str, errand: Errand) -> Identity:
        """Whom the provider names for a code. Raises NotSignedIn."""
        async with _in_time():
            known = await self._current()
            tokens = await self._tokens(known.about, code, errand)
            claims = self._claims(tokens, known.keys, errand)
            if claims is None:  # its keys may have changed since
                claims = self._claims(tokens, (await self._current(anew=True)).keys, errand)
        if claims is None:
            raise NotSignedIn(MISTAKEN)
        return self._identity(claims)

    # --- what is asked

    async def _current(self, *, anew: bool = False) -> _Known:
        now = self._clock.monotonic()
        if self._known is not None and now < self._known.until and not anew:
            return self._known
        written = await self._asked("GET", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            about = _About.model_validate(written)
            if about.issuer != self._issuer:
                raise _mistaken("it calls itself by another name")
            for endpoint in (about.authorization_endpoint, about.token_endpoint, about.jwks_uri):
                self._check(endpoint)
            keys = _usable(await self._asked("GET", about.jwks_uri))
        except (ValidationError, JoseError, ValueError, KeyError, TypeError) as error:
            raise _mistaken(f"what it says of itself: {type(error).__name__}") from None
        self._known = _Known(about, keys, now + FRESH_SECONDS)
        return self._known

    async def _tokens(self, about: _About, code: str, errand: Errand) -> _Tokens:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": errand.verifier,
        }
        as_basic = self._secret and "client_secret_basic" in about.token_endpoint_auth_methods_supported
        if not as_basic:
            fields |= {"client_id": self._client_id} | ({"client_secret": self._secret} if self._secret else {})
        auth = (quote(self._client_id, safe=""), quote(self._secret, safe="")) if as_basic else None
        written = await self._asked("POST", about.token_endpoint, fields, auth)
        try:
            return _Tokens.model_validate(written)
        except ValidationError:
            raise _mistaken("it gave no ID token") from None

    async def _asked(
        self, method: str, url: str, fields: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None
    ) -> Any:
        self._check(url)
        request = self._client.build_request(method, url, data=fields, headers={"Accept": "application/json"})
        try:
            answer = await self._client.send(request, stream=True, auth=httpx.BasicAuth(*auth) if auth else None)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            logger().warning("identity provider away", error=type(error).__name__)
            raise NotSignedIn(AWAY) from None
        try:
            body = await _bounded(answer)
        except httpx.HTTPError:
            raise NotSignedIn(AWAY) from None
        finally:
            await answer.aclose()
        if fields is not None and 400 <= answer.status_code < 500:  # noqa: PLR2004  # HTTP's: what was asked is wrong
            logger().warning("identity provider refused a code", status=answer.status_code)
            raise NotSignedIn(REFUSED)
        if answer.status_code != httpx.codes.OK:
            raise NotSignedIn(AWAY)
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise _mistaken("it answered with no JSON") from None

    def _check(self, url: str) -> None:
        """Raises NotSignedIn where a URL leads to none of the provider's hosts."""
        if _origin(url) not in self._origins:
            raise _mistaken("it leads to a host that CAREROUTE_OIDC_HOSTS does not name")

    # --- what is believed

    def _claims(self, tokens: _Tokens, keys: KeySet, errand: Errand) -> Mapping[str, Any] | None:
        """What the ID token says; None where no key of these has signed it. Raises NotSignedIn."""
        try:
            token = jwt.decode(tokens.id_token, keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError, RecursionError) as error:
            logger().warning("ID token not verified", error=type(error).__name__)
            return None
        claims = CodeIDToken(
            token.claims,
            token.header,
            {"iss": {"essential": True, "value": self._issuer}, "aud": {"essential": True, "value": self._client_id}},
            {"nonce": errand.nonce, "client_id": self._client_id, "access_token": tokens.access_token},
        )
        try:
            claims.validate(int(self._clock.now().timestamp()), SKEW_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            raise _mistaken(f"its ID token: {type(error).__name__} {getattr(error, 'claim', '')}") from None
        if claims["iat"] < errand.began_at - SKEW_SECONDS:
            raise _mistaken("its ID token was made before anybody asked for it")
        return dict(claims)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        names = [f"sub:{claims['sub']}"]
        email, groups, proved_at = claims.get("email"), claims.get(self._groups_claim), claims.get("auth_time")
        if isinstance(email, str) and claims.get("email_verified") is True:
            names.append(f"email:{_in_small_letters(email)}")
        listed = groups if isinstance(groups, list) else [groups] if isinstance(groups, str) else []
        return Identity(
            tuple(names),
            tuple(group for group in listed[:MOST_GROUPS] if isinstance(group, str)),
            float(proved_at) if isinstance(proved_at, int | float) and 0 <= proved_at < LATEST else None,
        )


def _usable(written: Any) -> KeySet:
    """The keys that are understood here; others beside them keep nobody out (RFC 7517, 5). Raises as JSON's readers."""
    keys = []
    for each in written["keys"]:
        with suppress(JoseError, ValueError, KeyError, TypeError):
            keys.append(JWKRegistry.import_key(each))
    if not keys:
        raise ValueError("no key that is understood")
    return KeySet(keys)


def _in_small_letters(email: str) -> str:
    """As the agencies file has it. Letters beyond ASCII stay: the Kelvin sign would become the k of somebody else."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in email)


def _mistaken(why: str) -> NotSignedIn:
    """For people it is one sentence, whatever it was: the log has what an administrator mends."""
    logger().error("identity provider not trusted", wrong=why)
    return NotSignedIn(MISTAKEN)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """Bounds a block as a whole: a provider may answer a byte at a time. Raises NotSignedIn."""
    try:
        async with asyncio.timeout(SECONDS):
            yield
    except TimeoutError:
        raise NotSignedIn(AWAY) from None


async def _bounded(answer: httpx.Response) -> bytes:
    body = b""
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > MOST_BYTES:
            raise _mistaken("it answered with more than can be right")
    return body
