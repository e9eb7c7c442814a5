"""Maps gRPC statuses to HTTP statuses, in one table."""

import math

import grpc
from fastapi import Request
from fastapi.responses import JSONResponse
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from gateway.errors.problem import Problem, answer_problem, internal_problem
from gateway.errors.reasons import status_of
from gateway.errors.schemas import FieldError
from kit.rpc.retries import code_of
from kit.rpc.statuses import DOMAIN
from kit.telemetry.logs import get_logger

# (HTTP status, reason, detail); reason and detail apply if the status has no details of our services.
STATUSES: dict[grpc.StatusCode, tuple[int, str, str]] = {
    grpc.StatusCode.INVALID_ARGUMENT: (400, "invalid_argument", "The request is malformed."),
    grpc.StatusCode.UNAUTHENTICATED: (401, "invalid_token", "Sign in again."),
    grpc.StatusCode.PERMISSION_DENIED: (403, "caller_not_allowed", "You may not do this."),
    grpc.StatusCode.NOT_FOUND: (404, "not_found", "Not found."),
    grpc.StatusCode.FAILED_PRECONDITION: (409, "failed_precondition", "This cannot be done now."),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (429, "too_many_requests", "Too much at once; try again shortly."),
    grpc.StatusCode.UNAVAILABLE: (503, "service_unavailable", "A backend service is unavailable; try again shortly."),
    # A call that a service abandons at the end of its shutdown grace period.
    grpc.StatusCode.CANCELLED: (503, "service_unavailable", "A backend service is unavailable; try again shortly."),
    grpc.StatusCode.DEADLINE_EXCEEDED: (504, "deadline_exceeded", "A service took too long; try again shortly."),
}

REJECTED_FILES = {
    "empty_image": "The file is empty.",
    "too_large": "The file is too large.",
    "unsupported_type": "Supported formats: JPEG, PNG, WebP, HEIC and AVIF.",
    "incomplete": "The request ended in the middle of this file; send it again.",
    "too_many_event_photos": "This event has reached its limit of photos: delete some first.",
    "too_many_guest_photos": "You have reached today's limit for this event: continue tomorrow.",
    "unexpected_field": "Files are accepted in the field `files`.",
}

# A token of a service or of a download is valid, but does not authenticate a client.
NOT_OF_A_PERSON = "CALLER_NOT_ALLOWED"
MESSAGE_TOO_LARGE = "larger than max"  # part of grpc's message; it has no status of its own for this
DEFAULT_RETRY_S = 1

log = get_logger()


def answer_rpc_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, grpc.aio.AioRpcError)
    problem = to_problem(error)
    if problem.status_code >= 500:
        log.warning("A call to a service failed.", action="call_failed", code=error.code().name, reason=problem.reason)
    return answer_problem(request, problem)


def to_problem(error: grpc.aio.AioRpcError) -> Problem:
    """Only messages of our services reach the client; grpc's own messages contain addresses."""
    code = code_of(error)
    if code not in STATUSES:
        return internal_problem()
    status, reason, detail = STATUSES[code]
    details = _details(error)
    errors: list[FieldError] = []
    retry_s = DEFAULT_RETRY_S
    if details is not None:
        info, form, retry = details
        if info.reason == NOT_OF_A_PERSON:
            return default_problem(grpc.StatusCode.UNAUTHENTICATED)
        reason, detail = info.reason.lower(), error.details() or detail
        errors = [FieldError(field=v.field, reason=v.reason, message=v.description) for v in form.field_violations]
        retry_s = max(1, math.ceil(retry.retry_delay.ToTimedelta().total_seconds()))
    elif MESSAGE_TOO_LARGE in (error.details() or ""):
        status, reason, detail = 413, "too_large", "The request is too large."
    status = status_of(reason, status)
    headers = {"Retry-After": str(retry_s)} if status in (429, 503) else {}
    return Problem(status, reason, detail, errors=errors, headers=headers)


def default_problem(code: grpc.StatusCode) -> Problem:
    """The problem for a fault that the gateway itself detects."""
    return Problem(*STATUSES[code])


def rejected_file(reason: str) -> Problem:
    """The problem for a file that was rejected within a successful response."""
    return Problem(status_of(reason, 400), reason, REJECTED_FILES.get(reason, "The file was refused."))


def has_reason(error: grpc.aio.AioRpcError, reason: str) -> bool:
    return to_problem(error).reason == reason


def _details(
    error: grpc.aio.AioRpcError,
) -> tuple[error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo] | None:
    """The details that our services send with a status; None if the status is not from one of them."""
    try:
        status: status_pb2.Status | None = rpc_status.from_call(error)
    except ValueError:
        return None
    found = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    for packed in status.details if status else ():
        for detail in found:
            packed.Unpack(detail)
    return found if found[0].domain == DOMAIN and found[0].reason else None
