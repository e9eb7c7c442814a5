"""Rejected faces: a face that resembles one which its guest has rejected is not theirs either."""

import numpy as np
import numpy.typing as npt

from matcher_service.matching import Encodings, is_rejected
from matcher_service.rules.event import Limits
from matcher_service.rules.pairs import Comparison, Distances, Nearby, Rows


class RejectedFaces:
    """What one person has rejected: the faces (k, 128) that had been taken for theirs in photos that they refuse.
    `selfie`: the person's own (1, 128)."""

    def __init__(self, comparison: Comparison, rejected: Encodings, selfie: Encodings, limits: Limits) -> None:
        self._comparison = comparison
        self._rejected = rejected
        self._selfie = selfie
        self._limits = limits

    def find(self, faces: Rows, distances: Distances) -> npt.NDArray[np.bool_]:
        """Of faces at these distances from the person those that are not theirs: (f,)."""
        if not len(self._rejected) or not len(faces):
            return np.zeros(len(faces), np.bool_)
        nearest = self._comparison.measure(self._rejected, faces)
        nearest = np.fmin.reduce(nearest, axis=0)  # a damaged encoding is near nothing
        own = self._comparison.measure(self._selfie, faces)[0]
        limits = self._limits
        return is_rejected(
            distances, nearest, own, limits.rejected_distance, limits.rejected_margin, limits.own_distance
        )

    def drop(self, near: Nearby) -> Nearby:
        """Those that may be theirs."""
        return near.select(~self.find(near.faces, near.distances))
