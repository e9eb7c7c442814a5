"""Non-maximum suppression: keeps one detection of each face."""

from collections.abc import Sequence

from kit.faces.types import Box, Detection

# Boxes that overlap by more show one face, as in HOG's training (dlib/image_processing/box_overlap_testing.h).
SAME_UNION_SHARE = 0.33
_SAME_COVERED_SHARE = 0.789


def drop_same(detections: Sequence[Detection]) -> list[Detection]:
    """Keeps the best of overlapping boxes; those of HOG come first."""
    kept: list[Detection] = []
    for detection in sorted(detections, key=lambda found: (found.is_sure, found.score), reverse=True):
        if not any(is_same(detection.box, known.box) for known in kept):
            kept.append(detection)
    return kept


def is_same(one: Box, other: Box) -> bool:
    covers = _common_area(one, other) > _SAME_COVERED_SHARE * min(one.area, other.area)
    return covers or union_share(one, other) > SAME_UNION_SHARE


def union_share(one: Box, other: Box) -> float:
    """The area that two boxes have in common, as a share of the area that they cover together: 0 to 1."""
    common = _common_area(one, other)
    covered = one.area + other.area - common
    return common / covered if covered else 0.0


def _common_area(one: Box, other: Box) -> int:
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    return max(width, 0) * max(height, 0)
