"""A token whose signature was verified is not verified again; it still expires and ends with its session."""

import time
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typing_extensions import override

from kit.errors import InvalidToken
from kit.rpc import identity
from kit.rpc.identity import USER, USER_ISSUER, Caller, Signer, VerifiedTokens, Verifier

KEY = Ed25519PrivateKey.generate()
SIGNER = Signer(USER_ISSUER, KEY)
ANN, SESSION = uuid4(), uuid4()


def create() -> Verifier:
    return Verifier({USER_ISSUER: [KEY.public_key()]})


class Forgetful(VerifiedTokens):
    """Control: remembers nothing."""

    @override
    def add(self, token: str, caller: Caller) -> None:
        pass


class Eternal(VerifiedTokens):
    """Control: returns callers whose token has expired."""

    @override
    def find(self, token: str) -> Caller | None:
        return self._callers.get(identity._hash(token))


class Hasty(Verifier):
    """Control: remembers a decision, the check of ended sessions included."""

    @override
    def verify(self, token: str) -> Caller:
        return self._verified.find(token) or super().verify(token)


def with_tokens(tokens: VerifiedTokens) -> Verifier:
    verifier = create()
    verifier._verified = tokens
    return verifier


def is_accepted(verifier: Verifier, token: str) -> bool:
    try:
        return verifier.verify(token).id == ANN
    except InvalidToken:
        return False


@pytest.mark.parametrize(("tokens", "expected"), [(VerifiedTokens, 1), (Forgetful, 3)], ids=["kept", "control"])
def test_the_signature_of_a_token_is_verified_once(
    tokens: type[VerifiedTokens], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode, decoded = jwt.decode, []

    def count(token: str, *args: Any, **named: Any) -> Any:
        decoded.append(token)
        return decode(token, *args, **named)

    monkeypatch.setattr(jwt, "decode", count)
    verifier, token = with_tokens(tokens()), SIGNER.sign(str(ANN), 60, SESSION)
    callers = [verifier.verify(token) for _ in range(3)]
    assert {(caller.id, caller.session_id) for caller in callers} == {(ANN, SESSION)}
    assert len(decoded) == expected


@pytest.mark.parametrize(("tokens", "expected"), [(VerifiedTokens, False), (Eternal, True)], ids=["kept", "control"])
def test_a_verified_token_expires(tokens: type[VerifiedTokens], expected: bool) -> None:
    verifier, token = with_tokens(tokens()), SIGNER.sign(str(ANN), -60)
    verifier._verified.add(token, Caller(USER, ANN, time.time() - 60))  # as if verified before
    assert is_accepted(verifier, token) == expected


@pytest.mark.parametrize("ended", [SESSION, ANN], ids=["session", "account"])
@pytest.mark.parametrize(("kind", "expected"), [(Verifier, False), (Hasty, True)], ids=["kept", "control"])
def test_a_verified_token_ends_with_its_session_and_its_account(
    kind: type[Verifier], expected: bool, ended: UUID
) -> None:
    verifier, token = kind({USER_ISSUER: [KEY.public_key()]}), SIGNER.sign(str(ANN), 60, SESSION)
    assert is_accepted(verifier, token)
    verifier.ended.add([ended])
    assert is_accepted(verifier, token) == expected


def test_another_token_with_the_same_claims_is_verified() -> None:
    verifier, token = create(), SIGNER.sign(str(ANN), 60)
    assert is_accepted(verifier, token)
    claims, _, signature = token.rpartition(".")
    forged = Signer(USER_ISSUER, Ed25519PrivateKey.generate()).sign(str(ANN), 60).rpartition(".")[2]
    assert not is_accepted(verifier, f"{claims}.{forged}")
    assert not is_accepted(verifier, claims + ".")
    assert is_accepted(verifier, f"{claims}.{signature}")


def test_a_rejected_token_is_not_kept() -> None:
    verifier = create()
    assert not is_accepted(verifier, SIGNER.sign(str(ANN), -60))
    assert not is_accepted(verifier, "no.valid.token")
    assert not is_accepted(verifier, "\ud800")
    assert not verifier._verified


def test_the_number_of_verified_tokens_is_bounded() -> None:
    verifier = with_tokens(VerifiedTokens(most=3))
    tokens = [SIGNER.sign(str(ANN), 60 + number) for number in range(10)]
    assert all(is_accepted(verifier, token) for token in tokens)
    assert len(verifier._verified) == 3
    assert all(is_accepted(verifier, token) for token in tokens)
