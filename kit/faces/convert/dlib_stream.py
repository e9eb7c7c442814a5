"""The bytes of dlib's serialisation (dlib/serialize.h, dlib/cuda/tensor.h), read one item after the other.

Integers are a byte (0x80 the sign, the low half the length) and their little-endian bytes; floats are an integer and a
power of two; only tensors hold float32.
"""

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Tensor: TypeAlias = npt.NDArray[np.float32]


class UnknownModel(ValueError):
    """The file does not contain the expected network."""


class Stream:
    """The bytes and the position of the next read."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = 0

    def expect(self, what: str, wanted: object, found: object) -> None:
        if found != wanted:
            raise UnknownModel(f"before byte {self._at}: {what} is {found!r} and not {wanted!r}")

    def take(self, count: int) -> memoryview:
        if count < 0 or self._at + count > len(self._data):
            raise UnknownModel(f"cut off: {count} bytes wanted at byte {self._at} of {len(self._data)}")
        self._at += count
        return self._data[self._at - count : self._at]

    def integer(self) -> int:
        head = self.take(1)[0]
        size = head & 0x0F
        if head & 0x70 or not 1 <= size <= 8:
            raise UnknownModel(f"no integer at byte {self._at - 1}")
        value = int.from_bytes(self.take(size), "little")
        return -value if head & 0x80 else value

    def integers(self, count: int) -> list[int]:
        return [self.integer() for _ in range(count)]

    def numbers(self, count: int) -> list[float]:
        """Floats outside of tensors; in the known networks, none is infinite."""
        pairs = [(self.integer(), self.integer()) for _ in range(count)]
        if any(abs(power) > 1100 for _, power in pairs):
            raise UnknownModel(f"no finite number before byte {self._at}")
        return [math.ldexp(mantissa, power) for mantissa, power in pairs]

    def flags(self, count: int) -> None:
        flags = bytes(self.take(count))
        if flags.strip(b"01"):
            raise UnknownModel(f"no truth value before byte {self._at}: {flags!r}")

    def text(self) -> str:
        size = self.integer()
        return bytes(self.take(size)).decode("ascii", "backslashreplace")

    def tensor(self, *shape: int) -> Tensor:
        self.expect("version of a tensor", 2, self.integer())
        self.expect("shape of a tensor", list(shape), self.integers(4))
        return np.frombuffer(self.take(4 * math.prod(shape)), "<f4").reshape(shape)

    def view(self, *shape: int) -> None:
        """dlib's alias_tensor: the shape of a view on a part of a tensor."""
        self.expect("version of a view", 1, self.integer())
        self.expect("shape of a view", list(shape), self.integers(4))

    def end(self) -> None:
        if self._at != len(self._data):
            raise UnknownModel(f"{len(self._data) - self._at} bytes too many at byte {self._at}")
