"""Every error response is a problem document with a reason."""

import json
import logging

import grpc
import pytest

from auth_service import domain as auth
from gateway.errors.from_grpc import to_problem
from gateway.errors.openapi import REASONS
from kit import errors as kit
from kit.rpc.retries import BROKEN_UNDER_A_MESSAGE
from kit.telemetry import logs
from matcher_service import domain as matcher
from protos.matcher.v1 import photo_pb2
from selfie_service import domain as selfie
from tests.gateway.world import SIGNED, World, problem

EVENT = "3f2b8c1e-0000-4000-8000-000000000001"
CODE = {"event_code": "7K3F-9QXA"}


FAULTS = [
    (kit.InvalidArgument(), 400, "invalid_argument"),
    (kit.InvalidPage(), 400, "invalid_page"),
    (kit.InvalidToken(), 401, "invalid_token"),
    (kit.TooManyStreams(), 429, "too_many_streams"),
    (kit.DatabaseUnavailable(), 503, "database_unavailable"),
    (kit.ServiceUnavailable(), 503, "service_unavailable"),
    (auth.InvalidCredentials(), 401, "invalid_credentials"),
    (auth.TooManyRequests(), 429, "too_many_requests"),
    (auth.InvalidRefreshToken(), 401, "invalid_refresh_token"),
    (auth.SessionExpired(), 401, "session_expired"),
    (auth.InvalidEventCode(), 404, "invalid_event_code"),
    (auth.EventNotFound(), 404, "event_not_found"),
    (auth.UserNotFound(), 404, "user_not_found"),
    (auth.EventClosed(), 409, "event_closed"),
    (auth.OrganiserOnly(), 403, "organiser_only"),
    (auth.RemovedFromEvent(), 403, "removed_from_event"),
    (auth.OrganiserCannotLeave(), 409, "organiser_cannot_leave"),
    (auth.InvalidForm([kit.Violation("name", "invalid_name", "Wrong.")]), 422, "invalid_form"),
    (selfie.EmptyImage(), 422, "empty_image"),
    (selfie.TooLarge(), 413, "too_large"),
    (selfie.UnsupportedType(), 415, "unsupported_type"),
    (selfie.IdempotencyKeyReused(), 422, "idempotency_key_reused"),
    (selfie.NoActiveSelfie(), 409, "no_active_selfie"),
    (selfie.SelfieNotFound(), 404, "no_active_selfie"),
    (matcher.PhotoNotFound(), 404, "photo_not_found"),
    (matcher.PhotoNotReady(), 409, "photo_not_ready"),
    (matcher.TooManyFiles(), 400, "too_many_files"),
]


def test_a_service_token_is_rejected_from_clients(world: World) -> None:
    world.answer(JoinEvent=kit.CallerNotAllowed())
    assert problem(world.client.post("/api/join-event", json=CODE, headers=SIGNED)) == (401, "invalid_token")


@pytest.mark.parametrize(("fault", "status", "reason"), FAULTS, ids=lambda value: type(value).__name__)
def test_a_fault_of_a_service_keeps_its_reason(world: World, fault: kit.Fault, status: int, reason: str) -> None:
    world.answer(JoinEvent=fault)
    answer = world.client.post("/api/join-event", json=CODE, headers=SIGNED)
    assert problem(answer) == (status, reason)
    assert answer.json()["detail"] == fault.message
    assert REASONS.get(reason, status) == status or reason == "no_active_selfie"
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert answer.headers.get("retry-after") == ("1" if status in (429, 503) else None)


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (grpc.StatusCode.UNAVAILABLE, 503, "service_unavailable"),
        (grpc.StatusCode.CANCELLED, 503, "service_unavailable"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, 504, "deadline_exceeded"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 429, "too_many_requests"),
        (grpc.StatusCode.UNAUTHENTICATED, 401, "invalid_token"),
        (grpc.StatusCode.INTERNAL, 500, "internal"),
        (grpc.StatusCode.UNIMPLEMENTED, 500, "internal"),
        (grpc.StatusCode.UNKNOWN, 500, "internal"),
    ],
)
def test_the_text_of_a_bare_grpc_status_is_not_exposed(
    world: World, code: grpc.StatusCode, status: int, reason: str
) -> None:
    world.answer(JoinEvent=code)
    answer = world.client.post("/api/join-event", json=CODE, headers=SIGNED)
    assert problem(answer) == (status, reason)
    assert "secret" not in answer.text
    assert "10.0.0.1" not in answer.text


def test_a_connection_broken_during_a_message_is_service_unavailable() -> None:
    nothing = grpc.aio.Metadata()
    error = grpc.aio.AioRpcError(grpc.StatusCode.INTERNAL, nothing, nothing, BROKEN_UNDER_A_MESSAGE)
    found = to_problem(error)
    assert (found.status_code, found.reason, found.headers) == (503, "service_unavailable", {"Retry-After": "1"})


