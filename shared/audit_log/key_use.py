"""What a service writes into the audit log: that it has opened something sealed by itself, once a minute in all.

Nobody sees what it opens, and it opens something for each call and each page: an entry each would say no more than the
journals do. So they are counted by agency, and each minute becomes an entry. A service that is given no audit key does
its work all the same, and writes none.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, SecretStr

from shared.audit_log.chain import ChainKeys
from shared.audit_log.log import AuditLog
from shared.clock import Clock, SystemClock
from shared.config import Settings
from shared.engine.broker import Broker
from shared.engine.kafka import KafkaBroker
from shared.events import KeyUsed

EVERY_SECONDS: Final = 60.0
Opened = Literal["call", "names", "addresses"]
Purpose = Literal["judge", "send", "recognise"]


def _are_keys_or_none(text: SecretStr) -> SecretStr:
    if text.get_secret_value():
        ChainKeys(text.get_secret_value())
    return text


OptionalAuditKeys = Annotated[
    SecretStr,
    AfterValidator(_are_keys_or_none),
    Field(description="32 bytes, base64: authenticates the audit log, as at the doors; without it nothing is written"),
]
"""A setting of a service: the keys of the audit log, or nothing."""


class KeyUseSettings(Settings):
    """What a service needs to know that opens what is sealed."""

    audit_keys: OptionalAuditKeys = SecretStr("")


@dataclass(slots=True)
class _Count:
    first: datetime
    last: datetime
    times: int = 0


class KeyUse:
    """Counts what a service opens, and writes it down while it runs beside the worker."""

    def __init__(
        self,
        settings: KeyUseSettings,
        service: str,
        key_id: str,
        what: Opened,
        purpose: Purpose,
        *,
        broker: Broker | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`broker`: instead of a connection of its own, whose faults are none of the worker's."""
        text = settings.audit_keys.get_secret_value()
        self._broker = broker or KafkaBroker(settings.connection, settings.partitions)
        self._clock = clock or SystemClock()
        self._log = AuditLog(self._broker, self._clock, ChainKeys(text), service) if text else None
        self._service, self._key_id = service, key_id
        self._what, self._purpose = what, purpose
        self._counts: dict[str, _Count] = {}

    @property
    def turned_at(self) -> float:
        """It waits for nobody: a watchdog has nothing to fear of it."""
        return self._clock.monotonic()

    @property
    def ready(self) -> bool:
        """No work waits for the audit log."""
        return True

    def note(self, agency: str) -> None:
        """Something of an agency was opened."""
        now = self._clock.now()
        count = self._counts.get(agency)
        if count is None:
            count = self._counts[agency] = _Count(now, now)
        count.last, count.times = now, count.times + 1

    async def run(self, stop: asyncio.Event) -> None:
        """Write each minute what was counted, until `stop` is set."""
        if self._log is None:
            await stop.wait()
            return
        async with self._log.writing():
            while not stop.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(EVERY_SECONDS):
                        await stop.wait()
                self._write(self._log)
        await self._broker.close()

    def _write(self, log: AuditLog) -> None:
        for agency, count in self._counts.items():
            entry = KeyUsed(
                at=count.first,
                by=self._service,
                identified="process",
                door=self._service,
                key_id=self._key_id,
                what=self._what,
                purpose=self._purpose,
                times=count.times,
                until=count.last,
            )
            log.record(agency, entry)
        self._counts.clear()
