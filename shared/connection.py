"""How a process reaches Kafka: where it is, how it knows the brokers, and by what the brokers know it."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from shared import telemetry
from shared.clock import SystemClock

SYSTEM: Final = "system"
"""Instead of a file of authorities: those that this machine trusts."""


@dataclass(frozen=True)
class Connection:
    """With authorities, TLS is spoken; a user and a password, or a certificate and its key, say who this process is."""

    servers: str
    """`host:port[,host:port]`."""
    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def secured(self) -> bool:
        """Whether nobody on the way can read or change anything, and the brokers know who this is."""
        return self.authorities is not None and bool(self.user or self.certificate)

    @property
    def local(self) -> bool:
        """Whether it does not leave this machine."""
        return all(_is_loopback(server.rpartition(":")[0]) for server in self.servers.split(","))

    @cached_property
    def tls(self) -> ssl.SSLContext | None:
        """What makes connections private; None where they are not. Raises OSError, ssl.SSLError for wrong files."""
        return None if self.authorities is None else _RenewedContext.of(self.authorities, self.certificate, self.key)


def connection_of(where: Connection | str) -> Connection:
    """Bootstrap servers alone are a Kafka that asks for nothing."""
    return Connection(where) if isinstance(where, str) else where


class _RenewedContext(ssl.SSLContext):
    """Reads its files again for each connection: a renewed certificate is at work without a restart.

    While they cannot be read, those read before go on; and so does a certificate that is valid while the one in the
    file is not. Authorities are only added; one taken out of the file goes with a restart.
    """

    _authorities: Path
    _identity: tuple[Path, Path] | None
    _shown: x509.Certificate | None
    """The certificate that says who this process is."""
    _read_at: tuple[int, ...]

    @classmethod
    def of(cls, authorities: Path, certificate: Path | None, key: Path | None) -> _RenewedContext:
        """Raises OSError, ssl.SSLError for files that are missing or do not belong together."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslobject_class = _NotedConnection
        context._authorities = authorities
        context._identity = (certificate, key) if certificate and key else None
        context._read_at = context._changed_at()
        context._shown = context._read_into(context)
        return context

    def wrap_bio(self, *arguments: Any, **named: Any) -> ssl.SSLObject:
        """Begin a connection."""
        try:
            if (changed_at := self._changed_at()) != self._read_at:
                tried = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # half of a pair would spoil this one
                self._keep_what_is_valid(self._read_into(tried))
                self._shown, self._read_at = self._read_into(self), changed_at
        except (OSError, ValueError) as error:
            telemetry.logger().warning("certificates not to be used; those before go on", wrong=str(error)[:200])
        return super().wrap_bio(*arguments, **named)

    def _keep_what_is_valid(self, found: x509.Certificate | None) -> None:
        """Raises ValueError where what was found is not valid now, and what is shown is."""
        shown = self._shown
        if shown is None or found is None or not _is_valid(shown) or _is_valid(found):
            return
        first = min(shown.not_valid_after_utc, found.not_valid_after_utc)
        telemetry.CERTIFICATE_EXPIRES.labels("certificate").set(first.timestamp())
        raise ValueError(f"the certificate is valid from {found.not_valid_before_utc} to {found.not_valid_after_utc}")

    def _changed_at(self) -> tuple[int, ...]:
        files = [*(self._identity or ()), *([] if self._authorities == Path(SYSTEM) else [self._authorities])]
        return tuple(file.stat().st_mtime_ns for file in files)

    def _read_into(self, context: ssl.SSLContext) -> x509.Certificate | None:
        """The certificate that the files show."""
        if self._authorities == Path(SYSTEM):
            context.load_default_certs()
        else:
            with _right("be certificates of authorities in PEM", self._authorities):
                context.load_verify_locations(self._authorities)
                _note_expiry("authorities", self._authorities)
        if self._identity is None:
            return None
        with _right("be a certificate and its own key in PEM", *self._identity):
            context.load_cert_chain(*self._identity, password=_no_password)
            return _note_expiry("certificate", self._identity[0])


class _NotedConnection(ssl.SSLObject):
    """Notes when the certificate expires that the broker has shown."""

    def do_handshake(self) -> None:
        """Begin to speak; tried again until all of the other's answer has come."""
        super().do_handshake()
        if shown := self.getpeercert():
            expires = ssl.cert_time_to_seconds(str(shown["notAfter"]))
            telemetry.BROKER_CERTIFICATE_EXPIRES.labels(self.server_hostname).set(expires)


@contextmanager
def _right(what: str, *files: Path) -> Iterator[None]:
    """Say of files that cannot be used which they are, and what would be right. Raises ValueError."""
    try:
        yield
    except (OSError, ValueError) as error:
        named = " and ".join(map(str, files))
        raise ValueError(f"{named} must {what}, for this process to read: {error}") from error


def _no_password() -> str:
    """Else whoever starts a process would be asked for it, and one that reads a renewed key would stand still."""
    raise ValueError("the key is sealed with a password: store it without one, as a file that its process alone reads")


def _is_valid(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_before_utc <= SystemClock().now() < certificate.not_valid_after_utc


def _note_expiry(what: str, file: Path) -> x509.Certificate:
    """When the first of a file's certificates expires; the one that stands at its top."""
    certificates = x509.load_pem_x509_certificates(file.read_bytes())
    expires = min(certificate.not_valid_after_utc for certificate in certificates)
    telemetry.CERTIFICATE_EXPIRES.labels(what).set(expires.timestamp())
    return certificates[0]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[] ")).is_loopback
    except ValueError:
        return host.strip() == "localhost"
