"""Faults of this service's calls."""

from kit.errors import InvalidInput, NotAllowed, NotFound, Precondition


class EventNotFound(NotFound):
    """Event not found."""


class PhotoNotFound(NotFound):
    """Photo not found."""


class CameraNotFound(NotFound):
    """Camera not found in this event."""


class RevisionTooFarAhead(InvalidInput):
    """This revision is far ahead of the last one of this person: it is not one that selfie_service has given out."""


class PhotoNotReady(Precondition):
    """This photo is not ready to be shown."""


class PhotoNotFailed(Precondition):
    """Only a photo that could not be read can be retried."""


class FaceChanged(Precondition):
    """A chosen face is no longer what it was when it was shown: look for the person again."""


class OrganiserOnly(NotAllowed):
    """Only organisers may do this."""


class DownloadNotOffered(NotAllowed):
    """The organisers of this event do not offer this picture for download."""


class TooManyGuestPhotos(NotAllowed):
    """You have added as many photos to this event today as guests may: add the others tomorrow."""


class EventClosed(Precondition):
    """This event is closed: it takes no more photos."""


class EmptyImage(InvalidInput):
    """The file is empty."""


class TooLarge(InvalidInput):
    """The photo is larger than the limit, MAX_PHOTO_MB."""


class UnsupportedType(InvalidInput):
    """Supported formats: JPEG, PNG, WebP, HEIC and AVIF."""


class TooManyFiles(InvalidInput):
    """At most 100 photos can be uploaded at once."""
