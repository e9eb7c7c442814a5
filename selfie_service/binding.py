"""An account looks for one face: which selfie may follow the first one, and how often an account may start over. Pure.

The tolerance is wider than that for matching, since refusing guests their own selfie is worse than missing somebody
else's. By `make accuracy`, two photos of one person are at most 0.53 apart and photos of two persons at least 0.73.
Every selfie is compared with the first one, so that no series of selfies drifts from one face to another. A selfie that
is used beside others is compared also where any face may follow the first one: a mean never mixes two faces.
"""

import sys
from dataclasses import dataclass

import numpy as np

from selfie_service.domain import Bound, RejectReason

TOLERANCE = 0.7
FACES_PER_DAY = 5


@dataclass(frozen=True, slots=True)
class BindingRule:
    """`tolerance`: the largest Euclidean distance of two encodings; `faces_per_day`: bindings within 24 hours."""

    tolerance: float = TOLERANCE
    faces_per_day: int = FACES_PER_DAY

    def judge(self, bound: Bound, encoding: bytes) -> RejectReason | None:
        """Why a valid selfie is refused all the same; None: it is accepted."""
        if bound.encoding is None:
            return RejectReason.TOO_MANY_FACES if bound.recent_count >= self.faces_per_day else None
        distance = measure_distance(bound.encoding, encoding)
        return None if distance <= self.tolerance else RejectReason.DIFFERENT_PERSON


# For selfies that are used beside others where nothing else binds.
SAME_FACE = BindingRule(faces_per_day=sys.maxsize)


def measure_distance(one: bytes, other: bytes) -> float:
    """The Euclidean distance of two encodings."""
    return float(np.linalg.norm(np.frombuffer(one, "<f4") - np.frombuffer(other, "<f4")))
