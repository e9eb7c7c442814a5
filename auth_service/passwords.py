"""Password hashes: argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane)."""

import math
import os
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Semaphore
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from auth_service.domain import MAX_PASSWORD_LENGTH, TooManyRequests
from kit.rpc import deadlines

HASHES_AT_ONCE = max(1, (os.cpu_count() or 1) // 2)
MAX_CALLS = 6
NICE = 5

Result = TypeVar("Result")


class Passwords:
    """Hashes and verifies passwords. Verification takes the same work whether or not a hash exists. At most
    `hashes_at_once` run at the same time, since each takes 19 MiB, and at most `max_calls` run or wait, since each
    blocks a server thread. Further calls, and calls whose deadline passes before their turn, raise TooManyRequests."""

    def __init__(self, hashes_at_once: int = HASHES_AT_ONCE, max_calls: int = MAX_CALLS) -> None:
        self._slots = Semaphore(max_calls)
        # Separate threads, because malloc keeps the memory that each thread has used.
        self._threads = ThreadPoolExecutor(hashes_at_once, thread_name_prefix="password", initializer=_lower_priority)
        self._hasher = make_hasher()
        self._decoy = hash_decoy()

    def hash(self, password: str) -> str:
        return self._run(lambda: self._hasher.hash(compose(password)))

    def matches(self, password: str, password_hash: str | None) -> bool:
        """`password_hash` is None if there is no such user."""
        # Version 0.1 hashed passwords as typed: composed (NFC) on most keyboards, decomposed (NFD) on a Mac.
        composed = compose(password)
        spellings = dict.fromkeys([composed, password, unicodedata.normalize("NFD", composed)])
        if len(composed) > MAX_PASSWORD_LENGTH:
            spellings = {composed: None}
        return self._run(lambda: self._verify_any(list(spellings), password_hash))

    def _run(self, work: Callable[[], Result]) -> Result:
        if not self._slots.acquire(blocking=False):
            raise TooManyRequests
        left_s = deadlines.remaining_s(math.inf)
        ends_at = time.monotonic() + left_s
        future = self._threads.submit(_run_in_time, work, ends_at)
        future.add_done_callback(self._release)
        try:
            return future.result(None if math.isinf(left_s) else left_s)
        except TimeoutError:
            future.cancel()
            raise TooManyRequests from None

    def _release(self, _: "Future[Result]") -> None:
        self._slots.release()

    def _verify_any(self, spellings: Sequence[str], password_hash: str | None) -> bool:
        return any(self._verify(spelling, password_hash) for spelling in spellings)

    def _verify(self, password: str, password_hash: str | None) -> bool:
        try:
            fits = self._hasher.verify(password_hash or self._decoy, password[:MAX_PASSWORD_LENGTH])
        except (Argon2Error, InvalidHashError):
            return False
        return fits and password_hash is not None and len(password) <= MAX_PASSWORD_LENGTH


def make_hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@cache
def hash_decoy() -> str:
    """The hash that the passwords of unknown users are verified against."""
    return make_hasher().hash("no user has this password")


def _lower_priority() -> None:
    """Lowers the thread's priority: anyone can request hashes, which are pure computation, and guests come first."""
    if sys.platform == "linux":  # elsewhere only whole processes have a priority
        thread_id = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread_id, min(os.getpriority(os.PRIO_PROCESS, thread_id) + NICE, 19))


def _run_in_time(work: Callable[[], Result], ends_at: float) -> Result:
    if time.monotonic() >= ends_at:
        raise TooManyRequests
    return work()


def compose(password: str) -> str:
    """Converts to NFC, because keyboards differ in whether they send an accented letter as one character or as two."""
    return unicodedata.normalize("NFC", password)
