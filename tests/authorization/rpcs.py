"""The permissions of each RPC of the services. A new RPC needs a row here.

`anyone`: open to every caller with the code, the password or the link. `own`: on the caller's account. `event`: on
an event; other members get a permission fault, and outsiders get not found. `photo`: on a photo; callers without
permission get not found. `service`: only for other services. Invalid tokens get INVALID_TOKEN, and tokens of other
kinds of callers get CALLER_NOT_ALLOWED.
"""

from tests.authorization.callers import (
    ACCOUNTS,
    COUPLE,
    DOWNLOAD,
    ERASED,
    GUEST,
    MEMBERS,
    ORGANISERS,
    PHOTOGRAPHER,
    REMOVED,
    WAITING,
)
from tests.authorization.rows import Row, anyone

NO_EVENT, NO_PHOTO, NO_PERSON, NO_USER = (
    f"NOT_FOUND {thing}_NOT_FOUND" for thing in ("EVENT", "PHOTO", "PERSON", "USER")
)
ORGANISER_ONLY = "PERMISSION_DENIED ORGANISER_ONLY"
NOT_ALLOWED = "PERMISSION_DENIED CALLER_NOT_ALLOWED"
REFUSED_REMOVED = "PERMISSION_DENIED REMOVED_FROM_EVENT"
WRONG_PASSWORD, NEEDS_PASSWORD = "UNAUTHENTICATED INVALID_CREDENTIALS", "FAILED_PRECONDITION CREDENTIALS_REQUIRED"
HAS_PASSWORD = "FAILED_PRECONDITION CREDENTIALS_SET"
NO_SELFIE, NO_SELFIE_HERE = "FAILED_PRECONDITION NO_ACTIVE_SELFIE", "NOT_FOUND NO_ACTIVE_SELFIE"

LIVING = ACCOUNTS - {ERASED}
STAFF = ORGANISERS | {COUPLE, PHOTOGRAPHER}  # roles that work on an event
LOOKERS = ORGANISERS | {COUPLE}  # roles that see all photos
ADDERS = ORGANISERS | {PHOTOGRAPHER}
WITHOUT_PASSWORD = frozenset({GUEST, WAITING, REMOVED, "guest_elsewhere"})
WITH_PASSWORD = LIVING - WITHOUT_PASSWORD
NO_CALLER: frozenset[str] = frozenset()
REFUSED_PASSWORD = {**dict.fromkeys(WITHOUT_PASSWORD, NEEDS_PASSWORD), ERASED: NO_USER}
MAY_CREATE_EVENTS = frozenset({"organiser", "organiser_elsewhere"})
GUESTS_OWN = frozenset({GUEST})


def own(name: str, *uses: str, may: frozenset[str] = LIVING, outside: str = NO_USER, ok: str = "OK", **but: str) -> Row:
    return Row(name, may, ok, outside, outside, but, uses=frozenset(uses))


def event(name: str, may: frozenset[str], *uses: str, **but: str) -> Row:
    return Row(name, may, "OK", ORGANISER_ONLY, NO_EVENT, but, uses=frozenset(uses))


def run(name: str, may: frozenset[str], *uses: str, **but: str) -> Row:
    """As `event`, but auth_service knows waiting guests and returns a permission fault to them."""
    return event(name, may, *uses, **{WAITING: ORGANISER_ONLY, **but})


def photo(name: str, may: frozenset[str], *uses: str, of: str = "photo_id", **but: str) -> Row:
    return Row(name, may, "OK", NO_PHOTO, NO_PHOTO, but, of, frozenset(uses))


def service(name: str, *services: str) -> Row:
    return Row(name, frozenset(f"service:{one}" for one in services), "OK", NOT_ALLOWED, NOT_ALLOWED)


