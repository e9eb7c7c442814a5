"""People in photos who are no guests and ask to be removed: their faces, as an organiser finds and chooses them."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from matcher_service.domain.photos import Visibility

MAX_FACES = 200  # per search or removal


class Removal(Enum):
    """What happens to the photos of forgotten faces: they stay visible, or are hidden from guests."""

    FORGET_FACES = "forget_faces"
    HIDE_PHOTOS = "hide_photos"


@dataclass(frozen=True)
class ChosenFace:
    """A face as it was shown to an organiser: its number in the photo, and its box, which detects that the number now
    belongs to another face."""

    photo_id: UUID
    no: int
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class SimilarFace:
    """A face that resembles another one, and the persons and accounts that it matches."""

    face: ChosenFace
    visibility: Visibility
    people: tuple[tuple[UUID, UUID], ...]
