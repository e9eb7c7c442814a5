"""Health checks of a service by gRPC's health protocol."""

from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from kit.rpc.server import FAULT, FILES


async def check_files(channel: grpc.aio.Channel, timeout_s: float) -> str:
    """The state of a service's file store; empty if the service has none or does not answer."""
    stub: Any = health_pb2_grpc.HealthStub(channel)
    call = stub.Check(health_pb2.HealthCheckRequest(service=FILES), timeout=timeout_s)
    try:
        answer = await call
        if answer.status == health_pb2.HealthCheckResponse.SERVING:
            return "serving"
        return str(dict(await call.trailing_metadata()).get(FAULT, "not_serving"))
    except grpc.aio.AioRpcError:
        return ""


async def check_service(channel: grpc.aio.Channel, timeout_s: float) -> str:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    try:
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=timeout_s)
    except grpc.aio.AioRpcError:
        return "unreachable"
    return "serving" if answer.status == health_pb2.HealthCheckResponse.SERVING else "not_serving"
