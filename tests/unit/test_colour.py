"""Colour conversion: whatever a file's colour space, served and searched pictures are sRGB."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from kit.faces.images import decode as decoding
from kit.faces.images.colour import ColourSpace, to_srgb
from kit.faces.images.decode import Pixels, decode, to_jpeg
from kit.faces.images.profiles import DamagedProfile, clean_profile
from kit.faces.types import ImageLimits
from tests.unit import profiles
from tests.unit.profiles import ADOBE_RGB, DISPLAY_P3, PROPHOTO, SRGB
from tests.unit.test_decode import chunk, save

LIMITS = ImageLimits()
SPACES = {"Display P3": (DISPLAY_P3, 2.2), "Adobe RGB": (ADOBE_RGB, 563 / 256), "ProPhoto": (PROPHOTO, 1.8)}


def palette() -> Pixels:
    """A grid of colours in fields large enough to survive JPEG compression."""
    steps = np.array([0, 51, 102, 153, 204, 255], np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(12, 18, 3)
    return colours.repeat(16, axis=0).repeat(16, axis=1)


PALETTE = palette()
IMAGE = Image.fromarray(PALETTE)


def error(shown: Pixels, expected: np.ndarray) -> float:
    return float(np.abs(shown.astype(float) - expected).mean())


def png(*chunks: bytes) -> bytes:
    data = save(IMAGE, "PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def gama(gamma: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(gamma * 100_000)))


def chrm(space: profiles.Space) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(number * 100_000) for point in space for number in point)))


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"any\0\0" + zlib.compress(profile))


def swapped() -> bytes:
    """sRGB with red and green swapped."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"?XYZ", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"?XYZ", b"gXYZ", 1)


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_profile_is_converted_to_srgb(name: str, form: str) -> None:
    space, gamma = SPACES[name]
    options = {"PNG": {}, "JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}[form]
    data = save(IMAGE, form, icc_profile=profiles.rgb_profile(space, gamma), **options)
    stored = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    expected = profiles.reference(stored, space, gamma)
    assert error(decode(data, LIMITS).pixels, expected) < 1
    assert error(stored, expected) > 3, "the control: without the profile"


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_profile_that_swaps_red_and_green_is_applied(form: str) -> None:
    data = save(Image.new("RGB", (64, 64), "red"), form, quality=95, icc_profile=swapped())
    red, green, _ = decode(data, LIMITS).pixels[32, 32]
    assert (red < 10, green > 245) == (True, True)


def test_cmyk_is_converted_by_its_profile() -> None:
    inks = Image.merge("CMYK", [Image.fromarray(np.ascontiguousarray(PALETTE[..., n])) for n in (0, 1, 2, 0)])
    profile = profiles.cmyk_profile()
    data = save(inks, quality=100, subsampling=0, icc_profile=profile)
    stored = Image.open(io.BytesIO(data))
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    expected = ImageCms.profileToProfile(stored, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert error(decode(data, LIMITS).pixels, np.asarray(expected)) < 1
    assert error(np.asarray(stored.convert("RGB")), np.asarray(expected)) > 10, "the control: without the profile"


def test_greyscale_profiles_are_applied() -> None:
    grey = Image.fromarray(np.ascontiguousarray(PALETTE[..., 0]))
    shown = decode(save(grey, "PNG", icc_profile=profiles.grey_profile(1.0)), LIMITS).pixels
    assert error(shown[..., 1], 255 * profiles.encode_srgb(np.asarray(grey) / 255)) < 1


PNG_COLOURS = {
    "gAMA alone": ([gama(1.0)], SRGB, 1.0),
    "cHRM alone": ([chrm(DISPLAY_P3)], DISPLAY_P3, None),
    "gAMA and cHRM": ([gama(1 / 1.8), chrm(PROPHOTO)], PROPHOTO, 1.8),
    "the gamma of sRGB": ([gama(0.45455), chrm(SRGB)], SRGB, None),
    "sRGB before gAMA": ([chunk(b"sRGB", b"\0"), gama(1.0)], SRGB, None),
    "iCCP before sRGB": ([chunk(b"sRGB", b"\0"), iccp(profiles.rgb_profile(ADOBE_RGB, 2.2))], ADOBE_RGB, 2.2),
    "cICP before iCCP": ([chunk(b"cICP", bytes([12, 13, 0, 1])), iccp(swapped())], DISPLAY_P3, None),
    "gAMA with a wrong checksum": ([gama(1.0)[:-1] + b"?"], SRGB, None),
    "a gamma of zero": ([gama(0.0)], SRGB, None),
    "primaries on one line": ([chrm([(0.3, 0.3), (0.1, 0.1), (0.2, 0.2), (0.4, 0.4)])], SRGB, None),
}


@pytest.mark.parametrize("name", PNG_COLOURS)
def test_the_most_specific_colour_chunk_of_a_png_takes_precedence(name: str) -> None:
    chunks, space, gamma = PNG_COLOURS[name]
    assert error(decode(png(*chunks), LIMITS).pixels, profiles.reference(PALETTE, space, gamma)) < 1


DAMAGED = {
    "not a profile": b"\xff" * 200_000,
    "one cut in the middle": profiles.rgb_profile(DISPLAY_P3, 2.2)[:300],
    "only its header": profiles.rgb_profile(DISPLAY_P3, 2.2)[:132],
    "one with 4 billion tags": profiles.rgb_profile(DISPLAY_P3, 2.2)[:128] + b"\xff" * 400,
    "a CMYK profile": profiles.cmyk_profile(),
    "one of 9 MB": profiles.rgb_profile(DISPLAY_P3, 2.2, more={b"A2B0": bytes(9 << 20)}),
}


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_an_unusable_profile_is_ignored(name: str, form: str) -> None:
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "PNG": {}, "WEBP": {"lossless": True}}[form]
    data = save(IMAGE, form, icc_profile=DAMAGED[name], **options)
    assert error(decode(data, LIMITS).pixels, PALETTE) < 1


def test_a_picture_is_served_in_srgb_without_a_profile() -> None:
    served = to_jpeg(decode(save(IMAGE, icc_profile=swapped()), LIMITS).pixels, 64, 90)
    assert "icc_profile" not in Image.open(io.BytesIO(served)).info


def test_the_original_of_a_png_keeps_its_colours_without_profile_metadata() -> None:
    profile = profiles.rgb_profile(DISPLAY_P3, 2.2, b"Ada's screen", {b"mmod": b"mmod\0\0\0\0serial 4711"})
    data = save(IMAGE, "PNG", icc_profile=profile)
    original = decode(data, LIMITS, original_quality=100).original_jpeg
    assert b"Ada" in profile
    assert b"Ada" not in original
    assert b"4711" not in original
    stored = Image.open(io.BytesIO(original))
    assert error(np.asarray(stored), PALETTE) < 3
    shown = ImageCms.profileToProfile(
        stored, ImageCms.ImageCmsProfile(io.BytesIO(stored.info["icc_profile"])), ImageCms.createProfile("sRGB")
    )
    assert error(np.asarray(shown), profiles.reference(np.asarray(stored), DISPLAY_P3, 2.2)) < 1


def test_data_that_is_not_a_profile_is_not_cleaned() -> None:
    for name in ("not a profile", "one of 9 MB"):
        with pytest.raises(DamagedProfile):
            clean_profile(DAMAGED[name])


def pq(nits: float) -> float:
    """SMPTE ST 2084, equation 5.2."""
    light = (nits / 10_000) ** 0.1593017578125
    return float(((0.8359375 + 18.8515625 * light) / (1 + 18.6875 * light)) ** 78.84375)


def hlg(scene: float) -> float:
    """ITU-R BT.2100, table 5."""
    return float((3 * scene) ** 0.5 if scene <= 1 / 12 else 0.17883277 * np.log(12 * scene - 0.28466892) + 0.55991073)


# An 18 % grey card relative to the white of 203 cd/m2; HLG's 75 % white is the same light on a 1000 cd/m2 screen.
GREY_CARD = 255 * profiles.encode_srgb(np.array(0.18))
HDR = {
    "a grey card in PQ": (16, pq(0.18 * 203), GREY_CARD, 4),
    "white paper in PQ": (16, pq(203), 240, 8),
    "a lamp in PQ": (16, pq(1000), 255, 2),
    "black in PQ": (16, 0.0, 0, 2),
    "a grey card in HLG": (18, hlg((0.18 * 203 / 1000) ** (1 / 1.2)), GREY_CARD, 4),
    "white paper in HLG": (18, 0.75, 240, 8),
}


@pytest.mark.parametrize("name", HDR)
def test_highlights_are_tone_mapped_and_other_brightness_is_kept(name: str) -> None:
    transfer, code, expected, slack = HDR[name]
    image = Image.new("RGB", (64, 64), (round(255 * code),) * 3)
    shown = decode(
        save(image, "PNG")[:33] + chunk(b"cICP", bytes([9, transfer, 0, 1])) + save(image, "PNG")[33:], LIMITS
    )
    assert shown.pixels[5, 5].tolist() == pytest.approx([expected] * 3, abs=slack)


def test_hdr_colours_are_not_pale() -> None:
    """An sRGB red encoded in PQ with BT.2020 primaries decodes to the same red."""
    red = profiles.decode_srgb(np.array([180, 30, 40]) / 255)
    wide = np.linalg.inv(profiles.matrix(BT2020)) @ profiles.matrix(SRGB) @ red
    coded = np.array([round(255 * pq(203 * channel)) for channel in wide], np.uint8)
    space = ColourSpace(primaries=9, transfer=16)
    shown = np.asarray(to_srgb(Image.fromarray(np.full((64, 64, 3), coded)), space))[5, 5]
    assert shown.tolist() == pytest.approx([180, 30, 40], abs=9)
    assert int(coded.max()) - int(coded.min()) < 75, "the control: as it is stored, it is nearly grey"


BT2020 = (profiles.D65, (0.708, 0.292), (0.17, 0.797), (0.131, 0.046))


def test_control_a_decoder_that_ignores_profiles_shows_other_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "to_srgb", lambda image, _: image.convert("RGB"))
    red, green, _ = decode(save(Image.new("RGB", (64, 64), "red"), "PNG", icc_profile=swapped()), LIMITS).pixels[32, 32]
    assert (red > 245, green < 10) == (True, True)
