"""Where a picture may show a face: dlib's five face filters over features of 4-pixel cells.

dlib looks for faces of 80 pixels in cells of 8, and enlarges the picture for smaller ones. Cells of 4 pixels in the
picture itself say nearly the same as cells of 8 in one twice as large, and cost a quarter.
"""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import dlib
import numpy as np
import numpy.typing as npt

from kit.faces.dlib_stream import Stream
from kit.faces.fhog import FEATURES, Cells, Grey, Histograms, describe

# The side of the filters' window, and how much of it is the face that dlib reports.
_WINDOW = 10
_FACE_SHARE = 73 / 80

# Cells beyond the edge, so that a window may stand over it; an even number.
_PAD = 4
_LEVELS_PER_OCTAVE = 4
_CHANNELS = 12
_MIN_SCORE = -0.8
_MAX_PLACES = 20_000


class Proposal(NamedTuple):
    """A square that may hold a face, by its centre and side in pixels, and the margin of the best filter."""

    score: float
    x: float
    y: float
    side: float


class FaceFilters:
    """The filters of dlib's frontal face detector, made for speed: fewer channels, and every second row of cells."""

    def __init__(self, detector: "dlib.fhog_object_detector") -> None:
        weights, thresholds = _read(detector)
        self._thresholds = thresholds[:, None, None]
        weights = weights * np.array([2.0] * 27 + [0.2357] * 4)[:, None, None]
        by_feature = weights.transpose(1, 0, 2, 3).reshape(FEATURES, -1)
        basis, sizes, parts = np.linalg.svd(by_feature, full_matrices=False)
        self._project = basis[:, :_CHANNELS].astype(np.float32)
        reduced = (sizes[:, None] * parts)[:_CHANNELS].reshape(_CHANNELS, -1, _WINDOW // 2, 2, _WINDOW)
        # A row for each filter and pair of its rows, a column for each number in a pair of the window's rows.
        self._product = np.ascontiguousarray(
            reduced.transpose(2, 1, 4, 3, 0).reshape(-1, 2 * _CHANNELS * _WINDOW), np.float32
        )
        self._histograms = Histograms()

    def propose(self, grey: Grey) -> list[Proposal]:
        """Squares of 36 pixels or more, the clearest first, each face once."""
        places = [np.empty((0, 4))]
        for cells, cell_width, cell_height in self._levels(grey):
            scores = self._score(describe(cells))
            rows, columns = np.nonzero(scores > _MIN_SCORE)
            # The first cell has no features; dlib's face is 3/16 of a cell beside the middle of its window.
            x, y = ((place + 1 - _PAD + _WINDOW / 2 + 3 / 16) for place in (columns, 2 * rows))
            side = np.full(len(rows), _WINDOW * _FACE_SHARE * (cell_width * cell_height) ** 0.5)
            places.append(np.stack([scores[rows, columns], x * cell_width, y * cell_height, side], axis=1))
        return _thin(np.concatenate(places))

    def _levels(self, picture: Grey) -> Iterator[tuple[Cells, float, float]]:
        """The picture's cells at each size of face, and how many pixels of the picture a cell is wide and high.

        Gradients are taken anew for each octave only: between, the cells themselves are shrunk.
        """
        grey = picture
        while True:
            cells = self._histograms.count(grey)
            for step in range(_LEVELS_PER_OCTAVE):
                rows, columns = (round(side * 2 ** (-step / _LEVELS_PER_OCTAVE)) for side in cells.shape[:2])
                if min(rows, columns) < _WINDOW:
                    return
                level = np.asarray(cv2.resize(cells, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)
                yield level, picture.shape[1] / columns, picture.shape[0] / rows
            height, width = grey.shape
            grey = np.asarray(cv2.resize(grey, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)

    def _score(self, features: Cells) -> npt.NDArray[np.float32]:
        """The margin of the best filter for every second row of windows and each column."""
        height, width = features.shape[:2]
        pairs = (height + 1) // 2 + _PAD
        columns = width + 2 * _PAD + -(width + 2 * _PAD) % _WINDOW
        flat = np.zeros((pairs * columns + _WINDOW) * 2 * _CHANNELS, np.float32)
        size = pairs * columns * 2 * _CHANNELS
        padded = flat[:size].reshape(pairs, columns, 2, _CHANNELS)
        reduced = features @ self._project
        for half in range(2):
            rows = reduced[half::2]
            padded[_PAD // 2 : _PAD // 2 + len(rows), _PAD : _PAD + width, half] = rows
        last = pairs - _WINDOW // 2 + 1
        scores = np.empty((last, columns), np.float32)
        for shift in range(_WINDOW):
            # The numbers of a window's row lie together, so that every tenth window is a row of a plain matrix.
            start = shift * 2 * _CHANNELS
            windows = flat[start : start + size].reshape(-1, self._product.shape[1])
            parts = (self._product @ windows.T).reshape(_WINDOW // 2, -1, pairs, columns // _WINDOW)
            sums = sum(part[:, pair : pair + last] for pair, part in enumerate(parts))
            scores[:, shift::_WINDOW] = (sums - self._thresholds).max(axis=0)
        return scores[:, : 1 - _WINDOW]


def _read(detector: "dlib.fhog_object_detector") -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """The weights (filters, features, rows, columns) and thresholds out of what pickle would keep.

    The order is that of dlib/image_processing/object_detector.h and scan_fhog_pyramid.h.
    """
    stream = Stream(detector.__getstate__()[0])
    stream.expect("head of a detector", [2, 1, 0, 0, 8, 0, 80, 80, 1000, 64, 64], stream.integers(11))
    stream.numbers(1)
    size = stream.integer()
    stream.expect("size of a filter", FEATURES * _WINDOW**2, size)
    stream.numbers(2)
    filters = []
    for _ in range(stream.integer()):
        stream.expect("shape of a filter", [-size - 1, -1], stream.integers(2))
        filters.append(stream.numbers(size + 1))
    stream.end()
    numbers = np.array(filters)
    weights = numbers[:, :-1].reshape(-1, FEATURES, _WINDOW, _WINDOW)
    return weights, numbers[:, -1].astype(np.float32)


def _thin(places: npt.NDArray[np.float64]) -> list[Proposal]:
    """The best of each heap."""
    left = places[np.argsort(-places[:, 0])[:_MAX_PLACES]]
    kept = []
    while len(left):
        best = Proposal(*left[0].tolist())
        kept.append(best)
        sizes = left[:, 3] / best.side
        reach = 0.35 * best.side * np.maximum(sizes, 1)
        near = (np.abs(left[:, 1] - best.x) < reach) & (np.abs(left[:, 2] - best.y) < reach)
        left = left[~(near & (sizes > 0.5) & (sizes < 2))]
    return kept
