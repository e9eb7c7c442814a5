"""The one layer that retries: what a service did not take or gave up, which may be repeated, as every rpc of ours may.

Not grpc's own `retryPolicy`: with it a call may hang forever, past its deadline, when a wait of it is cut short
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

# A server that stops answers CANCELLED to what it had not begun, and to what outlasts its grace.
PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
# Both together, at least 0.64 s, outlast the longest between two attempts to connect, 0.6 s: a replica that serves
# again is found before a call gives up.
WAITS_S = (0.2, 0.6)
JITTER = 0.2

# What grpc.aio says, with INTERNAL, where the connection breaks under a message of a stream that it sends.
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
        """How long to wait for the next one; raises the error where there is none."""
        wait_s = next(self._waits_s, math.inf) * random.uniform(1 - JITTER, 1 + JITTER)
        if not is_passing(error) or wait_s >= self.left_s:
            raise error
        return wait_s


def repeat(call: Callable[[float], Answer], timeout_s: float) -> Answer:
    """What the first attempt that succeeds answers; `call` takes the seconds that are left. Raises RpcError."""
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
    """Whether another attempt may do better, and the service does not say otherwise."""
    return code_of(error) in PASSING and (PUSHBACK, "-1") not in [
        tuple(pair) for pair in error.trailing_metadata() or ()
    ]


def code_of(error: Any) -> grpc.StatusCode:
    """The status of a call; UNAVAILABLE also where the server went away while a stream was sent to it."""
    code: grpc.StatusCode = error.code()
    is_broken = code is grpc.StatusCode.INTERNAL and error.details() == BROKEN_UNDER_A_MESSAGE
    return grpc.StatusCode.UNAVAILABLE if is_broken else code
