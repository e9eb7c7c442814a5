"""All SQL of matcher_service: one public method is one transaction."""

from sqlalchemy import Engine

from matcher_service.store.acts import ActStore
from matcher_service.store.audience import AudienceStore
from matcher_service.store.cameras import CameraStore
from matcher_service.store.faces import FaceStore
from matcher_service.store.integrity import IntegrityStore
from matcher_service.store.jobs import JobStore
from matcher_service.store.ledger import LedgerStore
from matcher_service.store.logos import LogoStore
from matcher_service.store.matches import MatchStore
from matcher_service.store.members import MemberStore
from matcher_service.store.people import PeopleStore
from matcher_service.store.photo_faces import PhotoFaceStore
from matcher_service.store.photos import PhotoStore
from matcher_service.store.purge import PurgeStore
from matcher_service.store.reencryption import ReencryptionStore
from matcher_service.store.refusals import RefusalStore
from matcher_service.store.releases import ReleaseStore
from matcher_service.store.removals import RemovalStore
from matcher_service.store.replays import ReplayStore
from matcher_service.store.rereads import RereadStore
from matcher_service.store.settlements import SettlementStore
from matcher_service.store.swaps import SwapStore, UnswappedEvent
from matcher_service.store.unsettled import UnsettledEvent

__all__ = [
    "ActStore",
    "AudienceStore",
    "CameraStore",
    "FaceStore",
    "IntegrityStore",
    "JobStore",
    "LedgerStore",
    "LogoStore",
    "MatchStore",
    "MemberStore",
    "PeopleStore",
    "PhotoFaceStore",
    "PhotoStore",
    "PurgeStore",
    "ReencryptionStore",
    "RefusalStore",
    "ReleaseStore",
    "RemovalStore",
    "ReplayStore",
    "RereadStore",
    "SettlementStore",
    "Stores",
    "SwapStore",
    "UnsettledEvent",
    "UnswappedEvent",
]


class Stores:
    """The stores of a server."""

    def __init__(self, db: Engine, matches: type[MatchStore] = MatchStore) -> None:
        self.audience = AudienceStore(db)
        self.cameras = CameraStore(db)
        self.faces = FaceStore(db)
        self.jobs = JobStore(db)
        self.logos = LogoStore(db)
        self.matches = matches(db)
        self.members = MemberStore(db)
        self.people = PeopleStore(db)
        self.photo_faces = PhotoFaceStore(db)
        self.photos = PhotoStore(db)
        self.refusals = RefusalStore(db)
        self.releases = ReleaseStore(db)
        self.removals = RemovalStore(db)
