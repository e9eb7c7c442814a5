"""Capture times: every form that cameras and editors write, and invalid values."""

import io
from datetime import UTC, datetime

import pytest
from PIL import Image, PngImagePlugin

from kit.faces.images.decode import decode
from kit.faces.images.taken import Taken, choose_time, parse_time
from kit.faces.types import ImageLimits
from tests.unit.test_decode import draw, save

ORIGINAL, DIGITIZED, MODIFIED = 0x9003, 0x9004, 0x0132
OFFSET, OFFSET_ORIGINAL, OFFSET_DIGITIZED, SUBSEC_ORIGINAL = 0x9010, 0x9011, 0x9012, 0x9291
EXIF_IFD, GPS_IFD = 0x8769, 0x8825


def at(hour: int, minute: int = 0, second: int = 0, day: int = 20, microsecond: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, minute, second, microsecond, tzinfo=UTC)


TEXTS = {
    "2026:06:20 19:00:00": (at(19), None),
    "2026-06-20 19:00:00": (at(19), None),
    "2026/06/20 19:00:00": (at(19), None),
    "2026:06:20 19:00:00\0": (at(19), None),
    "  2026:06:20 19:00:00 ": (at(19), None),
    "2026:06:20 19:00": (at(19), None),
    "2026-06-20T19:00:00": (at(19), None),
    "2026-06-20T19:00": (at(19), None),
    "2026-06-20T19:00:00Z": (at(19), 0),
    "2026-06-20T19:00:00+02:00": (at(17), 120),
    "2026-06-20T19:00:00-0730": (at(2, 30, day=21), -450),
    "2026-06-20T19:00:00.25+05:45": (at(13, 15, microsecond=250_000), 345),
    "2026-06-20T19:00:00,123456789": (at(19, microsecond=123_456), None),
    "2026:06:20 19:00:00+02:00": (at(17), 120),
    "2026:06:20 18:59:60": (at(19), None),
    "2026:06:20 24:00:00": (at(0, day=21), None),
    "2026-06-20": (at(0), None),
    "2026-06-20T19:00:00+99:00": (at(19), None),
}
NONE = [
    "",
    "0000:00:00 00:00:00",
    "    :  :     :  :  ",
    "0001:01:01 00:00:00",
    "0001-01-01T00:00:00Z",
    "2026:02:30 10:00:00",
    "2026:13:01 10:00:00",
    "2026:06:20 25:00:00",
    "2026:06:20 10:60:00",
    "2026:06:20 10:00:61",
    "9999:12:31 24:00:00",
    "yesterday",
    "2026",
    "\uff12\uff10\uff12\uff16:06:20 19:00:00",
    "2026:06:20 19:00:00" * 1000,
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_time_is_parsed_in_every_form(text: str) -> None:
    taken = parse_time(text)
    assert taken is not None
    assert (taken.instant, taken.offset_min) == TEXTS[text]


@pytest.mark.parametrize("text", NONE)
def test_an_invalid_time_is_ignored(text: str) -> None:
    assert parse_time(text) is None


def test_the_first_full_time_is_used_with_the_zone_of_another_that_agrees() -> None:
    bare, date, zoned = (
        parse_time("2026:06:20 19:00:00"),
        parse_time("2025-01-01"),
        parse_time("2026-06-20T19:00:00+02:00"),
    )
    assert choose_time([None, date, bare]) == bare
    assert choose_time([date]) == date
    assert choose_time([bare, zoned]) == Taken(at(17), 120)
    assert choose_time([bare, parse_time("2026-06-20T20:00:00+02:00")]) == bare
    assert choose_time([]) is None


def xmp(**properties: str) -> bytes:
    names = {"original": "exif:DateTimeOriginal", "created": "photoshop:DateCreated", "create": "xmp:CreateDate"}
    attributes = " ".join(f'{names[name]}="{value}"' for name, value in properties.items())
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/"'
        ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        f" {attributes}/></rdf:RDF></x:xmpmeta>"
    ).encode()


def exif(first: dict[int, object] | None = None, second: dict[int, object] | None = None) -> Image.Exif:
    block = Image.Exif()
    block.update(first or {})
    block.get_ifd(EXIF_IFD).update(second or {})
    return block


