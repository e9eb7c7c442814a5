"""Who calls: the bearer token, or for GET alone the cookie.

Services verify it; the gateway verifies it as well where a body follows.
"""

import re
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from gateway.backends.channels import Backends
from gateway.backends.interceptors import CALLER, Caller
from gateway.errors.problem import Problem
from gateway.http.limits import MAX_TOKEN_LENGTH

COOKIE = "minois_token"
COOKIE_PATH = "/api"
TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")

bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="The `access_token` of a login.")
cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="Set by a login; good for GET only.")

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


# Coroutines, though they wait for nothing: FastAPI would run functions in a thread, and in a crowd a thread comes late.
async def call_public(request: Request) -> Backends:
    return _enter(request)


async def call_as_writer(request: Request, credentials: Credentials) -> Backends:
    require_verified(request)
    return _enter(request, _accept(credentials.credentials if credentials else ""))


async def call_as_reader(
    request: Request, credentials: Credentials, kept: Annotated[str | None, Depends(cookie)]
) -> Backends:
    return _enter(request, _accept(credentials.credentials if credentials else kept or ""))


# The three kinds of routes: open to all, for the bearer of a token, and for reading, where the cookie will do.
Public = Annotated[Backends, Depends(call_public)]
Writer = Annotated[Backends, Depends(call_as_writer)]
Reader = Annotated[Backends, Depends(call_as_reader)]


def require_verified(request: Request) -> None:
    """Raises Problem for a body without a verified token, which is then not read."""
    if request.scope.get("has_body") and request.scope.get("caller") is None:
        raise authentication_required()


def authentication_required() -> Problem:
    return Problem(401, "invalid_token", "Log in first.")


def keep_token(request: Request, response: Response, token: str, max_age_s: int) -> None:
    """Sets the cookie for `<img>` and EventSource, which cannot send headers."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=max_age_s,
        path=_cookie_path(request),
        secure=_is_encrypted(request),
        httponly=True,
        samesite="strict",
    )


def forget_token(request: Request, response: Response) -> None:
    response.delete_cookie(
        COOKIE, path=_cookie_path(request), secure=_is_encrypted(request), httponly=True, samesite="strict"
    )


def _enter(request: Request, token: str = "") -> Backends:
    """The backends, called for this request from now on."""
    CALLER.set(Caller(request.scope["request_id"], token))
    backends: Backends = request.app.state.backends
    return backends


def _accept(token: str) -> str:
    if len(token) > MAX_TOKEN_LENGTH or not TOKEN.fullmatch(token):
        raise authentication_required()
    return token


def _cookie_path(request: Request) -> str:
    return f"{request.scope.get('root_path', '')}{COOKIE_PATH}"


def _is_encrypted(request: Request) -> bool:
    """Whether the client came by HTTPS, as a trusted proxy says: over plain HTTP a browser drops a `Secure` cookie."""
    return request.url.scheme == "https"
