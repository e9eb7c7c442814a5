"""Detects image formats by the first bytes of a file."""

import importlib.util

HEAD_BYTES = 64

# The extra `heic` decodes HEIC, which phones of Apple and Samsung write (ISO/IEC 23008-12), and the related AVIF.
HAS_HEIC = importlib.util.find_spec("pillow_heif") is not None

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
# Single pictures, bursts (hevc, hevx, msf1) and layered ones (heim, heis), of which the first image is read.
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
# Generic container brands: the format of the content is among the compatible brands.
_CONTAINER_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})
_WEBP_HEAD_BYTES = 30


def sniff(head: bytes) -> str | None:
    """The media type of a JPEG, PNG or WebP image, and with the extra `heic` of a HEIC or AVIF image; otherwise None.

    HEAD_BYTES are enough.
    """
    if head.startswith(_JPEG):
        return "image/jpeg"
    if head.startswith(_PNG):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return _sniff_brands(head) if HAS_HEIC and head[4:8] == b"ftyp" else None


def _sniff_brands(head: bytes) -> str | None:
    """The media type by the major brand of an ISO base media file (ISO/IEC 14496-12, 4.3), then the compatible ones."""
    major = head[8:12]
    if major not in _CONTAINER_BRANDS:
        return "image/avif" if major in _AVIF_BRANDS else "image/heic" if major in _HEIC_BRANDS else None
    end = min(int.from_bytes(head[:4], "big"), len(head))
    compatible = {head[start : start + 4] for start in range(16, end, 4)}
    return "image/avif" if compatible & _AVIF_BRANDS and not compatible & _HEIC_BRANDS else "image/heic"


def webp_size(head: bytes) -> tuple[int, int] | None:
    """The width and height that the first 30 bytes of a WebP declare (RFC 9649); None if they declare none.

    Pillow allocates the canvas of a WebP when it opens one, so its size must be known earlier.
    """
    chunk = head[12:16]
    if len(head) < _WEBP_HEAD_BYTES:
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
