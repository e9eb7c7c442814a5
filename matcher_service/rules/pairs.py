"""Pairs of people and faces, and exact distances.

Matrix products only preselect, because their last digits depend on the number of rows. The distances that decide are
computed row by row in float64, so that each depends only on its pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher_service.matching import Encodings, half_squares, measure

SLACK = 1e-3  # of the preselection; float32 products have errors of about 1e-6
CHUNK = 8192  # rows whose exact distances are computed at once

Rows = npt.NDArray[np.intp]
Distances = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Arrays of k rows: a person's index, a face's row, their distance, and whether growth found the face."""

    people: Rows
    faces: Rows
    distances: Distances
    grown: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.people)

    def select(self, rows: "npt.NDArray[np.bool_] | Rows") -> "Pairs":
        return Pairs(self.people[rows], self.faces[rows], self.distances[rows], self.grown[rows])


@dataclass(frozen=True)
class Nearby:
    """Faces of one person in the order of their rows, and the distance of each."""

    faces: Rows
    distances: Distances

    def within(self, limit: float) -> "Nearby":
        return self.select(self.distances <= limit)

    def select(self, rows: "npt.NDArray[np.bool_]") -> "Nearby":
        return Nearby(self.faces[rows], self.distances[rows])


def concatenate(parts: Sequence[Pairs]) -> Pairs:
    none = Pairs(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0), np.empty(0, np.bool_))
    columns = zip(*(vars(part).values() for part in (none, *parts)), strict=True)
    return Pairs(*map(np.concatenate, columns))


class Comparison:
    """Faces (n, 128) with penalties (n,), to be compared with any encoding."""

    def __init__(self, encodings: Encodings, penalties: npt.NDArray[np.float32]) -> None:
        self._encodings = encodings
        self._penalties = penalties.astype(np.float64)
        self._halves = half_squares(encodings)

    def measure(self, queries: Encodings, faces: Rows) -> Distances:
        """Exact distances of each query (k, 128) to each of the f faces, plus their penalties: (k, f)."""
        return measure(queries, self._encodings[faces], self._penalties[faces])

    def find_within(self, queries: Encodings, limit: float) -> Rows:
        """Candidates within the limit of one of the queries (k, 128), in order: no face within it is missing."""
        reach = (limit + SLACK) ** 2
        closeness = queries @ self._encodings.T
        closeness -= self._halves
        is_close = closeness >= ((half_squares(queries) * 2 - np.float32(reach)) / 2)[:, None]
        return np.flatnonzero(is_close.any(axis=0))


def measure_pairs(one: Encodings, other: Encodings, rows: Rows, columns: Rows) -> Distances:
    """Exact distances of `one[rows[i]]` to `other[columns[i]]`: (k,)."""
    parts = [
        np.linalg.norm(one[rows[at : at + CHUNK]].astype(np.float64) - other[columns[at : at + CHUNK]], axis=1)
        for at in range(0, len(rows), CHUNK)
    ]
    return np.concatenate([np.empty(0), *parts])
