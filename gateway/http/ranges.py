"""Range requests for pictures and archives (RFC 9110, section 14), with one range of bytes."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Header

from gateway.errors.problem import not_satisfiable

Range = Annotated[str, Header(description="one range of bytes; several at once give the whole")]
IfNoneMatch = Annotated[str, Header(description="`ETag` of what the client has")]
IfRange = Annotated[str, Header(description="`ETag` of what the client has parts of")]

MAX_DIGITS = 15
NOWHERE = 1 << 60  # an offset beyond the end of any picture: requests only the header from a service

_RANGE = re.compile(rf"bytes=[ \t]*(\d{{0,{MAX_DIGITS}}})-(\d{{0,{MAX_DIGITS}}})[ \t]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class ByteRange:
    """`length` bytes from `offset` on; 0: to the end. An `offset` below 0 counts from the end."""

    offset: int
    length: int = 0

    def cut(self, size_bytes: int) -> tuple[int, int]:
        """Start and end of the range in `size_bytes`; equal if it is empty."""
        start = max(0, size_bytes + self.offset) if self.offset < 0 else min(self.offset, size_bytes)
        return start, min(start + self.length, size_bytes) if self.length else size_bytes


def parse_range(header: str) -> ByteRange | None:
    """None means the whole picture: a server may ignore ranges, so multiple and malformed ones are ignored."""
    match = _RANGE.fullmatch(header)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        last = int(match[2])
        return ByteRange(-last) if last else ByteRange(NOWHERE)
    first = int(match[1])
    if not match[2]:
        return ByteRange(first)
    return ByteRange(first, int(match[2]) - first + 1) if int(match[2]) >= first else None


def is_known(if_none_match: str, tag: str) -> bool:
    """Whether the client has the picture already."""
    return tag in if_none_match or if_none_match.strip() == "*"


def content_range(start: int, end: int, size_bytes: int) -> str:
    """The header of a 206, or of a 416 if the range is empty."""
    return f"bytes {start}-{end - 1}/{size_bytes}" if end > start else f"bytes */{size_bytes}"


def cut_picture(picture: bytes, part: ByteRange | None, if_range: str, tag: str) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of a response from a picture in memory. Raises Problem."""
    headers = {"Accept-Ranges": "bytes", "ETag": tag}
    if part is None or not is_same(if_range, tag):
        return 200, picture, headers
    start, end = part.cut(len(picture))
    shown = content_range(start, end, len(picture))
    if start == end:
        raise not_satisfiable(shown)
    return 206, picture[start:end], {**headers, "Content-Range": shown}


def is_same(if_range: str, tag: str) -> bool:
    """Whether `If-Range` permits a partial response: it is empty or equals the tag.

    A weak tag never matches, and we send no dates.
    """
    return not if_range or if_range.strip() == tag
