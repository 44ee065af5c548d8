"""The own page in a real browser: enrolled, installed, pushed to, without a connection, by keyboard and by night."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, BrowserContext, CDPSession, Worker

from services.notification.push import PushPage
from services.pocket.door import OwnPage
from shared.events import (
    AcceptOffer,
    AssignmentWithdrawn,
    ContactBroken,
    ContactProved,
    ContactSet,
    DeclineOffer,
    EnrolDevice,
    Person,
    PersonDefined,
    SignOn,
)
from shared.sealing import Sealer, new_key
from tests.browser.desk import WCAG
from tests.browser.screen import by_day_and_night
from tests.browser.test_pocket_page import PHONE_PIXELS, Phone, served
from tests.rig.browser_push import BrowserPush, b64url, point_of
from tests.services.notification.test_push import KEY, LINKS, clock, page, pushing  # noqa: F401  # fixtures
from tests.services.pocket.driver import CALL, PERSONAL, City
from tests.services.pocket.me.test_own_page import enrolment

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PUBLIC = b64url(point_of(KEY.public_key()))


@dataclass
class Handset(Phone):
    """A phone whose browser runs scripts where a page lets it."""

    context: BrowserContext
    faults: list[str] = field(default_factory=list)

    async def enrol(self, city: City, **holder: Any) -> None:
        await self.page.goto(self.address + enrolment(city, **holder))
        await self.tap("Yes, enrol it")

    async def is_asked(self, city: City) -> str:
        """It is enrolled, and shows an offer, whose path this is; its worker is there."""
        await self.enrol(city)
        await self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        city.sign_on()
        path = city.offer(seconds=120)
        await self.open(path)
        return path

    async def worker(self) -> Worker:
        """The worker of the page, once it is there."""
        return next(iter(self.context.service_workers), None) or await self.context.wait_for_event("serviceworker")

    async def push(self, said: Any) -> None:
        """What the push service hands to the browser, as the browser has opened it."""
        await self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await (await self.worker()).evaluate(SHOWING)
        session: CDPSession = await self.context.new_cdp_session(self.page)
        registration: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def note(event: dict[str, Any]) -> None:
            for one in event["registrations"]:
                if one["scopeURL"].startswith(self.address) and not one["isDeleted"] and not registration.done():
                    registration.set_result(one["registrationId"])

        session.on("ServiceWorker.workerRegistrationUpdated", note)
        await session.send("ServiceWorker.enable")
        data = said if isinstance(said, str) else json.dumps(said)
        message = {"origin": self.address, "registrationId": await registration, "data": data}
        await session.send("ServiceWorker.deliverPushMessage", message)

    async def notifications(self) -> list[dict[str, Any]]:
        """What the phone shows, once it shows anything."""
        async with asyncio.timeout(20):
            shown: list[dict[str, Any]] = await (await self.worker()).evaluate(SHOWN)
        return shown

    async def click(self, action: str = "") -> list[str]:
        """Somebody taps on the notification, or on one of its buttons; what it then asks for and opens."""
        asked: list[str] = await (await self.worker()).evaluate(CLICKED, action)
        return asked


SHOWING = """() => {
    const show = ServiceWorkerRegistration.prototype.showNotification;
    self.shown = new Promise((done) => {
        ServiceWorkerRegistration.prototype.showNotification = function (...about) {
            const showing = show.apply(this, about);
            showing.then(() => setTimeout(done, 50));
            return showing;
        };
    });
}"""
SHOWN = """async () => {
    await self.shown; // Chromium forgets a notification that is asked for while it is being shown
    return (await self.registration.getNotifications()).map(({ title, body, tag, data, actions, requireInteraction }) =>
        ({ title, body, tag, data, actions: actions.map((button) => button.action), requireInteraction }));
}"""
CLICKED = """async (action) => {
    const [notification] = await self.registration.getNotifications();
    const asked = [], waits = [], original = self.fetch;
    self.fetch = (address, options = {}) => {
        asked.push(`${options.method || "GET"} ${address}`);
        return original(address, options);
    };
    self.clients.openWindow = async (address) => { asked.push(`open ${address}`); return null; };
    const event = new NotificationEvent("notificationclick", { notification, action });
    event.waitUntil = (promise) => waits.push(promise);
    self.dispatchEvent(event);
    await Promise.all(waits);
    self.fetch = original;
    return asked;
}"""
BROWSERS_PART = """
    const ended = async () => { localStorage.removeItem("on"); return true; };
    const subscription = { options: {}, toJSON: () => (SUBSCRIPTION), unsubscribe: ended };
    PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
        window.asked = [btoa(String.fromCharCode(...new Uint8Array(applicationServerKey))), userVisibleOnly];
        localStorage.setItem("on", "yes");
        return subscription;
    };
    PushManager.prototype.getSubscription = async () => localStorage.getItem("on") ? subscription : null;
