"""Creates the topics that are missing and checks those that are there: `python -m deploy.topics`."""

from __future__ import annotations

import asyncio
import sys

from pydantic import Field

from shared.config import Settings
from shared.engine.kafka import check_topics, create_topics
from shared.topics import TOPICS


class TopicSettings(Settings):
    """Where, how many partitions, and how many copies."""

    replication: int = Field(default=1, ge=1, le=7, description="copies of every topic; 3 in production")


def main() -> int:
    """0 when every topic stands as it should, 1 otherwise."""
    settings = TopicSettings.load()
    created = asyncio.run(create_topics(settings.kafka, settings.partitions, settings.replication, TOPICS))
    wrong = asyncio.run(check_topics(settings.kafka, settings.partitions, TOPICS))
    sys.stdout.write(f"created {', '.join(created) or 'nothing: every topic was there'}\n")
    sys.stderr.write("".join(f"{fault}\n" for fault in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
