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
    ERROR_REASON_EMPTY_IMAGE: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_UNSUPPORTED_TYPE: _ClassVar[ErrorReason]
    ERROR_REASON_EVENT_CLOSED: _ClassVar[ErrorReason]
    ERROR_REASON_IDEMPOTENCY_KEY_REUSED: _ClassVar[ErrorReason]
    ERROR_REASON_NO_ACTIVE_SELFIE: _ClassVar[ErrorReason]
    ERROR_REASON_USER_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_ARGUMENT: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_STREAMS: _ClassVar[ErrorReason]
    ERROR_REASON_DATABASE_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_SERVICE_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_INTERNAL: _ClassVar[ErrorReason]
    ERROR_REASON_REQUEST_IN_PROGRESS: _ClassVar[ErrorReason]
    ERROR_REASON_QUEUE_FULL: _ClassVar[ErrorReason]
    ERROR_REASON_BLOBS_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_EVENT_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_ORGANISER_ONLY: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_SELFIES: _ClassVar[ErrorReason]
    ERROR_REASON_PERSON_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_PEOPLE: _ClassVar[ErrorReason]
    ERROR_REASON_FIRST_PERSON: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_NAME: _ClassVar[ErrorReason]
    ERROR_REASON_CONSENT_REQUIRED: _ClassVar[ErrorReason]
    ERROR_REASON_CONSENT_WITHDRAWN: _ClassVar[ErrorReason]

class RejectReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REJECT_REASON_UNSPECIFIED: _ClassVar[RejectReason]
    REJECT_REASON_NO_FACE: _ClassVar[RejectReason]
    REJECT_REASON_SEVERAL_FACES: _ClassVar[RejectReason]
    REJECT_REASON_FACE_TOO_SMALL: _ClassVar[RejectReason]
    REJECT_REASON_TOO_DARK: _ClassVar[RejectReason]
    REJECT_REASON_TOO_BRIGHT: _ClassVar[RejectReason]
    REJECT_REASON_BLURRED: _ClassVar[RejectReason]
    REJECT_REASON_FACE_CUT_OFF: _ClassVar[RejectReason]
    REJECT_REASON_UNREADABLE: _ClassVar[RejectReason]
    REJECT_REASON_INVALID_DIMENSIONS: _ClassVar[RejectReason]
    REJECT_REASON_TOO_MANY_PIXELS: _ClassVar[RejectReason]
    REJECT_REASON_DIFFERENT_PERSON: _ClassVar[RejectReason]
    REJECT_REASON_TOO_MANY_FACES: _ClassVar[RejectReason]

class SelfieState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SELFIE_STATE_UNSPECIFIED: _ClassVar[SelfieState]
    SELFIE_STATE_PENDING: _ClassVar[SelfieState]
    SELFIE_STATE_ACTIVE: _ClassVar[SelfieState]
    SELFIE_STATE_REJECTED: _ClassVar[SelfieState]
    SELFIE_STATE_SUPERSEDED: _ClassVar[SelfieState]
    SELFIE_STATE_ERROR: _ClassVar[SelfieState]
    SELFIE_STATE_DELETED: _ClassVar[SelfieState]

class RematchState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REMATCH_STATE_UNSPECIFIED: _ClassVar[RematchState]
    REMATCH_STATE_RUNNING: _ClassVar[RematchState]
    REMATCH_STATE_DONE: _ClassVar[RematchState]
    REMATCH_STATE_FAILED: _ClassVar[RematchState]

