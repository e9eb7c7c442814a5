"""Password hashes: argon2id with the parameters that OWASP names (19 MiB, two passes, one lane)."""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from auth_service.domain import MAX_PASSWORD_LENGTH


class Passwords:
    """Checks take the same work whether or not there is a hash to check against."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def matches(self, password: str, password_hash: str | None) -> bool:
        """`password_hash` is None where there is no such user."""
        try:
            fits = self._hasher.verify(password_hash or self._nobody, password[:MAX_PASSWORD_LENGTH])
        except (Argon2Error, InvalidHashError):
            return False
        return fits and password_hash is not None and len(password) <= MAX_PASSWORD_LENGTH
