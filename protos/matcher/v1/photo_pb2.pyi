import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PhotoState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PHOTO_STATE_UNSPECIFIED: _ClassVar[PhotoState]
    PHOTO_STATE_PENDING: _ClassVar[PhotoState]
    PHOTO_STATE_INDEXED: _ClassVar[PhotoState]
    PHOTO_STATE_FAILED: _ClassVar[PhotoState]
    PHOTO_STATE_REFUSED: _ClassVar[PhotoState]

class Visibility(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VISIBILITY_UNSPECIFIED: _ClassVar[Visibility]
    VISIBILITY_MATCHED: _ClassVar[Visibility]
    VISIBILITY_EVERYONE: _ClassVar[Visibility]
    VISIBILITY_HIDDEN: _ClassVar[Visibility]
    VISIBILITY_UNAPPROVED: _ClassVar[Visibility]

class Replacement(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPLACEMENT_UNSPECIFIED: _ClassVar[Replacement]
    REPLACEMENT_REPLACED: _ClassVar[Replacement]
    REPLACEMENT_AMBIGUOUS: _ClassVar[Replacement]

class FaceFilter(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FACE_FILTER_UNSPECIFIED: _ClassVar[FaceFilter]
    FACE_FILTER_NONE: _ClassVar[FaceFilter]

class PhotoOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PHOTO_ORDER_UNSPECIFIED: _ClassVar[PhotoOrder]
    PHOTO_ORDER_UPLOADED: _ClassVar[PhotoOrder]
    PHOTO_ORDER_TAKEN: _ClassVar[PhotoOrder]

class Variant(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VARIANT_UNSPECIFIED: _ClassVar[Variant]
    VARIANT_THUMB: _ClassVar[Variant]
    VARIANT_PREVIEW: _ClassVar[Variant]
    VARIANT_ORIGINAL: _ClassVar[Variant]
    VARIANT_MEDIUM: _ClassVar[Variant]

class DownloadSize(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DOWNLOAD_SIZE_UNSPECIFIED: _ClassVar[DownloadSize]
    DOWNLOAD_SIZE_ORIGINAL: _ClassVar[DownloadSize]
    DOWNLOAD_SIZE_PREVIEW: _ClassVar[DownloadSize]
    DOWNLOAD_SIZE_NONE: _ClassVar[DownloadSize]
PHOTO_STATE_UNSPECIFIED: PhotoState
PHOTO_STATE_PENDING: PhotoState
PHOTO_STATE_INDEXED: PhotoState
PHOTO_STATE_FAILED: PhotoState
PHOTO_STATE_REFUSED: PhotoState
VISIBILITY_UNSPECIFIED: Visibility
VISIBILITY_MATCHED: Visibility
VISIBILITY_EVERYONE: Visibility
VISIBILITY_HIDDEN: Visibility
VISIBILITY_UNAPPROVED: Visibility
REPLACEMENT_UNSPECIFIED: Replacement
REPLACEMENT_REPLACED: Replacement
REPLACEMENT_AMBIGUOUS: Replacement
FACE_FILTER_UNSPECIFIED: FaceFilter
FACE_FILTER_NONE: FaceFilter
PHOTO_ORDER_UNSPECIFIED: PhotoOrder
PHOTO_ORDER_UPLOADED: PhotoOrder
PHOTO_ORDER_TAKEN: PhotoOrder
VARIANT_UNSPECIFIED: Variant
VARIANT_THUMB: Variant
VARIANT_PREVIEW: Variant
VARIANT_ORIGINAL: Variant
VARIANT_MEDIUM: Variant
DOWNLOAD_SIZE_UNSPECIFIED: DownloadSize
DOWNLOAD_SIZE_ORIGINAL: DownloadSize
DOWNLOAD_SIZE_PREVIEW: DownloadSize
DOWNLOAD_SIZE_NONE: DownloadSize

class Photo(_message.Message):
    __slots__ = ("photo_id", "event_id", "filename", "state", "reason", "width", "height", "face_count", "size_bytes", "take_time", "create_time", "thumb_version", "preview_version", "original_version", "medium_version", "visibility", "uploader_id", "hide_request_count", "colour", "original_bytes", "take_offset_min", "from_guest", "new_version_state", "new_version_reason")
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    FACE_COUNT_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    TAKE_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    THUMB_VERSION_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_VERSION_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_VERSION_FIELD_NUMBER: _ClassVar[int]
    MEDIUM_VERSION_FIELD_NUMBER: _ClassVar[int]
    VISIBILITY_FIELD_NUMBER: _ClassVar[int]
    UPLOADER_ID_FIELD_NUMBER: _ClassVar[int]
    HIDE_REQUEST_COUNT_FIELD_NUMBER: _ClassVar[int]
    COLOUR_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    TAKE_OFFSET_MIN_FIELD_NUMBER: _ClassVar[int]
    FROM_GUEST_FIELD_NUMBER: _ClassVar[int]
    NEW_VERSION_STATE_FIELD_NUMBER: _ClassVar[int]
    NEW_VERSION_REASON_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    event_id: str
    filename: str
    state: PhotoState
    reason: str
    width: int
    height: int
    face_count: int
    size_bytes: int
    take_time: _timestamp_pb2.Timestamp
    create_time: _timestamp_pb2.Timestamp
    thumb_version: str
    preview_version: str
    original_version: str
    medium_version: str
    visibility: Visibility
    uploader_id: str
    hide_request_count: int
    colour: int
    original_bytes: int
    take_offset_min: int
    from_guest: bool
    new_version_state: PhotoState
    new_version_reason: str
    def __init__(self, photo_id: _Optional[str] = ..., event_id: _Optional[str] = ..., filename: _Optional[str] = ..., state: _Optional[_Union[PhotoState, str]] = ..., reason: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., face_count: _Optional[int] = ..., size_bytes: _Optional[int] = ..., take_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., thumb_version: _Optional[str] = ..., preview_version: _Optional[str] = ..., original_version: _Optional[str] = ..., medium_version: _Optional[str] = ..., visibility: _Optional[_Union[Visibility, str]] = ..., uploader_id: _Optional[str] = ..., hide_request_count: _Optional[int] = ..., colour: _Optional[int] = ..., original_bytes: _Optional[int] = ..., take_offset_min: _Optional[int] = ..., from_guest: _Optional[bool] = ..., new_version_state: _Optional[_Union[PhotoState, str]] = ..., new_version_reason: _Optional[str] = ...) -> None: ...

class AddPhotoHeader(_message.Message):
    __slots__ = ("event_id", "filename", "replace", "age")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    REPLACE_FIELD_NUMBER: _ClassVar[int]
    AGE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    filename: str
    replace: bool
    age: _duration_pb2.Duration
    def __init__(self, event_id: _Optional[str] = ..., filename: _Optional[str] = ..., replace: _Optional[bool] = ..., age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class AddPhotosRequest(_message.Message):
    __slots__ = ("header", "chunk")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    header: AddPhotoHeader
    chunk: bytes
    def __init__(self, header: _Optional[_Union[AddPhotoHeader, _Mapping]] = ..., chunk: _Optional[bytes] = ...) -> None: ...

class AddedPhoto(_message.Message):
    __slots__ = ("photo_id", "filename", "state", "reason", "existing", "replacement")
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EXISTING_FIELD_NUMBER: _ClassVar[int]
    REPLACEMENT_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    filename: str
    state: PhotoState
    reason: str
    existing: bool
    replacement: Replacement
    def __init__(self, photo_id: _Optional[str] = ..., filename: _Optional[str] = ..., state: _Optional[_Union[PhotoState, str]] = ..., reason: _Optional[str] = ..., existing: _Optional[bool] = ..., replacement: _Optional[_Union[Replacement, str]] = ...) -> None: ...

class AddPhotosResponse(_message.Message):
    __slots__ = ("photos",)
    PHOTOS_FIELD_NUMBER: _ClassVar[int]
    photos: _containers.RepeatedCompositeFieldContainer[AddedPhoto]
    def __init__(self, photos: _Optional[_Iterable[_Union[AddedPhoto, _Mapping]]] = ...) -> None: ...

class GetPhotoRequest(_message.Message):
    __slots__ = ("photo_id", "variant", "offset", "length")
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    variant: Variant
    offset: int
    length: int
    def __init__(self, photo_id: _Optional[str] = ..., variant: _Optional[_Union[Variant, str]] = ..., offset: _Optional[int] = ..., length: _Optional[int] = ...) -> None: ...

class PhotoHeader(_message.Message):
    __slots__ = ("content_type", "size_bytes", "picture_bytes", "offset", "version", "event_name", "number", "download")
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PICTURE_BYTES_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_FIELD_NUMBER: _ClassVar[int]
    content_type: str
    size_bytes: int
    picture_bytes: int
    offset: int
    version: str
    event_name: str
    number: int
    download: DownloadSize
    def __init__(self, content_type: _Optional[str] = ..., size_bytes: _Optional[int] = ..., picture_bytes: _Optional[int] = ..., offset: _Optional[int] = ..., version: _Optional[str] = ..., event_name: _Optional[str] = ..., number: _Optional[int] = ..., download: _Optional[_Union[DownloadSize, str]] = ...) -> None: ...

class GetPhotoResponse(_message.Message):
    __slots__ = ("header", "chunk")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    header: PhotoHeader
    chunk: bytes
    def __init__(self, header: _Optional[_Union[PhotoHeader, _Mapping]] = ..., chunk: _Optional[bytes] = ...) -> None: ...

class CreateDownloadTokenRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CreateDownloadTokenResponse(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class ListPhotosRequest(_message.Message):
    __slots__ = ("event_id", "page_size", "page_token", "order", "ascending", "state", "visibility", "faces", "hide_requested", "from_guests")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    ASCENDING_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VISIBILITY_FIELD_NUMBER: _ClassVar[int]
    FACES_FIELD_NUMBER: _ClassVar[int]
    HIDE_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    FROM_GUESTS_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    page_size: int
    page_token: str
    order: PhotoOrder
    ascending: bool
    state: PhotoState
    visibility: Visibility
    faces: FaceFilter
    hide_requested: bool
    from_guests: bool
    def __init__(self, event_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., order: _Optional[_Union[PhotoOrder, str]] = ..., ascending: _Optional[bool] = ..., state: _Optional[_Union[PhotoState, str]] = ..., visibility: _Optional[_Union[Visibility, str]] = ..., faces: _Optional[_Union[FaceFilter, str]] = ..., hide_requested: _Optional[bool] = ..., from_guests: _Optional[bool] = ...) -> None: ...

class ListPhotosResponse(_message.Message):
    __slots__ = ("photos", "next_page_token", "total_count")
    PHOTOS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    photos: _containers.RepeatedCompositeFieldContainer[Photo]
    next_page_token: str
    total_count: int
    def __init__(self, photos: _Optional[_Iterable[_Union[Photo, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_count: _Optional[int] = ...) -> None: ...

class DeletePhotoRequest(_message.Message):
    __slots__ = ("photo_id",)
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    def __init__(self, photo_id: _Optional[str] = ...) -> None: ...

class DeletePhotoResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RetryPhotoRequest(_message.Message):
    __slots__ = ("photo_id",)
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    photo_id: str
    def __init__(self, photo_id: _Optional[str] = ...) -> None: ...

class RetryPhotoResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RetryPhotosRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class RetryPhotosResponse(_message.Message):
    __slots__ = ("retried_count",)
    RETRIED_COUNT_FIELD_NUMBER: _ClassVar[int]
    retried_count: int
    def __init__(self, retried_count: _Optional[int] = ...) -> None: ...

class DeletePhotosRequest(_message.Message):
    __slots__ = ("event_id", "photo_ids")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PHOTO_IDS_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    photo_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, event_id: _Optional[str] = ..., photo_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class DeletePhotosResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetVisibilityRequest(_message.Message):
    __slots__ = ("event_id", "photo_ids", "visibility")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PHOTO_IDS_FIELD_NUMBER: _ClassVar[int]
    VISIBILITY_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    photo_ids: _containers.RepeatedScalarFieldContainer[str]
    visibility: Visibility
    def __init__(self, event_id: _Optional[str] = ..., photo_ids: _Optional[_Iterable[str]] = ..., visibility: _Optional[_Union[Visibility, str]] = ...) -> None: ...

class SetVisibilityResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DismissHideRequestsRequest(_message.Message):
    __slots__ = ("event_id", "photo_ids")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PHOTO_IDS_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    photo_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, event_id: _Optional[str] = ..., photo_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class DismissHideRequestsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FindKnownPhotosRequest(_message.Message):
    __slots__ = ("event_id", "sha256")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    sha256: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, event_id: _Optional[str] = ..., sha256: _Optional[_Iterable[bytes]] = ...) -> None: ...

class KnownPhoto(_message.Message):
    __slots__ = ("place", "photo_id", "state")
    PLACE_FIELD_NUMBER: _ClassVar[int]
    PHOTO_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    place: int
    photo_id: str
    state: PhotoState
    def __init__(self, place: _Optional[int] = ..., photo_id: _Optional[str] = ..., state: _Optional[_Union[PhotoState, str]] = ...) -> None: ...

class FindKnownPhotosResponse(_message.Message):
    __slots__ = ("photos",)
    PHOTOS_FIELD_NUMBER: _ClassVar[int]
    photos: _containers.RepeatedCompositeFieldContainer[KnownPhoto]
    def __init__(self, photos: _Optional[_Iterable[_Union[KnownPhoto, _Mapping]]] = ...) -> None: ...

class GetIndexStateRequest(_message.Message):
    __slots__ = ("event_ids", "count_guests")
    EVENT_IDS_FIELD_NUMBER: _ClassVar[int]
    COUNT_GUESTS_FIELD_NUMBER: _ClassVar[int]
    event_ids: _containers.RepeatedScalarFieldContainer[str]
    count_guests: bool
    def __init__(self, event_ids: _Optional[_Iterable[str]] = ..., count_guests: _Optional[bool] = ...) -> None: ...

class IndexState(_message.Message):
    __slots__ = ("event_id", "pending_count", "indexed_count", "failed_count", "face_count", "searched_count", "unmatched_count", "logo_version")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PENDING_COUNT_FIELD_NUMBER: _ClassVar[int]
    INDEXED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FACE_COUNT_FIELD_NUMBER: _ClassVar[int]
    SEARCHED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNMATCHED_COUNT_FIELD_NUMBER: _ClassVar[int]
    LOGO_VERSION_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    pending_count: int
    indexed_count: int
    failed_count: int
    face_count: int
    searched_count: int
    unmatched_count: int
    logo_version: str
    def __init__(self, event_id: _Optional[str] = ..., pending_count: _Optional[int] = ..., indexed_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., face_count: _Optional[int] = ..., searched_count: _Optional[int] = ..., unmatched_count: _Optional[int] = ..., logo_version: _Optional[str] = ...) -> None: ...

class GetIndexStateResponse(_message.Message):
    __slots__ = ("states",)
    STATES_FIELD_NUMBER: _ClassVar[int]
    states: _containers.RepeatedCompositeFieldContainer[IndexState]
    def __init__(self, states: _Optional[_Iterable[_Union[IndexState, _Mapping]]] = ...) -> None: ...

class ListUploadsRequest(_message.Message):
    __slots__ = ("event_id", "page_size", "page_token")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    page_size: int
    page_token: str
    def __init__(self, event_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListUploadsResponse(_message.Message):
    __slots__ = ("photos", "next_page_token", "total_count")
    PHOTOS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    photos: _containers.RepeatedCompositeFieldContainer[Photo]
    next_page_token: str
    total_count: int
    def __init__(self, photos: _Optional[_Iterable[_Union[Photo, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_count: _Optional[int] = ...) -> None: ...

class CheckUploadRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class CheckUploadResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListCamerasRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class Camera(_message.Message):
    __slots__ = ("camera_id", "label", "offset", "photo_count", "first_take_time", "last_take_time")
    CAMERA_ID_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    PHOTO_COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_TAKE_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_TAKE_TIME_FIELD_NUMBER: _ClassVar[int]
    camera_id: str
    label: str
    offset: _duration_pb2.Duration
    photo_count: int
    first_take_time: _timestamp_pb2.Timestamp
    last_take_time: _timestamp_pb2.Timestamp
    def __init__(self, camera_id: _Optional[str] = ..., label: _Optional[str] = ..., offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., photo_count: _Optional[int] = ..., first_take_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_take_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListCamerasResponse(_message.Message):
    __slots__ = ("cameras", "unknown")
    CAMERAS_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    cameras: _containers.RepeatedCompositeFieldContainer[Camera]
    unknown: Camera
    def __init__(self, cameras: _Optional[_Iterable[_Union[Camera, _Mapping]]] = ..., unknown: _Optional[_Union[Camera, _Mapping]] = ...) -> None: ...

class SetCameraOffsetRequest(_message.Message):
    __slots__ = ("event_id", "camera_id", "offset")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CAMERA_ID_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    camera_id: str
    offset: _duration_pb2.Duration
    def __init__(self, event_id: _Optional[str] = ..., camera_id: _Optional[str] = ..., offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class SetCameraOffsetResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Logo(_message.Message):
    __slots__ = ("version", "width", "height")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    version: str
    width: int
    height: int
    def __init__(self, version: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ...) -> None: ...

class SetLogoRequest(_message.Message):
    __slots__ = ("event_id", "image")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    image: bytes
    def __init__(self, event_id: _Optional[str] = ..., image: _Optional[bytes] = ...) -> None: ...

class SetLogoResponse(_message.Message):
    __slots__ = ("logo",)
    LOGO_FIELD_NUMBER: _ClassVar[int]
    logo: Logo
    def __init__(self, logo: _Optional[_Union[Logo, _Mapping]] = ...) -> None: ...

class GetLogoRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class GetLogoResponse(_message.Message):
    __slots__ = ("logo", "image")
    LOGO_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    logo: Logo
    image: bytes
    def __init__(self, logo: _Optional[_Union[Logo, _Mapping]] = ..., image: _Optional[bytes] = ...) -> None: ...

class DeleteLogoRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class DeleteLogoResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PhotoAct(_message.Message):
    __slots__ = ("act_id", "act_time", "actor_id", "action", "object_id", "result", "network")
    ACT_ID_FIELD_NUMBER: _ClassVar[int]
    ACT_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    act_id: str
    act_time: _timestamp_pb2.Timestamp
    actor_id: str
    action: str
    object_id: str
    result: str
    network: str
    def __init__(self, act_id: _Optional[str] = ..., act_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor_id: _Optional[str] = ..., action: _Optional[str] = ..., object_id: _Optional[str] = ..., result: _Optional[str] = ..., network: _Optional[str] = ...) -> None: ...

class ListPhotoActsRequest(_message.Message):
    __slots__ = ("event_id", "page_size", "before_time", "before_id")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    BEFORE_TIME_FIELD_NUMBER: _ClassVar[int]
    BEFORE_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    page_size: int
    before_time: _timestamp_pb2.Timestamp
    before_id: str
    def __init__(self, event_id: _Optional[str] = ..., page_size: _Optional[int] = ..., before_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., before_id: _Optional[str] = ...) -> None: ...

class ListPhotoActsResponse(_message.Message):
    __slots__ = ("acts",)
    ACTS_FIELD_NUMBER: _ClassVar[int]
    acts: _containers.RepeatedCompositeFieldContainer[PhotoAct]
    def __init__(self, acts: _Optional[_Iterable[_Union[PhotoAct, _Mapping]]] = ...) -> None: ...