"""
"""In place of what asks a push service on the internet, which no test can reach."""


@asynccontextmanager
async def a_handset(city: City, browser: Browser, pictures: Path, *, scripts: bool = True) -> AsyncIterator[Handset]:
    async with city.living(), served(city) as address:
        context = await browser.new_context(
            viewport=PHONE_PIXELS,  # type: ignore[arg-type]
            device_scale_factor=2,
            is_mobile=True,
            has_touch=True,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(10_000)
        await context.grant_permissions(["notifications"], origin=address)
        handset = Handset(await context.new_page(), address, pictures, context)
        handset.page.on("pageerror", lambda error: handset.faults.append(str(error)))
        handset.page.on("console", lambda said: handset.faults.append(said.text) if said.type == "error" else None)
        yield handset
        await context.close()


def a_city() -> City:
    return City(OwnPage(secure=False, push_key=PUBLIC, sealer=Sealer(new_key())))


@pytest.fixture
def offered(pushing: PushPage, page: Callable[..., Any]) -> Callable[[str], Any]:  # noqa: F811
    """What the adapter has a browser show for an offer, leading where the city's page of it is."""

    def payload(link: str) -> Any:
        said: dict[str, Any] = json.loads(json.dumps(pushing._payload("madison", page())))  # what is sealed
        notification = said["notification"]
        notification["navigate"] = link
        return said

    return payload


@pytest.mark.scenario("browser")
async def test_a_real_push_is_shown_and_leads_to_the_offer(
    browser: Browser, tmp_path: Path, offered: Callable[[str], Any]
) -> None:
    city = a_city()
    city.call()
    async with a_handset(city, browser, tmp_path) as phone:
        await phone.enrol(city)
        city.sign_on()
        link = phone.address + city.offer(seconds=60)
        before = len(city.commands())
        await phone.push(offered(link))
        (shown,) = await phone.notifications()
        assert shown["title"] == "alpha-1: a call for you in Central, P3"
        assert shown["body"].startswith("Answer by ")
        assert (shown["data"], shown["actions"]) == ({"navigate": link}, ["accept", "decline"])
        assert shown["requireInteraction"]
        await phone.push(offered(link))
        assert len(await phone.notifications()) == 1, "the same tag: one offer is one notification"
        assert await phone.click() == [f"open {link}"]
        assert len(city.commands()) == before, "to look at it is no answer"
        assert phone.faults == []


@pytest.mark.scenario("answers")
@pytest.mark.parametrize(("button", "kind"), [("accept", AcceptOffer), ("decline", DeclineOffer)])
async def test_a_button_of_the_notification_answers_once_and_shows_what_came_of_it(
    browser: Browser, tmp_path: Path, offered: Callable[[str], Any], button: str, kind: type[Any]
) -> None:
    city = a_city()
    city.call()
    async with a_handset(city, browser, tmp_path) as phone:
        await phone.enrol(city)
        city.sign_on()
        link = phone.address + city.offer(seconds=60)
        before = len(city.commands())
        await phone.push(offered(link))
        await phone.notifications()
        assert await phone.click(button) == [f"POST {link}/{button}", f"open {link}"]
        (command,) = city.commands()[before:]
        assert isinstance(command, kind)
        assert command.person_id == "ana"


@pytest.mark.scenario("browser")
@pytest.mark.parametrize("said", ["", "no json", '{"notification": null}', '{"notification": {"title": ""}}'])
async def test_every_push_shows_something(browser: Browser, tmp_path: Path, said: str) -> None:
    """A browser takes pushes away from whoever stays silent three times."""
    city = a_city()
    async with a_handset(city, browser, tmp_path) as phone:
        await phone.enrol(city)
        await phone.push(said)
        (shown,) = await phone.notifications()
        assert (shown["title"], shown["body"]) == ("careroute", "Open careroute.")


