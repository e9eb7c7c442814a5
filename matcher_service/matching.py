"""Comparing faces: two encodings belong to one person when their Euclidean distance is within the tolerance.

|x - q|^2 <= t^2 is computed as x.q - |x|^2 / 2 >= (|q|^2 - t^2) / 2: one product with the stored faces, whose halved
squares are known, and no other array of their size.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from matcher_service.domain import ENCODING_SIZE
from matcher_service.faces import FoundPerson

# Beyond the processor's caches a walk from row to row is faster than BLAS, which takes several rows at a time; within
# them BLAS is.
CACHED_BYTES = 16 * 1024 * 1024

Encodings = npt.NDArray[np.float32]


def to_encodings(rows: Sequence[bytes]) -> Encodings:
    """(n, 128) float32 from n stored encodings."""
    return np.frombuffer(b"".join(rows), dtype="<f4").reshape(len(rows), ENCODING_SIZE)


def half_squares(encodings: Encodings) -> npt.NDArray[np.float32]:
    """|x|^2 / 2 of each row: (n,)."""
    halves: npt.NDArray[np.float32] = np.einsum("ij,ij->i", encodings, encodings) / np.float32(2)
    return halves


def find_close(
    encodings: Encodings, halves: npt.NDArray[np.float32], query: Encodings, tolerance: float
) -> npt.NDArray[np.intp]:
    """The rows that are the person of `query` (128,); `halves` are half_squares(encodings)."""
    walk = encodings.nbytes > CACHED_BYTES
    closeness = np.einsum("ij,j->i", encodings, query) if walk else encodings @ query
    closeness -= halves
    return np.flatnonzero(closeness >= (query @ query - np.float32(tolerance**2)) / 2)


def distances(encodings: Encodings, query: Encodings) -> npt.NDArray[np.float32]:
    """The Euclidean distance of each row to `query` (128,): (n,)."""
    apart: npt.NDArray[np.float32] = np.linalg.norm(encodings - query, axis=1)
    return apart


def find_people(people: Sequence[bytes], faces: Sequence[bytes], tolerance: float) -> list[FoundPerson]:
    """Who is in a photo, and of each the nearest face. `people`, `faces`: their encodings."""
    encodings = to_encodings(people)
    halves = half_squares(encodings)
    nearest: dict[int, FoundPerson] = {}
    for no, face in enumerate(to_encodings(faces)):
        places = find_close(encodings, halves, face, tolerance)
        for place, distance in zip(map(int, places), distances(encodings[places], face), strict=True):
            if place not in nearest or distance < nearest[place].distance:
                nearest[place] = FoundPerson(place, no, float(distance))
    return [nearest[place] for place in sorted(nearest)]
