"""How many passwords are hashed at once: each hash takes 19 MiB."""

from concurrent.futures import ThreadPoolExecutor
from threading import Condition

import pytest

from auth_service.passwords import HASHES_AT_ONCE, Passwords

LOGINS = 26
WAIT_S = 30


class HeldHasher:
    """Hashes that begin and do not end until they may; `most` have been at it at the same time."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._running = self.most = 0
        self._may_end = False

    def hash(self, password: str) -> str:
        with self._changed:
            self._running += 1
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


def hash_at_once(passwords: Passwords, expected: int) -> int:
    """How many of LOGINS passwords were hashed at the same time, when all of them wait or are being hashed."""
    hasher = HeldHasher()
    passwords._hasher = hasher  # type: ignore[assignment]
    with ThreadPoolExecutor(LOGINS) as callers:
        answers = [callers.submit(passwords.hash, f"password {number}") for number in range(LOGINS)]
        hasher.wait_until_running(expected)
        hasher.let_end()
        assert [answer.result() for answer in answers] == [f"hash of password {number}" for number in range(LOGINS)]
    return hasher.most


def test_simultaneous_logins_hash_a_few_passwords_at_once() -> None:
    assert hash_at_once(Passwords(), HASHES_AT_ONCE) == HASHES_AT_ONCE


def test_control_without_the_bound_all_are_hashed_at_once() -> None:
    assert hash_at_once(Passwords(hashes_at_once=LOGINS), LOGINS) == LOGINS


@pytest.mark.parametrize("password", ["correct horse", "eight cups of tea"])
def test_a_password_matches_its_own_hash_alone(password: str) -> None:
    passwords = Passwords()
    hashed = passwords.hash(password)
    assert passwords.matches(password, hashed)
    assert not passwords.matches(f"{password}!", hashed)
    assert not passwords.matches(password, None)
