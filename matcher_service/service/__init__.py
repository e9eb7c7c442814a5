"""The use cases of matcher_service, by subject."""

from matcher_service.service.matches import Matches
from matcher_service.service.members import Members
from matcher_service.service.photos import Photos

__all__ = ["Matches", "Members", "Photos"]
