"""Small pictures with known content."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

RED, WHITE = (200, 30, 40), (255, 255, 255)


def draw(width: int = 96, height: int = 64) -> Image.Image:
    """Draws red with a white top left quarter, so that every orientation looks different."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(WHITE, (0, 0, width // 2, height // 4))
    return image


def save(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def is_near(pixel: np.ndarray, colour: tuple[int, int, int], tolerance: int = 12) -> bool:
    return bool((abs(pixel.astype(int) - colour) <= tolerance).all())
