"""Photos, as guests and as organisers see them. Times are epoch seconds."""

from typing import Literal

from pydantic import BaseModel, Field

from gateway.errors.reasons import REASONS


class MyPhoto(BaseModel):
    id: str
    event_id: str
    width: int
    height: int
    taken_at: int | None = Field(
        description="the instant where the zone is known, else the clock of the camera read as UTC"
    )
    thumb_url: str
    medium_url: str
    preview_url: str
    original_url: str


class MyPhotoPage(BaseModel):
    photos: list[MyPhoto]
    next_cursor: str | None = Field(description="null on the last page")
    total: int = Field(description="photos on all pages together")


class AddedPhoto(BaseModel):
    id: str | None = Field(default=None, description="missing when refused")
    filename: str
    status: Literal["pending", "indexed", "failed", "refused"]
    existing: bool | None = Field(default=None, description="whether the same bytes were here before")
    reason: str | None = Field(
        default=None, description="why it was refused", json_schema_extra={"enum": [*sorted(REASONS), None]}
    )
    message: str | None = Field(default=None, description="the same for people")


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
    thumb_url: str | None = Field(description="null until indexed")
    medium_url: str | None = Field(description="null until indexed")
    preview_url: str | None = Field(description="null until indexed")
    original_url: str | None = Field(description="null until indexed")


class EventPhotoPage(BaseModel):
    photos: list[EventPhoto]
    next_cursor: str | None = Field(description="null on the last page")
