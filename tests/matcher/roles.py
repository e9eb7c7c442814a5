"""An event with one member of each role, for tests of permissions."""

from typing import Any
from uuid import UUID, uuid4

from matcher_service.domain import Role
from matcher_service.spool import spool
from protos.matcher.v1 import photo_pb2
from tests.matcher.calls import Service
from tests.matcher.cameras import add_camera
from tests.matcher.scripted_photos import photo_of
from tests.matcher.world import MAX_PHOTO_BYTES

ORGANISER, COUPLE, PHOTOGRAPHER, GUEST = Role.ORGANISER, Role.COUPLE, Role.PHOTOGRAPHER, Role.GUEST
ALL = {ORGANISER, COUPLE, PHOTOGRAPHER, GUEST}
LOOKERS, HIDERS = {ORGANISER, COUPLE, PHOTOGRAPHER}, {ORGANISER, COUPLE}
BY_RIGHTS = (ORGANISER, COUPLE, PHOTOGRAPHER)
HIDDEN, MATCHED = photo_pb2.VISIBILITY_HIDDEN, photo_pb2.VISIBILITY_MATCHED
EVERYONE, UNAPPROVED = photo_pb2.VISIBILITY_EVERYONE, photo_pb2.VISIBILITY_UNAPPROVED


class Party:
    """An event with one member of each role, and a photo each of organiser and photographer that no guest matches."""

    def __init__(self, service: Service) -> None:
        self.service, self.world = service, service.world
        self.event = self.world.event()
        self.members = {
            ORGANISER: self.world.organiser,
            **{role: self.world.join(self.event, role=role) for role in (COUPLE, PHOTOGRAPHER, GUEST)},
        }
        self.theirs = self.world.add(self.event, 1)
        self.own = self.add_by(self.members[PHOTOGRAPHER], 2)
        self.camera = add_camera(self.world, self.event)

    def add_by(self, user: UUID, *people: int) -> UUID:
        with spool(photo_of(people, str(uuid4())), MAX_PHOTO_BYTES) as upload:
            added = self.world.photos.add_photo(user, self.event, "own.jpg", upload)
        self.world.index_all()
        assert added.photo_id
        return added.photo_id

    def call(self, role: Role, rpc: str, request: Any) -> Any:
        stub = self.service.photos if hasattr(self.service.photos, rpc) else self.service.matcher
        answer = getattr(stub, rpc)(request, metadata=self.service.by(self.members[role]), timeout=10)
        return list(answer) if rpc == "GetPhoto" else answer

    def list_photos(self, role: Role, **fields: Any) -> tuple[set[UUID], int]:
        request = photo_pb2.ListPhotosRequest(event_id=str(self.event), **fields)
        answer = self.call(role, "ListPhotos", request)
        return {UUID(photo.photo_id) for photo in answer.photos}, answer.total_count

    def set(self, role: Role, visibility: int, *photos: UUID) -> None:
        self.call(role, "SetVisibility", set_visibility(self.event, visibility, *photos))

    def visibility(self, photo: UUID) -> str:
        request = photo_pb2.ListPhotosRequest(event_id=str(self.event))
        photos = self.call(ORGANISER, "ListPhotos", request).photos
        [found] = [shown.visibility for shown in photos if shown.photo_id == str(photo)]
        return photo_pb2.Visibility.Name(found)


def set_visibility(event: UUID, visibility: int, *photos: UUID) -> photo_pb2.SetVisibilityRequest:
    return photo_pb2.SetVisibilityRequest(
        event_id=str(event),
        photo_ids=[str(photo) for photo in photos],
        visibility=photo_pb2.Visibility.Name(visibility),
    )


def get(photo: UUID) -> photo_pb2.GetPhotoRequest:
    return photo_pb2.GetPhotoRequest(photo_id=str(photo), variant=photo_pb2.VARIANT_ORIGINAL)