ROWS = [
    # auth_service: open to anyone.
    anyone("CheckEventCode", "OK"),
    anyone("CheckUserAvailability", "OK"),
    anyone("Register", "OK"),
    anyone("CreateGuest", "OK"),
    anyone("SignIn", "OK", "sign_in"),
    anyone("Login", "OK"),
    anyone("RefreshToken", "OK", "refresh_token"),
    anyone("Logout", "OK", "refresh_token"),
    anyone("LookUpInvitation", "OK"),
    anyone("RegisterInvited", "OK", "invitation"),
    anyone("CheckFirstOrganiser", "OK"),
    anyone("CreateFirstOrganiser", "FAILED_PRECONDITION ORGANISER_EXISTS"),
    anyone("SendSignInLink", "OK"),
    anyone("Unsubscribe", "OK"),
    anyone("ConfirmEmail", "OK", "email_link"),
    anyone("SendPasswordReset", "OK"),
    anyone("ResetPassword", "OK", "reset"),
    # The caller's account and memberships.
    own("SetCredentials", "caller", may=WITHOUT_PASSWORD, outside=HAS_PASSWORD, erased=NO_USER),
    own("ChangePassword", may=WITH_PASSWORD, outside=NEEDS_PASSWORD, erased=NO_USER),
    own("ChangePassword: without the old one", may=NO_CALLER, outside=WRONG_PASSWORD, **REFUSED_PASSWORD),
    own("ChangeEmail", may=WITH_PASSWORD, outside=NEEDS_PASSWORD, erased=NO_USER),
    own("ChangeEmail: without the password", may=NO_CALLER, outside=WRONG_PASSWORD, **REFUSED_PASSWORD),
    own("ListSessions", may=ACCOUNTS),
    own("EndSession", may=ACCOUNTS, outside="OK"),  # a foreign session does not end
    own("EndOtherSessions", may=ACCOUNTS),
    own("CreateSignInLink"),
    own("GetUser"),
    own("DeleteUser", "caller", may=ACCOUNTS),
    own("JoinEvent", "newcomer", removed=REFUSED_REMOVED),
    own("AcceptInvitation", "invitation", "caller"),
    own("LeaveEvent", "caller", may=MEMBERS | {WAITING}, outside=NO_EVENT),
    own("RecordConsent", may=MEMBERS | {WAITING}, outside=NO_EVENT, erased=NO_USER),
    own("WithdrawConsent", "caller"),
    own("ListConsents", may=ACCOUNTS),
    own("SetNotice", may=MEMBERS | {WAITING}, outside=NO_EVENT),
    own("DeleteNotice", may=ACCOUNTS, outside="OK"),
    own("CreateEvent", may=MAY_CREATE_EVENTS, outside=ORGANISER_ONLY, erased=NO_USER),
    own("ListEvents", may=ACCOUNTS),
    # An event and its members.
    run("GetEvent", STAFF),
    run("UpdateEvent", ORGANISERS),
    run("DeleteEvent", ORGANISERS, "party"),
    run("ListGuests", ORGANISERS),
    run("ListActs", ORGANISERS),
    run("ListSharedPhones", ORGANISERS),
    run("ListRemoved", ORGANISERS),
    run("AdmitGuest", ORGANISERS, mixed=NO_USER),
    run("SetRole", ORGANISERS, mixed=NO_USER),
    run("LeaveEvent: of another user", ORGANISERS, "user_id", mixed="OK"),
    run("CreateSignInLink: for a guest", ORGANISERS, mixed=NO_USER),
    run("CreateInvitation", ORGANISERS),
    run("ListInvitations", ORGANISERS),
    run("RevokeInvitation", ORGANISERS, "invitation_id", mixed="OK"),
    # For other services.
    service("ListMemberIds", "gateway"),
    service("ListChanges", "selfie", "matcher", "gateway"),
    service("ListEndedSessions", "selfie", "matcher", "gateway"),
    # selfie_service: the caller's selfies and people.
    own("UploadSelfie", "selfie"),
    own("UploadSelfie: of a person", "person", outside=NO_PERSON),
    own("GetSelfie", erased=NO_SELFIE_HERE),
    own("GetSelfie: by its id", outside=NO_SELFIE_HERE),
    own("ListRecords", may=ACCOUNTS),
    own("GetSelfie: of a person", ok=NO_SELFIE_HERE, outside=NO_PERSON),
    own("DeleteSelfie", "selfie", may=ACCOUNTS),
    own("DeleteSelfie: of a person", outside=NO_PERSON),
    own("GetRematchState", may=ACCOUNTS),
    own("GetRematchState: of a person", outside=NO_PERSON),
    own("StartRematch", erased=NO_SELFIE),
    own("StartRematch: of a person", ok=NO_SELFIE, outside=NO_PERSON),
    own("ListPeople", may=ACCOUNTS),
    own("CreatePerson"),
    own("RenamePerson", outside=NO_PERSON),
    own("DeletePerson", "person", foreign="OK", absent="OK"),
    event("ListSelfieActs", ORGANISERS),
    event("ListSelfieStates", ORGANISERS, mixed="OK"),
    service("WatchSelfies", "gateway"),
    # matcher_service: the caller's own photos.
    own("ListMatches", may=MEMBERS, outside=NO_EVENT),
    own("ListMatches: of a person", may=MEMBERS, outside=NO_EVENT, mixed="OK"),
    own("ListMatches: of another account", may=MEMBERS, outside=NO_EVENT, mixed="OK"),
    own("ListUploads", may=MEMBERS, outside=NO_EVENT),
    own("CreateDownloadToken", may=ACCOUNTS),
    photo("RefuseMatch", GUESTS_OWN, "caller"),
    photo("RefuseMatch: of a person", frozenset()),
    photo("RestoreMatch", GUESTS_OWN),
    photo("RestoreMatch: of a person", frozenset()),
    photo("AskToHide", GUESTS_OWN, "caller"),
    photo("UndoAskToHide", GUESTS_OWN),
    # The photos of an event.
    event("ListPhotos", STAFF),
    event("AddPhotos", ADDERS),
    event("CheckUpload", ADDERS),
    event("FindKnownPhotos", ADDERS),
    event("GetIndexState", STAFF),
    event("SetVisibility", ORGANISERS, "photo_id", mixed="OK"),
    event("SetVisibility: hide", LOOKERS, "photo_id", mixed="OK"),
    event("DismissHideRequests", ORGANISERS, mixed="OK"),
    event("DeletePhotos", ORGANISERS, "photo_id", mixed="OK"),
    event("RetryPhotos", ORGANISERS, "failed_photo_id"),
    event("ListPhotoActs", ORGANISERS),
    event("ListCameras", ORGANISERS),
    event("SetCameraOffset", ORGANISERS, mixed="NOT_FOUND CAMERA_NOT_FOUND"),
    event("CountMatches", ORGANISERS, mixed="OK"),
    event("ListSharedFaces", ORGANISERS),
    event("SearchFaces", ORGANISERS),
    event("RemoveFaces", ORGANISERS, "photo_id", mixed="FAILED_PRECONDITION FACE_CHANGED"),
    event("GetLogo", MEMBERS),
    event("SetLogo", ORGANISERS),
    event("DeleteLogo", ORGANISERS, "logo"),
    # A photo.
    photo("GetPhoto", LOOKERS | {GUEST, DOWNLOAD}),
    photo("GetPhoto", LOOKERS | {DOWNLOAD}, of="others_photo_id"),
    photo("GetPhoto", MEMBERS | {DOWNLOAD}, of="everyones_photo_id"),
    photo("GetPhoto", LOOKERS | {DOWNLOAD}, of="hidden_photo_id"),
    photo("GetPhoto", LOOKERS | {PHOTOGRAPHER, DOWNLOAD}, of="own_photo_id"),
    photo("DeletePhoto", ORGANISERS, "photo_id", couple=ORGANISER_ONLY, guest=ORGANISER_ONLY),
    photo("RetryPhoto", ORGANISERS, "failed_photo_id", of="failed_photo_id"),
    photo("ListFaces", ORGANISERS),
    photo("ListFaces: of a guest", ORGANISERS),
    photo("GetFaceCrop", ORGANISERS),
    photo("FindSimilarFaces", ORGANISERS),
    # For other services.
    service("Rematch", "selfie"),
    service("WatchMatches", "gateway", "auth"),
    service("CountMatchesForNotices", "auth"),
]
