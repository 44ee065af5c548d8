"""What a secured node on this machine is started with, and what lets each process in. All of it is made fresh."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from pathlib import Path

from deploy.local.kafka.certificates import Authority, Pair
from shared.connection import Connection
from shared.private_file import write_private

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"
BROKER, OPERATOR = "broker", "operator"
"""They may everything: the node itself, and who makes topics and lists of rights."""


class Security:
    """An authority, the node's certificate, and for each process a password and a certificate, below `directory`."""

    def __init__(self, directory: Path, *, logs_rights: bool = False) -> None:
        """`logs_rights`: the node's log has every use of a right, not only what is refused."""
        self.directory, self.logs_rights = directory.resolve(), logs_rights
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.authority = Authority()
        self.authorities = self.directory / "authorities.pem"
        write_private(self.authorities, self.authority.pem)
        node = self.authority.issue(self.directory / BROKER, BROKER, (HOST, "localhost"))
        self._keystore = self.directory / BROKER / "keystore.pem"
        write_private(self._keystore, node.key.read_text() + node.certificate.read_text())
        self._certificates: dict[str, Pair] = {}
        self._passwords: dict[str, str] = {}
        self._port = self._certificate_port = 0

    def properties(self, port: int, certificate_port: int, controller_port: int) -> str:
        """What the node's settings have at their end."""
        self._port, self._certificate_port = port, certificate_port
        return string.Template((HERE / "secured.properties").read_text()).substitute(
            port=port,
            certificate_port=certificate_port,
            controller_port=controller_port,
            keystore=self._keystore,
            authorities=self.authorities,
        )

    def password_of(self, name: str) -> str:
        """The password of a process, made when it is first asked for."""
        return self._passwords.setdefault(name, secrets.token_urlsafe(32))

    def certificate_of(self, name: str) -> Pair:
        """The certificate of a process, made when it is first asked for."""
        if name not in self._certificates:
            self._certificates[name] = self.authority.issue(self.directory / name, name)
        return self._certificates[name]

    def by_password(self, name: str) -> Connection:
        """How a process gets in that says its password."""
        return Connection(f"{HOST}:{self._port}", self.authorities, user=name, password=self.password_of(name))

    def by_certificate(self, name: str) -> Connection:
        """How a process gets in that shows its certificate."""
        pair = self.certificate_of(name)
        return Connection(f"{HOST}:{self._certificate_port}", self.authorities, pair.certificate, pair.key)

    @property
    def operator(self) -> Connection:
        """How the operator gets in, before there are any passwords."""
        return self.by_certificate(OPERATOR)


def settings_of(connection: Connection) -> Mapping[str, object]:
    """The settings of a process that takes this way to Kafka."""
    return {
        "kafka": connection.servers,
        "kafka_ca_file": connection.authorities or "",
        "kafka_certificate_file": connection.certificate or "",
        "kafka_key_file": connection.key or "",
        "kafka_user": connection.user,
        "kafka_password": connection.password,
    }
