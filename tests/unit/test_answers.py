"""Answers of the child process: arbitrary bytes are either a result within its bounds or rejected."""

import dataclasses
import math
import struct
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.faces.images.metadata import Camera
from kit.faces.images.taken import Taken
from kit.faces.types import Box, LogoReading, Quality
from kit.faces.validation import Examination
from matcher_service.reading import FaceReading, Reading

ENCODING = struct.pack("<128f", *(0.1 for _ in range(128)))
FACE = FaceReading(Box(-3, 5, 60, 60), ENCODING, Quality(60, 90.5, 120.0, -12.0), False)
READING = Reading(
    width=4000,
    height=3000,
    taken=Taken(datetime(2026, 6, 20, 13, tzinfo=UTC), 120),
    faces=(FACE, FACE),
    preview_jpeg=b"preview",
    thumb_jpeg=b"thumb",
    medium_jpeg=b"medium",
    original_parts=(b"\xff\xd8", (2, 400), b"\xff\xd9"),
    colour=0x7F7F7F,
    camera=Camera("Maker", "Model", "1"),
)
ANSWERS: list[Any] = [
    READING,
    Reading(reason="unreadable"),
    Examination(None, ENCODING, FACE.quality),
    Examination("no_face"),
    LogoReading(None, b"png", 480, 160),
]

WRONG: dict[str, tuple[type[Any], Any]] = {
    "an encoding that is too short": (Reading, {"faces": [{**dataclasses.asdict(FACE), "encoding": ENCODING[4:]}]}),
    "an encoding of NaN": (Reading, {"faces": [{**dataclasses.asdict(FACE), "encoding": b"\xff" * 512}]}),
    "an encoding of infinities": (Examination, {"reason": None, "encoding": b"\x00\x00\x80\x7f" * 128}),
    "an encoding far from all faces": (Examination, {"reason": None, "encoding": b"\x00\x00\x00\x41" * 128}),
    "no verdict": (Examination, {"reason": None}),
    "both verdicts": (Examination, {"reason": "no_face", "encoding": ENCODING}),
    "an unknown reason": (Examination, {"reason": "because"}),
    "a negative width": (Reading, {"width": -1}),
    "a height too large for the column": (Reading, {"height": 1 << 40}),
    "a colour out of range": (Reading, {"colour": 1 << 24}),
    "a range that ends before it starts": (Reading, {"original_parts": [(5, 4)]}),
    "a range before the upload": (Reading, {"original_parts": [(-5, 4)]}),
    "too many parts": (Reading, {"original_parts": [(1, 2)] * 10_000}),
    "too many faces": (Reading, {"faces": [dataclasses.asdict(FACE)] * 1000}),
    "a time without a zone": (Reading, {"taken": {"instant": "2026-06-20T13:00:00"}}),
    "a time zone out of range": (Reading, {"taken": {"instant": datetime.now(UTC), "offset_min": 5000}}),
    "a brightness of NaN": (
        Examination,
        {"reason": "no_face", "quality": {**dataclasses.asdict(FACE.quality), "brightness": math.nan}},
    ),
    "a camera with a NUL character": (
        Reading,
        {"camera": {"make": "a\0", "model": "b", "serial": ""}},
    ),
}


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_an_answer_survives_a_round_trip(answer: object) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=type(answer)) == answer


@pytest.mark.parametrize("name", WRONG)
def test_an_answer_that_no_engine_gives_is_rejected(name: str) -> None:
    kind, value = WRONG[name]
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind)


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(ANSWERS), st.lists(st.tuples(st.integers(0, 4000), st.binary(max_size=4)), max_size=4))
def test_a_damaged_answer_is_rejected_or_within_its_bounds(answer: Any, damage: list[tuple[int, bytes]]) -> None:
    """Each damage overwrites bytes or removes one."""
    frame = bytearray(msgspec.msgpack.encode(answer))
    for place, piece in damage:
        at = place % len(frame)
        frame[at : at + max(len(piece), 1)] = piece
    try:
        result = msgspec.msgpack.decode(bytes(frame), type=type(answer))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return
    again = msgspec.msgpack.encode(result)
    assert msgspec.msgpack.decode(again, type=type(answer)) == result
    for one in getattr(result, "faces", ()):
        assert len(one.encoding) == 512
