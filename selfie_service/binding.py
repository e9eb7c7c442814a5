"""Binding: an account looks for one face per person. Decides which selfie may follow the first one, and how often an
account may start over. Pure.

The tolerance is wider than the one for matching, since rejecting guests' own selfies is worse than accepting someone
else's. By `make accuracy`, two photos of one person are at most 0.53 apart, and photos of two persons at least 0.73.
Every selfie is compared with the first one, so that a series of selfies cannot drift from one face to another. A selfie
that is used in addition to others is compared even if binding is off, so that a mean never mixes two faces.
"""

import sys
from dataclasses import dataclass

import numpy as np

from selfie_service.domain import Bound, RejectReason

TOLERANCE = 0.7
FACES_PER_DAY = 5


@dataclass(frozen=True, slots=True)
class BindingRule:
    """`tolerance`: the largest Euclidean distance between two encodings; `faces_per_day`: bindings within 24 hours."""

    tolerance: float = TOLERANCE
    faces_per_day: int = FACES_PER_DAY

    def judge(self, bound: Bound, encoding: bytes) -> RejectReason | None:
        """Returns why an otherwise valid selfie is rejected; None: it is accepted."""
        if bound.encoding is None:
            return RejectReason.TOO_MANY_FACES if bound.recent_count >= self.faces_per_day else None
        distance = measure_distance(bound.encoding, encoding)
        return None if distance <= self.tolerance else RejectReason.DIFFERENT_PERSON


# For additional selfies while binding is off.
SAME_FACE = BindingRule(faces_per_day=sys.maxsize)


def measure_distance(one: bytes, other: bytes) -> float:
    """Returns the Euclidean distance between two encodings."""
    return float(np.linalg.norm(np.frombuffer(one, "<f4") - np.frombuffer(other, "<f4")))
