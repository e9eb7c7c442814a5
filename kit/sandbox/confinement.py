"""Confines the child of a Sandbox before it processes an image: no files, network, processes or privileges.

Everything is loaded by then, so that decoding needs only memory, threads, time and the pipe to the parent. What is
forbidden fails with EPERM, like a missing permission.
"""

import ctypes
import os
import platform
import resource
import struct
from collections.abc import Iterator

from kit.sandbox.landlock import forbid_all

# All protections that `confine` can activate.
PROTECTIONS = ("no_new_privileges", "landlock", "limits", "system_calls")

# The numbers of x86-64 and of aarch64; None where the architecture has no such call (Linux, uapi/asm/unistd.h).
_ALLOWED: dict[str, tuple[int | None, int | None]] = {
    # The pipe, and open files. `stat` lets Python's import reach the `open` that fails, which gives a clear error.
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67), "close": (3, 57),
    "lseek": (8, 62), "fstat": (5, 80), "stat": (4, None), "newfstatat": (262, 79), "getcwd": (79, 17),
    # Memory.
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "mremap": (25, 216), "madvise": (28, 233),
    "brk": (12, 214), "mbind": (237, 235), "get_mempolicy": (239, 236), "membarrier": (324, 283),
    # Threads and signals.
    "futex": (202, 98), "set_robust_list": (273, 99), "rseq": (334, 293), "set_tid_address": (218, 96),
    "exit": (60, 93), "exit_group": (231, 94), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "getcpu": (309, 168), "gettid": (186, 178), "getpid": (39, 172), "getppid": (110, 173),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    # Time, randomness and facts about the machine.
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "gettimeofday": (96, 169), "times": (100, 153), "getrusage": (98, 165), "getrandom": (318, 278), "uname": (63, 160),
    "sysinfo": (99, 179),
}  # fmt: skip
_CLONE, _CLONE3 = (56, 220), (435, 435)
_SIGNALS_TO_ITSELF = ((62, 129), (234, 131))  # kill, tgkill: their first argument is a process
_SECCOMP = (317, 277)
_AUDIT_ARCH = (0xC000003E, 0xC00000B7)
_MACHINES = ("x86_64", "aarch64")

_CLONE_THREAD = 0x10000
_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER, _FILTER_ALL_THREADS = 1, 1

# Classic BPF: load a word of `struct seccomp_data`, compare, return (linux/filter.h, linux/seccomp.h).
_LOAD, _IF_EQUAL, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_AT_NUMBER, _AT_ARCH, _AT_ARGUMENT = 0, 4, 16
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine() -> list[str]:
    """Confines this process for good. Returns which of PROTECTIONS are active:

    `no_new_privileges`; `landlock` (no file, no TCP, no other process, whichever system call is used); `limits`
    (nothing can be opened or written to a file); `system_calls` (those of a list alone, in all threads). Landlock needs
    Linux 5.13, where it is turned on; the list needs x86-64 or aarch64.
    """
    active = []
    libc = ctypes.CDLL(None, use_errno=True) if platform.system() == "Linux" else None
    if libc and libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        active.append("no_new_privileges")
        # It needs a file descriptor, so it comes before the limits.
        if forbid_all(libc):
            active.append("landlock")
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    active.append("limits")
    if libc and platform.machine() in _MACHINES and _filter(libc, _MACHINES.index(platform.machine())):
        active.append("system_calls")
    return active


def _filter(libc: ctypes.CDLL, machine: int) -> bool:
    """Whether the kernel accepted the filter."""
    program = b"".join(_write_program(machine, os.getpid()))
    length = len(program) // 8
    taken = libc.syscall(
        _SECCOMP[machine], _SET_MODE_FILTER, _FILTER_ALL_THREADS, ctypes.byref(_Program(length, program))
    )
    return bool(taken == 0)


def _write_program(machine: int, pid: int) -> Iterator[bytes]:
    """The instructions, 8 bytes each. Jumps count those that are skipped."""
    yield _instruction(_LOAD, _AT_ARCH)
    yield _instruction(_IF_EQUAL, _AUDIT_ARCH[machine], on_true=1)
    yield _instruction(_RETURN, _FAIL | _EPERM)
    yield _instruction(_LOAD, _AT_NUMBER)
    for numbers in _ALLOWED.values():
        if (number := numbers[machine]) is not None:
            yield _instruction(_IF_EQUAL, number, on_false=1)
            yield _instruction(_RETURN, _ALLOW)
    # glibc falls back to `clone`, whose flags a filter can see.
    yield _instruction(_IF_EQUAL, _CLONE3[machine], on_false=1)
    yield _instruction(_RETURN, _FAIL | _ENOSYS)
    yield from _allow_by_argument(_CLONE[machine], _IF_ANY_BIT, _CLONE_THREAD)
    for numbers in _SIGNALS_TO_ITSELF:
        yield from _allow_by_argument(numbers[machine], _IF_EQUAL, pid)
    yield _instruction(_RETURN, _FAIL | _EPERM)


def _allow_by_argument(number: int, compare: int, value: int) -> Iterator[bytes]:
    """Allows a call if the lower half of its first argument compares; the accumulator holds the number otherwise."""
    yield _instruction(_IF_EQUAL, number, on_false=4)
    yield _instruction(_LOAD, _AT_ARGUMENT)
    yield _instruction(compare, value, on_false=1)
    yield _instruction(_RETURN, _ALLOW)
    yield _instruction(_RETURN, _FAIL | _EPERM)


def _instruction(code: int, value: int, on_true: int = 0, on_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, on_true, on_false, value)
