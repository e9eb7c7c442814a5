"""The only layer that retries: calls that a service did not accept or aborted. All rpcs are safe to repeat.

gRPC's own `retryPolicy` is not used: a call may hang forever, past its deadline, when its backoff is interrupted
(grpc/grpc issue 41036, seen with 1.85.1).
"""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import grpc

from kit.rpc.statuses import PUSHBACK

# A stopping server answers CANCELLED to calls that it has not begun, and to those that outlast its grace period.
PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
# Together, at least 0.64 s, they exceed the longest time between two attempts to connect, 0.6 s: a call finds a
# replica that serves again before it gives up.
WAITS_S = (0.2, 0.6)
JITTER = 0.2

# The message of grpc.aio, with INTERNAL, if the connection breaks while it sends a message of a stream.
BROKEN_UNDER_A_MESSAGE = "Internal error from Core"

Answer = TypeVar("Answer")


class Attempts:
    """The attempts of one call, which share its deadline."""

    def __init__(self, timeout_s: float) -> None:
        self._ends_at = time.monotonic() + timeout_s
        self._waits_s = iter(WAITS_S)

    @property
    def left_s(self) -> float:
        return max(0.0, self._ends_at - time.monotonic())

    def wait_s(self, error: grpc.RpcError) -> float:
        """The wait before the next attempt; raises the error if there is none."""
        wait_s = next(self._waits_s, math.inf) * random.uniform(1 - JITTER, 1 + JITTER)
        if not is_passing(error) or wait_s >= self.left_s:
            raise error
        return wait_s


def repeat(call: Callable[[float], Answer], timeout_s: float) -> Answer:
    """The result of the first successful attempt; `call` gets the remaining seconds. Raises RpcError."""
    attempts = Attempts(timeout_s)
    while True:
        try:
            return call(attempts.left_s)
        except grpc.RpcError as error:
            time.sleep(attempts.wait_s(error))


async def repeat_aio(call: Callable[[float], Awaitable[Answer]], timeout_s: float) -> Answer:
    """The same for asyncio. Raises AioRpcError."""
    attempts = Attempts(timeout_s)
    while True:
        try:
            return await call(attempts.left_s)
        except grpc.RpcError as error:
            await asyncio.sleep(attempts.wait_s(error))


def is_passing(error: Any) -> bool:
    """Whether another attempt may succeed, unless the service advises against it."""
    return code_of(error) in PASSING and (PUSHBACK, "-1") not in [
        tuple(pair) for pair in error.trailing_metadata() or ()
    ]


def code_of(error: Any) -> grpc.StatusCode:
    """The status of a call; UNAVAILABLE also if the connection broke while sending a stream."""
    code: grpc.StatusCode = error.code()
    is_broken = code is grpc.StatusCode.INTERNAL and error.details() == BROKEN_UNDER_A_MESSAGE
    return grpc.StatusCode.UNAVAILABLE if is_broken else code
