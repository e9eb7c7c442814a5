"""Events of an open page's stream."""

from enum import Enum

from pydantic import BaseModel, Field


class Kind(Enum):
    """The name of an event of the stream."""

    HELLO = "hello"
    SELFIE = "selfie"
    PHOTOS = "photos"
    EVENTS = "events"
    RELOAD = "reload"


class Update(BaseModel):
    """The `data` of every event. It has no content: the page reads the changed data with its own requests."""

    event_id: str | None = Field(default=None, description="set for `photos`, and for `events` that concern one event")
    within_s: float | None = Field(
        default=None,
        description="set if many pages receive it: wait a random time up to this one before reading",
    )
