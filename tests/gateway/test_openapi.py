"""The OpenAPI document agrees with the protos."""

import re
from pathlib import Path
from typing import Any

import grpc
import pytest

from gateway.app import create_app
from gateway.backends.channels import Addresses
from gateway.errors.from_grpc import STATUSES
from gateway.errors.reasons import OF_TWO_STATUSES, REASONS
from gateway.http.limits import Limits
from gateway.http.site import Site
from kit.settings import TlsSettings
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2
from protos.selfie.v1 import selfie_pb2
from tests.gateway.world import VERIFIER

GATEWAY = Path(__file__).parents[2] / "gateway"
PROTOS = Path(__file__).parents[2] / "protos"
RPC = re.compile(r"((?:[ ]*//[^\n]*\n)+)[ ]*rpc (\w+)\(")
ERRORS = re.compile(r"Errors: ([^.]*)\.")

ROUTES = {
    "CheckUserAvailability": "post /api/check-user-availability",
    "Register": "post /api/register-with-event-code",
    "CreateGuest": "post /api/guest-sessions",
    "SetCredentials": "post /api/me/credentials",
    "CreateSignInLink": "post /api/events/{event_id}/guests/{user_id}/sign-in-links",
    "SignIn": "post /api/sign-in",
    "Login": "post /api/login",
    "RefreshToken": "post /api/refresh",
    "JoinEvent": "post /api/join-event",
    "ListActs": "get /api/events/{event_id}/audit",
    "ListPhotoActs": "get /api/events/{event_id}/audit",
    "ListSelfieActs": "get /api/events/{event_id}/audit",
    "ListConsents": "get /api/me/export",
    "ListRecords": "get /api/me/export",
    "WithdrawConsent": "delete /api/me/consents",
    "ListSessions": "get /api/me/sessions",
    "EndSession": "delete /api/me/sessions/{session_id}",
    "EndOtherSessions": "delete /api/me/sessions",
    "ChangePassword": "post /api/me/password",
    "ChangeEmail": "post /api/me/email",
    "ConfirmEmail": "post /api/confirm-email",
    "SendPasswordReset": "post /api/password-resets",
    "ResetPassword": "post /api/reset-password",
    "RecordConsent": "post /api/me/consents",
    "AdmitGuest": "post /api/events/{event_id}/guests/{user_id}/admit",
    "SetRole": "patch /api/events/{event_id}/guests/{user_id}",
    "ListRemoved": "get /api/events/{event_id}/removed",
    "LeaveEvent": "delete /api/events/{event_id}/guests/{user_id}",
    "GetUser": "get /api/me",
    "CreateEvent": "post /api/events",
    "GetEvent": "get /api/events/{event_id}",
    "ListEvents": "get /api/events",
    "UpdateEvent": "patch /api/events/{event_id}",
    "DeleteEvent": "delete /api/events/{event_id}",
    "ListGuests": "get /api/events/{event_id}/guests",
    "ListSharedPhones": "get /api/events/{event_id}/anomalies",
    "ListFaces": "get /api/photos/{photo_id}/faces",
    "GetFaceCrop": "get /api/photos/{photo_id}/faces/{number}",
    "FindSimilarFaces": "get /api/photos/{photo_id}/faces/{number}/similar",
    "SearchFaces": "post /api/events/{event_id}/faces/search",
    "RemoveFaces": "post /api/events/{event_id}/faces/removal",
    "ListSharedFaces": "get /api/events/{event_id}/anomalies",
    "SetLogo": "put /api/events/{event_id}/logo",
    "GetLogo": "get /api/events/{event_id}/logo",
    "DeleteLogo": "delete /api/events/{event_id}/logo",
    "UploadSelfie": "post /api/upload-selfie",
    "GetSelfie": "get /api/my-selfie",
    "StartRematch": "post /api/rematch",
    "ListPeople": "get /api/people",
    "CreatePerson": "post /api/people",
    "RenamePerson": "patch /api/people/{person_id}",
    "DeletePerson": "delete /api/people/{person_id}",
    "ListMatches": "get /api/my-photos",
    "RefuseMatch": "post /api/photos/{photo_id}/not-me",
    "RestoreMatch": "delete /api/photos/{photo_id}/not-me",
    "AddPhotos": "post /api/events/{event_id}/photos",
    "GetPhoto": "get /api/photos/{photo_id}/{variant}",
    "ListPhotos": "get /api/events/{event_id}/photos",
    "RetryPhoto": "post /api/photos/{photo_id}/retry",
    "AskToHide": "post /api/photos/{photo_id}/hide-request",
    "UndoAskToHide": "delete /api/photos/{photo_id}/hide-request",
    "RetryPhotos": "post /api/events/{event_id}/photos/retry",
    "DeletePhotos": "post /api/events/{event_id}/photos/delete",
    "SetVisibility": "post /api/events/{event_id}/photos/visibility",
    "DismissHideRequests": "post /api/events/{event_id}/photos/dismiss-requests",
    "FindKnownPhotos": "post /api/events/{event_id}/photos/known",
    "DeletePhoto": "delete /api/photos/{photo_id}",
    "ListUploads": "get /api/my-uploads",
    "ListCameras": "get /api/events/{event_id}/cameras",
    "SetCameraOffset": "put /api/events/{event_id}/cameras/{camera_id}",
    "CheckUpload": "post /api/events/{event_id}/photos",
    "CreateInvitation": "post /api/events/{event_id}/invitations",
    "ListInvitations": "get /api/events/{event_id}/invitations",
    "RevokeInvitation": "delete /api/events/{event_id}/invitations/{invitation_id}",
    "LookUpInvitation": "post /api/invitations/look",
    "AcceptInvitation": "post /api/invitations/accept",
    "RegisterInvited": "post /api/invitations/register",
    "CreateFirstOrganiser": "post /api/first-organiser",
    "SetNotice": "put /api/me/notices",
    "DeleteNotice": "delete /api/me/notices",
    "SendSignInLink": "post /api/sign-in-links",
    "Unsubscribe": "post /api/unsubscribe/{token}",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Addresses("a", "b", "c"), TlsSettings(), Limits(), VERIFIER).openapi()


