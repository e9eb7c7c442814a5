"""Tokens: a signed access token that identifies the user, and an opaque refresh token stored only as a hash."""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID, uuid4

from auth_service.domain import ACCESS_TOKEN_S, MAX_DEVICE_LENGTH, NewSession, Tokens
from kit.rpc.identity import Signer


class TokenMaker:
    """Creates access and refresh tokens."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def make_access(self, user_id: UUID, session_id: UUID) -> str:
        return self._signer.sign(str(user_id), ACCESS_TOKEN_S, session_id)

    def make_refresh(self) -> str:
        return make_secret()

    def derive_key(self, purpose: str) -> bytes:
        return self._signer.derive_key(purpose)

    def begin(self, user_id: UUID, device: str = "") -> tuple[Tokens, NewSession]:
        """Returns the tokens of a new session and the record to store."""
        session = self.begin_session(refresh_token := self.make_refresh(), device)
        return Tokens(self.make_access(user_id, session.id), refresh_token), session

    def begin_session(self, refresh_token: str, device: str = "") -> NewSession:
        printable = "".join(letter for letter in device if letter.isprintable())
        return NewSession(uuid4(), hash_token(refresh_token), printable[:MAX_DEVICE_LENGTH])


def make_secret() -> str:
    """Returns 256 random bits as text."""
    return secrets.token_urlsafe(32)


def make_salt() -> bytes:
    return secrets.token_bytes(32)


def make_successor(refresh_token: str, salt: bytes) -> str:
    """Derives the next refresh token from the previous one and a stored salt; neither is sufficient alone."""
    digest = hmac.digest(salt, refresh_token.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def hash_token(refresh_token: str) -> bytes:
    """One round of SHA-256 is sufficient, because the tokens are random."""
    return hashlib.sha256(refresh_token.encode()).digest()
