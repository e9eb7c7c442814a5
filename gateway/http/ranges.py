"""Parts of a picture or an archive that a client asks for (RFC 9110, section 14): one range of bytes."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Header

from gateway.errors.problem import not_satisfiable

Range = Annotated[str, Header(description="one range of bytes; several at once give the whole")]
IfNoneMatch = Annotated[str, Header(description="`ETag` of what the client has")]
IfRange = Annotated[str, Header(description="`ETag` of what the client has parts of")]

MAX_DIGITS = 15
NOWHERE = 1 << 60  # an offset beyond the end of any picture: asks a service for nothing but a header

_RANGE = re.compile(rf"bytes=[ \t]*(\d{{0,{MAX_DIGITS}}})-(\d{{0,{MAX_DIGITS}}})[ \t]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class ByteRange:
    """`length` bytes from `offset` on; 0: to the end. An `offset` below 0 counts from the end."""

    offset: int
    length: int = 0

    def cut(self, size_bytes: int) -> tuple[int, int]:
        """Start and end in that many bytes; equal where it has none of them."""
        start = max(0, size_bytes + self.offset) if self.offset < 0 else min(self.offset, size_bytes)
        return start, min(start + self.length, size_bytes) if self.length else size_bytes


def parse_range(header: str) -> ByteRange | None:
    """None: the whole picture. A server may ignore any range, so it ignores several at once and what it cannot read."""
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
    """The header of a 206, or of a 416 where there is nothing between start and end."""
    return f"bytes {start}-{end - 1}/{size_bytes}" if end > start else f"bytes */{size_bytes}"


def cut_picture(picture: bytes, part: ByteRange | None, if_range: str, tag: str) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of an answer from a picture in memory. Raises Problem."""
    headers = {"Accept-Ranges": "bytes", "ETag": tag}
    if part is None or not is_same(if_range, tag):
        return 200, picture, headers
    start, end = part.cut(len(picture))
    shown = content_range(start, end, len(picture))
    if start == end:
        raise not_satisfiable(shown)
    return 206, picture[start:end], {**headers, "Content-Range": shown}


def is_same(if_range: str, tag: str) -> bool:
    """Whether a range may be sent to a client that has parts of the picture with the tag `if_range`, or none.

    A weak tag is never the same, and we send no dates.
    """
    return not if_range or if_range.strip() == tag
