"""Distances between two faces of one person, and between faces of two people."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Encoding = npt.NDArray[np.float32]

TOLERANCES = tuple(round(0.30 + 0.01 * step, 2) for step in range(51))


@dataclass
class Pairs:
    """Distances between pairs of different photos."""

    same: list[float] = field(default_factory=list)
    different: list[float] = field(default_factory=list)

    def count(self, tolerance: float) -> tuple[int, int]:
        """True and false matches within the tolerance."""
        return sum(d <= tolerance for d in self.same), sum(d <= tolerance for d in self.different)

    @property
    def farthest_same(self) -> float:
        return max(self.same, default=0.0)

    @property
    def closest_different(self) -> float:
        return min(self.different, default=2.0)


def pair_selfies(persons: Mapping[str, str], selfies: Mapping[str, Encoding], photos: Mapping[str, Encoding]) -> Pairs:
    """Each pair of pictures once, by name: one as a selfie, one as a photo, in the order with the worse result."""
    pairs = Pairs()
    for one, other in itertools.combinations(persons, 2):
        distances = [
            float(np.linalg.norm(selfies[selfie] - photos[photo]))
            for selfie, photo in ((one, other), (other, one))
            if selfie in selfies and photo in photos
        ]
        if not distances:
            continue
        if persons[one] == persons[other]:
            pairs.same.append(max(distances))
        else:
            pairs.different.append(min(distances))
    return pairs


def pair_strangers(groups: Sequence[Sequence[Encoding]]) -> Pairs:
    """Pairs of faces in one photo, which are of different people, often relatives."""
    distances = (np.linalg.norm(one - other) for faces in groups for one, other in itertools.combinations(faces, 2))
    return Pairs(different=[float(distance) for distance in distances])
