"""The identity of callers: the conditions under which a service accepts a token."""

import base64
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kit.errors import InvalidToken
from kit.rpc.identity import Caller, Signer, Verifier, create_key_pair, current_caller
from protos.matcher.v1 import photo_pb2 as pb
from protos.matcher.v1 import photo_pb2_grpc
from tests.harness.calls import Metadata, bearer, raises_fault
from tests.harness.scripted import Script, photos

USER_ID = str(uuid4())
Delete = Callable[[Metadata], object]


def encode(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Forger:
    """Signs tokens with any header and any claims, with the private keys of services."""

    def __init__(self, keys: Path) -> None:
        self.keys = keys

    def token(self, key: str = "auth", header: Any = (), claims: Any = (), sign: Any = None) -> str:
        now = int(time.time())
        head = {"alg": "EdDSA", "typ": "JWT", "kid": "auth", **dict(header)}
        body = {"sub": USER_ID, "aud": "minois", "iat": now, "exp": now + 60, **dict(claims)}
        return self.seal(key, encode(drop_none(head)), encode(drop_none(body)), sign)

    def seal(self, key: str, head: str, body: str, sign: Any = None) -> str:
        message = f"{head}.{body}".encode()
        private = Signer.read(key, self.keys / f"{key}.key.pem")._key
        return f"{head}.{body}.{encode((sign or private.sign)(message))}"

    def hmac_with_public_key(self, message: bytes) -> bytes:
        return hmac.digest((self.keys / "auth.pub.pem").read_bytes(), message, hashlib.sha256)


def drop_none(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if value is not None}


@pytest.fixture
def seen() -> list[Caller]:
    """The accepted callers."""
    return []


@pytest.fixture
def delete(serve: Callable[..., grpc.Channel], seen: list[Caller]) -> Delete:
    """Calls a user RPC."""
    script = Script()
    script.unary = lambda: seen.append(current_caller())
    stub = photo_pb2_grpc.PhotoServiceStub(serve(photos(script)))
    return lambda metadata: stub.DeletePhoto(pb.DeletePhotoRequest(), metadata=metadata)


def forge_headers(forger: Forger) -> dict[str, str]:
    stranger = Ed25519PrivateKey.generate()
    own_key = {"kty": "OKP", "crv": "Ed25519", "x": encode(stranger.public_key().public_bytes_raw())}
    return {
        "alg none": forger.token(header={"alg": "none"}, sign=lambda message: b""),
        "alg nOnE": forger.token(header={"alg": "nOnE"}, sign=lambda message: b""),
        "no alg": forger.token(header={"alg": None}),
        "HS256 with the public key": forger.token(header={"alg": "HS256"}, sign=forger.hmac_with_public_key),
        "EdDSA that is an HMAC": forger.token(sign=forger.hmac_with_public_key),
        "unknown kid": forger.token(header={"kid": "stranger"}),
        "no kid": forger.token(header={"kid": None}),
        "kid that is a path": forger.token(header={"kid": "../../../../dev/null"}),
        "kid that is a path to the key": forger.token(header={"kid": "./auth"}),
        "kid that is SQL": forger.token(header={"kid": "auth' OR '1'='1"}),
        "kid that is a list": forger.token(header={"kid": ["auth"]}),
        "unknown critical header": forger.token(header={"crit": ["surprise"], "surprise": 1}),
        "a key of its own": forger.token(header={"jwk": own_key}, sign=stranger.sign),
    }


def forge_claims(forger: Forger) -> dict[str, str]:
    now = int(time.time())
    return {
        "another audience": forger.token(claims={"aud": "other"}),
        "no audience": forger.token(claims={"aud": None}),
        "expired beyond the leeway": forger.token(claims={"exp": now - 6}),
        "no expiry": forger.token(claims={"exp": None}),
        "expiry that is no number": forger.token(claims={"exp": "never"}),
        "not yet valid": forger.token(claims={"nbf": now + 60}),
        "no subject": forger.token(claims={"sub": None}),
        "subject that is no UUID": forger.token(claims={"sub": "admin"}),
        "subject that is a number": forger.token(claims={"sub": 1}),
        "a service speaking for a user": forger.token("selfie", {"kid": "selfie"}),
        "a service with the user issuer's kid": forger.token("selfie"),
        "a service as another service": forger.token("selfie", {"kid": "selfie"}, {"sub": "service:matcher"}),
        "a service as a user's delegate of another": forger.token(
            "selfie", {"kid": "selfie"}, {"sub": f"delegate:matcher:{USER_ID}"}
        ),
        "the user issuer as a delegate of a service": forger.token(claims={"sub": f"delegate:matcher:{USER_ID}"}),
        "a delegate without a user": forger.token("selfie", {"kid": "selfie"}, {"sub": "delegate:selfie:"}),
        "the user issuer as a service": forger.token(claims={"sub": "service:selfie"}),
    }


def malform(forger: Forger) -> dict[str, str]:
    token = forger.token()
    return {
        "another signature": token[:-4] + "AAAA",
        "other claims under the signature": ".".join([encode({"alg": "EdDSA", "kid": "auth"}), *token.split(".")[1:]]),
        "cut off": token.rpartition(".")[0],
        "claims that are a list": forger.seal("auth", encode({"alg": "EdDSA", "kid": "auth"}), encode([])),
        "header that is a list": forger.seal("auth", encode([]), encode({"sub": USER_ID})),
        "header that is deep": forger.seal("auth", encode(b"[" * 4000), encode({"sub": USER_ID})),
        "claims that are deep": forger.seal("auth", encode({"alg": "EdDSA", "kid": "auth"}), encode(b"[" * 4000)),
        "garbage": "garbage",
        "dots": "..",
        "empty": "",
    }


def forge_all(forger: Forger) -> dict[str, str]:
    return {**forge_headers(forger), **forge_claims(forger), **malform(forger)}


def test_every_forged_token_is_rejected(
    delete: Delete, keys: Path, seen: list[Caller], subtests: pytest.Subtests
) -> None:
    for name, token in forge_all(Forger(keys)).items():
        with subtests.test(name=name), raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_TOKEN"):
            delete(bearer(token))
    assert seen == []


def test_control_an_unchanged_forgery_is_accepted(delete: Delete, keys: Path, seen: list[Caller]) -> None:
    """The tokens above are rejected only because of what was changed in them."""
    forger, now = Forger(keys), int(time.time())
    delete(bearer(forger.token()))
    delete(bearer(forger.token(claims={"exp": now - 2})))
    delete([("authorization", f"bearer {forger.token()}")])
    assert [str(caller.user_id) for caller in seen] == [USER_ID] * 3


@pytest.mark.parametrize(
    "metadata",
    [[], [("authorization", "")], [("authorization", "Bearer")], [("authorization", "Basic Z2luYTpwYXNz")]],
)
def test_a_call_without_a_token_is_rejected(delete: Delete, metadata: Metadata) -> None:
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_TOKEN"):
        delete(metadata)


def test_a_service_cannot_call_a_user_rpc(delete: Delete, signer: Callable[[str], Signer]) -> None:
    for name in ("selfie", "matcher", "auth"):
        with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
            delete(bearer(signer(name).sign_service()))


def test_a_service_token_is_valid_for_a_minute(signer: Callable[[str], Signer], keys: Path) -> None:
    token = signer("selfie").sign_service()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 60
    assert Verifier.read(keys).verify(token) == Caller("service:selfie")


@pytest.mark.parametrize("callee", ["auth", "matcher"])
def test_a_token_for_one_service_is_rejected_by_every_other(
    signer: Callable[[str], Signer], keys: Path, callee: str
) -> None:
    token = signer("selfie").sign_service(callee)
    for name in ("auth", "selfie", "matcher", ""):
        verifier = Verifier.read(keys, name)
        if name == callee:
            assert verifier.verify(token) == Caller("service:selfie")
            continue
        with pytest.raises(InvalidToken):
            verifier.verify(token)


def test_control_without_the_check_of_the_callee_a_token_is_valid_everywhere(
    signer: Callable[[str], Signer], keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Verifier, "_is_addressed", lambda *_: True)
    assert Verifier.read(keys, "matcher").verify(signer("selfie").sign_service("auth")) == Caller("service:selfie")


def test_services_of_both_versions_can_call_each_other(signer: Callable[[str], Signer], keys: Path) -> None:
    """A service of the previous version signs only for AUDIENCE, and requires it."""
    before = signer("selfie").sign("service:selfie", 60)
    assert Verifier.read(keys, "matcher").verify(before) == Caller("service:selfie")
    now = signer("selfie").sign_service("matcher")
    assert jwt.decode(now, signer("selfie").public_key, algorithms=["EdDSA"], audience="minois")


def test_a_received_service_token_cannot_be_replayed(
    serve: Callable[..., grpc.Channel], signer: Callable[[str], Signer]
) -> None:
    """End to end: matcher_service rejects a token that selfie_service signed for auth_service."""
    script = Script()
    stub = photo_pb2_grpc.PhotoServiceStub(serve(photos(script)))
    for callee, reason in (("auth", "INVALID_TOKEN"), ("matcher", "CALLER_NOT_ALLOWED")):
        code = grpc.StatusCode.UNAUTHENTICATED if callee == "auth" else grpc.StatusCode.PERMISSION_DENIED
        with raises_fault(code, reason):
            stub.DeletePhoto(pb.DeletePhotoRequest(), metadata=bearer(signer("selfie").sign_service(callee)))


def test_key_pairs_are_created_once_with_private_permissions(tmp_path: Path) -> None:
    create_key_pair(tmp_path, "auth")
    private = (tmp_path / "auth.key.pem").read_bytes()
    create_key_pair(tmp_path, "auth")
    assert (tmp_path / "auth.key.pem").read_bytes() == private
    assert (tmp_path / "auth.key.pem").stat().st_mode & 0o777 == 0o600


def test_a_folder_without_the_key_of_the_user_issuer_is_rejected(tmp_path: Path) -> None:
    create_key_pair(tmp_path, "selfie")
    with pytest.raises(ValueError, match=r"contains no auth\.pub\.pem"):
        Verifier.read(tmp_path)


def test_a_service_accepts_its_own_tokens_without_a_key_file(keys: Path, tmp_path: Path) -> None:
    (tmp_path / "auth.pub.pem").write_bytes((keys / "auth.pub.pem").read_bytes())
    matcher, verifier = Signer.read("matcher", keys / "matcher.key.pem"), Verifier.read(tmp_path)
    token = matcher.sign_delegate(UUID(USER_ID), 60)
    with pytest.raises(InvalidToken):
        verifier.verify(token)
    verifier.trust(matcher)
    assert verifier.verify(token) == Caller("delegate:matcher", UUID(USER_ID))


KEYS_OF_EACH_STEP = {
    "before": ("old", {"old": "selfie.pub.pem"}),
    "announced": ("old", {"old": "selfie.pub.pem", "new": "selfie.next.pub.pem"}),
    "switched": ("new", {"new": "selfie.pub.pem", "old": "selfie.previous.pub.pem"}),
    "retired": ("new", {"new": "selfie.pub.pem"}),
}


def at_step(keys: Path, folder: Path, step: str) -> tuple[Signer, Verifier]:
    """The signer and the verifier of a process at a step of a key rotation."""
    signing, published = KEYS_OF_EACH_STEP[step]
    trusted = folder / step
    trusted.mkdir()
    (trusted / "auth.pub.pem").write_bytes((keys / "auth.pub.pem").read_bytes())
    for name in ("old", "new"):
        (folder / name).mkdir(exist_ok=True)
        create_key_pair(folder / name, "selfie")
    for name, file in published.items():
        (trusted / file).write_bytes((folder / name / "selfie.pub.pem").read_bytes())
    signer, verifier = Signer.read("selfie", folder / signing / "selfie.key.pem"), Verifier.read(trusted)
    verifier.require_match(signer)
    return signer, verifier


@pytest.mark.parametrize(("old", "new"), list(itertools.pairwise(KEYS_OF_EACH_STEP)))
def test_processes_at_adjacent_steps_of_a_rotation_accept_each_other(
    keys: Path, tmp_path: Path, old: str, new: str
) -> None:
    signers, verifiers = zip(*(at_step(keys, tmp_path, step) for step in (old, new)), strict=True)
    for signer, verifier in itertools.product(signers, verifiers):
        assert verifier.verify(signer.sign_service()) == Caller("service:selfie")


def test_control_an_unannounced_or_retired_key_is_rejected(keys: Path, tmp_path: Path) -> None:
    old, before = at_step(keys, tmp_path, "before")
    new, after = at_step(keys, tmp_path, "retired")
    for signer, verifier in ((new, before), (old, after)):
        with pytest.raises(InvalidToken):
            verifier.verify(signer.sign_service())


def test_an_additional_key_is_valid_only_for_its_owner(keys: Path, tmp_path: Path) -> None:
    _, verifier = at_step(keys, tmp_path, "announced")
    new = Signer.read("auth", tmp_path / "new" / "selfie.key.pem")
    with pytest.raises(InvalidToken):
        verifier.verify(new.sign(USER_ID, 60))


def test_a_service_with_a_new_key_accepts_its_older_tokens(keys: Path, tmp_path: Path) -> None:
    """For example, the download of an archive can last a day after matcher_service signed its token."""
    old, _ = at_step(keys, tmp_path, "before")
    new, verifier = at_step(keys, tmp_path, "switched")
    verifier.trust(new)
    assert verifier.verify(old.sign_delegate(UUID(USER_ID), 60)) == Caller("delegate:selfie", UUID(USER_ID))
