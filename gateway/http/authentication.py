"""Authentication by bearer token, or by the cookie of one of our own pages.

The services verify the token; the gateway also verifies it if the request has a body.
"""

import re
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.datastructures import Headers
from starlette.types import Scope

from gateway.backends.channels import Backends
from gateway.backends.interceptors import CALLER, Caller
from gateway.errors.problem import Problem
from gateway.http.cookies import ACCESS, read_cookie
from gateway.http.limits import MAX_TOKEN_LENGTH
from kit.audit.acts import truncate_address

TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")

# For the OpenAPI document; `find_token` reads both.
bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="The `access_token` of a sign-in.")
cookie = APIKeyCookie(
    name=ACCESS,
    auto_error=False,
    description="Set by a sign-in. Good for reading, and for our own pages; over HTTPS its name begins with `__Host-`.",
)


# Coroutines, though they await nothing: FastAPI runs functions in a thread, and under load threads are scarce.
async def call_public(request: Request) -> Backends:
    return enter(request, "")


async def call_signed(
    request: Request,
    credentials: Annotated[object, Depends(bearer)],
    kept: Annotated[str | None, Depends(cookie)],
) -> Backends:
    require_verified(request)
    token = find_token(request.scope, request.headers)
    # The token of a download serves the gateway's own calls for an archive, and services must not use these routes.
    if not token or request.scope.get("is_of_service"):
        raise authentication_required()
    return enter(request, token)


# The two kinds of routes: public, and for callers with a token.
Public = Annotated[Backends, Depends(call_public)]
Signed = Annotated[Backends, Depends(call_signed)]


def enter(request: Request, token: str) -> Backends:
    """Makes this request the caller of the context, and returns the backends."""
    network = truncate_address(request.client.host) if request.client else ""
    CALLER.set(Caller(request.scope["request_id"], token, network))
    backends: Backends = request.app.state.backends
    return backends


def find_token(scope: Scope, headers: Headers) -> str:
    """The access token, well-formed but not verified; empty if there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    found = token.strip() if scheme.lower() == "bearer" else read_cookie(scope, headers, ACCESS)
    return found if len(found) <= MAX_TOKEN_LENGTH and TOKEN.fullmatch(found) else ""


def require_verified(request: Request) -> None:
    """Raises Problem for a request with a body but without a verified token, before the body is read."""
    if request.scope.get("has_body") and request.scope.get("caller") is None:
        raise authentication_required()


def authentication_required() -> Problem:
    return Problem(401, "invalid_token", "Sign in first.")
