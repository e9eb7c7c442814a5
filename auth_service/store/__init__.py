"""All SQL of auth_service: one public method is one transaction."""

from auth_service.store.accounts import AccountStore
from auth_service.store.changes import ChangeStore
from auth_service.store.events import EventStore

__all__ = ["AccountStore", "ChangeStore", "EventStore"]
