"""LISTEN as a service process does, and streams of hints that are read up to a marker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event as Signal
from typing import Any

import grpc
from sqlalchemy import Engine, text

from kit.db.notices import Notices
from kit.errors import DatabaseUnavailable
from kit.worker import start_thread
from tests.harness.calls import Metadata
from tests.selfie.world import wait_until

STREAM_S = 60.0


@contextmanager
def listening(notices: Notices) -> Iterator[Signal]:
    """Runs `notices`; setting the yielded signal stops it."""
    stop = Signal()
    running = start_thread(lambda: notices.run(stop), "hints")
    wait_until(lambda: can_subscribe(notices))
    yield stop
    stop.set()
    running.join(10)


def can_subscribe(notices: Notices) -> bool:
    try:
        with notices.subscribe():
            return True
    except DatabaseUnavailable:
        return False


class Watch:
    """An open stream of hints. `mark` sends a hint that `is_mark` recognises; hints that do not arrive before it do not
    arrive at all."""

    def __init__(
        self,
        method: Callable[..., Any],
        request: Any,
        metadata: Metadata,
        mark: Callable[[], None],
        is_mark: Callable[[Any], bool],
    ) -> None:
        self.stream = method(request, metadata=metadata, timeout=STREAM_S)
        self._mark, self._is_mark = mark, is_mark
        assert not next(self.stream).ByteSize(), "the first response is empty"

    def heard(self) -> list[Any]:
        """The hints since the last call."""
        self._mark()
        hints: list[Any] = []
        for hint in self.stream:
            if self._is_mark(hint):
                return hints
            hints.append(hint)
        raise AssertionError("the stream has ended")


def ends(stream: Any) -> grpc.StatusCode:
    """Reads a stream to its end; returns its status code."""
    with suppress(grpc.RpcError):
        for _ in stream:
            pass
    code: grpc.StatusCode = stream.code()
    return code


def notify(db: Engine, channel: str, payload: str) -> None:
    with db.begin() as connection:
        connection.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": channel, "payload": payload})
