"""Bulk actions of organisers, called through the server, and the filters and counts of their lists."""

import hashlib
from typing import Any
from uuid import UUID, uuid4

import pytest
from grpc import StatusCode

from matcher_service.domain import ChangeKind, GuestPhotos
from matcher_service.reading import Reading
from protos.matcher.v1 import matcher_pb2, photo_pb2
from tests.harness.calls import raises_fault
from tests.matcher.calls import Service, request
from tests.matcher.scripted_photos import photo_of

HIDDEN, EVERYONE = photo_pb2.VISIBILITY_HIDDEN, photo_pb2.VISIBILITY_EVERYONE


class Album:
    """An event with a guest and four photos: one for everyone, one without faces, one failed and one pending."""

    def __init__(self, service: Service) -> None:
        self.service, self.world = service, service.world
        self.event = self.world.event()
        self.guest = self.world.join(self.event)
        self.shown, self.empty = self.world.add(self.event, 1), self.world.add(self.event)
        service.rematch(self.event, request(self.event, self.guest, 1, 1))
        self.failed = self._upload("failed")
        self.world.make_indexer(lambda _: Reading(reason="unreadable")).step()
        self.waiting = self._upload("waiting")

    def _upload(self, name: str) -> UUID:
        photo = self.world.upload(self.event, [1], name).photo_id
        assert photo is not None
        return photo

    def call(self, rpc: str, caller: UUID | None = None, event: UUID | None = None, **fields: Any) -> Any:
        ask = getattr(photo_pb2, f"{rpc}Request")(event_id=str(event or self.event), **fields)
        return getattr(self.service.photos, rpc)(ask, metadata=self.service.by(caller or self.world.organiser))

    def list(self, **fields: Any) -> list[UUID]:
        """Lists in pages of one photo; each page states the total."""
        found: list[UUID] = []
        totals, token = set(), ""
        while True:
            page = self.call("ListPhotos", page_size=1, page_token=token, **fields)
            found += [UUID(photo.photo_id) for photo in page.photos]
            totals.add(page.total_count)
            if not (token := page.next_page_token):
                assert totals == {len(found)}
                return found


@pytest.fixture
def album(service: Service) -> Album:
    return Album(service)


def test_lists_are_filtered_and_counted(album: Album) -> None:
    everything = [album.waiting, album.failed, album.empty, album.shown]
    assert album.list() == everything
    assert album.list(faces=photo_pb2.FACE_FILTER_NONE) == [album.empty]
    album.call("SetVisibility", photo_ids=[str(album.shown), str(album.failed)], visibility=HIDDEN)
    assert album.list(visibility=HIDDEN) == [album.failed, album.shown]
    assert album.list(visibility=HIDDEN, ascending=True, order=photo_pb2.PHOTO_ORDER_TAKEN) == [
        album.shown,
        album.failed,
    ]
    assert album.list(visibility=HIDDEN, state=photo_pb2.PHOTO_STATE_FAILED) == [album.failed]
    assert album.list(visibility=photo_pb2.VISIBILITY_MATCHED) == [album.waiting, album.empty]
    assert album.list(visibility=EVERYONE) == album.list(hide_requested=True) == []
    assert album.list(state=photo_pb2.PHOTO_STATE_PENDING) == [album.waiting]


def test_unreadable_photos_are_not_listed_as_awaiting_approval(album: Album) -> None:
    unapproved = photo_pb2.VISIBILITY_UNAPPROVED
    photos = [str(photo) for photo in (album.shown, album.failed, album.waiting)]
    album.call("SetVisibility", photo_ids=photos, visibility=unapproved)
    assert album.list(visibility=unapproved) == [album.waiting, album.shown]
    assert album.list(visibility=unapproved, state=photo_pb2.PHOTO_STATE_FAILED) == [album.failed]
    album.call("RetryPhotos")
    assert album.list(visibility=unapproved) == [album.waiting, album.failed, album.shown]


def test_a_page_token_is_valid_only_for_its_filters(album: Album) -> None:
    token = album.call("ListPhotos", page_size=1).next_page_token
    filters: list[dict[str, Any]] = [
        {"visibility": HIDDEN}, {"faces": photo_pb2.FACE_FILTER_NONE}, {"hide_requested": True}, {"from_guests": True},
    ]  # fmt: skip
    for fields in filters:
        with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_PAGE"):
            album.call("ListPhotos", page_token=token, **fields)


def test_listed_photos_name_their_uploader_and_audience(album: Album) -> None:
    album.call("SetVisibility", photo_ids=[str(album.shown)], visibility=EVERYONE)
    hide = matcher_pb2.AskToHideRequest(photo_id=str(album.shown))
    album.service.matcher.AskToHide(hide, metadata=album.service.by(album.guest))
    (photo,) = album.call("ListPhotos", hide_requested=True).photos
    assert (photo.photo_id, photo.visibility, photo.hide_request_count) == (str(album.shown), EVERYONE, 1)
    assert (photo.uploader_id, photo.colour) == (str(album.world.organiser), 0x102030)
    (waiting,) = album.call("ListPhotos", state=photo_pb2.PHOTO_STATE_PENDING).photos
    assert not waiting.HasField("colour")
    undo = matcher_pb2.UndoAskToHideRequest(photo_id=str(album.shown))
    album.service.matcher.UndoAskToHide(undo, metadata=album.service.by(album.guest))
    (match,) = album.service.list_matches(album.guest).matches
    assert (match.only_for_everyone, match.colour) == (False, 0x102030)


