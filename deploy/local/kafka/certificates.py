"""An authority that signs certificates, for a Kafka on this machine. In production use your own."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shared.private_file import write_private

VALID = timedelta(days=365)
SKEW = timedelta(minutes=5)
"""Clocks may differ so much."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, each in a PEM file that only its owner may read."""

    certificate: Path
    key: Path


class Authority:
    """Signs; its own key is never written anywhere, so that what it has not signed by its end never will be."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "careroute on this machine")])
        about = _about(self._name, self._name, self._key.public_key(), datetime.now(UTC) + VALID)
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        about = about.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._certificate = about.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> str:
        """Its certificate: by it is known what it has signed."""
        return self._certificate.public_bytes(Encoding.PEM).decode()

    def issue(self, directory: Path, name: str, hosts: Sequence[str] = (), expires: datetime | None = None) -> Pair:
        """A certificate for who has a name, and, where it serves, is found at `hosts`."""
        key = ec.generate_private_key(ec.SECP256R1())
        about = _about(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
            self._name,
            key.public_key(),
            expires or datetime.now(UTC) + VALID,
        )
        about = about.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        about = about.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])]
        about = about.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        if hosts:
            about = about.add_extension(x509.SubjectAlternativeName([*map(_host, hosts)]), critical=False)
        pair = Pair(directory / "certificate.pem", directory / "key.pem")
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        signed = about.sign(self._key, hashes.SHA256())
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(pair.key, private.decode())
        write_private(pair.certificate, signed.public_bytes(Encoding.PEM).decode())
        return pair


def _about(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, expires: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(datetime.now(UTC), expires) - SKEW)
        .not_valid_after(expires)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
