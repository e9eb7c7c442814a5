"""The largest camera photos are read within the memory limit of the child process."""

import contextlib
import functools
import io

import pytest
from PIL import Image
from skimage import data as samples

from kit.faces.images.decode import Pixels
from kit.faces.types import ImageLimits
from kit.sandbox.process import Sandbox
from matcher_service.reading import Reading, build_reader

ASTRONAUT: Pixels = samples.astronaut()  # type: ignore[no-untyped-call]
LARGE = {
    "61 megapixels": ((9504, 6336), {}),
    "108 megapixels": ((12_000, 9000), {}),
    "200 megapixels": ((16_320, 12_240), {}),
    "200 megapixels, progressive": ((16_320, 12_240), {"progressive": True}),
    "a panorama of 16 382": ((16_382, 3850), {}),
    "a panorama of 30 000": ((30_000, 2000), {}),
}


@pytest.mark.parametrize("name", LARGE)
def test_the_largest_camera_photos_are_read_within_the_memory_limit(name: str) -> None:
    """Uses the indexer's limits: less memory than twice the pixels of a 200 megapixel photo."""
    size, options = LARGE[name]
    image = Image.new("RGB", size, (90, 110, 100))
    face_px = min(size) * 6 // 10
    image.paste(Image.fromarray(ASTRONAUT).resize((face_px, face_px)), (size[0] // 2, size[1] // 10))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80, **options)
    memory_mb = 2048
    limits = ImageLimits.within(100, 220, memory_mb)
    entry = functools.partial(build_reader, limits=limits)
    with contextlib.closing(Sandbox(entry, Reading, 60, memory_mb)) as child:
        result = child.call(out.getvalue())
    assert (result.reason, result.width, result.height) == (None, *size)
    if size[1] > 3000:
        face = result.faces[0]
        assert abs(face.box.left + face.box.width / 2 - size[0] / 2 - face_px * 0.435) < face_px / 10
