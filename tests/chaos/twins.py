"""Stores with one protection disabled; a run with any of them must find a violation.

Some sleep where the protection would have mattered, so that a short run hits the race.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import Connection, Engine

from kit.db.engine import transaction
from matcher_service.domain import Rematch
from matcher_service.faces import FoundFace
from matcher_service.store import MatchStore
from matcher_service.store.matches import FindNewer
from selfie_service.domain import Decision, Judge, SelfieJob
from selfie_service.store import SelfieStore


class DeleteThenInsert(MatchStore):
    """Commits the deletion of the old set before it publishes the new one."""

    def publish(self, rematch: Rematch, found: Sequence[FoundFace], compared: int, find_newer: FindNewer) -> int | None:
        with transaction(self._engine) as connection:
            self._replace(connection, {"event": rematch.event_id, "person": rematch.user_id}, [])
        time.sleep(0.3)
        return super().publish(rematch, found, compared, find_newer)


class NothingUnderTheLock(MatchStore):
    """Publishes the faces found before the lock and ignores those added since."""

    def publish(self, rematch: Rematch, found: Sequence[FoundFace], compared: int, find_newer: FindNewer) -> int | None:
        time.sleep(0.2)
        return super().publish(rematch, found, compared, lambda newer: [])


class NoRevisionCheck(MatchStore):
    """Lets a late rematch win: after each rematch the guest's previous one arrives again, as it does when its stream
    broke and the matcher continues it."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._before: dict[tuple[UUID, UUID], Callable[[], int | None]] = {}

    def publish(self, rematch: Rematch, found: Sequence[FoundFace], compared: int, find_newer: FindNewer) -> int | None:
        publish = partial(super().publish, rematch, found, compared, find_newer)
        published = publish()
        if late := self._before.get((rematch.event_id, rematch.user_id)):
            late()
        self._before[rematch.event_id, rematch.user_id] = publish
        return published

    def _is_stale(self, connection: Connection, rematch: Rematch) -> bool:
        return False


class NoFence(SelfieStore):
    """Accepts every verdict, even for a selfie that a newer one has replaced."""

    def accept(self, job: SelfieJob, encoding: bytes, judge: Judge | None) -> Decision:
        with transaction(self._engine) as connection:
            is_late = not super()._is_current(connection, job)
        if is_late:
            time.sleep(1)
        return super().accept(job, encoding, judge)

    def _is_current(self, connection: Connection, job: SelfieJob) -> bool:
        return True


SELFIES: dict[str, type[SelfieStore]] = {"no_fence": NoFence}
MATCHES: dict[str, type[MatchStore]] = {
    "delete_then_insert": DeleteThenInsert,
    "no_revision_check": NoRevisionCheck,
    "nothing_under_the_lock": NothingUnderTheLock,
}
NAMES = (*SELFIES, *MATCHES)
