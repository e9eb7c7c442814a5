import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_TOKEN: _ClassVar[ErrorReason]
    ERROR_REASON_CALLER_NOT_ALLOWED: _ClassVar[ErrorReason]
    ERROR_REASON_EVENT_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_PHOTO_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_PHOTO_NOT_READY: _ClassVar[ErrorReason]
    ERROR_REASON_ORGANISER_ONLY: _ClassVar[ErrorReason]
    ERROR_REASON_EVENT_CLOSED: _ClassVar[ErrorReason]
    ERROR_REASON_EMPTY_IMAGE: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_UNSUPPORTED_TYPE: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_PAGE: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_ARGUMENT: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_FILES: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_STREAMS: _ClassVar[ErrorReason]
    ERROR_REASON_DATABASE_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_SERVICE_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_INTERNAL: _ClassVar[ErrorReason]
    ERROR_REASON_BLOBS_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_PHOTO_NOT_FAILED: _ClassVar[ErrorReason]
    ERROR_REASON_DOWNLOAD_NOT_OFFERED: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_GUEST_PHOTOS: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_EVENT_PHOTOS: _ClassVar[ErrorReason]
    ERROR_REASON_CAMERA_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_LOGO_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_UNREADABLE_LOGO: _ClassVar[ErrorReason]
    ERROR_REASON_REVISION_TOO_FAR_AHEAD: _ClassVar[ErrorReason]
    ERROR_REASON_FACE_CHANGED: _ClassVar[ErrorReason]
    ERROR_REASON_UNREADABLE_PHOTO: _ClassVar[ErrorReason]
    ERROR_REASON_NO_FACE: _ClassVar[ErrorReason]
    ERROR_REASON_SEVERAL_FACES: _ClassVar[ErrorReason]
    ERROR_REASON_UNCLEAR_FACE: _ClassVar[ErrorReason]

class RematchState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REMATCH_STATE_UNSPECIFIED: _ClassVar[RematchState]
    REMATCH_STATE_ACCEPTED: _ClassVar[RematchState]
    REMATCH_STATE_RUNNING: _ClassVar[RematchState]
    REMATCH_STATE_DONE: _ClassVar[RematchState]
    REMATCH_STATE_SUPERSEDED: _ClassVar[RematchState]
    REMATCH_STATE_FAILED: _ClassVar[RematchState]

class MatchOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MATCH_ORDER_UNSPECIFIED: _ClassVar[MatchOrder]
    MATCH_ORDER_UPLOADED: _ClassVar[MatchOrder]
    MATCH_ORDER_TAKEN: _ClassVar[MatchOrder]

