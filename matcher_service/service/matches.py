"""The use cases of matches of guests and photos."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from kit.db.pages import Page
from kit.errors import Fault, Unavailable
from kit.telemetry import traces
from matcher_service.domain import (
    Action,
    EventNotFound,
    Listing,
    Match,
    NoticeCounts,
    PhotoNotFound,
    Rematch,
    RematchState,
    Snapshot,
)
from matcher_service.faces import FacePage, FoundFace, FoundPerson, SeenFace
from matcher_service.index import Index, make_faces
from matcher_service.matching import Encodings, find_people
from matcher_service.rules import Limits, are_apart
from matcher_service.service.members import Members
from matcher_service.service.two_faces import TwoFaces
from matcher_service.store import MatchStore, RefusalStore


class Matches:
    """Compares guests with the faces of their events."""

    def __init__(
        self,
        store: MatchStore,
        refusals: RefusalStore,
        index: Index,
        members: Members,
        limits: Limits,
        two_faces: TwoFaces,
    ) -> None:
        self._store = store
        self._refusals = refusals
        self._index = index
        self._members = members
        self._limits = limits
        self._tolerance = limits.tolerance
        self._two_faces = two_faces

    def rematch(self, rematch: Rematch) -> Iterator[Snapshot]:
        """Yields ACCEPTED, then progress, then the result. Faults are results, too, except Unavailable, which is
        raised."""
        latest = Snapshot(rematch.id, RematchState.ACCEPTED)
        yield latest
        try:
            for snapshot in self._rematch(rematch, latest):
                yield (latest := snapshot)
        except Unavailable:
            raise
        except Fault as fault:
            yield replace(latest, state=RematchState.FAILED, reason=fault.reason)

    def list_matches(
        self, user_id: UUID, event_id: UUID | None, page: Page, listing: Listing, person_id: UUID | None = None
    ) -> tuple[list[Match], int]:
        """A page, and the total number. Raises EventNotFound."""
        if event_id:
            self._members.require(event_id, user_id)
        return self._store.list_matches(user_id, event_id, page, listing, person_id)

    def count_matches(self, user_id: UUID, event_id: UUID, guest_ids: Sequence[UUID]) -> dict[UUID, int]:
        """How many photos each guest is in, for those who are members. Raises EventNotFound, OrganiserOnly."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        return self._store.count_matches(event_id, guest_ids)

    def count_for_notices(self, event_id: UUID, user_ids: Sequence[UUID]) -> NoticeCounts:
        """For other services, which need no role."""
        return self._store.count_for_notices(event_id, user_ids)

    def refuse_match(self, user_id: UUID, photo_id: UUID, person_id: UUID | None = None) -> None:
        """Raises PhotoNotFound."""
        event_id = self._refusals.find_event(photo_id)
        if event_id is None or not self._refusals.refuse(event_id, user_id, photo_id, person_id):
            raise PhotoNotFound

    def restore_match(self, user_id: UUID, photo_id: UUID, person_id: UUID | None = None) -> None:
        """Raises PhotoNotFound."""
        event_id = self._refusals.find_event(photo_id)
        if event_id is None or not self._refusals.restore(event_id, user_id, photo_id, self._find_person, person_id):
            raise PhotoNotFound

    def _find_person(self, person: bytes, faces: Sequence[SeenFace], rejected: Sequence[bytes]) -> list[FoundPerson]:
        return find_people([person], faces, self._tolerance, {0: rejected})

    def _rematch(self, rematch: Rematch, latest: Snapshot) -> Iterator[Snapshot]:
        self._members.require(rematch.event_id, rematch.user_id)
        encoding = rematch.encoding
        found: list[FoundFace] = []
        several: list[Encodings] = []
        compared = total = 0
        if encoding is not None:
            faces = self._index.use(rematch.event_id)
            if faces is None:
                raise EventNotFound
            compared, total = faces.version, len(faces)
            yield replace(latest, state=RematchState.RUNNING, total=total)
            with traces.step("search"):
                search = faces.search(encoding, self._tolerance)
                found, several = search.found, search.several
        matched = self._store.publish(rematch, found, compared, lambda newer: self._find_newer(newer, encoding))
        if matched is None:
            yield replace(latest, state=RematchState.SUPERSEDED)
        else:
            # Before the event is settled, because by then the selfie may be deleted.
            count = sum(are_apart(encodings, self._limits.apart_distance) for encodings in several)
            self._two_faces.note(rematch.event_id, {rematch.person: count} if count else {})
            yield replace(latest, state=RematchState.DONE, compared=total, total=total, matched=matched)

    def _find_newer(self, newer: FacePage, encoding: bytes | None) -> list[FoundFace]:
        return make_faces(0, newer).find(encoding, self._tolerance) if encoding and len(newer) else []
