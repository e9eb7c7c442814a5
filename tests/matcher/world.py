"""matcher_service without its processes: real stores on a real database, real files, scripted faces.

A person is a direction in the space of encodings, so two people are sqrt(2) apart. A photo's bytes name the people in
it.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Signal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from kit.db.notices import Notices
from kit.db.pages import Page
from kit.faces.validation import Examination
from kit.rpc.identity import Signer
from kit.rpc.server import Registration
from kit.storage.blobs import Blobs
from kit.storage.sweeper import Sweeper
from matcher_service.anomalies import Anomalies
from matcher_service.audience import Audience
from matcher_service.domain import (
    AddedPhoto,
    Change,
    ChangeKind,
    GuestPhotos,
    Listing,
    Match,
    PhotoOrder,
    Quota,
    Rematch,
    Role,
    Variant,
)
from matcher_service.index import FaceIndex
from matcher_service.indexer import Indexer
from matcher_service.logos import Logos
from matcher_service.photo_faces import PhotoFaces
from matcher_service.reading import Reading
from matcher_service.removals import Removals
from matcher_service.rereader import Rereader
from matcher_service.rules import Limits
from matcher_service.service import Cameras, Matches, Members, Photos, TwoFaces
from matcher_service.servicer import registrations
from matcher_service.settler import Settler
from matcher_service.spool import spool
from matcher_service.store import (
    AudienceStore,
    CameraStore,
    FaceStore,
    JobStore,
    LogoStore,
    MatchStore,
    MemberStore,
    PeopleStore,
    PhotoFaceStore,
    PhotoStore,
    PurgeStore,
    RefusalStore,
    RemovalStore,
    RereadStore,
    SettlementStore,
    SwapStore,
)
from tests.matcher.logo_script import read_logo_script
from tests.matcher.person_script import examine_script
from tests.matcher.scripted_photos import person, photo_of, read_script

TOLERANCE = 0.6
MAX_PHOTO_BYTES = 3_000_000
PHOTOS_PER_EVENT, GUEST_PHOTOS_PER_DAY = 100, 3
ACCOUNTS_OF_ONE_FACE = 3
PHOTOS_OF_TWO_FACES = 2
LEASE_S = 60.0
MAX_FACES = 1000


class World:
    """All parts of matcher_service, wired by hand; stores and workers can be replaced by broken twins for controls."""

    def __init__(
        self,
        db: Engine,
        folder: Path,
        match_store: type[MatchStore] = MatchStore,
        job_store: type[JobStore] = JobStore,
        photo_store: type[PhotoStore] = PhotoStore,
        photos: type[Photos] = Photos,
        blobs: type[Blobs] = Blobs,
        index: type[FaceIndex] = FaceIndex,
        audience_store: type[AudienceStore] = AudienceStore,
        logo_store: type[LogoStore] = LogoStore,
        refusal_store: type[RefusalStore] = RefusalStore,
        settlement_store: type[SettlementStore] = SettlementStore,
        reread_store: type[RereadStore] = RereadStore,
        swap_store: type[SwapStore] = SwapStore,
        removal_store: type[RemovalStore] = RemovalStore,
        examine: Callable[[bytes], Examination | None] = examine_script,
    ) -> None:
        self.db, self.folder = db, folder
        self.member_store, self.photo_store = MemberStore(db), photo_store(db)
        self.match_store, self.job_store = match_store(db), job_store(db)
        self.blobs = blobs(f"file://{folder}", "photos")
        faces = FaceStore(db)
        self.index = index(faces.find_version, faces.count, faces.read_page, memory_mb=10)
        self.late: list[Change] = []
        members = Members(self.member_store, self.catch_up)
        limits = Limits(tolerance=TOLERANCE)
        self.two_faces = TwoFaces(PeopleStore(db), PHOTOS_OF_TWO_FACES)
        self.matches = Matches(self.match_store, refusal_store(db), self.index, members, limits, self.two_faces)
        self.audience = Audience(audience_store(db), members)
        self.cameras = Cameras(CameraStore(db), members)
        quota = Quota(PHOTOS_PER_EVENT, GUEST_PHOTOS_PER_DAY)
        self.photos = photos(self.photo_store, members, self.blobs, self.catch_up, MAX_PHOTO_BYTES, quota)
        self.anomalies = Anomalies(PeopleStore(db), members, TOLERANCE, ACCOUNTS_OF_ONE_FACE, self.two_faces)
        self.logos = Logos(logo_store(db), members, self.blobs, read_logo_script)
        self.faces = PhotoFaces(PhotoFaceStore(db), members, self.blobs, lambda data: data[-4:], TOLERANCE)
        self.removals = Removals(removal_store(db), members, self.index, TOLERANCE, examine)
        self.indexer = self.make_indexer(read_script)
        self.settlement_store = settlement_store(db)
        self.settler = Settler(self.settlement_store, limits, MAX_FACES, Signal(), self.two_faces, delay_s=0)
        self.reread_store, self.swap_store = reread_store(db), swap_store(db)
        self.rereader = self.make_rereader(read_script)
        self.organiser = uuid4()

    def make_indexer(self, read: Callable[[bytes], Reading], stop: Signal | None = None) -> Indexer:
        return Indexer(self.job_store, self.blobs, read, lambda: None, TOLERANCE, LEASE_S, stop or Signal())

    def make_rereader(self, read: Callable[[bytes], Reading], **how: Any) -> Rereader:
        stores, limits = (self.reread_store, self.swap_store), Limits(tolerance=TOLERANCE)
        how = {"max_faces": MAX_FACES, "stop": Signal(), **how}
        return Rereader(*stores, self.blobs, read, lambda: None, limits=limits, lease_s=LEASE_S, **how)

    def registrations(self, hints: Notices, signer: Signer) -> list[Registration]:
        """Both services, as a server registers them."""
        cases = (self.matches, self.photos, self.audience, self.cameras)
        return registrations(*cases, hints, signer, self.anomalies, self.logos, self.faces, self.removals)

    def change(self, kind: ChangeKind, **fields: object) -> Change:
        """Applies the next change of the feed."""
        change = self.next_change(kind, **fields)
        self.member_store.apply(change)
        return change

    def next_change(self, kind: ChangeKind, **fields: object) -> Change:
        sequence = (self.late[-1].sequence if self.late else self.member_store.cursor()) + 1
        return Change(sequence, kind, **fields)  # type: ignore[arg-type]

    def catch_up(self) -> None:
        while self.late:
            self.member_store.apply(self.late.pop(0))

    def event(self, guest_photos: GuestPhotos | None = None) -> UUID:
        event_id = uuid4()
        self.change(ChangeKind.EVENT_UPDATED, event_id=event_id, guest_photos=guest_photos)
        self.join(event_id, self.organiser, Role.ORGANISER)
        return event_id

    def join(self, event_id: UUID, user_id: UUID | None = None, role: Role = Role.GUEST) -> UUID:
        user_id = user_id or uuid4()
        self.change(ChangeKind.JOINED, event_id=event_id, user_id=user_id, role=role)
        return user_id

    def delete_event(self, event_id: UUID) -> None:
        """Deletes the event and all of its rows."""
        self.change(ChangeKind.EVENT_DELETED, event_id=event_id)
        self.purge()

    def purge(self) -> None:
        """Deletes the rest of deleted events."""
        store = PurgeStore(self.db)
        while store.purge():
            pass

    def offer(self, event_id: UUID, held: bool, releases_in_s: float | None = None, **other: Any) -> None:
        """Applies an offer of auth_service; `releases_in_s` counts from now by the local clock."""
        releases_at = None if releases_in_s is None else datetime.now(UTC) + timedelta(seconds=releases_in_s)
        self.change(ChangeKind.EVENT_UPDATED, event_id=event_id, held=held, releases_at=releases_at, **other)

    def leave(self, event_id: UUID, user_id: UUID) -> None:
        self.change(ChangeKind.LEFT, event_id=event_id, user_id=user_id)

    def upload(self, event_id: UUID, people: Iterable[int], name: str = "", who: UUID | None = None) -> AddedPhoto:
        return self.add_file(event_id, photo_of(people, name or str(uuid4())), who=who)

    def add_file(
        self,
        event_id: UUID,
        data: bytes,
        filename: str = "photo.jpg",
        who: UUID | None = None,
        **how: Any,
    ) -> AddedPhoto:
        """Uploads as the organiser by default; `how` is passed to `add_photo`."""
        with spool(data, MAX_PHOTO_BYTES) as upload:
            return self.photos.add_photo(who or self.organiser, event_id, filename, upload, **how)

    def add(self, event_id: UUID, *people: int, who: UUID | None = None) -> UUID:
        """Uploads and indexes a photo."""
        added = self.upload(event_id, people, who=who)
        self.index_all()
        assert added.photo_id is not None
        return added.photo_id

    def index_all(self) -> None:
        while self.indexer.step():
            pass

    def settle_all(self) -> None:
        while self.settler.step():
            pass

    def rematch(
        self, event_id: UUID, user_id: UUID, revision: int, who: int | None, person_id: UUID | None = None
    ) -> str:
        """The name of the final state."""
        *_, last = self.matches.rematch(make_rematch(event_id, user_id, revision, who, person_id))
        return f"{last.state.name} {last.reason}".strip()

    def found(self, user_id: UUID) -> set[UUID]:
        """The guest's matches in the database."""
        query = text("SELECT photo_id FROM matcher.matches WHERE person_id = :user")
        with self.db.begin() as connection:
            return set(connection.execute(query, {"user": user_id}).scalars())

    def seen(self, event_id: UUID | None, user_id: UUID) -> dict[UUID, bool]:
        """The photos shown to a guest, and whether they are in them; lists, counts and pictures must agree."""
        lists = []
        for order in PhotoOrder:
            for ascending in (False, True):
                listing = Listing(order, ascending)
                matches = self.list_all(event_id, user_id, listing)
                keys = [listing.key(match) for match in matches]
                assert keys == sorted(keys, reverse=not ascending)
                lists.append({match.photo_id: not match.only_for_everyone for match in matches})
                assert len(matches) == len(lists[-1]), "listed once"
        assert all(listed == lists[0] for listed in lists)
        with self.db.begin() as connection:
            photos = list(connection.execute(text("SELECT id FROM matcher.photos")).scalars())
        sent = {photo for photo in photos if self.photo_store.find_shown(photo, user_id, Variant.THUMB)}
        assert event_id is None or sent == set(lists[0]), "pictures"
        return lists[0]

    def list_all(self, event_id: UUID | None, user_id: UUID, listing: Listing) -> list[Match]:
        """A guest's list, in pages; its count is checked."""
        shown: list[Match] = []
        page = Page("test", 2, None)
        while True:
            matches, total = self.match_store.list_matches(user_id, event_id, page, listing)
            shown += matches[:2]
            if len(matches) <= 2:
                assert total == len(shown), "the count"
                return shown
            page = Page("test", 2, listing.key(shown[-1]))

    def hide_requests(self, event_id: UUID) -> dict[UUID, int]:
        """The photos that guests ask to hide, as the organiser sees them, with the number of requests."""
        page, listing = Page("test", 50, None), Listing(hide_requested=True)
        photos, total = self.photos.list_photos(self.organiser, event_id, page, listing)
        assert total == len(photos)
        return {photo.id: photo.hide_requests for photo in photos}

    def files(self) -> set[str]:
        """The keys of all blobs."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}

    def sweep(self) -> None:
        """Deletes the rest of deleted events, and the files queued for deletion."""
        self.purge()
        while Sweeper(self.job_store, self.blobs).step():
            pass

    def count(self, table: str) -> int:
        with self.db.begin() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM matcher.{table}")).scalar_one())


def make_rematch(
    event_id: UUID, user_id: UUID, revision: int, who: int | None, person_id: UUID | None = None
) -> Rematch:
    return Rematch("r", user_id, event_id, revision, None if who is None else person(who), person_id)


MakeWorld = Callable[..., World]
