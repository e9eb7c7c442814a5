"""The strict selfie check on real faces: which pictures are rejected, and why."""

from __future__ import annotations

import functools
import io
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from deploy.sample.event import load_selfies
from deploy.sample.pictures import Placement, Variation, backdrop, compose, frame, to_jpeg
from deploy.sample.portraits import Portrait, packaged_picture, portraits
from kit.faces.engine import Engine
from kit.faces.images.decode import decode
from kit.faces.validation import BACKGROUND_SHARE, LIMITS, examine, find_faces
from tests.bench.accuracy_photos import compose_pairs, faceless_pictures

CACHE = Path("var/sample")
BIG_PX = 300
# HOG's box sizes are coarsely quantised, so near the threshold a face may or may not count.
COUNTS_PX = round(BIG_PX * (BACKGROUND_SHARE * 1.5) ** 0.5)
BACKGROUND_PX = round(BIG_PX * (BACKGROUND_SHARE * 0.4) ** 0.5)
ADA, BEN, OFFICE, HALL, SPEECH = range(5)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(for_photos=False)


@functools.lru_cache
def shots() -> tuple[Portrait, ...]:
    return portraits(CACHE).everything


@functools.lru_cache
def selfie(who: int) -> Image.Image:
    return frame(shots()[who], 2.6, Variation())


def dark(who: int, light: float) -> Image.Image:
    return ImageEnhance.Brightness(selfie(who)).enhance(light)


def washed_out(who: int, white: float) -> Image.Image:
    return Image.blend(selfie(who), Image.new("RGB", selfie(who).size, "white"), white)


def soft(who: int, radius: float) -> Image.Image:
    return selfie(who).filter(ImageFilter.GaussianBlur(radius))


def far(who: int, face_px: int) -> Image.Image:
    """Scales the whole picture, so that the face keeps its surroundings."""
    width, height = selfie(who).size
    scale = face_px * 2.6 / width
    return selfie(who).resize((round(width * scale), round(height * scale)))


def cut(who: int, left: float = -1.0, top: float = -1.0, right: float = 2.0, bottom: float = 2.5) -> Image.Image:
    """The portrait cropped to these edges, in face widths from the corner of the face's box."""
    x, y, side = shots()[who].face
    size = shots()[who].image.size
    edges = (x + left * side, y + top * side, x + right * side, y + bottom * side)
    inside = (max(edges[0], 0), max(edges[1], 0), min(edges[2], size[0]), min(edges[3], size[1]))
    return shots()[who].image.crop(tuple(round(edge) for edge in inside))  # type: ignore[arg-type]


def filling(who: int, share: float) -> Image.Image:
    """Only the face: its box covers that share of the picture's sides."""
    edge = (1 / share - 1) / 2
    x, y, side = shots()[who].face
    box = (x - edge * side, y - edge * side, x + (1 + edge) * side, y + (1 + edge) * side)
    return shots()[who].image.resize((600, 600), Image.Resampling.LANCZOS, box=box)


def together(front: int, behind: int, behind_px: int) -> Image.Image:
    placements = [
        Placement(shots()[front], BIG_PX, (380, 420)),
        Placement(shots()[behind], behind_px, (1000, 300)),
    ]
    return compose(backdrop(random.Random("wall")), placements)


def poster(who: int, face_px: int) -> Image.Image:
    """Ben in front of a framed print of a face."""
    picture = together(BEN, HALL, 60)
    printed = cut(who, -0.4, -0.4, 1.4, 1.4)
    side = round(face_px * 1.8)
    framed = Image.new("RGB", (side + 40, side + 40), "black")
    framed.paste(printed.resize((side, side), Image.Resampling.LANCZOS), (20, 20))
    picture.paste(framed, (820, 160))
    return picture


