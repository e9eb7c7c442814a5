"""Comparing faces: two encodings belong to one person when their Euclidean distance is within the tolerance.

|x - q|^2 <= t^2 is computed as x.q - |x|^2 / 2 >= (|q|^2 - t^2) / 2: one product with the stored faces, whose halved
squares are precomputed, without a temporary array of their size. A face's penalty reduces its tolerance t.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher_service.domain import ENCODING_SIZE
from matcher_service.faces import FacePage, FoundPerson, SeenFace

# For arrays larger than the processor's caches, einsum, which reads row by row, is faster than BLAS, which reads
# several rows at a time; for smaller ones BLAS is faster.
CACHED_BYTES = 16 * 1024 * 1024

# Measured on labelled photos: with these penalties, small and unclear faces do not reduce precision.
UNSURE_PENALTY = 0.02
SMALL_PENALTY = 0.06  # for the smallest face; decreases linearly with size
PENALTY_BELOW_PX = 80
SMALLEST_PX = 32

# "Not me" (docs/matching.md): a face is rejected if it is within REJECTED_DISTANCE of a face that the person rejected,
# and by REJECTED_MARGIN nearer to that face than to the person. A face within OWN_DISTANCE of their selfie is never
# rejected: no face of a stranger is so near.
REJECTED_DISTANCE = 0.40
REJECTED_MARGIN = 0.10
OWN_DISTANCE = 0.45

Encodings = npt.NDArray[np.float32]


def to_encodings(rows: Sequence[bytes]) -> Encodings:
    """(n, 128) float32 from n stored encodings."""
    return np.frombuffer(b"".join(rows), dtype="<f4").reshape(len(rows), ENCODING_SIZE)


def half_squares(encodings: Encodings) -> npt.NDArray[np.float32]:
    """|x|^2 / 2 of each row: (n,)."""
    halves: npt.NDArray[np.float32] = np.einsum("ij,ij->i", encodings, encodings) / np.float32(2)
    return halves


def find_penalty(size_px: int, is_sure: bool) -> float:
    """The penalty added to a face's distances: small faces, and faces that HOG does not find, resemble strangers more
    than others do (docs/accuracy.md)."""
    missing = (PENALTY_BELOW_PX - size_px) / (PENALTY_BELOW_PX - SMALLEST_PX)
    penalty = SMALL_PENALTY * min(max(missing, 0.0), 1.0) + (0.0 if is_sure else UNSURE_PENALTY)
    return float(np.float32(penalty))  # as it is stored


def find_close(
    encodings: Encodings,
    halves: npt.NDArray[np.float32],
    query: Encodings,
    tolerance: float,
    penalties: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.intp]:
    """The rows within the tolerance of `query` (128,). `halves` are half_squares(encodings); `penalties` (n,), none of
    them negative, are added to the distances."""
    walk = encodings.nbytes > CACHED_BYTES
    closeness = np.einsum("ij,j->i", encodings, query) if walk else encodings @ query
    closeness -= halves
    square = query @ query
    if penalties is None:
        return np.flatnonzero(closeness >= (square - np.float32(tolerance**2)) / 2)
    # Penalties only remove rows, so it is enough to apply them to the few rows that are near without them.
    near = np.flatnonzero(closeness >= (square - np.float32(tolerance**2)) / 2 - np.float32(1e-4))
    reach = np.float32(tolerance) - penalties[near]
    return near[closeness[near] + np.where(reach >= 0, reach * reach / 2, -np.inf) >= square / 2]


def distances(
    encodings: Encodings, query: Encodings, penalties: npt.NDArray[np.float32] | float = 0.0
) -> npt.NDArray[np.float32]:
    """The Euclidean distance of each row to `query` (128,), plus its penalty: (n,)."""
    apart: npt.NDArray[np.float32] = np.linalg.norm(encodings - query, axis=1) + penalties
    return apart


def measure(queries: Encodings, faces: Encodings, penalties: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """Exact distances, in float64, of each query (k, 128) to each face (f, 128), plus the faces' penalties: (k, f)."""
    chosen = faces.astype(np.float64)
    columns = [np.linalg.norm(chosen - query, axis=1) for query in queries.astype(np.float64)]
    return np.array(columns).reshape(len(queries), len(faces)) + penalties.astype(np.float64)


def is_rejected(
    distances: npt.NDArray[np.float64],
    from_rejected: npt.NDArray[np.float64],
    from_selfie: npt.NDArray[np.float64],
    limit: float = REJECTED_DISTANCE,
    margin: float = REJECTED_MARGIN,
    own: float = OWN_DISTANCE,
) -> npt.NDArray[np.bool_]:
    """Whether each face is rejected, by its distances from the person (their selfie, or a template by growth), from
    the nearest face that they rejected, and from the selfie alone: (f,)."""
    return (from_rejected <= limit) & (from_rejected + margin <= distances) & ~(from_selfie <= own)


def find_people(
    people: Sequence[bytes],
    faces: Sequence[SeenFace],
    tolerance: float,
    rejected: Mapping[int, Sequence[bytes]] | None = None,
) -> list[FoundPerson]:
    """The people in a photo, each with the nearest face. `people`: their encodings; `rejected`: encodings of the faces
    that each person rejected, by the person's index in `people`."""
    encodings = to_encodings(people)
    halves = half_squares(encodings)
    nearest: dict[int, FoundPerson] = {}
    for no, seen in enumerate(faces):
        if seen.penalty > tolerance:
            continue
        face = to_encodings([seen.encoding])[0]
        places = find_close(encodings, halves, face, tolerance - seen.penalty)
        for place, distance in zip(map(int, places), distances(encodings[places], face, seen.penalty), strict=True):
            if is_rejected_face(people[place], (rejected or {}).get(place, ()), seen):
                continue
            if place not in nearest or distance < nearest[place].distance:
                nearest[place] = FoundPerson(place, no, float(distance))
    return [nearest[place] for place in sorted(nearest)]


def drop_rejected(person: bytes, rejected: Sequence[bytes], page: FacePage) -> FacePage:
    """The faces of a page that are not rejected, given the encodings `rejected` by the person."""
    apart = measure(to_encodings([person]), page.encodings, page.penalties)[0]
    nearest = np.fmin.reduce(measure(to_encodings(rejected), page.encodings, page.penalties), axis=0)
    kept = ~is_rejected(apart, nearest, apart)
    return FacePage(page.photo_ids[kept], page.nos[kept], page.encodings[kept], page.penalties[kept], None)


def is_rejected_face(person: bytes, rejected: Sequence[bytes], face: SeenFace) -> bool:
    """Whether a face is rejected, given the encodings `rejected` by the person."""
    if not rejected:
        return False
    encoding, penalty = to_encodings([face.encoding]), np.array([face.penalty], np.float32)
    apart = measure(to_encodings([person]), encoding, penalty)[0]
    nearest = np.fmin.reduce(measure(to_encodings(rejected), encoding, penalty), axis=0)
    return bool(is_rejected(apart, nearest, apart)[0])
