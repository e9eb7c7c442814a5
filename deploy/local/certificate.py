"""The self-signed certificate with which this machine serves HTTPS to phones on the same network."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALIDITY = timedelta(days=397)  # Apple's devices reject more than 398, https://support.apple.com/102028
SLOW_CLOCKS = timedelta(days=1)  # tolerance for the clocks of phones; part of the validity
RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class LocalCertificate:
    """PEM files, and the SHA-256 fingerprint as phones show it: `AB:CD:...`."""

    chain: Path
    key: Path
    fingerprint: str


def keep_certificate(folder: Path, names: Collection[str], now: datetime | None = None) -> LocalCertificate:
    """The certificate in `folder`; replaced when it expires soon or lacks one of `names`, which may be addresses.

    Phones must trust each new certificate by hand, so it is not replaced for any other reason."""
    now = now or datetime.now(UTC)
    chain, key = folder / "https.cert.pem", folder / "https.key.pem"
    certificate = _read(chain, key)
    if certificate is None or not _holds(certificate, names, now):
        certificate = _create(chain, key, names, now)
    return LocalCertificate(chain, key, certificate.fingerprint(SHA256()).hex(":").upper())


def _read(chain: Path, key: Path) -> x509.Certificate | None:
    """None if the files are missing, damaged, or not a pair."""
    with suppress(OSError, ValueError, TypeError):
        certificate = x509.load_pem_x509_certificate(chain.read_bytes())
        private = load_pem_private_key(key.read_bytes(), None)
        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        if private.public_key().public_bytes(*form) == certificate.public_key().public_bytes(*form):
            return certificate
    return None


def _holds(certificate: x509.Certificate, names: Collection[str], now: datetime) -> bool:
    known = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    is_valid = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE
    return is_valid and {_general_name(name) for name in names} <= set(known)


def _create(chain: Path, key: Path, names: Collection[str], now: datetime) -> x509.Certificate:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Minois on this machine")])
    begin = now - SLOW_CLOCKS
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + VALIDITY)
        .add_extension(x509.SubjectAlternativeName([_general_name(each) for each in dict.fromkeys(names)]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), False)
        .sign(private, SHA256())
    )
    _write(key, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    _write(chain, certificate.public_bytes(Encoding.PEM), 0o644)
    return certificate


def _write(path: Path, pem: bytes, mode: int) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=mode)
    fresh.write_bytes(pem)
    fresh.replace(path)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
