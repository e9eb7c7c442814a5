"""The child of a Sandbox: limits itself, loads the engine, confines itself, and answers until its parent exits."""

import fcntl
import os
import resource
import signal
import sys
from multiprocessing.connection import Connection

import msgspec

from kit.sandbox.confinement import confine


def main(pipe_fd: int, memory_mb: int, nice: int) -> None:
    """Reads the entry, answers with the active protections once it is loaded, then with a result for every frame.

    Only the entry is pickled: it comes from the parent, before any image. Answers are MessagePack, which the parent
    validates against their type.

    An exception ends the child, as a crash would: a verdict about an image is a result.
    """
    _limit(memory_mb, nice)
    _die_with_parent()
    with Connection(pipe_fd) as pipe:
        try:
            answer = pipe.recv()()
            pipe.send_bytes(msgspec.msgpack.encode(confine()))
            while True:
                pipe.send_bytes(msgspec.msgpack.encode(answer(pipe.recv_bytes())))
        except EOFError:
            # The parent closed its end.
            return


def _limit(memory_mb: int, nice: int) -> None:
    """Limits memory, and ignores signals: the parent decides when to exit."""
    size = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    # A core dump would contain a guest's face.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(nice)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _die_with_parent() -> None:
    """Has the kernel send SIGIO, which ends this process also inside a C function, when the lifeline on stdin closes.

    Linux' PR_SET_PDEATHSIG would fire when the parent's *thread* that started this process ends.
    """
    fcntl.fcntl(sys.stdin.fileno(), fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(sys.stdin.fileno(), fcntl.F_SETFL, os.O_ASYNC)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
