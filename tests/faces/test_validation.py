"""Verdicts on selfies and their reasons."""

import functools
import io
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data as samples

from kit.faces import validation
from kit.faces.engine import Engine
from kit.faces.images.decode import Pixels, to_jpeg
from kit.faces.types import Box, Detection, Face, Quality
from kit.faces.validation import Examination, examine, find_faces

ASTRONAUT: Pixels = samples.astronaut()  # type: ignore[no-untyped-call]
GREY = np.full((400, 400, 3), 128, np.uint8)
GOOD = Quality(size_px=150, sharpness=200.0, brightness=120.0, yaw=0.0)
MIDDLE = Box(100, 100, 150, 150)


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine(for_photos=False)


@functools.lru_cache
def astronaut() -> bytes:
    return to_jpeg(ASTRONAUT, None, 95)


def oriented(orientation: int) -> bytes:
    """The astronaut as a camera in this orientation stores it."""
    undo = [None, None, 0, 3, 1, 5, 2, 6, 4]
    image = Image.fromarray(ASTRONAUT)
    turn = undo[orientation]
    stored = image if turn is None else image.transpose(Image.Transpose(turn))
    exif = Image.Exif()
    exif[274] = orientation
    out = io.BytesIO()
    stored.save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


class ScriptedEngine:
    """Finds the scripted faces, at every scale or only above one."""

    def __init__(self, hog: Sequence[Detection], haar: Sequence[Box] = (), quality: Quality = GOOD, **more: Any):
        self.hog, self.haar, self.quality = hog, haar, quality
        self.only_beyond_scale = more.get("only_beyond_scale", 0.0)
        self.landmarks = np.array(more.get("landmarks", [(150, 150)] * 5), np.float32)

    def detect(self, pixels: Pixels, scale: float = 1.0, border: float = 0.0) -> list[Detection]:
        return list(self.hog) if scale > self.only_beyond_scale else []

    def detect_haar(self, pixels: Pixels, scale: float = 1.0) -> list[Box]:
        return list(self.haar) if pixels.size else []

    def encode(self, pixels: Pixels, boxes: Sequence[Box], zoom: float = 1.0) -> list[Face]:
        encoding = np.full(128, 0.1, np.float32)
        return [Face(box, self.landmarks, encoding, self.quality) for box in boxes]


def decide(*hog: Detection, strict: bool = True, **more: Any) -> Examination:
    scripted: Any = ScriptedEngine(hog, **more)
    return examine(scripted, to_jpeg(GREY, None, 90), strict=strict)


def face(left: int = 100, top: int = 100, size: int = 150, score: float = 2.0) -> Detection:
    return Detection(Box(left, top, size, size), score)


def quality(**changed: float) -> Quality:
    return Quality(**{"size_px": 150, "sharpness": 200.0, "brightness": 120.0, "yaw": 0.0, **changed})  # type: ignore[arg-type]


VERDICTS: dict[str, tuple[Callable[[], Examination], str | None]] = {
    "nothing found": (lambda: decide(), "no_face"),
    "one clear face": (lambda: decide(face()), None),
    "a weak find alone": (lambda: decide(face(score=0.2)), "no_face"),
    "a weak find that Haar sees too": (lambda: decide(face(score=0.2), haar=[Box(60, 55, 190, 190)]), None),
    "a weak find where Haar sees another": (
        lambda: decide(face(score=0.2), haar=[Box(0, 0, 80, 80)]),
        "no_face",
    ),
    "Haar alone": (lambda: decide(haar=[MIDDLE]), "no_face"),
    "a second face as large": (lambda: decide(face(), face(260, 260, 120)), "several_faces"),
    "a second face of 16 % of the area": (lambda: decide(face(), face(300, 10, 60)), "several_faces"),
    "a second face of 14 % of the area": (lambda: decide(face(), face(300, 10, 56)), None),
    "a weak second find": (lambda: decide(face(), face(300, 10, 100, score=0.3)), None),
    "found at the finer look only": (lambda: decide(face(), only_beyond_scale=1.5), None),
    "a box that leaves the picture": (lambda: decide(face(left=-80)), "face_cut_off"),
    "a nose beyond the edge": (
        lambda: decide(face(), landmarks=[(150, 150)] * 4 + [(401, 150)]),
        "face_cut_off",
    ),
    "few pixels": (lambda: decide(face(), quality=quality(size_px=59)), "face_too_small"),
    "dark": (lambda: decide(face(), quality=quality(brightness=9)), "too_dark"),
    "bright": (lambda: decide(face(), quality=quality(brightness=231)), "too_bright"),
    "soft": (lambda: decide(face(), quality=quality(sharpness=9.9)), "blurred"),
    "soft, not strict": (lambda: decide(face(), quality=quality(sharpness=9.9), strict=False), None),
    "two faces, not strict": (lambda: decide(face(), face(260, 260, 120), strict=False), None),
    "none, not strict": (lambda: decide(strict=False), "no_face"),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_the_rules_decide(name: str) -> None:
    judge, reason = VERDICTS[name]
    verdict = judge()
    assert verdict.reason == reason
    assert (verdict.encoding is not None) == (reason is None)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "unreadable"),
        (b"GIF89a" + bytes(99), "unreadable"),
        (b"\xff\xd8\xff" + bytes(15_000_000), "unreadable"),
        (to_jpeg(GREY[:1, :1], None, 90), "invalid_dimensions"),
        (to_jpeg(GREY, None, 90)[:600], "unreadable"),
    ],
)
def test_bytes_that_are_not_an_image_give_a_verdict_and_no_fault(data: bytes, reason: str) -> None:
    engine: Any = SimpleNamespace()
    assert examine(engine, data) == Examination(reason)  # type: ignore[arg-type]


