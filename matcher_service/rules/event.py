"""The input of matching, its thresholds and its result."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from matcher_service.matching import OWN_DISTANCE, REJECTED_DISTANCE, REJECTED_MARGIN, Encodings


@dataclass(frozen=True)
class Limits:
    """Thresholds: distances of encodings, and counts; docs/matching.md gives the reason for each number."""

    tolerance: float = 0.53
    template_distance: float = 0.48
    template_size_px: int = 60
    max_templates: int = 30
    growth_rounds: int = 2
    nearest_margin: float = 0.03
    rejected_distance: float = REJECTED_DISTANCE
    rejected_margin: float = REJECTED_MARGIN
    own_distance: float = OWN_DISTANCE
    apart_margin: float = 0.07  # faces further apart than the tolerance plus this belong to two people

    @property
    def growth_distance(self) -> float:
        """A face within this distance of a template is matched, and may be a template of the next round."""
        return min(self.template_distance, self.tolerance)

    @property
    def apart_distance(self) -> float:
        return self.tolerance + self.apart_margin


@dataclass(frozen=True)
class EventFaces:
    """The faces of an event as arrays of n rows, in any order: the photo's UUID (16 bytes), the face's number in it,
    its encoding (128 float32), the penalty that is added to its distances, its size in pixels, whether HOG finds it
    (`sure`), and whether an organiser or a photographer added the photo (`trusted`)."""

    photo_ids: npt.NDArray[np.void]
    nos: npt.NDArray[np.int16]
    encodings: Encodings
    penalties: npt.NDArray[np.float32]
    sizes: npt.NDArray[np.int32]
    sure: npt.NDArray[np.bool_]
    trusted: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.nos)

    def sort(self) -> "EventFaces":
        """Sorts by photo id and face number; this order decides ties."""
        halves = np.ascontiguousarray(self.photo_ids).view(">u8").reshape(-1, 2)
        order = np.lexsort((self.nos, halves[:, 1], halves[:, 0]))
        return EventFaces(*(rows[order] for rows in vars(self).values()))

    def photo(self, row: int) -> UUID:
        return UUID(bytes=self.photo_ids[row].tobytes())


@dataclass(frozen=True)
class EventPeople:
    """The m people to search for, in any order, and the encodings of their selfies (m, 128 float32)."""

    ids: tuple[UUID, ...]
    encodings: Encodings

    def __len__(self) -> int:
        return len(self.ids)


# The photos that each person says they are not in, and the number of the face that had matched them, None if unknown.
Refusals = Mapping[UUID, Mapping[UUID, int | None]]


@dataclass(frozen=True)
class Settled:
    """A person's nearest face in a photo. `is_grown`: found by templates, beyond the tolerance of the selfie."""

    no: int
    distance: float
    is_grown: bool


@dataclass(frozen=True)
class Outcome:
    """`settled`: the matches by person and photo. `two_faces`: the number of photos in which a person's selfie is near
    two different faces, as the average of two people is; without people who have none."""

    settled: dict[tuple[UUID, UUID], Settled]
    two_faces: dict[UUID, int]
