"""Iterates over the marker segments of a JPEG, without the bytes between them (ITU T.81, annex B)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

SOI, EOI, SOS, DQT, DHT, DAC, DRI, DNL = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xCC, 0xDD, 0xDC
FRAMES = (0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA)  # those that decoders can read, which excludes hierarchical ones
APP0, APP1, APP2, APP13, APP14, APP15, COM = 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF, 0xFE

MAX_SEGMENTS = 5000

_MARKER = re.compile(rb"\xff([\x01-\xfe])")
# In coded data FF 00 is a byte FF, and FF D0 to FF D7 are restart markers: they belong to it.
_END_OF_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


class NotFiltered(Exception):
    """The bytes are not a JPEG, or some of them are not understood."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Offsets of a segment: `start` of its marker, `payload` after its length, `end` after it and its coded data.

    Coded data, which only a scan has, begins at `coded`. `is_cut`: the bytes end within the segment.
    """

    marker: int
    start: int
    payload: int
    coded: int
    end: int
    is_cut: bool = False


def walk(data: bytes) -> Iterator[Segment]:
    """Each segment after SOI up to EOI or the end of the bytes; the last scan may be truncated. Raises NotFiltered."""
    if data[:2] != b"\xff\xd8":
        raise NotFiltered
    place = 2
    for _ in range(MAX_SEGMENTS):
        match = _MARKER.search(data, place)
        if match is None:
            return
        marker, start = match[1][0], match.end() - 2
        if marker == EOI:
            yield Segment(marker, start, start + 2, start + 2, start + 2)
            return
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # without a length, and without a meaning outside a scan
            place = match.end()
            continue
        segment = _measure(data, marker, start)
        yield segment
        place = segment.end
        if segment.is_cut:
            return
    raise NotFiltered


def _measure(data: bytes, marker: int, start: int) -> Segment:
    if marker == SOI or marker < 0xC0:
        raise NotFiltered
    size = int.from_bytes(data[start + 2 : start + 4], "big")
    end = start + 2 + size
    if start + 4 > len(data) or end > len(data):
        return Segment(marker, start, min(start + 4, len(data)), len(data), len(data), is_cut=True)
    if size < 2:
        raise NotFiltered
    if marker != SOS:
        return Segment(marker, start, start + 4, end, end)
    match = _END_OF_SCAN.search(data, end)
    data_end = match.start() if match else len(data)
    while data_end > end and data[data_end - 1] == 0xFF:  # fill bytes, or the half of a marker
        data_end -= 1
    return Segment(marker, start, start + 4, end, data_end, is_cut=match is None)
