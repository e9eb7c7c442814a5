"""ICC profiles for tests, built from the specification and not by the code under test."""

import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

D50 = (0.3457, 0.3585)
D65 = (0.3127, 0.3290)
SRGB = (D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3 = (D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
ADOBE_RGB = (D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
PROPHOTO = (D50, (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))

Space = Sequence[tuple[float, float]]
_CAT = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def xyz(x: float, y: float) -> Floats:
    return np.array([x / y, 1, (1 - x - y) / y])


def adaptation(source: Floats, target: Floats) -> Floats:
    return np.linalg.inv(_CAT) @ np.diag((_CAT @ target) / (_CAT @ source)) @ _CAT


def matrix(space: Space, white: tuple[float, float] | None = None) -> Floats:
    """Linear RGB to XYZ, adapted to a white."""
    columns = np.stack([xyz(*primary) for primary in space[1:]], axis=-1)
    own = columns * np.linalg.inv(columns).dot(xyz(*space[0]))
    return own if white is None else adaptation(xyz(*space[0]), xyz(*white)) @ own


def encode_srgb(linear: Floats) -> Floats:
    linear = np.clip(linear, 0, 1)
    return np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)


def decode_srgb(coded: Floats) -> Floats:
    return np.where(coded > 0.04045, ((coded + 0.055) / 1.055) ** 2.4, coded / 12.92)


def reference(pixels: npt.NDArray[np.uint8], space: Space, gamma: float | None) -> Floats:
    """The pixels' values in sRGB, 0 to 255; without a gamma their curve is that of sRGB."""
    coded = pixels / 255
    linear = decode_srgb(coded) if gamma is None else coded**gamma
    return 255 * encode_srgb(linear @ matrix(space, D50).T @ np.linalg.inv(matrix(SRGB, D50)).T)


def build(kind: bytes, colours: bytes, tags: dict[bytes, bytes], connection: bytes = b"XYZ ") -> bytes:
    """Builds a version 2 profile."""
    body, table, start = b"", b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"none", 0x02400000, kind, colours, connection)
    head += bytes(12) + b"acsp" + bytes(28) + s15(0.9642, 1, 0.8249) + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + body


def s15(*numbers: float) -> bytes:
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def description(text: bytes) -> bytes:
    return b"desc" + struct.pack(">II", 0, len(text) + 1) + text + bytes(79)


def rgb_profile(space: Space, gamma: float, text: bytes = b"test", more: dict[bytes, bytes] | None = None) -> bytes:
    """A matrix profile of a display; its curve is a table, so that the gamma is exact."""
    columns = matrix(space, D50).T
    curve = np.round(65535 * np.linspace(0, 1, 1024) ** gamma).astype(">u2").tobytes()
    tags = {
        b"desc": description(text),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": b"XYZ \0\0\0\0" + s15(0.9642, 1, 0.8249),
    }
    for channel, column in zip("rgb", columns, strict=True):
        tags[f"{channel}XYZ".encode()] = b"XYZ \0\0\0\0" + s15(*column)
        tags[f"{channel}TRC".encode()] = b"curv" + struct.pack(">II", 0, 1024) + curve
    return build(b"mntr", b"RGB ", tags | (more or {}))


def grey_profile(gamma: float) -> bytes:
    curve = np.round(65535 * np.linspace(0, 1, 1024) ** gamma).astype(">u2").tobytes()
    tags = {b"desc": description(b"grey"), b"wtpt": b"XYZ \0\0\0\0" + s15(0.9642, 1, 0.8249)}
    return build(b"mntr", b"GRAY", tags | {b"kTRC": b"curv" + struct.pack(">II", 0, 1024) + curve})


def cmyk_profile() -> bytes:
    """A printer profile with weaker inks than ideal ones: a table of two steps per ink, in 8-bit Lab."""
    inks = np.array([(c, m, y, k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)])
    light = 100 - inks @ np.array([30, 40, 10, 60])
    a = inks @ np.array([-30, 60, -5, 0])
    b = inks @ np.array([-40, 0, 70, 0])
    lab = np.stack([np.clip(light, 5, 100) * 2.55, a + 128, b + 128], axis=-1)
    table = np.clip(np.round(lab), 0, 255).astype(np.uint8).tobytes()
    ramp = bytes(range(256))
    head = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + s15(1, 0, 0, 0, 1, 0, 0, 0, 1)
    tags = {b"desc": description(b"ink"), b"wtpt": b"XYZ \0\0\0\0" + s15(0.9642, 1, 0.8249)}
    return build(b"prtr", b"CMYK", tags | {b"A2B0": head + 4 * ramp + table + 3 * ramp}, b"Lab ")
