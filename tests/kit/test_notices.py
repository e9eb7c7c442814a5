"""NOTIFY payloads for any number of subscribers over one connection."""

from collections.abc import Callable, Iterator
from threading import Event as Signal

import pytest
from sqlalchemy import Engine, text

from kit.db import notices as module
from kit.db.notices import Notices
from kit.errors import DatabaseUnavailable
from tests.harness.watching import can_subscribe, listening, notify
from tests.selfie.world import wait_until


@pytest.fixture
def db(make_db: Callable[[str], Engine]) -> Engine:
    """Any database."""
    return make_db("auth")


@pytest.fixture
def notices(db: Engine) -> Notices:
    return Notices(db.url.render_as_string(hide_password=False), "news")


@pytest.fixture
def stop(notices: Notices) -> Iterator[Signal]:
    with listening(notices) as stop:
        yield stop


@pytest.mark.usefixtures("stop")
def test_each_subscriber_receives_all_notifications_over_one_connection(db: Engine, notices: Notices) -> None:
    with notices.subscribe() as one, notices.subscribe() as other:
        for number in range(3):
            notify(db, "news", str(number))
        for subscription in (one, other):
            payloads = iter(subscription)
            assert [next(payloads) for _ in range(3)] == ["0", "1", "2"]
    with db.begin() as connection:
        query = text("SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN news'")
        assert connection.execute(query).scalar() == 1


@pytest.mark.usefixtures("stop")
def test_a_lost_connection_ends_subscriptions_and_is_reopened(db: Engine, notices: Notices) -> None:
    with notices.subscribe() as subscription, db.begin() as connection:
        query = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query = 'LISTEN news'")
        connection.execute(query)
        assert list(subscription) == []
    wait_until(lambda: can_subscribe(notices))
    with notices.subscribe() as again:
        notify(db, "news", "here")
        assert next(iter(again)) == "here"


def test_a_stop_ends_subscriptions(notices: Notices, stop: Signal) -> None:
    with notices.subscribe() as subscription:
        stop.set()
        assert list(subscription) == []
    wait_until(lambda: not can_subscribe(notices))


@pytest.mark.usefixtures("stop")
def test_a_slow_subscriber_is_disconnected(db: Engine, notices: Notices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UNREAD", 2)
    with notices.subscribe() as slow, notices.subscribe() as swift:
        payloads = iter(swift)
        for number in range(3):
            notify(db, "news", str(number))
            assert next(payloads) == str(number)
        assert list(slow) == []


def test_subscribing_without_a_connection_fails() -> None:
    notices = Notices("", "news")
    notices.run(Signal())
    with pytest.raises(DatabaseUnavailable):
        notices.subscribe()
