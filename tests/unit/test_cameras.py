"""The camera of a photo, as read from its metadata."""

from uuid import UUID

import pytest
from PIL import Image

from kit.faces.images.exif import read_exif
from kit.faces.images.metadata import Camera, read_metadata, write_segments
from matcher_service.indexer import identify
from tests.unit.jpegs import SECRET, full_exif


def block(make: str, model: str, serial: str = "") -> bytes:
    exif = Image.Exif()
    exif.update({tag: value for tag, value in ((0x010F, make), (0x0110, model)) if value})
    if serial:
        exif.get_ifd(0x8769)[0xA431] = serial
    return exif.tobytes()


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        ("Canon", "Canon EOS R5", "Canon EOS R5"),
        ("NIKON CORPORATION", "NIKON Z 8", "NIKON Z 8"),
        ("Apple", "iPhone 15", "Apple iPhone 15"),
        ("", "X100V", "X100V"),
        ("FUJIFILM", "", "FUJIFILM"),
        (" Sony\n ", "ILCE-7M4\0", "Sony ILCE-7M4"),
    ],
)
def test_a_camera_has_a_readable_name(make: str, model: str, name: str) -> None:
    camera = read_metadata(block(make, model)).camera
    assert camera
    assert camera.name == name


def test_a_photo_may_have_no_camera() -> None:
    assert read_metadata(block("", "")).camera is None
    assert read_metadata(block("", "", "0815")).camera is None
    assert read_metadata(b"Exif").camera is None


def test_camera_texts_are_truncated() -> None:
    camera = read_metadata(block("M" * 3000, "O" * 3000, "S" * 3000)).camera
    assert camera == Camera("M" * 60, "O" * 60, "S" * 60)


def test_the_camera_is_read_but_never_served() -> None:
    metadata = read_metadata(full_exif())
    assert metadata.camera == Camera(*[SECRET.decode()] * 3)
    assert SECRET not in b"".join(write_segments(metadata))
    written = b"".join(write_segments(metadata))[4:]
    assert not {0x010F, 0x0110, 0xA431} & set(read_exif(written)[1])


def test_a_serial_number_distinguishes_cameras_and_cannot_be_traced() -> None:
    one, other = Camera("C", "R5", "1"), Camera("C", "R5", "2")
    here, there = UUID(int=1), UUID(int=2)
    digests = {identify(event, camera).digest for event in (here, there) for camera in (one, other)}
    assert len(digests) == 4
    assert identify(here, one) == identify(here, Camera("C", "R5", "1"))
    assert b"1" not in identify(here, one).name.encode()
