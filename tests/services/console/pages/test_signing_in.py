from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.console.pages.figures import PAGE as FIGURES
from services.console.pages.registry import PAGES
from services.console.pages.sessions import FRESH, LINK_LIFE, MOST_LINKS, MOST_SESSIONS, Sessions
from shared.agencies import Agencies, hash_of
from tests.rig.clocks import LaterClock
from tests.services.console.driver import AGENCIES, AGENCY, City


async def link_of(city: City, token: str) -> str:
    made = await city.post(token, "/v1/people/me/sign-in-link")
    assert made.status_code == 201, made.text
    path: str = made.json()["path"]
    return path


async def test_a_token_is_exchanged_for_a_session(city: City) -> None:
    async with city.browser() as browser:
        assert (await browser.get("/calls?open=yes")).headers["location"] == "/enter?to=/calls%3Fopen%3Dyes"
        entered = await browser.post("/enter", data={"token": "dispatcher", "to": "/calls?open=yes"})
        assert (entered.status_code, entered.headers["location"]) == (303, "/calls?open=yes")
        cookie = entered.headers["set-cookie"]
        for attribute in ("__Host-careroute=", "HttpOnly", "Secure", "SameSite=strict", "Path=/"):
            assert attribute in cookie
        assert "the-dispatcher" in (await browser.get("/")).text


async def test_a_wrong_token_lets_nobody_in_and_many_have_to_wait(city: City) -> None:
    async with city.browser() as browser:
        for _ in range(10):
            refused = await browser.post("/enter", data={"token": "wrong"})
            assert refused.status_code == 403
            assert "not known" in refused.text
            assert "set-cookie" not in refused.headers
        assert (await browser.post("/enter", data={"token": "wrong"})).status_code == 429
        assert (await browser.post("/enter", data={"token": "dispatcher"})).status_code == 303, "never held up"


async def test_a_key_of_a_cad_signs_nobody_in(city: City) -> None:
    async with city.browser() as browser:
        assert (await browser.post("/enter", data={"token": "cad"})).status_code == 403


async def test_the_role_of_a_cad_lets_nobody_see_all_of_an_agency_s_calls(city: City) -> None:
    """It is the key's, with its one source: a person who had it saw every CAD's calls on the pages."""
    as_vendor = f'[agencies.{AGENCY}.people.vendor]\ntoken = "{hash_of("vendor")}"\nroles = ["cad"]\n'
    city.agencies_file.write_text(AGENCIES + as_vendor)
    assert (await city.get("vendor", "/v1/calls")).status_code == 403
    async with city.signed_in("vendor") as browser:
        for page in ("/", "/calls", "/wall"):
            assert (await browser.get(page)).headers["location"].startswith("/enter")
    assert (await city.get("cad", "/v1/calls")).status_code == 200


async def test_a_link_works_once_and_looking_at_it_does_not_use_it(city: City) -> None:
    path = await link_of(city, "supervisor")
    async with city.browser() as scanner, city.browser() as browser, city.browser() as other:
        for _ in range(3):
            assert "Sign in as the-supervisor" in (await scanner.get(path)).text
        assert (await browser.post(path)).status_code == 303
        assert "the-supervisor" in (await browser.get("/")).text
        for answer in (await other.get(path), await other.post(path)):
            assert (answer.status_code, "used up" in answer.text) == (404, True)
        assert (await other.get("/")).status_code == 303


async def test_a_link_from_elsewhere_asks_again_from_here(city: City) -> None:
    async with city.signed_in("dispatcher") as browser:
        browser.cookies.clear()
        first = await browser.get("/calls?open=yes", headers={"Sec-Fetch-Site": "cross-site"})
        assert (first.status_code, first.headers["refresh"]) == (200, "0;url=/calls?open=yes")
        assert (await browser.get("/calls?open=yes")).status_code == 303


async def test_signing_out_ends_the_session_at_the_door(city: City) -> None:
    async with city.signed_in("dispatcher") as browser, city.browser() as thief:
        thief.cookies.update(browser.cookies)
        assert (await thief.get("/")).status_code == 200
        await browser.post("/leave")
        assert (await browser.get("/")).status_code == 303
        assert (await thief.get("/")).status_code == 303


