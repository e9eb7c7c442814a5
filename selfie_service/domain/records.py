"""Records of an account's personal data export; they contain no encodings, nor anything computed from one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from selfie_service.domain import RejectReason, SelfieState, StoredImage


@dataclass(frozen=True)
class SelfieRecord:
    """A selfie. `image_bytes` is the size of its file; 0 if that is deleted."""

    id: UUID
    person_id: UUID
    state: SelfieState
    reason: RejectReason | None
    created_at: datetime
    decided_at: datetime | None
    content_type: str
    image: StoredImage | None
    image_bytes: int = 0


@dataclass(frozen=True)
class PersonRecord:
    """A person with their selfies, oldest first; the first person has no name and no separate consent."""

    id: UUID
    name: str
    consent_version: str
    created_at: datetime
    selfies: tuple[SelfieRecord, ...]
