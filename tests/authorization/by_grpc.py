"""Calls to the services over gRPC."""

from typing import Any

import grpc
from google.protobuf.message_factory import GetMessageClass

from tests.authorization.rpc_requests import REQUESTS
from tests.authorization.scene import Answer, Ids, Scene
from tests.gateway.world import METHODS
from tests.harness.calls import Metadata, RpcFault, bearer, read_fault

BY_NAME = {method.name: (path, method) for path, method in METHODS.items()}
IDS = {"event_id", "photo_id", "user_id", "camera_id", "invitation_id", "session_id"}
# Fields that a request may omit.
OPTIONAL = {"person_id", "page_size", "page_token", "order", "ascending", "number", "offset", "count_guests"}
UNSIGNED, UNFIT = "UNAUTHENTICATED INVALID_TOKEN", "PERMISSION_DENIED CALLER_NOT_ALLOWED"
INVALID_ID = "INVALID_ARGUMENT INVALID_ARGUMENT"
TIMEOUT_S = 30
UNKNOWN = "{what} needs an entry in REQUESTS of tests/authorization/rpc_requests.py: its fields."


def make(name: str, ids: Ids) -> Any:
    """The fields of the request, or of each request of a stream. `name`: an RPC, optionally `: ` and a variant."""
    if find := REQUESTS.get(name):
        return find(ids)
    names = {field.name for field in BY_NAME[name][1].input_type.fields}
    assert names <= IDS | OPTIONAL, UNKNOWN.format(what=name)
    return {name: ids[name] for name in sorted(names & IDS)}


def call(scene: Scene, name: str, caller: str, ids: Ids) -> Answer:
    """Calls an RPC; of a stream of responses, it reads only the first."""
    path, method = BY_NAME[name.partition(": ")[0]]
    made = make(name, ids)
    message, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    channel = scene.system.channels[path[1:].partition(".")[0]]
    kinds = "stream" if method.client_streaming else "unary", "stream" if method.server_streaming else "unary"
    stub = getattr(channel, "_".join(kinds))(path, message.SerializeToString, response.FromString)
    request = iter([message(**part) for part in made]) if method.client_streaming else message(**made)
    try:
        answer = stub(request, metadata=_metadata(scene, caller, ids), timeout=TIMEOUT_S)
        if method.server_streaming:
            first = next(iter(answer), None)
            answer.cancel()
            answer = first
    except grpc.RpcError as error:
        refusal = RpcFault()
        read_fault(error, refusal)
        assert refusal.code
        return Answer(refusal.code.name, refusal.reason, refusal.message)
    return Answer("OK", text=str(answer))


def _metadata(scene: Scene, caller: str, ids: Ids) -> Metadata:
    """The token, and the event id for routing of rematch streams unless it is not valid in metadata."""
    token, event_id = scene.token(caller), ids.get("event_id", "")
    routed = [("x-event-id", event_id)] if event_id.isascii() and event_id.isprintable() else []
    return [*bearer(token), *routed] if token else routed
