"""Parses a JPEG and reduces it to what decoding needs (ITU T.81, annex B): decoders never see its metadata."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kit.faces.images import iptc
from kit.faces.types import Unreadable

EOI = b"\xff\xd9"
_SOI = b"\xff\xd8"
_SOS, _DRI, _COM = 0xDA, 0xDD, 0xFE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_TABLES = frozenset({0xC4, 0xCC, 0xDB, _DRI})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
# Ends the coded data of a scan: any marker except a stuffed byte, a restart and a fill byte.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# The decoder visits the whole picture for each scan of a progressive file, and a scan may be a few bytes long:
# thousands would take minutes. Cameras and editors write up to a dozen.
_MAX_SCANS = 100
_MAX_SCANNED_PIXELS = _MAX_SCANS * 60_000_000
_MAX_METADATA_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class Component:
    """A channel of the frame: its sampling factors, and which bits of which coefficients have not been read yet.

    `missing` contains for each of the 64 coefficients the number of low bits still missing (99: all, 0: none).
    """

    across: int
    down: int
    missing: list[int] = field(default_factory=lambda: [99] * 64)


@dataclass(slots=True)
class Jpeg:
    """The parts of a JPEG. `lean`, followed by an EOI marker, decodes to the same pixels and contains no metadata.

    `icc`, `exif` (without its "Exif" header), `xmp` and `iptc` are the file's bytes, and may be damaged.
    """

    width: int = 0
    height: int = 0
    lean: bytes = b""
    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    is_progressive: bool = False
    has_end: bool = False
    scans: int = 0
    coded_bytes: int = 0
    scans_are_partial: bool = False
    components: dict[int, Component] = field(default_factory=dict)

    @property
    def lines_per_mcu(self) -> int:
        """Rows of pixels that are coded together."""
        return 8 * max((part.down for part in self.components.values()), default=1)

    @property
    def has_all_scans(self) -> bool:
        """Whether the scans' headers cover each coefficient of each channel."""
        return all(not any(part.missing) for part in self.components.values())

    @property
    def is_whole(self) -> bool:
        """Whether the file seems complete: it has an end, and at least two bits, the minimum, for each block."""
        return self.has_end and (self.is_progressive or self.coded_bytes >= self._samples // 64 * 2 // 8)

    @property
    def coefficient_bytes(self) -> int:
        """The memory that libjpeg needs for a picture in several scans, at any scale."""
        return 2 * self._samples if self.is_progressive or self.scans_are_partial else 0

    @property
    def _samples(self) -> int:
        """The number of values in all channels; subsampled channels have fewer."""
        areas = [part.across * part.down for part in self.components.values()]
        largest = max((part.across for part in self.components.values()), default=1) * self.lines_per_mcu // 8
        return self.width * self.height * sum(areas) // largest


def parse(data: bytes) -> Jpeg:
    """Parses a JPEG. Raises Unreadable if it contains no picture to decode."""
    jpeg, kept, profile = Jpeg(), list[bytes | memoryview]([_SOI]), dict[int, bytes]()
    used = 0  # tables after the last scan are unused
    view = memoryview(data)
    for marker, start, end in _segments(data, jpeg):
        body = data[start + 4 : min(end, start + 4 + 0xFFFF)] if marker != _SOS else b""
        if marker in _FRAMES:
            _read_frame(jpeg, marker, body)
        elif marker == _SOS:
            _read_scan(jpeg, data[start + 4 : start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")])
            jpeg.coded_bytes += end - start
        elif marker not in _TABLES and not _is_needed(marker, body):
            _keep_metadata(jpeg, profile, marker, body)
            continue
        kept.append(view[start:end])
        used = len(kept) if marker == _SOS else used
    if not jpeg.scans or not jpeg.components:
        raise Unreadable("unreadable")
    jpeg.icc = b"".join(profile[number] for number in sorted(profile))
    jpeg.lean = b"".join(kept[:used])
    return jpeg


def _segments(data: bytes, jpeg: Jpeg) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment, a scan's including its coded data, up to EOI or the end of the bytes."""
    place = len(_SOI)
    while (found := _MARKER.search(data, place)) is not None:
        start, marker = found.end() - 2, data[found.end() - 1]
        if marker == EOI[1]:
            jpeg.has_end = jpeg.scans > 0
            return
        if marker in _STANDALONE:
            place = found.end()
            continue
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        end = start + 2 + length
        if length < 2 or end > len(data):
            return
        if marker == _SOS:
            following = _MARKER.search(data, end)
            end = following.start() if following else len(data)
        yield marker, start, end
        place = end


def _read_frame(jpeg: Jpeg, marker: int, body: bytes) -> None:
    if jpeg.components:
        # A hierarchical file; no camera writes one.
        raise Unreadable("unreadable")
    jpeg.height, jpeg.width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    jpeg.is_progressive = marker in _PROGRESSIVE
    for at in range(6, 6 + 3 * body[5] if len(body) > 5 else 0, 3):
        if len(body) < at + 3 or not 0 < body[at + 1] >> 4 <= 4 or not 0 < body[at + 1] & 15 <= 4:
            raise Unreadable("unreadable")
        jpeg.components[body[at]] = Component(body[at + 1] >> 4, body[at + 1] & 15)


def _read_scan(jpeg: Jpeg, head: bytes) -> None:
    """Records which coefficients the scan contains (B.2.3)."""
    count = head[0] if head else 0
    if len(head) != 4 + 2 * count:
        return
    jpeg.scans += 1
    if jpeg.scans > _MAX_SCANS or jpeg.scans * jpeg.width * jpeg.height > _MAX_SCANNED_PIXELS:
        raise Unreadable("unreadable")
    jpeg.scans_are_partial |= count < len(jpeg.components)
    first, last, bit = head[-3], min(head[-2], 63), head[-1] & 15
    for name in head[1 : 1 + 2 * count : 2]:
        if (part := jpeg.components.get(name)) is not None:
            for place in range(first, last + 1) if jpeg.is_progressive else range(64):
                part.missing[place] = min(part.missing[place], bit if jpeg.is_progressive else 0)


def _is_needed(marker: int, body: bytes) -> bool:
    """Whether a decoder needs the segment to interpret the channels' colours; a truncated one is useless."""
    is_jfif = marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) >= 14
    return is_jfif or (marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12)


def _keep_metadata(jpeg: Jpeg, profile: dict[int, bytes], marker: int, body: bytes) -> None:
    """EXIF and profiles may be split over several segments."""
    if len(jpeg.exif) + sum(map(len, profile.values())) > _MAX_METADATA_BYTES or jpeg.scans:
        return
    if marker == 0xE1 and body.startswith(b"Exif\0"):
        jpeg.exif += body[6:]
    elif marker == 0xE1 and body.startswith(b"http://ns.adobe.com/xap/1.0/\0") and not jpeg.xmp:
        jpeg.xmp = body[29:]
    elif marker == 0xED and body.startswith(iptc.HEADER) and not jpeg.iptc:
        jpeg.iptc = body
    elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0") and len(body) > 14:
        profile.setdefault(body[12], body[14:])
