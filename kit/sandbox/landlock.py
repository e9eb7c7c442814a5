"""Landlock, with which the kernel denies a process files, TCP and other processes (landlock(7)).

The system call filter checks numbers; Landlock checks the objects they act on, and supports every architecture.
"""

import ctypes
import struct

# The numbers are the same on all architectures but Alpha (Linux, uapi/asm-generic/unistd.h).
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_ASK_VERSION = 1
_ALL_THREADS = 1 << 3

# By version of the interface: the first that knows a right of files, the last of them (uapi/linux/landlock.h).
_FILE_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
_TCP_SINCE, _TCP = 4, 0b11
_SCOPES_SINCE, _SCOPES = 6, 0b11
_ALL_THREADS_SINCE = 8


def find_version(libc: ctypes.CDLL) -> int:
    """The version of the kernel's interface; 0: the kernel has none, or it is turned off."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_ASK_VERSION))))


def forbid_all(libc: ctypes.CDLL) -> bool:
    """Forbids the calling thread, and all threads before version 8 of the interface only those it will start, what the
    kernel's version can forbid: to open, change or run any file, to use TCP, to reach processes outside by a signal, a
    debugger or an abstract socket. Files that are open stay open. Whether it holds.

    The process has no new privileges (prctl) and can still open a file.
    """
    version = find_version(libc)
    if not version:
        return False
    rules = write_rules(version)
    ruleset = libc.syscall(_CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), ctypes.c_uint(0))
    if ruleset < 0:
        return False
    try:
        flags = _ALL_THREADS if version >= _ALL_THREADS_SINCE else 0
        return bool(libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint(flags)) == 0)
    finally:
        libc.close(ruleset)


def write_rules(version: int) -> bytes:
    """`struct landlock_ruleset_attr` of this version: everything that it knows is forbidden, with no exception."""
    file_rights = (1 << max(count for since, count in _FILE_RIGHTS if since <= version)) - 1
    fields = [file_rights]
    if version >= _TCP_SINCE:
        fields.append(_TCP)
    if version >= _SCOPES_SINCE:
        fields.append(_SCOPES)
    return struct.pack(f"={len(fields)}Q", *fields)
