"""ICC profiles (ICC.1:2022): made for a set of primaries, and reduced to what says something about colours."""

import struct
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

# White, red, green, blue as x, y, by their numbers in ITU-T H.273: BT.709, BT.601 in its two forms, BT.2020, DCI-P3 and
# Display P3.
_D65 = (0.3127, 0.3290)
PRIMARIES: dict[int, tuple[float, ...]] = {
    1: (*_D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060),
    5: (*_D65, 0.640, 0.330, 0.290, 0.600, 0.150, 0.060),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
SRGB_PRIMARIES = PRIMARIES[1]
# The curve of sRGB as a parametric one of type 3: g, a, b, c, d (IEC 61966-2-1).
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

MAX_PROFILE_BYTES = 8 * 1024 * 1024
_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD: Matrix = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_HEADER_BYTES = 128
_MAX_TAGS = 100
# What a colour engine needs. Descriptions name people's monitors, and private tags their serial numbers.
_COLOUR_TAGS = frozenset(
    b"wtpt bkpt chad rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC A2B0 A2B1 A2B2 B2A0 B2A1 B2A2 gamt D2B0 D2B1 D2B2 D2B3 "
    b"B2D0 B2D1 B2D2 B2D3 cicp lumi chrm".split()
)


class DamagedProfile(Exception):
    """The bytes are not an ICC profile."""


def rgb_to_xyz(chromaticities: Sequence[float]) -> Matrix:
    """The matrix from linear RGB to CIE XYZ with Y = 1 at white. Raises DamagedProfile where there is none."""
    white, *primaries = [_xyz(x, y) for x, y in zip(chromaticities[::2], chromaticities[1::2], strict=True)]
    columns = np.array(primaries).T
    if abs(np.linalg.det(columns)) < 1e-6:
        raise DamagedProfile
    return columns * np.linalg.solve(columns, white)


def build_profile(chromaticities: Sequence[float], curve: Sequence[float] | Matrix) -> bytes:
    """An RGB display profile. `curve` from code values to light: a gamma, the five parameters of sRGB's form, or a
    longer table of light in even steps, 0 to 1. Raises DamagedProfile."""
    adaptation = _adapt(_xyz(*chromaticities[:2]))
    matrix = adaptation @ rgb_to_xyz(chromaticities)
    tags = {b"wtpt": _xyz_tag(_D50), b"chad": b"sf32" + bytes(4) + _fixed(adaptation.ravel())}
    for number, channel in enumerate(b"rgb"):
        tags[bytes([channel]) + b"XYZ"] = _xyz_tag(matrix[:, number])
        tags[bytes([channel]) + b"TRC"] = _curve_tag(curve)
    header = bytearray(_HEADER_BYTES)
    header[8:12] = struct.pack(">I", 0x04200000)
    header[12:24] = b"mntrRGB XYZ "
    header[36:40] = b"acsp"
    header[68:80] = _fixed(_D50)
    return _assemble(header, tags)


def clean_profile(icc: bytes) -> bytes:
    """The profile with only what describes colours, for a file that others see. Raises DamagedProfile."""
    if not _HEADER_BYTES + 4 <= len(icc) <= MAX_PROFILE_BYTES or icc[36:40] != b"acsp":
        raise DamagedProfile
    header = bytearray(icc[:_HEADER_BYTES])
    # Date, device manufacturer and model, creator and checksum.
    for start, end in ((24, 36), (48, 56), (80, _HEADER_BYTES)):
        header[start:end] = bytes(end - start)
    tags: dict[bytes, bytes] = {}
    for number in range(min(int.from_bytes(icc[128:132], "big"), _MAX_TAGS)):
        entry = icc[132 + 12 * number : 144 + 12 * number]
        offset, size = int.from_bytes(entry[4:8], "big"), int.from_bytes(entry[8:12], "big")
        if entry[:4] in _COLOUR_TAGS and 8 <= size <= len(icc) - offset:
            tags[entry[:4]] = icc[offset : offset + size]
    return _assemble(header, tags)


def _assemble(header: bytearray, tags: dict[bytes, bytes]) -> bytes:
    is_new = header[8] >= 4
    text: Callable[[str], bytes] = _multilingual if is_new else _description
    tags = {b"desc": text("Colours"), b"cprt": text("None") if is_new else b"text\0\0\0\0None\0", **tags}
    table, body, places = [], b"", dict[bytes, int]()
    start = _HEADER_BYTES + 4 + 12 * len(tags)
    for name, value in tags.items():
        if value not in places:
            places[value] = start + len(body)
            body += value + bytes(-len(value) % 4)
        table.append(name + struct.pack(">II", places[value], len(value)))
    header[:4] = struct.pack(">I", start + len(body))
    return bytes(header) + struct.pack(">I", len(tags)) + b"".join(table) + body


def _xyz(x: float, y: float) -> Matrix:
    if not 0 < y <= 1 or not 0 <= x <= 1:
        raise DamagedProfile
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _adapt(white: Matrix) -> Matrix:
    """The matrix from colours under that white to those under D50, by Bradford's cones."""
    cones = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ white)
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD)


def _fixed(numbers: Sequence[float] | Matrix) -> bytes:
    """As s15Fixed16Number."""
    return b"".join(struct.pack(">i", round(float(number) * 65536)) for number in numbers)


def _xyz_tag(colour: Sequence[float] | Matrix) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(colour)


def _curve_tag(curve: Sequence[float] | Matrix) -> bytes:
    if len(curve) > len(SRGB_CURVE):
        table = np.round(65535 * np.asarray(curve)).astype(">u2").tobytes()
        return b"curv" + struct.pack(">II", 0, len(curve)) + table
    return b"para" + struct.pack(">IHH", 0, 3 if len(curve) > 1 else 0, 0) + _fixed(curve)


def _multilingual(text: str) -> bytes:
    coded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">III", 0, 1, 12) + b"enUS" + struct.pack(">II", len(coded), 28) + coded


def _description(text: str) -> bytes:
    """As version 2 has it, with nothing in its other two scripts."""
    return b"desc" + struct.pack(">II", 0, len(text) + 1) + text.encode() + b"\0" + bytes(8 + 3 + 67)
