"""The use cases of cameras and their clocks."""

from collections.abc import Sequence
from uuid import UUID

from matcher_service.domain import Action, Camera
from matcher_service.service.members import Members
from matcher_service.store import CameraStore


class Cameras:
    """The cameras of events, whose clocks organisers correct."""

    def __init__(self, store: CameraStore, members: Members) -> None:
        self._store = store
        self._members = members

    def list_cameras(self, user_id: UUID, event_id: UUID) -> Sequence[Camera]:
        """Raises EventNotFound, OrganiserOnly."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        return self._store.list_cameras(event_id)

    def set_offset(self, user_id: UUID, event_id: UUID, camera_id: UUID, offset_s: int) -> None:
        """Raises EventNotFound, OrganiserOnly, CameraNotFound."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        self._store.set_offset(event_id, camera_id, offset_s)
