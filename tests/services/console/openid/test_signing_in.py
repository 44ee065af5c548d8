"""Signing in by an identity provider, over real HTTP: who gets in, and everything that must not let anybody in."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from services.console.config import ConsoleSettings
from services.console.openid import provider as provider_module
from services.console.openid.errand import LIFE, Errands
from shared.agencies import Agencies, AgenciesRefused, sign_in_hash
from shared.audit_log.chain import new_audit_key
from shared.clock import SystemClock
from shared.events import SignInRefused
from tests.audited import entries_of
from tests.services.console import driver
from tests.services.console.driver import AGENCY, City, running_city
from tests.services.console.openid.provider import (
    CLIENT,
    CLIENT_SECRET,
    OTHER_KEY,
    OWN_KEY,
    Claims,
    TestProvider,
    running_provider,
)

CALLBACK = "https://door/sign-in/back"
DANA = f"""
[agencies.{AGENCY}.people.dana]
sign_in = "email:dana@city.gov"
roles = ["dispatcher"]
"""
GROUPS = f"""
[agencies.{AGENCY}.groups]
"careroute supervisors" = ["supervisor", "dispatcher"]
"careroute walls" = ["viewer"]
"""


@pytest.fixture
async def provider() -> AsyncIterator[TestProvider]:
    async with running_provider() as running:
        yield running


@pytest.fixture
async def city(provider: TestProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[City]:
    plain = driver.settings

    def settings(agencies_file: Path, **given: Any) -> ConsoleSettings:
        changed = {
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SecretStr(CLIENT_SECRET),
            "oidc_callback_url": CALLBACK,
        }
        return plain(agencies_file, **given).model_copy(update=changed)

    monkeypatch.setattr(driver, "settings", settings)
    monkeypatch.setattr(driver, "AGENCIES", driver.AGENCIES + DANA)
    async with running_city(tmp_path) as running:
        yield running


async def begun(browser: httpx.AsyncClient, to: str = "/calls") -> str:
    leaves = await browser.get("/sign-in", params={"to": to})
    assert leaves.status_code == 303, leaves.text
    return str(leaves.headers["location"])


async def back(browser: httpx.AsyncClient, query: dict[str, str]) -> httpx.Response:
    page = await browser.get("/sign-in/back", params=query)
    assert page.status_code == 200, page.text
    assert 'src="/enter.js"' in page.text
    return await browser.post("/sign-in/back", data=query)


async def signed_in(browser: httpx.AsyncClient, provider: TestProvider, to: str = "/calls") -> httpx.Response:
    return await back(browser, provider.sign_in(await begun(browser, to)))


@contextlib.asynccontextmanager
async def nobody_gets_in(city: City, says: str = "cannot be trusted") -> AsyncIterator[httpx.AsyncClient]:
    answers: list[httpx.Response] = []

    async def note(answer: httpx.Response) -> None:
        answers.append(answer)

    async with city.browser() as browser:
        browser.event_hooks["response"] = [note]
        yield browser
        assert answers[-1].status_code in (403, 502), answers[-1].text
        assert says in answers[-1].text.replace("&#39;", "'"), answers[-1].text
        assert (await browser.get("/")).headers["location"] == "/enter?to=/"
    assert city.app.state.console.sessions._sessions == {}


async def test_who_is_named_gets_in_and_out(city: City, provider: TestProvider) -> None:
    async with city.browser() as browser:
        assert "your organisation" in (await browser.get("/enter?to=/calls")).text
        address = await begun(browser)
        for part in ("response_type=code", "code_challenge_method=S256", "prompt=login", "max_age=0", "nonce="):
            assert part in address
        entered = await back(browser, provider.sign_in(address))
        assert (entered.status_code, entered.headers["location"]) == (303, "/calls")
        assert "SameSite=strict" in entered.headers["set-cookie"]
        assert "dana, dispatcher" in (await browser.get("/calls")).text
        [session] = city.app.state.console.sessions._sessions.values()
        assert session.token_hash == sign_in_hash("email:dana@city.gov")
        assert city.app.state.console.sessions.is_fresh(session)
        await browser.post("/leave")
        assert (await browser.get("/")).headers["location"] == "/enter?to=/"


async def test_it_leads_nowhere_else(city: City, provider: TestProvider) -> None:
    for to in ("//elsewhere/", "https://elsewhere/", "/\\elsewhere"):
        async with city.browser() as browser:
            assert (await signed_in(browser, provider, to)).headers["location"] == "/"


async def test_a_subject_is_a_name_too_and_an_address_that_nobody_verified_is_none(
    city: City, provider: TestProvider
) -> None:
    provider.verified = False
    async with nobody_gets_in(city, "does not name you") as browser:
        refused = await signed_in(browser, provider)
        assert "sub:248289761001" in refused.text, "what an administrator has to write"
    city.agencies_file.write_text(driver.AGENCIES.replace("email:dana@city.gov", "sub:248289761001"))
    async with city.browser() as browser:
        assert (await signed_in(browser, provider)).status_code == 303


async def test_groups_give_roles_as_the_file_says_now(city: City, provider: TestProvider) -> None:
    city.agencies_file.write_text(driver.AGENCIES + GROUPS)
    provider.groups = ["accounting"]
    async with nobody_gets_in(city, "None of your groups") as browser:
        await signed_in(browser, provider)
    provider.groups = ["accounting", "careroute supervisors"]
    async with city.browser() as browser:
        await signed_in(browser, provider)
        assert "dana, dispatcher, supervisor" in (await browser.get("/calls")).text
        city.agencies_file.write_text(driver.AGENCIES + GROUPS.replace('"supervisor", ', ""))
        assert "dana, dispatcher," in (await browser.get("/calls")).text
        city.agencies_file.write_text(driver.AGENCIES + GROUPS.replace("careroute supervisors", "others"))
        assert (await browser.get("/calls")).status_code == 303, "who may do nothing is signed out"


async def test_who_is_not_let_in_stands_in_the_audit_log(city: City, provider: TestProvider) -> None:
    """As with a wrong token: whom the file does not name, a return that was not begun here, and who has no role."""
    city.agencies_file.write_text(driver.AGENCIES.replace("email:dana@city.gov", "sub:1"))
    async with nobody_gets_in(city, "does not name you") as browser:
        await signed_in(browser, provider)
    async with nobody_gets_in(city, "not begun at this browser") as browser:
        await back(browser, {"code": "c", "state": "s"})
    city.agencies_file.write_text(driver.AGENCIES + GROUPS)
    provider.groups = ["accounting"]
    async with nobody_gets_in(city, "None of your groups") as browser:
        await signed_in(browser, provider)
    async with city.browser() as browser:
        assert (await browser.post("/enter/used-up")).status_code == 404
    entries = await entries_of(city.log, city.app.state.register.log)
    refused = [(entry.by, entry.identified, entry.request) for entry in entries if isinstance(entry, SignInRefused)]
    assert sorted(refused) == [
        ("", "identity-provider", "POST /sign-in/back"),
        ("", "link", "POST /enter/{secret}"),
        ("dana", "identity-provider", "POST /sign-in/back"),
    ]


async def test_a_name_is_revoked_like_a_token(city: City, provider: TestProvider) -> None:
    async with city.browser() as browser:
        await signed_in(browser, provider)
        assert (await city.post("supervisor", "/v1/people/dana/revoke-token", {"reason": "left"})).status_code == 200
        await city.settle()
        assert (await browser.get("/calls")).status_code == 303
    async with nobody_gets_in(city, "does not name you") as browser:
        await signed_in(browser, provider)


async def test_knowing_a_name_is_no_token(city: City, provider: TestProvider) -> None:
    name = "signs in as email:dana@city.gov"
    assert (await city.get(name, "/v1/calls")).status_code == 401
    async with city.browser() as browser:
        assert (await browser.post("/enter", data={"token": name})).status_code == 403
        await signed_in(browser, provider)
        [session] = city.app.state.console.sessions._sessions.values()
        session.proved_at -= LIFE
        await browser.post("/enter", data={"token": name})
        assert not city.app.state.console.sessions.is_fresh(session)


async def test_who_does_not_say_when_somebody_signed_in_proves_nothing_fresh(
    city: City, provider: TestProvider
) -> None:
    provider.change = lambda claims: claims.pop("auth_time") and None
    async with city.browser() as browser:
        assert (await signed_in(browser, provider)).status_code == 303
        [session] = city.app.state.console.sessions._sessions.values()
        assert not city.app.state.console.sessions.is_fresh(session)


# --- attacks on the way


async def test_a_wrong_state_is_refused(city: City, provider: TestProvider) -> None:
    async with nobody_gets_in(city, "not begun at this browser") as browser:
        query = provider.sign_in(await begun(browser))
        await back(browser, {**query, "state": "another"})
    assert "token" not in provider.asked, "the code was not even asked about"


async def test_a_stolen_return_is_refused_in_another_browser(city: City, provider: TestProvider) -> None:
    async with city.browser() as browser, nobody_gets_in(city, "not begun at this browser") as thief:
        query = provider.sign_in(await begun(browser))
        await begun(thief)
        await back(thief, query)
    async with nobody_gets_in(city, "not begun at this browser") as bare:
        await back(bare, query)


async def test_a_return_is_used_once(city: City, provider: TestProvider) -> None:
    async with city.browser() as browser:
        query = provider.sign_in(await begun(browser))
        cookies = dict(browser.cookies)
        assert (await back(browser, query)).status_code == 303
        await browser.post("/leave")
        browser.cookies.update(cookies)
        again = await browser.post("/sign-in/back", data=query)
        assert (again.status_code, "used before" in again.text) == (403, True)
    assert provider.asked.count("token") == 1, "the provider was not even asked"


async def test_a_code_that_was_used_elsewhere_is_refused(city: City, provider: TestProvider) -> None:
    async with nobody_gets_in(city, "used before") as browser:
        query = provider.sign_in(await begun(browser))
        provider.codes.clear()
        await back(browser, query)


async def test_a_code_of_another_errand_is_refused(city: City, provider: TestProvider) -> None:
    async with city.browser() as victim, nobody_gets_in(city, "did not accept") as browser:
        stolen = provider.sign_in(await begun(victim))["code"]
        own = provider.sign_in(await begun(browser))
        await back(browser, {**own, "code": stolen})


async def test_another_site_cannot_post_a_return(city: City, provider: TestProvider) -> None:
    async with nobody_gets_in(city, "did not come from a page of this console") as browser:
        query = provider.sign_in(await begun(browser))
        await browser.post("/sign-in/back", data=query, headers={"Sec-Fetch-Site": "cross-site"})


async def test_an_empty_return_signs_nobody_in(city: City) -> None:
    for query in ({}, {"error": "access_denied", "state": "s"}, {"code": "c" * 5_000, "state": "s"}):
        async with nobody_gets_in(city, "signed nobody in") as browser:
            await browser.get("/sign-in/back", params=query)


def test_an_errand_lasts_ten_minutes() -> None:
    clock = SystemClock()
    errands = Errands(clock)
    errand = errands.begin("/")
    sealed = errands.seal(errand)
    assert Errands(clock).open(sealed, errand.state) is None, "of another process"
    clock.now = lambda: SystemClock().now() + LIFE * 1.01  # type: ignore[method-assign]
    assert errands.open(sealed, errand.state) is None


# --- attacks on the token


def base64url(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def unsigned(claims: Claims) -> str:
    return f"{base64url({'alg': 'none'})}.{base64url(claims)}."


def by_public_key(claims: Claims) -> str:
    """Signed with what everybody can read, as if it were a shared secret."""
    signed = ".".join(map(base64url, ({"alg": "HS256", "kid": "own"}, claims)))
    mac = hmac.digest(OWN_KEY.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def changed(**claims: Any) -> Callable[[Claims], None]:
    return lambda whole: whole.update(claims)


WRONG_CLAIMS: tuple[Callable[[Claims], object], ...] = (
    changed(nonce="another"),
    lambda claims: claims.pop("nonce"),
    changed(aud="another"),
    changed(aud="another", azp=CLIENT),
    changed(aud=[CLIENT, "another"]),
    changed(azp="another"),
    changed(iss="https://elsewhere"),
    lambda claims: claims.update(exp=claims["iat"] - 120),
    lambda claims: claims.pop("exp"),
    lambda claims: claims.update(iat=claims["iat"] + 300),
    lambda claims: claims.update(iat=claims["iat"] - 300),
    changed(exp="soon"),
    lambda claims: claims.pop("sub"),
    changed(at_hash="another"),
)


async def test_claims_that_are_not_ours_are_refused(city: City, provider: TestProvider) -> None:
    for change in WRONG_CLAIMS:
        provider.change = change
        async with nobody_gets_in(city) as browser:
            await signed_in(browser, provider)


async def test_what_its_key_did_not_sign_is_refused(city: City, provider: TestProvider) -> None:
    for sign in (unsigned, by_public_key, lambda _: "a.b.c", lambda _: ""):
        provider.sign = sign
        async with nobody_gets_in(city) as browser:
            await signed_in(browser, provider)


async def test_another_key_is_refused_and_a_new_one_of_its_own_is_fetched(city: City, provider: TestProvider) -> None:
    provider.signing_key = OTHER_KEY
    async with nobody_gets_in(city) as browser:
        await signed_in(browser, provider)
    provider.published = OTHER_KEY
    async with city.browser() as browser:
        assert (await signed_in(browser, provider)).status_code == 303


async def test_a_key_that_is_not_understood_keeps_nobody_out(city: City, provider: TestProvider) -> None:
    provider.beside = [
        {"kty": "EC", "crv": "brainpoolP256r1", "kid": "b", "x": "AAAA", "y": "AAAA"},
        {"kty": "AKP", "alg": "ML-DSA-44", "kid": "pq", "pub": "AAAA"},
        {"kty": "RSA", "kid": "half", "n": "AAAA"},
        {**OTHER_KEY.as_dict(private=False), "kid": 3},
        None,
    ]
    provider.published = None
    async with nobody_gets_in(city) as browser:
        await browser.get("/sign-in")
    provider.published = OWN_KEY
    async with city.browser() as browser:
        assert (await signed_in(browser, provider)).status_code == 303


async def test_a_letter_that_only_looks_like_one_is_another(city: City, provider: TestProvider) -> None:
    city.agencies_file.write_text(driver.AGENCIES.replace("dana@city.gov", "kass@city.gov"))
    for stranger in ("\u212aass@city.gov", "ka\u00df@city.gov"):
        provider.person = {"sub": "1", "email": stranger}
        async with nobody_gets_in(city, "does not name you") as browser:
            await signed_in(browser, provider)
    provider.person = {"sub": "1", "email": "KaSS@City.gov"}
    async with city.browser() as browser:
        assert (await signed_in(browser, provider)).status_code == 303


async def test_a_clock_that_is_a_little_off_is_no_attack(city: City, provider: TestProvider) -> None:
    provider.change = lambda claims: claims.update(iat=claims["iat"] + 30, exp=claims["iat"] - 30)
    async with city.browser() as browser:
        assert (await signed_in(browser, provider)).status_code == 303


# --- the provider itself


WRONG_WORDS: tuple[dict[str, Any], ...] = (
    {"issuer": "https://elsewhere"},
    {"token_endpoint": "http://169.254.169.254/latest/meta-data"},
    {"jwks_uri": "https://elsewhere/keys"},
    {"authorization_endpoint": "https://elsewhere/authorize"},
    {"jwks_uri": 3},
    {"scopes_supported": "x" * 300_000},
)


async def test_nothing_else_is_asked(city: City, provider: TestProvider) -> None:
    for discovery in WRONG_WORDS:
        provider.discovery = discovery
        async with nobody_gets_in(city) as browser:
            await browser.get("/sign-in")
    assert set(provider.asked) == {"discovery"}


async def test_a_provider_that_is_slow_keeps_nobody_waiting(
    city: City, provider: TestProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_module, "SECONDS", 0.2)
    provider.delay_seconds = 1.0
    async with nobody_gets_in(city, "gives no answer") as browser:
        await browser.get("/sign-in")
    async with city.signed_in("dispatcher") as browser:
        assert (await browser.get("/")).status_code == 200, "a token works meanwhile"


# --- what has to be set up


def test_settings_are_whole_and_the_issuer_is_reached_safely(tmp_path: Path) -> None:
    common: dict[str, Any] = {
        "kafka": "memory",
        "agencies_file": tmp_path / "a.toml",
        "link_secret": "s" * 32,
        "audit_keys": new_audit_key(),
    }
    with pytest.raises(ValidationError, match="CAREROUTE_OIDC_CLIENT_ID"):
        ConsoleSettings(**common, oidc_issuer="https://id.example")
    with pytest.raises(ValidationError, match="CAREROUTE_OIDC_ISSUER"):
        ConsoleSettings(**common, oidc_client_id="c", oidc_callback_url=CALLBACK)
    with pytest.raises(ValidationError, match="must be a URL such as"):
        ConsoleSettings(**common, reporting_url="http://[")
    with pytest.raises(ValidationError, match="https"):
        ConsoleSettings(**common, oidc_issuer="http://id.example", oidc_client_id="c", oidc_callback_url=CALLBACK)
    for elsewhere in ("https://door", "https://door/sign-in", "https://door/city/sign-in/back", f"{CALLBACK}?next=1"):
        with pytest.raises(ValidationError, match="ends in the console's own /sign-in/back"):
            ConsoleSettings(**common, oidc_issuer="https://id.example", oidc_client_id="c", oidc_callback_url=elsewhere)
    assert ConsoleSettings(**common, oidc_issuer="").oidc_issuer is None
    with pytest.raises(ValidationError, match="directory that is not there"):
        ConsoleSettings(**common, console_sessions_file=tmp_path / "nowhere" / "sessions.json")
    assert ConsoleSettings(**common, console_sessions_file=tmp_path / "sessions.json").console_sessions_file


async def test_without_a_provider_nothing_of_it_is_offered(tmp_path: Path) -> None:
    async with running_city(tmp_path) as city, city.browser() as browser:
        assert "organisation" not in (await browser.get("/enter")).text
        assert (await browser.get("/sign-in")).status_code == 404
        assert (await browser.post("/sign-in/back", data={"code": "c", "state": "s"})).status_code == 404


@pytest.mark.parametrize(
    ("people", "why"),
    [
        (DANA.replace("sign_in =", "# sign_in ="), "has a token, or a sign_in"),
        (DANA + DANA.replace("dana]", "dora]"), "/dana and .*/dora have the same token, key or sign_in"),
        (DANA.replace("dana@city.gov", "Dana@city.gov"), "sign_in"),
        (DANA.replace("email:", ""), "sign_in"),
    ],
)
def test_who_signs_in_is_one_person(tmp_path: Path, people: str, why: str) -> None:
    (tmp_path / "agencies.toml").write_text(driver.AGENCIES + people)
    with pytest.raises(AgenciesRefused, match=why) as refused:
        Agencies(tmp_path / "agencies.toml")
    assert "@city.gov" not in str(refused.value), "it is logged"
