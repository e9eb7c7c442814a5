"""SQL of forgotten faces: a later reading of a photo does not store a face again in a place where one was forgotten.

Code that stores faces filters them here under the event's lock, which a removal also holds.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Connection, text

from kit.faces.detect.overlap import is_same
from kit.faces.types import Box


class Boxed(Protocol):
    """An object with a box in pixels."""

    @property
    def left(self) -> int: ...
    @property
    def top(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


Face = TypeVar("Face", bound=Boxed)


def drop_forgotten(
    connection: Connection, event_id: UUID, photo_id: UUID, faces: Sequence[Face], size: tuple[int, int]
) -> tuple[Face, ...]:
    """The faces of a photo that are not in a place where one was forgotten. `size`: width and height in pixels of the
    photo in which they were found, since a new version may have another size."""
    query = text(
        'SELECT "left", top, width, height, of_width, of_height FROM matcher.forgotten_faces'
        " WHERE event_id = :event AND photo_id = :photo"
    )
    rows = connection.execute(query, {"event": event_id, "photo": photo_id}).all()
    boxes = [_scale(Box(*row[:4]), size[0] / row.of_width, size[1] / row.of_height) for row in rows]
    return tuple(face for face in faces if not any(is_same(_box(face), box) for box in boxes))


def _box(face: Boxed) -> Box:
    return Box(face.left, face.top, face.width, face.height)


def _scale(box: Box, across: float, down: float) -> Box:
    return Box(round(box.left * across), round(box.top * down), round(box.width * across), round(box.height * down))
