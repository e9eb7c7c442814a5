import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import wrappers_pb2 as _wrappers_pb2
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
    ERROR_REASON_INVALID_EVENT_CODE: _ClassVar[ErrorReason]
    ERROR_REASON_EVENT_CLOSED: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_CREDENTIALS: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_REFRESH_TOKEN: _ClassVar[ErrorReason]
    ERROR_REASON_USER_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_EVENT_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_ORGANISER_ONLY: _ClassVar[ErrorReason]
    ERROR_REASON_ORGANISER_CANNOT_LEAVE: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_FORM: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_PAGE: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_ARGUMENT: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_STREAMS: _ClassVar[ErrorReason]
    ERROR_REASON_DATABASE_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_SERVICE_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_INTERNAL: _ClassVar[ErrorReason]
    ERROR_REASON_IDEMPOTENCY_KEY_REUSED: _ClassVar[ErrorReason]
    ERROR_REASON_CREDENTIALS_SET: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_SIGN_IN_LINK: _ClassVar[ErrorReason]
    ERROR_REASON_GUEST_OF_OTHERS: _ClassVar[ErrorReason]
    ERROR_REASON_REMOVED_FROM_EVENT: _ClassVar[ErrorReason]
    ERROR_REASON_SESSION_EXPIRED: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_INVITATION: _ClassVar[ErrorReason]
    ERROR_REASON_CREDENTIALS_REQUIRED: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_INVITATIONS: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_SETUP_CODE: _ClassVar[ErrorReason]
    ERROR_REASON_ORGANISER_EXISTS: _ClassVar[ErrorReason]
    ERROR_REASON_MAIL_NOT_OFFERED: _ClassVar[ErrorReason]
    ERROR_REASON_LAST_ORGANISER: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_REQUESTS: _ClassVar[ErrorReason]

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_GUEST: _ClassVar[Role]
    ROLE_ORGANISER: _ClassVar[Role]
    ROLE_COUPLE: _ClassVar[Role]
    ROLE_PHOTOGRAPHER: _ClassVar[Role]

