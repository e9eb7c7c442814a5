"""Tokens: a signed access token that says who, an opaque refresh token of which only the hash is kept."""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID, uuid4

from auth_service.domain import ACCESS_TOKEN_S, MAX_DEVICE_LENGTH, NewSession, Tokens
from kit.rpc.identity import Signer


class TokenMaker:
    """Makes tokens of users."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def make_access(self, user_id: UUID, session_id: UUID) -> str:
        return self._signer.sign(str(user_id), ACCESS_TOKEN_S, session_id)

    def make_refresh(self) -> str:
        return make_secret()

    def derive_key(self, purpose: str) -> bytes:
        return self._signer.derive_key(purpose)

    def begin(self, user_id: UUID, device: str = "") -> tuple[Tokens, NewSession]:
        """The tokens of a new session, and what is kept of it."""
        session = self.begin_session(refresh_token := self.make_refresh(), device)
        return Tokens(self.make_access(user_id, session.id), refresh_token), session

    def begin_session(self, refresh_token: str, device: str = "") -> NewSession:
        printable = "".join(letter for letter in device if letter.isprintable())
        return NewSession(uuid4(), hash_token(refresh_token), printable[:MAX_DEVICE_LENGTH])


def make_secret() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def make_salt() -> bytes:
    return secrets.token_bytes(32)


def make_successor(refresh_token: str, salt: bytes) -> str:
    """The refresh token that follows. It takes both to make it: a stolen token or a stolen salt is not enough."""
    digest = hmac.digest(salt, refresh_token.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def hash_token(refresh_token: str) -> bytes:
    """The tokens are random, so one round of SHA-256 keeps them as safe as they are."""
    return hashlib.sha256(refresh_token.encode()).digest()
