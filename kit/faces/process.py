"""Containment: hostile bytes meet the decoders in a process of their own, which may crash or hang alone."""

import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Any, Generic, TypeVar, cast

from kit.errors import Unavailable
from kit.faces.watchdog import Watchdog

START_TIMEOUT_S = 60.0

Result = TypeVar("Result")


class FaceProcessFault(Exception):
    """The child process gave no result."""


class FaceProcessNotStarted(FaceProcessFault):
    """The child could not load its engine; that says nothing about any image."""


class FaceProcessDied(FaceProcessFault):
    """The child died while it worked on an image."""


class FaceProcessTimedOut(FaceProcessFault):
    """The child took too long for an image and was killed."""


class FaceProcessStarved(FaceProcessFault, Unavailable):
    """The machine was too busy to let the child work; that says nothing about any image."""


class FaceProcess(Generic[Result]):
    """A child process that loads its engine once and then answers one call after the other; for one caller at a time.

    `entry` is importable by name, or a `functools.partial` of such a function: called in the child, it gives the
    function that turns bytes into a picklable result. The child is a new interpreter, neither a fork (dlib hangs after
    one, grpc forbids it) nor multiprocessing's spawn (it would import the parent's main module, and grpc with it).
    It gets none of the parent's environment, where secrets live. It alone gives way to other processes, by `nice`: a
    parent that did would hold locks, claims and its own stop for as long as the machine is busy.
    """

    def __init__(
        self,
        entry: Callable[[], Callable[[bytes], Result]],
        timeout_s: float,
        memory_mb: int,
        nice: int = 0,
    ) -> None:
        self._entry = entry
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._nice = nice
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    def start(self) -> None:
        """Waits until the engine is loaded, so that no image's time pays for it; does nothing when it is."""
        if self._child is not None and self._child.poll() is None:
            return
        self.close()
        self._pipe, theirs = Pipe()
        with theirs:
            self._child = self._spawn(theirs.fileno())
        try:
            self._exchange(lambda pipe: pipe.send(self._entry), START_TIMEOUT_S)
        except FaceProcessFault as fault:
            raise FaceProcessNotStarted(str(fault)) from fault

    def call(self, data: bytes) -> Result:
        """What the entry's function makes of the bytes; after a fault the next call starts a fresh child."""
        self.start()
        return cast(Result, self._exchange(lambda pipe: pipe.send_bytes(data), self._timeout_s))

    def close(self) -> None:
        """Ends the child at once; another call would start a fresh one."""
        if self._child is not None:
            # Leaving the context closes the lifeline and reaps the child.
            with self._child:
                self._child.kill()
        if self._pipe is not None:
            self._pipe.close()
        self._child = self._pipe = None

    def _spawn(self, pipe_fd: int) -> subprocess.Popen[bytes]:
        arguments = [str(number) for number in (pipe_fd, self._memory_mb, self._nice)]
        environment = {
            "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
            # One thread: more would fight over the processors, and each reserves memory.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "kit.faces.child", *arguments],
            env=environment,
            # The lifeline: nothing is written to it, the kernel closes it when this process ends.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=(pipe_fd,),
        )

    def _exchange(self, send: Callable[[Connection], None], timeout_s: float) -> Any:
        """Sends and waits for the answer; a watchdog ends both by killing the child."""
        assert self._child is not None
        assert self._pipe is not None
        with Watchdog(self._child, timeout_s) as watchdog:
            try:
                send(self._pipe)
                answer = self._pipe.recv()
            except (EOFError, OSError) as fault:
                code = self._child.wait()
                self.close()
                if watchdog.was_starved:
                    raise FaceProcessStarved from fault
                if watchdog.has_struck:
                    raise FaceProcessTimedOut(f"no answer within {timeout_s:g} s") from fault
                raise FaceProcessDied(f"exit code {code}") from fault
            except BaseException:
                # An answer left in the pipe would be taken for the next image's.
                self.close()
                raise
        if watchdog.has_struck:
            # Just after the answer: never send an image to a dying child.
            self.close()
        return answer