TIME = "2026:06:20 19:00:00"
OTHER = "2020:01:01 00:00:00"
TAGS = {
    "original with its zone": (exif(second={ORIGINAL: TIME, OFFSET_ORIGINAL: "+02:00"}), b"", at(17), 120),
    "original without a zone": (exif(second={ORIGINAL: TIME, DIGITIZED: OTHER}), b"", at(19), None),
    "original with a fraction": (
        exif(second={ORIGINAL: TIME, SUBSEC_ORIGINAL: "5"}), b"", at(19, microsecond=500_000), None,
    ),
    "original in the first directory": (exif(first={ORIGINAL: TIME, OFFSET_ORIGINAL: "-03:00"}), b"", at(22), -180),
    "only digitized": (exif(second={DIGITIZED: TIME, OFFSET_DIGITIZED: "+02:00"}), b"", at(17), 120),
    "only the file's time": (exif(first={MODIFIED: TIME}, second={OFFSET: "+01:00"}), b"", at(18), 60),
    "the zone of the file's time": (
        exif(first={MODIFIED: TIME}, second={ORIGINAL: TIME, OFFSET: "+01:00"}), b"", at(18), 60,
    ),
    "original is zeros": (exif(second={ORIGINAL: "0000:00:00 00:00:00", DIGITIZED: TIME}), b"", at(19), None),
    "only XMP": (None, xmp(original="2026-06-20T19:00:00+02:00"), at(17), 120),
    "only photoshop": (None, xmp(created="2026-06-20T19:00:00"), at(19), None),
    "only CreateDate": (None, xmp(create="2026-06-20T19:00:00.5Z"), at(19, microsecond=500_000), 0),
    "the zone is in XMP": (exif(second={ORIGINAL: TIME}), xmp(original="2026-06-20T19:00:00+02:00"), at(17), 120),
    "original before XMP": (exif(second={ORIGINAL: TIME}), xmp(original="2020-01-01T19:00:00Z"), at(19), None),
    "XMP before the file's time": (exif(first={MODIFIED: OTHER}), xmp(create="2026-06-20T19:00:00Z"), at(19), 0),
}  # fmt: skip


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("name", TAGS)
def test_the_time_is_read_from_every_tag_and_format(name: str, form: str) -> None:
    block, packet, instant, offset_min = TAGS[name]
    options: dict[str, object] = {} if block is None else {"exif": block.tobytes()}
    if packet and form == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", packet.decode())
        options["pnginfo"] = text
    elif packet:
        options["xmp"] = packet
    taken = decode(save(draw(), form, **options), ImageLimits()).metadata.taken
    assert taken is not None
    assert (taken.instant, taken.offset_min) == (instant, offset_min)


def test_the_gps_time_alone_is_not_used() -> None:
    block = exif()
    block.get_ifd(GPS_IFD).update({7: (19.0, 0.0, 0.0), 29: "2026:06:20"})
    assert decode(save(draw(), exif=block), ImageLimits()).metadata.taken is None


def test_photos_from_two_time_zones_sort_in_capture_order() -> None:
    def take(offset: str) -> Taken:
        block = exif(second={ORIGINAL: TIME, OFFSET_ORIGINAL: offset})
        taken = decode(save(draw(), exif=block), ImageLimits()).metadata.taken
        assert taken is not None
        return taken

    lisbon, berlin = take("+01:00"), take("+02:00")
    assert berlin.instant < lisbon.instant
    assert berlin.local == lisbon.local == datetime(2026, 6, 20, 19)


BROKEN = {
    "cut": lambda block: block[:20],
    "endless": lambda block: block[:14] + b"\xff" * 2000,
    "no header": lambda block: b"II*\0" + bytes(40),
    "noise": lambda block: bytes(range(256)) * 8,
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_broken_exif_leaves_the_pixels_readable(name: str, form: str) -> None:
    block = exif(second={ORIGINAL: TIME}).tobytes()
    data = save(draw(), form, exif=BROKEN[name](block))
    assert decode(data, ImageLimits()).pixels.shape == (64, 96, 3)


def test_control_without_damage_the_time_is_read() -> None:
    out = io.BytesIO()
    draw().save(out, "WEBP", exif=exif(second={ORIGINAL: TIME}).tobytes())
    assert decode(out.getvalue(), ImageLimits()).taken_at == at(19)