class GuestSelfie(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GUEST_SELFIE_UNSPECIFIED: _ClassVar[GuestSelfie]
    GUEST_SELFIE_NONE: _ClassVar[GuestSelfie]
    GUEST_SELFIE_CHECKING: _ClassVar[GuestSelfie]
    GUEST_SELFIE_REJECTED: _ClassVar[GuestSelfie]
    GUEST_SELFIE_ACCEPTED: _ClassVar[GuestSelfie]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_INVALID_TOKEN: ErrorReason
ERROR_REASON_CALLER_NOT_ALLOWED: ErrorReason
ERROR_REASON_EMPTY_IMAGE: ErrorReason
ERROR_REASON_TOO_LARGE: ErrorReason
ERROR_REASON_UNSUPPORTED_TYPE: ErrorReason
ERROR_REASON_EVENT_CLOSED: ErrorReason
ERROR_REASON_IDEMPOTENCY_KEY_REUSED: ErrorReason
ERROR_REASON_NO_ACTIVE_SELFIE: ErrorReason
ERROR_REASON_USER_NOT_FOUND: ErrorReason
ERROR_REASON_INVALID_ARGUMENT: ErrorReason
ERROR_REASON_TOO_MANY_STREAMS: ErrorReason
ERROR_REASON_DATABASE_UNAVAILABLE: ErrorReason
ERROR_REASON_SERVICE_UNAVAILABLE: ErrorReason
ERROR_REASON_INTERNAL: ErrorReason
ERROR_REASON_REQUEST_IN_PROGRESS: ErrorReason
ERROR_REASON_QUEUE_FULL: ErrorReason
ERROR_REASON_BLOBS_UNAVAILABLE: ErrorReason
ERROR_REASON_EVENT_NOT_FOUND: ErrorReason
ERROR_REASON_ORGANISER_ONLY: ErrorReason
ERROR_REASON_TOO_MANY_SELFIES: ErrorReason
ERROR_REASON_PERSON_NOT_FOUND: ErrorReason
ERROR_REASON_TOO_MANY_PEOPLE: ErrorReason
ERROR_REASON_FIRST_PERSON: ErrorReason
ERROR_REASON_INVALID_NAME: ErrorReason
ERROR_REASON_CONSENT_REQUIRED: ErrorReason
ERROR_REASON_CONSENT_WITHDRAWN: ErrorReason
REJECT_REASON_UNSPECIFIED: RejectReason
REJECT_REASON_NO_FACE: RejectReason
REJECT_REASON_SEVERAL_FACES: RejectReason
REJECT_REASON_FACE_TOO_SMALL: RejectReason
REJECT_REASON_TOO_DARK: RejectReason
REJECT_REASON_TOO_BRIGHT: RejectReason
REJECT_REASON_BLURRED: RejectReason
REJECT_REASON_FACE_CUT_OFF: RejectReason
REJECT_REASON_UNREADABLE: RejectReason
REJECT_REASON_INVALID_DIMENSIONS: RejectReason
REJECT_REASON_TOO_MANY_PIXELS: RejectReason
REJECT_REASON_DIFFERENT_PERSON: RejectReason
REJECT_REASON_TOO_MANY_FACES: RejectReason
SELFIE_STATE_UNSPECIFIED: SelfieState
SELFIE_STATE_PENDING: SelfieState
SELFIE_STATE_ACTIVE: SelfieState
SELFIE_STATE_REJECTED: SelfieState
SELFIE_STATE_SUPERSEDED: SelfieState
SELFIE_STATE_ERROR: SelfieState
SELFIE_STATE_DELETED: SelfieState
REMATCH_STATE_UNSPECIFIED: RematchState
REMATCH_STATE_RUNNING: RematchState
REMATCH_STATE_DONE: RematchState
REMATCH_STATE_FAILED: RematchState
GUEST_SELFIE_UNSPECIFIED: GuestSelfie
GUEST_SELFIE_NONE: GuestSelfie
GUEST_SELFIE_CHECKING: GuestSelfie
GUEST_SELFIE_REJECTED: GuestSelfie
GUEST_SELFIE_ACCEPTED: GuestSelfie

class EventRematch(_message.Message):
    __slots__ = ("event_id", "state", "matched_count", "compared_count", "total_count")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    MATCHED_COUNT_FIELD_NUMBER: _ClassVar[int]
    COMPARED_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    state: RematchState
    matched_count: int
    compared_count: int
    total_count: int
    def __init__(self, event_id: _Optional[str] = ..., state: _Optional[_Union[RematchState, str]] = ..., matched_count: _Optional[int] = ..., compared_count: _Optional[int] = ..., total_count: _Optional[int] = ...) -> None: ...

class UploadSelfieRequest(_message.Message):
    __slots__ = ("request_id", "image", "is_addition", "person_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    IS_ADDITION_FIELD_NUMBER: _ClassVar[int]
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    image: bytes
    is_addition: bool
    person_id: str
    def __init__(self, request_id: _Optional[str] = ..., image: _Optional[bytes] = ..., is_addition: _Optional[bool] = ..., person_id: _Optional[str] = ...) -> None: ...

class UploadSelfieResponse(_message.Message):
    __slots__ = ("selfie_id",)
    SELFIE_ID_FIELD_NUMBER: _ClassVar[int]
    selfie_id: str
    def __init__(self, selfie_id: _Optional[str] = ...) -> None: ...

class GetSelfieRequest(_message.Message):
    __slots__ = ("person_id", "selfie_id")
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    SELFIE_ID_FIELD_NUMBER: _ClassVar[int]
    person_id: str
    selfie_id: str
    def __init__(self, person_id: _Optional[str] = ..., selfie_id: _Optional[str] = ...) -> None: ...

class GetSelfieResponse(_message.Message):
    __slots__ = ("selfie_id", "state", "image", "content_type")
    SELFIE_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    selfie_id: str
    state: SelfieState
    image: bytes
    content_type: str
    def __init__(self, selfie_id: _Optional[str] = ..., state: _Optional[_Union[SelfieState, str]] = ..., image: _Optional[bytes] = ..., content_type: _Optional[str] = ...) -> None: ...

class SelfieRecord(_message.Message):
    __slots__ = ("selfie_id", "state", "reject_reason", "create_time", "decide_time", "content_type", "image_bytes")
    SELFIE_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REJECT_REASON_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DECIDE_TIME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    IMAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    selfie_id: str
    state: SelfieState
    reject_reason: RejectReason
    create_time: _timestamp_pb2.Timestamp
    decide_time: _timestamp_pb2.Timestamp
    content_type: str
    image_bytes: int
    def __init__(self, selfie_id: _Optional[str] = ..., state: _Optional[_Union[SelfieState, str]] = ..., reject_reason: _Optional[_Union[RejectReason, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decide_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., content_type: _Optional[str] = ..., image_bytes: _Optional[int] = ...) -> None: ...

class PersonRecord(_message.Message):
    __slots__ = ("person_id", "name", "consent_version", "create_time", "selfies")
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONSENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    SELFIES_FIELD_NUMBER: _ClassVar[int]
    person_id: str
    name: str
    consent_version: str
    create_time: _timestamp_pb2.Timestamp
    selfies: _containers.RepeatedCompositeFieldContainer[SelfieRecord]
    def __init__(self, person_id: _Optional[str] = ..., name: _Optional[str] = ..., consent_version: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., selfies: _Optional[_Iterable[_Union[SelfieRecord, _Mapping]]] = ...) -> None: ...

class ListRecordsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListRecordsResponse(_message.Message):
    __slots__ = ("people",)
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    people: _containers.RepeatedCompositeFieldContainer[PersonRecord]
    def __init__(self, people: _Optional[_Iterable[_Union[PersonRecord, _Mapping]]] = ...) -> None: ...

class DeleteSelfieRequest(_message.Message):
    __slots__ = ("person_id",)
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    person_id: str
    def __init__(self, person_id: _Optional[str] = ...) -> None: ...

class DeleteSelfieResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetRematchStateRequest(_message.Message):
    __slots__ = ("person_id",)
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    person_id: str
    def __init__(self, person_id: _Optional[str] = ...) -> None: ...

class GetRematchStateResponse(_message.Message):
    __slots__ = ("selfie_id", "selfie_state", "reject_reason", "start_time", "finish_time", "events", "active_count")
    SELFIE_ID_FIELD_NUMBER: _ClassVar[int]
    SELFIE_STATE_FIELD_NUMBER: _ClassVar[int]
    REJECT_REASON_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    FINISH_TIME_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_COUNT_FIELD_NUMBER: _ClassVar[int]
    selfie_id: str
    selfie_state: SelfieState
    reject_reason: RejectReason
    start_time: _timestamp_pb2.Timestamp
    finish_time: _timestamp_pb2.Timestamp
    events: _containers.RepeatedCompositeFieldContainer[EventRematch]
    active_count: int
    def __init__(self, selfie_id: _Optional[str] = ..., selfie_state: _Optional[_Union[SelfieState, str]] = ..., reject_reason: _Optional[_Union[RejectReason, str]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finish_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., events: _Optional[_Iterable[_Union[EventRematch, _Mapping]]] = ..., active_count: _Optional[int] = ...) -> None: ...

class StartRematchRequest(_message.Message):
    __slots__ = ("person_id",)
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    person_id: str
    def __init__(self, person_id: _Optional[str] = ...) -> None: ...

class StartRematchResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchSelfiesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchSelfiesResponse(_message.Message):
    __slots__ = ("user_ids",)
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, user_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ListSelfieStatesRequest(_message.Message):
    __slots__ = ("event_id", "user_ids")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, event_id: _Optional[str] = ..., user_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class SelfieOfUser(_message.Message):
    __slots__ = ("user_id", "selfie")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    SELFIE_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    selfie: GuestSelfie
    def __init__(self, user_id: _Optional[str] = ..., selfie: _Optional[_Union[GuestSelfie, str]] = ...) -> None: ...

class ListSelfieStatesResponse(_message.Message):
    __slots__ = ("selfies",)
    SELFIES_FIELD_NUMBER: _ClassVar[int]
    selfies: _containers.RepeatedCompositeFieldContainer[SelfieOfUser]
    def __init__(self, selfies: _Optional[_Iterable[_Union[SelfieOfUser, _Mapping]]] = ...) -> None: ...

class Person(_message.Message):
    __slots__ = ("person_id", "name", "selfie", "active_count")
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SELFIE_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_COUNT_FIELD_NUMBER: _ClassVar[int]
    person_id: str
    name: str
    selfie: GuestSelfie
    active_count: int
    def __init__(self, person_id: _Optional[str] = ..., name: _Optional[str] = ..., selfie: _Optional[_Union[GuestSelfie, str]] = ..., active_count: _Optional[int] = ...) -> None: ...

class ListPeopleRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListPeopleResponse(_message.Message):
    __slots__ = ("people", "free_count")
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    FREE_COUNT_FIELD_NUMBER: _ClassVar[int]
    people: _containers.RepeatedCompositeFieldContainer[Person]
    free_count: int
    def __init__(self, people: _Optional[_Iterable[_Union[Person, _Mapping]]] = ..., free_count: _Optional[int] = ...) -> None: ...

class CreatePersonRequest(_message.Message):
    __slots__ = ("request_id", "name", "consent_version")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONSENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    name: str
    consent_version: str
    def __init__(self, request_id: _Optional[str] = ..., name: _Optional[str] = ..., consent_version: _Optional[str] = ...) -> None: ...

class CreatePersonResponse(_message.Message):
    __slots__ = ("person",)
    PERSON_FIELD_NUMBER: _ClassVar[int]
    person: Person
    def __init__(self, person: _Optional[_Union[Person, _Mapping]] = ...) -> None: ...

class RenamePersonRequest(_message.Message):
    __slots__ = ("person_id", "name")
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    person_id: str
    name: str
    def __init__(self, person_id: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class RenamePersonResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeletePersonRequest(_message.Message):
    __slots__ = ("person_id",)
    PERSON_ID_FIELD_NUMBER: _ClassVar[int]
    person_id: str
    def __init__(self, person_id: _Optional[str] = ...) -> None: ...

class DeletePersonResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SelfieAct(_message.Message):
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

class ListSelfieActsRequest(_message.Message):
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

class ListSelfieActsResponse(_message.Message):
    __slots__ = ("acts",)
    ACTS_FIELD_NUMBER: _ClassVar[int]
    acts: _containers.RepeatedCompositeFieldContainer[SelfieAct]
    def __init__(self, acts: _Optional[_Iterable[_Union[SelfieAct, _Mapping]]] = ...) -> None: ...
