"""The events of the stream of an open page."""

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
    """The `data` of every event. It holds no content: the page reads what changed with its own requests."""

    event_id: str | None = Field(default=None, description="set for `photos`; for `events` where it is a single one")
    within_s: float | None = Field(
        default=None,
        description="set where many pages hear of it: wait a random time up to this one before reading",
    )
