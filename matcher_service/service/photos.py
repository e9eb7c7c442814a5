"""The use cases of an event's photos."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from kit.audit.acts import Act, ActQuery
from kit.db.pages import Page
from kit.storage.blobs import BlobNotFound, Blobs
from kit.telemetry import traces
from matcher_service.domain import (
    MAX_FILENAME_LENGTH,
    Action,
    AddedPhoto,
    Download,
    DownloadNotOffered,
    EventClosed,
    EventNotFound,
    IndexCounts,
    KnownPhoto,
    Listing,
    NewPhoto,
    OrganiserOnly,
    Photo,
    PhotoNotFound,
    PhotoNotReady,
    PhotoState,
    Quota,
    ShownPhoto,
    TooManyEventPhotos,
    TooManyGuestPhotos,
    Variant,
    may,
)
from matcher_service.pictures import WHOLE, OpenPicture, Source, Window, from_json, open_picture
from matcher_service.service.members import CatchUp, Members
from matcher_service.spool import Spool
from matcher_service.store import PhotoStore


class Photos:
    """Adds, shows, lists and deletes photos, for organisers, for the guests who are in them and for their uploaders."""

    def __init__(
        self,
        store: PhotoStore,
        members: Members,
        blobs: Blobs,
        catch_up: CatchUp,
        max_photo_bytes: int,
        quota: Quota,
    ) -> None:
        self.max_photo_bytes = max_photo_bytes
        self._quota = quota
        self._store = store
        self._members = members
        self._blobs = blobs
        self._catch_up = catch_up

    def require_upload(self, user_id: UUID, event_id: UUID) -> datetime:
        """Checks permissions before any byte is read; returns the time by the database's clock. Raises EventNotFound,
        OrganiserOnly, EventClosed."""
        self._members.require_contributor(event_id, user_id)
        return self._store.require_open(event_id)

    def add_photo(
        self,
        user_id: UUID,
        event_id: UUID,
        filename: str,
        upload: Spool,
        *,
        replaces: bool = False,
        began_at: datetime | None = None,
    ) -> AddedPhoto:
        """Durable when it returns. An unusable file is a result, not a fault, so that the remaining files are still
        processed. A failed photo is read again, from the new bytes. `replaces`: replace the photo of the same name, if
        there is exactly one."""
        filename = _clean(filename)
        if fault := upload.check():
            return AddedPhoto(None, filename, PhotoState.REFUSED, fault.reason)
        role = self._members.require_contributor(event_id, user_id)
        known = self._store.find_upload(event_id, upload.sha256, began_at)
        if known and known.is_foreign(role, user_id):
            return AddedPhoto(None, filename, PhotoState.PENDING, existing=True)
        is_settled = known and known.state is not PhotoState.FAILED and not (replaces and known.has_new_version)
        if known and is_settled and not known.is_taken_over(role):
            return AddedPhoto(known.photo_id, filename, known.state, existing=True)
        key = self._blobs.new_key()
        self._blobs.put_file(key, upload.open())
        photo = NewPhoto(
            id=uuid4(),
            event_id=event_id,
            uploader_id=user_id,
            filename=filename,
            content_type=upload.content_type,
            upload_key=key,
            sha256=upload.sha256,
            size_bytes=upload.size_bytes,
            replaces=replaces,
            began_at=began_at,
        )
        return self._keep(photo)

    def _keep(self, photo: NewPhoto) -> AddedPhoto:
        """Deletes the file if its row cannot be written."""
        key, filename = photo.upload_key, photo.filename
        try:
            added = self._store.add(photo, self._quota)
        except (TooManyEventPhotos, TooManyGuestPhotos) as limit:
            self._blobs.delete(key)
            return AddedPhoto(None, filename, PhotoState.REFUSED, limit.reason)
        except (EventClosed, EventNotFound, OrganiserOnly):  # after any other fault the row may be there
            self._blobs.delete(key)
            raise
        if added.photo_id:
            traces.lead_to(added.photo_id)
        return added

    def open_photo(
        self, user_id: UUID, photo_id: UUID, variant: Variant, window: Window = WHOLE
    ) -> tuple[ShownPhoto, OpenPicture]:
        """A JPEG, or a part of it. Raises PhotoNotFound, PhotoNotReady, DownloadNotOffered."""
        shown = self._store.find_shown(photo_id, user_id, variant)
        if shown is None:
            self._catch_up()
            shown = self._store.find_shown(photo_id, user_id, variant)
        if shown is None:
            raise PhotoNotFound
        if variant is Variant.ORIGINAL and shown.download is not Download.ORIGINAL:
            raise DownloadNotOffered
        if shown.state is not PhotoState.INDEXED or shown.key is None:
            raise PhotoNotReady
        try:
            return shown, open_picture(self._blobs, Source(shown.key, from_json(shown.parts)), window)
        except BlobNotFound:
            raise PhotoNotFound from None

    def list_photos(self, user_id: UUID, event_id: UUID, page: Page, listing: Listing) -> tuple[list[Photo], int]:
        """A page, and the total number. Raises EventNotFound, OrganiserOnly."""
        role = self._members.require_to(Action.SEE_OWN, event_id, user_id)
        if not may(role, Action.SEE_ALL):
            listing = replace(listing, uploader_id=user_id)
        return self._store.list_photos(event_id, page, listing)

    def list_acts(self, user_id: UUID, event_id: UUID, page: ActQuery) -> list[Act]:
        """The acts that this service recorded about the event. Raises EventNotFound, OrganiserOnly."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        return self._store.list_acts(event_id, page)

    def list_uploads(self, user_id: UUID, event_id: UUID, page: Page) -> tuple[list[Photo], int]:
        """A page of the photos that the member added, and their total number. Raises EventNotFound."""
        self._members.require(event_id, user_id)
        photos, total = self._store.list_uploads(event_id, user_id, page)
        return [replace(photo, hide_requests=0) for photo in photos], total

    def delete_photo(self, user_id: UUID, photo_id: UUID) -> None:
        """Allowed for organisers and the guest who added it. Raises PhotoNotFound, OrganiserOnly for others who see
        it."""
        event_id = self._store.find_event(photo_id)
        if event_id and self._store.delete_own(event_id, photo_id, user_id):
            return
        try:
            event_id = self._require_event_of(user_id, photo_id)
        except PhotoNotFound:
            if self._store.find_shown(photo_id, user_id, Variant.THUMB):
                raise OrganiserOnly from None
            raise
        self._store.delete(event_id, [photo_id])

    def delete_photos(self, user_id: UUID, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
        """Ignores photos of other events. Raises EventNotFound, OrganiserOnly."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        self._store.delete(event_id, photo_ids)

    def find_known(self, user_id: UUID, event_id: UUID, sha256: Sequence[bytes]) -> dict[bytes, KnownPhoto]:
        """The files that the member need not send, by their hashes. Raises EventNotFound, OrganiserOnly."""
        role = self._members.require_contributor(event_id, user_id)
        return self._store.find_known(event_id, user_id, role, sha256)

    def retry_photo(self, user_id: UUID, photo_id: UUID) -> None:
        """Raises PhotoNotFound, PhotoNotFailed."""
        self._store.retry(photo_id, self._require_event_of(user_id, photo_id))

    def retry_failed(self, user_id: UUID, event_id: UUID) -> int:
        """Returns how many photos will be read again. Raises EventNotFound, OrganiserOnly."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        return self._store.retry_failed(event_id)

    def count(self, user_id: UUID, event_ids: Sequence[UUID], *, count_guests: bool = False) -> list[IndexCounts]:
        """Counts all photos of each event, or only the user's own if they may see no others; counts guests only for
        users who administer the event. Raises EventNotFound, OrganiserOnly."""
        roles = self._members.require_all_to(Action.SEE_OWN, event_ids, user_id)
        counts = self._store.count(event_ids)
        for event_id in event_ids:
            if not may(roles[event_id], Action.SEE_ALL):
                counts[event_id] = self._store.count_own(event_id, user_id)
        if count_guests:
            administered = [event_id for event_id in counts if may(roles[event_id], Action.ADMINISTER)]
            for event_id, (searched, unmatched) in self._store.count_guests(administered).items():
                counts[event_id] = replace(counts[event_id], searched=searched, unmatched=unmatched)
        return [counts.get(event_id, IndexCounts(event_id)) for event_id in event_ids]

    def _require_event_of(self, user_id: UUID, photo_id: UUID) -> UUID:
        """The event of a photo. Raises PhotoNotFound, also if the user is not one of its organisers."""
        return self._members.require_organiser_of(self._store.find_event(photo_id), user_id)


def _clean(filename: str) -> str:
    """For display only, never used as a path: removes control characters and truncates."""
    return "".join(letter for letter in filename if letter.isprintable())[:MAX_FILENAME_LENGTH]
