"""Photos per second, compared with face_recognition's defaults on the same photos, on one thread.

OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python -m tests.bench.bench_photo <folder>

The folder holds JPEGs, or the source of the sample event.
"""

import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import face_recognition
from PIL import Image

from deploy.sample.event import sample_event
from kit.faces.detect.detail import encode_faces, scale_box
from kit.faces.engine import Engine
from kit.faces.images.decode import Pixels, decode, to_jpeg
from kit.faces.images.resize import shrink
from kit.faces.types import Box, Detection, Face
from matcher_service import reading

Result = TypeVar("Result")

LARGE_PIXELS = 12_000_000
PEERS = ("face-recognition", "dlib-bin", "opencv-python-headless", "numpy", "pillow")


def run(photos: Mapping[str, bytes], rounds: int = 3, share: float = reading.MIN_FACE_SHARE) -> dict[str, Any]:
    """The median over interleaved rounds of each photo, and the medians of those over the photos.

    Decoding, detection and encoding count for both; `derivatives` for neither, since face_recognition has none.
    """
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        raise RuntimeError("set OPENBLAS_NUM_THREADS=1: both sides shall have one thread")
    engine = Engine()
    ms = {name: _measure_photo(engine, data, rounds, share) for name, data in photos.items()}
    ratios = [one["face_recognition"] / one["ours"] for one in ms.values()]
    stages = ["decode", "detect", "encode", "derivatives", "ours", "face_recognition"]
    return {
        "photos": len(photos),
        "min_face_share": share,
        "ms": {stage: statistics.median(one[stage] for one in ms.values()) for stage in stages},
        "ratio_median": statistics.median(ratios),
        "ratio_least": min(ratios),
        "ratio_of_sums": sum(one["face_recognition"] for one in ms.values()) / sum(one["ours"] for one in ms.values()),
        "faces": sum(int(one["faces"]) for one in ms.values()),
        "face_recognition_faces": sum(int(one["face_recognition_faces"]) for one in ms.values()),
        "not_found": {name: one["not_found"] for name, one in ms.items() if one["not_found"]},
        "versions": {name: version(name) for name in PEERS},
    }


def enlarge(data: bytes, pixels: int = LARGE_PIXELS) -> bytes:
    """The photo enlarged to a camera's resolution, encoded as a camera would."""
    with Image.open(io.BytesIO(data)) as image:
        scale = (pixels / (image.width * image.height)) ** 0.5
        larger = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    larger.save(out, "JPEG", quality=90)
    return out.getvalue()


class _Clock:
    """An engine that records the time of each stage."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.ms: dict[str, float] = {}

    def find(self, pixels: Pixels) -> list[Detection]:
        self.ms["detect"], found = _time(lambda: self._engine.find(pixels))
        return found

    def encode(self, pixels: Pixels, boxes: Sequence[Box], zoom: float = 1.0) -> list[Face]:
        self.ms["encode"], faces = _time(lambda: self._engine.encode(pixels, boxes, zoom))
        return faces


def _measure_photo(engine: Engine, data: bytes, rounds: int, share: float) -> dict[str, float]:
    times: list[dict[str, float]] = []
    ours: list[Box] = []
    theirs: list[Box] = []
    for _ in range(rounds):
        clock: Any = _Clock(engine)
        peer_ms, theirs = _time(lambda: _read_as_face_recognition(data))
        decode_ms, picture = _time(lambda: decode(data, reading.LIMITS, reading.least_edge(share)))
        found = reading.find_faces(clock, picture.pixels, share)
        clock.ms["encode"] = 0.0
        again_ms, _ = _time(lambda: encode_faces(clock, picture, found, partial(decode, data, reading.LIMITS)))  # noqa: B023
        decode_ms += again_ms - clock.ms["encode"]
        ours = [scale_box(one.box, picture.zoom) for one in found]
        derive_ms, _ = _time(lambda: _derive(picture.pixels))  # noqa: B023
        times.append(
            {
                "face_recognition": peer_ms,
                "ours": decode_ms + clock.ms["detect"] + clock.ms["encode"],
                "decode": decode_ms,
                "derivatives": derive_ms,
                **clock.ms,
            }
        )
    missed = [box for box in theirs if not any(_is_same(box, known) for known in ours)]
    counts = {"faces": len(ours), "face_recognition_faces": len(theirs), "not_found": len(missed)}
    return {stage: statistics.median(taken[stage] for taken in times) for stage in times[0]} | counts


def _read_as_face_recognition(data: bytes) -> list[Box]:
    pixels = face_recognition.load_image_file(io.BytesIO(data))
    places = face_recognition.face_locations(pixels)
    face_recognition.face_encodings(pixels, places)
    return [Box(left, top, right - left, bottom - top) for top, right, bottom, left in places]


def _derive(pixels: Pixels) -> None:
    preview = shrink(pixels, reading.PREVIEW_PX)
    to_jpeg(preview, None, reading.DERIVATIVE_QUALITY)
    medium = shrink(preview, reading.MEDIUM_PX)
    to_jpeg(medium, None, reading.DERIVATIVE_QUALITY)
    to_jpeg(medium, reading.THUMB_PX, reading.DERIVATIVE_QUALITY)


def _is_same(one: Box, other: Box) -> bool:
    reach = 0.35 * max(one.width, other.width)
    across = abs(one.left + one.width / 2 - other.left - other.width / 2)
    return across < reach and abs(one.top + one.height / 2 - other.top - other.height / 2) < reach


def _time(work: Callable[[], Result]) -> tuple[float, Result]:
    started = time.perf_counter()
    result = work()
    return 1000 * (time.perf_counter() - started), result


def main() -> None:
    folder = Path(sys.argv[1])
    photos = {path.name: path.read_bytes() for path in sorted(folder.rglob("*.jpg"))}
    if not photos:
        photos = {photo.name: photo.jpeg for photo in sample_event(folder).photos}
    print(json.dumps(run(photos), indent=2))
    print(json.dumps(run({name: enlarge(data) for name, data in photos.items()}, rounds=1), indent=2))


if __name__ == "__main__":
    main()
