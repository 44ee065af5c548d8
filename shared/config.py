"""The only reader of the environment. Every setting is `CAREROUTE_<NAME>`, checked when a process starts.

A secret may stand in a file instead, which `CAREROUTE_<NAME>_FILE` names: an environment is easily seen by others.
"""

from __future__ import annotations

import os
import re
import ssl
import stat
import sys
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Self, get_args

from pydantic import BeforeValidator, DirectoryPath, Field, PlainValidator, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.connection import Connection
from shared.validation import told

PREFIX = "CAREROUTE_"
EXIT_SETTINGS = 78
"""A setting is wrong."""
NEARLY = 0.95
"""Names that are so much alike (difflib's ratio) are meant to be one: a letter of twenty is another, or missing."""


def listed(value: object) -> object:
    """A setting that is several, with commas between them."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",")] if value else ()


WebhookNetworks = Annotated[
    tuple[Annotated[IPv4Network | IPv6Network, PlainValidator(ip_network)], ...],
    NoDecode,
    BeforeValidator(listed),
    Field(description="networks that webhooks may reach besides the public internet, e.g. 10.1.0.0/16,fd00::/8"),
]


CallbacksUrl = Annotated[
    str,
    Field(
        pattern=r"^(https?://[^?#]*)?$",
        description="where carriers reach the callbacks door, e.g. https://callbacks.city.example; what they sign is "
        "checked against it",
    ),
]


EMPTY_IS_ABSENT = BeforeValidator(lambda value: value or None)
"""What is set to nothing is not set."""
OptionalFile = Annotated[Path | None, EMPTY_IS_ABSENT]
"""A file that there may be; empty is the same as left out."""
Directory = Annotated[DirectoryPath, EMPTY_IS_ABSENT]
"""A directory that is there; empty is none, and not the one in which the process was started."""


NOBODY: Final = "off"
"""Said where it is meant that nobody listens."""


class Environment(BaseSettings):
    """Settings read from the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    @classmethod
    def load(cls) -> Self:
        """The settings of this process. A wrong one ends it (exit code 78) with a line that names the variable.

        So does one whose name is misspelt: what should have been set would be left out, and nobody would know.
        """
        settings, wrong = None, [f"{given}: is no setting; did you mean {meant}?" for given, meant in cls.misspelt()]
        try:
            settings = cls()
        except ValidationError as error:
            wrong += [f"{_named(place)}{sentence}{cls._meaning_of(place)}" for place, sentence in told(error)]
        if wrong or settings is None:
            sys.stderr.write("".join(f"{line}\n" for line in wrong))
            sys.exit(EXIT_SETTINGS)
        return settings

    @classmethod
    def variables(cls) -> frozenset[str]:
        """Those in which its settings, and the files of its secrets, are named."""
        files = {file_variable_of(name) for name, field in cls.model_fields.items() if is_secret(field)}
        return frozenset(map(variable_of, cls.model_fields)) | files

    @classmethod
    def misspelt(cls) -> list[tuple[str, str]]:
        """Names in the environment that nearly are those of settings, and of which."""
        names = cls.variables()
        near = ((given, get_close_matches(given, names, n=1, cutoff=NEARLY)) for given in os.environ.keys() - names)
        return sorted((given, meant) for given, found in near for meant in found)

    @classmethod
    def _meaning_of(cls, place: tuple[int | str, ...]) -> str:
        field = cls.model_fields.get(str(place[0])) if place else None
        if field is None:
            return ""
        file = f"a file that holds it may be named in {file_variable_of(str(place[0]))}" if is_secret(field) else ""
        meaning = "; ".join(filter(None, (field.description, file)))
        return f" ({meaning})" if meaning else ""

    @model_validator(mode="before")
    @classmethod
    def _read_secrets(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Secrets from the files that are named for them; of each setting no blank or line end that stands around it.

        With one, the same secret was another than out of a file, and links led nowhere.
        """
        given = {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}
        for name in filter(lambda name: is_secret(cls.model_fields[name]), cls.model_fields):
            if file := os.environ.get(file_variable_of(name)):
                if given.get(name):
                    raise ValueError(f"{variable_of(name)} and {file_variable_of(name)} are both set: one is enough")
                given[name] = _secret_in(file, file_variable_of(name))
        return given


def _named(place: tuple[int | str, ...]) -> str:
    """How a line about a fault begins: with the variable, and where in it that stands, if it is one of several."""
    if not place:
        return ""
    name, *inside = map(str, place)
    return f"{variable_of(name)}{''.join(f', {step}' for step in inside)}: "


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def file_variable_of(name: str) -> str:
    """The environment variable that names the file of a secret."""
    return f"{variable_of(name)}_FILE"


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting is one that nobody else may read."""
    return _holds_secret(field.annotation)


def _holds_secret(kind: Any) -> bool:
    return kind is SecretStr or any(map(_holds_secret, get_args(kind)))


def _secret_in(file: str, variable: str) -> str:
    path = Path(file)
    try:
        secret = path.read_text("utf-8").strip()
        if _is_open(path):
            sys.stderr.write(f"{variable}: every user of this machine may read {file}: `chmod o= {file}`\n")
    except PermissionError as error:
        why = f"user {os.geteuid()}, as whom this process runs, may not: give it the file, or the right to read it"
        raise ValueError(f"{variable}: {file} cannot be read: {why}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{variable}: {file} cannot be read: {type(error).__name__}") from error
    if not secret:
        raise ValueError(f"{variable}: {file} is empty")
    return secret


def _is_open(path: Path) -> bool:
    """Whether every user of this machine may read a file: it and each directory above let them. Raises OSError."""
    above = all(directory.stat().st_mode & stat.S_IXOTH for directory in path.resolve().parents)
    return above and bool(path.stat().st_mode & stat.S_IROTH)


class ProcessSettings(Environment):
    """What every process needs to know, whatever it does."""

    processes: ClassVar[int] = 1
    """How many processes of the service are run: where one dies, another is there to take over."""

    instance: str = Field(
        default="1", min_length=1, max_length=40, description="this process's name; survives a restart"
    )
    operations_host: str = Field(
        default="127.0.0.1", min_length=1, description="where /metrics, /livez and /readyz listen"
    )
    operations_port: int = Field(default=0, ge=0, le=65535, description="their port; 0 takes a free one")
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")


class KafkaSettings(Environment):
    """Where Kafka is, how it is known to be the right one, and who this process is to it."""

    kafka: str = Field(min_length=1, description="bootstrap servers, host:port[,host:port]")
    partitions: int = Field(
        default=4, ge=1, le=256, description="partitions of every topic, fixed for the cluster's life"
    )
    kafka_ca_file: OptionalFile = Field(
        default=None,
        description="PEM file of who signs the brokers' certificates, or `system`; with it TLS is spoken",
    )
    kafka_certificate_file: OptionalFile = Field(
        default=None, description="PEM file of this process's own certificate, for brokers that ask for one"
    )
    kafka_key_file: OptionalFile = Field(default=None, description="PEM file of its key")
    kafka_user: str = Field(default="", max_length=200, description="who this process is to Kafka, by SCRAM-SHA-512")
    kafka_password: SecretStr = Field(default=SecretStr(""), description="its password")
    kafka_unsecured: Literal["", "allowed"] = Field(
        default="", description="`allowed`: another machine's Kafka may be spoken to without TLS, or as nobody"
    )

    @property
    def connection(self) -> Connection:
        """How Kafka is reached."""
        return Connection(
            self.kafka,
            self.kafka_ca_file,
            self.kafka_certificate_file,
            self.kafka_key_file,
            self.kafka_user,
            self.kafka_password.get_secret_value(),
        )

    @classmethod
    def load(cls) -> Self:
        """As for every process; where the way to Kafka is not secured, and may be so, it says so aloud."""
        settings = super().load()
        if settings.kafka:
            require_secured(settings.connection, allowed=settings.kafka_unsecured == "allowed")
        return settings

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """What belongs together is there together."""
        if bool(self.kafka_certificate_file) != bool(self.kafka_key_file):
            raise ValueError("CAREROUTE_KAFKA_CERTIFICATE_FILE and CAREROUTE_KAFKA_KEY_FILE belong together")
        if bool(self.kafka_user) != bool(self.kafka_password.get_secret_value()):
            raise ValueError("CAREROUTE_KAFKA_USER and CAREROUTE_KAFKA_PASSWORD, or its file, belong together")
        if (self.kafka_user or self.kafka_certificate_file) and self.kafka_ca_file is None:
            raise ValueError("CAREROUTE_KAFKA_CA_FILE is needed: to a Kafka that we do not know we say no password")
        return self


def require_secured(connection: Connection, *, allowed: bool) -> None:
    """End the process (exit code 78) where others could read or write on the way to Kafka, unless that is `allowed`.

    So does it where Kafka could not be at the place that is named.
    """
    for server in connection.servers.split(","):
        if not _SERVER.fullmatch(server.strip()):
            sys.stderr.write(f"CAREROUTE_KAFKA: {server!r} is no host:port\n")
            sys.exit(EXIT_SETTINGS)
    try:
        connection.tls  # noqa: B018  # reads the files
    except (OSError, ssl.SSLError, ValueError) as error:
        sys.stderr.write(f"{_FILES}: cannot be read, or do not belong together: {error}\n")
        sys.exit(EXIT_SETTINGS)
    if not (connection.secured or connection.local):
        sys.stderr.write(f"CAREROUTE_KAFKA: {connection.servers} is not this machine, and {_INSECURE}.\n")
        if not allowed:
            sys.stderr.write(f"{_SECURE}\n")
            sys.exit(EXIT_SETTINGS)


_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+):[0-9]{1,5}")
_FILES = "CAREROUTE_KAFKA_CA_FILE, CAREROUTE_KAFKA_CERTIFICATE_FILE, CAREROUTE_KAFKA_KEY_FILE"
_INSECURE = "who is on the way can read and write everything, or Kafka does not know who this process is"
_SECURE = (
    "Set CAREROUTE_KAFKA_CA_FILE, and CAREROUTE_KAFKA_USER with a password, or CAREROUTE_KAFKA_CERTIFICATE_FILE with "
    "its key; or CAREROUTE_KAFKA_UNSECURED=allowed where nobody else is on that network."
)