@pytest.mark.scenario("browser")
async def test_without_a_connection_one_page_says_so_and_comes_back_by_itself_and_nothing_is_sent_later(
    browser: Browser, tmp_path: Path
) -> None:
    """A second without a connection, and a crew's call was off its screen for good."""
    city = a_city()
    async with a_handset(city, browser, tmp_path) as phone:
        path = await phone.is_asked(city)
        before = len(city.commands())
        await phone.context.set_offline(True)
        await phone.page.get_by_role("button", name="Decline").click()
        await phone.page.get_by_role("heading", name="No connection").wait_for()
        await phone.sees("What you tapped may not have arrived")
        await phone.picture("offline")
        await phone.context.set_offline(False)
        await phone.page.wait_for_url(phone.address + path, timeout=20_000)
        await phone.sees("Will you take this call?")
        await phone.page.wait_for_timeout(500)
        assert len(city.commands()) == before, "an answer that comes late is worse than none"
        await phone.context.set_offline(True)
        await phone.page.goto(phone.address + "/me")
        await phone.sees("No connection")


@pytest.mark.scenario("browser")
async def test_a_crew_reads_its_call_where_there_is_no_connection(browser: Browser, tmp_path: Path) -> None:
    """Its page looks for news each ten seconds: once in a dead spot, and address and hazards were off the screen."""
    city = a_city()
    city.call()
    async with a_handset(city, browser, tmp_path) as phone:
        path = await phone.is_asked(city)
        await phone.tap("Accept")
        await phone.sees(PERSONAL["address"])
        before = len(city.commands())
        await phone.context.set_offline(True)
        await phone.page.get_by_text("This is what was known less than a minute ago").wait_for(timeout=20_000)
        await phone.sees(PERSONAL["address"])
        await phone.picture("call-offline")
        await phone.tap("Need police")
        await phone.sees("What you tapped since may not have arrived")
        await phone.sees(PERSONAL["address"])
        await phone.page.goto(phone.address + "/me")
        await phone.sees("Answer by text")
        await phone.page.goto(phone.address + path)
        await phone.sees(PERSONAL["address"])
        assert len(city.commands()) == before, "nothing is sent later"
        await phone.context.set_offline(False)
        await phone.page.get_by_text("No connection.").wait_for(state="hidden", timeout=20_000)
        city.write(AssignmentWithdrawn(call_id=CALL, episode=1, team_id="alpha-1", why="cancelled"))
        await phone.open(path)
        await phone.sees("You are released")
        await phone.context.set_offline(True)
        await phone.page.goto(phone.address + path)
        await phone.sees("Answer by text")
        assert PERSONAL["address"] not in await phone.page.content(), "kept for longer than it stood there"


@pytest.mark.scenario("browser")
async def test_the_page_is_installed_and_asks_for_pushes_with_our_key(browser: Browser, tmp_path: Path) -> None:
    """What the browser gives for it is sent, again at each visit, and ends with the tap that ends it."""
    city = a_city()
    push = BrowserPush("https://push.example/send/1")
    async with a_handset(city, browser, tmp_path) as phone:
        await phone.context.add_init_script(BROWSERS_PART.replace("SUBSCRIPTION", push.subscription))
        await phone.enrol(city)
        button = phone.page.get_by_role("button", name="Turn on notifications")
        await button.wait_for()
        await button.click()
        await phone.page.get_by_text("This phone is told of calls.").wait_for()
        asked = await phone.page.evaluate("window.asked")
        assert asked[0].replace("+", "-").replace("/", "_").rstrip("=") == PUBLIC
        assert asked[1] is True
        await phone.open("/me")
        await phone.page.get_by_role("button", name="Turn off notifications").wait_for()
        assert len([c for c in city.commands() if c.type == "set-contact"]) == 1
        session = await phone.context.new_cdp_session(phone.page)
        manifest = await session.send("Page.getAppManifest")
        assert manifest["errors"] == []
        assert json.loads(manifest["data"])["start_url"] == "/me"
        installable = await session.send("Page.getInstallabilityErrors")
        assert [one["errorId"] for one in installable["installabilityErrors"] if one["errorId"] != "in-incognito"] == []
        await phone.tap("Turn off notifications")
        assert city.commands()[-1].type == "remove-contact"
        assert phone.faults == []


