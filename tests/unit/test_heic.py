"""HEIC and AVIF: supported if the extra `heic` is installed, an unknown type otherwise."""

import io
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image

from kit.faces.images import formats, heif
from kit.faces.images.decode import decode
from kit.faces.types import ImageLimits, Unreadable

LIMITS = ImageLimits(max_pixels=1_000_000)
SHARED = Path(__file__).parents[3] / "shared" / "files"


def save(name: str, size: tuple[int, int] = (96, 64), **options: object) -> bytes:
    """A picture whose left half is red, the right one blue."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[:, : size[0] // 2, 0] = pixels[:, size[0] // 2 :, 2] = 250
    out = io.BytesIO()
    pillow_heif.register_heif_opener()
    Image.fromarray(pixels).save(out, name, quality=90, **options)
    return out.getvalue()


@pytest.mark.parametrize(("name", "kind"), [("HEIF", "image/heic"), ("AVIF", "image/avif")])
def test_with_the_extra_both_are_decoded(name: str, kind: str) -> None:
    data = save(name)
    assert formats.sniff(data[:12]) == kind
    pixels = decode(data, LIMITS).pixels
    assert pixels.shape == (64, 96, 3)
    assert pixels[32, 10, 0] > 200 > 60 > pixels[32, 10, 2]
    assert pixels[32, 86, 2] > 200 > 60 > pixels[32, 86, 0]


@pytest.mark.parametrize("name", ["HEIF", "AVIF"])
def test_without_the_extra_both_are_an_unknown_type(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "HAS_HEIC", False)
    assert formats.sniff(save(name)[:12]) is None
    with pytest.raises(Unreadable, match="unsupported_type"):
        decode(save(name), LIMITS)


@pytest.mark.parametrize("name", ["HEIF", "AVIF"])
def test_a_photo_in_portrait_orientation_is_upright(name: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    pixels = decode(save(name, exif=exif.tobytes()), LIMITS).pixels
    assert pixels.shape == (96, 64, 3)
    assert pixels[10, 32, 0] > 200
    assert pixels[86, 32, 2] > 200


@pytest.mark.parametrize(("name", "brand"), [("HEIF", b"heic"), ("AVIF", b"avif")])
def test_damaged_files_are_unreadable(name: str, brand: bytes) -> None:
    whole = save(name)
    cuts = [whole[: len(whole) * share // 10] for share in (2, 6, 9)]
    for data in (*cuts, b"\0\0\0\x18ftyp" + brand + bytes(64)):
        with pytest.raises(Unreadable, match="unreadable"):
            decode(data, LIMITS)


@pytest.mark.parametrize("name", ["HEIF", "AVIF"])
def test_a_file_with_too_many_pixels_is_rejected(name: str) -> None:
    with pytest.raises(Unreadable, match="too_many_pixels"):
        decode(save(name, (2000, 1000)), LIMITS)


BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"msf1", b"mif1"), ("HEIF", "image/heic")),
    **dict.fromkeys((b"avif", b"avis"), ("AVIF", "image/avif")),
}


def branded(name: str, major: bytes) -> bytes:
    data = save(name)
    return data[:8] + major + data[12:]


@pytest.mark.parametrize("brand", BRANDS)
def test_every_brand_written_by_phones_is_supported(brand: bytes) -> None:
    name, kind = BRANDS[brand]
    data = branded(name, brand)
    assert formats.sniff(data[: formats.HEAD_BYTES]) == kind
    pixels = decode(data, LIMITS).pixels
    assert pixels.shape == (64, 96, 3)
    assert pixels[32, 10, 0] > 200 > 60 > pixels[32, 10, 2]


def test_the_first_frame_of_a_burst_is_decoded() -> None:
    frames = [Image.new("RGB", (96, 64), colour) for colour in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "AVIF", save_all=True, append_images=frames[1:])
    assert out.getvalue()[8:12] == b"avis"
    assert decode(out.getvalue(), LIMITS).pixels[32, 48, 0] > 240


@pytest.mark.parametrize("container", [b"mif1", b"msf1", b"miaf"])
def test_a_container_is_identified_by_its_compatible_brands(container: bytes) -> None:
    data = branded("AVIF", container)
    assert formats.sniff(data[: formats.HEAD_BYTES]) == "image/avif"


@pytest.mark.parametrize("brand", [b"isom", b"mp42", b"qt  ", b"crx ", b"M4V "])
def test_videos_and_raw_files_are_an_unknown_type(brand: bytes) -> None:
    with pytest.raises(Unreadable, match="unsupported_type"):
        decode(branded("HEIF", brand), LIMITS)


def with_colours(name: str, primaries: int, transfer: int) -> bytes:
    data, box = save(name), b"colrnclx"
    at = data.index(box) + len(box)
    assert data.count(box) == 1
    return data[:at] + bytes([0, primaries, 0, transfer]) + data[at + 4 :]


@pytest.mark.parametrize("name", ["HEIF", "AVIF"])
def test_colours_are_converted_as_the_container_declares(name: str) -> None:
    """Display P3's red is outside sRGB; PQ code 250 blue is far brighter than white."""
    plain, wide, bright = (
        decode(with_colours(name, *colours), LIMITS).pixels for colours in ((1, 13), (12, 13), (9, 16))
    )
    assert np.abs(plain.astype(int) - decode(save(name), LIMITS).pixels).max() <= 1
    assert wide[32, 10, 0] > plain[32, 10, 0]
    assert bright[32, 10, 0] == 255
    assert heif.read_nclx(with_colours(name, 12, 16)) == (12, 16)


@pytest.mark.parametrize("name", ["HEIF", "AVIF"])
def test_the_original_has_a_profile_unless_its_colours_are_srgb(name: str) -> None:
    for colours, has_profile in (((1, 13), False), ((12, 13), True), ((9, 16), False)):
        original = decode(with_colours(name, *colours), LIMITS, original_quality=90).original_jpeg
        assert ("icc_profile" in Image.open(io.BytesIO(original)).info) == has_profile


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_a_damaged_container_has_no_colour_information_and_raises_nothing(cut: int) -> None:
    data = with_colours("HEIF", 12, 13)
    for damaged in (data[:cut], data[:cut] + b"\xff" * 4 + data[cut + 4 :], data[:cut] + bytes(4) + data[cut + 4 :]):
        assert heif.read_nclx(damaged) in (None, (12, 13)) or cut
        heif.hide_exif(damaged)


def test_a_real_burst_is_decoded() -> None:
    path = SHARED / "burst-msf1.heic"
    if not path.exists():
        pytest.skip(f"{path} does not exist")
    picture = decode(path.read_bytes(), ImageLimits())
    assert (picture.width, picture.height) == (1280, 720)