def test_an_internal_fault_exposes_no_details(world: World) -> None:
    world.answer(GetPhoto=[photo_pb2.GetPhotoResponse(chunk=b"no header first")])
    assert problem(world.client.get(f"/api/photos/{EVENT}/thumb", headers=SIGNED)) == (500, "internal")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api/nothing", (404, "not_found")),
        ("GET", "/api/events/", (404, "not_found")),
        ("GET", "/blob/..%2f..%2fetc", (404, "not_found")),
        ("GET", "/blob/%252e%252e%252fetc", (404, "not_found")),
        ("GET", "/api/photos/..%2f..%2fetc/thumb", (404, "not_found")),
        ("GET", "/api/photos/%252e%252e%252fetc/thumb", (400, "invalid_argument")),
        ("GET", f"/api/photos/{EVENT}/huge", (404, "not_found")),
        ("PUT", "/api/login", (405, "method_not_allowed")),
        ("GET", "/api/login", (405, "method_not_allowed")),
        ("GET", "/api/events/1", (400, "invalid_argument")),
        ("GET", "/api/photos/x/thumb", (400, "invalid_argument")),
        ("DELETE", f"/api/events/{EVENT}/guests/you", (400, "invalid_argument")),
        ("GET", "/api/my-photos?limit=0", (400, "invalid_argument")),
        ("GET", "/api/my-photos?limit=201", (400, "invalid_argument")),
        ("GET", "/api/my-photos?limit=-1", (400, "invalid_argument")),
        ("GET", "/api/my-photos?limit=1000000000000000000000", (400, "invalid_argument")),
        ("GET", "/api/my-photos?event_id=x", (400, "invalid_argument")),
        ("GET", f"/api/my-photos?cursor={'x' * 1025}", (400, "invalid_argument")),
    ],
)
def test_an_invalid_path_returns_a_problem(world: World, method: str, path: str, expected: tuple[int, str]) -> None:
    assert problem(world.client.request(method, path, headers=SIGNED)) == expected
    assert not world.services.calls


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"event_code": "\xff"}',
        b'{"event_code": "\\u0000"}',
        b'{"event_code": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"event_code": NaN}',
        b'{"event_code": ' + b"9" * 10_000 + b"}",
        b"[" * 60_000,
        b"[" * 64 + b"]" * 64,
    ],
    ids=range(11),
)
def test_malformed_json_is_distinguished_from_an_invalid_form(world: World, body: bytes) -> None:
    answer = world.client.post("/api/check-event-code", content=body, headers={"content-type": "application/json"})
    assert problem(answer) == (400, "malformed_json")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_the_json_content_type_is_accepted(world: World, content_type: str) -> None:
    answer = world.client.post("/api/login", content=b"{}", headers={"content-type": content_type})
    assert problem(answer) == (415, "unsupported_media_type")


def test_an_invalid_form_names_its_fields_without_echoing_values(world: World) -> None:
    form = {"user_data": {"username": ["hunter2"], "password": 4711}, "event_code": None}
    answer = world.client.post("/api/register-with-event-code", json=form)
    assert problem(answer) == (422, "invalid_form")
    assert {(error["field"], error["reason"]) for error in answer.json()["errors"]} == {
        ("username", "not_a_text"),
        ("email", "missing"),
        ("password", "not_a_text"),
        ("event_code", "not_a_text"),
    }
    assert "hunter2" not in answer.text
    assert "4711" not in answer.text


@pytest.mark.parametrize("moment", ["soon", 1e300, "0001-01-01T00:00:00+14:00", [], "9999-12-31T23:59:59-14:00"])
def test_an_out_of_range_time_is_an_invalid_form(world: World, moment: object) -> None:
    answer = world.client.post("/api/events", json={"name": "n", "expires_at": moment}, headers=SIGNED)
    assert problem(answer) == (422, "invalid_form")
    assert answer.json()["errors"][0]["field"] == "expires_at"


def test_a_json_body_above_the_limit_is_rejected(world: World) -> None:
    form = {"username": "ada", "password": "x" * 1_000_000}
    assert problem(world.client.post("/api/login", json=form)) == (413, "too_large")


def test_oversized_headers_are_rejected(world: World) -> None:
    answer = world.send_raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")


def test_the_request_id_is_propagated_and_returned(world: World) -> None:
    answer = world.client.get("/api/rematch-status", headers={**SIGNED, "x-request-id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"
    assert world.services.calls[-1].metadata["x-request-id"] == "abc-1"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\x7f"])
def test_an_invalid_request_id_is_replaced(world: World, given: str) -> None:
    assert len(world.client.get("/healthz", headers={"x-request-id": given}).headers["x-request-id"]) == 36


def test_calls_have_a_deadline(world: World) -> None:
    world.client.get("/api/rematch-status", headers=SIGNED)
    assert 0 < world.services.calls[-1].timeout_s <= 5.5


@pytest.fixture
def configured_logs() -> None:
    """Runs as a fixture, because configuring replaces the handlers that pytest installs before the test."""
    logs.configure("gateway")


@pytest.mark.usefixtures("configured_logs")
def test_the_log_contains_no_secrets(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world.client.get("/api/my-photos?cursor=secret", headers=SIGNED)
    world.client.post("/api/login", json={"username": "ada", "password": "hunter2"})
    world.client.get("/api/%0aforged")
    logged = "\n".join(str(record.msg) for record in caplog.records if not record.name.startswith("http"))
    assert "/api/my-photos" in logged
    assert not any(secret in logged for secret in ("secret", "hunter2", SIGNED["authorization"], "\nforged"))


def test_responses_have_security_headers(world: World) -> None:
    headers = world.client.get("/healthz").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "server" not in headers


def test_readiness_reports_the_state_of_each_backend(world: World) -> None:
    answer = world.client.get("/readyz")
    serving = dict.fromkeys(("auth", "selfie", "matcher"), "serving")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "backends": serving, "file_store": "unknown"},
    )


def test_the_openapi_document_describes_the_problems(world: World) -> None:
    document = json.loads(world.client.get("/openapi.json").content)
    responses = document["paths"]["/api/join-event"]["post"]["responses"]
    assert "`event_closed`" in responses["409"]["description"]
    assert list(responses["409"]["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in json.dumps(document)
    assert "get" in document["paths"]["/api/rematch-events"]