RULES: dict[str, tuple[Callable[[], Image.Image], str | None]] = {
    "a dark face, still readable": (lambda: dark(ADA, 0.15), None),
    "hardly any light": (lambda: dark(SPEECH, 0.07), "too_dark"),
    "a bright face, still readable": (lambda: washed_out(OFFICE, 0.6), None),
    "washed out": (lambda: washed_out(OFFICE, 0.85), "too_bright"),
    "washed out, another face": (lambda: washed_out(HALL, 0.85), "too_bright"),
    "slightly out of focus": (lambda: soft(OFFICE, 4), None),
    "out of focus": (lambda: soft(OFFICE, 10), "blurred"),
    "out of focus, another face": (lambda: soft(HALL, 10), "blurred"),
    "too far out of focus to match": (lambda: soft(BEN, 10), "blurred"),
    "a face of 90 pixels": (lambda: far(BEN, 90), None),
    "a face of 45 pixels": (lambda: far(BEN, 45), "face_too_small"),
    "a face of 45 pixels, another": (lambda: far(HALL, 45), "face_too_small"),
    "without an ear": (lambda: cut(HALL, left=0.15), None),
    "without an eye": (lambda: cut(OFFICE, left=0.32), "face_cut_off"),
    "without a mouth": (lambda: cut(SPEECH, bottom=0.5), "face_cut_off"),
    "half a face": (lambda: cut(BEN, left=0.5), "no_face"),
    "a stranger far behind": (lambda: together(HALL, OFFICE, BACKGROUND_PX), None),
    "a friend behind": (lambda: together(BEN, HALL, COUNTS_PX), "several_faces"),
    "a friend side by side": (lambda: together(BEN, HALL, BIG_PX), "several_faces"),
    "one person twice, mirrored": (lambda: together(BEN, BEN, BIG_PX), "several_faces"),
    "before a small print of a face": (lambda: poster(OFFICE, BACKGROUND_PX), None),
    # Pixels do not distinguish a print from a person: the owner of the selfie must be unambiguous.
    "before a large print of a face": (lambda: poster(OFFICE, 200), "several_faces"),
    "before a flag that HOG takes for a face": (lambda: packaged_picture("astronaut"), None),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rejected_selfie_has_the_right_reason(engine: Engine, name: str) -> None:
    make, reason = RULES[name]
    verdict = examine(engine, to_jpeg(make()))
    assert verdict.reason == reason
    assert (verdict.encoding is None) == (reason is not None)


def test_a_picture_without_people_has_no_face(engine: Engine) -> None:
    reasons = {name: examine(engine, jpeg).reason for name, jpeg in faceless_pictures().items()}
    assert len(reasons) >= 16
    assert {name for name, reason in reasons.items() if reason != "no_face"} == set()


def test_any_two_people_side_by_side_are_several_faces(engine: Engine) -> None:
    reasons = [examine(engine, jpeg).reason for jpeg in compose_pairs(shots())]
    assert len(reasons) >= 7
    assert set(reasons) == {"several_faces"}


def test_every_selfie_of_a_single_person_is_valid(engine: Engine) -> None:
    verdicts = [examine(engine, jpeg) for _, jpeg in load_selfies(CACHE)]
    assert len(verdicts) >= 20
    assert {verdict.reason for verdict in verdicts} == {None}


@pytest.mark.parametrize("share", [0.90, 0.95, 1.0])
@pytest.mark.parametrize("who", [ADA, BEN, OFFICE, HALL, SPEECH])
def test_a_face_that_fills_the_picture_is_valid(engine: Engine, who: int, share: float) -> None:
    assert examine(engine, to_jpeg(filling(who, share))).reason is None


def save_bilevel(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("1", (width, height)).save(out, "PNG")
    return out.getvalue()


BYTES: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "unreadable"),
    "text": (lambda: b"This is no picture.", "unreadable"),
    "a good selfie cut at 60 %": (lambda: to_jpeg(selfie(BEN))[: len(to_jpeg(selfie(BEN))) * 6 // 10], "unreadable"),
    "a good selfie and 15 MB behind it": (lambda: to_jpeg(selfie(BEN)) + bytes(15_000_000), "unreadable"),
    "an unsupported format": (lambda: b"GIF89a" + bytes(99), "unreadable"),
    "39 pixels high": (lambda: to_jpeg(selfie(BEN).resize((39, 39))), "invalid_dimensions"),
    "a line": (lambda: to_jpeg(Image.fromarray(np.zeros((1, 20_000, 3), np.uint8))), "invalid_dimensions"),
    "80 megapixels in 10 kB": (lambda: save_bilevel(20_000, 4000), "too_many_pixels"),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_not_a_picture_are_rejected_as_such(engine: Engine, name: str) -> None:
    make, reason = BYTES[name]
    assert examine(engine, make()).reason == reason


def test_a_distant_stranger_is_detected_but_does_not_count(engine: Engine) -> None:
    picture = decode(to_jpeg(together(HALL, OFFICE, BACKGROUND_PX)), LIMITS).pixels
    largest, other = find_faces(engine, picture)
    assert 0 < other.area < BACKGROUND_SHARE * largest.area


def test_control_the_lenient_check_accepts_what_the_rules_reject(engine: Engine) -> None:
    """With the rules disabled, the same pictures are valid."""
    refused = [make for make, reason in RULES.values() if reason not in (None, "no_face")]
    assert {examine(engine, to_jpeg(make()), strict=False).reason for make in refused} == {None}
