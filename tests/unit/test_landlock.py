"""The access rights of each Landlock ABI version (linux/include/uapi/linux/landlock.h)."""

import struct

import pytest

from kit.sandbox.landlock import write_rules

TCP, SCOPES = 0b11, 0b11


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        (1, [2**13 - 1]),
        (2, [2**14 - 1]),
        (3, [2**15 - 1]),
        (4, [2**15 - 1, TCP]),
        (5, [2**16 - 1, TCP]),
        (6, [2**16 - 1, TCP, SCOPES]),
        (7, [2**16 - 1, TCP, SCOPES]),
        (99, [2**16 - 1, TCP, SCOPES]),
    ],
)
def test_only_rights_supported_by_the_kernel_are_requested(version: int, fields: list[int]) -> None:
    """A kernel rejects rules with an unknown right."""
    assert write_rules(version) == struct.pack(f"={len(fields)}Q", *fields)
