"""Encodings as they are stored: 128 little-endian float32. Pure."""

import struct
from collections.abc import Sequence


def take_mean(encodings: Sequence[bytes]) -> bytes:
    """Returns the mean of one or more encodings; a single one is returned unchanged."""
    if len(encodings) == 1:
        return encodings[0]
    numbers = [struct.unpack(f"<{len(encoding) // 4}f", encoding) for encoding in encodings]
    means = [sum(values) / len(values) for values in zip(*numbers, strict=True)]
    return struct.pack(f"<{len(means)}f", *means)
