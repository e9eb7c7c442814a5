"""Rejection: a face that resembles one that the person has rejected does not match them either."""

import numpy as np
import numpy.typing as npt

from matcher_service.matching import Encodings, is_rejected
from matcher_service.rules.event import Limits
from matcher_service.rules.pairs import Comparison, Distances, Nearby, Rows


class Rejection:
    """Finds faces that resemble those that one person rejected. `rejected`: encodings (k, 128) of the faces that had
    matched them in photos that they refuse; `selfie`: their own (1, 128)."""

    def __init__(self, comparison: Comparison, rejected: Encodings, selfie: Encodings, limits: Limits) -> None:
        self._comparison = comparison
        self._rejected = rejected
        self._selfie = selfie
        self._limits = limits

    def find(self, faces: Rows, distances: Distances) -> npt.NDArray[np.bool_]:
        """Whether each of the faces, at these distances from the person, is rejected: (f,)."""
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
        """The faces that are not rejected."""
        return near.select(~self.find(near.faces, near.distances))
