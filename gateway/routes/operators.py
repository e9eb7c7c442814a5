"""For operators: is it alive, is it ready, what does it offer."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from gateway.backends import Backends
from gateway.schemas.operators import Alive, Ready

router = APIRouter(tags=["operators"])


@router.get("/healthz")
async def check_health() -> Alive:
    """The process answers."""
    return Alive()


@router.get("/readyz")
async def check_readiness(request: Request) -> Ready:
    """The gateway's own readiness; a service that is away shows in the body and does not take the gateway out."""
    backends: Backends = request.app.state.backends
    return Ready(backends=await backends.check(request.app.state.limits.health_s))


@router.get("/", include_in_schema=False)
async def show_docs() -> RedirectResponse:
    return RedirectResponse("/docs")
