"""The use cases of selfie_service."""

import hashlib
from collections.abc import Callable
from uuid import UUID, uuid4

from kit.faces.formats import sniff
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
)
from selfie_service.store import RematchStore, SelfieStore


class Selfies:
    """A guest's selfies and rematches. `catch_up` applies what auth_service has told until now, so that guests find
    what they did there a moment ago."""

    def __init__(
        self, selfies: SelfieStore, rematches: RematchStore, catch_up: Callable[[], None], max_image_bytes: int
    ) -> None:
        self._max_image_bytes = max_image_bytes
        self._selfies = selfies
        self._rematches = rematches
        self._catch_up = catch_up

    def upload(self, user_id: UUID, request_id: UUID | None, image: bytes) -> UUID:
        """The id of the accepted selfie; durable, not decided."""
        content_type = _check_image(image, self._max_image_bytes)
        selfie = NewSelfie(uuid4(), user_id, request_id, hashlib.sha256(image).digest(), image, content_type)
        try:
            return self._selfies.add_selfie(selfie)
        except (UserNotFound, EventClosed):
            self._catch_up()  # the guest may be new, or have joined another event
            return self._selfies.add_selfie(selfie, may_be_new=True)

    def get_selfie(self, user_id: UUID) -> Selfie:
        selfie = self._selfies.find_selfie(user_id)
        if selfie is None:
            raise SelfieNotFound
        return selfie

    def delete_selfie(self, user_id: UUID) -> None:
        self._selfies.delete_selfies(user_id)

    def get_progress(self, user_id: UUID) -> Progress:
        progress = self._rematches.read_progress(user_id)
        if progress is None:
            self._catch_up()
            progress = self._rematches.read_progress(user_id)
        return progress or Progress(None, None, None, ())

    def start_rematch(self, user_id: UUID) -> None:
        if not self._selfies.has_guest(user_id):
            self._catch_up()
        self._rematches.restart(user_id)


def _check_image(image: bytes, max_bytes: int) -> str:
    """The media type; everything else about the image is the worker's verdict."""
    if not image:
        raise EmptyImage
    if len(image) > max_bytes:
        raise TooLarge
    content_type = sniff(image)
    if content_type is None:
        raise UnsupportedType
    return content_type
