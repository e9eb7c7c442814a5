"""Calls to a service: metadata of callers, and expected faults."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from kit.rpc.identity import Signer

Metadata = list[tuple[str, str]]


def bearer(token: str, **more: str) -> Metadata:
    return [("authorization", f"Bearer {token}"), *((key.replace("_", "-"), value) for key, value in more.items())]


def as_user(auth: Signer, user_id: UUID | str) -> Metadata:
    return bearer(auth.sign(str(user_id), 60))


@dataclass
class RpcFault:
    """A rejected call: its code, its reason, and the violations of a form by field."""

    code: grpc.StatusCode | None = None
    reason: str = ""
    message: str = ""
    violations: dict[str, str] | None = None


@contextmanager
def raises_fault(code: grpc.StatusCode, reason: str) -> Iterator[RpcFault]:
    """Asserts that the block makes a call that is rejected with this code and this reason."""
    fault = RpcFault()
    with pytest.raises(grpc.RpcError) as raised:
        yield fault
    read_fault(raised.value, fault)
    assert (fault.code, fault.reason) == (code, reason)


def read_fault(error: grpc.RpcError, fault: RpcFault) -> None:
    assert isinstance(error, grpc.Call)
    fault.code, fault.message = error.code(), str(error.details())
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info, form = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            fault.reason = info.reason
        elif detail.Unpack(form):
            fault.violations = {v.field: v.reason for v in form.field_violations}
