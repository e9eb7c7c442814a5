"""MatcherService and PhotoService on the wire: proto <-> domain."""

from matcher_service.servicer.matches import MatcherServicer
from matcher_service.servicer.photos import PhotoServicer

__all__ = ["MatcherServicer", "PhotoServicer"]
