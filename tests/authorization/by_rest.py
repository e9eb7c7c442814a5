"""Calls to the gateway over REST."""

from functools import cache
from typing import Any
from urllib.parse import quote

import httpx2

from gateway.app import create_app
from gateway.backends.channels import Addresses
from gateway.http.limits import Limits
from kit.settings import TlsSettings
from tests.authorization.route_requests import REQUESTS
from tests.authorization.scene import Answer, Ids, Scene
from tests.gateway.world import VERIFIER, problem

UNSIGNED = UNFIT = "401 invalid_token"
EVENTS = "text/event-stream"
UNKNOWN = "{what} needs an entry in REQUESTS of tests/authorization/route_requests.py: what is sent to it."


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    return create_app(Addresses("a", "b", "c"), TlsSettings(), Limits(), VERIFIER).openapi()


@cache
def operations() -> dict[str, Any]:
    """The operations of the document by method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def make(name: str, ids: Ids) -> tuple[str, str, dict[str, Any]]:
    """Method, path and arguments of a request. `name`: a route, optionally `: ` and a variant."""
    route = name.partition(": ")[0]
    method, path = route.split()
    for parameter in operations()[route].get("parameters", []):
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", quote(ids[parameter["name"]], safe=""))
    find = REQUESTS.get(name)
    assert find or "requestBody" not in operations()[route], UNKNOWN.format(what=name)
    return method, path, find(ids) if find else {}


def call(scene: Scene, name: str, caller: str, ids: Ids) -> Answer:
    """Calls a route; asserts the common shape of an error response."""
    method, path, sent = make(name, ids)
    token = scene.token(caller)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    scene.system.client.cookies.clear()
    with scene.system.client.stream(method, path, headers=headers, **sent) as answer:
        return read(answer)


def read(answer: httpx2.Response) -> Answer:
    """Reads a response; of an event stream, only its head."""
    if answer.is_success and answer.headers.get("content-type", "").startswith(EVENTS):
        return Answer(str(answer.status_code))
    answer.read()
    if answer.is_success:
        return Answer(str(answer.status_code), text=answer.text)
    status, reason = problem(answer)
    text = answer.text.replace(answer.headers["x-request-id"], "")
    return Answer(str(status), reason, text)
