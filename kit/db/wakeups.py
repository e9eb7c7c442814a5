"""Waiting for work: NOTIFY wakes a worker at once, polling finds what a lost notification missed."""

import select
from threading import Event

import psycopg2

from kit.telemetry.logs import get_logger

log = get_logger()


class Wakeups:
    """Waits for a notification on `channel`, or for `interval_s`, whichever comes first.

    Without a `listen_url`, or while its connection is down, only the interval counts. Not thread-safe.
    """

    def __init__(self, listen_url: str, channel: str, interval_s: float, stop: Event) -> None:
        self._url = listen_url
        self._channel = channel
        self._interval_s = interval_s
        self._stop = stop
        self._connection: psycopg2.extensions.connection | None = None

    def wait(self) -> None:
        if not self._url:
            self._stop.wait(self._interval_s)
            return
        try:
            if self._connection is None:
                self._connection = self._listen()
                return
            select.select([self._connection], [], [], self._interval_s)
            self._connection.poll()
            self._connection.notifies.clear()
        except (psycopg2.Error, OSError):
            self.close()
            self._stop.wait(self._interval_s)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _listen(self) -> psycopg2.extensions.connection:
        connection = psycopg2.connect(self._url.replace("+psycopg2", ""), connect_timeout=3)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {self._channel}")
        log.debug("Listening for notifications.", action="listen", channel=self._channel)
        return connection
