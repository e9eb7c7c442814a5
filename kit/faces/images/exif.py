"""Reads the few EXIF tags in use from any block, and writes them as a new block (CIPA DC-008, Exif 3.0)."""

import struct
from collections.abc import Mapping

HEADER = b"Exif\0\0"

MAKE = 0x010F
MODEL = 0x0110
ORIENTATION = 0x0112
DATE_TIME = 0x0132
ARTIST = 0x013B
COPYRIGHT = 0x8298
DATE_TIME_ORIGINAL = 0x9003
DATE_TIME_DIGITIZED = 0x9004
OFFSET_TIME = 0x9010
OFFSET_TIME_ORIGINAL = 0x9011
OFFSET_TIME_DIGITIZED = 0x9012
SUBSEC_TIME = 0x9290
SUBSEC_TIME_ORIGINAL = 0x9291
SUBSEC_TIME_DIGITIZED = 0x9292
BODY_SERIAL_NUMBER = 0xA431

_EXIF_IFD = 0x8769
_EXIF_VERSION = 0x9000
_TEXTS = {
    MAKE,
    MODEL,
    DATE_TIME,
    ARTIST,
    COPYRIGHT,
    DATE_TIME_ORIGINAL,
    DATE_TIME_DIGITIZED,
    OFFSET_TIME,
    OFFSET_TIME_ORIGINAL,
    OFFSET_TIME_DIGITIZED,
    SUBSEC_TIME,
    SUBSEC_TIME_ORIGINAL,
    SUBSEC_TIME_DIGITIZED,
    BODY_SERIAL_NUMBER,
}
_BYTE, _ASCII, _SHORT, _LONG, _UNDEFINED, _UTF8 = 1, 2, 3, 4, 7, 129
_TEXT_TYPES = (_BYTE, _ASCII, _UNDEFINED, _UTF8)
_MAX_ENTRIES = 1000
_MAX_TEXT_BYTES = 4096
_IN_FIRST_IFD = {DATE_TIME, ARTIST, COPYRIGHT}


def read_exif(block: bytes) -> tuple[int, dict[int, str]]:
    """The orientation (1 to 8; 0: none) and the texts of the known tags; damaged parts of the block are skipped.

    Only the first directory and the Exif directory are read, so that positions, thumbnails and maker notes never are.
    Texts are read from both, since some editors write them into the wrong one.
    """
    body = block[len(HEADER) :] if block.startswith(HEADER) else block
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(body[:4])
    if order is None or len(body) < 8:
        return 0, {}
    first = _read_directory(body, struct.unpack_from(f"{order}I", body, 4)[0], order)
    numbers = {tag: value for tag, value in first.items() if isinstance(value, int)}
    texts = {tag: value for tag, value in first.items() if isinstance(value, str)}
    if _EXIF_IFD in numbers:
        second = _read_directory(body, numbers[_EXIF_IFD], order)
        texts.update((tag, value) for tag, value in second.items() if isinstance(value, str) and value.strip("\0 "))
    orientation = numbers.get(ORIENTATION, 0)
    return orientation if 1 <= orientation <= 8 else 0, texts


def write_exif(orientation: int, texts: Mapping[int, str]) -> bytes:
    """A block with only these tags; empty if there are none. Texts are written as UTF-8, as is common practice."""
    inner = {tag: text for tag, text in texts.items() if tag not in _IN_FIRST_IFD}
    outer = [_ascii(tag, text) for tag, text in texts.items() if tag in _IN_FIRST_IFD]
    if orientation:
        outer.append((ORIENTATION, _SHORT, 1, struct.pack(">H", orientation)))
    if not outer and not inner:
        return b""
    if not inner:
        return HEADER + b"MM\0*" + struct.pack(">I", 8) + _directory(outer, 8)
    entries = [(_EXIF_VERSION, _UNDEFINED, 4, b"0232"), *(_ascii(tag, text) for tag, text in inner.items())]
    size = len(_directory([*outer, (_EXIF_IFD, _LONG, 1, bytes(4))], 8))
    outer.append((_EXIF_IFD, _LONG, 1, struct.pack(">I", 8 + size)))
    return HEADER + b"MM\0*" + struct.pack(">I", 8) + _directory(outer, 8) + _directory(entries, 8 + size)


def _read_directory(body: bytes, offset: int, order: str) -> dict[int, str | int]:
    found: dict[int, str | int] = {}
    if offset < 8 or offset + 2 > len(body):
        return found
    count = min(struct.unpack_from(f"{order}H", body, offset)[0], _MAX_ENTRIES)
    for start in range(offset + 2, offset + 2 + 12 * count, 12):
        if start + 12 > len(body):
            break
        tag, kind, length = struct.unpack_from(f"{order}HHI", body, start)
        if tag in found:
            continue
        if tag in _TEXTS and kind in _TEXT_TYPES:
            where = start + 8 if length <= 4 else struct.unpack_from(f"{order}I", body, start + 8)[0]
            found[tag] = _decode(body[where : where + min(length, _MAX_TEXT_BYTES)])
        elif tag in (ORIENTATION, _EXIF_IFD) and length == 1 and kind in (_BYTE, _SHORT, _LONG):
            found[tag] = struct.unpack_from({_BYTE: "B", _SHORT: f"{order}H"}.get(kind, f"{order}I"), body, start + 8)[
                0
            ]
    return found


def _decode(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _ascii(tag: int, text: str) -> tuple[int, int, int, bytes]:
    value = text.encode() + b"\0"
    return tag, _ASCII, len(value), value


def _directory(entries: list[tuple[int, int, int, bytes]], offset: int) -> bytes:
    """A directory that begins at `offset`, followed by its values."""
    table, values = struct.pack(">H", len(entries)), b""
    values_at = offset + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in sorted(entries):
        table += struct.pack(">HHI", tag, kind, count)
        if len(value) <= 4:
            table += value.ljust(4, b"\0")
            continue
        table += struct.pack(">I", values_at + len(values))
        values += value + b"\0" * (len(value) % 2)
    return table + bytes(4) + values
