"""Photos as they arrive: headers and chunks in, whole files out, one at a time and never whole in memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from kit.errors import InvalidArgument
from matcher_service.domain import MAX_PHOTOS_PER_CALL, AddedPhoto, TooManyFiles
from matcher_service.service import Photos
from matcher_service.spool import Spool


@dataclass(frozen=True)
class Header:
    """Begins a photo."""

    event_id: UUID
    filename: str
    replaces: bool = False


@dataclass(frozen=True)
class Chunk:
    """Next bytes of the photo."""

    data: bytes


Part = Header | Chunk


class _Upload:
    """The photos of one call. The first header decides on the event."""

    def __init__(self, photos: Photos, user_id: UUID) -> None:
        self.added: list[AddedPhoto] = []
        self._photos = photos
        self._user_id = user_id
        self._current: tuple[Header, Spool] | None = None

    def begin(self, header: Header) -> None:
        """Raises InvalidArgument, TooManyFiles and what Photos raises."""
        self.finish()
        if self._current is None:
            self._photos.require_upload(self._user_id, header.event_id)
        elif header.event_id != self._current[0].event_id:
            raise InvalidArgument
        if len(self.added) >= MAX_PHOTOS_PER_CALL:
            raise TooManyFiles
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
                    self._user_id, header.event_id, header.filename, spool, replaces=header.replaces
                )
            self.added.append(added)

    def close(self) -> None:
        if self._current is not None:
            self._current[1].close()


def receive(parts: Iterable[Part], photos: Photos, user_id: UUID) -> list[AddedPhoto]:
    """What became of each photo, in their order. Raises InvalidArgument, TooManyFiles and what Photos raises."""
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
