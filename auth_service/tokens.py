"""Tokens: a signed access token that says who, an opaque refresh token of which only the hash is kept."""

import hashlib
import secrets
from uuid import UUID

from auth_service.domain import ACCESS_TOKEN_S, Tokens
from kit.identity import Signer


class TokenMaker:
    """Makes tokens of users."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def make_access(self, user_id: UUID) -> str:
        return self._signer.sign(str(user_id), ACCESS_TOKEN_S)

    def make_refresh(self) -> str:
        """256 random bits."""
        return secrets.token_urlsafe(32)

    def derive_key(self, purpose: str) -> bytes:
        return self._signer.derive_key(purpose)

    def make_pair(self, user_id: UUID) -> Tokens:
        return Tokens(self.make_access(user_id), self.make_refresh())


def hash_token(refresh_token: str) -> bytes:
    """The tokens are random, so one round of SHA-256 keeps them as safe as they are."""
    return hashlib.sha256(refresh_token.encode()).digest()
