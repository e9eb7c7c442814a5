"""Photos, as guests and as organisers see them. Times are epoch seconds."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.errors.reasons import REASONS
from gateway.http.schemas import Form

MAX_PHOTOS_CHANGED = 200
MAX_HASHES = 1000

Visibility = Literal["matched", "everyone", "hidden", "unapproved"]
Colour = Annotated[
    str | None,
    Field(description="its average; null until indexed and for photos of earlier versions", examples=["#8a6f4d"]),
]
Sha256 = Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$", description="of the file, as 64 hexadecimal digits")]


class MyPhoto(BaseModel):
    id: str
    event_id: str
    width: int
    height: int
    taken_at: int | None = Field(
        description="the instant where the zone is known, else the clock of the camera read as UTC"
    )
    shows_me: bool = Field(description="whether the caller is in it; false: it is for everyone in the event")
    colour: Colour
    thumb_url: str
    medium_url: str
    preview_url: str
    original_url: str | None = Field(description="null if the event does not offer originals to guests")
    download_url: str | None = Field(description="the picture that the caller may download; null: none")


class MyPhotoPage(BaseModel):
    photos: list[MyPhoto]
    next_cursor: str | None = Field(description="null on the last page")
    total: int = Field(description="photos on all pages together")
    logo_url: str | None = Field(description="the logo of the event that was asked for; null: none, or all events")


class AddedPhoto(BaseModel):
    id: str | None = Field(
        default=None, description="missing if rejected, and for a guest if another member added the same bytes"
    )
    filename: str
    status: Literal["pending", "indexed", "failed", "refused"]
    existing: bool | None = Field(default=None, description="whether the event already had the same bytes")
    replacement: Literal["replaced", "ambiguous"] | None = Field(
        default=None,
        description="with `replace`: whether `id` is the replaced photo, or a new one because several photos have the"
        " name; missing if none has it",
    )
    reason: str | None = Field(
        default=None, description="why it was rejected", json_schema_extra={"enum": [*sorted(REASONS), None]}
    )
    message: str | None = Field(default=None, description="the reason as a sentence")


class AddedPhotos(BaseModel):
    photos: list[AddedPhoto] = Field(description="in the order of the files")


class RetriedPhoto(BaseModel):
    id: str
    status: Literal["pending"] = "pending"


class EventPhoto(BaseModel):
    id: str
    filename: str
    status: Literal["pending", "indexed", "failed"]
    reason: str | None = Field(description="why it failed")
    width: int | None = Field(description="null until indexed")
    height: int | None = Field(description="null until indexed")
    faces: int
    size_bytes: int
    taken_at: int | None = Field(
        description="the instant where the zone is known, else the clock of the camera read as UTC"
    )
    uploaded_at: int
    uploader_id: str | None = Field(description="id of the user who added it, if known")
    from_guest: bool = Field(description="whether a guest added it")
    visibility: Visibility = Field(
        description="who sees it apart from organisers: guests who are in it, every member, or no guest"
    )
    hide_requests: int = Field(description="number of undecided requests to hide it")
    new_version: Literal["pending", "failed"] | None = Field(
        description="state of a new version; `failed`: it could not be read and the photo stays as it was"
    )
    new_version_reason: str | None = Field(description="why the new version failed")
    colour: Colour
    thumb_url: str | None = Field(description="null until indexed")
    medium_url: str | None = Field(description="null until indexed")
    preview_url: str | None = Field(description="null until indexed")
    original_url: str | None = Field(description="null until indexed")


class EventPhotoPage(BaseModel):
    photos: list[EventPhoto]
    next_cursor: str | None = Field(description="null on the last page")
    total: int = Field(description="photos on all pages together")


class UploadedPhoto(BaseModel):
    """A photo as shown to the member who added it."""

    id: str
    filename: str
    status: Literal["pending", "indexed", "failed"]
    reason: str | None = Field(description="why it failed")
    width: int | None = Field(description="null until indexed")
    height: int | None = Field(description="null until indexed")
    uploaded_at: int
    visibility: Visibility = Field(
        description="who sees it apart from organisers and its contributor; `unapproved`: no organiser approved it yet"
    )
    colour: Colour
    thumb_url: str | None = Field(description="null until indexed")
    medium_url: str | None = Field(description="null until indexed")
    preview_url: str | None = Field(description="null until indexed")
    original_url: str | None = Field(description="null until indexed")


class UploadedPhotoPage(BaseModel):
    photos: list[UploadedPhoto] = Field(description="the last one first")
    next_cursor: str | None = Field(description="null on the last page")
    total: int = Field(description="photos on all pages together")


class ChosenPhotos(Form):
    photo_ids: Annotated[
        list[UUID], Field(max_length=MAX_PHOTOS_CHANGED, description="ids; those of no photo of the event are skipped")
    ]


class PhotosVisibility(ChosenPhotos):
    visibility: Visibility = Field(
        description="who sees them apart from organisers: guests who are in them, every member, or no guest"
    )


class FileHashes(Form):
    sha256: Annotated[list[Sha256], Field(max_length=MAX_HASHES)]


class KnownPhoto(BaseModel):
    sha256: str
    id: str
    status: Literal["pending", "indexed", "failed"]


class KnownPhotos(BaseModel):
    photos: list[KnownPhoto] = Field(description="those of the files that the event has")


class RetriedPhotos(BaseModel):
    count: int = Field(description="photos that are read again")
