"""All SQL of selfie_service; each public method is one transaction."""

from selfie_service.store.acts import ActStore
from selfie_service.store.bindings import BindingStore
from selfie_service.store.changes import FeedStore
from selfie_service.store.erasing import LeaverStore
from selfie_service.store.ledger import LedgerStore
from selfie_service.store.persons import PersonStore
from selfie_service.store.records import RecordStore
from selfie_service.store.reencryption import ReencryptionStore
from selfie_service.store.rematches import RematchStore
from selfie_service.store.replays import ReplayStore
from selfie_service.store.roles import RoleStore
from selfie_service.store.selfies import SelfieStore

__all__ = [
    "ActStore",
    "BindingStore",
    "FeedStore",
    "LeaverStore",
    "LedgerStore",
    "PersonStore",
    "RecordStore",
    "ReencryptionStore",
    "RematchStore",
    "ReplayStore",
    "RoleStore",
    "SelfieStore",
]
