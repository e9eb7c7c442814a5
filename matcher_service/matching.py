"""Comparing faces: two encodings belong to one person when their Euclidean distance is within the tolerance.

Distances are computed as |x|^2 - 2 x.q + |q|^2, one matrix product instead of a subtraction for each face.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from matcher_service.domain import ENCODING_SIZE

Encodings = npt.NDArray[np.float32]


def to_encodings(rows: Sequence[bytes]) -> Encodings:
    """(n, 128) float32 from n stored encodings."""
    return np.frombuffer(b"".join(rows), dtype="<f4").reshape(len(rows), ENCODING_SIZE)


def squares(encodings: Encodings) -> npt.NDArray[np.float32]:
    """|x|^2 of each row: (n,)."""
    norms: npt.NDArray[np.float32] = np.einsum("ij,ij->i", encodings, encodings)
    return norms


def is_close(
    encodings: Encodings, norms: npt.NDArray[np.float32], queries: Encodings, tolerance: float
) -> npt.NDArray[np.bool_]:
    """(n, m): whether row i of `encodings` and row j of `queries` are one person; `norms` are squares(encodings)."""
    distances = norms[:, None] - 2 * (encodings @ queries.T) + squares(queries)[None, :]
    return distances <= np.float32(tolerance**2)