class MatchDownload(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MATCH_DOWNLOAD_UNSPECIFIED: _ClassVar[MatchDownload]
    MATCH_DOWNLOAD_ORIGINAL: _ClassVar[MatchDownload]
    MATCH_DOWNLOAD_PREVIEW: _ClassVar[MatchDownload]
    MATCH_DOWNLOAD_NONE: _ClassVar[MatchDownload]

class FaceAnswer(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FACE_ANSWER_UNSPECIFIED: _ClassVar[FaceAnswer]
    FACE_ANSWER_CLEAR: _ClassVar[FaceAnswer]
    FACE_ANSWER_NEAR_MISS: _ClassVar[FaceAnswer]
    FACE_ANSWER_NO: _ClassVar[FaceAnswer]

class FaceReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FACE_REASON_UNSPECIFIED: _ClassVar[FaceReason]
    FACE_REASON_OTHER_PHOTOS: _ClassVar[FaceReason]
    FACE_REASON_REFUSED: _ClassVar[FaceReason]
    FACE_REASON_RESEMBLES_REFUSED: _ClassVar[FaceReason]
    FACE_REASON_NEARER_GUEST: _ClassVar[FaceReason]
    FACE_REASON_ANOTHER_FACE: _ClassVar[FaceReason]
    FACE_REASON_TOO_SMALL: _ClassVar[FaceReason]
    FACE_REASON_HARD_TO_SEE: _ClassVar[FaceReason]
    FACE_REASON_BEING_MATCHED: _ClassVar[FaceReason]
    FACE_REASON_NO_SELFIE: _ClassVar[FaceReason]
    FACE_REASON_NO_MEMBER: _ClassVar[FaceReason]
    FACE_REASON_HIDDEN: _ClassVar[FaceReason]
    FACE_REASON_UNAPPROVED: _ClassVar[FaceReason]
    FACE_REASON_ASKED_TO_HIDE: _ClassVar[FaceReason]
    FACE_REASON_HELD_BACK: _ClassVar[FaceReason]

class Removal(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REMOVAL_UNSPECIFIED: _ClassVar[Removal]
    REMOVAL_FORGET_FACES: _ClassVar[Removal]
    REMOVAL_HIDE_PHOTOS: _ClassVar[Removal]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_INVALID_TOKEN: ErrorReason
ERROR_REASON_CALLER_NOT_ALLOWED: ErrorReason
ERROR_REASON_EVENT_NOT_FOUND: ErrorReason
ERROR_REASON_PHOTO_NOT_FOUND: ErrorReason
ERROR_REASON_PHOTO_NOT_READY: ErrorReason
ERROR_REASON_ORGANISER_ONLY: ErrorReason
ERROR_REASON_EVENT_CLOSED: ErrorReason
ERROR_REASON_EMPTY_IMAGE: ErrorReason
ERROR_REASON_TOO_LARGE: ErrorReason
ERROR_REASON_UNSUPPORTED_TYPE: ErrorReason
ERROR_REASON_INVALID_PAGE: ErrorReason
ERROR_REASON_INVALID_ARGUMENT: ErrorReason
ERROR_REASON_TOO_MANY_FILES: ErrorReason
ERROR_REASON_TOO_MANY_STREAMS: ErrorReason
ERROR_REASON_DATABASE_UNAVAILABLE: ErrorReason
ERROR_REASON_SERVICE_UNAVAILABLE: ErrorReason
ERROR_REASON_INTERNAL: ErrorReason
ERROR_REASON_BLOBS_UNAVAILABLE: ErrorReason
ERROR_REASON_PHOTO_NOT_FAILED: ErrorReason
ERROR_REASON_DOWNLOAD_NOT_OFFERED: ErrorReason
ERROR_REASON_TOO_MANY_GUEST_PHOTOS: ErrorReason
ERROR_REASON_TOO_MANY_EVENT_PHOTOS: ErrorReason
ERROR_REASON_CAMERA_NOT_FOUND: ErrorReason
ERROR_REASON_LOGO_NOT_FOUND: ErrorReason
ERROR_REASON_UNREADABLE_LOGO: ErrorReason
ERROR_REASON_REVISION_TOO_FAR_AHEAD: ErrorReason
ERROR_REASON_FACE_CHANGED: ErrorReason
ERROR_REASON_UNREADABLE_PHOTO: ErrorReason
ERROR_REASON_NO_FACE: ErrorReason
ERROR_REASON_SEVERAL_FACES: ErrorReason
ERROR_REASON_UNCLEAR_FACE: ErrorReason
REMATCH_STATE_UNSPECIFIED: RematchState
REMATCH_STATE_ACCEPTED: RematchState
REMATCH_STATE_RUNNING: RematchState
REMATCH_STATE_DONE: RematchState
REMATCH_STATE_SUPERSEDED: RematchState
REMATCH_STATE_FAILED: RematchState
MATCH_ORDER_UNSPECIFIED: MatchOrder
MATCH_ORDER_UPLOADED: MatchOrder
MATCH_ORDER_TAKEN: MatchOrder
MATCH_DOWNLOAD_UNSPECIFIED: MatchDownload
MATCH_DOWNLOAD_ORIGINAL: MatchDownload
MATCH_DOWNLOAD_PREVIEW: MatchDownload
MATCH_DOWNLOAD_NONE: MatchDownload
FACE_ANSWER_UNSPECIFIED: FaceAnswer
FACE_ANSWER_CLEAR: FaceAnswer
FACE_ANSWER_NEAR_MISS: FaceAnswer
FACE_ANSWER_NO: FaceAnswer
FACE_REASON_UNSPECIFIED: FaceReason
FACE_REASON_OTHER_PHOTOS: FaceReason
FACE_REASON_REFUSED: FaceReason
FACE_REASON_RESEMBLES_REFUSED: FaceReason
FACE_REASON_NEARER_GUEST: FaceReason
FACE_REASON_ANOTHER_FACE: FaceReason
FACE_REASON_TOO_SMALL: FaceReason
FACE_REASON_HARD_TO_SEE: FaceReason
FACE_REASON_BEING_MATCHED: FaceReason
FACE_REASON_NO_SELFIE: FaceReason
FACE_REASON_NO_MEMBER: FaceReason
FACE_REASON_HIDDEN: FaceReason
FACE_REASON_UNAPPROVED: FaceReason
FACE_REASON_ASKED_TO_HIDE: FaceReason
FACE_REASON_HELD_BACK: FaceReason
REMOVAL_UNSPECIFIED: Removal
REMOVAL_FORGET_FACES: Removal
REMOVAL_HIDE_PHOTOS: Removal

class RematchRequest(_message.Message):
    __slots__ = ("rematch_id", "user_id", "event_id", "revision", "encoding", "account_id")
    REMATCH_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    rematch_id: str
    user_id: str
    event_id: str
    revision: int
    encoding: _containers.RepeatedScalarFieldContainer[float]
    account_id: str
    def __init__(self, rematch_id: _Optional[str] = ..., user_id: _Optional[str] = ..., event_id: _Optional[str] = ..., revision: _Optional[int] = ..., encoding: _Optional[_Iterable[float]] = ..., account_id: _Optional[str] = ...) -> None: ...

class RematchResponse(_message.Message):
    __slots__ = ("rematch_id", "state", "compared_count", "total_count", "matched_count", "reason")
    REMATCH_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    COMPARED_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    MATCHED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    rematch_id: str
    state: RematchState
    compared_count: int
    total_count: int
    matched_count: int
    reason: str
    def __init__(self, rematch_id: _Optional[str] = ..., state: _Optional[_Union[RematchState, str]] = ..., compared_count: _Optional[int] = ..., total_count: _Optional[int] = ..., matched_count: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class Match(_message.Message):
    __slots__ = ("photo_id", "event_id", "width", "height", "take_time", "thumb_version", "preview_version", "original_version", "medium_version", "original_bytes", "event_name", "number", "create_time", "take_offset_min", "only_for_everyone", "colour", "download")
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TAKE_TIME_FIELD_NUMBER: _ClassVar[int]
    THUMB_VERSION_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_VERSION_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_VERSION_FIELD_NUMBER: _ClassVar[int]
    MEDIUM_VERSION_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    TAKE_OFFSET_MIN_FIELD_NUMBER: _ClassVar[int]
    ONLY_FOR_EVERYONE_FIELD_NUMBER: _ClassVar[int]
    COLOUR_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    event_id: str
    width: int
    height: int
    take_time: _timestamp_pb2.Timestamp
    thumb_version: str
    preview_version: str
    original_version: str
    medium_version: str
    original_bytes: int
    event_name: str
    number: int
    create_time: _timestamp_pb2.Timestamp
    take_offset_min: int
    only_for_everyone: bool
    colour: int
    download: MatchDownload
    def __init__(self, photo_id: _Optional[str] = ..., event_id: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., take_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., thumb_version: _Optional[str] = ..., preview_version: _Optional[str] = ..., original_version: _Optional[str] = ..., medium_version: _Optional[str] = ..., original_bytes: _Optional[int] = ..., event_name: _Optional[str] = ..., number: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., take_offset_min: _Optional[int] = ..., only_for_everyone: _Optional[bool] = ..., colour: _Optional[int] = ..., download: _Optional[_Union[MatchDownload, str]] = ...) -> None: ...

class ListMatchesRequest(_message.Message):
    __slots__ = ("event_id", "page_size", "page_token", "order", "ascending", "person_id")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    ASCENDING_FIELD_NUMBER: _ClassVar[int]
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    page_size: int
    page_token: str
    order: MatchOrder
    ascending: bool
    person_id: str
    def __init__(self, event_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., order: _Optional[_Union[MatchOrder, str]] = ..., ascending: _Optional[bool] = ..., person_id: _Optional[str] = ...) -> None: ...

class ListMatchesResponse(_message.Message):
    __slots__ = ("matches", "next_page_token", "total_count", "logo_version")
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    LOGO_VERSION_FIELD_NUMBER: _ClassVar[int]
    matches: _containers.RepeatedCompositeFieldContainer[Match]
    next_page_token: str
    total_count: int
    logo_version: str
    def __init__(self, matches: _Optional[_Iterable[_Union[Match, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_count: _Optional[int] = ..., logo_version: _Optional[str] = ...) -> None: ...

class RefuseMatchRequest(_message.Message):
    __slots__ = ("photo_id", "person_id")
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    person_id: str
    def __init__(self, photo_id: _Optional[str] = ..., person_id: _Optional[str] = ...) -> None: ...

class RefuseMatchResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RestoreMatchRequest(_message.Message):
    __slots__ = ("photo_id", "person_id")
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    person_id: str
    def __init__(self, photo_id: _Optional[str] = ..., person_id: _Optional[str] = ...) -> None: ...

class RestoreMatchResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AskToHideRequest(_message.Message):
    __slots__ = ("photo_id",)
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    def __init__(self, photo_id: _Optional[str] = ...) -> None: ...

class AskToHideResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UndoAskToHideRequest(_message.Message):
    __slots__ = ("photo_id",)
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    def __init__(self, photo_id: _Optional[str] = ...) -> None: ...

class UndoAskToHideResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchMatchesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchMatchesResponse(_message.Message):
    __slots__ = ("event_id", "user_ids", "event_deleted")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    EVENT_DELETED_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    event_deleted: bool
    def __init__(self, event_id: _Optional[str] = ..., user_ids: _Optional[_Iterable[str]] = ..., event_deleted: _Optional[bool] = ...) -> None: ...

class CountMatchesRequest(_message.Message):
    __slots__ = ("event_id", "user_ids")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, event_id: _Optional[str] = ..., user_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class MatchCount(_message.Message):
    __slots__ = ("user_id", "photo_count")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    PHOTO_COUNT_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    photo_count: int
    def __init__(self, user_id: _Optional[str] = ..., photo_count: _Optional[int] = ...) -> None: ...

class CountMatchesResponse(_message.Message):
    __slots__ = ("counts",)
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    counts: _containers.RepeatedCompositeFieldContainer[MatchCount]
    def __init__(self, counts: _Optional[_Iterable[_Union[MatchCount, _Mapping]]] = ...) -> None: ...

class CountMatchesForNoticesRequest(_message.Message):
    __slots__ = ("event_id", "user_ids")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, event_id: _Optional[str] = ..., user_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class CountMatchesForNoticesResponse(_message.Message):
    __slots__ = ("counts", "everyone_count", "total_count", "released")
    class Count(_message.Message):
        __slots__ = ("user_id", "photo_count")
        USER_ID_FIELD_NUMBER: _ClassVar[int]
        PHOTO_COUNT_FIELD_NUMBER: _ClassVar[int]
        user_id: str
        photo_count: int
        def __init__(self, user_id: _Optional[str] = ..., photo_count: _Optional[int] = ...) -> None: ...
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    EVERYONE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    counts: _containers.RepeatedCompositeFieldContainer[CountMatchesForNoticesResponse.Count]
    everyone_count: int
    total_count: int
    released: bool
    def __init__(self, counts: _Optional[_Iterable[_Union[CountMatchesForNoticesResponse.Count, _Mapping]]] = ..., everyone_count: _Optional[int] = ..., total_count: _Optional[int] = ..., released: _Optional[bool] = ...) -> None: ...

class ListSharedFacesRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class SharedFace(_message.Message):
    __slots__ = ("user_ids",)
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, user_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class TwoFaces(_message.Message):
    __slots__ = ("user_id", "photo_count")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    PHOTO_COUNT_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    photo_count: int
    def __init__(self, user_id: _Optional[str] = ..., photo_count: _Optional[int] = ...) -> None: ...

class ListSharedFacesResponse(_message.Message):
    __slots__ = ("faces", "two_faces")
    FACES_FIELD_NUMBER: _ClassVar[int]
    TWO_FACES_FIELD_NUMBER: _ClassVar[int]
    faces: _containers.RepeatedCompositeFieldContainer[SharedFace]
    two_faces: _containers.RepeatedCompositeFieldContainer[TwoFaces]
    def __init__(self, faces: _Optional[_Iterable[_Union[SharedFace, _Mapping]]] = ..., two_faces: _Optional[_Iterable[_Union[TwoFaces, _Mapping]]] = ...) -> None: ...

class ListFacesRequest(_message.Message):
    __slots__ = ("photo_id", "person_id")
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    person_id: str
    def __init__(self, photo_id: _Optional[str] = ..., person_id: _Optional[str] = ...) -> None: ...

class FacePerson(_message.Message):
    __slots__ = ("person_id", "user_id")
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    person_id: str
    user_id: str
    def __init__(self, person_id: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class PhotoFace(_message.Message):
    __slots__ = ("number", "left", "top", "width", "height", "people", "answer", "reasons")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    TOP_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    number: int
    left: int
    top: int
    width: int
    height: int
    people: _containers.RepeatedCompositeFieldContainer[FacePerson]
    answer: FaceAnswer
    reasons: _containers.RepeatedScalarFieldContainer[FaceReason]
    def __init__(self, number: _Optional[int] = ..., left: _Optional[int] = ..., top: _Optional[int] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., people: _Optional[_Iterable[_Union[FacePerson, _Mapping]]] = ..., answer: _Optional[_Union[FaceAnswer, str]] = ..., reasons: _Optional[_Iterable[_Union[FaceReason, str]]] = ...) -> None: ...

class ListFacesResponse(_message.Message):
    __slots__ = ("event_id", "faces", "small_count", "is_shown", "reasons")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    FACES_FIELD_NUMBER: _ClassVar[int]
    SMALL_COUNT_FIELD_NUMBER: _ClassVar[int]
    IS_SHOWN_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    faces: _containers.RepeatedCompositeFieldContainer[PhotoFace]
    small_count: int
    is_shown: bool
    reasons: _containers.RepeatedScalarFieldContainer[FaceReason]
    def __init__(self, event_id: _Optional[str] = ..., faces: _Optional[_Iterable[_Union[PhotoFace, _Mapping]]] = ..., small_count: _Optional[int] = ..., is_shown: _Optional[bool] = ..., reasons: _Optional[_Iterable[_Union[FaceReason, str]]] = ...) -> None: ...

class GetFaceCropRequest(_message.Message):
    __slots__ = ("photo_id", "number")
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    number: int
    def __init__(self, photo_id: _Optional[str] = ..., number: _Optional[int] = ...) -> None: ...

class GetFaceCropResponse(_message.Message):
    __slots__ = ("image",)
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    image: bytes
    def __init__(self, image: _Optional[bytes] = ...) -> None: ...

class FindSimilarFacesRequest(_message.Message):
    __slots__ = ("photo_id", "number")
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    number: int
    def __init__(self, photo_id: _Optional[str] = ..., number: _Optional[int] = ...) -> None: ...

class SimilarFace(_message.Message):
    __slots__ = ("photo_id", "number", "face_name", "people", "hidden")
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    FACE_NAME_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    number: int
    face_name: str
    people: _containers.RepeatedCompositeFieldContainer[FacePerson]
    hidden: bool
    def __init__(self, photo_id: _Optional[str] = ..., number: _Optional[int] = ..., face_name: _Optional[str] = ..., people: _Optional[_Iterable[_Union[FacePerson, _Mapping]]] = ..., hidden: _Optional[bool] = ...) -> None: ...

class FindSimilarFacesResponse(_message.Message):
    __slots__ = ("event_id", "faces", "total_count")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    FACES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    faces: _containers.RepeatedCompositeFieldContainer[SimilarFace]
    total_count: int
    def __init__(self, event_id: _Optional[str] = ..., faces: _Optional[_Iterable[_Union[SimilarFace, _Mapping]]] = ..., total_count: _Optional[int] = ...) -> None: ...

class SearchFacesRequest(_message.Message):
    __slots__ = ("event_id", "image")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    image: bytes
    def __init__(self, event_id: _Optional[str] = ..., image: _Optional[bytes] = ...) -> None: ...

class SearchFacesResponse(_message.Message):
    __slots__ = ("faces", "total_count")
    FACES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    faces: _containers.RepeatedCompositeFieldContainer[SimilarFace]
    total_count: int
    def __init__(self, faces: _Optional[_Iterable[_Union[SimilarFace, _Mapping]]] = ..., total_count: _Optional[int] = ...) -> None: ...

class ChosenFace(_message.Message):
    __slots__ = ("photo_id", "face_name")
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    FACE_NAME_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    face_name: str
    def __init__(self, photo_id: _Optional[str] = ..., face_name: _Optional[str] = ...) -> None: ...

class RemoveFacesRequest(_message.Message):
    __slots__ = ("event_id", "faces", "removal")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    FACES_FIELD_NUMBER: _ClassVar[int]
    REMOVAL_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    faces: _containers.RepeatedCompositeFieldContainer[ChosenFace]
    removal: Removal
    def __init__(self, event_id: _Optional[str] = ..., faces: _Optional[_Iterable[_Union[ChosenFace, _Mapping]]] = ..., removal: _Optional[_Union[Removal, str]] = ...) -> None: ...

class RemoveFacesResponse(_message.Message):
    __slots__ = ("removed_count",)
    REMOVED_COUNT_FIELD_NUMBER: _ClassVar[int]
    removed_count: int
    def __init__(self, removed_count: _Optional[int] = ...) -> None: ...
