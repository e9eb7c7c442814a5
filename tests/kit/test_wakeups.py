"""Waiting for work: NOTIFY ends a wait immediately, and polling is the fallback."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal

import pytest
from sqlalchemy import Engine, text

from kit.db.wakeups import Wakeups

LONG_S = 60.0


@pytest.fixture
def db(make_db: Callable[[str], Engine]) -> Engine:
    """Any database."""
    return make_db("auth")


@pytest.fixture
def stop() -> Signal:
    """Once set, it ends every wait except one for a notification."""
    return Signal()


@pytest.fixture
def wakeups(db: Engine, stop: Signal) -> Iterator[Wakeups]:
    """Listens, and polls once a minute."""
    made = Wakeups(db.url.render_as_string(hide_password=False), "work", LONG_S, stop)
    yield made
    made.close()


def execute(db: Engine, query: str) -> None:
    with db.begin() as connection:
        connection.execute(text(query))


def count_listeners(db: Engine) -> int:
    with db.begin() as connection:
        query = text("SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN work'")
        return int(connection.execute(query).scalar_one())


def wait_briefly(wakeups: Wakeups) -> None:
    """Waits, and asserts that the wait ends long before the next poll."""
    started = time.monotonic()
    wakeups.wait()
    assert time.monotonic() - started < LONG_S / 2


def wait_then_notify(db: Engine, wakeups: Wakeups) -> None:
    """Notifies during a wait, which must end long before the next poll."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wakeups.wait)
        execute(db, "NOTIFY work")
        waiting.result(timeout=10)


def test_the_first_wait_listens_and_returns_immediately(db: Engine, wakeups: Wakeups) -> None:
    """Work may have come before the process listened."""
    wait_briefly(wakeups)
    assert count_listeners(db) == 1


def test_a_notification_ends_the_wait(db: Engine, wakeups: Wakeups) -> None:
    wakeups.wait()
    for _ in range(3):
        wait_then_notify(db, wakeups)


def test_an_earlier_notification_ends_the_wait(db: Engine, wakeups: Wakeups) -> None:
    wakeups.wait()
    execute(db, "NOTIFY work")
    wait_briefly(wakeups)


def test_a_lost_connection_is_reopened(db: Engine, wakeups: Wakeups, stop: Signal) -> None:
    wakeups.wait()
    stop.set()  # without a connection, only the interval is waited for
    execute(db, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query = 'LISTEN work'")
    assert count_listeners(db) == 0
    for _ in range(5):
        if not count_listeners(db):
            wakeups.wait()
    assert count_listeners(db) == 1
    wait_then_notify(db, wakeups)


@pytest.mark.parametrize("url", ["", "postgresql://minois@127.0.0.1:1/nothing"])
def test_without_a_connection_it_polls(stop: Signal, url: str) -> None:
    waited: list[float | None] = []
    stop.wait = lambda timeout=None: waited.append(timeout) or True  # type: ignore[method-assign]
    wakeups = Wakeups(url, "work", LONG_S, stop)
    wakeups.wait()
    wakeups.wait()
    assert waited == [LONG_S, LONG_S]
