"""Concurrent logins beyond the limit are shed, so other calls still find a thread."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from threading import Event as Signal

import grpc
import pytest

from auth_service.passwords import Passwords
from auth_service.service import Auth
from auth_service.store import Stores
from auth_service.tokens import TokenMaker
from kit.rpc.identity import Signer
from protos.auth.v1 import auth_pb2 as pb
from protos.auth.v1 import auth_pb2_grpc
from tests.auth.scene import AuthScene, registration
from tests.harness.calls import RpcFault, read_fault
from tests.unit.test_passwords import HeldHasher

CONNECTIONS = 100
UNARY_WORKERS = 8
MAX_CALLS = 6
WAIT_S = 30
SHED = ("RESOURCE_EXHAUSTED", "TOO_MANY_REQUESTS")


class RefusingHasher(HeldHasher):
    """Blocks until released, then rejects every password."""

    def verify(self, password_hash: str, password: str) -> bool:
        self.hash(password)
        return False


@dataclass
class Flooded:
    """A server with its own password hasher, on the database of a scene."""

    address: str
    hasher: RefusingHasher

    def log_in(self, number: int) -> tuple[str, str]:
        """Fails to sign in over a separate connection; returns status and reason."""
        refusal = RpcFault()
        # Without this option, all channels of a process share one connection.
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(self.address, options) as channel:
            stub = auth_pb2_grpc.AuthServiceStub(channel)
            try:
                stub.Login(pb.LoginRequest(username=f"nobody{number}", password="wrong"), timeout=WAIT_S)
            except grpc.RpcError as error:
                read_fault(error, refusal)
        return refusal.code.name if refusal.code else "", refusal.reason


Flood = Callable[[int, int], Flooded]


@pytest.fixture
def flood(
    scene: AuthScene, serve_at: Callable[..., tuple[grpc.Channel, str]], signer: Callable[[str], Signer]
) -> Flood:
    def start(hashes_at_once: int, max_calls: int) -> Flooded:
        passwords, hasher = Passwords(hashes_at_once, max_calls), RefusingHasher()
        passwords._hasher = hasher  # type: ignore[assignment]
        auth = Auth(Stores(scene.db), passwords, TokenMaker(signer("auth")), Signal())
        return Flooded(serve_at(registration(auth), unary_workers=UNARY_WORKERS)[1], hasher)

    return start


@contextmanager
def log_in_at_once(server: Flooded) -> Iterator[list["Future[tuple[str, str]]"]]:
    with ThreadPoolExecutor(CONNECTIONS) as callers:
        logins = [callers.submit(server.log_in, number) for number in range(CONNECTIONS)]
        try:
            yield logins
        finally:
            server.hasher.let_end()


def test_a_flood_of_logins_does_not_block_other_calls(scene: AuthScene, flood: Flood) -> None:
    event = scene.event(scene.organiser())
    gina, server = scene.guest(event), flood(1, MAX_CALLS)
    with log_in_at_once(server) as logins, grpc.insecure_channel(server.address) as channel:
        shed = list(islice(as_completed(logins, WAIT_S), CONNECTIONS - MAX_CALLS))
        assert Counter(login.result() for login in shed) == {SHED: CONNECTIONS - MAX_CALLS}
        stub = auth_pb2_grpc.AuthServiceStub(channel)
        for _ in range(20):
            assert stub.CheckEventCode(pb.CheckEventCodeRequest(event_code=event.event_code), timeout=WAIT_S).valid
        assert gina.tokens
        stub.RefreshToken(pb.RefreshTokenRequest(refresh_token=gina.tokens.refresh_token), timeout=WAIT_S)
        assert server.hasher.count == 1, "the other calls finished while one hash was running"
    rest = Counter(login.result() for login in logins) - Counter(login.result() for login in shed)
    assert rest == {("UNAUTHENTICATED", "INVALID_CREDENTIALS"): MAX_CALLS}


def test_control_without_a_limit_logins_block_every_thread(scene: AuthScene, flood: Flood) -> None:
    event, server = scene.event(scene.organiser()), flood(UNARY_WORKERS, CONNECTIONS)
    with log_in_at_once(server), grpc.insecure_channel(server.address) as channel:
        server.hasher.wait_until_running(UNARY_WORKERS)
        stub = auth_pb2_grpc.AuthServiceStub(channel)
        with pytest.raises(grpc.RpcError) as late:
            stub.CheckEventCode(pb.CheckEventCodeRequest(event_code=event.event_code), timeout=1)
        assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
