"""Phone marks: a keyed hash, different in every event, of the phone with which a guest joined."""

import hashlib
import hmac
from uuid import UUID

MAX_MARK_LENGTH = 64
HASH_BYTES = 16
KEY_PURPOSE = "phone marks"


class PhoneMarks:
    """Hashes the random ids of browsers with a key of auth_service."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hash(self, event_id: UUID, mark: str) -> bytes | None:
        """Returns None for no mark, and for one too long to come from our pages."""
        if not mark or len(mark) > MAX_MARK_LENGTH:
            return None
        return hmac.digest(self._key, event_id.bytes + mark.encode(), hashlib.sha256)[:HASH_BYTES]
