"""The table of faults and gRPC statuses, and the details of a status."""

from typing import Any

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from kit import errors

DOMAIN = "minois"
RETRY_AFTER_S = 1
PUSHBACK = "grpc-retry-pushback-ms"  # a negative delay means: do not retry

CODES: dict[type[errors.Fault], int] = {
    errors.InvalidInput: code_pb2.INVALID_ARGUMENT,
    errors.Unauthenticated: code_pb2.UNAUTHENTICATED,
    errors.NotAllowed: code_pb2.PERMISSION_DENIED,
    errors.NotFound: code_pb2.NOT_FOUND,
    errors.Precondition: code_pb2.FAILED_PRECONDITION,
    errors.Exhausted: code_pb2.RESOURCE_EXHAUSTED,
    errors.Unavailable: code_pb2.UNAVAILABLE,
}


def to_status(fault: errors.Fault) -> grpc.Status:
    """A status with ErrorInfo, and BadRequest or RetryInfo where they apply."""
    code = next(CODES[kind] for kind in type(fault).__mro__ if kind in CODES)
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=fault.reason, domain=DOMAIN, metadata=fault.metadata)]
    if fault.violations:
        details.append(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(field=v.field, reason=v.reason, description=v.message)
                    for v in fault.violations
                ]
            )
        )
    if isinstance(fault, errors.Exhausted | errors.Unavailable):
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromSeconds(RETRY_AFTER_S)
        details.append(retry)
    # If a dependency is unavailable after the retries of one hop, the hops before it do not retry again.
    more = ((PUSHBACK, "-1"),) if isinstance(fault, errors.ServiceUnavailable) else ()
    return _status(code, fault.message, details, more)


def internal_status() -> grpc.Status:
    """The status of an internal fault, without any details."""
    return _status(
        code_pb2.INTERNAL,
        "Something went wrong on our side.",
        [error_details_pb2.ErrorInfo(reason="INTERNAL", domain=DOMAIN)],
    )


def cancelled_status() -> grpc.Status:
    """Ends a call whose caller has disconnected."""
    return _status(code_pb2.CANCELLED, "The caller is gone.", [])


def _status(code: int, message: str, details: list[Message], more: tuple[tuple[str, str], ...] = ()) -> grpc.Status:
    packed = []
    for detail in details:
        anything = any_pb2.Any()
        anything.Pack(detail)
        packed.append(anything)
    status: Any = rpc_status.to_status(status_pb2.Status(code=code, message=message, details=packed))
    extended: grpc.Status = status._replace(trailing_metadata=(*status.trailing_metadata, *more))
    return extended
