"""Keys that were revoked: learnt from team availability's journal, beside the requests."""

from __future__ import annotations

import asyncio

from shared.agencies import Agencies
from shared.engine.broker import Broker, Stored
from shared.engine.follower import Follower
from shared.events import Event, TokenRevoked
from shared.telemetry import logger
from shared.topics import ASSIGNMENTS

RETRY_SECONDS = 1.0


async def follow_revocations(broker: Broker, agencies: Agencies) -> None:
    """Take revoked keys in as the journal tells of them, for ever.

    Nothing that stands in a journal may keep calls out: requests are taken before it has been read, and where it cannot
    be read it is tried again, and again.
    """

    def fold(agency: str, event: Event, _stored: Stored) -> None:
        if isinstance(event, TokenRevoked):
            agencies.revoke(agency, event.token_hash)

    while True:
        try:
            await Follower(broker, (ASSIGNMENTS,), fold, frozenset({TokenRevoked})).run(asyncio.Event())
        except Exception as error:  # noqa: BLE001  # whatever it is, calls come first
            logger().error("revoked keys not followed, trying again", error=type(error).__name__)
        await asyncio.sleep(RETRY_SECONDS)
