"""Broken twins that ignore the release time of photos."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from matcher_service.domain import Match, Rematch, ShownPhoto, Variant
from matcher_service.faces import FoundFace
from matcher_service.store import MatchStore, PhotoStore
from matcher_service.store.matches import FindNewer


@contextmanager
def released(db: Engine) -> Iterator[None]:
    """Disables the hold on photos while the context lasts."""
    hold = text("UPDATE matcher.events SET held = true WHERE id = ANY(:events)")
    with db.begin() as connection:
        held = list(connection.execute(text("SELECT id FROM matcher.events WHERE held")).scalars())
        connection.execute(text("UPDATE matcher.events SET held = false"))
    try:
        yield
    finally:
        with db.begin() as connection:
            connection.execute(hold, {"events": held})


class ListsForgetTheRelease(MatchStore):
    def list_matches(self, *args: Any) -> tuple[list[Match], int]:
        with released(self._engine):
            return super().list_matches(*args)


class CountsForgetTheRelease(MatchStore):
    def publish(
        self, rematch: Rematch, found: Sequence[FoundFace], seen_version: int, find_newer: FindNewer
    ) -> int | None:
        with released(self._engine):
            return super().publish(rematch, found, seen_version, find_newer)


class PicturesForgetTheRelease(PhotoStore):
    def find_shown(self, photo_id: UUID, user_id: UUID, variant: Variant) -> ShownPhoto | None:
        with released(self._engine):
            return super().find_shown(photo_id, user_id, variant)
