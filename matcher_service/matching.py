"""Comparing faces: two encodings belong to one person when their Euclidean distance is within the tolerance.

|x - q|^2 <= t^2 is computed as x.q - |x|^2 / 2 >= (|q|^2 - t^2) / 2: one product with the stored faces, whose halved
squares are known, and no other array of their size. A face's penalty is added to its distance: t is less for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher_service.domain import ENCODING_SIZE
from matcher_service.faces import FacePage, FoundPerson, SeenFace

# Beyond the processor's caches a walk from row to row is faster than BLAS, which takes several rows at a time; within
# them BLAS is.
CACHED_BYTES = 16 * 1024 * 1024

# Measured on labelled photos; with them faces that are small or hard to see cost no precision.
UNSURE_PENALTY = 0.02
SMALL_PENALTY = 0.06  # of the smallest face; less for larger ones
PENALTY_BELOW_PX = 80
SMALLEST_PX = 32

# "Not me" (docs/matching.md): a face is not a person's where it is within this distance of one that they rejected, and
# so much nearer to it than to them. One so near to their selfie is theirs all the same: no stranger's is.
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
    """What is added to the distances of a face of this size: one that is small or that HOG does not see resembles
    strangers more than others do (docs/accuracy.md)."""
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
    """The rows that are the person of `query` (128,); `halves` are half_squares(encodings), `penalties` (n,), none
    below 0, are added to the distances."""
    walk = encodings.nbytes > CACHED_BYTES
    closeness = np.einsum("ij,j->i", encodings, query) if walk else encodings @ query
    closeness -= halves
    square = query @ query
    if penalties is None:
        return np.flatnonzero(closeness >= (square - np.float32(tolerance**2)) / 2)
    # Penalties only take away: those of the few that are near without them are enough, and cost nothing.
    near = np.flatnonzero(closeness >= (square - np.float32(tolerance**2)) / 2 - np.float32(1e-4))
    reach = np.float32(tolerance) - penalties[near]
    return near[closeness[near] + np.where(reach >= 0, reach * reach / 2, -np.inf) >= square / 2]


def distances(
    encodings: Encodings, query: Encodings, penalties: npt.NDArray[np.float32] | float = 0.0
) -> npt.NDArray[np.float32]:
    """The Euclidean distance of each row to `query` (128,), its penalty added: (n,)."""
    apart: npt.NDArray[np.float32] = np.linalg.norm(encodings - query, axis=1) + penalties
    return apart


def measure(queries: Encodings, faces: Encodings, penalties: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """Exactly, in float64, of each query (k, 128) to each of the faces (f, 128), with their penalties: (k, f)."""
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
    """Of faces at these distances from a person, from the nearest face that the person rejected, and from the selfie
    alone, those that are not theirs: (f,)."""
    return (from_rejected <= limit) & (from_rejected + margin <= distances) & ~(from_selfie <= own)


def find_people(
    people: Sequence[bytes],
    faces: Sequence[SeenFace],
    tolerance: float,
    rejected: Mapping[int, Sequence[bytes]] | None = None,
) -> list[FoundPerson]:
    """Who is in a photo, and of each the nearest face. `people`: their encodings; `rejected`: those of the faces that
    they rejected, by their places."""
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
    """The faces that may be the person's, for what they rejected. `rejected`: encodings."""
    apart = measure(to_encodings([person]), page.encodings, page.penalties)[0]
    nearest = np.fmin.reduce(measure(to_encodings(rejected), page.encodings, page.penalties), axis=0)
    kept = ~is_rejected(apart, nearest, apart)
    return FacePage(page.photo_ids[kept], page.nos[kept], page.encodings[kept], page.penalties[kept], None)


def is_rejected_face(person: bytes, rejected: Sequence[bytes], face: SeenFace) -> bool:
    """Whether a face is not the person's, for what they rejected. `rejected`: encodings."""
    if not rejected:
        return False
    encoding, penalty = to_encodings([face.encoding]), np.array([face.penalty], np.float32)
    apart = measure(to_encodings([person]), encoding, penalty)[0]
    nearest = np.fmin.reduce(measure(to_encodings(rejected), encoding, penalty), axis=0)
    return bool(is_rejected(apart, nearest, apart)[0])
