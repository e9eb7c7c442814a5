"""The faces of photos, for organisers who ask why a photo matches a person or not."""

import struct
from collections.abc import Callable
from uuid import UUID

from kit.storage.blobs import BlobNotFound, Blobs
from matcher_service.domain import PhotoNotFound, PhotoNotReady
from matcher_service.domain.photo_faces import Explanation, StoredFace
from matcher_service.domain.photo_faces import PhotoFaces as Read
from matcher_service.rules.explain import explain
from matcher_service.service import Members
from matcher_service.store import PhotoFaceStore

BOX = struct.Struct("<5i")  # precedes the JPEG that `crop` receives: the width of the photo, and the box


class PhotoFaces:
    """Lists and crops faces. `crop` decodes a preview in a separate process, and returns None if it crashed."""

    def __init__(
        self,
        store: PhotoFaceStore,
        members: Members,
        blobs: Blobs,
        crop: Callable[[bytes], bytes | None],
        tolerance: float,
    ) -> None:
        self._store = store
        self._members = members
        self._blobs = blobs
        self._crop = crop
        self._tolerance = tolerance

    def list_faces(
        self, user_id: UUID, photo_id: UUID, person_id: UUID | None
    ) -> tuple[Read, list[tuple[StoredFace, Explanation]]]:
        """Raises PhotoNotFound, PhotoNotReady."""
        photo = self._read(user_id, photo_id, person_id)
        return photo, [(face, explain(photo, face, self._tolerance)) for face in photo.faces]

    def cut_face(self, user_id: UUID, photo_id: UUID, no: int) -> bytes:
        """A JPEG. Raises PhotoNotFound, PhotoNotReady."""
        photo = self._read(user_id, photo_id, None)
        face = next((face for face in photo.faces if face.no == no), None)
        if face is None:
            raise PhotoNotFound
        try:
            preview = self._blobs.get(photo.preview_key)
        except BlobNotFound:
            raise PhotoNotFound from None
        cut = self._crop(BOX.pack(photo.width, face.left, face.top, face.width, face.height) + preview)
        if not cut:
            raise PhotoNotReady
        return cut

    def _read(self, user_id: UUID, photo_id: UUID, person_id: UUID | None) -> Read:
        """Only for organisers of the event; for others the photo does not exist."""
        event_id = self._members.require_organiser_of(self._store.find_event(photo_id), user_id)
        photo = self._store.read(event_id, photo_id, person_id)
        if photo is None:
            raise PhotoNotReady
        self._store.note_view(event_id, photo_id)  # before anything is returned
        return photo
