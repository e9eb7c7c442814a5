"""Rejection: a face that resembles one which its guest has rejected is not theirs either."""

import numpy as np
import numpy.typing as npt

from matcher_service.matching import Encodings, is_rejected
from matcher_service.rules.event import Limits
from matcher_service.rules.pairs import Comparison, Distances, Nearby, Rows


class Rejection:
    """What one person has rejected: the faces (k, 128) that had been taken for theirs in photos that they refuse."""

    def __init__(self, comparison: Comparison, rejected: Encodings, limits: Limits) -> None:
        self._comparison = comparison
        self._rejected = rejected
        self._limits = limits

    def find(self, faces: Rows, distances: Distances) -> npt.NDArray[np.bool_]:
        """Of faces at these distances from the person those that are not theirs: (f,)."""
        if not len(self._rejected) or not len(faces):
            return np.zeros(len(faces), np.bool_)
        nearest = self._comparison.measure(self._rejected, faces)
        nearest = np.fmin.reduce(nearest, axis=0)  # a damaged encoding is near nothing
        return is_rejected(distances, nearest, self._limits.rejected_distance, self._limits.rejected_margin)

    def drop(self, near: Nearby) -> Nearby:
        """Those that may be theirs."""
        return near.select(~self.find(near.faces, near.distances))
