"""What the indexer takes from a photo."""

import io
import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data as samples

from kit.faces.decode import Pixels, to_jpeg
from kit.faces.engine import Engine
from kit.faces.types import Box, Detection, Face, Quality
from matcher_service import reading
from matcher_service.reading import Reading, find_boxes, read

ASTRONAUT: Pixels = samples.astronaut()  # type: ignore[no-untyped-call]


class ScriptedEngine:
    """Finds a number of faces, each smaller than the one before."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.scales: list[float] = []

    def detect(self, pixels: Pixels, scale: float = 1.0, border: float = 0.0) -> list[Detection]:
        self.scales.append(scale)
        return [Detection(Box(0, 0, 40 + n, 40 + n), 1.0) for n in range(self.count)]

    def encode(self, pixels: Pixels, boxes: Sequence[Box]) -> list[Face]:
        none = np.zeros(128, np.float32)
        return [Face(box, np.zeros((5, 2), np.float32), none, Quality(box.width, 9.0, 9.0, 0.0)) for box in boxes]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "unsupported_type"),
        (b"\xff\xd8\xff", "unreadable"),
        (to_jpeg(ASTRONAUT, None, 90)[:9000], "unreadable"),
        (to_jpeg(ASTRONAUT[:39], None, 90), "invalid_dimensions"),
        (b"\xff\xd8\xff" + bytes(30 << 20), "too_large"),
    ],
)
def test_bytes_that_are_no_photo_are_a_result_with_a_reason(data: bytes, reason: str) -> None:
    engine: Any = ScriptedEngine(0)
    assert read(engine, data) == Reading(reason=reason)  # type: ignore[arg-type]


def test_a_photo_is_read_with_its_faces_and_its_derivatives() -> None:
    photo = to_jpeg(np.hstack([ASTRONAUT, ASTRONAUT, ASTRONAUT, ASTRONAUT]), None, 95)
    result = pickle.loads(pickle.dumps(read(Engine(), photo)))
    assert (result.reason, result.width, result.height) == (None, 2048, 512)
    assert len(result.faces) >= 4
    assert {len(face.encoding) for face in result.faces} == {512}
    derivatives = result.original_jpeg, result.preview_jpeg, result.thumb_jpeg
    sizes = [Image.open(io.BytesIO(jpeg)).size for jpeg in derivatives]
    assert sizes == [(2048, 512), (1600, 400), (480, 120)]


def test_no_picture_of_a_photo_tells_where_it_was_taken() -> None:
    exif, out = Image.Exif(), io.BytesIO()
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.0)})
    Image.fromarray(ASTRONAUT).save(out, "JPEG", exif=exif)
    engine: Any = ScriptedEngine(0)
    result = read(engine, out.getvalue())
    served = result.original_jpeg, result.preview_jpeg, result.thumb_jpeg
    assert [b"Exif" in picture for picture in (out.getvalue(), *served)] == [True, False, False, False]


def test_beyond_the_cap_the_largest_faces_are_kept() -> None:
    engine: Any = ScriptedEngine(5000)
    boxes = find_boxes(engine, ASTRONAUT)
    assert len(boxes) == reading.MAX_FACES
    assert boxes[0].width == 5039


def test_a_face_of_less_than_forty_pixels_is_found_and_not_encoded() -> None:
    small = np.asarray(Image.fromarray(ASTRONAUT).resize((176, 176)))
    canvas = np.full((400, 400, 3), 90, np.uint8)
    canvas[100:276, 100:276] = small
    result = read(Engine(), to_jpeg(canvas, None, 95))
    assert (len(result.faces), result.small_count) == (0, 1)


@pytest.mark.parametrize(
    ("long_edge", "share", "scale"), [(500, 0.02, 2.0), (1875, 0.02, 2.0), (4000, 0.02, 0.94), (4000, 0.05, 0.375)]
)
def test_the_search_is_as_fine_as_the_smallest_face_asks(long_edge: int, share: float, scale: float) -> None:
    engine: Any = ScriptedEngine(0)
    find_boxes(engine, np.broadcast_to(np.uint8(0), (long_edge * 3 // 4, long_edge, 3)), share)
    assert engine.scales == [pytest.approx(scale, abs=0.01)]
