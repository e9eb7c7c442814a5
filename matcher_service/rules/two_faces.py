"""Detects selfies near two faces of one photo: an average of two people's faces is near both of them."""

import numpy as np

from matcher_service.matching import Encodings
from matcher_service.rules.event import EventFaces
from matcher_service.rules.pairs import Nearby, measure_pairs


def count_two_faces(faces: EventFaces, near: Nearby, apart: float) -> int:
    """The number of photos in which two sure faces `near` one selfie are further than `apart` from each other. `faces`
    are sorted, so those of a photo are contiguous."""
    sure = near.faces[faces.sure[near.faces]]
    _, starts, counts = np.unique(faces.photo_ids[sure], return_index=True, return_counts=True)
    groups = (sure[start : start + count] for start, count in zip(starts, counts, strict=True) if count > 1)
    return sum(are_apart(faces.encodings[group], apart) for group in groups)


def are_apart(encodings: Encodings, apart: float) -> bool:
    """Whether two encodings (k, 128) are further apart: a mirror, a screen or a twin shows the same face twice."""
    one, other = np.triu_indices(len(encodings), 1)
    return bool((measure_pairs(encodings, encodings, one, other) > apart).any())
