"""The served original of a JPEG: unchanged coded pixels and only the permitted metadata."""

import io
import struct
import warnings

import numpy as np
import pytest
from PIL import Image, ImageCms

from kit.faces.images.decode import decode
from kit.faces.images.icc import clean_profile
from kit.faces.images.metadata import Metadata, add_metadata, read_metadata, segment
from kit.faces.images.meter import Meter
from kit.faces.images.original import Plan, assemble, plan_original, trim
from kit.faces.types import ImageLimits
from tests.unit.jpegs import (
    ICC,
    SECRET,
    XMP,
    before_scan,
    camera_file,
    encode,
    full_exif,
    insert,
    iptc,
    markers,
    profile_chunks,
    read_properties,
)
from tests.unit.test_decode import draw

LIMITS = ImageLimits()
ANA = "Ana Pérez"


def noise(width: int = 160, height: int = 120, mode: str = "RGB") -> Image.Image:
    small = np.random.default_rng(7).integers(0, 255, (height // 8, width // 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).convert(mode)


def stored(jpeg: bytes) -> np.ndarray:
    """The stored pixels, neither rotated nor colour-converted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # over the embedded second images
        with Image.open(io.BytesIO(jpeg)) as image:
            return np.asarray(image)


def plan_trimmed(data: bytes) -> Plan:
    plan, meter = plan_original(data), Meter()
    assert plan is not None
    decode(data, LIMITS, meter=meter)
    return trim(plan, meter, lambda again: decode(data, LIMITS, meter=again))


def original(data: bytes) -> bytes:
    plan = plan_trimmed(data)
    result = assemble(data, plan.parts)
    assert len(result) == plan.size_bytes
    return result


FORMS = {
    "baseline": encode(noise()),
    "progressive": encode(noise(), progressive=True),
    "restarts": encode(noise(), restart_marker_blocks=3),
    "4:4:4": encode(noise(), subsampling=0),
    "grey": encode(noise(mode="L")),
    "CMYK": encode(noise(mode="CMYK")),
    "optimised": encode(noise(), optimize=True, quality=99),
    "RGB without a transform": encode(noise(), keep_rgb=True),
    "from a camera": camera_file(noise()),
    "from a camera, progressive": camera_file(noise(), progressive=True),
}


@pytest.mark.parametrize("name", FORMS)
def test_coded_pixels_are_sent_unchanged(name: str) -> None:
    data = FORMS[name]
    result = original(data)
    assert (stored(result) == stored(data)).all()
    scan = data[data.index(b"\xff\xda") : data.index(b"\xff\xd9")] if name == "baseline" else b""
    assert scan in result
    assert (decode(result, LIMITS).pixels == decode(data, LIMITS).pixels).all()
    assert original(result) == result


def test_no_secret_is_sent() -> None:
    data = camera_file(noise())
    assert data.count(SECRET) > 20, "the control"
    result = original(data)
    assert b"SeCrEt" not in result
    assert markers(result) == [0xE0, 0xE1, 0xE1, 0xE2, 0xDB, 0xDB, 0xC0, 0xC4, 0xC4, 0xC4, 0xC4]
    assert result.endswith(b"\xff\xd9")


def test_useful_metadata_is_kept() -> None:
    with Image.open(io.BytesIO(original(camera_file(noise())))) as image:
        exif = image.getexif()
        inner = dict(exif.get_ifd(0x8769))
        assert inner == {0x9000: b"0232", 0x9003: "2026:06:20 19:00:00", 0x9011: "+02:00"}
        assert {tag: exif[tag] for tag in exif if tag != 0x8769} == {
            0x0112: 6,
            0x013B: "Ana Pérez".encode().decode("latin-1"),  # Pillow decodes EXIF texts this way
            0x8298: "© 2026 Ana Pérez".encode().decode("latin-1"),
        }
        assert image.info["icc_profile"] == ICC

    assert read_properties(original(camera_file(noise()))) == {
        "about": "",
        "Credit": "Foto & Söhne",
        "creator": "Ana Pérez; 李雷",
        "rights": "© 2026 Ana",
    }


@pytest.mark.parametrize(
    ("exif", "xmp", "records", "expected"),
    [
        (full_exif(), b"", b"", (ANA, f"© 2026 {ANA}", (ANA,), f"© 2026 {ANA}", "")),
        (b"", XMP.encode(), b"", (f"{ANA}; 李雷", "© 2026 Ana", (ANA, "李雷"), "© 2026 Ana", "Foto & Söhne")),
        (b"", b"", iptc(creator="A", credit="B", rights="C"), ("A", "C", ("A",), "C", "B")),
        (b"", b"", b"", ("", "", (), "", "")),
    ],
)  # fmt: skip
def test_rights_are_read_from_every_location(exif: bytes, xmp: bytes, records: bytes, expected: object) -> None:
    rights = read_metadata(exif, xmp, records).rights
    assert (rights.artist, rights.copyright, rights.creators, rights.notice, rights.credit) == expected


def test_without_rights_time_and_orientation_nothing_is_added() -> None:
    data = encode(noise())
    assert original(data) == data


@pytest.mark.parametrize("xmp", [b"<x", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"<a>" * 10_000, b"\xff\xfe<\0"])
def test_a_damaged_xmp_packet_is_omitted(xmp: bytes) -> None:
    assert read_metadata(xmp_packet=xmp) == Metadata()


ADDED = {
    "after EOI": lambda jpeg: jpeg + SECRET,
    "before EOI": lambda jpeg: jpeg[:-2] + SECRET * 10 + jpeg[-2:],
    "long before EOI": lambda jpeg: jpeg[:-2] + SECRET * 9000 + jpeg[-2:],
    "no EOI, then more": lambda jpeg: jpeg[:-2] + SECRET * 10,
    "no EOI": lambda jpeg: jpeg[:-2],
    "no EOI, then zeros": lambda jpeg: jpeg[:-2] + bytes(200),
    "half of EOI": lambda jpeg: jpeg[:-1],
    "between segments": lambda jpeg: insert(jpeg, segment(0xFE, b""), SECRET),
    "fill bytes": lambda jpeg: insert(jpeg, b"\xff" * 9),
    "a cut comment": lambda jpeg: jpeg[:-2] + b"\xff\xfe\x40\x00" + SECRET,
    "a second picture": lambda jpeg: jpeg + jpeg,
    "tables that no scan uses": lambda jpeg: jpeg[:-2] + segment(0xDB, b"\0" + SECRET.ljust(64, b"\1")) + jpeg[-2:],
}


@pytest.mark.parametrize("place", ADDED)
def test_bytes_outside_the_image_segments_are_not_sent(place: str) -> None:
    clean = encode(noise(640, 480), quality=92)
    data = ADDED[place](clean)
    plan = plan_trimmed(data)
    result = assemble(data, plan.parts)
    assert b"SeCrEt-CaNaRy" not in result
    assert (stored(result) == stored(clean)).all()
    assert abs(len(result) - len(clean)) <= 16


def test_control_without_scan_parsing_hidden_bytes_are_sent() -> None:
    data = ADDED["before EOI"](encode(noise()))
    plan = plan_original(data)
    assert plan is not None
    assert SECRET in assemble(data, plan.parts)


CLEAN = encode(noise())


def patch(data: bytes, marker: int, change: bytes, offset: int = 4) -> bytes:
    at = data.index(bytes((0xFF, marker))) + offset
    return data[:at] + change + data[at + len(change) :]


NOT_UNDERSTOOD = {
    "nothing": b"",
    "no JPEG": b"\x89PNG\r\n\x1a\n",
    "only SOI": b"\xff\xd8",
    "no scan": CLEAN[: CLEAN.index(b"\xff\xda")],
    "a length of 1": insert(CLEAN, b"\xff\xe1\x00\x01"),
    "a length beyond the end": insert(CLEAN, b"\xff\xe1\xff\xff")[:3000],
    "a second start": insert(CLEAN, b"\xff\xd8"),
    "a reserved marker": insert(CLEAN, b"\xff\x02\x00\x02"),
    "JPEG-LS": insert(CLEAN, segment(0xF7, bytes(11))),
    "hierarchical": insert(CLEAN, segment(0xDE, bytes(11))),
    "two frames": before_scan(CLEAN, segment(0xC0, b"\x08\0\x78\0\xa0\1\1\x11\0")),
    "a table with trailing bytes": before_scan(CLEAN, segment(0xDB, b"\0" + bytes(64) + SECRET)),
    "Huffman codes with trailing bytes": before_scan(CLEAN, segment(0xC4, bytes(17) + SECRET)),
    "a restart interval with trailing bytes": before_scan(CLEAN, segment(0xDD, b"\0\0" + SECRET)),
    "a frame without height": patch(CLEAN, 0xC0, b"\x08\0\0"),
    "10 000 segments": insert(CLEAN, *[segment(0xFE, b"")] * 10_000),
    "80 kB of tables apart": before_scan(CLEAN, *[segment(0xDB, bytes(520)), segment(0xFE, b"")] * 160),
}


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
def test_an_unsupported_jpeg_has_no_plan(name: str) -> None:
    assert plan_original(NOT_UNDERSTOOD[name]) is None


def test_a_chunked_profile_is_unchanged() -> None:
    profile = ICC[:-4] + ICC[-4:]
    for size in (len(profile), 200, 17):
        result = original(insert(CLEAN, *profile_chunks(profile, size)))
        with Image.open(io.BytesIO(result)) as image:
            assert image.info["icc_profile"] == profile


def test_a_profile_of_many_segments_is_sent_from_the_upload() -> None:
    large = bytes(np.random.default_rng(1).integers(0, 255, 300_000, dtype=np.uint8))
    profile = with_tag(ICC, b"A2B0", large)
    data = insert(CLEAN, *profile_chunks(profile, 60_000))
    plan = plan_original(data)
    assert plan is not None
    assert sum(len(part) for part in plan.parts if isinstance(part, bytes)) < 1000
    with Image.open(io.BytesIO(assemble(data, plan.parts))) as image:
        assert image.info["icc_profile"] == profile


def with_tag(profile: bytes, name: bytes, body: bytes) -> bytes:
    count = struct.unpack_from(">I", profile, 128)[0]
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(count)]
    table = struct.pack(">I", count + 1) + b"".join(
        struct.pack(">4sII", tag, at + 12, size) for tag, at, size in entries
    )
    table += struct.pack(">4sII", name, len(profile) + 12, len(body))
    out = profile[:128] + table + profile[132 + 12 * count :] + body
    return struct.pack(">I", len(out)) + out[4:]


def test_a_profile_loses_private_tags_and_shows_the_same_colours() -> None:
    for profile in (with_tag(ICC, b"mmod", SECRET), ICC + SECRET, ICC[:100] + SECRET[:28] + ICC[128:]):
        result = original(insert(CLEAN, *profile_chunks(profile, 3000)))
        assert b"SeCrEt" not in result
        with Image.open(io.BytesIO(result)) as image:
            kept = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        there = ImageCms.buildTransform(kept, ImageCms.createProfile("LAB"), "RGB", "LAB")
        whole = ImageCms.ImageCmsProfile(io.BytesIO(ICC))
        here = ImageCms.buildTransform(whole, ImageCms.createProfile("LAB"), "RGB", "LAB")
        assert (np.asarray(there.apply(noise())) == np.asarray(here.apply(noise()))).all()


@pytest.mark.parametrize(
    "chunks",
    [
        profile_chunks(SECRET * 99, 5000),
        profile_chunks(ICC, 200)[:-1],
        [*profile_chunks(ICC, 200), profile_chunks(ICC, 200)[0]],
        profile_chunks(ICC[:140], 200),
        profile_chunks(ICC[:132] + bytes(4) + b"\xff" * 8 + ICC[144:], 5000),
    ],
    ids=["no profile", "a chunk missing", "a chunk twice", "cut", "a tag outside"],
)
def test_a_broken_profile_is_omitted(chunks: list[bytes]) -> None:
    result = original(insert(CLEAN, *chunks))
    assert 0xE2 not in markers(result)
    assert (stored(result) == stored(CLEAN)).all()


def test_an_oversized_profile_is_omitted() -> None:
    assert clean_profile(with_tag(ICC, b"A2B0", bytes(4 << 20))) is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_original_has_the_orientation_of_the_upload(orientation: int) -> None:
    data = encode(draw(), exif=full_exif(orientation))
    assert (decode(original(data), LIMITS).pixels == decode(data, LIMITS).pixels).all()


def test_a_re_encoded_picture_has_time_and_rights_and_no_orientation() -> None:
    metadata = read_metadata(full_exif(), XMP.encode())
    jpeg = add_metadata(encode(noise()), metadata)
    with Image.open(io.BytesIO(jpeg)) as image:
        exif = image.getexif()
        assert (exif.get(0x0112), exif.get_ifd(0x8769)[0x9011]) == (None, "+02:00")
    assert read_properties(jpeg)["creator"] == "Ana Pérez; 李雷"
    assert b"SeCrEt" not in jpeg
    assert (stored(jpeg) == stored(encode(noise()))).all()
    assert add_metadata(encode(noise()), Metadata()) == encode(noise())
