"""The played network as a server of its own: carriers' APIs on a loopback port, callbacks over HTTP, phones to look at.

    python -m deploy.actors.carrier 9300 accounts.json

`accounts.json` names accounts, inbound addresses and phones; see `Setup`. The base_url of the carriers in the agencies
file is then `http://127.0.0.1:9300/twilio` and `…/telnyx`, and `CAREROUTE_WEBHOOK_NETWORKS` holds 127.0.0.0/8.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from aiohttp.web import BaseRequest, Response, Server, ServerRunner, TCPSite
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.actors.carrier.network import Answered, Network, NotReached
from deploy.actors.carrier.telnyx import PlayedTelnyx
from deploy.actors.carrier.timeline import RealTime
from deploy.actors.carrier.twilio import PlayedTwilio
from deploy.actors.http import session

CALLBACK_SECONDS = 15.0
"""So long a carrier waits for us, as Twilio does."""
HANG_SECONDS = 60.0


@dataclass
class Setup:
    """Accounts and phones. Keys of a phone are those of `Phone`."""

    callbacks_url: str
    agency: str
    account_sid: str = "AC" + "0" * 32
    auth_token: str = "t" * 32
    api_key: str = "KEY" + "0" * 29
    telnyx_key: str = ""
    """The private key, 32 bytes in hexadecimal digits; empty: one of its own."""
    phones: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By number."""
    texts_per_second: int = 100
    """As a short code takes them."""
    calls_per_second: int = 10

    def accounts(self, port: int, numbers: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """The accounts as the agencies file has them; `numbers`: the sender of each carrier."""
        here = f"http://127.0.0.1:{port}"
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.telnyx_key)) if self.telnyx_key else None
        accounts: dict[str, dict[str, Any]] = {
            "twilio": {"account_sid": self.account_sid, "auth_token": self.auth_token, "base_url": f"{here}/twilio"}
        }
        if key is not None:
            public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
            accounts["telnyx"] = {"api_key": self.api_key, "public_key": public, "base_url": f"{here}/telnyx"}
            accounts["telnyx"] |= {"account_sid": PlayedTelnyx.account_sid, "application": PlayedTelnyx.application}
        of_each = {"texts_per_second": self.texts_per_second, "calls_per_second": self.calls_per_second}
        return {
            name: account | of_each | {"senders": [numbers[name]]}
            for name, account in accounts.items()
            if name in numbers
        }


@dataclass
class Exchange:
    """The network with both carriers."""

    network: Network
    twilio: PlayedTwilio
    telnyx: PlayedTelnyx

    async def answer(self, request: BaseRequest) -> Response:
        """Answer a request to a carrier, or of somebody who looks at the phones."""
        name, _, path = request.path.removeprefix("/").partition("/")
        if name == "phones":
            phones = {number: asdict(phone) for number, phone in self.network.phones.items()}
            return Response(text=json.dumps(phones), content_type="application/json")
        played = {"twilio": self.twilio, "telnyx": self.telnyx}.get(name)
        if played is None:
            return Response(status=404)
        headers = {key.lower(): value for key, value in request.headers.items()}
        try:
            answered = await played.handle(f"/{path}", headers, await request.read())
        except NotReached as none:
            if none.fault.startswith("silent"):
                await asyncio.sleep(HANG_SECONDS)
            if request.transport is not None:
                request.transport.abort()
            return Response(status=500)
        content_type = "application/json"
        return Response(
            status=answered.status, body=answered.body, headers=dict(answered.headers), content_type=content_type
        )


@asynccontextmanager
async def serving(port: int, setup: Setup) -> AsyncIterator[Exchange]:
    """Both carriers on a loopback port while the block runs."""
    time = RealTime()
    async with session() as http:
        exchange = _exchange(setup, time, http)
        runner = ServerRunner(Server(exchange.answer, access_log=None), shutdown_timeout=0.5)
        await runner.setup()
        try:
            await TCPSite(runner, "127.0.0.1", port, backlog=256).start()
            yield exchange
        finally:
            await runner.cleanup()
            await time.close()


def _exchange(setup: Setup, time: RealTime, http: ClientSession) -> Exchange:
    async def post(url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        timeout = ClientTimeout(total=CALLBACK_SECONDS)
        try:
            async with http.post(url, data=body, headers=dict(headers), timeout=timeout) as response:
                return Answered(response.status, await response.read())
        except (ClientError, OSError, TimeoutError):
            return Answered(0, b"<Response/>")

    network = Network(time, post)
    for number, does in setup.phones.items():
        network.phone(number, **does)
    inbound = f"{setup.callbacks_url}/in"
    twilio = PlayedTwilio(network, f"{inbound}/twilio/{setup.agency}")
    twilio.account_sid, twilio.auth_token = setup.account_sid, setup.auth_token
    telnyx = PlayedTelnyx(network, f"{inbound}/telnyx/{setup.agency}")
    telnyx.api_key = setup.api_key
    if setup.telnyx_key:
        telnyx.key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(setup.telnyx_key))
    return Exchange(network, twilio, telnyx)
