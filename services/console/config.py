"""Settings of the door, and of the command line that asks it."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import NoDecode

from shared.addresses import Url, well_formed
from shared.audit_log.chain import AuditKeys
from shared.config import (
    EMPTY_IS_ABSENT,
    NOBODY,
    AgencyDoorSettings,
    Environment,
    KafkaSettings,
    OptionalFile,
    WebhookNetworks,
    listed,
)
from shared.programme.judging.phone_numbers import is_region
from shared.sealing import KeySettings, Sealer, SealingKey

Address = Annotated[Annotated[str, AfterValidator(well_formed)] | None, EMPTY_IS_ABSENT]
"""Of something of careroute's that there may be; empty is the same as left out."""
WatcherAddress = Annotated[Address, BeforeValidator(lambda value: None if value == NOBODY else value)]
"""The same, as whoever beats to a watcher writes it."""


def _known(region: str) -> str:
    if region and not is_region(region):
        raise ValueError("must be a region whose telephone numbers are known, such as US")
    return region


Region = Annotated[str, AfterValidator(_known)]
"""In two capital letters, or nothing."""
OIDC_CALLBACK_PATH = "/sign-in/back"
"""Of the page that browsers come back to from an identity provider."""

OptionalUrl = Annotated[Url | None, EMPTY_IS_ABSENT]
Hosts = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+(:[0-9]+)?$")], ...],
    NoDecode,
    BeforeValidator(listed),
    Field(description="hosts that the identity provider has besides its issuer's, e.g. oauth2.googleapis.com"),
]


class ConsoleSettings(KeySettings, AgencyDoorSettings):
    """What the door needs to know."""

    audit_keys: AuditKeys
    link_secret: SecretStr = Field(min_length=32, description="what the pocket links are made with, as in notification")
    pocket_url: str = Field(
        default="http://127.0.0.1:8002", pattern="^https?://", description="address of the pocket page, for links"
    )
    webhook_networks: WebhookNetworks = ()
    sealing_key: SealingKey | None = Field(
        default=None,
        description="32 bytes, base64: seals the addresses and names of staff; without it none can be set, and people "
        "are shown by their ids",
    )
    phone_region: Region = Field(default="", description="where telephone numbers without + are at home, e.g. US")
    console_answer_seconds: float = Field(
        default=2.0, gt=0, le=10, description="how long a command's answer is waited for"
    )
    console_command_expiry_seconds: int = Field(
        default=60, ge=5, le=3600, description="how long a command may take to become durable, or wait for its call"
    )
    console_keep_closed_hours: int = Field(default=72, ge=1, le=168, description="how long closed calls can be read")
    console_keep_closed_calls: int = Field(default=5_000, ge=10, description="how many of an agency at most")
    console_idle_hours: float = Field(
        default=12, gt=0, le=24, description="how long a browser stays signed in that nobody uses"
    )
    console_runbooks: OptionalFile = Field(
        default=None, description="directory of the pages that say what to do about an alert: a copy of deploy/runbooks"
    )
    console_sessions_file: OptionalFile = Field(
        default=None, description="where it is kept who is signed in; without it a restart signs everybody out"
    )
    oidc_issuer: OptionalUrl = Field(default=None, description="the identity provider by which people sign in")
    oidc_client_id: str = Field(default="", description="what the identity provider calls this console")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="empty for a client that has none")
    oidc_callback_url: OptionalUrl = Field(
        default=None, description="address of /sign-in/back as browsers see it, registered at the identity provider"
    )
    oidc_scope: str = Field(default="openid email", pattern=r"^openid\b", description="what is asked of the provider")
    oidc_groups_claim: str = Field(
        default="groups", min_length=1, description="where it says which groups a person is in"
    )
    oidc_hosts: Hosts = ()
    reporting_url: Address = Field(default=None, description="where the reporting service is, for traces and figures")
    reporting_key: SecretStr = Field(default=SecretStr(""), description="what reporting lets this console in with")
    watch_url: WatcherAddress = Field(default=None, description="where `careroute watch` runs; `off` or empty: nowhere")
    watch_secret: SecretStr = Field(default=SecretStr(""), description="the secret that it shares with its beaters")
    prober_url: Address = Field(default=None, description="where the prober is; it says whether test calls are missed")
    prometheus_url: Annotated[str | None, EMPTY_IS_ABSENT] = Field(
        default=None, pattern="^https?://", description="where Prometheus is, for the page of operations"
    )

    @property
    def sealer(self) -> Sealer | None:
        """What seals and opens in this process; None without a key."""
        return None if self.sealing_key is None else self.sealer_with(self.sealing_key)

    @model_validator(mode="after")
    def _whole_provider(self) -> Self:
        """An identity provider is set up whole, or not at all."""
        if len({bool(part) for part in (self.oidc_issuer, self.oidc_client_id, self.oidc_callback_url)}) > 1:
            raise ValueError(
                "CAREROUTE_OIDC_ISSUER, CAREROUTE_OIDC_CLIENT_ID and CAREROUTE_OIDC_CALLBACK_URL belong together"
            )
        if self.oidc_callback_url and urlsplit(self.oidc_callback_url)[2:] != (OIDC_CALLBACK_PATH, "", ""):
            raise ValueError(
                f"CAREROUTE_OIDC_CALLBACK_URL ends in the console's own {OIDC_CALLBACK_PATH}, after the host"
            )
        return self

    @model_validator(mode="after")
    def _place_of_sessions(self) -> Self:
        """Where sessions are kept is there, or nobody would stay signed in over a restart and nobody know why."""
        if self.console_sessions_file and not self.console_sessions_file.parent.is_dir():
            raise ValueError("CAREROUTE_CONSOLE_SESSIONS_FILE is in a directory that is not there: make it first")
        return self


class ExaminerSettings(KafkaSettings):
    """What `careroute audit verify` needs to know."""

    audit_keys: AuditKeys


class WatchSettings(Environment):
    """What `careroute watch` needs to know."""

    watch_secret: SecretStr = Field(min_length=32, description="what whoever beats shares with the watcher")


class CommandLineSettings(Environment):
    """What the command line needs to know."""

    console_url: str = Field(default="http://127.0.0.1:8092", pattern="^https?://", description="where the door is")
    token: SecretStr = Field(default=SecretStr(""), description="your token, as your administrator gave it to you")
