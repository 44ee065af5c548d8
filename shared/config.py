"""The only reader of the environment. Every setting is `CAREROUTE_<NAME>`, checked when a process starts."""

from __future__ import annotations

import sys
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, ClassVar, Final, Self

from pydantic import BeforeValidator, DirectoryPath, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "CAREROUTE_"


def listed(value: object) -> object:
    """A setting that is several, with commas between them."""
    return value.split(",") if isinstance(value, str) and value else () if value == "" else value


WebhookNetworks = Annotated[
    tuple[IPv4Network | IPv6Network, ...],
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


NOBODY: Final = "off"
"""Said where it is meant that nobody listens."""


class Environment(BaseSettings):
    """Settings read from the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    @classmethod
    def load(cls) -> Self:
        """The settings of this process. A wrong one ends it (exit code 78) with a line that names the variable."""
        try:
            return cls()
        except ValidationError as error:
            for fault in error.errors():
                name = PREFIX + "_".join(str(part) for part in fault["loc"]).upper()
                field = cls.model_fields.get(str(fault["loc"][0])) if fault["loc"] else None
                meaning = f" ({field.description})" if field is not None and field.description else ""
                sys.stderr.write(f"{name}: {fault['msg']}{meaning}\n")
            sys.exit(78)


class ProcessSettings(Environment):
    """What every process needs to know, whatever it does."""

    processes: ClassVar[int] = 1
    """How many processes of the service are run: where one dies, another is there to take over."""

    instance: str = Field(
        default="1", min_length=1, max_length=40, description="this process's name; survives a restart"
    )
    operations_host: str = Field(default="127.0.0.1", description="where /metrics, /livez and /readyz listen")
    operations_port: int = Field(default=0, ge=0, le=65535, description="their port; 0 takes a free one")
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")


class Settings(ProcessSettings):
    """What a process on Kafka needs besides. What is decided stands in the programme, never here."""

    processes: ClassVar[int] = 2

    kafka: str = Field(min_length=1, description="bootstrap servers, host:port[,host:port]")
    partitions: int = Field(
        default=4, ge=1, le=256, description="partitions of every topic, fixed for the cluster's life"
    )


class ListeningSettings(ProcessSettings):
    """What a process with an HTTP door needs besides."""

    host: str = Field(default="127.0.0.1", description="where the door listens")
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

    storage_directory: DirectoryPath = Field(description="the directory of the files that it keeps")


class StorageSettings(KeepingSettings, Settings):
    """What a process on Kafka needs that keeps files."""

    processes: ClassVar[int] = 1


class AgencyDoorSettings(DoorSettings):
    """And one that asks for keys or tokens."""

    agencies_file: Path = Field(description="the agencies file: sources, hashed keys, people's tokens, CAD webhooks")