class DownloadSize(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DOWNLOAD_SIZE_UNSPECIFIED: _ClassVar[DownloadSize]
    DOWNLOAD_SIZE_ORIGINAL: _ClassVar[DownloadSize]
    DOWNLOAD_SIZE_PREVIEW: _ClassVar[DownloadSize]
    DOWNLOAD_SIZE_NONE: _ClassVar[DownloadSize]

class GuestPhotos(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GUEST_PHOTOS_UNSPECIFIED: _ClassVar[GuestPhotos]
    GUEST_PHOTOS_OFF: _ClassVar[GuestPhotos]
    GUEST_PHOTOS_MODERATED: _ClassVar[GuestPhotos]
    GUEST_PHOTOS_OPEN: _ClassVar[GuestPhotos]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_INVALID_TOKEN: ErrorReason
ERROR_REASON_CALLER_NOT_ALLOWED: ErrorReason
ERROR_REASON_INVALID_EVENT_CODE: ErrorReason
ERROR_REASON_EVENT_CLOSED: ErrorReason
ERROR_REASON_INVALID_CREDENTIALS: ErrorReason
ERROR_REASON_INVALID_REFRESH_TOKEN: ErrorReason
ERROR_REASON_USER_NOT_FOUND: ErrorReason
ERROR_REASON_EVENT_NOT_FOUND: ErrorReason
ERROR_REASON_ORGANISER_ONLY: ErrorReason
ERROR_REASON_ORGANISER_CANNOT_LEAVE: ErrorReason
ERROR_REASON_INVALID_FORM: ErrorReason
ERROR_REASON_INVALID_PAGE: ErrorReason
ERROR_REASON_INVALID_ARGUMENT: ErrorReason
ERROR_REASON_TOO_MANY_STREAMS: ErrorReason
ERROR_REASON_DATABASE_UNAVAILABLE: ErrorReason
ERROR_REASON_SERVICE_UNAVAILABLE: ErrorReason
ERROR_REASON_INTERNAL: ErrorReason
ERROR_REASON_IDEMPOTENCY_KEY_REUSED: ErrorReason
ERROR_REASON_CREDENTIALS_SET: ErrorReason
ERROR_REASON_INVALID_SIGN_IN_LINK: ErrorReason
ERROR_REASON_GUEST_OF_OTHERS: ErrorReason
ERROR_REASON_REMOVED_FROM_EVENT: ErrorReason
ERROR_REASON_SESSION_EXPIRED: ErrorReason
ERROR_REASON_INVALID_INVITATION: ErrorReason
ERROR_REASON_CREDENTIALS_REQUIRED: ErrorReason
ERROR_REASON_TOO_MANY_INVITATIONS: ErrorReason
ERROR_REASON_INVALID_SETUP_CODE: ErrorReason
ERROR_REASON_ORGANISER_EXISTS: ErrorReason
ERROR_REASON_MAIL_NOT_OFFERED: ErrorReason
ERROR_REASON_LAST_ORGANISER: ErrorReason
ERROR_REASON_TOO_MANY_REQUESTS: ErrorReason
ROLE_UNSPECIFIED: Role
ROLE_GUEST: Role
ROLE_ORGANISER: Role
ROLE_COUPLE: Role
ROLE_PHOTOGRAPHER: Role
DOWNLOAD_SIZE_UNSPECIFIED: DownloadSize
DOWNLOAD_SIZE_ORIGINAL: DownloadSize
DOWNLOAD_SIZE_PREVIEW: DownloadSize
DOWNLOAD_SIZE_NONE: DownloadSize
GUEST_PHOTOS_UNSPECIFIED: GuestPhotos
GUEST_PHOTOS_OFF: GuestPhotos
GUEST_PHOTOS_MODERATED: GuestPhotos
GUEST_PHOTOS_OPEN: GuestPhotos

class Credit(_message.Message):
    __slots__ = ("name", "url")
    NAME_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    name: str
    url: str
    def __init__(self, name: _Optional[str] = ..., url: _Optional[str] = ...) -> None: ...

class Retention(_message.Message):
    __slots__ = ("keep_days", "hide_time", "delete_time", "hidden")
    KEEP_DAYS_FIELD_NUMBER: _ClassVar[int]
    HIDE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    keep_days: int
    hide_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    hidden: bool
    def __init__(self, keep_days: _Optional[int] = ..., hide_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., hidden: _Optional[bool] = ...) -> None: ...

class TokenPair(_message.Message):
    __slots__ = ("access_token", "refresh_token", "expires_in", "refresh_expires_in")
    ACCESS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REFRESH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_IN_FIELD_NUMBER: _ClassVar[int]
    REFRESH_EXPIRES_IN_FIELD_NUMBER: _ClassVar[int]
    access_token: str
    refresh_token: str
    expires_in: _duration_pb2.Duration
    refresh_expires_in: _duration_pb2.Duration
    def __init__(self, access_token: _Optional[str] = ..., refresh_token: _Optional[str] = ..., expires_in: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., refresh_expires_in: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("event_id", "name", "event_code", "start_time", "expire_time", "closed", "guest_count", "create_time", "admission", "held", "release_time", "credit", "download", "retention", "guest_photos", "role", "ended", "waiting_count")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    EVENT_CODE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    GUEST_COUNT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ADMISSION_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    RELEASE_TIME_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_FIELD_NUMBER: _ClassVar[int]
    RETENTION_FIELD_NUMBER: _ClassVar[int]
    GUEST_PHOTOS_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    WAITING_COUNT_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    name: str
    event_code: str
    start_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    closed: bool
    guest_count: int
    create_time: _timestamp_pb2.Timestamp
    admission: bool
    held: bool
    release_time: _timestamp_pb2.Timestamp
    credit: Credit
    download: DownloadSize
    retention: Retention
    guest_photos: GuestPhotos
    role: Role
    ended: bool
    waiting_count: int
    def __init__(self, event_id: _Optional[str] = ..., name: _Optional[str] = ..., event_code: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., closed: _Optional[bool] = ..., guest_count: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., admission: _Optional[bool] = ..., held: _Optional[bool] = ..., release_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., credit: _Optional[_Union[Credit, _Mapping]] = ..., download: _Optional[_Union[DownloadSize, str]] = ..., retention: _Optional[_Union[Retention, _Mapping]] = ..., guest_photos: _Optional[_Union[GuestPhotos, str]] = ..., role: _Optional[_Union[Role, str]] = ..., ended: _Optional[bool] = ..., waiting_count: _Optional[int] = ...) -> None: ...

class Membership(_message.Message):
    __slots__ = ("event_id", "event_name", "role", "closed", "join_time", "event_code", "expire_time", "organisers", "consent_version", "waiting", "held", "release_time", "credit", "download", "retention", "guest_photos", "notice_email", "without_search")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    JOIN_TIME_FIELD_NUMBER: _ClassVar[int]
    EVENT_CODE_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ORGANISERS_FIELD_NUMBER: _ClassVar[int]
    CONSENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    RELEASE_TIME_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_FIELD_NUMBER: _ClassVar[int]
    RETENTION_FIELD_NUMBER: _ClassVar[int]
    GUEST_PHOTOS_FIELD_NUMBER: _ClassVar[int]
    NOTICE_EMAIL_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_SEARCH_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    event_name: str
    role: Role
    closed: bool
    join_time: _timestamp_pb2.Timestamp
    event_code: str
    expire_time: _timestamp_pb2.Timestamp
    organisers: _containers.RepeatedScalarFieldContainer[str]
    consent_version: str
    waiting: bool
    held: bool
    release_time: _timestamp_pb2.Timestamp
    credit: Credit
    download: DownloadSize
    retention: Retention
    guest_photos: GuestPhotos
    notice_email: str
    without_search: bool
    def __init__(self, event_id: _Optional[str] = ..., event_name: _Optional[str] = ..., role: _Optional[_Union[Role, str]] = ..., closed: _Optional[bool] = ..., join_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., event_code: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., organisers: _Optional[_Iterable[str]] = ..., consent_version: _Optional[str] = ..., waiting: _Optional[bool] = ..., held: _Optional[bool] = ..., release_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., credit: _Optional[_Union[Credit, _Mapping]] = ..., download: _Optional[_Union[DownloadSize, str]] = ..., retention: _Optional[_Union[Retention, _Mapping]] = ..., guest_photos: _Optional[_Union[GuestPhotos, str]] = ..., notice_email: _Optional[str] = ..., without_search: _Optional[bool] = ...) -> None: ...

class Guest(_message.Message):
    __slots__ = ("user_id", "username", "role", "join_time", "display_name", "waiting")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    JOIN_TIME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    username: str
    role: Role
    join_time: _timestamp_pb2.Timestamp
    display_name: str
    waiting: bool
    def __init__(self, user_id: _Optional[str] = ..., username: _Optional[str] = ..., role: _Optional[_Union[Role, str]] = ..., join_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., display_name: _Optional[str] = ..., waiting: _Optional[bool] = ...) -> None: ...

class RemovedGuest(_message.Message):
    __slots__ = ("user_id", "username", "display_name", "remove_time")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    REMOVE_TIME_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    username: str
    display_name: str
    remove_time: _timestamp_pb2.Timestamp
    def __init__(self, user_id: _Optional[str] = ..., username: _Optional[str] = ..., display_name: _Optional[str] = ..., remove_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Change(_message.Message):
    __slots__ = ("sequence", "kind", "event_id", "user_id", "role", "closed", "expire_time", "change_time", "name", "held", "release_time", "download", "guest_photos", "without_search", "last_membership")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Change.Kind]
        KIND_JOINED: _ClassVar[Change.Kind]
        KIND_LEFT: _ClassVar[Change.Kind]
        KIND_USER_ERASED: _ClassVar[Change.Kind]
        KIND_EVENT_UPDATED: _ClassVar[Change.Kind]
        KIND_EVENT_DELETED: _ClassVar[Change.Kind]
        KIND_WAITING: _ClassVar[Change.Kind]
        KIND_CONSENT_WITHDRAWN: _ClassVar[Change.Kind]
    KIND_UNSPECIFIED: Change.Kind
    KIND_JOINED: Change.Kind
    KIND_LEFT: Change.Kind
    KIND_USER_ERASED: Change.Kind
    KIND_EVENT_UPDATED: Change.Kind
    KIND_EVENT_DELETED: Change.Kind
    KIND_WAITING: Change.Kind
    KIND_CONSENT_WITHDRAWN: Change.Kind
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    RELEASE_TIME_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_FIELD_NUMBER: _ClassVar[int]
    GUEST_PHOTOS_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_SEARCH_FIELD_NUMBER: _ClassVar[int]
    LAST_MEMBERSHIP_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    kind: Change.Kind
    event_id: str
    user_id: str
    role: Role
    closed: bool
    expire_time: _timestamp_pb2.Timestamp
    change_time: _timestamp_pb2.Timestamp
    name: str
    held: bool
    release_time: _timestamp_pb2.Timestamp
    download: DownloadSize
    guest_photos: GuestPhotos
    without_search: bool
    last_membership: bool
    def __init__(self, sequence: _Optional[int] = ..., kind: _Optional[_Union[Change.Kind, str]] = ..., event_id: _Optional[str] = ..., user_id: _Optional[str] = ..., role: _Optional[_Union[Role, str]] = ..., closed: _Optional[bool] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., name: _Optional[str] = ..., held: _Optional[bool] = ..., release_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., download: _Optional[_Union[DownloadSize, str]] = ..., guest_photos: _Optional[_Union[GuestPhotos, str]] = ..., without_search: _Optional[bool] = ..., last_membership: _Optional[bool] = ...) -> None: ...

class CheckEventCodeRequest(_message.Message):
    __slots__ = ("event_code",)
    EVENT_CODE_FIELD_NUMBER: _ClassVar[int]
    event_code: str
    def __init__(self, event_code: _Optional[str] = ...) -> None: ...

class CheckEventCodeResponse(_message.Message):
    __slots__ = ("valid", "event_name", "closed")
    VALID_FIELD_NUMBER: _ClassVar[int]
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    valid: bool
    event_name: str
    closed: bool
    def __init__(self, valid: _Optional[bool] = ..., event_name: _Optional[str] = ..., closed: _Optional[bool] = ...) -> None: ...

class CheckUserAvailabilityRequest(_message.Message):
    __slots__ = ("username", "email", "event_code")
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    EVENT_CODE_FIELD_NUMBER: _ClassVar[int]
    username: str
    email: str
    event_code: str
    def __init__(self, username: _Optional[str] = ..., email: _Optional[str] = ..., event_code: _Optional[str] = ...) -> None: ...

class CheckUserAvailabilityResponse(_message.Message):
    __slots__ = ("username_taken", "email_taken")
    USERNAME_TAKEN_FIELD_NUMBER: _ClassVar[int]
    EMAIL_TAKEN_FIELD_NUMBER: _ClassVar[int]
    username_taken: bool
    email_taken: bool
    def __init__(self, username_taken: _Optional[bool] = ..., email_taken: _Optional[bool] = ...) -> None: ...

class RegisterRequest(_message.Message):
    __slots__ = ("request_id", "username", "email", "password", "event_code", "phone_mark", "device")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    EVENT_CODE_FIELD_NUMBER: _ClassVar[int]
    PHONE_MARK_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    username: str
    email: str
    password: str
    event_code: str
    phone_mark: str
    device: str
    def __init__(self, request_id: _Optional[str] = ..., username: _Optional[str] = ..., email: _Optional[str] = ..., password: _Optional[str] = ..., event_code: _Optional[str] = ..., phone_mark: _Optional[str] = ..., device: _Optional[str] = ...) -> None: ...

class RegisterResponse(_message.Message):
    __slots__ = ("user_id", "event_id", "tokens", "waiting")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    event_id: str
    tokens: TokenPair
    waiting: bool
    def __init__(self, user_id: _Optional[str] = ..., event_id: _Optional[str] = ..., tokens: _Optional[_Union[TokenPair, _Mapping]] = ..., waiting: _Optional[bool] = ...) -> None: ...

class CreateGuestRequest(_message.Message):
    __slots__ = ("request_id", "event_code", "display_name", "consent_version", "without_search", "consent_language", "phone_mark", "device")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_CODE_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    CONSENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_SEARCH_FIELD_NUMBER: _ClassVar[int]
    CONSENT_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    PHONE_MARK_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    event_code: str
    display_name: str
    consent_version: str
    without_search: bool
    consent_language: str
    phone_mark: str
    device: str
    def __init__(self, request_id: _Optional[str] = ..., event_code: _Optional[str] = ..., display_name: _Optional[str] = ..., consent_version: _Optional[str] = ..., without_search: _Optional[bool] = ..., consent_language: _Optional[str] = ..., phone_mark: _Optional[str] = ..., device: _Optional[str] = ...) -> None: ...

class CreateGuestResponse(_message.Message):
    __slots__ = ("user_id", "event_id", "event_name", "tokens", "waiting")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    event_id: str
    event_name: str
    tokens: TokenPair
    waiting: bool
    def __init__(self, user_id: _Optional[str] = ..., event_id: _Optional[str] = ..., event_name: _Optional[str] = ..., tokens: _Optional[_Union[TokenPair, _Mapping]] = ..., waiting: _Optional[bool] = ...) -> None: ...

class SetCredentialsRequest(_message.Message):
    __slots__ = ("username", "email", "password")
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    username: str
    email: str
    password: str
    def __init__(self, username: _Optional[str] = ..., email: _Optional[str] = ..., password: _Optional[str] = ...) -> None: ...

class SetCredentialsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ChangePasswordRequest(_message.Message):
    __slots__ = ("old_password", "new_password")
    OLD_PASSWORD_FIELD_NUMBER: _ClassVar[int]
    NEW_PASSWORD_FIELD_NUMBER: _ClassVar[int]
    old_password: str
    new_password: str
    def __init__(self, old_password: _Optional[str] = ..., new_password: _Optional[str] = ...) -> None: ...

class ChangePasswordResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ChangeEmailRequest(_message.Message):
    __slots__ = ("password", "email", "language")
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    password: str
    email: str
    language: str
    def __init__(self, password: _Optional[str] = ..., email: _Optional[str] = ..., language: _Optional[str] = ...) -> None: ...

class ChangeEmailResponse(_message.Message):
    __slots__ = ("unconfirmed",)
    UNCONFIRMED_FIELD_NUMBER: _ClassVar[int]
    unconfirmed: bool
    def __init__(self, unconfirmed: _Optional[bool] = ...) -> None: ...

class ConfirmEmailRequest(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class ConfirmEmailResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SendPasswordResetRequest(_message.Message):
    __slots__ = ("email", "language")
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    email: str
    language: str
    def __init__(self, email: _Optional[str] = ..., language: _Optional[str] = ...) -> None: ...

class SendPasswordResetResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ResetPasswordRequest(_message.Message):
    __slots__ = ("token", "password")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    token: str
    password: str
    def __init__(self, token: _Optional[str] = ..., password: _Optional[str] = ...) -> None: ...

class ResetPasswordResponse(_message.Message):
    __slots__ = ("username",)
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    username: str
    def __init__(self, username: _Optional[str] = ...) -> None: ...

class CreateSignInLinkRequest(_message.Message):
    __slots__ = ("event_id", "user_id")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    user_id: str
    def __init__(self, event_id: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class CreateSignInLinkResponse(_message.Message):
    __slots__ = ("token", "expires_in")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_IN_FIELD_NUMBER: _ClassVar[int]
    token: str
    expires_in: _duration_pb2.Duration
    def __init__(self, token: _Optional[str] = ..., expires_in: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class SignInRequest(_message.Message):
    __slots__ = ("token", "device")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    token: str
    device: str
    def __init__(self, token: _Optional[str] = ..., device: _Optional[str] = ...) -> None: ...

class SignInResponse(_message.Message):
    __slots__ = ("user_id", "event_id", "tokens")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    event_id: str
    tokens: TokenPair
    def __init__(self, user_id: _Optional[str] = ..., event_id: _Optional[str] = ..., tokens: _Optional[_Union[TokenPair, _Mapping]] = ...) -> None: ...

class LoginRequest(_message.Message):
    __slots__ = ("username", "password", "device")
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    username: str
    password: str
    device: str
    def __init__(self, username: _Optional[str] = ..., password: _Optional[str] = ..., device: _Optional[str] = ...) -> None: ...

class LoginResponse(_message.Message):
    __slots__ = ("user_id", "event_id", "tokens")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    event_id: str
    tokens: TokenPair
    def __init__(self, user_id: _Optional[str] = ..., event_id: _Optional[str] = ..., tokens: _Optional[_Union[TokenPair, _Mapping]] = ...) -> None: ...

class RefreshTokenRequest(_message.Message):
    __slots__ = ("refresh_token",)
    REFRESH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    refresh_token: str
    def __init__(self, refresh_token: _Optional[str] = ...) -> None: ...

class RefreshTokenResponse(_message.Message):
    __slots__ = ("tokens",)
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    tokens: TokenPair
    def __init__(self, tokens: _Optional[_Union[TokenPair, _Mapping]] = ...) -> None: ...

class LogoutRequest(_message.Message):
    __slots__ = ("refresh_token",)
    REFRESH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    refresh_token: str
    def __init__(self, refresh_token: _Optional[str] = ...) -> None: ...

class LogoutResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListSessionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Session(_message.Message):
    __slots__ = ("session_id", "create_time", "use_time", "device", "current")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    USE_TIME_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    create_time: _timestamp_pb2.Timestamp
    use_time: _timestamp_pb2.Timestamp
    device: str
    current: bool
    def __init__(self, session_id: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., use_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., device: _Optional[str] = ..., current: _Optional[bool] = ...) -> None: ...

class ListSessionsResponse(_message.Message):
    __slots__ = ("sessions",)
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[Session]
    def __init__(self, sessions: _Optional[_Iterable[_Union[Session, _Mapping]]] = ...) -> None: ...

class EndSessionRequest(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class EndSessionResponse(_message.Message):
    __slots__ = ("current",)
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    current: bool
    def __init__(self, current: _Optional[bool] = ...) -> None: ...

class EndOtherSessionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class EndOtherSessionsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListEndedSessionsRequest(_message.Message):
    __slots__ = ("after", "wait")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    after: int
    wait: _duration_pb2.Duration
    def __init__(self, after: _Optional[int] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class EndedSession(_message.Message):
    __slots__ = ("user_id", "session_id")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    session_id: str
    def __init__(self, user_id: _Optional[str] = ..., session_id: _Optional[str] = ...) -> None: ...

class ListEndedSessionsResponse(_message.Message):
    __slots__ = ("sessions", "place")
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[EndedSession]
    place: int
    def __init__(self, sessions: _Optional[_Iterable[_Union[EndedSession, _Mapping]]] = ..., place: _Optional[int] = ...) -> None: ...

class RecordConsentRequest(_message.Message):
    __slots__ = ("event_id", "consent_version", "consent_language")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONSENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    CONSENT_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    consent_version: str
    consent_language: str
    def __init__(self, event_id: _Optional[str] = ..., consent_version: _Optional[str] = ..., consent_language: _Optional[str] = ...) -> None: ...

class RecordConsentResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WithdrawConsentRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WithdrawConsentResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Consent(_message.Message):
    __slots__ = ("event_id", "version", "give_time", "language", "withdraw_time")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    GIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    WITHDRAW_TIME_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    version: str
    give_time: _timestamp_pb2.Timestamp
    language: str
    withdraw_time: _timestamp_pb2.Timestamp
    def __init__(self, event_id: _Optional[str] = ..., version: _Optional[str] = ..., give_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., language: _Optional[str] = ..., withdraw_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListConsentsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListConsentsResponse(_message.Message):
    __slots__ = ("consents",)
    CONSENTS_FIELD_NUMBER: _ClassVar[int]
    consents: _containers.RepeatedCompositeFieldContainer[Consent]
    def __init__(self, consents: _Optional[_Iterable[_Union[Consent, _Mapping]]] = ...) -> None: ...

class JoinEventRequest(_message.Message):
    __slots__ = ("event_code", "without_search", "consent_version", "consent_language", "phone_mark")
    EVENT_CODE_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_SEARCH_FIELD_NUMBER: _ClassVar[int]
    CONSENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    CONSENT_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    PHONE_MARK_FIELD_NUMBER: _ClassVar[int]
    event_code: str
    without_search: bool
    consent_version: str
    consent_language: str
    phone_mark: str
    def __init__(self, event_code: _Optional[str] = ..., without_search: _Optional[bool] = ..., consent_version: _Optional[str] = ..., consent_language: _Optional[str] = ..., phone_mark: _Optional[str] = ...) -> None: ...

class JoinEventResponse(_message.Message):
    __slots__ = ("event_id", "event_name", "waiting")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    event_name: str
    waiting: bool
    def __init__(self, event_id: _Optional[str] = ..., event_name: _Optional[str] = ..., waiting: _Optional[bool] = ...) -> None: ...

class LeaveEventRequest(_message.Message):
    __slots__ = ("event_id", "user_id")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    user_id: str
    def __init__(self, event_id: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class LeaveEventResponse(_message.Message):
    __slots__ = ("signed_out",)
    SIGNED_OUT_FIELD_NUMBER: _ClassVar[int]
    signed_out: bool
    def __init__(self, signed_out: _Optional[bool] = ...) -> None: ...

class AdmitGuestRequest(_message.Message):
    __slots__ = ("event_id", "user_id")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    user_id: str
    def __init__(self, event_id: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class AdmitGuestResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetRoleRequest(_message.Message):
    __slots__ = ("event_id", "user_id", "role")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    user_id: str
    role: Role
    def __init__(self, event_id: _Optional[str] = ..., user_id: _Optional[str] = ..., role: _Optional[_Union[Role, str]] = ...) -> None: ...

class SetRoleResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListRemovedRequest(_message.Message):
    __slots__ = ("event_id", "page_size", "page_token")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    page_size: int
    page_token: str
    def __init__(self, event_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRemovedResponse(_message.Message):
    __slots__ = ("guests", "next_page_token")
    GUESTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    guests: _containers.RepeatedCompositeFieldContainer[RemovedGuest]
    next_page_token: str
    def __init__(self, guests: _Optional[_Iterable[_Union[RemovedGuest, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetUserRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetUserResponse(_message.Message):
    __slots__ = ("user_id", "username", "email", "organiser", "create_time", "memberships", "display_name")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    ORGANISER_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    MEMBERSHIPS_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    username: str
    email: str
    organiser: bool
    create_time: _timestamp_pb2.Timestamp
    memberships: _containers.RepeatedCompositeFieldContainer[Membership]
    display_name: str
    def __init__(self, user_id: _Optional[str] = ..., username: _Optional[str] = ..., email: _Optional[str] = ..., organiser: _Optional[bool] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., memberships: _Optional[_Iterable[_Union[Membership, _Mapping]]] = ..., display_name: _Optional[str] = ...) -> None: ...

class DeleteUserRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeleteUserResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CreateEventRequest(_message.Message):
    __slots__ = ("request_id", "name", "start_time", "expire_time", "admission", "held", "release_time", "credit", "download", "keep_days", "is_kept", "without_end", "guest_photos")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ADMISSION_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    RELEASE_TIME_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_FIELD_NUMBER: _ClassVar[int]
    KEEP_DAYS_FIELD_NUMBER: _ClassVar[int]
    IS_KEPT_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_END_FIELD_NUMBER: _ClassVar[int]
    GUEST_PHOTOS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    name: str
    start_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    admission: bool
    held: bool
    release_time: _timestamp_pb2.Timestamp
    credit: Credit
    download: DownloadSize
    keep_days: int
    is_kept: bool
    without_end: bool
    guest_photos: GuestPhotos
    def __init__(self, request_id: _Optional[str] = ..., name: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., admission: _Optional[bool] = ..., held: _Optional[bool] = ..., release_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., credit: _Optional[_Union[Credit, _Mapping]] = ..., download: _Optional[_Union[DownloadSize, str]] = ..., keep_days: _Optional[int] = ..., is_kept: _Optional[bool] = ..., without_end: _Optional[bool] = ..., guest_photos: _Optional[_Union[GuestPhotos, str]] = ...) -> None: ...

class CreateEventResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: Event
    def __init__(self, event: _Optional[_Union[Event, _Mapping]] = ...) -> None: ...

class GetEventRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class GetEventResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: Event
    def __init__(self, event: _Optional[_Union[Event, _Mapping]] = ...) -> None: ...

class ListEventsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateEventRequest(_message.Message):
    __slots__ = ("event_id", "name", "start_time", "expire_time", "closed", "new_code", "clear_start_time", "clear_expire_time", "admission", "held", "release_time", "clear_release_time", "credit", "download", "keep_days", "guest_photos")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    NEW_CODE_FIELD_NUMBER: _ClassVar[int]
    CLEAR_START_TIME_FIELD_NUMBER: _ClassVar[int]
    CLEAR_EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ADMISSION_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    RELEASE_TIME_FIELD_NUMBER: _ClassVar[int]
    CLEAR_RELEASE_TIME_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_FIELD_NUMBER: _ClassVar[int]
    KEEP_DAYS_FIELD_NUMBER: _ClassVar[int]
    GUEST_PHOTOS_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    name: _wrappers_pb2.StringValue
    start_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    closed: _wrappers_pb2.BoolValue
    new_code: bool
    clear_start_time: bool
    clear_expire_time: bool
    admission: _wrappers_pb2.BoolValue
    held: _wrappers_pb2.BoolValue
    release_time: _timestamp_pb2.Timestamp
    clear_release_time: bool
    credit: Credit
    download: DownloadSize
    keep_days: _wrappers_pb2.Int32Value
    guest_photos: GuestPhotos
    def __init__(self, event_id: _Optional[str] = ..., name: _Optional[_Union[_wrappers_pb2.StringValue, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., closed: _Optional[_Union[_wrappers_pb2.BoolValue, _Mapping]] = ..., new_code: _Optional[bool] = ..., clear_start_time: _Optional[bool] = ..., clear_expire_time: _Optional[bool] = ..., admission: _Optional[_Union[_wrappers_pb2.BoolValue, _Mapping]] = ..., held: _Optional[_Union[_wrappers_pb2.BoolValue, _Mapping]] = ..., release_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., clear_release_time: _Optional[bool] = ..., credit: _Optional[_Union[Credit, _Mapping]] = ..., download: _Optional[_Union[DownloadSize, str]] = ..., keep_days: _Optional[_Union[_wrappers_pb2.Int32Value, _Mapping]] = ..., guest_photos: _Optional[_Union[GuestPhotos, str]] = ...) -> None: ...

class UpdateEventResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: Event
    def __init__(self, event: _Optional[_Union[Event, _Mapping]] = ...) -> None: ...

class DeleteEventRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class DeleteEventResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListGuestsRequest(_message.Message):
    __slots__ = ("event_id", "page_size", "page_token")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    page_size: int
    page_token: str
    def __init__(self, event_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListGuestsResponse(_message.Message):
    __slots__ = ("guests", "next_page_token")
    GUESTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    guests: _containers.RepeatedCompositeFieldContainer[Guest]
    next_page_token: str
    def __init__(self, guests: _Optional[_Iterable[_Union[Guest, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListSharedPhonesRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class SharedPhone(_message.Message):
    __slots__ = ("guests",)
    GUESTS_FIELD_NUMBER: _ClassVar[int]
    guests: _containers.RepeatedCompositeFieldContainer[Guest]
    def __init__(self, guests: _Optional[_Iterable[_Union[Guest, _Mapping]]] = ...) -> None: ...

class ListSharedPhonesResponse(_message.Message):
    __slots__ = ("phones",)
    PHONES_FIELD_NUMBER: _ClassVar[int]
    phones: _containers.RepeatedCompositeFieldContainer[SharedPhone]
    def __init__(self, phones: _Optional[_Iterable[_Union[SharedPhone, _Mapping]]] = ...) -> None: ...

class ListMemberIdsRequest(_message.Message):
    __slots__ = ("event_id", "page_size", "page_token")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    page_size: int
    page_token: str
    def __init__(self, event_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListMemberIdsResponse(_message.Message):
    __slots__ = ("user_ids", "next_page_token")
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    next_page_token: str
    def __init__(self, user_ids: _Optional[_Iterable[str]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListChangesRequest(_message.Message):
    __slots__ = ("after", "page_size", "wait", "newest")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    NEWEST_FIELD_NUMBER: _ClassVar[int]
    after: int
    page_size: int
    wait: _duration_pb2.Duration
    newest: bool
    def __init__(self, after: _Optional[int] = ..., page_size: _Optional[int] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., newest: _Optional[bool] = ...) -> None: ...

class ListChangesResponse(_message.Message):
    __slots__ = ("changes",)
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[Change]
    def __init__(self, changes: _Optional[_Iterable[_Union[Change, _Mapping]]] = ...) -> None: ...

class Invitation(_message.Message):
    __slots__ = ("invitation_id", "role", "created_by", "create_time", "expire_time")
    INVITATION_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    invitation_id: str
    role: Role
    created_by: str
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, invitation_id: _Optional[str] = ..., role: _Optional[_Union[Role, str]] = ..., created_by: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateInvitationRequest(_message.Message):
    __slots__ = ("event_id", "role")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    role: Role
    def __init__(self, event_id: _Optional[str] = ..., role: _Optional[_Union[Role, str]] = ...) -> None: ...

class CreateInvitationResponse(_message.Message):
    __slots__ = ("invitation", "token")
    INVITATION_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    invitation: Invitation
    token: str
    def __init__(self, invitation: _Optional[_Union[Invitation, _Mapping]] = ..., token: _Optional[str] = ...) -> None: ...

class ListInvitationsRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class ListInvitationsResponse(_message.Message):
    __slots__ = ("invitations",)
    INVITATIONS_FIELD_NUMBER: _ClassVar[int]
    invitations: _containers.RepeatedCompositeFieldContainer[Invitation]
    def __init__(self, invitations: _Optional[_Iterable[_Union[Invitation, _Mapping]]] = ...) -> None: ...

class RevokeInvitationRequest(_message.Message):
    __slots__ = ("event_id", "invitation_id")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    INVITATION_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    invitation_id: str
    def __init__(self, event_id: _Optional[str] = ..., invitation_id: _Optional[str] = ...) -> None: ...

class RevokeInvitationResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class LookUpInvitationRequest(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class LookUpInvitationResponse(_message.Message):
    __slots__ = ("event_id", "event_name", "role", "created_by", "expire_time")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    event_name: str
    role: Role
    created_by: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, event_id: _Optional[str] = ..., event_name: _Optional[str] = ..., role: _Optional[_Union[Role, str]] = ..., created_by: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AcceptInvitationRequest(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class AcceptInvitationResponse(_message.Message):
    __slots__ = ("event_id", "event_name", "role")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    event_name: str
    role: Role
    def __init__(self, event_id: _Optional[str] = ..., event_name: _Optional[str] = ..., role: _Optional[_Union[Role, str]] = ...) -> None: ...

class RegisterInvitedRequest(_message.Message):
    __slots__ = ("request_id", "token", "username", "email", "password", "device")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    token: str
    username: str
    email: str
    password: str
    device: str
    def __init__(self, request_id: _Optional[str] = ..., token: _Optional[str] = ..., username: _Optional[str] = ..., email: _Optional[str] = ..., password: _Optional[str] = ..., device: _Optional[str] = ...) -> None: ...

class RegisterInvitedResponse(_message.Message):
    __slots__ = ("user_id", "event_id", "tokens")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    event_id: str
    tokens: TokenPair
    def __init__(self, user_id: _Optional[str] = ..., event_id: _Optional[str] = ..., tokens: _Optional[_Union[TokenPair, _Mapping]] = ...) -> None: ...

class CheckFirstOrganiserRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CheckFirstOrganiserResponse(_message.Message):
    __slots__ = ("possible",)
    POSSIBLE_FIELD_NUMBER: _ClassVar[int]
    possible: bool
    def __init__(self, possible: _Optional[bool] = ...) -> None: ...

class CreateFirstOrganiserRequest(_message.Message):
    __slots__ = ("code", "username", "email", "password", "device")
    CODE_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    code: str
    username: str
    email: str
    password: str
    device: str
    def __init__(self, code: _Optional[str] = ..., username: _Optional[str] = ..., email: _Optional[str] = ..., password: _Optional[str] = ..., device: _Optional[str] = ...) -> None: ...

class CreateFirstOrganiserResponse(_message.Message):
    __slots__ = ("user_id", "tokens")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    tokens: TokenPair
    def __init__(self, user_id: _Optional[str] = ..., tokens: _Optional[_Union[TokenPair, _Mapping]] = ...) -> None: ...

class SetNoticeRequest(_message.Message):
    __slots__ = ("event_id", "email", "language")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    email: str
    language: str
    def __init__(self, event_id: _Optional[str] = ..., email: _Optional[str] = ..., language: _Optional[str] = ...) -> None: ...

class SetNoticeResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeleteNoticeRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class DeleteNoticeResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SendSignInLinkRequest(_message.Message):
    __slots__ = ("email", "event_code", "language")
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    EVENT_CODE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    email: str
    event_code: str
    language: str
    def __init__(self, email: _Optional[str] = ..., event_code: _Optional[str] = ..., language: _Optional[str] = ...) -> None: ...

class SendSignInLinkResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UnsubscribeRequest(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class UnsubscribeResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Act(_message.Message):
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

class ListActsRequest(_message.Message):
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

class ListActsResponse(_message.Message):
    __slots__ = ("acts",)
    ACTS_FIELD_NUMBER: _ClassVar[int]
    acts: _containers.RepeatedCompositeFieldContainer[Act]
    def __init__(self, acts: _Optional[_Iterable[_Union[Act, _Mapping]]] = ...) -> None: ...
