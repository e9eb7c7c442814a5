"""Faults of this service's calls."""

from kit.errors import InvalidInput, NotAllowed, NotFound, Precondition


class EventNotFound(NotFound):
    """Event not found."""


class PhotoNotFound(NotFound):
    """Photo not found."""


class CameraNotFound(NotFound):
    """Camera not found in this event."""


class RevisionTooFarAhead(InvalidInput):
    """This revision is far ahead of the person's last one: selfie_service cannot have issued it."""


class PhotoNotReady(Precondition):
    """This photo is not ready to be shown."""


class PhotoNotFailed(Precondition):
    """Only a photo that could not be read can be retried."""


class FaceChanged(Precondition):
    """A selected face has changed since it was shown: search for the person again."""


class OrganiserOnly(NotAllowed):
    """Only organisers may do this."""


class DownloadNotOffered(NotAllowed):
    """The organisers of this event do not offer this picture for download."""


class TooManyGuestPhotos(NotAllowed):
    """You have reached today's limit for this event: add the remaining photos tomorrow."""


class TooManyEventPhotos(Precondition):
    """This event has reached its limit of photos: delete some, or ask the operator to raise PHOTOS_PER_EVENT."""


class EventClosed(Precondition):
    """This event is closed: it accepts no more photos."""


class EmptyImage(InvalidInput):
    """The file is empty."""


class TooLarge(InvalidInput):
    """The photo is larger than the limit, MAX_PHOTO_MB."""


class UnsupportedType(InvalidInput):
    """Supported formats: JPEG, PNG, WebP, HEIC and AVIF."""


class TooManyFiles(InvalidInput):
    """At most 100 photos can be uploaded at once."""