class Settings(KafkaSettings, ProcessSettings):
    """What a process on Kafka needs besides. What is decided stands in the programme, never here."""

    processes: ClassVar[int] = 2


class ListeningSettings(ProcessSettings):
    """What a process with an HTTP door needs besides."""

    host: str = Field(default="127.0.0.1", min_length=1, description="where the door listens")
    port: int = Field(default=0, ge=0, le=65535, description="its port; 0 takes a free one")
    requests_in_flight: int = Field(default=256, ge=1, description="requests at a time; one more is answered 429")
    connections: int = Field(default=512, ge=1, description="open connections at a time")
    connections_per_address: int = Field(
        default=64,
        ge=1,
        description="open connections of an address, this machine's apart; as many as in all where that is a proxy",
    )


class WatchedSettings(ProcessSettings):
    """What a process needs besides that says to another machine, again and again, that it is alive."""

    watch_url: str = Field(
        default="",
        pattern=f"^(https?://.*|{NOBODY})?$",
        description="the address of `careroute watch`; `off`: nobody watches, and that is meant",
    )
    watch_secret: SecretStr = Field(default=SecretStr(""), description="the secret that it shares with its beaters")

    def beat_url(self, name: str) -> str:
        """Where the watcher hears of who has this name; empty: nowhere, whether or not that is meant."""
        return "" if self.watch_url in ("", NOBODY) else f"{self.watch_url.rstrip('/')}/beat/{name}"


class DoorSettings(ListeningSettings, Settings):
    """What a process with a door to Kafka needs."""

    processes: ClassVar[int] = 1


class KeepingSettings(ProcessSettings):
    """What a process needs besides that keeps files, e.g. a database. It runs once: nobody else writes them."""

    storage_directory: Directory = Field(description="the directory of the files that it keeps")


class StorageSettings(KeepingSettings, Settings):
    """What a process on Kafka needs that keeps files."""

    processes: ClassVar[int] = 1


class AgencyDoorSettings(DoorSettings):
    """And one that asks for keys or tokens."""

    agencies_file: Path = Field(description="the agencies file: sources, hashed keys, people's tokens, CAD webhooks")
