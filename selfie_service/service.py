"""The use cases of selfie_service."""

import hashlib
from collections.abc import Callable
from uuid import UUID, uuid4

from kit.errors import Fault, Unavailable
from kit.faces.images.formats import sniff
from kit.storage.blobs import BlobNotFound
from kit.telemetry import traces
from selfie_service.domain import (
    EmptyImage,
    EventClosed,
    NewSelfie,
    Progress,
    Selfie,
    SelfieNotFound,
    TooLarge,
    UnsupportedType,
    UserNotFound,
    first_person,
)
from selfie_service.domain.people import ConsentWithdrawn
from selfie_service.images import Images
from selfie_service.people import People
from selfie_service.store import RematchStore, SelfieStore


class Selfies:
    """The selfies and rematches of a guest's people; without a person id, of the first one. `catch_up` applies all
    pending changes of auth_service, so that guests find what they have just done there."""

    def __init__(
        self,
        selfies: SelfieStore,
        rematches: RematchStore,
        people: People,
        images: Images,
        catch_up: Callable[[], None],
        max_image_bytes: int,
    ) -> None:
        self._max_image_bytes = max_image_bytes
        self._selfies = selfies
        self._rematches = rematches
        self._people = people
        self._images = images
        self._catch_up = catch_up

    def upload(
        self,
        user_id: UUID,
        idempotency_key: UUID | None,
        image: bytes,
        is_addition: bool = False,
        person_id: UUID | None = None,
    ) -> UUID:
        """Returns the id of the accepted selfie, which is durable and has no verdict yet."""
        person = self._people.require(user_id, person_id)
        content_type = _check_image(image, self._max_image_bytes)
        selfie = NewSelfie(
            id=uuid4(),
            user_id=user_id,
            person_id=person,
            idempotency_key=idempotency_key,
            sha256=hashlib.sha256(image).digest(),
            image_key=self._images.write(person, image),
            content_type=content_type,
            is_addition=is_addition,
        )
        try:
            accepted = self._add(selfie)
        except Unavailable:
            raise  # the row may exist; if not, the sweeper deletes the file
        except Fault:
            self._images.discard(selfie.image_key)
            raise
        if accepted != selfie.id:
            self._images.discard(selfie.image_key)
        traces.lead_to(accepted)
        return accepted

    def get_selfie(
        self, user_id: UUID, person_id: UUID | None = None, selfie_id: UUID | None = None
    ) -> tuple[Selfie, bytes]:
        """Returns the selfie in use, or the one with the given id. Raises SelfieNotFound."""
        person = self._people.require(user_id, person_id)
        selfie = self._selfies.find_selfie(person, selfie_id)
        if selfie is None:
            raise SelfieNotFound
        try:
            return selfie, self._images.read(person, selfie.image)
        except BlobNotFound:  # deleted concurrently
            raise SelfieNotFound from None

    def delete_selfie(self, user_id: UUID, person_id: UUID | None = None) -> None:
        self._selfies.delete_selfies(self._people.require(user_id, person_id))

    def get_progress(self, user_id: UUID, person_id: UUID | None = None) -> Progress:
        person = self._people.require(user_id, person_id)
        progress = self._rematches.read_progress(person)
        if progress is None:
            self._catch_up()
            progress = self._rematches.read_progress(person)
        return progress or Progress(None, None, None, ())

    def start_rematch(self, user_id: UUID, person_id: UUID | None = None) -> None:
        person = self._people.require(user_id, person_id)
        if not self._selfies.has_person(person):
            self._catch_up()
        self._rematches.restart(person)

    def _add(self, selfie: NewSelfie) -> UUID:
        try:
            return self._selfies.add_selfie(selfie)
        except (UserNotFound, EventClosed, ConsentWithdrawn):
            if selfie.person_id != first_person(selfie.user_id):
                self._people.require(selfie.user_id, selfie.person_id)  # the person may be deleted by now
            self._catch_up()  # the account may be new, have joined another event, or have given a new consent
            self._selfies.add_person(selfie.user_id)
            return self._selfies.add_selfie(selfie)


def _check_image(image: bytes, max_bytes: int) -> str:
    """Returns the media type; the worker decides everything else about the image."""
    if not image:
        raise EmptyImage
    if len(image) > max_bytes:
        raise TooLarge
    content_type = sniff(image)
    if content_type is None:
        raise UnsupportedType
    return content_type