def test_the_astronaut_is_a_valid_selfie_despite_the_flag(engine: Engine) -> None:
    verdict = examine(engine, astronaut())
    assert verdict.reason is None
    assert verdict.encoding is not None
    assert len(verdict.encoding) == 128 * 4
    assert len(engine.detect(ASTRONAUT, 2.0)) > 1, "without the second opinion the flag would count"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_gives_the_same_encoding(engine: Engine, orientation: int) -> None:
    verdict = examine(engine, oriented(orientation))
    assert verdict.encoding is not None
    (upright,) = engine.encode(ASTRONAUT, find_faces(engine, ASTRONAUT))
    assert np.linalg.norm(np.frombuffer(verdict.encoding, "<f4") - upright.encoding) < 0.2


def photo(image: Image.Image) -> bytes:
    return to_jpeg(np.array(image), None, 95)


PORTRAIT = Image.fromarray(ASTRONAUT)


def on_a_wall(size: float) -> bytes:
    """The astronaut next to a smaller portrait of her."""
    wall = Image.new("RGB", (1024, 512), (128, 128, 128))
    wall.paste(PORTRAIT)
    wall.paste(PORTRAIT.resize((int(512 * size),) * 2), (600, 100))
    return photo(wall)


NOT_A_SECOND_GUEST = {
    "a cat": (photo(Image.fromarray(samples.chelsea())), "no_face"),
    "a face next to a printed portrait of a quarter of its size": (on_a_wall(0.5), "several_faces"),
    "a face in front of a small portrait on the wall": (on_a_wall(0.3), None),
}


@pytest.mark.parametrize("name", NOT_A_SECOND_GUEST)
def test_cats_and_portraits_get_their_verdict(engine: Engine, name: str) -> None:
    data, reason = NOT_A_SECOND_GUEST[name]
    assert examine(engine, data).reason == reason


def test_boxes_are_in_full_size_pixels_whatever_the_search_scale(engine: Engine) -> None:
    large = np.array(Image.fromarray(ASTRONAUT).resize((2048, 2048)))
    (box,) = find_faces(engine, large)
    assert abs(box.left + box.width / 2 - 4 * 223) < 60
    assert abs(box.top + box.height / 2 - 4 * 127) < 60


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_rotated_selfie_without_an_orientation_tag_is_valid(engine: Engine, quarters: int) -> None:
    verdict = examine(engine, to_jpeg(np.ascontiguousarray(np.rot90(ASTRONAUT, quarters)), None, 95))
    assert verdict.reason is None
    assert verdict.encoding is not None
    (upright,) = engine.encode(ASTRONAUT, find_faces(engine, ASTRONAUT))
    assert np.linalg.norm(np.frombuffer(verdict.encoding, "<f4") - upright.encoding) < 0.2


def test_control_a_check_of_one_orientation_finds_no_face(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "QUARTER_TURNS", ())
    sideways = to_jpeg(np.ascontiguousarray(np.rot90(ASTRONAUT)), None, 95)
    assert examine(engine, sideways).reason == "no_face"


def test_a_large_selfie_is_judged_at_full_resolution(engine: Engine) -> None:
    """108 megapixels decoded at 1/8 scale: the face has more than 2,000 pixels, of which less than 300 are decoded."""
    large = Image.fromarray(ASTRONAUT).resize((12_000, 9000))
    out = io.BytesIO()
    large.save(out, "JPEG", quality=80)
    verdict = examine(engine, out.getvalue())
    assert verdict.reason is None
    assert verdict.quality is not None
    assert verdict.quality.size_px > 1500


def test_a_highly_compressed_selfie_cannot_exceed_the_pixel_limit(engine: Engine) -> None:
    reasons = []
    for size in ((8000, 6000), (8000, 6500)):
        out = io.BytesIO()
        Image.new("RGB", size).save(out, "WEBP", lossless=True)
        assert len(out.getvalue()) < 5000
        reasons.append(examine(engine, out.getvalue()).reason)
    assert reasons == ["no_face", "too_many_pixels"]
