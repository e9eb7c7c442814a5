"""The use cases of matcher_service, by subject."""

from matcher_service.service.cameras import Cameras
from matcher_service.service.matches import Matches
from matcher_service.service.members import Members
from matcher_service.service.photos import Photos
from matcher_service.service.two_faces import TwoFaces

__all__ = ["Cameras", "Matches", "Members", "Photos", "TwoFaces"]
