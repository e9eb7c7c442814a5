"""All SQL of matcher_service: one public method is one transaction."""

from matcher_service.store.integrity import IntegrityStore
from matcher_service.store.jobs import JobStore
from matcher_service.store.matches import MatchStore
from matcher_service.store.members import MemberStore
from matcher_service.store.photos import PhotoStore

__all__ = ["IntegrityStore", "JobStore", "MatchStore", "MemberStore", "PhotoStore"]
