"""Sandbox: decoders process untrusted bytes in a separate process, which may crash or hang on its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Generic, TypeVar

import msgspec

from kit.errors import Unavailable
from kit.sandbox.confinement import PROTECTIONS
from kit.sandbox.watchdog import Watchdog
from kit.telemetry.logs import get_logger

START_TIMEOUT_S = 60.0
_PROTECTIONS = msgspec.msgpack.Decoder(list[str])

Result = TypeVar("Result")
Answer = TypeVar("Answer")
log = get_logger()


class SandboxFault(Exception):
    """The child process gave no result."""


class SandboxNotStarted(SandboxFault):
    """The child could not load its engine; no image is the cause."""


class SandboxDied(SandboxFault):
    """The child died while processing an image, or its answer was invalid."""


class SandboxTimedOut(SandboxFault):
    """The child took too long for an image and was killed."""


class SandboxStarved(SandboxFault, Unavailable):
    """The machine was too busy to run the child; no image is the cause."""


class _WrongAnswer(Exception):
    """The child sent an answer that no engine would send."""


class Sandbox(Generic[Result]):
    """A child process that loads its engine once and then answers one call after the other; for one caller at a time.

    `entry` is importable by name, or a `functools.partial` of such a function: called in the child, it gives the
    function that turns bytes into a `result`: a dataclass of plain values, or a plain value. The child is a new
    interpreter, neither a fork (dlib hangs after one, grpc forbids it) nor multiprocessing's spawn (it would import the
    parent's main module, and grpc with it). It gets none of the parent's environment, where secrets live, and can open
    nothing once the engine is loaded (`kit.sandbox.confinement`). Its answers are not trusted: each is checked against
    the type. Only the child has a lower priority (`nice`): a parent with one would hold locks and claims, and delay its
    stop, for as long as the machine is busy.
    """

    def __init__(
        self,
        entry: Callable[[], Callable[[bytes], Result]],
        result: type[Result],
        timeout_s: float,
        memory_mb: int,
        nice: int = 0,
    ) -> None:
        self._entry = entry
        self._results = msgspec.msgpack.Decoder(result)
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._nice = nice
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self.protections: list[str] = []

    def start(self) -> None:
        """Waits until the engine is loaded, so that its time is not counted for an image."""
        if self._child is not None and self._child.poll() is None:
            return
        self.close()
        self._pipe, theirs = Pipe()
        with theirs:
            self._child = self._spawn(theirs.fileno())
        try:
            self.protections = self._exchange(lambda pipe: pipe.send(self._entry), _PROTECTIONS, START_TIMEOUT_S)
        except SandboxFault as fault:
            raise SandboxNotStarted(str(fault)) from fault
        missing = [name for name in PROTECTIONS if name not in self.protections]
        log.info(
            "A sandboxed child process has started.",
            action="child_started",
            protections=self.protections,
            missing=missing,
        )

    def call(self, data: bytes) -> Result:
        """The result of the entry's function for the bytes; after a fault the next call starts a new child."""
        self.start()
        return self._exchange(lambda pipe: pipe.send_bytes(data), self._results, self._timeout_s)

    def close(self) -> None:
        """Ends the child at once; another call would start a new one."""
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
            # One thread: more would compete for the processors, and each reserves memory.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "kit.sandbox.child", *arguments],
            env=environment,
            # The lifeline: nothing is written to it, the kernel closes it when this process ends.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=(pipe_fd,),
        )

    def _exchange(
        self, send: Callable[[Connection], None], answers: "msgspec.msgpack.Decoder[Answer]", timeout_s: float
    ) -> Answer:
        """Sends and waits for the answer; a watchdog ends both by killing the child. A wrong answer ends it, too."""
        assert self._child is not None
        assert self._pipe is not None
        with Watchdog(self._child, timeout_s) as watchdog:
            try:
                send(self._pipe)
                # An answer cannot be larger than the memory of the child.
                answer = _decode(answers, self._pipe.recv_bytes(self._memory_mb * 1024 * 1024))
            except (EOFError, OSError, _WrongAnswer) as fault:
                if not isinstance(fault, EOFError | ConnectionError):
                    # The child is running, but its answer is truncated, too large or malformed.
                    self._child.kill()
                code = self._child.wait()
                self.close()
                if watchdog.was_starved:
                    raise SandboxStarved from fault
                if watchdog.has_struck:
                    raise SandboxTimedOut(f"no answer within {timeout_s:g} s") from fault
                raise SandboxDied(f"{type(fault).__name__}, exit code {code}") from fault
            except BaseException:
                # An answer left in the pipe would be mistaken for that of the next image.
                self.close()
                raise
        if watchdog.has_struck:
            # Just after the answer: never send an image to a dying child.
            self.close()
        return answer


def _decode(answers: "msgspec.msgpack.Decoder[Answer]", frame: bytes) -> Answer:
    """Raises _WrongAnswer, whatever the bytes are: they come from a process that an image may have taken over."""
    try:
        return answers.decode(frame)
    except Exception as fault:
        raise _WrongAnswer from fault
