"""Fuzzes the filter of JPEG originals: it never raises, changes a pixel or leaks a secret.

python -m tests.bench.fuzz_original --time 60
"""

from __future__ import annotations

import argparse
import io
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import atheris
import numpy as np
import numpy.typing as npt

with atheris.instrument_imports(include=["kit.faces"]):
    from PIL import Image
    from PIL.JpegImagePlugin import JpegImageFile

    from kit.faces.images import original
    from kit.faces.images.decode import decode
    from kit.faces.images.jpeg import EOI, parse
    from kit.faces.images.metadata import Metadata, segment
    from kit.faces.images.meter import Meter
    from kit.faces.images.segments import NotFiltered, walk
    from kit.faces.types import ImageLimits, Unreadable

from tests.unit.jpegs import ICC, SECRET, XMP, camera_file, encode, full_exif, insert, iptc, profile_chunks
from tests.unit.test_decode import draw

Plan = Callable[[bytes], "original.Plan | None"]

FOLDER = Path("var/fuzz-original")
LIMITS = ImageLimits(max_bytes=100_000, max_pixels=1_000_000)
MAX_BYTES = 40_000
MEMORY_MB = 1024
TIMEOUT_S = 10


def seeds() -> Iterator[bytes]:
    """Small JPEGs of every kind, with every kind of metadata; none holds the secret, which `check` plants."""
    blank = b"." * len(SECRET)
    yield camera_file(draw()).replace(SECRET, blank)
    yield camera_file(draw(), progressive=True).replace(SECRET, blank)
    for options in ({"restart_marker_blocks": 2}, {"subsampling": 0}, {"optimize": True}, {"keep_rgb": True}):
        yield encode(draw(), **options)
    yield from (encode(draw().convert(mode)) for mode in ("L", "CMYK"))
    yield encode(draw(), exif=full_exif()).replace(SECRET, blank)
    yield insert(encode(draw()), *profile_chunks(ICC, 700))
    yield insert(encode(draw()), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP.encode().replace(SECRET, blank)))
    yield insert(encode(draw()), segment(0xED, iptc(creator="A", rights="B").replace(SECRET, blank)))
    yield encode(draw())[:-2]
    yield encode(Image.new("RGB", (41, 47), "red"), quality=5)


def fuzz(plan: Plan, seconds: int, folder: Path = FOLDER) -> None:
    """Runs for the given time or until a finding, which is saved in the folder; exits with 0 without a finding."""
    corpus, initial = folder / "corpus", folder / "seeds"
    corpus.mkdir(parents=True, exist_ok=True)
    initial.mkdir(exist_ok=True)
    for number, data in enumerate(seeds()):
        (initial / f"{number:02d}").write_bytes(data)
    options = {
        "max_total_time": seconds,
        "rss_limit_mb": MEMORY_MB,
        "timeout": TIMEOUT_S,
        "max_len": MAX_BYTES,
        "artifact_prefix": f"{folder}/finding-",
        "keep_seed": 1,
        "print_final_stats": 1,
    }
    arguments = [sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(corpus), str(initial)]
    atheris.Setup(arguments, lambda data: check(plan, data))
    atheris.Fuzz()


def check(make: Plan, data: bytes) -> None:
    """Any exception, changed pixel or leaked secret ends the run as a finding."""
    planted = plant(data) if SECRET not in data else data
    if (plan := make(planted)) is not None and planted is not data:
        assert SECRET not in original.assemble(planted, plan.parts), "a secret is sent"
    if (plan := make(data)) is None:
        return
    meter = Meter()
    try:
        decode(data, LIMITS, meter=meter)
    except Unreadable:
        return
    plan = original.trim(plan, meter, lambda again: decode(data, LIMITS, meter=again))
    result = original.assemble(data, plan.parts)
    assert np.array_equal(read_coded(data), read_coded(result)), "a pixel changed"
    assert plan.size_bytes == len(result)


def read_coded(jpeg: bytes) -> npt.NDArray[np.uint8]:
    """Pixels without their colour profile, since a damaged profile is read as far as possible and not sent. Also works
    for pictures too damaged for `decode`."""
    image = JpegImageFile(io.BytesIO(parse(jpeg).lean + EOI))
    image.load()
    return np.asarray(image)


def plant(data: bytes) -> bytes:
    """Plants the secret in segments before and between the others, between segments, and after the end."""
    chance = random.Random(data)
    try:
        found = list(walk(data))
    except NotFiltered:
        return data
    pieces, place = [], 0
    for part in found:
        pieces.append(data[place : part.start])
        place = part.start
        if chance.random() < 0.5:
            pieces.append(segment(chance.choice([*range(0xE0, 0xF0), 0xFE]), chance.choice(PREFIXES) + SECRET))
        # Not after a scan, where bytes between segments are coded data.
        if chance.random() < 0.2 and part is found[0]:
            pieces.append(SECRET)
    rest = data[place:]
    ends = bool(found) and found[-1].marker == 0xD9
    return b"".join([*pieces, rest, SECRET if ends else b""])


PREFIXES = [
    b"",
    b"JFXX\0",
    b"Exif\0\0",
    b"http://ns.adobe.com/xap/1.0/\0",
    b"ICC_PROFILE\0\x07\x09",
    b"MPF\0",
    b"Photoshop 3.0\0",
]


def send_all(data: bytes) -> original.Plan:
    """No filtering: the control of the fuzzer."""
    return original.Plan(((0, len(data)),), Metadata(), 0, 0)


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.fuzz_original", description=__doc__)
    parser.add_argument("--time", type=int, default=60, help="seconds")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="folder for the growing corpus and the findings")
    chosen = parser.parse_args()
    fuzz(original.plan_original, chosen.time, chosen.folder)


if __name__ == "__main__":
    main()
