"""State of photos uploaded by guests, as guests and organisers see it."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from kit.db.pages import Page
from matcher_service.domain import (
    Listing,
    Variant,
    Visibility,
)
from tests.matcher.world import World


def uploads(world: World, event: UUID, user: UUID) -> dict[UUID, Visibility]:
    photos, total = world.photos.list_uploads(user, event, Page("", 50, None))
    assert total == len(photos)
    return {photo.id: photo.visibility for photo in photos}


def from_guests(world: World, event: UUID) -> set[UUID]:
    photos, total = world.photos.list_photos(world.organiser, event, Page("", 50, None), Listing(from_guests=True))
    assert total == len(photos)
    return {photo.id for photo in photos}


def sees(world: World, user: UUID, photo: UUID) -> bool:
    return world.photo_store.find_shown(photo, user, Variant.THUMB) is not None


def rows(world: World) -> list[tuple[Any, ...]]:
    query = text(
        "SELECT id, uploader_id, from_guest, visibility, state, filename, upload_key FROM matcher.photos ORDER BY id"
    )
    with world.db.begin() as connection:
        return [tuple(row) for row in connection.execute(query)]


def hashes(world: World) -> list[bytes]:
    with world.db.begin() as connection:
        return [bytes(sha256) for sha256 in connection.execute(text("SELECT sha256 FROM matcher.photos")).scalars()]
