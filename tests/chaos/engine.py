"""A face engine that reads what an image says of itself, so that a run is about deaths and not about pixels.

It works in the same child process as the real one. While it works, a file named after the worker says so.
"""

import functools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from kit.faces.types import Box, Quality
from matcher_service.reading import FaceReading, Reading
from selfie_service.validation import Examination

START = b"\xff\xd8\xff\xe0"
JPEG = START + b"scripted" + b"\xff\xd9"
QUALITY = Quality(100, 100.0, 100.0, 0.0)


def make_image(people: Sequence[int], nonce: str, work_ms: int = 0) -> bytes:
    """An image of these people; every nonce makes other bytes."""
    return START + json.dumps({"people": list(people), "nonce": nonce, "work_ms": work_ms}).encode()


def make_encoding(person: int) -> bytes:
    """Two persons are 1.4 apart."""
    encoding = np.zeros(128, "<f4")
    encoding[person] = 1
    return encoding.tobytes()


def build_examiner(folder: Path, strict: bool, model_cache: Path | None) -> Callable[[bytes], Examination]:
    return functools.partial(examine, folder)


def build_reader(
    folder: Path, min_face_share: float, detector: str, model_cache: Path | None
) -> Callable[[bytes], Reading]:
    return functools.partial(read, folder)


def examine(folder: Path, data: bytes) -> Examination:
    with working(folder, data) as people:
        if len(people) != 1:
            return Examination("several_faces" if people else "no_face")
        return Examination(None, make_encoding(people[0]), QUALITY)


def read(folder: Path, data: bytes) -> Reading:
    with working(folder, data) as people:
        faces = tuple(FaceReading(Box(0, 0, 50, 50), make_encoding(person), QUALITY) for person in people)
        return Reading(width=100, height=100, faces=faces, original_jpeg=JPEG, preview_jpeg=JPEG, thumb_jpeg=JPEG)


@contextmanager
def working(folder: Path, data: bytes) -> Iterator[list[int]]:
    """The people in an image, after the time that it asks for."""
    said = json.loads(data.removeprefix(START))
    mark = busy_mark(folder, os.getppid())
    mark.touch()
    try:
        time.sleep(said["work_ms"] / 1000)
        yield said["people"]
    finally:
        with suppress(FileNotFoundError):
            mark.unlink()


def busy_mark(folder: Path, worker_pid: int) -> Path:
    """Is there while this worker holds a claim and works on it."""
    return folder / f"busy-{worker_pid}"
