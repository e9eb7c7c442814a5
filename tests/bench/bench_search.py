"""Searches the faces of an event, compared with faiss and face_recognition, in one run on one thread.

Each returns the near faces. The faces are random directions with the length of real encodings; a hundredth of them
belong to the person of the selfie. Half have penalties, which the peers do not support: they find a few more.
"""

import importlib.metadata
import statistics
import time
from collections.abc import Callable
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from matcher_service.faces import FacePage
from matcher_service.index import FACE_BYTES, EventFaces, make_faces
from matcher_service.matching import SMALL_PENALTY, UNSURE_PENALTY, find_close
from tests.bench.database import FACES_PER_PHOTO, make_encodings

SIZES = (10_000, 100_000, 1_000_000)
TOLERANCE = 0.6
PENALISED_SHARE = 0.5


def run(sizes: tuple[int, ...] = SIZES, rounds: int = 15) -> dict[str, Any]:
    """Milliseconds for one selfie, and ratios (peer's time / ours), by number of faces."""
    faiss.omp_set_num_threads(1)
    return {str(size): _measure(size, rounds if size < 1_000_000 else 5) for size in sizes}


def versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ("faiss-cpu", "face-recognition")}


def make_event(size: int) -> tuple[EventFaces, npt.NDArray[np.float32]]:
    """An event of `size` faces, five in a photo, half of them with penalties of 0.03 to 0.07, and a selfie whose
    person has a hundredth of them."""
    encodings = make_encodings(size, seed=size)
    numbers = np.arange(size)
    photos: npt.NDArray[np.void] = (numbers // FACES_PER_PHOTO).astype(">u8").repeat(2).view("V16")
    nos = (numbers % FACES_PER_PHOTO).astype(np.int16)
    random = np.random.default_rng(size)
    penalties = (UNSURE_PENALTY + SMALL_PENALTY * random.random(size)) * (random.random(size) < PENALISED_SHARE)
    return make_faces(1, FacePage(photos, nos, encodings, penalties.astype(np.float32), None)), encodings[0]


def _measure(size: int, rounds: int) -> dict[str, float]:
    event, selfie = make_event(size)
    [block] = event.blocks
    flat = faiss.IndexFlatL2(128)
    flat.add(block.encodings)
    query, data = selfie[None], selfie.tobytes()
    subjects: dict[str, Callable[[], object]] = {
        "minois": lambda: find_close(block.encodings, block.halves, selfie, TOLERANCE, block.penalties),
        "faiss": lambda: flat.range_search(query, TOLERANCE**2),
        "face_recognition": lambda: _face_distance(block.encodings, selfie) <= TOLERANCE,
    }
    _, squares, near = flat.range_search(query, TOLERANCE**2)
    faces = near[np.sqrt(squares) + block.penalties[near] <= TOLERANCE]
    assert {one.photo_id.bytes for one in event.find(data, TOLERANCE)} == set(block.photos[faces].tolist())
    times = interleave(subjects, rounds)
    return {
        **{f"{name}_ms": round(times[name], 3) for name in subjects},
        "times_faiss": round(times["faiss"] / times["minois"], 2),
        "times_face_recognition": round(times["face_recognition"] / times["minois"], 1),
        "bytes_per_face": FACE_BYTES,
    }


def _face_distance(known: npt.NDArray[np.float32], face: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    import face_recognition

    distances: npt.NDArray[np.float32] = face_recognition.face_distance(known, face)
    return distances


def interleave(subjects: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median milliseconds of each over interleaved rounds."""
    times: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(rounds + 1):
        for name, call in subjects.items():
            started = time.perf_counter()
            call()
            if number:  # the first round warms up
                times[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(values) for name, values in times.items()}
