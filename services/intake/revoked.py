"""Keys that were revoked: learnt from team availability's journal, beside the requests."""

from __future__ import annotations

import asyncio

from shared.agencies import Agencies
from shared.engine.broker import Broker, BrokerUnavailable, Stored
from shared.engine.follower import Follower
from shared.events import Event, TokenRevoked
from shared.telemetry import logger
from shared.topics import ASSIGNMENTS

LOOK_SECONDS = 1.0


async def follow_revocations(broker: Broker, agencies: Agencies) -> None:
    """Take revoked keys in as the journal tells of them, for ever.

    Nothing that stands in a journal may keep calls out: requests are taken before it has been read, and where it cannot
    be read it is tried again, and again.
    """

    def fold(agency: str, event: Event, _stored: Stored) -> None:
        if isinstance(event, TokenRevoked):
            agencies.revoke(agency, event.token_hash)

    while True:
        follower = Follower(broker, (ASSIGNMENTS,), fold, frozenset({TokenRevoked}))
        try:
            await follower.start()
            while follower.failed is None:  # noqa: ASYNC110  # the follower has no event to wait for
                await asyncio.sleep(LOOK_SECONDS)
        except BrokerUnavailable as error:
            logger().warning("waiting for the broker", wrong=str(error)[:300])
            await asyncio.sleep(LOOK_SECONDS)
        finally:
            await follower.stop()
