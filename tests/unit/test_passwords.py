"""The cost of a password hash, and the bound on concurrent ones: each hash takes 19 MiB."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from itertools import islice
from threading import Condition

import pytest
from argon2 import extract_parameters

from auth_service.domain import TooManyRequests
from auth_service.passwords import HASHES_AT_ONCE, NICE, Passwords, hash_decoy
from kit.rpc import deadlines

LOGINS = 26
WAIT_S = 30


class HeldHasher:
    """A hasher whose hashes block until released; `most` is the highest number running concurrently."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._running = self.most = self.count = 0
        self._may_end = False

    def hash(self, password: str) -> str:
        with self._changed:
            self._running += 1
            self.count += 1
            self.most = max(self.most, self._running)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._may_end, WAIT_S)
            self._running -= 1
        return f"hash of {password}"

    def wait_until_running(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._running >= count, WAIT_S)

    def let_end(self) -> None:
        with self._changed:
            self._may_end = True
            self._changed.notify_all()


def test_a_login_costs_the_same_whether_or_not_the_user_exists() -> None:
    """The parameters are those that OWASP recommends for argon2id."""
    of_user = extract_parameters(Passwords().hash("correct horse"))
    assert of_user == extract_parameters(hash_decoy())
    assert (of_user.memory_cost, of_user.time_cost, of_user.parallelism) == (19 * 1024, 2, 1)


def hash_at_once(passwords: Passwords, expected: int) -> int:
    """The number of passwords hashed concurrently once all LOGINS calls wait or hash."""
    hasher = HeldHasher()
    passwords._hasher = hasher  # type: ignore[assignment]
    with ThreadPoolExecutor(LOGINS) as callers:
        answers = [callers.submit(passwords.hash, f"password {number}") for number in range(LOGINS)]
        hasher.wait_until_running(expected)
        hasher.let_end()
        assert [answer.result() for answer in answers] == [f"hash of password {number}" for number in range(LOGINS)]
    return hasher.most


def test_concurrent_logins_hash_a_bounded_number_of_passwords() -> None:
    assert hash_at_once(Passwords(max_calls=LOGINS), HASHES_AT_ONCE) == HASHES_AT_ONCE


def test_control_without_the_bound_all_are_hashed_concurrently() -> None:
    assert hash_at_once(Passwords(hashes_at_once=LOGINS, max_calls=LOGINS), LOGINS) == LOGINS


def test_calls_beyond_the_queue_limit_are_shed_immediately() -> None:
    passwords, hasher = Passwords(hashes_at_once=2, max_calls=5), HeldHasher()
    passwords._hasher = hasher  # type: ignore[assignment]
    with ThreadPoolExecutor(LOGINS) as callers:
        answers = {callers.submit(passwords.hash, f"password {number}") for number in range(LOGINS)}
        shed = set(islice(as_completed(answers, WAIT_S), LOGINS - 5))
        assert [type(answer.exception()) for answer in shed] == [TooManyRequests] * (LOGINS - 5)
        hasher.wait_until_running(2)
        hasher.let_end()
        assert all(answer.result().startswith("hash of") for answer in answers - shed)
    assert (hasher.count, hasher.most) == (5, 2)
    assert passwords.hash("later") == "hash of later", "there is capacity again"


def hash_late(deadline_s: float | None) -> tuple[int, type[BaseException] | None]:
    """The number of passwords hashed when the second of two calls waits with a deadline, and how that call ended."""
    passwords, hasher = Passwords(hashes_at_once=1, max_calls=2), HeldHasher()
    passwords._hasher = hasher  # type: ignore[assignment]

    def hash_with_deadline() -> str:
        deadlines.enter(deadline_s)
        return passwords.hash("second")

    with ThreadPoolExecutor(2) as callers:
        first = callers.submit(passwords.hash, "first")
        hasher.wait_until_running(1)
        second = callers.submit(hash_with_deadline)
        if deadline_s is not None:
            wait([second], WAIT_S)
        hasher.let_end()
        first.result()
        outcome = second.exception()
    assert passwords.hash("later"), "a dropped call frees its slot"
    return hasher.count - 1, type(outcome) if outcome else None


@pytest.mark.parametrize("deadline_s", [0.0, 0.05])
def test_a_call_past_its_deadline_is_dropped_without_hashing(deadline_s: float) -> None:
    assert hash_late(deadline_s) == (1, TooManyRequests)


def test_control_without_a_deadline_both_are_hashed() -> None:
    assert hash_late(None) == (2, None)


@pytest.mark.parametrize("password", ["correct horse", "eight cups of tea"])
def test_a_password_matches_only_its_own_hash(password: str) -> None:
    passwords = Passwords()
    hashed = passwords.hash(password)
    assert passwords.matches(password, hashed)
    assert not passwords.matches(f"{password}!", hashed)
    assert not passwords.matches(password, None)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
def test_hashing_runs_at_low_priority_and_other_work_does_not() -> None:
    def read_priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    usual = read_priority()
    passwords = Passwords()
    assert passwords._run(read_priority) == min(usual + NICE, 19)
    assert read_priority() == usual
