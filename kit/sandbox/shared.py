"""A sandbox for all threads of a server."""

from threading import Lock
from typing import Generic, TypeVar

from kit.errors import ServiceUnavailable
from kit.sandbox.process import Sandbox, SandboxDied, SandboxNotStarted, SandboxTimedOut

Result = TypeVar("Result")

WAIT_S = 10.0


class SharedSandbox(Generic[Result]):
    """Calls a Sandbox from several threads, one at a time. With `is_single_use`, its child ends after each call, for
    rare calls or for inputs of which no memory may remain."""

    def __init__(self, sandbox: Sandbox[Result], *, is_single_use: bool = False) -> None:
        self._sandbox = sandbox
        self._is_single_use = is_single_use
        self._turn = Lock()

    def call(self, data: bytes) -> Result | None:
        """None if the input made the child die or take too long. Raises ServiceUnavailable after WAIT_S seconds without
        a turn, and for failures that the input did not cause."""
        if not self._turn.acquire(timeout=WAIT_S):
            raise ServiceUnavailable
        try:
            return self._sandbox.call(data)
        except (SandboxDied, SandboxTimedOut):
            return None
        except SandboxNotStarted as fault:
            raise ServiceUnavailable from fault
        finally:
            if self._is_single_use:
                self._sandbox.close()
            self._turn.release()

    def close(self) -> None:
        """Ends the child; another call would start a new one."""
        with self._turn:
            self._sandbox.close()
