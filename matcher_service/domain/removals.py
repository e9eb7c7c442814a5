"""Removal of people who are not guests: their faces, as an organiser finds and selects them."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from matcher_service.domain.photos import Visibility

MAX_FACES = 200  # per search or removal


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
