"""Plans how to send an uploaded JPEG without its metadata: ranges of its bytes, with new bytes between them.

The coded pixels are unchanged. Only segments on an explicit list are sent: everything else, including bytes between
segments and after the picture, is omitted.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Annotated

from msgspec import Meta

from kit.faces.images import exif, iptc, xmp
from kit.faces.images.icc import MAX_PROFILE_BYTES, Pieces, clean_profile
from kit.faces.images.metadata import Metadata, read_metadata, segment, write_segments
from kit.faces.images.meter import BLOCK_BYTES, Meter
from kit.faces.images.segments import (
    APP0,
    APP1,
    APP2,
    APP13,
    APP14,
    APP15,
    COM,
    DAC,
    DHT,
    DNL,
    DQT,
    DRI,
    EOI,
    FRAMES,
    SOS,
    NotFiltered,
    Segment,
    walk,
)

_Place = Annotated[int, Meta(ge=0, le=1 << 40)]
Part = tuple[_Place, _Place] | bytes

MAX_PARTS = 1000
MAX_LITERAL_BYTES = 64 * 1024
INLINE_BYTES = 1024

_START, _END = b"\xff\xd8", b"\xff\xd9"
_ICC = b"ICC_PROFILE\0"
_ICC_CHUNK_BYTES = 65_000
_SAMPLES = {0xC0: (8,), 0xC1: (8, 12), 0xC2: (8, 12), 0xC9: (8, 12), 0xCA: (8, 12)}


@dataclass(frozen=True, slots=True)
class Plan:
    """`parts`, in order: ranges (start, end) of the upload, and new bytes.

    The last scan extends from `scan_start` to `scan_end` of the upload.
    """

    parts: tuple[Part, ...]
    metadata: Metadata
    scan_start: int
    scan_end: int

    @property
    def size_bytes(self) -> int:
        return sum(len(part) if isinstance(part, bytes) else part[1] - part[0] for part in self.parts)

    def cut(self, scan_end: int) -> "Plan":
        """The same plan with a shorter last scan, for a decoder that has read all pixels by `scan_end`."""
        if not self.scan_start < scan_end < self.scan_end:
            return self
        *kept, (start, _), end = self.parts
        return replace(self, parts=(*kept, (start, scan_end), end), scan_end=scan_end)


def plan_original(data: bytes) -> Plan | None:
    """The plan of a JPEG; None if any of its bytes is not understood, so that its original must be re-encoded."""
    try:
        return _Filter(data).plan()
    except NotFiltered:
        return None


def trim(plan: Plan, meter: Meter, decode_again: Callable[[Meter], object]) -> Plan:
    """The plan without the bytes of the last scan that a decoder did not read before the next marker.

    `meter` measured the first decoding of the upload; `decode_again` decodes it once more, for the rare scan that
    continues long after its picture is complete.
    """
    if not meter.is_exact:
        meter = Meter(meter.unread_bytes + BLOCK_BYTES)
        decode_again(meter)
    return plan.cut(plan.scan_end - meter.unread_bytes)


def assemble(data: bytes, parts: tuple[Part, ...]) -> bytes:
    return b"".join(part if isinstance(part, bytes) else data[part[0] : part[1]] for part in parts)


class _Filter:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._apps: list[Segment] = []
        self._kept: list[Segment] = []
        self._scans = 0
        self._frames = 0

    def plan(self) -> Plan:
        """Raises NotFiltered."""
        for found in walk(self._data):
            self._take(found)
        if not self._scans:
            raise NotFiltered
        while self._kept[-1].marker != SOS:  # tables that no scan uses
            self._kept.pop()
        last = self._kept[-1]
        metadata = self._metadata()
        head = [self._jfif(), *write_segments(metadata), *self._profile(), self._adobe()]
        coded = [(found.start, found.end) for found in self._kept]
        # Each range is a request to the file store, so short ones are copied. The last EOI is always a new one, so that
        # plans can be cut.
        *before, scan = _merge(chain(head, coded))
        parts = _merge(chain([_START], map(self._inline, before), [scan, _END]))
        literal_bytes = sum(len(part) for part in parts if isinstance(part, bytes))
        if len(parts) > MAX_PARTS or literal_bytes > MAX_LITERAL_BYTES:
            raise NotFiltered
        return Plan(tuple(parts), metadata, last.coded, last.end)

    def _inline(self, part: Part) -> Part:
        return part if isinstance(part, bytes) or _size(part) > INLINE_BYTES else self._data[part[0] : part[1]]

    def _take(self, found: Segment) -> None:
        marker, is_first = found.marker, not self._scans
        if APP0 <= marker <= APP15 or marker == COM:
            if is_first and not found.is_cut:
                self._apps.append(found)
        elif marker in (EOI, DNL):  # the height is in the frame, otherwise the decoder would have failed
            return
        elif found.is_cut and (marker != SOS or found.coded == len(self._data)):
            if is_first:
                raise NotFiltered
        else:
            self._check(found)
            self._kept.append(found)

    def _check(self, found: Segment) -> None:
        """Raises NotFiltered unless each byte of the segment is what its marker requires."""
        body = self._data[found.payload : found.coded]
        if found.marker in FRAMES:
            self._frames += 1
            is_right = self._frames == 1 and not self._scans and _is_frame(found.marker, body)
        elif found.marker == SOS:
            self._scans += 1
            is_right = self._frames == 1 and len(body) >= 1 and len(body) == 4 + 2 * body[0]
        elif found.marker == DQT:
            is_right = _are_quantizers(body)
        elif found.marker == DHT:
            is_right = _are_codes(body)
        elif found.marker == DAC:
            is_right = len(body) % 2 == 0
        elif found.marker == DRI:
            is_right = len(body) == 2
        else:
            is_right = False
        if not is_right:
            raise NotFiltered

    def _payloads(self, marker: int, prefix: bytes) -> Iterator[tuple[int, bytes]]:
        for app in self._apps:
            if app.marker == marker and self._data.startswith(prefix, app.payload, app.end):
                yield app.payload + len(prefix), self._data[app.payload + len(prefix) : app.end]

    def _metadata(self) -> Metadata:
        return read_metadata(
            b"".join(body for _, body in self._payloads(APP1, exif.HEADER)),
            next((body for _, body in self._payloads(APP1, xmp.HEADER)), b""),
            b"".join(body for _, body in self._payloads(APP13, iptc.HEADER)),
        )

    def _jfif(self) -> bytes:
        """The header with version, unit and density, and no thumbnail (ITU T.871)."""
        for _, body in self._payloads(APP0, b"JFIF\0"):
            if len(body) >= 9:
                return segment(APP0, b"JFIF\0" + body[:7] + bytes(2))
        return b""

    def _adobe(self) -> bytes:
        """The Adobe segment, which defines the colour channels; the last one applies, as in libjpeg."""
        bodies = [body for _, body in self._payloads(APP14, b"Adobe") if len(body) >= 7]
        return segment(APP14, b"Adobe\0\x64" + bytes(4) + bodies[-1][6:7]) if bodies else b""

    def _profile(self) -> list[Part]:
        """The colour profile in chunks (ICC.1, annex B.4); empty if it is incomplete."""
        chunks: dict[int, tuple[int, bytes]] = {}
        total = 0
        for place, body in self._payloads(APP2, _ICC):
            if len(body) < 2 or body[0] in chunks:
                return []
            chunks[body[0]] = (place + 2, body[2:])
            total = body[1]
        if not chunks or sorted(chunks) != list(range(1, total + 1)):
            return []
        ordered = [chunks[number] for number in range(1, total + 1)]
        if sum(len(body) for _, body in ordered) > MAX_PROFILE_BYTES:
            return []
        pieces = clean_profile(b"".join(body for _, body in ordered))
        return [] if pieces is None else _in_chunks(_locate(pieces, [(at, at + len(body)) for at, body in ordered]))


def _is_frame(marker: int, body: bytes) -> bool:
    if len(body) < 6 or len(body) != 6 + 3 * body[5] or not any(body[1:3]) or not any(body[3:5]):
        return False
    return body[0] in _SAMPLES.get(marker, range(2, 17)) and body[5] in (1, 2, 3, 4)


def _are_quantizers(body: bytes) -> bool:
    place = 0
    while place < len(body):
        if body[place] & 15 > 3 or body[place] >> 4 > 1:
            return False
        place += 65 + 64 * (body[place] >> 4)
    return place == len(body)


def _are_codes(body: bytes) -> bool:
    place = 0
    while place + 17 <= len(body):
        if body[place] & 15 > 3 or body[place] >> 4 > 1:
            return False
        place += 17 + sum(body[place + 1 : place + 17])
    return place == len(body)


def _locate(pieces: Pieces, ranges: list[tuple[int, int]]) -> list[Part]:
    """Converts ranges of the profile to ranges of the upload, which contains it in chunks."""
    parts: list[Part] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            parts.append(piece)
            continue
        base = 0
        for start, end in ranges:
            low, high = max(piece[0], base), min(piece[1], base + end - start)
            if low < high:
                parts.append((start + low - base, start + high - base))
            base += end - start
    return parts


def _in_chunks(parts: list[Part]) -> list[Part]:
    """APP2 segments around the parts of a profile."""
    chunks: list[list[Part]] = [[]]
    room = _ICC_CHUNK_BYTES
    for part in parts:
        while (size := _size(part)) > room:
            head, part = _split(part, room)
            chunks[-1].append(head)
            chunks.append([])
            room = _ICC_CHUNK_BYTES
        chunks[-1].append(part)
        room -= size
    out: list[Part] = []
    for number, chunk in enumerate(chunks, 1):
        length = 2 + len(_ICC) + 2 + sum(map(_size, chunk))
        out += [b"\xff\xe2" + length.to_bytes(2, "big") + _ICC + bytes((number, len(chunks))), *chunk]
    return out


def _size(part: Part) -> int:
    return len(part) if isinstance(part, bytes) else part[1] - part[0]


def _split(part: Part, size: int) -> tuple[Part, Part]:
    if isinstance(part, bytes):
        return part[:size], part[size:]
    return (part[0], part[0] + size), (part[0] + size, part[1])


def _merge(parts: Iterator[Part]) -> list[Part]:
    """Drops empty parts and joins adjacent ones."""
    merged: list[Part] = []
    for part in parts:
        if not _size(part):
            continue
        before = merged[-1] if merged else None
        if isinstance(before, bytes) and isinstance(part, bytes):
            merged[-1] = before + part
        elif isinstance(before, tuple) and isinstance(part, tuple) and before[1] == part[0]:
            merged[-1] = (before[0], part[1])
        else:
            merged.append(part)
    return merged
