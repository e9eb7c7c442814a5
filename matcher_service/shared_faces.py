"""Finds groups of encodings that show one face; pure.

All encodings of a group are within the tolerance of each other. Chains, in which each resembles only the next one,
would merge everyone who looks alike into one group.
"""

from collections.abc import Sequence

import numpy as np

from matcher_service.matching import distances, find_close, half_squares, to_encodings


def find_shared(rows: Sequence[bytes], tolerance: float, least: int) -> list[list[int]]:
    """Groups of at least `least` indexes of encodings that show one face; each index is in at most one group."""
    encodings = to_encodings(rows)
    halves = half_squares(encodings)
    near = [set(map(int, find_close(encodings, halves, encoding, tolerance))) for encoding in encodings]
    found: list[list[int]] = []
    left = {place for place, others in enumerate(near) if len(others) >= least}
    for centre in sorted(left, key=lambda place: (-len(near[place]), place)):
        if centre not in left:
            continue
        candidates = np.array(sorted(near[centre] & left), dtype=np.intp)
        by_distance = np.argsort(distances(encodings[candidates], encodings[centre]), kind="stable")
        group: set[int] = set()
        for candidate in map(int, candidates[by_distance]):
            if group <= near[candidate]:
                group.add(candidate)
        if len(group) >= least:
            found.append(sorted(group))
            left -= group
    return sorted(found, key=lambda group: (-len(group), group))
