"""Comparing faces gives what subtracting would, whichever way the product is computed."""

import numpy as np
import pytest

from matcher_service import matching
from matcher_service.matching import find_close, half_squares, to_encodings


@pytest.mark.parametrize("cached_bytes", [0, 16 * 1024 * 1024], ids=["walked", "by BLAS"])
@pytest.mark.parametrize("count", [0, 1, 1000])
def test_the_rows_within_the_tolerance_are_found(
    count: int, cached_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "CACHED_BYTES", cached_bytes)
    random = np.random.default_rng(count)
    query = random.normal(size=128).astype("<f4")
    # At growing distances from the query, so that the tolerance falls among them.
    steps = random.normal(size=(count, 128))
    steps *= np.linspace(0.1, 1.1, count)[:, None] / np.linalg.norm(steps, axis=1, keepdims=True)
    faces = to_encodings([face.astype("<f4").tobytes() for face in query + steps])
    distances = np.linalg.norm(faces.astype(float) - query, axis=1)
    assert find_close(faces, half_squares(faces), query, 0.55).tolist() == np.flatnonzero(distances <= 0.55).tolist()
