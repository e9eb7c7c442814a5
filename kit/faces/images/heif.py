"""Metadata of HEIC and AVIF files that their decoders do not expose (ISO/IEC 14496-12, 23008-12)."""

from collections.abc import Iterator
from typing import NamedTuple

_MAX_BOXES = 10_000


class Nclx(NamedTuple):
    """Colour primaries and transfer characteristics, as numbered by ITU-T H.273."""

    primaries: int
    transfer: int


class _Box(NamedTuple):
    kind: bytes
    start: int
    end: int


def read_nclx(data: bytes) -> Nclx | None:
    """The colours of the primary image, or of any image if the primary one has no such property."""
    meta = _find(data, 0, len(data), b"meta")
    properties = _find(data, meta.start + 4, meta.end, b"iprp") if meta else None
    container = _find(data, properties.start, properties.end, b"ipco") if properties else None
    if not meta or not properties or not container:
        return None
    found = {
        number: _nclx(data, box)
        for number, box in enumerate(_boxes(data, container.start, container.end), 1)
        if box.kind == b"colr" and data[box.start : box.start + 4] == b"nclx"
    }
    own = _find_properties(data, meta, properties)
    return next((found[number] for number in (*own, *found) if number in found), None)


def hide_exif(data: bytes) -> bytes:
    """The file with its EXIF items renamed so that decoders skip them, since some fail on damaged ones."""
    meta = _find(data, 0, len(data), b"meta")
    items = _find(data, meta.start + 4, meta.end, b"iinf") if meta else None
    if not items:
        return data
    hidden = bytearray(data)
    counted = 2 if data[items.start : items.start + 1] == b"\0" else 4
    for box in _boxes(data, items.start + 4 + counted, items.end):
        at = box.start + (8 if data[box.start : box.start + 1] == b"\2" else 10)
        if box.kind == b"infe" and data[at : at + 4] == b"Exif":
            hidden[at : at + 4] = b"skip"
    return bytes(hidden)


def _nclx(data: bytes, box: _Box) -> Nclx:
    at = box.start + 4
    return Nclx(int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big"))


def _find(data: bytes, start: int, end: int, kind: bytes) -> _Box | None:
    return next((box for box in _boxes(data, start, end) if box.kind == kind), None)


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        size, head = int.from_bytes(data[start : start + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        stop = start + size if size else end
        if stop < start + head or stop > end:
            return
        yield _Box(data[start + 4 : start + 8], start + head, stop)
        start = stop


def _find_properties(data: bytes, meta: _Box, properties: _Box) -> list[int]:
    """The indexes of the primary item's properties, from `pitm` and `ipma`."""
    primary, table = _find(data, meta.start + 4, meta.end, b"pitm"), _find(data, *properties[1:], b"ipma")
    if not primary or not table:
        return []
    item = int.from_bytes(data[primary.start + 4 : primary.end], "big")
    id_bytes, wide = (2 if data[table.start] == 0 else 4), data[table.start + 3] & 1
    at = table.start + 8
    for _ in range(min(int.from_bytes(data[table.start + 4 : at], "big"), _MAX_BOXES)):
        if at + id_bytes >= table.end:
            break
        number, count = int.from_bytes(data[at : at + id_bytes], "big"), data[at + id_bytes]
        at += id_bytes + 1
        step = 1 + wide
        entries = [int.from_bytes(data[at + step * k : at + step * (k + 1)], "big") for k in range(count)]
        if number == item:
            return [entry & (0x7FFF if wide else 0x7F) for entry in entries]
        at += step * count
    return []
