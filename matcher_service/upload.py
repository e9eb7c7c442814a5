"""Photos as they arrive: headers and chunks in, whole files out, never more than one in memory."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from kit.errors import InvalidArgument
from matcher_service.domain import MAX_PHOTO_BYTES, MAX_PHOTOS_PER_CALL, AddedPhoto, TooManyFiles
from matcher_service.service import Photos


@dataclass(frozen=True)
class Header:
    """Begins a photo."""

    event_id: UUID
    filename: str


@dataclass(frozen=True)
class Chunk:
    """Next bytes of the photo."""

    data: bytes


Part = Header | Chunk


@dataclass
class _File:
    header: Header
    data: bytearray = field(default_factory=bytearray)

    def append(self, data: bytes) -> None:
        """Keeps no more than what shows that the file is too large."""
        self.data += data[: MAX_PHOTO_BYTES + 1 - len(self.data)]


def receive(parts: Iterable[Part], photos: Photos, user_id: UUID) -> list[AddedPhoto]:
    """What became of each photo, in their order. Raises InvalidArgument, TooManyFiles and what Photos raises."""
    added: list[AddedPhoto] = []
    file: _File | None = None

    def finish() -> None:
        if file is not None:
            added.append(photos.add_photo(user_id, file.header.event_id, file.header.filename, bytes(file.data)))

    for part in parts:
        match part:
            case Header():
                finish()
                if file is None:
                    photos.require_upload(user_id, part.event_id)
                elif part.event_id != file.header.event_id:
                    raise InvalidArgument
                if len(added) >= MAX_PHOTOS_PER_CALL:
                    raise TooManyFiles
                file = _File(part)
            case Chunk() if file is not None:
                file.append(part.data)
            case _:
                raise InvalidArgument
    finish()
    return added
