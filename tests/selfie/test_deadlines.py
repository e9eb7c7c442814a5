"""A request's deadline propagates along every hop: from the gateway to a service, and from there to auth_service."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.backends.channels import Addresses
from gateway.http.limits import Limits
from kit.rpc.client import ServiceCalls
from kit.rpc.identity import Verifier
from kit.rpc.server import Registration, Server
from kit.settings import ServerSettings
from protos.selfie.v1 import selfie_pb2, selfie_pb2_grpc
from selfie_service.servicer import SelfieServicer
from tests.gateway.world import problem, running_gateway
from tests.selfie.world import MakeWorld, World, image_of, wait_until

REQUEST_S = 1.0
# gRPC sends a timeout rounded up to two or three digits.
TOLD_S = 1.1 * REQUEST_S
NOWHERE = "127.0.0.1:1"


class DeafCalls(ServiceCalls):
    """A broken twin: each hop uses its own timeout."""

    def timeout_s(self, at_most: float) -> float:
        return at_most


@pytest.fixture
def start(keys: Path) -> Iterator[Callable[[World], str]]:
    """Serves a world; its address."""
    servers: list[Server] = []

    def start(world: World) -> str:
        service = Registration(
            SelfieServicer(world.service, world.people, world.guests, world.records, world.hints),
            selfie_pb2_grpc.add_SelfieServiceServicer_to_server,
            selfie_pb2.DESCRIPTOR.services_by_name["SelfieService"],
        )
        servers.append(Server(ServerSettings(grace_s=0), 0, Verifier.read(keys), [service]))
        return f"127.0.0.1:{servers[-1].port}"

    yield start
    for server in servers:
        server.close()


def upload_while_the_feed_hangs(world: World, address: str, verifier: Verifier) -> float:
    """The deadline that auth_service receives for an upload that needs its changes."""
    world.feed.ready.clear()
    with running_gateway(Addresses(NOWHERE, address, NOWHERE), Limits(selfie_s=REQUEST_S), verifier) as (client, _):
        headers = {key: str(value) for key, value in world.as_user(uuid4())}
        answer = client.post("/api/upload-selfie", files={"file": image_of("new")}, headers=headers)
    assert problem(answer) == (504, "deadline_exceeded")
    left_s = world.feed.deadlines[0]
    assert left_s is not None
    return left_s


def test_a_requests_deadline_ends_the_work_on_every_hop(
    make_world: MakeWorld, start: Callable[[World], str], keys: Path
) -> None:
    world = make_world()
    assert upload_while_the_feed_hangs(world, start(world), Verifier.read(keys)) <= TOLD_S
    wait_until(lambda: world.feed.abandoned > 0)


def test_control_a_hop_that_does_not_propagate_it_is_detected(
    make_world: MakeWorld, start: Callable[[World], str], keys: Path
) -> None:
    world = make_world(calls=DeafCalls)
    assert upload_while_the_feed_hangs(world, start(world), Verifier.read(keys)) > TOLD_S
    world.feed.ready.set()
