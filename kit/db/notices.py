"""Receives notifications of PostgreSQL's NOTIFY: one connection, any number of subscribers."""

import select
from collections import deque
from collections.abc import Iterator
from threading import Condition, Event, Lock
from types import TracebackType
from typing import Any, Self

import psycopg2

from kit.errors import DatabaseUnavailable
from kit.telemetry.logs import get_logger

log = get_logger()

MAX_UNREAD = 10_000  # unread notifications per subscriber
BACKOFF_S = 0.5
# Nothing is polled here: without keepalive probes a silently lost connection would never be detected.
KEEPALIVE: dict[str, Any] = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
LOOK_UP_S = 0.25  # longest delay until a stop is noticed


class Subscription:
    """The payloads since its creation, in commit order; after it ends, some may be lost."""

    def __init__(self, notices: "Notices") -> None:
        self._notices = notices
        self._unread: deque[str] = deque()
        self._is_over = False
        self._news = Condition()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._notices.forget(self)

    def __iter__(self) -> Iterator[str]:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._unread or self._is_over)
                if self._is_over:
                    return
                payload = self._unread.popleft()
            yield payload

    def put(self, payload: str) -> None:
        """Adds a payload; ends the subscription if the subscriber does not keep up."""
        with self._news:
            self._unread.append(payload)
            self._is_over |= len(self._unread) > MAX_UNREAD
            self._news.notify()

    def close(self) -> None:
        """Ends the subscription at once; thread-safe."""
        with self._news:
            self._is_over = True
            self._news.notify()


class Notices:
    """Distributes the notifications on `channel` while `run` is running. Without a `listen_url`, subscribing fails."""

    def __init__(self, listen_url: str, channel: str) -> None:
        self._url = listen_url
        self._channel = channel
        self._lock = Lock()
        self._subscriptions: set[Subscription] = set()
        self._is_listening = False

    def subscribe(self) -> Subscription:
        """Raises DatabaseUnavailable while not listening."""
        subscription = Subscription(self)
        with self._lock:
            if not self._is_listening:
                raise DatabaseUnavailable
            self._subscriptions.add(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions.discard(subscription)

    def run(self, stop: Event) -> None:
        """Listens until `stop`; a lost connection ends all subscriptions and is re-established."""
        if not self._url:
            log.warning("LISTEN_URL is not set: open pages are not updated.", action="no_notices")
            return
        while not stop.is_set():
            try:
                self._listen(stop)
            except (psycopg2.Error, OSError) as error:
                log.warning(
                    "The connection for notifications is lost.", action="notices_lost", why=type(error).__name__
                )
            finally:
                self._end_all()
            stop.wait(BACKOFF_S)

    def _listen(self, stop: Event) -> None:
        connection = psycopg2.connect(self._url.replace("+psycopg2", ""), connect_timeout=3, **KEEPALIVE)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {self._channel}")
            with self._lock:
                self._is_listening = True
            while not stop.is_set():
                select.select([connection], [], [], LOOK_UP_S)
                connection.poll()
                with self._lock:
                    for notice in connection.notifies:
                        for subscription in self._subscriptions:
                            subscription.put(notice.payload)
                connection.notifies.clear()
        finally:
            connection.close()

    def _end_all(self) -> None:
        with self._lock:
            self._is_listening = False
            for subscription in self._subscriptions:
                subscription.close()
            self._subscriptions.clear()
