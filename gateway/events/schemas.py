"""Events and their guests. Times are epoch seconds; requests also accept RFC 3339."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from gateway.accounts.schemas import Role
from gateway.events.offers import (
    DOWNLOAD,
    KEEP_DAYS,
    MAX_KEEP_DAYS,
    RELEASE,
    Download,
    EventOffer,
    NewCredit,
    Release,
)
from gateway.http.schemas import Form


def to_utc(moment: datetime) -> datetime:
    """A time without a zone is UTC."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("no_such_time", "no calendar has this time") from None


GuestPhotos = Literal["off", "moderated", "open"]

Moment = Annotated[datetime, AfterValidator(to_utc)]

GuestSelfie = Literal["none", "checking", "rejected", "accepted"]


class NewEvent(Form):
    name: str = Field(description="1 to 200 characters")
    starts_at: Moment | None = None
    expires_at: Moment | None = Field(
        default=None,
        description="when it stops accepting joins and uploads; in the future. Missing: in a year; null: never",
    )
    admission: bool = Field(False, description="new guests wait until an organiser admits them")
    release: Release = Field("live", description=RELEASE)
    releases_at: Moment | None = Field(None, description="only of an event that is `held`")
    credit: NewCredit | None = None
    download: Download = Field("original", description=DOWNLOAD)
    keep_days: int | None = Field(
        None, ge=1, le=MAX_KEEP_DAYS, description=f"{KEEP_DAYS}; missing: RETENTION_DAYS of this server"
    )
    guest_photos: GuestPhotos = Field(
        "off", description="whether guests may add photos; `moderated`: an organiser approves each one"
    )


class EventEdit(Form):
    """Missing fields stay unchanged; a null `starts_at`, `expires_at`, `releases_at`, `credit` or `keep_days` removes
    it."""

    name: str | None = None
    starts_at: Moment | None = None
    expires_at: Moment | None = Field(
        None, description="in the future, unless the event is closed; null: the event does not expire"
    )
    closed: bool | None = None
    admission: bool | None = Field(None, description="guests who are waiting keep waiting")
    guest_photos: GuestPhotos | None = Field(None, description="existing photos are not changed")
    new_code: bool = Field(False, description="replace the event code; the old one stops working")
    release: Release | None = Field(None, description="`live`: immediately, which removes `releases_at`")
    releases_at: Moment | None = Field(None, description="only of an event that is `held`")
    credit: NewCredit | None = None
    download: Download | None = Field(None, description=DOWNLOAD)
    keep_days: int | None = Field(None, ge=1, le=MAX_KEEP_DAYS, description=KEEP_DAYS)


class PhotoCounts(BaseModel):
    pending: int = 0
    indexed: int = 0
    failed: int = 0
    total: int = 0


class Event(EventOffer):
    id: str
    name: str
    event_code: str = Field(examples=["7K3F-9QXA"])
    starts_at: int | None
    expires_at: int | None
    closed: bool = Field(description="closed by an organiser, who can open it again")
    ended: bool = Field(description="accepts no guests or photos: it is closed, or `expires_at` has passed")
    admission: bool = Field(description="new guests wait until an organiser admits them")
    guest_photos: GuestPhotos = Field(
        description="whether guests may add photos; `moderated`: an organiser approves each one"
    )
    photos: PhotoCounts = Field(description="those that the caller sees; for a photographer, their own")
    faces: int = Field(description="found in the indexed photos")
    guests: int = Field(description="members, including organisers, without waiting guests")
    role: Role = Field(description="what the caller may do in it")
    logo_url: str | None = Field(description="the logo next to the credit; null: none")
    waiting: int | None = Field(description="guests who wait to be admitted; null in lists of events")
    searched: int | None = Field(description="guests whose face is searched for; null in lists of events")
    without_photos: int | None = Field(description="those of them who are in no photo yet; null in lists of events")


class EventPage(BaseModel):
    events: list[Event]
    next_cursor: str | None = Field(description="null on the last page")


class Guest(BaseModel):
    user_id: str
    username: str = Field(description="empty for a guest without credentials")
    display_name: str
    role: Role
    joined_at: int
    waiting: bool = Field(description="whether they are still to be admitted")
    selfie: GuestSelfie | None = Field(
        description="`checking`: the first one; `rejected`: the guest must take another one; null while they wait for"
        " admission, and if currently unknown"
    )
    photos: int | None = Field(description="number of this event's photos that show them; null as for `selfie`")


class MemberEdit(Form):
    role: Role = Field(description="what the member may do from now on")


class RemovedGuest(BaseModel):
    user_id: str
    username: str = Field(description="empty for a guest without credentials")
    display_name: str
    removed_at: int


class RemovedPage(BaseModel):
    guests: list[RemovedGuest]
    next_cursor: str | None = Field(description="null on the last page")


class GuestPage(BaseModel):
    guests: list[Guest]
    next_cursor: str | None = Field(description="null on the last page")
