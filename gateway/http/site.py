"""Public address of the gateway: path prefix, trusted proxies and CORS."""

import re
import socket
from dataclasses import dataclass

from fastapi import FastAPI, Request
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway.http.methods import METHODS

OWN_PATHS = r"(?:api|assets|docs|e|my|organiser|sign-in|unsubscribe|openapi\.json|healthz|readyz)(?:/|$)"
ROOT_PATH = re.compile(rf"(?!/{OWN_PATHS})(/(?!\.\.?(?:/|$))[A-Za-z0-9._~-]+)+")
ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.-]+(:\d+)?|https?://\[[0-9A-Fa-f:.]+\](:\d+)?")

REQUEST_HEADERS = (
    "authorization",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "if-range",
    "last-event-id",
    "range",
    "x-request-id",
)
RESPONSE_HEADERS = (
    "accept-ranges",
    "content-disposition",
    "content-range",
    "etag",
    "retry-after",
    "x-request-id",
)


def listen_everywhere(port: int) -> list[socket.socket]:
    """Sockets for all IPv6 and all IPv4 addresses on the same port (0: any). Two, since one dual-stack socket
    would report IPv4 clients with mapped addresses, which do not match TRUSTED_PROXIES."""
    ipv6 = socket.create_server(("::", port), family=socket.AF_INET6)
    port = ipv6.getsockname()[1]
    return [ipv6, socket.create_server(("0.0.0.0", port))]


def public_origin(request: Request) -> str:
    """Scheme and host that clients use: `PUBLIC_URL`, else those of this request."""
    site: Site = request.app.state.site
    return site.public_origin or f"{request.scope['scheme']}://{request.headers.get('host', '')}"


@dataclass(frozen=True)
class Site:
    """`root_path`: the prefix under which a proxy shows the gateway, such as `/photos`; it may remove it or not.
    `public_origin`: scheme and host of the address on posters and in links, such as `https://photos.example.org`.
    `trusted_proxies`: addresses or networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted.
    `cors_origins`: origins whose pages may call the gateway, or `*`; always without credentials.
    `hsts_days`: how long browsers that used HTTPS must keep using it; 0: no HSTS header."""

    root_path: str = ""
    public_origin: str = ""
    trusted_proxies: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    hsts_days: int = 0


DIRECT = Site()


def allow_origins(app: FastAPI, site: Site) -> None:
    """Answers CORS preflights, and lets pages of the configured origins read responses."""
    if site.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=site.cors_origins,
            allow_methods=METHODS,
            allow_headers=REQUEST_HEADERS,
            expose_headers=RESPONSE_HEADERS,
        )


def accept_proxies(app: FastAPI, site: Site) -> None:
    """Adds the outermost middleware: inner layers see the client's address and scheme, and a path without prefix."""
    if site.root_path:
        app.add_middleware(Prefix, root_path=site.root_path)
    if site.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(site.trusted_proxies))


class Prefix:
    """Removes the prefix if the proxy has not, and stores it in `root_path`, which links begin with."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["root_path"] = self._root_path
            if scope["path"] == self._root_path or scope["path"].startswith(f"{self._root_path}/"):
                scope["path"] = scope["path"].removeprefix(self._root_path) or "/"
        await self._app(scope, receive, send)


def root_of(request: Request) -> str:
    """The path prefix of a proxy, with which links begin."""
    return str(request.scope.get("root_path", ""))
