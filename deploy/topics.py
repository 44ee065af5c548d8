"""Creates the topics that are missing and checks those that are there: `python -m deploy.topics`.

On a secured Kafka it gives each process its rights too, and says which rights nobody asked for; `--users DIRECTORY`
sets the passwords that stand there, and makes one for each that has none yet. Done again, it changes nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import secrets
import sys
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from pathlib import Path

import uvloop
from pydantic import Field

from deploy.principals import PRINCIPALS, WHO, rights_of
from shared.config import Settings
from shared.connection import Connection
from shared.engine.broker import BrokerUnavailable
from shared.engine.kafka import check_topics, create_topics
from shared.engine.kafka_replicas import replica_faults, replicas_for
from shared.engine.kafka_rights import Right, compare, grant, rights_in_force, set_passwords, take_away, users_known
from shared.private_file import write_private
from shared.topics import TOPICS

LOOKS, LOOK_SECONDS = 25, 0.2
"""How often, and after what time again, it is looked whether a broker knows what it was told."""
PASSWORD_FILE = "kafka-password"  # noqa: S105  # the name of the file
LEAST_CHARACTERS = 16
"""Of a password: whoever guesses one acts as that process, and a file that is half written must set none."""


class WrongPasswords(Exception):
    """The directory is not the one that users have their passwords from."""


class TopicSettings(Settings):
    """Where, how many partitions, how many copies, and what processes are called there."""

    replication: int | None = Field(
        default=None, ge=1, le=7, description="copies of every topic; as many as there are brokers, 3 at most"
    )
    kafka_principals: str = Field(
        default=WHO,
        pattern=r"^User:[^{}]*\{\}[^{}]*$",
        description="what Kafka calls a process, e.g. User:CN={} by certificate",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every topic and every right stands as it should, 1 otherwise, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m deploy.topics", description=__doc__)
    parser.add_argument(
        "--users", type=Path, metavar="DIRECTORY", help=f"set passwords: DIRECTORY/<process>/{PASSWORD_FILE} holds each"
    )
    parser.add_argument("--prune", action="store_true", help="take away the rights that nobody asked for")
    given = parser.parse_args(arguments)
    settings = TopicSettings.load()
    if (given.users or given.prune) and not settings.connection.secured:
        parser.error("where anybody is let in there are no users and no rights: see CAREROUTE_KAFKA_CA_FILE")
    try:
        return uvloop.run(_set_up(settings, given.users, prune=given.prune))
    except (BrokerUnavailable, WrongPasswords) as error:
        sys.stderr.write(f"{error}\n")
        return 1


async def _set_up(settings: TopicSettings, users: Path | None, *, prune: bool) -> int:
    at = settings.connection
    copies = settings.replication or await replicas_for(at)
    _say(f"copies of each topic: {copies}")
    created = await create_topics(at, settings.partitions, copies, TOPICS)
    _say(f"created {', '.join(created) or 'nothing: every topic was there'}")
    if journals := journals_beside(created):
        _say(f"look: {', '.join(journals)} beside topics that were there: it came with this version, or somebody had")
        _say("deleted it: then deploy/DISASTER.md has what was in it")
    wrong = await topic_faults(at, settings.partitions) or await replica_faults(at, copies, TOPICS)
    if at.secured:
        if users is not None:
            await set_passwords(at, passwords_in(users, await users_known(at)))
            _say(f"set the passwords in {users}")
        wrong += await set_rights(at, settings.kafka_principals, prune=prune)
    sys.stderr.write("".join(f"{fault}\n" for fault in wrong))
    return 1 if wrong else 0


def journals_beside(created: Collection[str]) -> list[str]:
    """Which of the topics that were made are journals, where others were there before."""
    is_new = len(created) == len(TOPICS)
    return [topic.name for topic in TOPICS if topic.journal and topic.name in created and not is_new]


async def topic_faults(at: Connection, partitions: int) -> list[str]:
    """What is wrong with the topics, once the broker has had time to tell of new ones."""
    faults, looks = await check_topics(at, partitions, TOPICS), 1
    while faults.wrong and looks < LOOKS:
        await asyncio.sleep(LOOK_SECONDS)
        faults, looks = await check_topics(at, partitions, TOPICS), looks + 1
    for added in faults.added:
        _say(f"look: {added}")
    return faults.wrong


async def set_rights(at: Connection, who: str, *, prune: bool) -> list[str]:
    """Give what is missing; what is wrong then, in words. Raises BrokerUnavailable."""
    wanted = rights_of(who=who)
    differences = compare(wanted, await rights_in_force(at))
    await grant(at, differences.missing)
    _say(f"gave {len(differences.missing)} of {len(wanted)} rights; the others were there")
    for right in differences.masters:
        _say(f"look: {right}. Whoever that is can give themselves every right")
    missing = await _still_missing(at, wanted)
    ours = {right.principal for right in wanted}
    other_names = names_of_processes({right.principal for right in differences.extra} - ours)
    missing += [
        f"extra: rights of {other}, as whom Kafka may know {name}: `--prune` leaves them. If it does, set "
        "CAREROUTE_KAFKA_PRINCIPALS to match; if not, `kafka-acls.sh --remove` takes them away"
        for other, name in other_names.items()
    ]
    extra = [right for right in differences.extra if right.principal not in other_names]
    if prune:
        await take_away(at, extra)
        _say("\n".join(f"took away: {right}" for right in extra) or "took nothing away")
        return missing
    return missing + [f"extra: {right}; nothing of careroute needs it, `--prune` takes it away" for right in extra]


def names_of_processes(others: Iterable[str]) -> dict[str, str]:
    """Of those to whom nobody gives rights, who has the name of a process in theirs, and which: `User:CN=triage`.

    Processes may well be known by it, and without its rights a city's all stop at once.
    """
    names = {principal.name for principal in PRINCIPALS}
    found = ((other, names.intersection(re.split(r"[^a-z-]", other))) for other in sorted(others))
    return {other: min(named) for other, named in found if named}


async def _still_missing(at: Connection, wanted: set[Right]) -> list[str]:
    missing: tuple[Right, ...] = ()
    for _ in range(LOOKS):
        if not (missing := compare(wanted, await rights_in_force(at)).missing):
            break
        await asyncio.sleep(LOOK_SECONDS)
    return [f"missing: {right}" for right in missing]


def passwords_in(directory: Path, known: Container[str] = ()) -> dict[str, str]:
    """By process, what its file holds; who is not `known` to Kafka and has no file gets one, with a fresh password.

    Whoever has a password already works with it: in another directory than that of their files nobody gets a new one,
    and where one cannot be read nobody does. Raises WrongPasswords.
    """
    files = {principal.name: directory / principal.name / PASSWORD_FILE for principal in PRINCIPALS}
    if wrong := [fault for name, file in files.items() if (fault := _fault_of(file, known=name in known))]:
        raise WrongPasswords("\n".join((*wrong, "no password was set")))
    try:
        for file in files.values():
            if not file.exists():
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_private(file, secrets.token_urlsafe(32))
    except OSError as error:
        raise WrongPasswords(f"{error.filename or directory}: {error.strerror}; no password was set") from error
    passwords = {name: file.read_text("utf-8").strip() for name, file in files.items()}
    if shared := _shared(passwords):
        raise WrongPasswords("\n".join((*shared, "no password was set")))
    return passwords


def _fault_of(file: Path, *, known: bool) -> str:
    """Why a file is no password of somebody; empty where it is one, or is to be made."""
    try:
        text = file.read_text("utf-8").strip()
    except FileNotFoundError:
        return f"{file} is not there, and Kafka has a password of that name: write that, or a new one, into it" * known
    except (OSError, UnicodeDecodeError) as error:
        return f"{file} cannot be read: {type(error).__name__}"
    if not text:
        return f"{file} is empty: write a password into it, or delete it"
    whole = len(text) >= LEAST_CHARACTERS and not any(map(str.isspace, text))
    return (
        "" if whole else f"{file} is not one password of {LEAST_CHARACTERS} characters or more: write the whole of it"
    )


def _shared(passwords: Mapping[str, str]) -> list[str]:
    """Whose password is another's too: mostly a file that was copied to the wrong place."""
    owners: dict[str, list[str]] = {}
    for name, password in passwords.items():
        owners.setdefault(password, []).append(name)
    return [f"{' and '.join(names)} have the same password" for names in owners.values() if len(names) > 1]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
