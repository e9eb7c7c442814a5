"""What matcher_service is about: photos, faces, guests, matches; their rules and faults."""

from matcher_service.domain.changes import Change, ChangeKind, Role
from matcher_service.domain.faults import (
    EmptyImage,
    EventClosed,
    EventNotFound,
    OrganiserOnly,
    PhotoNotFailed,
    PhotoNotFound,
    PhotoNotReady,
    TooLarge,
    TooManyFiles,
    UnsupportedType,
)
from matcher_service.domain.jobs import ENCODING_SIZE, ENGINE_VERSION, MAX_FAILURES, IndexedPhoto, Job, NewFace
from matcher_service.domain.lists import NEWEST_FIRST, Listing, Match, PhotoOrder
from matcher_service.domain.photos import (
    MAX_FILENAME_LENGTH,
    MAX_PHOTOS_PER_CALL,
    AddedPhoto,
    IndexCounts,
    NewPhoto,
    Photo,
    PhotoState,
    ShownPhoto,
    Variant,
)
from matcher_service.domain.rematches import Hint, Rematch, RematchState, Snapshot

__all__ = [
    "ENCODING_SIZE",
    "ENGINE_VERSION",
    "MAX_FAILURES",
    "MAX_FILENAME_LENGTH",
    "MAX_PHOTOS_PER_CALL",
    "NEWEST_FIRST",
    "AddedPhoto",
    "Change",
    "ChangeKind",
    "EmptyImage",
    "EventClosed",
    "EventNotFound",
    "Hint",
    "IndexCounts",
    "IndexedPhoto",
    "Job",
    "Listing",
    "Match",
    "NewFace",
    "NewPhoto",
    "OrganiserOnly",
    "Photo",
    "PhotoNotFailed",
    "PhotoNotFound",
    "PhotoNotReady",
    "PhotoOrder",
    "PhotoState",
    "Rematch",
    "RematchState",
    "Role",
    "ShownPhoto",
    "Snapshot",
    "TooLarge",
    "TooManyFiles",
    "UnsupportedType",
    "Variant",
]
