"""Faces for comparison: pages of an event's faces, their order, and search results; pure."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class EventVersion:
    """The version of an event; an index older than its last deletion, `deleted_version`, must be rebuilt."""

    version: int
    deleted_version: int


@dataclass(frozen=True)
class FaceKey:
    """The position of a face in the order in which the faces of an event were published."""

    version: int
    photo_id: UUID
    no: int


FIRST_FACE = FaceKey(0, UUID(int=0), -1)


@dataclass(frozen=True)
class FacePage:
    """Faces of an event as arrays of n rows: the photo's UUID (16 bytes), the face's number in its photo, its encoding
    (128 float32) and the penalty that is added to its distances; and the key of the last row, None without rows."""

    photo_ids: npt.NDArray[np.void]
    nos: npt.NDArray[np.int16]
    encodings: npt.NDArray[np.float32]
    penalties: npt.NDArray[np.float32]
    last: FaceKey | None

    def __len__(self) -> int:
        return len(self.nos)


class SeenFace(NamedTuple):
    """A face of a photo: its encoding as it is stored, and the penalty that is added to its distances."""

    encoding: bytes
    penalty: float = 0.0


@dataclass(frozen=True)
class FoundFace:
    """A photo's nearest face to a person, and its distance."""

    photo_id: UUID
    no: int
    distance: float


@dataclass(frozen=True)
class FoundPerson:
    """A person found in a photo: their index among the people searched for, the nearest face and its distance."""

    place: int
    no: int
    distance: float