def test_known_files_are_reported_by_index(album: Album) -> None:
    hashes = [hashlib.sha256(photo_of([1], name)).digest() for name in ("new", "waiting", "failed", "waiting")]
    found = {
        photo.place: (UUID(photo.photo_id), photo.state)
        for photo in album.call("FindKnownPhotos", sha256=hashes).photos
    }
    waiting, failed = photo_pb2.PHOTO_STATE_PENDING, photo_pb2.PHOTO_STATE_FAILED
    assert found == {1: (album.waiting, waiting), 2: (album.failed, failed), 3: (album.waiting, waiting)}
    other = album.world.event()
    assert not album.call("FindKnownPhotos", event=other, sha256=hashes).photos, "known photos are per event"


def test_all_failed_photos_are_retried(album: Album) -> None:
    assert album.call("RetryPhotos").retried_count == 1
    assert album.call("RetryPhotos").retried_count == 0
    assert album.list(state=photo_pb2.PHOTO_STATE_PENDING) == [album.waiting, album.failed]
    album.world.index_all()
    state = album.world.photos.count(album.world.organiser, [album.event])[0]
    assert (state.pending, state.indexed, state.failed, state.faces) == (0, 4, 0, 3)


def test_photos_are_deleted_in_bulk(album: Album) -> None:
    ids = [str(photo) for photo in (album.shown, album.failed, album.waiting, uuid4())]
    for _ in range(2):
        album.call("DeletePhotos", photo_ids=ids)
        assert album.list() == [album.empty]
    assert album.service.list_matches(album.guest).total_count == 0
    album.world.sweep()
    assert len(album.world.files()) == 5, "the files of the remaining photo"


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("SetVisibility", {"visibility": HIDDEN}),
    ("DismissHideRequests", {}),
    ("DeletePhotos", {}),
    ("RetryPhotos", {}),
    ("FindKnownPhotos", {}),
    ("CheckUpload", {}),
]


@pytest.mark.parametrize(("rpc", "fields"), CALLS, ids=[rpc for rpc, _ in CALLS])
def test_only_organisers_of_the_event_may_use_bulk_actions(album: Album, rpc: str, fields: dict[str, Any]) -> None:
    with raises_fault(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        album.call(rpc, album.guest, **fields)
    with raises_fault(StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        album.call(rpc, uuid4(), **fields)
    with raises_fault(StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        album.call(rpc, event=uuid4(), **fields)


def test_guests_who_may_add_photos_get_no_other_permission(album: Album, subtests: pytest.Subtests) -> None:
    for choice in (GuestPhotos.MODERATED, GuestPhotos.OPEN):
        album.world.change(ChangeKind.EVENT_UPDATED, event_id=album.event, guest_photos=choice)
        for rpc, fields in (*CALLS, ("ListPhotos", {})):
            with subtests.test(rpc=rpc, choice=choice):
                if rpc in ("FindKnownPhotos", "CheckUpload"):
                    album.call(rpc, album.guest, **fields)
                else:
                    with raises_fault(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
                        album.call(rpc, album.guest, **fields)
                with raises_fault(StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
                    album.call(rpc, uuid4(), **fields)


def test_a_member_lists_their_own_uploads_in_pages_without_requests_to_hide(album: Album) -> None:
    album.world.change(ChangeKind.EVENT_UPDATED, event_id=album.event, guest_photos=GuestPhotos.OPEN)
    added = [str(album.world.add(album.event, 1, who=album.guest)) for _ in range(3)]
    album.world.audience.ask_to_hide(album.guest, UUID(added[0]))
    first = album.call("ListUploads", album.guest, page_size=2)
    last = album.call("ListUploads", album.guest, page_size=2, page_token=first.next_page_token)
    photos = [*first.photos, *last.photos]
    assert [photo.photo_id for photo in photos] == added[::-1]
    assert {(photo.from_guest, photo.hide_request_count, photo.uploader_id) for photo in photos} == {
        (True, 0, str(album.guest))
    }
    assert (first.total_count, last.next_page_token) == (3, "")
    assert album.list(from_guests=True) == [UUID(photo) for photo in added[::-1]]
    assert len(album.call("ListUploads").photos) == 4, "the organiser's own uploads"
    with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_PAGE"):
        album.call("ListUploads", page_token=first.next_page_token)
    with raises_fault(StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        album.call("ListUploads", uuid4())


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("SetVisibility", {}),
    ("SetVisibility", {"visibility": 99}),
    ("SetVisibility", {"visibility": HIDDEN, "photo_ids": [str(uuid4())] * 201}),
    ("DismissHideRequests", {"photo_ids": ["nothing"]}),
    ("DeletePhotos", {"photo_ids": [str(uuid4())] * 201}),
    ("FindKnownPhotos", {"sha256": [bytes(31)]}),
    ("FindKnownPhotos", {"sha256": [bytes(32)] * 1001}),
    ("ListPhotos", {"visibility": 99}),
    ("ListPhotos", {"faces": 99}),
]


@pytest.mark.parametrize(("rpc", "fields"), WRONG)
def test_malformed_requests_are_rejected(album: Album, rpc: str, fields: dict[str, Any]) -> None:
    with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        album.call(rpc, **fields)


@pytest.mark.parametrize("rpc", ["AskToHide", "UndoAskToHide"])
def test_a_guest_cannot_ask_to_hide_a_photo_they_do_not_see(album: Album, rpc: str) -> None:
    for caller, photo in ((album.guest, album.empty), (uuid4(), album.shown), (album.guest, uuid4())):
        ask = getattr(matcher_pb2, f"{rpc}Request")(photo_id=str(photo))
        with raises_fault(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
            getattr(album.service.matcher, rpc)(ask, metadata=album.service.by(caller))