@pytest.mark.scenario("browser")
async def test_the_own_page_is_read_by_everybody_by_day_and_night(browser: Browser, tmp_path: Path) -> None:
    city = a_city()
    city.write(
        ContactSet(person_id="ana", method_id="cell", kind="sms", shown="…23"),
        ContactProved(person_id="ana", method_id="cell"),
        ContactSet(person_id="ana", method_id="desk", kind="voice", shown="…99"),
        ContactBroken(person_id="ana", method_id="desk", why="unknown-number"),
    )
    async with a_handset(city, browser, tmp_path) as phone:
        await phone.page.goto(phone.address + enrolment(city))
        await readable(phone, "enrol")
        await phone.tap("Yes, enrol it")
        await phone.open("/me?still=true")
        await readable(phone, "off-duty")
        city.sign_on()
        city.offer(seconds=90)
        await phone.open("/me?still=true")
        await phone.sees("seconds left to answer")
        await readable(phone, "own")
        await phone.page.get_by_role("link", name="Open the offer").focus()
        await phone.page.keyboard.press("Enter")
        await phone.sees("Will you take this call?")
        await phone.page.go_back()
        await phone.page.get_by_role("button", name="Ring my phone").focus()
        await phone.page.keyboard.press("Enter")
        await phone.sees("Every way to you has just been used.")
        await phone.page.get_by_text("It is not mine any more").focus()
        await phone.page.keyboard.press("Enter")
        await phone.page.get_by_role("button", name="Shut this phone out").wait_for()
        await phone.tap("Shut this phone out")
        await readable(phone, "shut-out")
        assert phone.faults == []


@pytest.mark.scenario("browser")
@pytest.mark.parametrize("system", ["iPhone; CPU iPhone OS 18_1 like Mac OS X", "Linux; Android 15"])
async def test_a_phone_subscribes_to_shifts_by_what_it_takes(browser: Browser, tmp_path: Path, system: str) -> None:
    """An iPhone copies what it loads by https once, and shows no later shift."""
    city = a_city()
    city.write(PersonDefined(person=Person(person_id="ana", name="Ana", disciplines=("emt",))))
    async with a_handset(city, browser, tmp_path) as phone:
        is_system = f"Object.defineProperty(navigator, 'userAgent', {{ get: () => 'Mozilla/5.0 ({system})' }})"
        await phone.context.add_init_script(is_system)
        await phone.enrol(city)
        link = await phone.page.get_by_role("link", name="Subscribe to your shifts").get_attribute("href")
        path = city.view.calendars.path("madison", "ana")
        assert link == (phone.address.replace("http:", "webcal:") + path if "iPhone" in system else path)


@pytest.mark.scenario("browser")
async def test_without_script_everything_but_notifications_works(browser: Browser, tmp_path: Path) -> None:
    city = a_city()
    city.write(ContactSet(person_id="ana", method_id="cell", kind="sms", shown="…23"))
    async with a_handset(city, browser, tmp_path, scripts=False) as phone:
        await phone.enrol(city)
        assert not await phone.page.get_by_role("button", name="Turn on notifications").is_visible()
        await phone.sees("They need a browser that runs scripts.")
        city.sign_on()
        city.offer(seconds=90)
        await phone.open("/me")
        await phone.sees("seconds left to answer")
        await phone.tap("Ring my phone")
        await phone.sees("Every way to you has just been used.")
        await phone.tap("Open the offer")
        await phone.sees("Will you take this call?")


@pytest.mark.scenario("browser")
async def test_a_tablet_is_signed_on_with_two_taps(browser: Browser, tmp_path: Path) -> None:
    city = a_city()
    for name in ("ana", "ben", "cleo"):
        city.write(PersonDefined(person=Person(person_id=name, name=name, disciplines=("emt",))))
    async with a_handset(city, browser, tmp_path) as phone:
        await phone.enrol(city, person_id=None, team_id="alpha-1")
        await phone.open("/me?still=true")
        await readable(phone, "tablet-off-duty")
        await phone.open("/me")
        await phone.page.get_by_label("ben").check()
        await phone.tap("10 hours, start")
        command = city.commands()[-1]
        assert isinstance(command, SignOn)
        assert command.members == ("ben",)
        await phone.open("/me?still=true")
        await readable(phone, "tablet")
        await phone.tap("ben")
        await phone.sees("Nothing to do.")
    assert [type(command) for command in city.commands()] == [EnrolDevice, SignOn]


async def readable(phone: Handset, name: str) -> None:
    """No finding of axe, by day and by night, and what holds on every page for a thumb."""
    await phone.check()
    await phone.picture(name)
    async for _ in by_day_and_night(phone.page):
        results = await Axe().run(phone.page, options=WCAG)
        assert results.response["violations"] == [], results.generate_report()
