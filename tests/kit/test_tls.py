"""TLS between services: both sides must have a certificate of our own authority."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from kit.rpc.client import open_channel
from kit.rpc.identity import Verifier
from kit.rpc.server import Server
from kit.settings import ServerSettings, TlsSettings
from protos.matcher.v1 import photo_pb2 as pb
from protos.matcher.v1 import photo_pb2_grpc
from tests.harness.scripted import Script, photos


@dataclass
class Authority:
    """Signs certificates for this machine."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        self.file = self.folder / f"{self.name}.pem"
        certificate = self._sign(self.subject, self.key.public_key(), authority=True)
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def issue(self, name: str, days: int = 1, host: str = "localhost") -> dict[str, Path]:
        """Settings that name a new certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate, private = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate.write_bytes(self._sign(subject, key.public_key(), days=days, host=host).public_bytes(Encoding.PEM))
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return {"tls_cert": certificate, "tls_key": private}

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        authority: bool = False,
        days: int = 1,
        host: str = "localhost",
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder(self.subject, subject, key, x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(self.key, hashes.SHA256())
        )


@dataclass
class Pki:
    """Our authority, another one, and a server with a certificate of our authority."""

    ours: Authority
    other: Authority
    address: str


@pytest.fixture
def host() -> str:
    """The host name in the certificate of the server."""
    return "localhost"


@pytest.fixture
def pki(tmp_path: Path, keys: Path, host: str) -> Iterator[Pki]:
    """A server that only accepts TLS."""
    ours, other = Authority(tmp_path, "ours"), Authority(tmp_path, "other")
    config = ServerSettings.model_validate({"grace_s": 0, "tls_ca": ours.file, **ours.issue("server", host=host)})
    server = Server(config, 0, Verifier.read(keys), [photos(Script())])
    yield Pki(ours, other, f"localhost:{server.port}")
    server.close()


def call(address: str, tls: TlsSettings) -> str:
    with open_channel(address, tls) as channel:
        stub = photo_pb2_grpc.PhotoServiceStub(channel)
        return str(stub.ListPhotos(pb.ListPhotosRequest(page_token="a"), timeout=10).next_page_token)


def test_a_client_with_a_certificate_of_our_authority_is_accepted(pki: Pki) -> None:
    assert call(pki.address, TlsSettings(tls_ca=pki.ours.file, **pki.ours.issue("client"))) == "a"


STRANGERS: dict[str, Callable[[Pki], TlsSettings]] = {
    "without TLS": lambda pki: TlsSettings(),
    "without a certificate": lambda pki: TlsSettings.model_construct(tls_ca=pki.ours.file, tls_cert=None, tls_key=None),
    "with a certificate of another authority": lambda pki: TlsSettings(
        tls_ca=pki.ours.file, **pki.other.issue("client")
    ),
    "with an expired certificate": lambda pki: TlsSettings(tls_ca=pki.ours.file, **pki.ours.issue("client", days=-1)),
    "trusting another authority": lambda pki: TlsSettings(tls_ca=pki.other.file, **pki.ours.issue("client")),
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_clients_without_a_valid_certificate_are_rejected(pki: Pki, stranger: str) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        call(pki.address, STRANGERS[stranger](pki))
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("host", ["elsewhere"])
def test_a_server_with_a_certificate_for_another_name_is_rejected(pki: Pki) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        call(pki.address, TlsSettings(tls_ca=pki.ours.file, **pki.ours.issue("client")))
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE


def test_a_server_accepts_a_renewed_and_an_older_certificate(pki: Pki) -> None:
    for client in ("older", "renewed"):
        assert call(pki.address, TlsSettings(tls_ca=pki.ours.file, **pki.ours.issue(client))) == "a"


def test_an_authority_can_be_replaced_without_a_failed_call(tmp_path: Path, keys: Path) -> None:
    """All services first trust both authorities, then get certificates of the new one, then distrust the old one."""
    old, new = Authority(tmp_path, "old"), Authority(tmp_path, "new")
    both = tmp_path / "both.pem"
    both.write_bytes(old.file.read_bytes() + new.file.read_bytes())
    steps = [
        {"tls_ca": old.file, **old.issue("before")},
        {"tls_ca": both, **old.issue("announced")},
        {"tls_ca": both, **new.issue("switched")},
        {"tls_ca": new.file, **new.issue("retired")},
    ]
    for pair in itertools.pairwise(steps):
        for theirs, ours in itertools.product(pair, pair):
            assert call_server(keys, theirs, ours) == "a"
    with pytest.raises(grpc.RpcError):  # control: without the steps in between, the call fails
        call_server(keys, steps[0], steps[-1])


def call_server(keys: Path, theirs: dict[str, Path], ours: dict[str, Path]) -> str:
    server = Server(ServerSettings.model_validate({"grace_s": 0, **theirs}), 0, Verifier.read(keys), [photos(Script())])
    try:
        return call(f"localhost:{server.port}", TlsSettings.model_validate(ours))
    finally:
        server.close()