async def test_a_revoked_token_ends_its_sessions(city: City) -> None:
    async with city.signed_in("dispatcher") as browser:
        await city.post("supervisor", "/v1/people/the-dispatcher/revoke-token", {"reason": "lost"})
        await city.settle()
        assert (await browser.get("/")).status_code == 303


async def test_a_session_is_nothing_at_the_api_and_a_token_nothing_at_the_pages(city: City) -> None:
    async with city.signed_in("supervisor") as browser:
        assert (await browser.get("/v1/calls")).status_code == 401
        assert (await browser.post("/v1/switchboard/pause", json={"district": "all"})).status_code == 401
    assert (await city.get("supervisor", "/")).status_code == 401
    assert (await city.post("supervisor", "/switchboard/pause")).status_code in (401, 403)
    assert city.commands() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "", "Origin": "https://elsewhere"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
        {"Sec-Fetch-Site": "", "Origin": "https://["},
        {"Sec-Fetch-Site": ""},
    ],
)
async def test_what_no_page_of_ours_sent_does_nothing(city: City, headers: dict[str, str]) -> None:
    async with city.signed_in("dispatcher") as browser:
        refused = await posted(browser, headers, "/switchboard/pause", {"district": "all"})
        assert (refused.status_code, "nothing was done" in refused.text) == (403, True)
        assert (await posted(browser, headers, "/leave", {})).status_code == 403
        assert (await browser.get("/")).status_code == 200
    assert city.commands() == []


async def test_a_browser_that_says_no_site_is_known_by_its_origin(city: City) -> None:
    async with city.signed_in("dispatcher") as browser:
        headers = {"Sec-Fetch-Site": "", "Origin": "https://door"}
        assert (await posted(browser, headers, "/switchboard/pause", {"district": "all"})).status_code == 303


async def posted(
    browser: httpx.AsyncClient, headers: dict[str, str], path: str, data: dict[str, str]
) -> httpx.Response:
    request = browser.build_request("POST", path, data=data, headers=headers)
    if not request.headers["sec-fetch-site"]:
        del request.headers["sec-fetch-site"]
    return await browser.send(request)


@pytest.mark.parametrize(
    "to", ["//elsewhere/", "https://elsewhere/", "/\\elsewhere", "javascript:alert(1)", "/\r\nX: y"]
)
async def test_signing_in_leads_nowhere_else(city: City, to: str) -> None:
    async with city.browser() as browser:
        entered = await browser.post("/enter", data={"token": "dispatcher", "to": to})
        assert entered.headers["location"] == "/"


async def test_approving_needs_somebody_to_show_once_more_who_they_are(city: City) -> None:
    await city.post("supervisor", "/v1/programme/propose", {"document": "version = 1"})
    async with city.signed_in("approver") as browser:
        approval = {"document_hash": "h1", "back": "/programme", "reason": "agreed"}
        session = next(iter(city.app.state.console.sessions._sessions.values()))
        session.proved_at -= FRESH
        first = await browser.post("/programme/approve", data=approval)
        assert first.headers["location"] == "/enter?to=/programme"
        assert "show once more" in (await browser.get("/enter?to=/programme")).text
        assert (await browser.post("/enter", data={"token": "wrong"})).status_code == 403
        assert (await browser.post("/enter", data={"token": "approver", "to": "/programme"})).status_code == 303
        assert (
            (await browser.post("/programme/approve", data=approval)).headers["location"].startswith("/programme?said")
        )


async def test_sessions_end_when_nobody_uses_them_and_outlive_a_restart(tmp_path: Path) -> None:
    (tmp_path / "agencies.toml").write_text(AGENCIES)
    agencies, clock, file = Agencies(tmp_path / "agencies.toml"), LaterClock(), tmp_path / "sessions.json"
    sessions = Sessions(agencies, clock, timedelta(hours=12), file)
    used, unused, wall = (sessions.begin(hash_of(token)) for token in ("dispatcher", "approver", "viewer"))
    assert used not in file.read_text()
    assert hash_of("dispatcher") in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    clock.ahead = timedelta(hours=11)
    assert sessions.signed_in(used, use=True) is not None
    assert sessions.signed_in(unused, use=False) is not None, "a page that looks for news is no use of it"
    clock.ahead = timedelta(hours=13)
    again = Sessions(agencies, clock, timedelta(hours=12), file)
    seen = again.signed_in(used, use=True)
    assert seen is not None
    assert (seen.who.agency, seen.who.name) == (AGENCY, "the-dispatcher")
    assert again.signed_in(unused, use=True) is None
    assert again.signed_in(wall, use=False) is not None, "a screen on the wall, where nothing can be done, stays"
    file.write_text("{")
    assert Sessions(agencies, clock, timedelta(hours=12), file).signed_in(used, use=True) is None


