"""A certificate for ``--tls``, and the authority that signed it: made at each start, good for a week, kept by nobody.

Half of all clients have ``https://`` addresses built in. The authority's certificate is what such a client has to
trust; its key is forgotten as soon as the one certificate is signed.
"""

from __future__ import annotations

import ipaddress
import os
import tempfile
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography import x509

_LIFE = timedelta(days=7)
_EARLIER = timedelta(hours=1)
"""So that a client whose clock is a little behind takes it too."""
NAMES = ("localhost", "127.0.0.1", "::1", "ippanel.com", "*.ippanel.com", "*.localhost")


@dataclass(frozen=True)
class Certificates:
    """Files in a folder that only their owner can read. ``authority`` is what clients trust."""

    authority: Path
    chain: Path
    key: Path


@contextmanager
def throw_away(names: Sequence[str] = ()) -> Iterator[Certificates]:
    """Certificates for this machine, the service's own names and ``names``, gone when the block ends.

    :raises ModuleNotFoundError: ``cryptography`` is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="ippanel-sandbox-") as folder:
        files = Certificates(*(Path(folder, name) for name in ("ca.pem", "chain.pem", "key.pem")))
        _write(files, list(dict.fromkeys([*NAMES, *names])))
        yield files


def _write(files: Certificates, names: Sequence[str]) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "IPPanel sandbox, throw-away authority")])
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "IPPanel sandbox")])
    now = datetime.now(UTC)

    def begin(name: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        named = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(public_key)
        numbered = named.serial_number(x509.random_serial_number())
        return numbered.not_valid_before(now - _EARLIER).not_valid_after(now + _LIFE)

    own_key_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    usage = dict.fromkeys(_USAGES, False)
    authority = (
        begin(issuer, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**usage | {"key_cert_sign": True, "crl_sign": True}), critical=True)
        .add_extension(own_key_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    signed = (
        begin(subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own_key_id), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    authority_pem, signed_pem = (each.public_bytes(serialization.Encoding.PEM) for each in (authority, signed))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for path, content in ((files.authority, authority_pem), (files.chain, signed_pem + authority_pem)):
        path.write_bytes(content)
    with os.fdopen(os.open(files.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private)


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _general(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
