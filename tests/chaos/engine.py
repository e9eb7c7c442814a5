"""A face engine that reads the faces from the metadata of made-up images, which costs no processor time.

It runs in the same sandboxed child process as the real one. While it is busy, a one-byte file named after the worker
says so; the file is mapped into memory before the child loses its write access.
"""

import functools
import json
import mmap
import os
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from kit.faces import ImageLimits, validation
from kit.faces.types import Box, Quality
from kit.faces.validation import Examination
from matcher_service import reading
from matcher_service.reading import FaceReading, Reading

Result = TypeVar("Result")

START = b"\xff\xd8\xff\xe0"
JPEG = START + b"scripted" + b"\xff\xd9"
HALF = 64
NEAR, FAR = 0.4, 0.8
IDLE, BUSY = b"0", b"1"
QUALITY = Quality(100, 100.0, 100.0, 0.0)


def make_image(people: Sequence[int], nonce: str, work_ms: int = 0) -> bytes:
    """An image of these people; each nonce makes different bytes."""
    return START + json.dumps({"people": list(people), "nonce": nonce, "work_ms": work_ms}).encode()


def make_encoding(person: int, offset: float = 0.0) -> bytes:
    """The encodings of two people are 1.4 apart. A face in a photo is 0.4 from the selfie, which makes it a
    template, or 0.8 if it is distant, so that only templates find it."""
    encoding = np.zeros(128, "<f4")
    encoding[[person, HALF + person]] = 1, offset
    return encoding.tobytes()


def is_far(people: Collection[int]) -> bool:
    """Whether the faces in a photo of these people are distant."""
    return len(people) == 3


def build_examiner(
    folder: Path, engine: str, strict: bool, model_cache: Path | None, limits: ImageLimits, is_quick: bool
) -> Callable[[bytes], Examination]:
    """The scripted or the real engine, which marks itself as busy while it works."""
    if engine == "real":
        real = validation.build_examiner(strict, model_cache, limits, is_quick)
        return functools.partial(_marked, _map_mark(folder), real)
    return functools.partial(_marked, _map_mark(folder), examine)


def build_reader(
    folder: Path,
    engine: str,
    min_face_share: float,
    model_cache: Path | None,
    limits: ImageLimits,
) -> Callable[[bytes], Reading]:
    if engine == "real":
        reader = reading.build_reader(min_face_share, model_cache, limits)
        return functools.partial(_marked, _map_mark(folder), reader)
    return functools.partial(_marked, _map_mark(folder), read)


def examine(data: bytes) -> Examination:
    people = _work(data)
    if len(people) != 1:
        return Examination("several_faces" if people else "no_face")
    return Examination(None, make_encoding(people[0]), QUALITY)


def read(data: bytes) -> Reading:
    people = _work(data)
    offset = FAR if is_far(people) else NEAR
    faces = tuple(FaceReading(Box(0, 0, 80, 80), make_encoding(person, offset), QUALITY) for person in people)
    pictures = dict.fromkeys(("original_jpeg", "preview_jpeg", "medium_jpeg", "thumb_jpeg"), JPEG)
    return Reading(width=100, height=100, faces=faces, **pictures)


def _work(data: bytes) -> list[int]:
    """The people in an image, after its `work_ms`."""
    described = json.loads(data.removeprefix(START))
    time.sleep(described["work_ms"] / 1000)
    people: list[int] = described["people"]
    return people


def _map_mark(folder: Path) -> mmap.mmap:
    path = _busy_mark(folder, os.getppid())
    path.write_bytes(IDLE)
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), 1)


def _marked(mark: mmap.mmap, engine: Callable[[bytes], Result], data: bytes) -> Result:
    mark[:] = BUSY
    try:
        return engine(data)
    finally:
        mark[:] = IDLE


def is_busy(folder: Path, worker_pid: int) -> bool:
    """Whether this worker holds a claim and works on it."""
    try:
        return _busy_mark(folder, worker_pid).read_bytes() == BUSY
    except FileNotFoundError:
        return False


def _busy_mark(folder: Path, worker_pid: int) -> Path:
    return folder / f"busy-{worker_pid}"
