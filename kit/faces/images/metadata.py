"""The metadata of served pictures: capture time and creator. The position is never read; the camera is read but never
written."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from kit.faces.images import exif, iptc, xmp
from kit.faces.images.taken import Taken, choose_time, parse_time

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
# A character escaped for XML takes at most 6 bytes, and all texts must fit into one segment.
_MAX_TEXT = 500
_MAX_CREATORS = 10
_MAX_CAMERA_TEXT = 60
_JPEG_START = b"\xff\xd8"

_Name = Annotated[str, Meta(max_length=_MAX_CAMERA_TEXT, pattern=r"\A[^\0]*\Z")]


@dataclass(frozen=True, slots=True)
class Rights:
    """The creator and credit of a picture, as plain text in the creator's words.

    `artist` and `copyright` are EXIF's, the others XMP's and IPTC's; editors fill in either or both, differently.
    """

    artist: str = ""
    copyright: str = ""
    creators: tuple[str, ...] = ()
    notice: str = ""
    credit: str = ""


@dataclass(frozen=True, slots=True)
class Camera:
    """The camera named in EXIF, which distinguishes the cameras of an event and is never written into a picture.
    Phones have no `serial`."""

    make: _Name
    model: _Name
    serial: _Name

    @property
    def name(self) -> str:
        """For display: the model, preceded by the make unless the model begins with it."""
        first = self.make.partition(" ")[0]
        return self.model if self.model.lower().startswith(first.lower()) else f"{self.make} {self.model}".strip()


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of an image that is kept. `orientation` is EXIF's, 1 to 8."""

    taken: Taken | None = None
    rights: Rights = field(default_factory=Rights)
    orientation: int = 1
    camera: Camera | None = None


def read_metadata(exif_block: bytes = b"", xmp_packet: bytes = b"", iptc_segment: bytes = b"") -> Metadata:
    """Reads the valid parts of the blocks; never raises on damaged ones. XMP takes precedence over the older IPTC."""
    orientation, texts = exif.read_exif(exif_block)
    properties = xmp.read_xmp(xmp_packet)
    records = iptc.read_iptc(iptc_segment)
    if not orientation:
        value = next(iter(properties.get(xmp.ORIENTATION, [])), "")
        orientation = int(value) if value in tuple("12345678") else 1
    rights = _find_rights(texts, properties, records)
    return Metadata(_find_time(texts, properties), rights, orientation, _find_camera(texts))


def write_segments(metadata: Metadata) -> list[bytes]:
    """APP1 segments of a JPEG, EXIF and XMP, that contain only this metadata; an empty list if there is none."""
    taken, rights = metadata.taken, metadata.rights
    texts: dict[int, str] = {}
    if taken:
        texts[exif.DATE_TIME_ORIGINAL] = f"{taken.local:%Y:%m:%d %H:%M:%S}"
        if taken.offset_min is not None:
            hours, minutes = divmod(abs(taken.offset_min), 60)
            texts[exif.OFFSET_TIME_ORIGINAL] = f"{'-' if taken.offset_min < 0 else '+'}{hours:02}:{minutes:02}"
        if taken.instant.microsecond:
            texts[exif.SUBSEC_TIME_ORIGINAL] = f"{taken.instant.microsecond:06}".rstrip("0")
    if rights.artist:
        texts[exif.ARTIST] = rights.artist
    if rights.copyright:
        texts[exif.COPYRIGHT] = rights.copyright
    block = exif.write_exif(metadata.orientation if metadata.orientation != 1 else 0, texts)
    packet = xmp.write_xmp(rights.creators, rights.notice, rights.credit)
    return [
        *([segment(0xE1, block)] if block else []),
        *([segment(0xE1, xmp.HEADER + packet)] if packet else []),
    ]


def segment(marker: int, payload: bytes) -> bytes:
    """A marker segment of a JPEG; the payload has at most 65 533 bytes (ITU T.81, B.1.1.4)."""
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def add_metadata(jpeg: bytes, metadata: Metadata) -> bytes:
    """Adds the metadata after the JFIF header of a JPEG that this process created, whose pixels are upright."""
    upright = Metadata(metadata.taken, metadata.rights)
    head = len(_JPEG_START)
    if jpeg[head : head + 2] == b"\xff\xe0":
        head += 2 + int.from_bytes(jpeg[head + 2 : head + 4], "big")
    return b"".join((jpeg[:head], *write_segments(upright), jpeg[head:]))


def _find_time(texts: Mapping[int, str], properties: xmp.Properties) -> Taken | None:
    def from_exif(time: int, offset: int, fraction: int) -> Taken | None:
        return parse_time(texts.get(time, ""), texts.get(offset, ""), texts.get(fraction, ""))

    def from_xmp(name: str) -> Taken | None:
        return parse_time(next(iter(properties.get(name, [])), ""))

    return choose_time(
        [
            from_exif(exif.DATE_TIME_ORIGINAL, exif.OFFSET_TIME_ORIGINAL, exif.SUBSEC_TIME_ORIGINAL),
            from_xmp(xmp.DATE_TIME_ORIGINAL),
            from_xmp(xmp.DATE_CREATED),
            from_exif(exif.DATE_TIME_DIGITIZED, exif.OFFSET_TIME_DIGITIZED, exif.SUBSEC_TIME_DIGITIZED),
            from_xmp(xmp.DATE_TIME_DIGITIZED),
            from_xmp(xmp.CREATE_DATE),
            from_exif(exif.DATE_TIME, exif.OFFSET_TIME, exif.SUBSEC_TIME),
        ]
    )


def _find_rights(texts: Mapping[int, str], properties: xmp.Properties, records: dict[int, list[str]]) -> Rights:
    artist = _first([texts.get(exif.ARTIST, "").replace("\0", " ")])
    copyright_ = _first([texts.get(exif.COPYRIGHT, "").replace("\0", " ")])  # photographer NUL editor
    creators = _clean_all([*properties.get(xmp.CREATOR, []), *records.get(iptc.CREATOR, [])])[:_MAX_CREATORS]
    notice = _first([*properties.get(xmp.RIGHTS, []), *records.get(iptc.RIGHTS, [])])
    return Rights(
        artist=artist or "; ".join(creators)[:_MAX_TEXT],
        copyright=copyright_ or notice,
        creators=creators or ((artist,) if artist else ()),
        notice=notice or copyright_,
        credit=_first([*properties.get(xmp.CREDIT, []), *records.get(iptc.CREDIT, [])]),
    )


def _find_camera(texts: Mapping[int, str]) -> Camera | None:
    make, model, serial = (
        _first([texts.get(tag, "").replace("\0", " ")])[:_MAX_CAMERA_TEXT]
        for tag in (exif.MAKE, exif.MODEL, exif.BODY_SERIAL_NUMBER)
    )
    return Camera(make, model, serial) if make or model else None


def _first(texts: Iterable[str]) -> str:
    return next(iter(_clean_all(texts)), "")


def _clean_all(texts: Iterable[str]) -> tuple[str, ...]:
    cleaned = (_UNPRINTABLE.sub(" ", text).strip()[:_MAX_TEXT].strip() for text in texts)
    return tuple(dict.fromkeys(text for text in cleaned if text))
