"""Reading request bodies, bounded in bytes. `Admission` bounds their time."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from gateway.errors.problem import Problem
from gateway.http.authentication import call_signed, require_verified
from gateway.http.limits import MAX_JSON_BYTES
from gateway.http.strict_json import MalformedJson, parse


def too_large(max_bytes: int) -> Problem:
    return Problem(413, "too_large", f"The request has more than {max_bytes} bytes, which is the limit.")


async def read_body(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    """The body in chunks as they arrive. Raises 413 as soon as it is too large."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > max_bytes:
        raise too_large(max_bytes)
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > max_bytes:
            raise too_large(max_bytes)
        if chunk:
            yield chunk


class JsonRequest(Request):
    """A request whose body is small and strict JSON; if it is `optional`, it may be missing."""

    optional = False

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            if self.optional and not self.scope.get("has_body"):
                self._body = b""
                return self._body
            _require_json(self.headers.get("content-type", ""))
            self._body = b"".join([chunk async for chunk in read_body(self, MAX_JSON_BYTES)])
            if not self._body:
                raise _malformed()
        return self._body

    async def json(self) -> Any:
        try:
            return parse(await self.body())
        except MalformedJson:
            raise _malformed() from None


class JsonRoute(APIRoute):
    """A route that reads its body as a JsonRequest; if the route requires a caller, the token is verified first."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        needs_caller = _depends_on(self.dependant, call_signed)
        is_optional = self.body_field is not None and not self.body_field.field_info.is_required()

        async def handle_strictly(request: Request) -> Response:
            if needs_caller:
                require_verified(request)
            json_request = JsonRequest(request.scope, request.receive)
            json_request.optional = is_optional
            return await handle(json_request)

        return handle_strictly


def _depends_on(dependant: Dependant, call: Callable[..., Any]) -> bool:
    return any(other.call is call or _depends_on(other, call) for other in dependant.dependencies)


def _require_json(content_type: str) -> None:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem(415, "unsupported_media_type", "Send JSON, with Content-Type: application/json.")


def _malformed() -> Problem:
    return Problem(400, "malformed_json", "The body is not valid JSON.")
