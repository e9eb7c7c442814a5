"""Which image format some bytes claim to be, told by their first bytes alone."""

import importlib.util

HEAD_BYTES = 30

# The extra `heic` makes us read what phones of Apple take (ISO/IEC 23008-12) and AVIF, its cousin.
HAS_HEIC = importlib.util.find_spec("pillow_heif") is not None

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_BRANDS = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heic", b"avif": "image/avif"}


def sniff(head: bytes) -> str | None:
    """The media type of a JPEG, PNG or WebP image, None for everything else; 12 bytes are enough.

    With the extra `heic` also of a HEIC or AVIF image.
    """
    if head.startswith(_JPEG):
        return "image/jpeg"
    if head.startswith(_PNG):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if HAS_HEIC and head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12])
    return None


def webp_size(head: bytes) -> tuple[int, int] | None:
    """Width and height that the first 30 bytes of a WebP declare (RFC 9649); None when they say nothing.

    Pillow allocates the canvas of a WebP when it opens one, so its size must be known earlier.
    """
    chunk = head[12:16]
    if len(head) < HEAD_BYTES:
        return None
    if chunk == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 ":
        width, height = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
        return width & 0x3FFF, height & 0x3FFF
    return None
