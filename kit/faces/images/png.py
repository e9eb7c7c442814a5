"""Parses a PNG, reduces it to what decoding needs (W3C PNG, third edition), and reads its colour information."""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from kit.faces.types import Unreadable

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"tRNS"})
_COLOUR = frozenset({b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP"})
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Start and step of the seven passes of an interlaced picture: x, y, dx, dy (8.2).
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_MAX_METADATA_BYTES = 4 * 1024 * 1024
_MAX_REPAIRED_BYTES = 256 * 1024 * 1024
# The largest missing share of the rows of a truncated PNG.
_MAX_MISSING_SHARE = 0.1
_HEX_PROFILE = re.compile(rb"Raw profile type (?:exif|APP1)")


@dataclass(slots=True)
class Png:
    """The parts of a PNG. `lean` decodes to the same pixels and contains no metadata.

    `gamma` and `chromaticities` (white, red, green, blue: x, y) are those of gAMA and cHRM; `cicp` the four numbers of
    ITU-T H.273. `icc`, `exif` and `xmp` may be damaged.
    """

    lean: bytes
    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    gamma: float | None = None
    chromaticities: tuple[float, ...] | None = None
    is_srgb: bool = False
    cicp: tuple[int, ...] | None = None


def parse(data: bytes) -> Png:
    """Parses a PNG. Raises Unreadable if the picture itself is missing; damaged ancillary chunks are ignored."""
    kept, png = list[tuple[bytes, memoryview]](), Png(b"")
    has_end = False
    for kind, body, is_intact in _chunks(data):
        has_end = kind == b"IEND"
        if has_end:
            break
        if kind in _KEPT and (is_intact or kind != b"tRNS"):
            kept.append((kind, body))
        elif is_intact or kind == b"eXIf":
            _note(png, kind, body)
    if not kept or kept[0][0] != b"IHDR" or len(kept[0][1]) != 13:
        raise Unreadable("unreadable")
    png.lean = b"".join([SIGNATURE, *(_chunk(*one) for one in kept), _chunk(b"IEND", b"")])
    if not has_end:
        png.lean = _complete(kept)
    return png


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, bool]]:
    """Type and body of each chunk, and whether its checksum is correct; the last one may be truncated."""
    view, place = memoryview(data), len(SIGNATURE)
    while place + 8 <= len(data):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        body = view[place + 8 : place + 8 + length]
        checksum = data[place + 8 + length : place + 12 + length]
        yield kind, body, checksum == zlib.crc32(body, zlib.crc32(kind)).to_bytes(4, "big")
        place += 12 + length


def _chunk(kind: bytes, body: bytes | memoryview) -> bytes:
    return b"".join((len(body).to_bytes(4, "big"), kind, body, zlib.crc32(body, zlib.crc32(kind)).to_bytes(4, "big")))


def _complete(kept: list[tuple[bytes, memoryview]]) -> bytes:
    """The PNG; if a small part is missing at its end, with that part filled in."""
    expected = _raw_bytes(bytes(kept[0][1]))
    if not 0 < expected <= _MAX_REPAIRED_BYTES:
        raise Unreadable("unreadable")
    try:
        inflater = zlib.decompressobj()
        raw = inflater.decompress(b"".join(body for kind, body in kept if kind == b"IDAT"), expected)
    except zlib.error as fault:
        raise Unreadable("unreadable") from fault
    if len(raw) < (1 - _MAX_MISSING_SHARE) * expected:
        raise Unreadable("unreadable")
    pixels = _chunk(b"IDAT", zlib.compress(raw.ljust(expected, b"\0"), 1))
    head = [_chunk(kind, body) for kind, body in kept if kind != b"IDAT"]
    return b"".join([SIGNATURE, *head, pixels, _chunk(b"IEND", b"")])


def _raw_bytes(header: bytes) -> int:
    """The number of bytes of the decompressed rows, each with its filter type."""
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", header)
    bits = depth * _CHANNELS.get(colour, 0)
    passes = _PASSES if interlace else ((0, 0, 1, 1),)
    total = 0
    for x, y, dx, dy in passes:
        columns, rows = -(-(width - x) // dx), -(-(height - y) // dy)
        total += max(rows, 0) * (1 + -(-columns * bits // 8)) if columns > 0 else 0
    return total


def _note(png: Png, kind: bytes, body: memoryview) -> None:
    """Reads an ancillary chunk."""
    if kind in _COLOUR:
        _note_colour(png, kind, bytes(body[:_MAX_METADATA_BYTES]))
    elif kind == b"eXIf" and not png.exif:
        png.exif = bytes(body[:_MAX_METADATA_BYTES])
    elif kind in (b"tEXt", b"zTXt", b"iTXt"):
        _note_text(png, kind, bytes(body[:_MAX_METADATA_BYTES]))


def _note_colour(png: Png, kind: bytes, body: bytes) -> None:
    if kind == b"gAMA" and len(body) == 4:
        png.gamma = int.from_bytes(body, "big") / 100_000
    elif kind == b"cHRM" and len(body) == 32:
        png.chromaticities = tuple(number / 100_000 for number in struct.unpack(">8I", body))
    elif kind == b"sRGB":
        png.is_srgb = True
    elif kind == b"cICP" and len(body) == 4:
        png.cicp = tuple(body)
    elif kind == b"iCCP":
        png.icc = _inflate(body.partition(b"\0")[2][1:])


def _note_text(png: Png, kind: bytes, body: bytes) -> None:
    """Reads EXIF as ImageMagick stores it, in hexadecimal digits, and XMP."""
    keyword, _, rest = body.partition(b"\0")
    if _HEX_PROFILE.fullmatch(keyword) and not png.exif:
        text = _inflate(rest[1:]) if kind == b"zTXt" else rest
        digits = re.sub(rb"\s", b"", b"".join(text.split(b"\n")[3:]))
        if len(digits) % 2 == 0 and re.fullmatch(rb"[0-9a-fA-F]*", digits):
            png.exif = bytes.fromhex(digits.decode()).removeprefix(b"Exif\0\0")
    elif keyword == b"XML:com.adobe.xmp" and kind == b"iTXt" and rest[:2] == b"\0\0":
        png.xmp = rest[2:].partition(b"\0")[2].partition(b"\0")[2]


def _inflate(body: bytes) -> bytes:
    """The decompressed body; empty if it is damaged or too large."""
    try:
        inflater = zlib.decompressobj()
        result = inflater.decompress(body, _MAX_METADATA_BYTES)
        return result if inflater.eof else b""
    except zlib.error:
        return b""
