"""HEAD for every GET route, OPTIONS, and the `Allow` header."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def allowed_methods(scope: Scope) -> tuple[str, ...]:
    """The methods of `Allow`: every one of the request's path; empty for an unknown path."""
    own = {method for method in METHODS if _has_route(scope, method)}
    if not own:
        return ()
    added = {"OPTIONS", *(["HEAD"] if "GET" in own else [])}
    return tuple(method for method in METHODS if method in own | added)


class Methods:
    """Answers HEAD as GET without the body if a route does not define HEAD, and OPTIONS with `Allow`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"] if scope["type"] == "http" else ""
        if method == "OPTIONS" and (allowed := allowed_methods(scope)):
            await Response(status_code=204, headers={"Allow": ", ".join(allowed)})(scope, receive, send)
        elif method == "HEAD" and not _has_route(scope, "HEAD"):
            await self._answer_head(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer_head(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]  # which applies only to GET
        as_get = {**scope, "method": "GET", "headers": headers}
        head = Head(send)
        try:
            await self._app(as_get, receive, head.send)
        except Exception:
            if not head.is_complete:
                raise
        finally:
            scope["route"] = as_get.get("route")  # for the access log


class HeadComplete(Exception):
    """Stops a route that would go on to stream a body."""


class Head:
    """The response to a HEAD request: the status and headers of GET."""

    def __init__(self, send: Send) -> None:
        self.is_complete = False
        self._send = send

    async def send(self, message: Message) -> None:
        """Raises HeadComplete."""
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        if not self.is_complete:
            self.is_complete = True
            await self._send({"type": "http.response.body"})
        if message.get("more_body"):
            raise HeadComplete


def _has_route(scope: Scope, method: str) -> bool:
    probe: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": scope["path"],
        "root_path": scope.get("root_path", ""),
        "headers": [],
    }
    return any(route.matches(dict(probe))[0] is Match.FULL for route in scope["app"].routes)
