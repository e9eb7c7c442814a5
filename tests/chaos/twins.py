"""Broken twins of what protects the data; with any of them the run must find a violation.

Some wait where the missing protection would have mattered, so that a short run meets the moment.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from threading import Lock
from uuid import UUID

from sqlalchemy import Connection, Engine

from kit.db import transaction
from matcher_service.domain import Rematch
from matcher_service.store import MatchStore
from matcher_service.store.matches import FindNewer
from selfie_service.domain import SelfieJob
from selfie_service.store import SelfieStore

LATE_S = 2.0  # how long a rematch waits for a newer one, within the time of its stream


class DeleteThenInsert(MatchStore):
    """Commits the deletion of the old set before it publishes the new one."""

    def publish(self, rematch: Rematch, found: Sequence[UUID], compared: int, find_newer: FindNewer) -> int | None:
        with transaction(self._engine) as connection:
            self._replace(connection, {"event": rematch.event_id, "user": rematch.user_id}, [])
        time.sleep(0.3)
        return super().publish(rematch, found, compared, find_newer)


class NothingUnderTheLock(MatchStore):
    """Publishes what was found before the lock and looks no further."""

    def publish(self, rematch: Rematch, found: Sequence[UUID], compared: int, find_newer: FindNewer) -> int | None:
        time.sleep(0.2)
        return super().publish(rematch, found, compared, lambda newer: [])


class NoRevisionCheck(MatchStore):
    """Lets a late rematch win. One at a time waits for what overtakes it; more would hold that up as well."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._turn = Lock()

    def publish(self, rematch: Rematch, found: Sequence[UUID], compared: int, find_newer: FindNewer) -> int | None:
        with ExitStack() as turn:
            if self._turn.acquire(blocking=False):
                turn.callback(self._turn.release)
                self._wait_until_late(rematch)
            return super().publish(rematch, found, compared, find_newer)

    def _wait_until_late(self, rematch: Rematch) -> None:
        ends_at = time.monotonic() + LATE_S
        while time.monotonic() < ends_at:
            with transaction(self._engine) as connection:
                if super()._is_stale(connection, rematch):
                    return
            time.sleep(0.02)

    def _is_stale(self, connection: Connection, rematch: Rematch) -> bool:
        return False


class NoFence(SelfieStore):
    """Believes every verdict, also one about a selfie that a newer one took the place of."""

    def accept(self, job: SelfieJob, encoding: bytes) -> bool:
        with transaction(self._engine) as connection:
            is_late = not super()._is_current(connection, job)
        if is_late:
            time.sleep(1)
        return super().accept(job, encoding)

    def _is_current(self, connection: Connection, job: SelfieJob) -> bool:
        return True


SELFIES: dict[str, type[SelfieStore]] = {"no_fence": NoFence}
MATCHES: dict[str, type[MatchStore]] = {
    "delete_then_insert": DeleteThenInsert,
    "no_revision_check": NoRevisionCheck,
    "nothing_under_the_lock": NothingUnderTheLock,
}
NAMES = (*SELFIES, *MATCHES)
