"""Filters and orders of lists of photos."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from matcher_service.domain.changes import Download
from matcher_service.domain.photos import Photo, PhotoState, Variant, Visibility


class PhotoOrder(Enum):
    """The time by which a list is sorted; a photo without a capture time is sorted by its upload time."""

    UPLOADED = "uploaded"
    TAKEN = "taken"


@dataclass(frozen=True)
class Match:
    """A photo in a guest's list: one that shows them, or one that is listed `only_for_everyone`. `original_bytes` is
    0 if unknown."""

    photo_id: UUID
    event_id: UUID
    width: int
    height: int
    taken_at: datetime | None
    created_at: datetime
    versions: Mapping[Variant, str]
    original_bytes: int
    event_name: str
    number: int
    taken_offset_min: int | None
    only_for_everyone: bool
    colour: int | None
    download: Download


@dataclass(frozen=True)
class Listing:
    """Filters and order of a list; by default all photos, the last uploaded first."""

    order: PhotoOrder = PhotoOrder.UPLOADED
    ascending: bool = False
    state: PhotoState | None = None
    visibility: Visibility | None = None
    without_faces: bool = False
    hide_requested: bool = False
    from_guests: bool = False
    uploader_id: UUID | None = None

    def name(self, subject: str) -> str:
        """The scope of its page tokens: a token of one order is invalid in another."""
        if self == NEWEST_FIRST:
            return subject
        state = self.state.value if self.state else "all"
        filters = [self.visibility.value] if self.visibility else []
        filters += ["without faces"] * self.without_faces + ["hide requested"] * self.hide_requested
        filters += ["from guests"] * self.from_guests
        way = "asc" if self.ascending else "desc"
        return ", ".join([subject, state, *filters, f"by {self.order.value}", way])

    def key(self, photo: Photo | Match) -> tuple[str, str]:
        """The key of a page: the time by which the list is sorted, and the photo's id."""
        by_time = (self.order is PhotoOrder.TAKEN and photo.taken_at) or photo.created_at
        return by_time.isoformat(), str(photo.photo_id if isinstance(photo, Match) else photo.id)


NEWEST_FIRST = Listing()
