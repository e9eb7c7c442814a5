"""What the indexer takes from a photo."""

import io
import pickle
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data as samples

from kit.faces.decode import Pixels, to_jpeg
from kit.faces.engine import Engine
from kit.faces.original import assemble
from kit.faces.taken import Taken
from kit.faces.types import Box, Detection, Face, Quality
from matcher_service import reading
from matcher_service.reading import Reading, find_boxes, read
from tests.unit.jpegs import SECRET, full_exif, read_properties

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
    derivatives = assemble(photo, result.original_parts), result.preview_jpeg, result.thumb_jpeg
    sizes = [Image.open(io.BytesIO(jpeg)).size for jpeg in derivatives]
    assert sizes == [(2048, 512), (1600, 400), (480, 120)]
    assert result.original_jpeg == b""
    assert derivatives[0] == photo


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_pictures_say_when_and_by_whom_and_never_where(form: str) -> None:
    out = io.BytesIO()
    Image.fromarray(ASTRONAUT).save(out, form, exif=full_exif())
    data = out.getvalue()
    assert SECRET in data, "the control"
    engine: Any = ScriptedEngine(0)
    result = read(engine, data)
    assert result.taken == Taken(datetime(2026, 6, 20, 17, tzinfo=UTC), 120)
    assert bool(result.original_parts) == (form == "JPEG")
    original = assemble(data, result.original_parts) or result.original_jpeg
    assert not any(SECRET in picture for picture in (original, result.preview_jpeg, result.thumb_jpeg))
    for picture, orientation in ((original, 6 if form == "JPEG" else None), (result.preview_jpeg, None)):
        with Image.open(io.BytesIO(picture)) as image:
            exif = image.getexif()
        assert (exif.get(0x0112), set(exif)) == (
            orientation,
            {0x013B, 0x8298, 0x8769} | ({0x0112} if orientation else set()),
        )
        assert exif.get_ifd(0x8769)[0x9003] == "2026:06:20 19:00:00"
        assert read_properties(picture)["creator"] == "Ana Pérez"


def test_bytes_that_hide_behind_the_picture_are_not_sent() -> None:
    photo = to_jpeg(ASTRONAUT, None, 95)
    data = photo[:-2] + SECRET * 5000 + b"\xff\xd9" + SECRET
    engine: Any = ScriptedEngine(0)
    original = assemble(data, read(engine, data).original_parts)
    assert SECRET not in original
    assert original.startswith(photo[:-2])
    assert len(original) <= len(photo) + 16


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
