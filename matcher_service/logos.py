"""The logos of events: set by organisers, shown to members."""

from collections.abc import Callable, Sequence
from uuid import UUID

from kit.faces.images.formats import sniff
from kit.faces.types import LogoReading
from kit.storage.blobs import BlobNotFound, Blobs
from matcher_service.domain import Action, EmptyImage, EventNotFound, OrganiserOnly
from matcher_service.domain.logos import (
    MAX_LOGO_BYTES,
    Logo,
    LogoNotFound,
    LogoTooLarge,
    LogoUnsupported,
    UnreadableLogo,
)
from matcher_service.service import Members
from matcher_service.store import LogoStore

FORMATS = ("image/jpeg", "image/png", "image/webp")


class Logos:
    """Sets and opens logos. `read` decodes the bytes in a separate process, and returns None if it crashed."""

    def __init__(
        self, store: LogoStore, members: Members, blobs: Blobs, read: Callable[[bytes], LogoReading | None]
    ) -> None:
        self._store = store
        self._members = members
        self._blobs = blobs
        self._read = read

    def set_logo(self, user_id: UUID, event_id: UUID, image: bytes) -> Logo:
        """Durable when it returns. Raises EventNotFound, OrganiserOnly, and a fault for an unusable image."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        if not image:
            raise EmptyImage
        if len(image) > MAX_LOGO_BYTES:
            raise LogoTooLarge
        if sniff(image) not in FORMATS:
            raise LogoUnsupported
        reading = self._read(image)
        if reading is None or reading.reason:
            raise UnreadableLogo
        key = self._blobs.new_key()
        self._blobs.put(key, reading.png)
        try:
            return self._store.set(event_id, user_id, key, reading.width, reading.height)
        except (EventNotFound, OrganiserOnly):  # after any other fault the row may be there
            self._blobs.delete(key)
            raise

    def open_logo(self, user_id: UUID, event_id: UUID) -> tuple[Logo, bytes]:
        """The PNG. Raises EventNotFound, LogoNotFound."""
        self._members.require(event_id, user_id)
        logo = self._store.find(event_id)
        if logo is None:
            raise LogoNotFound
        try:
            return logo, self._blobs.get(logo.key)
        except BlobNotFound:
            raise LogoNotFound from None

    def delete_logo(self, user_id: UUID, event_id: UUID) -> None:
        """Raises EventNotFound, OrganiserOnly."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        self._store.delete(event_id, user_id)

    def find_version(self, event_id: UUID) -> str:
        """Empty if the event has no logo."""
        return self.find_versions([event_id]).get(event_id, "")

    def find_versions(self, event_ids: Sequence[UUID]) -> dict[UUID, str]:
        """The versions of the logos of these events; the caller checks memberships."""
        return self._store.find_versions(list(event_ids))
