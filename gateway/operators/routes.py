"""Health and readiness endpoints for operators."""

import asyncio

from fastapi import APIRouter, Request

from gateway.backends.channels import Backends
from gateway.operators.schemas import Alive, Ready

router = APIRouter(tags=["operators"])


@router.get("/healthz")
async def check_health() -> Alive:
    """The process is alive."""
    return Alive()


@router.get("/readyz")
async def check_readiness(request: Request) -> Ready:
    """The gateway's own readiness; an unavailable service or a full disk is shown in the body, and does not
    take the gateway out of service."""
    backends: Backends = request.app.state.backends
    timeout_s = request.app.state.limits.health_s
    services, files = await asyncio.gather(backends.check(timeout_s), backends.check_files(timeout_s))
    return Ready(backends=services, file_store=files)
