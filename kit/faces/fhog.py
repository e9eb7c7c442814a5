"""Histograms of gradients over cells of 4 pixels, as the features of Felzenszwalb et al. (PAMI 32(9), 2010).

The numbers are those of dlib/image_transforms/fhog.h, but for two savings: a pixel counts for its own cell alone, which
a blur over the cells makes good, and a cell is held against the mean of its four blocks and not against each of them.
"""

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
# (rows, columns, channels) of cells.
Cells = npt.NDArray[np.float32]

CELL_PX = 4
DIRECTIONS = 18
FEATURES = 31

_STRIP_PX = 32
_CLIP = 0.2
# A pixel that counts for the cells around it, less the nearer, spreads by a twelfth of a cell squared.
_SPREAD = np.array([1, 10, 1]) / 12


class Histograms:
    """Sums gradients by their direction; the two tables, over each gradient of 8-bit pixels, are 2 MB each."""

    def __init__(self) -> None:
        across = np.arange(-256, 256)
        down = across[:, None]
        angles = np.pi * np.arange(9) / 9
        along = across[..., None] * np.cos(angles) + down[..., None] * np.sin(angles)
        self._direction = np.concatenate([along, -along], axis=2).argmax(axis=2).ravel()
        self._length = np.hypot(across, down).ravel()

    def count(self, grey: Grey) -> Cells:
        """The sums of each whole cell: by 18 directions, and by 9 without their sign."""
        rows, columns = (side // CELL_PX for side in grey.shape)
        height, width = rows * CELL_PX, columns * CELL_PX
        framed = cv2.copyMakeBorder(grey[:height, :width], 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        cells = np.empty((rows, columns, DIRECTIONS), np.float32)
        place = np.add.outer(np.arange(_STRIP_PX) // CELL_PX * columns, np.arange(width) // CELL_PX) * DIRECTIONS
        # In strips, which stay in the processor's cache.
        for top in range(0, height, _STRIP_PX):
            strip = framed[top : top + _STRIP_PX + 2]
            across = cv2.subtract(strip[1:-1, 2:], strip[1:-1, :-2], dtype=cv2.CV_16S)
            down = cv2.subtract(strip[2:, 1:-1], strip[:-2, 1:-1], dtype=cv2.CV_16S)
            gradient = np.add(np.multiply(down, 512, dtype=np.int32), across)
            gradient += 256 * 512 + 256
            part = cells[top // CELL_PX : (top + _STRIP_PX) // CELL_PX]
            bins = self._direction.take(gradient)
            bins += place[: len(gradient)]
            sums = np.bincount(bins.ravel(), self._length.take(gradient).ravel(), part.size)
            part[:] = sums.reshape(part.shape)
        spread = cv2.sepFilter2D(cells, -1, _SPREAD, _SPREAD)
        return np.concatenate([spread, spread[..., :9] + spread[..., 9:]], axis=2)


def describe(cells: Cells) -> Cells:
    """The 31 features of each cell that has neighbours on all sides: 18 directions, 9 without sign, 4 textures.

    In dlib's order, without its factors: 2 for directions and 0.2357 for textures.
    """
    unsigned = cells[..., 18:]
    energy = np.einsum("ijk,ijk->ij", unsigned, unsigned)
    pairs = energy[:-1] + energy[1:]
    blocks = 1 / np.sqrt(pairs[:, :-1] + pairs[:, 1:] + 1e-4)
    around = np.stack([blocks[1:, 1:], blocks[:-1, 1:], blocks[1:, :-1], blocks[:-1, :-1]], axis=2)
    mean = np.einsum("ijk->ij", around) / 4
    directions = cells[1:-1, 1:-1] * mean[..., None]
    np.minimum(directions, _CLIP, out=directions)
    around *= (np.einsum("ijk->ij", directions[..., :18]) / mean)[..., None]
    return np.concatenate([directions, around], axis=2)
