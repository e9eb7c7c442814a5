"""Receives photos: assembles headers and chunks into files, one at a time and never whole in memory."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from kit.errors import InvalidArgument
from matcher_service.domain import MAX_PHOTOS_PER_CALL, AddedPhoto, TooManyFiles
from matcher_service.service import Photos
from matcher_service.spool import Spool

MAX_AGE_S = 24 * 3600.0  # no upload takes longer


@dataclass(frozen=True)
class Header:
    """The start of a photo, which its client began to send `age_s` ago."""

    event_id: UUID
    filename: str
    replaces: bool = False
    age_s: float = 0.0
    began_at: datetime | None = None


@dataclass(frozen=True)
class Chunk:
    """The next bytes of the photo."""

    data: bytes


Part = Header | Chunk


class _Upload:
    """The photos of one call. The first header determines the event."""

    def __init__(self, photos: Photos, user_id: UUID) -> None:
        self.added: list[AddedPhoto] = []
        self._photos = photos
        self._user_id = user_id
        self._current: tuple[Header, Spool] | None = None
        self._began_at = datetime.min.replace(tzinfo=UTC)  # of the call, by the database's clock
        self._began_s = time.monotonic()

    def begin(self, header: Header) -> None:
        """Raises InvalidArgument, TooManyFiles and the faults of Photos."""
        self.finish()
        if self._current is None:
            self._began_at = self._photos.require_upload(self._user_id, header.event_id)
            self._began_s = time.monotonic()
        elif header.event_id != self._current[0].event_id:
            raise InvalidArgument
        if len(self.added) >= MAX_PHOTOS_PER_CALL:
            raise TooManyFiles
        since_s = time.monotonic() - self._began_s - min(max(header.age_s, 0), MAX_AGE_S)
        header = replace(header, began_at=self._began_at + timedelta(seconds=since_s))
        self._current = header, Spool(self._photos.max_photo_bytes)

    def append(self, chunk: Chunk) -> None:
        """Raises InvalidArgument."""
        if self._current is None:
            raise InvalidArgument
        self._current[1].append(chunk.data)

    def finish(self) -> None:
        if self._current is not None:
            header, spool = self._current
            with spool:
                added = self._photos.add_photo(
                    self._user_id,
                    header.event_id,
                    header.filename,
                    spool,
                    replaces=header.replaces,
                    began_at=header.began_at,
                )
            self.added.append(added)

    def close(self) -> None:
        if self._current is not None:
            self._current[1].close()


def receive(parts: Iterable[Part], photos: Photos, user_id: UUID) -> list[AddedPhoto]:
    """The outcome of each photo, in order. Raises InvalidArgument, TooManyFiles and the faults of Photos."""
    upload = _Upload(photos, user_id)
    try:
        for part in parts:
            if isinstance(part, Header):
                upload.begin(part)
            else:
                upload.append(part)
        upload.finish()
        return upload.added
    finally:
        upload.close()
