"""Removal of people who are not guests: their faces, as an organiser finds and selects them."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from kit.errors import InvalidInput
from matcher_service.domain.photos import Visibility

MAX_FACES = 200  # per search or removal
MAX_SEARCH_BYTES = 15_000_000  # of a supplied photo


class Removal(Enum):
    """Whether the photos of forgotten faces stay visible or are hidden from guests."""

    FORGET_FACES = "forget_faces"
    HIDE_PHOTOS = "hide_photos"


@dataclass(frozen=True)
class ChosenFace:
    """A face as it was shown to an organiser: its number in the photo, and its box, which reveals whether the number
    now belongs to another face."""

    photo_id: UUID
    no: int
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class SimilarFace:
    """A face that resembles another one, and the people and accounts that it matches."""

    face: ChosenFace
    visibility: Visibility
    people: tuple[tuple[UUID, UUID], ...]


class SearchPhotoTooLarge(InvalidInput):
    """The photo has more than 15 MB: choose a smaller one."""

    reason = "TOO_LARGE"


class UnreadablePhoto(InvalidInput):
    """This photo cannot be read: it is damaged, or its dimensions are too small or too large. Choose another one."""


class NoFace(InvalidInput):
    """No face was found in this photo: choose one that shows the person's face from the front and in good light."""


class SeveralFaces(InvalidInput):
    """This photo shows several faces: crop it so that only the face of the person is left."""


class UnclearFace(InvalidInput):
    """The face is too small, too dark, too bright, blurred or cut off: choose a photo that shows all of it clearly."""