def promised() -> dict[str, list[str]]:
    """The reasons in the comment of each RPC."""
    found = {}
    for path in PROTOS.glob("*/v1/*.proto"):
        for comment, name in RPC.findall(path.read_text()):
            errors = ERRORS.search(re.sub(r"\s*//\s*", " ", comment))
            found[name] = [error.lower() for error in re.findall(r"[A-Z_]{4,}", errors[1])] if errors else []
    return found


@pytest.mark.parametrize("rpc", ROUTES)
def test_a_route_documents_the_errors_of_its_rpc(document: dict[str, Any], rpc: str) -> None:
    method, path = ROUTES[rpc].split()
    for variant in ("thumb", "medium", "preview", "original"):
        responses = document["paths"][path.replace("{variant}", variant)][method]["responses"]
        documented = {
            reason for answer in responses.values() for reason in re.findall("`(.*?)`", answer["description"])
        }
        assert set(promised()[rpc]) <= documented


ARCHIVES = [
    ("/api/my-photos.zip", ["ListMatches", "GetPhoto"]),
    ("/api/events/{event_id}/photos.zip", ["ListPhotos", "GetPhoto"]),
]


@pytest.mark.parametrize(("path", "rpcs"), ARCHIVES)
def test_an_archive_documents_the_errors_of_the_list_and_of_the_pictures(
    document: dict[str, Any], path: str, rpcs: list[str]
) -> None:
    operation = document["paths"][path]["get"]
    documented = {
        reason for answer in operation["responses"].values() for reason in re.findall("`(.*?)`", answer["description"])
    }
    assert {reason for rpc in rpcs for reason in promised()[rpc]} - {"invalid_page"} <= documented
    assert [p["name"] for p in operation["parameters"] if p["required"]] == ["event_id"]
    assert {p["name"] for p in operation["parameters"] if p["in"] == "header"} == {"range", "if-range"}
    for status in ("200", "206"):
        assert "application/zip" in operation["responses"][status]["content"]


def test_a_picture_documents_its_version(document: dict[str, Any]) -> None:
    for variant in ("thumb", "medium", "preview", "original"):
        parameters = document["paths"][f"/api/photos/{{photo_id}}/{variant}"]["get"]["parameters"]
        assert "v" in [parameter["name"] for parameter in parameters if parameter["in"] == "query"]


@pytest.mark.parametrize("proto", [auth_pb2, selfie_pb2, matcher_pb2])
def test_every_reason_of_a_service_is_documented_with_its_status(document: dict[str, Any], proto: Any) -> None:
    reasons = {name.removeprefix("ERROR_REASON_").lower() for name in proto.ErrorReason.DESCRIPTOR.values_by_name}
    paths = str(document["paths"])
    internal = {"unspecified", "caller_not_allowed", "revision_too_far_ahead"}  # of calls between services
    assert {reason for reason in reasons - internal if f"`{reason}`" not in paths} == set()


