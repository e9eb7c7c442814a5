"""Comparing faces equals subtracting encodings, for both ways of computing the product."""

import numpy as np
import pytest

from matcher_service import matching
from matcher_service.faces import SeenFace
from matcher_service.matching import distances, find_close, find_people, half_squares, to_encodings


@pytest.mark.parametrize("cached_bytes", [0, 16 * 1024 * 1024], ids=["walked", "by BLAS"])
@pytest.mark.parametrize("count", [0, 1, 1000])
def test_rows_within_the_tolerance_are_found(count: int, cached_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "CACHED_BYTES", cached_bytes)
    random = np.random.default_rng(count)
    query = random.normal(size=128).astype("<f4")
    # At increasing distances from the query, so that the tolerance falls among them.
    steps = random.normal(size=(count, 128))
    steps *= np.linspace(0.1, 1.1, count)[:, None] / np.linalg.norm(steps, axis=1, keepdims=True)
    faces = to_encodings([face.astype("<f4").tobytes() for face in query + steps])
    apart = np.linalg.norm(faces.astype(float) - query, axis=1)
    assert find_close(faces, half_squares(faces), query, 0.55).tolist() == np.flatnonzero(apart <= 0.55).tolist()


@pytest.mark.parametrize("cached_bytes", [0, 16 * 1024 * 1024], ids=["walked", "by BLAS"])
def test_penalties_are_added_to_the_distances(cached_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "CACHED_BYTES", cached_bytes)
    random = np.random.default_rng(7)
    query = random.normal(size=128).astype("<f4")
    steps = random.normal(size=(1000, 128))
    steps *= np.linspace(0, 0.7, 1000)[:, None] / np.linalg.norm(steps, axis=1, keepdims=True)
    faces = (query + steps).astype(np.float32)
    penalties = random.choice([0, 0.03, 0.07, 0.6], 1000).astype(np.float32)
    apart = np.linalg.norm(faces.astype(float) - query, axis=1) + penalties
    found = find_close(faces, half_squares(faces), query, 0.55, penalties)
    assert found.tolist() == np.flatnonzero(apart <= 0.55).tolist()
    assert distances(faces[found], query, penalties[found]) == pytest.approx(apart[found], abs=1e-5)
    assert found.tolist() != find_close(faces, half_squares(faces), query, 0.55).tolist(), "the control"


def test_both_implementations_find_the_same() -> None:
    random = np.random.default_rng(9)
    person = random.normal(size=128).astype("<f4") / 10
    steps = random.normal(size=(200, 128))
    steps *= np.linspace(0, 0.7, 200)[:, None] / np.linalg.norm(steps, axis=1, keepdims=True)
    faces = (person + steps).astype("<f4")
    penalties = random.choice([0, 0.03, 0.07, 0.6], 200).astype(np.float32)
    places = find_close(faces, half_squares(faces), person, 0.55, penalties)
    for place, (face, penalty) in enumerate(zip(faces, penalties, strict=True)):
        found = find_people([person.tobytes()], [SeenFace(face.tobytes(), float(penalty))], 0.55)
        assert bool(found) == (place in places)
