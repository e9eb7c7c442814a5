"""The state of an event for its organisers."""

from uuid import UUID

from pydantic import BaseModel, Field

from gateway.backends.channels import Backends
from gateway.events.counts import count_photos, read_states
from gateway.events.schemas import PhotoCounts
from gateway.updates.pace import Pace
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import photo_pb2


class Versions(BaseModel):
    """Version numbers; each changes when data of its kind must be read again."""

    event: str = Field(description="`/api/events/{event_id}`")
    photos: str = Field(description="`/api/events/{event_id}/photos`")
    guests: str = Field(description="`/api/events/{event_id}/guests`")


class EventState(BaseModel):
    """The `data` of each event of the stream."""

    photos: PhotoCounts
    faces: int = Field(description="found in the indexed photos")
    guests: int = Field(description="members, including organisers, without waiting guests")
    waiting: int = Field(description="guests who wait for admission")
    searched: int = Field(description="guests whose face is searched for")
    without_photos: int = Field(description="those of them who are in no photo yet")
    photos_per_minute: int | None = Field(
        description="read over the last minute; null while none are pending, and at first"
    )
    seconds_left: int | None = Field(description="until all are read, if known")
    versions: Versions


Counted = tuple[auth_pb2.Event, photo_pb2.IndexState]


async def read_counts(backends: Backends, event_id: UUID) -> Counted:
    """The counts of an event for the caller of the context. Raises AioRpcError."""
    answer = await backends.auth.GetEvent(auth_pb2.GetEventRequest(event_id=str(event_id)))
    states = await read_states(backends, [str(event_id)], count_guests=True)
    return answer.event, states.get(str(event_id)) or photo_pb2.IndexState()


def make_state(counted: Counted, pace: Pace, versions: Versions) -> EventState:
    event, state = counted
    photos = count_photos(state)
    rate = pace.per_minute() if photos.pending else None
    return EventState(
        photos=photos,
        faces=state.face_count,
        guests=event.guest_count,
        waiting=event.waiting_count,
        searched=state.searched_count,
        without_photos=state.unmatched_count,
        photos_per_minute=None if rate is None else round(rate),
        seconds_left=round(photos.pending * 60 / rate) if rate else None,
        versions=versions,
    )
