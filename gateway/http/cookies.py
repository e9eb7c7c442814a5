"""The cookies of a page: an access token for `/api`, a refresh token sent only to `/api/refresh`, and a non-secret
flag that shows `/api/session` that a refresh token exists. The id of the browser outlives them
(`gateway.http.phones`).

Over HTTPS their names have prefixes, which browsers accept from this host alone (RFC 6265bis, section 4.1.3).
"""

from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from gateway.http.site import Site
from protos.auth.v1.auth_pb2 import TokenPair

ACCESS = "minois_token"
REFRESH = "minois_refresh"
RENEWABLE = "minois_renewable"
PHONE = "minois_phone"
OF_SESSION = (ACCESS, REFRESH, RENEWABLE)
PREFIXES = {ACCESS: "__Host-", REFRESH: "__Secure-", RENEWABLE: "__Secure-", PHONE: "__Host-"}
PATHS = {ACCESS: "/api", REFRESH: "/api/refresh", RENEWABLE: "/api/session", PHONE: "/api"}
SAFE = ("GET", "HEAD", "OPTIONS")


def read_cookie(scope: Scope, headers: Headers, name: str) -> str:
    """Empty if there is none, and for a request that is not safe and may come from a page of another site (CSRF)."""
    if scope["method"] not in SAFE and not is_own_page(scope, headers):
        return ""
    return cookie_parser(headers.get("cookie", "")).get(_name(scope, name), "")


def is_own_page(scope: Scope, headers: Headers) -> bool:
    """Whether the browser's headers show that the request comes from one of our own pages."""
    if site := headers.get("sec-fetch-site"):
        return site == "same-origin"
    hosts = (headers.get("host", ""), urlsplit(_site(scope).public_origin).netloc)
    origin = urlsplit(headers.get("origin", "")).netloc
    return bool(origin) and origin in hosts


def is_renewable(request: Request) -> bool:
    """Whether this browser has a refresh token."""
    return bool(read_cookie(request.scope, request.headers, RENEWABLE))


def keep_session(request: Request, response: Response, tokens: TokenPair) -> None:
    """Sets the cookies of a session."""
    for name, value, lifetime in (
        (ACCESS, tokens.access_token, tokens.expires_in),
        (REFRESH, tokens.refresh_token, tokens.refresh_expires_in),
        (RENEWABLE, "1", tokens.refresh_expires_in),
    ):
        set_cookie(request, response, name, value, lifetime.seconds)


def forget_session(request: Request, response: Response) -> None:
    """Makes the browser delete the cookies of a session and every cached picture."""
    for name in OF_SESSION:
        set_cookie(request, response, name, "", 0)
    response.headers["Clear-Site-Data"] = '"cache"'


def set_cookie(request: Request, response: Response, name: str, value: str, max_age_s: int) -> None:
    is_host_cookie = PREFIXES[name] == "__Host-" and _is_encrypted(request.scope)
    response.set_cookie(
        _name(request.scope, name),
        value,
        max_age=max_age_s,
        path="/" if is_host_cookie else f"{request.scope.get('root_path', '')}{PATHS[name]}",
        secure=_is_encrypted(request.scope),
        httponly=True,
        samesite="strict",
    )


def _name(scope: Scope, name: str) -> str:
    return f"{PREFIXES[name]}{name}" if _is_encrypted(scope) else name


def _is_encrypted(scope: Scope) -> bool:
    """Whether the client uses HTTPS, according to a trusted proxy or PUBLIC_URL: over plain HTTP a browser drops a
    `Secure` cookie."""
    return scope.get("scheme") == "https" or _site(scope).public_origin.startswith("https:")


def _site(scope: Scope) -> Site:
    site: Site = scope["app"].state.site
    return site
