"""How what lets people and CADs in is taken away, and who speaks for whom at sign-on."""

from __future__ import annotations

from typing import Any

import pytest

from shared import events
from shared.agencies import hash_of, sign_in_hash
from shared.links import shift_link
from shared.topics import ASSIGNMENTS
from tests.services.console.driver import AGENCIES, AGENCY, OTHER_AGENCY, POCKET, SECRET, City

WHY = {"reason": "it was seen"}
TWO_KEYS = AGENCIES.replace(f'["{hash_of("cad")}"]', f'["{hash_of("cad")}", "{hash_of("new-cad")}"]')


# --- F7 -------------------------------------------------------------------------------------------------------------


async def test_f7_a_wrong_file_is_an_alert_and_readiness_says_so(city: City) -> None:
    """F7: a syntax error after a token was taken out: the alert says that it still works, the door stays open."""
    assert (await city.get(None, "/readyz")).text == "ok\n"
    city.agencies_file.write_text(AGENCIES.replace("[agencies.", "[agencies"), "utf-8")
    ready = await city.get(None, "/readyz")
    assert ready.status_code == 200, "out of service it would shut everybody out"
    assert "The agencies file is refused since" in ready.text
    (alert,) = (await city.get("viewer", "/v1/alerts")).json()
    assert alert["kind"] == "agencies-file-refused"
    assert "whoever was taken out of it since still gets in" in alert["sentence"]
    assert "people" not in ready.text + alert["sentence"], "of nobody's doors more than that"
    city.agencies_file.write_text(AGENCIES, "utf-8")
    assert (await city.get("viewer", "/v1/alerts")).json() == []
    assert (await city.get(None, "/readyz")).text == "ok\n"


@pytest.mark.parametrize("file", ["whole", "wrong", "gone"])
async def test_f7_a_token_is_revoked_at_once_whatever_the_file_says(city: City, file: str) -> None:
    """F7: the second way: a supervisor's command, with a reason, by the person's name."""
    if file == "wrong":
        city.agencies_file.write_text("[agencies", "utf-8")
    elif file == "gone":
        city.agencies_file.unlink()
    assert (await city.get("ann", "/v1/teams")).status_code == 200
    assert (await city.post("supervisor", "/v1/people/ann/revoke-token", {})).status_code == 422
    answer = await city.post("supervisor", "/v1/people/ann/revoke-token", WHY)
    assert answer.status_code == 200
    (command,) = city.commands()
    assert isinstance(command, events.RevokeToken)
    assert (command.token_hash, command.holder, command.reason) == (hash_of("ann"), "ann", "it was seen")
    await city.settle()
    assert (await city.get("ann", "/v1/teams")).status_code == 401
    assert (await city.post("ann", "/v1/teams/t/sign-off")).status_code == 401
    assert (await city.get("staff", "/v1/teams")).status_code == 200


async def test_f7_a_key_is_revoked_for_its_own_agency_alone(city: City) -> None:
    answer = await city.post("supervisor", "/v1/cad/uw-police/revoke-key", WHY)
    assert answer.status_code == 200
    await city.settle()
    assert (await city.get("other-cad", "/v1/calls")).status_code == 401
    assert (await city.get("cad", "/v1/calls")).status_code == 200
    revoked = events.TokenRevoked(token_hash=hash_of("bob"), holder="bob")
    city.services.write(AGENCY, revoked, journal=ASSIGNMENTS.name)
    await city.settle()
    assert (await city.get("bob", "/v1/teams")).status_code == 200, "the word of another agency"
    city.services.write(OTHER_AGENCY, revoked, journal=ASSIGNMENTS.name)
    await city.settle()
    assert (await city.get("bob", "/v1/teams")).status_code == 401


async def test_f7_of_two_keys_one_is_named(city: City) -> None:
    """F7: a CAD that is changing its key keeps the one that is not revoked."""
    city.agencies_file.write_text(TWO_KEYS, "utf-8")
    path = "/v1/cad/dane-county/revoke-key"
    answer = await city.post("supervisor", path, WHY)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "token_hash")
    assert city.commands() == []
    assert (await city.post("supervisor", path, {**WHY, "token_hash": "sha256:00000000"})).status_code == 404
    begins = hash_of("cad")[: len("sha256:") + 8]
    assert (await city.post("supervisor", path, {**WHY, "token_hash": begins})).status_code == 200
    await city.settle()
    assert (await city.get("cad", "/v1/calls")).status_code == 401
    assert (await city.get("new-cad", "/v1/calls")).status_code == 200


