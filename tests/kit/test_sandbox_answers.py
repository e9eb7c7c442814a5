"""Answers of a child controlled by an attacker: they are validated against their type and never executed."""

import functools
import os
import pickle
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from kit.sandbox.process import Sandbox, SandboxDied

Answer = list[int]


class Payload:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self._path,)


FORGED = {
    "another type": msgspec.msgpack.encode({"a": 1}),
    "a text for a number": msgspec.msgpack.encode(["1"]),
    "half an answer": msgspec.msgpack.encode([1, 2, 3])[:-1],
    "two answers": msgspec.msgpack.encode([1]) * 2,
    "nothing": b"",
    "a text that is none": b"\x91\xa1\xff",
    "deeply nested": b"\x91" * 100_000,
}


def build_liar(path: Path) -> Callable[[bytes], Answer]:
    return functools.partial(lie, path)


def lie(path: Path, order: bytes) -> Answer:
    """Writes to the pipe of the parent, as code that took over the child could."""
    pipe = int(sys.argv[1])
    match order:
        case b"pickle":
            _send(pipe, pickle.dumps(Payload(path)))
        case b"endless":
            os.write(pipe, struct.pack("!iQ", -1, 1 << 60))
        case b"honest":
            return [1]
        case _:
            _send(pipe, order)
    return []


def _send(pipe: int, frame: bytes) -> None:
    """Writes a frame as `multiprocessing.connection` does."""
    data = struct.pack("!i", len(frame)) + frame
    while data:
        data = data[os.write(pipe, data) :]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made"


@pytest.fixture
def liar(path: Path) -> Iterator[Sandbox[Answer]]:
    process = Sandbox(functools.partial(build_liar, path), Answer, timeout_s=20, memory_mb=1024)
    yield process
    process.close()


@pytest.mark.parametrize("name", FORGED)
def test_a_malformed_answer_counts_as_a_crash(liar: Sandbox[Answer], name: str) -> None:
    with pytest.raises(SandboxDied):
        liar.call(FORGED[name])
    assert liar.call(b"honest") == [1]


def test_an_oversized_answer_counts_as_a_crash(liar: Sandbox[Answer]) -> None:
    with pytest.raises(SandboxDied):
        liar.call(b"endless")
    assert liar.call(b"honest") == [1]


def test_no_answer_is_unpickled(liar: Sandbox[Answer], path: Path) -> None:
    with pytest.raises(SandboxDied):
        liar.call(b"pickle")
    assert not path.exists()
    pickle.loads(pickle.dumps(Payload(path)))  # control: unpickling it creates the file
    assert path.exists()
