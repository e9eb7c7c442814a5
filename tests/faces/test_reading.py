"""The data that the indexer extracts from a photo."""

import io
import pickle
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data as samples

from kit.faces.engine import Engine
from kit.faces.images.decode import Pixels, to_jpeg
from kit.faces.images.original import assemble
from kit.faces.images.taken import Taken
from kit.faces.types import Box, Detection, Face, Quality
from matcher_service import reading
from matcher_service.reading import Reading, find_faces, find_turned, read
from tests.unit.jpegs import SECRET, full_exif, read_properties

ASTRONAUT: Pixels = samples.astronaut()  # type: ignore[no-untyped-call]
# Without the flag, in which HOG detects a face.
PORTRAIT = np.ascontiguousarray(ASTRONAUT[:320, 60:380])


class ScriptedEngine:
    """Finds a fixed number of faces, each smaller than the previous one."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.sides: list[int] = []

    def find(self, pixels: Pixels) -> list[Detection]:
        self.sides.append(max(pixels.shape[:2]))
        return [Detection(Box(0, 0, 40 + n, 40 + n), 1.0) for n in range(self.count)]

    def encode(self, pixels: Pixels, boxes: Sequence[Box], zoom: float = 1.0) -> list[Face]:
        none = np.zeros(128, np.float32)
        return [Face(box, np.zeros((5, 2), np.float32), none, Quality(box.width, 9.0, 9.0, 0.0)) for box in boxes]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "unsupported_type"),
        (b"\xff\xd8\xff", "unreadable"),
        (to_jpeg(ASTRONAUT, None, 90)[:9000], "unreadable"),
        (to_jpeg(ASTRONAUT[:39], None, 90), "invalid_dimensions"),
        (b"\xff\xd8\xff" + bytes(100_000_000), "too_large"),
    ],
)
def test_bytes_that_are_not_a_photo_give_a_result_with_a_reason(data: bytes, reason: str) -> None:
    engine: Any = ScriptedEngine(0)
    assert read(engine, data) == Reading(reason=reason)  # type: ignore[arg-type]


def test_a_photo_is_read_with_its_faces_and_derived_pictures() -> None:
    photo = to_jpeg(np.hstack([ASTRONAUT, ASTRONAUT, ASTRONAUT, ASTRONAUT]), None, 95)
    result = pickle.loads(pickle.dumps(read(Engine(), photo)))
    assert (result.reason, result.width, result.height) == (None, 2048, 512)
    assert len(result.faces) >= 4
    assert {len(face.encoding) for face in result.faces} == {512}
    original = assemble(photo, result.original_parts)
    derivatives = original, result.preview_jpeg, result.medium_jpeg, result.thumb_jpeg
    sizes = [Image.open(io.BytesIO(jpeg)).size for jpeg in derivatives]
    assert sizes == [(2048, 512), (1600, 400), (960, 240), (480, 120)]
    assert result.original_jpeg == b""
    assert original == photo
    assert result.colour is not None
    shown = np.asarray(Image.open(io.BytesIO(result.preview_jpeg))).mean(axis=(0, 1))
    assert np.abs(shown - [*result.colour.to_bytes(3)]).max() < 2


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_served_pictures_contain_time_and_author_but_no_position(form: str) -> None:
    out = io.BytesIO()
    Image.fromarray(ASTRONAUT).save(out, form, exif=full_exif())
    data = out.getvalue()
    assert SECRET in data, "the control"
    engine: Any = ScriptedEngine(0)
    result = read(engine, data)
    assert result.taken == Taken(datetime(2026, 6, 20, 17, tzinfo=UTC), 120)
    assert bool(result.original_parts) == (form == "JPEG")
    original = assemble(data, result.original_parts) or result.original_jpeg
    derived = (result.preview_jpeg, result.medium_jpeg)
    assert not any(SECRET in picture for picture in (original, *derived, result.thumb_jpeg))
    for picture, orientation in ((original, 6 if form == "JPEG" else None), *((jpeg, None) for jpeg in derived)):
        with Image.open(io.BytesIO(picture)) as image:
            exif = image.getexif()
        assert (exif.get(0x0112), set(exif)) == (
            orientation,
            {0x013B, 0x8298, 0x8769} | ({0x0112} if orientation else set()),
        )
        assert exif.get_ifd(0x8769)[0x9003] == "2026:06:20 19:00:00"
        assert read_properties(picture)["creator"] == "Ana Pérez"


def test_bytes_appended_to_the_picture_are_not_served() -> None:
    photo = to_jpeg(ASTRONAUT, None, 95)
    data = photo[:-2] + SECRET * 5000 + b"\xff\xd9" + SECRET
    engine: Any = ScriptedEngine(0)
    original = assemble(data, read(engine, data).original_parts)
    assert SECRET not in original
    assert original.startswith(photo[:-2])
    assert len(original) <= len(photo) + 16


def test_above_the_limit_the_largest_faces_are_kept() -> None:
    engine: Any = ScriptedEngine(5000)
    found = find_faces(engine, ASTRONAUT)
    assert len(found) == reading.MAX_FACES
    assert found[0].box.width == 5039


def test_a_face_below_32_pixels_is_found_but_not_encoded() -> None:
    small = np.asarray(Image.fromarray(ASTRONAUT).resize((140, 140)))
    canvas = np.full((400, 400, 3), 90, np.uint8)
    canvas[100:240, 100:240] = small
    result = read(Engine(), to_jpeg(canvas, None, 95))
    assert (len(result.faces), result.small_count) == (0, 1)


@pytest.mark.parametrize(("share", "count"), [(0.02, 3), (0.07, 2), (0.1, 1), (0.2, 0)])
def test_faces_below_the_minimum_share_are_omitted(share: float, count: int) -> None:
    engine: Any = ScriptedEngine(3)
    engine.find = lambda pixels: [Detection(Box(0, 0, side, side), 1.0) for side in (40, 90, 60)]
    found = find_faces(engine, np.zeros((750, 1000, 3), np.uint8), share)
    assert [one.box.width for one in found] == [90, 60, 40][:count]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


PLACES = ((300, 200, 900), (1800, 1500, 1100), (3000, 300, 900))


def group() -> Pixels:
    """Three faces of at least 300 pixels in a 4000 x 3000 photo."""
    canvas = np.full((3000, 4000, 3), 110, np.uint8)
    for left, top, size in PLACES:
        canvas[top : top + size, left : left + size] = np.asarray(Image.fromarray(PORTRAIT).resize((size, size)))
    return canvas


def saved(pixels: Pixels, form: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, **options)
    return out.getvalue()


GROUP = group()
FACES = [(left + size * 0.51, top + size * 0.4) for left, top, size in PLACES]


def middles(boxes: Sequence[Box]) -> list[tuple[float, float]]:
    return sorted((box.left + box.width / 2, box.top + box.height / 2) for box in boxes)


def stored(quarters: int, orientation: int | None = None) -> bytes:
    """The group photo as a rotated camera stores it, with or without an orientation tag."""
    exif = Image.Exif()
    if orientation:
        exif[274] = orientation
    return saved(np.rot90(GROUP, quarters), exif=exif, quality=92)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_face_boxes_refer_to_the_whole_photo_whatever_the_decoding_scale(engine: Engine, form: str) -> None:
    result = read(engine, saved(GROUP, form, quality=90))
    assert (result.width, result.height) == (4000, 3000)
    assert np.abs(np.subtract(middles([face.box for face in result.faces]), sorted(FACES))).max() < 40
    assert all(240 < face.quality.size_px < 550 for face in result.faces)
    assert [face.quality.size_px for face in result.faces] == [min(f.box.width, f.box.height) for f in result.faces]


def test_a_small_face_is_encoded_at_full_resolution(engine: Engine) -> None:
    """Faces of 85 pixels in 12 megapixels have 42 at half the scale, which is used for detection."""
    canvas = np.full((3000, 4000, 3), 110, np.uint8)
    canvas[400:780, 500:880] = np.asarray(Image.fromarray(ASTRONAUT).resize((380, 380), Image.Resampling.LANCZOS))
    data = saved(canvas, quality=92)
    (ours,) = read(engine, data).faces
    whole = np.asarray(Image.open(io.BytesIO(data)))
    (exact,) = engine.encode(whole, [ours.box])
    half = np.asarray(Image.fromarray(whole).reduce(2))
    box = Box(ours.box.left // 2, ours.box.top // 2, ours.box.width // 2, ours.box.height // 2)
    (coarse,) = engine.encode(half, [box], 2.0)
    encoding = np.frombuffer(ours.encoding, "<f4")
    assert np.linalg.norm(encoding - exact.encoding) < 0.02
    assert np.linalg.norm(encoding - coarse.encoding) > 0.08, "the control: encoded from what it was found in"


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_faces_are_found_in_a_rotated_photo_without_an_orientation_tag(engine: Engine, quarters: int) -> None:
    result = read(engine, stored(quarters))
    assert (result.width, result.height) == ((3000, 4000) if quarters % 2 else (4000, 3000))
    upright = read(engine, saved(GROUP, quality=92))
    assert len(result.faces) == len(upright.faces) == 3
    spots = {1: lambda x, y: (y, 4000 - x), 2: lambda x, y: (4000 - x, 3000 - y), 3: lambda x, y: (3000 - y, x)}
    expected = sorted(spots[quarters](*middle) for middle in FACES)
    assert np.abs(np.subtract(middles([face.box for face in result.faces]), expected)).max() < 40
    distances = [
        min(
            np.linalg.norm(np.frombuffer(one.encoding, "<f4") - np.frombuffer(other.encoding, "<f4"))
            for other in upright.faces
        )
        for one in result.faces
    ]
    assert max(distances) < 0.25
    assert Image.open(io.BytesIO(result.preview_jpeg)).size == ((1200, 1600) if quarters % 2 else (1600, 1200))


def test_control_a_reader_that_tries_one_orientation_is_certain_of_no_face(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "find_turned", lambda engine, pixels, share: (0, find_faces(engine, pixels, share)))
    assert not any(face.is_sure for face in read(engine, stored(1)).faces)


@pytest.mark.parametrize(("quarters", "orientation"), [(0, 1), (1, 6), (2, 3), (3, 8)])
def test_with_an_orientation_tag_only_one_orientation_is_searched(
    engine: Engine, quarters: int, orientation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_TURNED_SCORE", 1e9)
    result = read(engine, stored(quarters, orientation))
    assert (result.width, result.height, len(result.faces)) == (4000, 3000, 3)


class TurnedEngine(ScriptedEngine):
    """Confirms a face only in pictures taller than wide; in others it finds what only CenterFace proposes."""

    def __init__(self, score: float) -> None:
        super().__init__(0)
        self.score = score

    def find(self, pixels: Pixels) -> list[Detection]:
        self.sides.append(max(pixels.shape[:2]))
        is_high = pixels.shape[0] > pixels.shape[1]
        return [Detection(Box(0, 0, 80, 80), self.score if is_high else 0.5, is_sure=is_high)]


def test_other_orientations_are_searched_in_a_small_copy_and_only_if_hog_finds_nothing() -> None:
    photo = np.zeros((1500, 2000, 3), np.uint8)
    clear, weak, upright = TurnedEngine(1.0), TurnedEngine(0.2), TurnedEngine(1.0)
    assert find_turned(clear, photo) == (1, [Detection(Box(0, 0, 80, 80), 1.0)])  # type: ignore[arg-type]
    assert clear.sides == [2000, 640, 640, 640, 2000]
    unsure = Detection(Box(0, 0, 80, 80), 0.5, is_sure=False)
    assert find_turned(weak, photo) == (0, [unsure])  # type: ignore[arg-type]
    assert find_turned(upright, photo.transpose(1, 0, 2))[0] == 0  # type: ignore[arg-type]
    assert upright.sides == [2000]
