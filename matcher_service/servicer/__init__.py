"""MatcherService and PhotoService on the wire: proto <-> domain."""

from matcher_service.servicer.matches import MatcherServicer
from matcher_service.servicer.photos import PhotoServicer
from matcher_service.servicer.registrations import registrations

__all__ = ["MatcherServicer", "PhotoServicer", "registrations"]