async def test_a_script_asks_for_nothing_in_another_s_name(city: City) -> None:
    async with city.signed_in("dispatcher") as browser:
        for whose, status in ((f"{AGENCY}/the-dispatcher", 200), (f"{AGENCY}/the-viewer", 401), ("", 401)):
            query, headers = {"of": whose}, {"Accept": "application/json"}
            assert (await browser.get("/news", params=query, headers=headers)).status_code == status
            stop = {"district": "all"}
            paused = await browser.post("/switchboard/pause", params=query, data=stop, headers=headers)
            assert paused.status_code == status
    assert len(city.commands()) == 1


@pytest.mark.parametrize("page", [page.path for page in PAGES if page.navigation and page is not FIGURES])
async def test_what_a_page_says_of_itself_is_taken_when_it_looks_for_news(city: City, page: str) -> None:
    """The wall did not say whose it was: four seconds after it was opened it was signed out, and showed no new call."""
    async with city.signed_in("supervisor") as browser:
        shown = await browser.get(page, follow_redirects=True)
        said = dict(re.findall(r' data-(of|address)="([^"]*)"', shown.text))
        query, headers = {"of": said.get("of", "undefined"), "page": said["address"]}, {"Accept": "application/json"}
        assert (await browser.get("/news", params=query, headers=headers)).status_code == 200


async def test_a_page_that_stays_open_keeps_nobody_signed_in(city: City) -> None:
    door = city.app.state.console
    async with city.signed_in("dispatcher") as browser:
        (session,) = door.sessions._sessions.values()
        session.used_at -= timedelta(hours=door.settings.console_idle_hours, minutes=-1)
        used_at = session.used_at
        assert (await browser.get("/news?page=/")).status_code == 200
        assert session.used_at == used_at, "a page that looks for news is no use of it"
        session.used_at -= timedelta(minutes=1)
        news = await browser.get("/news?page=/", headers={"Accept": "application/json"})
        assert news.status_code == 401


async def test_a_screen_that_is_looked_at_makes_no_room_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.console.pages.sessions.MOST_SESSIONS", 3)
    (tmp_path / "agencies.toml").write_text(AGENCIES)
    sessions = Sessions(Agencies(tmp_path / "agencies.toml"), LaterClock(), timedelta(hours=12))
    wall, left = (sessions.begin(hash_of(token)) for token in ("viewer", "approver"))
    for _ in range(3):
        assert sessions.signed_in(wall, use=False) is not None
        sessions.begin(hash_of("dispatcher"))
    assert sessions.signed_in(left, use=True) is None


async def test_whoever_signs_in_without_end_signs_nobody_else_out_and_uses_up_no_link(tmp_path: Path) -> None:
    """What is bounded for all is bounded for each: with one token of another agency everybody was signed out."""
    (tmp_path / "agencies.toml").write_text(AGENCIES)
    sessions = Sessions(Agencies(tmp_path / "agencies.toml"), LaterClock(), timedelta(hours=12))
    seat, invited = sessions.begin(hash_of("dispatcher")), sessions.make_link("approver")
    begun = [sessions.begin(hash_of("bob")) for _ in range(MOST_SESSIONS)]
    links = [sessions.make_link("bob") for _ in range(MOST_LINKS)]
    for session in (seat, begun[-1]):
        assert sessions.signed_in(session, use=True) is not None
    assert sessions.signed_in(begun[0], use=True) is None
    assert [sessions.person_of_link(each) is not None for each in (invited, links[-1], links[0])] == [True, True, False]


async def test_a_link_lives_for_a_quarter_of_an_hour(tmp_path: Path) -> None:
    (tmp_path / "agencies.toml").write_text(AGENCIES)
    clock = LaterClock()
    sessions = Sessions(Agencies(tmp_path / "agencies.toml"), clock, timedelta(hours=12))
    secret = sessions.make_link("dispatcher")
    clock.ahead = LINK_LIFE
    assert sessions.redeem(secret) is None