# Where HTTP has a more exact status than the one of gRPC.
MORE_EXACT = {
    "invalid_form": 422,
    "empty_image": 422,
    "unreadable_logo": 422,
    "unreadable_photo": 422,
    "no_face": 422,
    "several_faces": 422,
    "unclear_face": 422,
    "idempotency_key_reused": 422,
    "too_large": 413,
    "unsupported_type": 415,
}
# The last word of each comment in ErrorReason is the gRPC status.
COMMENTED = re.compile(r"([A-Z_]+)\.\n\s*ERROR_REASON_([A-Z_]+) =")
BY_SERVICES = sorted(
    {found[::-1] for path in PROTOS.glob("*/v1/*.proto") for found in COMMENTED.findall(path.read_text())}
)
RAISED = re.compile(r'Problem\(\s*(\d{3}),\s*"(\w+)"')
BY_GATEWAY = sorted({found[::-1] for path in GATEWAY.rglob("*.py") for found in RAISED.findall(path.read_text())})


def test_control_the_reasons_are_found_in_the_sources() -> None:
    """The lists compared by the next two tests are not empty and contain known reasons."""
    assert ("BLOBS_UNAVAILABLE", "UNAVAILABLE") in BY_SERVICES
    assert ("unknown_parameter", "400") in BY_GATEWAY
    assert len(BY_SERVICES) > 25


@pytest.mark.parametrize(("reason", "status"), BY_SERVICES)
def test_the_status_of_a_reason_matches_its_proto(reason: str, status: str) -> None:
    if reason == "CALLER_NOT_ALLOWED":
        return  # only in calls between services
    expected = STATUSES[grpc.StatusCode[status]][0] if status != "INTERNAL" else 500
    assert REASONS[reason.lower()] == MORE_EXACT.get(reason.lower(), expected)


@pytest.mark.parametrize(("reason", "status"), BY_GATEWAY)
def test_the_status_of_a_reason_matches_where_the_gateway_raises_it(reason: str, status: str) -> None:
    assert REASONS[reason] == int(status)


def test_a_reason_with_two_statuses_has_two_in_the_protos() -> None:
    names = [reason for reason, _ in BY_SERVICES]
    for reason in OF_TWO_STATUSES:
        assert (
            "FAILED_PRECONDITION from StartRematch, NOT_FOUND from GetSelfie"
            in (PROTOS / "selfie/v1/selfie.proto").read_text()
        ), reason
    assert len(names) == len(set(names)), "the same reason has the same status in every service"


def test_the_document_lists_every_reason_and_every_rejection(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["ProblemBody"]["properties"]["reason"]["enum"] == sorted(REASONS)
    rejections = {name.removeprefix("REJECT_REASON_").lower() for name, _ in selfie_pb2.RejectReason.items()}
    assert rejections - {"unspecified"} <= set(schemas["RematchStatus"]["properties"]["reason"]["enum"])


def test_operation_names_are_unique_and_every_response_has_a_schema(document: dict[str, Any]) -> None:
    """Client generators require this."""
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) > 25
    assert "upload_selfie" in names
    for operation in operations:
        for status, answer in operation["responses"].items():
            for media_type, content in answer.get("content", {}).items():
                assert content.get("schema"), (operation["operationId"], status, media_type)
    assert {tag["name"] for tag in document["tags"]} == {tag for operation in operations for tag in operation["tags"]}


def test_the_document_contains_the_prefix_of_the_proxy() -> None:
    site = Site(root_path="/photos")
    app = create_app(Addresses("a", "b", "c"), TlsSettings(), Limits(), VERIFIER, site)
    assert app.openapi()["servers"] == [{"url": "/photos"}]


def test_every_user_rpc_has_a_route() -> None:
    unlisted = {"CheckEventCode", "Logout", "DeleteUser", "DeleteSelfie", "GetRematchState", "GetIndexState"}
    unlisted |= {"CreateDownloadToken", "CheckFirstOrganiser"}  # the gateway calls these itself
    unlisted |= {"CountMatches", "ListSelfieStates"}  # called for the guests of ListGuests
    of_services = {"ListChanges", "ListEndedSessions", "ListMemberIds", "Rematch", "WatchMatches", "WatchSelfies"}
    of_services.add("CountMatchesForNotices")
    assert set(promised()) - set(ROUTES) - unlisted == of_services
