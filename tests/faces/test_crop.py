"""Face crops from previews: small, without metadata, and made in a separate process."""

import io

import numpy as np
import pytest
from PIL import Image

from kit.faces.crop import BOX, MAX_PX, crop_face
from kit.faces.crop_process import CropProcess


def picture(width: int = 800, height: int = 400) -> bytes:
    """A grey picture with a red 100-pixel square at (400, 100)."""
    pixels = np.full((height, width, 3), 128, np.uint8)
    pixels[100:200, 400:500] = (255, 0, 0)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95, exif=Image.Exif().tobytes())
    return stream.getvalue()


def open_crop(photo_width: int, *box: int) -> Image.Image:
    return Image.open(io.BytesIO(crop_face(BOX.pack(photo_width, *box) + picture()).jpeg))


def test_the_box_refers_to_the_photo_whatever_the_size_of_the_preview() -> None:
    crop = open_crop(3200, 1600, 400, 400, 400)
    assert crop.size == (MAX_PX, MAX_PX)
    red, green, _ = np.asarray(crop)[MAX_PX // 2, MAX_PX // 2]
    assert (int(red) > 200, int(green) < 60) == (True, True)
    assert not crop.info.get("exif")


def test_a_box_is_clipped_at_the_edge_and_one_outside_the_picture_gives_nothing() -> None:
    assert open_crop(800, 760, 360, 100, 100).size == (75, 75)
    assert crop_face(BOX.pack(800, 2000, 2000, 50, 50) + picture()).jpeg == b""


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0 damaged"])
def test_a_damaged_picture_gives_nothing(data: bytes) -> None:
    assert crop_face(BOX.pack(800, 0, 0, 50, 50) + data).jpeg == b""


def test_one_process_crops_several_faces() -> None:
    process = CropProcess()
    try:
        crops = [process.crop(BOX.pack(800, left, 100, 100, 100) + picture()) for left in (100, 400)]
        assert all(crop and crop.startswith(b"\xff\xd8") for crop in crops)
        assert process.crop(BOX.pack(800, 0, 0, 50, 50) + b"nothing") is None
    finally:
        process.close()
