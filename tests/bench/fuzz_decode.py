"""Fuzzes the decoder: for any bytes, it returns a picture within its limits or raises Unreadable.

python -m tests.bench.fuzz_decode --time 60
"""

from __future__ import annotations

import argparse
import io
import random
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import atheris
import numpy as np

# Instruments Pillow's Python parts too: with ours alone the corpus shrinks to headers, as the rest looks the same.
with atheris.instrument_imports(include=["kit.faces", "PIL"]):
    from PIL import AvifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

    from kit.faces.images import decode as decoding
    from kit.faces.types import ImageLimits, Unreadable

from tests.unit import profiles
from tests.unit.test_damage import BROKEN, JPEGS, TAILS
from tests.unit.test_decode import LOOPING_EXIF, REFUSED, SHOWN, chunk, draw, grey16, save, transparent

Decode = Callable[[bytes, ImageLimits, int, int], "decoding.Picture"]

FOLDER = Path("var/fuzz")
# Smaller than those of a photo, so that most of the time is spent on damage instead of pixels.
LIMITS = ImageLimits(max_bytes=100_000, max_pixels=1_000_000, max_memory_bytes=100_000_000)
# Makes the decoder scale down, and create a full-size original from formats other than JPEG.
LONG_EDGE, QUALITY = 48, 50
MAX_SEED_BYTES = 20_000
MEMORY_MB = 1024
TIMEOUT_S = 10
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def seeds() -> Iterator[bytes]:
    """Small images of every supported format, and the unusual and damaged ones of the unit tests."""
    yield from (data for data in SHOWN.values() if len(data) <= MAX_SEED_BYTES)
    yield from (data for data, _ in REFUSED.values() if len(data) <= MAX_SEED_BYTES)
    exif = Image.Exif()
    exif[274] = 6
    exif.get_ifd(0x8769)[0x9003] = "2026:06:20 15:04:05"
    frames = {"save_all": True, "append_images": [Image.new("RGB", (96, 64), "blue")]}
    for form in ("JPEG", "PNG", "WEBP"):
        yield save(draw(), form, exif=exif)
        yield save(draw(), form, exif=LOOPING_EXIF, icc_profile=b"profile")
    for options in ({"progressive": True}, {"restart_marker_rows": 1}, {"subsampling": 0, "comment": b"note"}):
        yield save(draw(), **options)
    yield save(draw().convert("L"), "JPEG")
    yield from (save(draw().convert(mode), "PNG") for mode in ("1", "L", "P"))
    yield from (grey16(), transparent("LA"), save(draw(), "PNG", **frames))
    yield from (save(draw(), "WEBP", lossless=lossless) for lossless in (False, True))
    yield from (save(draw().convert("RGBA"), "WEBP"), save(draw(), "WEBP", **frames))
    yield from damaged_and_coloured_seeds()


def damaged_and_coloured_seeds() -> Iterator[bytes]:
    """Colour profiles of every kind, containers with them, and truncated ones."""
    yield from (data for data in BROKEN.values() if len(data) <= MAX_SEED_BYTES)
    yield from (cut(JPEGS["progressive"]) for cut in TAILS.values() if len(JPEGS["progressive"]) <= MAX_SEED_BYTES)
    yield save(draw(), progressive=True)[:-10]
    wide, ink = profiles.rgb_profile(profiles.DISPLAY_P3, 2.2), profiles.cmyk_profile()
    for form in ("JPEG", "PNG", "WEBP", "HEIF", "AVIF"):
        yield save(draw(), form, icc_profile=wide)
        yield save(draw(), form)
    yield save(draw().convert("CMYK"), icc_profile=ink)
    yield save(draw().convert("L"), "PNG", icc_profile=profiles.grey_profile(1.8))
    png = save(draw(), "PNG")
    for transfer in (1, 13, 16, 18):
        yield png[:33] + chunk(b"cICP", bytes([9, transfer, 0, 1])) + png[33:]
    yield png[:33] + chunk(b"gAMA", struct.pack(">I", 55_000)) + chunk(b"cHRM", bytes(32)) + png[33:]


def fuzz(decode: Decode, seconds: int, folder: Path = FOLDER) -> None:
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
        "max_len": MAX_SEED_BYTES,
        "artifact_prefix": f"{folder}/finding-",
        "keep_seed": 1,
        "print_final_stats": 1,
    }
    arguments = [sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(corpus), str(initial)]
    atheris.Setup(arguments, lambda data: check(decode, data), custom_mutator=mutate)
    atheris.Fuzz()


def check(decode: Decode, data: bytes) -> None:
    """Any exception except Unreadable ends the run as a finding."""
    try:
        picture = decode(data, LIMITS, LONG_EDGE, QUALITY)
    except Unreadable:
        return
    height, width, channels = picture.pixels.shape
    assert picture.pixels.dtype == np.uint8
    assert channels == 3
    assert LIMITS.min_side_px <= min(picture.height, picture.width)
    assert height * width <= LIMITS.max_pixels
    assert max(height, width) >= min(LONG_EDGE, picture.height, picture.width)
    assert picture.original_jpeg.startswith(b"\xff\xd8")


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """libFuzzer's mutations; every second PNG gets valid checksums again, to reach the code behind the check.

    A checksum that was cut off is completed, and libFuzzer aborts when the result exceeds `max_size` by one byte.
    """
    damaged = bytes(atheris.Mutate(data, max_size))
    if damaged.startswith(PNG_HEAD) and random.Random(seed).random() < 0.5:
        return fix_checksums(damaged)[:max_size]
    return damaged


def fix_checksums(png: bytes) -> bytes:
    source, out = io.BytesIO(png[len(PNG_HEAD) :]), io.BytesIO()
    out.write(PNG_HEAD)
    while len(head := source.read(8)) == 8:
        body = source.read(int.from_bytes(head[:4], "big"))
        source.read(4)
        out.write(struct.pack(">I", len(body)) + head[4:] + body + struct.pack(">I", zlib.crc32(head[4:] + body)))
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.fuzz_decode", description=__doc__)
    parser.add_argument("--time", type=int, default=60, help="seconds")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="folder for the growing corpus and the findings")
    chosen = parser.parse_args()
    fuzz(decoding.decode, chosen.time, chosen.folder)


if __name__ == "__main__":
    main()