async def test_f7_what_the_file_has_no_more_is_named_whole(city: City) -> None:
    """F7: another machine may still have the file with the old key in it."""
    path = "/v1/people/someone/revoke-token"
    assert (await city.post("supervisor", path, WHY)).status_code == 404
    assert (await city.post("supervisor", path, {**WHY, "token_hash": hash_of("old")})).status_code == 200
    (command,) = city.commands()
    assert isinstance(command, events.RevokeToken)
    assert command.token_hash == hash_of("old")


async def test_f7_a_sign_in_that_stands_beside_a_revoked_token_is_named(city: City) -> None:
    """F7: whoever took the revoked token out of the file, as they were told, let its person in by the sign_in."""
    token = f'token = "{hash_of("ann")}"\n'
    both = AGENCIES.replace(token, f'{token}sign_in = "email:ann@city.gov"\n')
    city.agencies_file.write_text(both, "utf-8")
    answer = await city.post("supervisor", "/v1/people/ann/revoke-token", WHY)
    assert "Take their sign_in out with it" in answer.json()["sentence"]
    await city.settle()
    agencies, sign_in = city.app.state.agencies, sign_in_hash("email:ann@city.gov")
    assert agencies.person_with(sign_in) is None
    city.agencies_file.write_text(both.replace(token, ""), "utf-8")
    assert agencies.person_with(sign_in) is not None, "what is said is so"
    answer = await city.post("supervisor", "/v1/people/the-staff/revoke-token", WHY)
    assert "sign_in" not in answer.json()["sentence"]


# --- F10 ------------------------------------------------------------------------------------------------------------


async def test_f10_whoever_was_revoked_gets_a_link_of_the_next_generation(city: City) -> None:
    """F10: staff end their own links, dispatchers and supervisors anybody's; the new one goes to its person."""
    await city.post("supervisor", "/v1/teams", {"team": {"team_id": "t", "model": "peer-led"}})
    await city.post("ann", "/v1/teams/t/sign-on", {"members": ["ann"], "hours": 8})
    assert (await city.post("staff", "/v1/people/ann/revoke-links", WHY)).status_code == 403
    assert (await city.post("viewer", "/v1/people/ann/revoke-links", WHY)).status_code == 403
    assert (await city.post("dispatcher", "/v1/people/ann/revoke-links", {})).status_code == 422
    for token in ("ann", "dispatcher", "supervisor"):
        assert (await city.post(token, "/v1/people/ann/revoke-links", WHY)).status_code == 200
    await city.settle()
    assert (await city.get("ann", "/v1/people/me/link")).json()["link"] == shift_link(
        POCKET, SECRET, "shift-1", "ann", 1
    )
    again = await city.post("ann", "/v1/teams/t/sign-on", {"members": ["ann"], "hours": 8})
    assert again.json()["links"] == {"ann": shift_link(POCKET, SECRET, "shift-1", "ann", 1)}


# --- F9 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("token", "vouched"), [("staff", False), ("dispatcher", True), ("supervisor", True)])
async def test_f9_who_signs_on_vouches_by_their_role_and_not_by_what_they_send(
    city: City,
    token: str,
    vouched: bool,  # noqa: FBT001  # pytest's way
) -> None:
    """F9: staff speak for themselves; nobody can send that they vouch."""
    await city.post("supervisor", "/v1/teams", {"team": {"team_id": "t", "model": "peer-led"}})
    shift: dict[str, Any] = {"members": ["the-staff", "ann"], "hours": 8}
    assert (await city.post(token, "/v1/teams/t/sign-on", {**shift, "vouched": True})).status_code == 422
    assert (await city.post(token, "/v1/teams/t/sign-on", shift)).status_code == 200
    await city.settle()
    command = city.commands()[-1]
    assert isinstance(command, events.SignOn)
    assert command.vouched == vouched
    (team,) = (await city.get("viewer", "/v1/teams")).json()
    assert (team["unconfirmed"], team["vouched_by"]) == (([], f"the-{token}") if vouched else (["ann"], ""))


