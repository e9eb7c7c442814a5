"""All SQL of matcher_service: one public method is one transaction."""

from matcher_service.store.jobs import JobStore
from matcher_service.store.matches import MatchStore
from matcher_service.store.members import MemberStore
from matcher_service.store.photos import PhotoStore

__all__ = ["JobStore", "MatchStore", "MemberStore", "PhotoStore"]
