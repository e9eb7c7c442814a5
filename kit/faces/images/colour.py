"""Converts pixels of any colour space to sRGB: by ICC profile, primaries and gamma, or tone mapping (PQ, HLG)."""

import functools
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from kit.faces.images.profiles import (
    MAX_PROFILE_BYTES,
    PRIMARIES,
    SRGB_CURVE,
    SRGB_PRIMARIES,
    DamagedProfile,
    build_profile,
    clean_profile,
)

Floats = npt.NDArray[np.float64]

# Transfer characteristics of ITU-T H.273.
_PQ, _HLG = 16, 18
_LINEAR, _GAMMAS = 8, {4: 2.2, 5: 2.8}
_MODES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}
# ITU-R BT.2408: the level of white paper in a PQ picture, in cd/m2. Highlights up to the peak are compressed above the
# knee.
_WHITE_NITS, _PEAK_NITS, _KNEE = 203.0, 1000.0, 0.75
_CURVE_STEPS = 4096
_SRGB = ImageCms.createProfile("sRGB")
# Old files describe sRGB as a gamma of 1/2.2 with sRGB's primaries.
_SRGB_GAMMA, _GAMMA_SLACK, _PRIMARY_SLACK = 0.45455, 0.0006, 0.003


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """The colour information of a file: an ICC profile, which may be damaged, or primaries and transfer
    characteristics as numbered by H.273, or a PNG's gamma and chromaticities. Empty: sRGB."""

    icc: bytes = b""
    primaries: int | None = None
    transfer: int | None = None
    gamma: float | None = None
    chromaticities: tuple[float, ...] | None = None

    @property
    def is_hdr(self) -> bool:
        return self.transfer in (_PQ, _HLG)


def to_srgb(image: Image.Image, space: ColourSpace) -> Image.Image:
    """The picture as sRGB. If the file's colour information is invalid, its colours are treated as sRGB."""
    icc = find_profile(space)
    if not icc:
        return _to_rgb(image)
    try:
        return _convert(image, icc)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return _to_rgb(image)


def find_profile(space: ColourSpace) -> bytes:
    """The equivalent ICC profile, reduced to its colour data; empty for sRGB and for damaged information."""
    try:
        if space.is_hdr:
            return _tone_profile(space.transfer == _PQ, space.primaries or 9)
        if 0 < len(space.icc) <= MAX_PROFILE_BYTES:
            return clean_profile(space.icc)
        if space.primaries in PRIMARIES and (space.primaries, space.transfer) != (1, 13):
            return _profile_of(space.primaries, space.transfer)
        if space.gamma is not None or space.chromaticities is not None:
            return _png_profile(space)
    except DamagedProfile:
        pass
    return b""


def mode_of(icc: bytes) -> str | None:
    """Pillow's mode for the pixels that the profile describes."""
    return _MODES.get(icc[16:20])


def _to_rgb(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGB" else image.convert("RGB")


def _convert(image: Image.Image, icc: bytes) -> Image.Image:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    mode = mode_of(icc)
    if mode is None or (mode == "CMYK") != (image.mode == "CMYK"):
        return _to_rgb(image)
    source = image if image.mode == mode else image.convert(mode)
    # The perceptual intent is what browsers and ImageCms use; matrix profiles have only one.
    transform = ImageCms.buildTransform(profile, _SRGB, mode, "RGB", ImageCms.Intent.PERCEPTUAL)
    if mode == "RGB" and _changes_nothing(transform):
        return source
    converted = ImageCms.applyTransform(source, transform)
    assert converted is not None
    return converted


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether the transform leaves a few sample colours unchanged: most profiles describe sRGB, in various ways."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    converted = ImageCms.applyTransform(Image.fromarray(colours), transform)
    return bool(np.abs(np.asarray(converted).astype(int) - colours).max() <= 1)


@functools.cache
def _profile_of(primaries: int, transfer: int | None) -> bytes:
    """The profile of H.273 numbers. BT.709's camera curve (1, 6, 14, 15) is displayed like sRGB, as browsers do."""
    if transfer == _LINEAR:
        return build_profile(PRIMARIES[primaries], (1.0,))
    if transfer in _GAMMAS:
        return build_profile(PRIMARIES[primaries], (_GAMMAS[transfer],))
    return b"" if primaries == 1 else build_profile(PRIMARIES[primaries], SRGB_CURVE)


def _png_profile(space: ColourSpace) -> bytes:
    primaries = space.chromaticities or SRGB_PRIMARIES
    has_srgb_primaries = max(abs(one - other) for one, other in zip(primaries, SRGB_PRIMARIES, strict=True)) < (
        _PRIMARY_SLACK
    )
    if space.gamma is None or abs(space.gamma - _SRGB_GAMMA) < _GAMMA_SLACK:
        return b"" if has_srgb_primaries else build_profile(primaries, SRGB_CURVE)
    if not 0.1 <= space.gamma <= 10:
        raise DamagedProfile
    return build_profile(primaries, (1 / space.gamma,))


@functools.cache
def _tone_profile(is_pq: bool, primaries: int) -> bytes:
    """A profile for PQ or HLG. It maps each channel separately, as an ordinary profile does, so that bright colours
    become slightly paler, as on film."""
    coded = np.linspace(0, 1, _CURVE_STEPS)
    return build_profile(
        PRIMARIES.get(primaries, PRIMARIES[9]), _compress(_from_pq(coded) if is_pq else _from_hlg(coded))
    )


def _from_pq(coded: Floats) -> Floats:
    """Decodes SMPTE ST 2084 to multiples of white."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    root = coded ** (1 / m2)
    nits = 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return np.asarray(nits / _WHITE_NITS)


def _from_hlg(coded: Floats) -> Floats:
    """Decodes ITU-R BT.2100 HLG, with the system gamma 1.2 of a display of 1000 cd/m2, to multiples of white."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - c) / a) + b) / 12)
    return np.asarray(scene**1.2 * _PEAK_NITS / _WHITE_NITS)


def _compress(light: Floats) -> Floats:
    """Maps multiples of white to the range 0 to 1: unchanged below the knee, increasingly compressed up to the peak."""
    span, reach = 1 - _KNEE, _PEAK_NITS / _WHITE_NITS - _KNEE
    beyond = np.clip((light - _KNEE) / reach, 0, 1)
    # Reinhard's extended curve, x (1 + x / k^2) / (1 + x), has slope 1 at the knee and reaches 1 at the peak.
    gain = reach / span
    over = beyond * gain
    return np.where(light <= _KNEE, light, _KNEE + span * over * (1 + over / gain**2) / (1 + over))