async def test_f9_members_confirm_for_themselves_and_others_vouch(city: City) -> None:
    await city.post("supervisor", "/v1/teams", {"team": {"team_id": "t", "model": "peer-led"}})
    await city.post("staff", "/v1/teams/t/sign-on", {"members": ["the-staff", "ann"], "hours": 8})
    await city.settle()
    own = await city.get("ann", "/v1/people/me/link")
    assert own.json()["link"] == shift_link(POCKET, SECRET, "shift-1", "ann"), "where she confirms"
    path = "/v1/teams/t/confirm"
    assert (await city.post("staff", path, {"person_id": "ann"})).status_code == 403
    assert (await city.post("ann", path)).status_code == 200
    command = city.commands()[-1]
    assert isinstance(command, events.ConfirmMember)
    assert (command.person_id, command.issued_by) == ("ann", "ann")
    await city.settle()
    (team,) = (await city.get("viewer", "/v1/teams")).json()
    assert team["unconfirmed"] == []
    assert (await city.post("dispatcher", path, {"person_id": "ann"})).status_code == 200
    assert city.commands()[-1].issued_by == "the-dispatcher"


async def test_f9_whoever_has_not_confirmed_acts_for_no_team_but_may_ask_for_police(city: City) -> None:
    """F9: a slip in a name let somebody of another team sign this one off, or say that it is out of service."""
    await city.post("supervisor", "/v1/teams", {"team": {"team_id": "t", "model": "peer-led"}})
    await city.post("staff", "/v1/teams/t/sign-on", {"members": ["the-staff", "ann"], "hours": 8})
    await city.settle()
    acts: tuple[tuple[str, dict[str, str]], ...] = (
        ("status", {"status": "out-of-service"}),
        ("correct", {"status": "en-route"}),
        ("sign-off", {}),
    )
    before = city.commands()
    for path, body in acts:
        refused = await city.post("ann", f"/v1/teams/t/{path}", body)
        assert (refused.status_code, "Confirm first" in refused.text) == (403, True)
    async with city.signed_in("ann") as browser:
        assert (await browser.post("/teams/t/sign-off")).status_code == 403
    assert city.commands() == before
    assert (await city.post("ann", "/v1/teams/t/status", {"status": "need-police"})).status_code == 200
    await city.post("ann", "/v1/teams/t/confirm")
    await city.settle()
    for path, body in acts:
        assert (await city.post("ann", f"/v1/teams/t/{path}", body)).status_code == 200


# --- what nobody says of themselves ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("token", "person"), [("staff", {}), ("supervisor", {"person_id": "ann"})])
async def test_nobody_says_over_which_way_they_answer(city: City, token: str, person: dict[str, str]) -> None:
    """An answer proves the way that its page went: here any number was proved that had never been rung."""
    path = "/v1/offers/offer-1/accept"
    refused = await city.post(token, path, {**person, "method_id": "mobile"})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "method_id")
    assert city.commands() == []
    assert (await city.post(token, path, {**person, "eta_minutes": 9})).status_code == 200
    command = city.commands()[-1]
    assert isinstance(command, events.AcceptOffer)
    assert (command.method_id, command.eta_minutes) == ("", 9)


# --- F8 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["supervisor", "dispatcher", "viewer", "approver", "staff"])
async def test_f8_nothing_that_is_read_or_answered_has_another_persons_link(city: City, token: str) -> None:
    """F8: repeating a sign-on, reading teams, people, alerts, calls and switchboard give nobody another's link."""
    await city.post("supervisor", "/v1/teams", {"team": {"team_id": "t", "model": "peer-led"}})
    for person_id in ("the-staff", "ann"):
        person = {"person_id": person_id, "name": person_id, "disciplines": ["peer"]}
        await city.post("supervisor", "/v1/people", {"person": person})
    shift = {"members": ["ann", "the-staff"], "hours": 8}
    await city.post("ann", "/v1/teams/t/sign-on", shift, key="k")
    await city.settle()
    others = {shift_link(POCKET, SECRET, "shift-1", name, generation) for name in ("ann",) for generation in range(3)}
    if token != "staff":
        others |= {shift_link(POCKET, SECRET, "shift-1", "the-staff", generation) for generation in range(3)}
    texts = [(await city.post(token, "/v1/teams/t/sign-on", shift, key="k")).text for _ in range(2)]
    texts.append((await city.post(token, "/v1/people/ann/revoke-links", WHY)).text)
    paths = ("teams", "people", "alerts", "calls", "switchboard", "referrals", "people/me/link")
    texts += [(await city.get(token, f"/v1/{path}")).text for path in paths]
    for text in texts:
        assert not any(link.rpartition("/")[2] in text for link in others)
