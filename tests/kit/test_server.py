"""The server: port, limits, health, reflection, and stopping."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event as Signal

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from kit.rpc.identity import Verifier
from kit.rpc.server import FILES, MAX_MESSAGE_BYTES, Server
from kit.settings import InvalidSetting, ServerSettings
from protos.matcher.v1 import photo_pb2 as pb
from protos.matcher.v1 import photo_pb2_grpc
from tests.harness.scripted import Script, photos

Start = Callable[..., Server]
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def start(keys: Path) -> Iterator[Start]:
    """Starts a server that runs a script, on a free port by default."""
    servers: list[Server] = []

    def start(script: Script | None = None, port: int = 0, **settings: object) -> Server:
        config = ServerSettings.model_validate({"grace_s": 0, **settings})
        servers.append(Server(config, port, Verifier.read(keys), [photos(script or Script())]))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def connect(server: Server) -> grpc.Channel:
    return grpc.insecure_channel(f"127.0.0.1:{server.port}")


@pytest.mark.parametrize("fault", ["", "disk_full"])
def test_health_reports_the_fault_of_the_file_store(keys: Path, fault: str) -> None:
    server = Server(ServerSettings(grace_s=0), 0, Verifier.read(keys), [photos(Script())], {FILES: lambda: fault})
    try:
        with connect(server) as channel:
            request = health_pb2.HealthCheckRequest(service=FILES)
            answer, call = health_pb2_grpc.HealthStub(channel).Check.with_call(request, timeout=5)
        status = health_pb2.HealthCheckResponse
        assert answer.status == (status.NOT_SERVING if fault else status.SERVING)
        assert dict(call.trailing_metadata()).get("x-fault", "") == fault
    finally:
        server.close()


def test_a_second_server_cannot_use_the_same_port(start: Start) -> None:
    first = start()
    with pytest.raises(InvalidSetting, match=f"cannot listen on 127.0.0.1:{first.port}: Address already in use"):
        start(port=first.port)


def test_health_is_reported_for_the_server_and_each_service(start: Start) -> None:
    with connect(start()) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for name in ("", "matcher.v1.PhotoService"):
            assert stub.Check(health_pb2.HealthCheckRequest(service=name)).status == SERVING
        with pytest.raises(grpc.RpcError) as raised:
            stub.Check(health_pb2.HealthCheckRequest(service="nobody"))
        assert raised.value.code() == grpc.StatusCode.NOT_FOUND


def test_a_stop_reports_not_serving_and_lets_running_calls_finish(start: Start) -> None:
    script, running, release, stop = Script(), Signal(), Signal(), Signal()

    def work() -> None:
        running.set()
        release.wait(20)

    script.unary = work
    server = start(script, grace_s=20)
    with ThreadPoolExecutor(1) as pool, connect(server) as channel:
        stopped = pool.submit(server.run_until, stop)
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == SERVING
        call = photo_pb2_grpc.PhotoServiceStub(channel).ListPhotos.future(pb.ListPhotosRequest(page_token="late"))
        assert running.wait(5)
        stop.set()
        assert [answer.status for answer in watch] == [NOT_SERVING]
        assert not stopped.done()
        release.set()
        assert call.result(timeout=5).next_page_token == "late"
        stopped.result(timeout=5)


def test_a_health_watch_does_not_delay_a_stop(start: Start) -> None:
    server = start(grace_s=200)
    with ThreadPoolExecutor(1) as pool, connect(server) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == SERVING
        pool.submit(server.close).result(timeout=20)


def test_a_call_longer_than_the_grace_period_is_aborted(start: Start) -> None:
    script, running, release = Script(), Signal(), Signal()

    def work() -> None:
        running.set()
        release.wait(20)

    script.unary = work
    server = start(script, grace_s=0.05)
    with connect(server) as channel:
        call = photo_pb2_grpc.PhotoServiceStub(channel).ListPhotos.future(pb.ListPhotosRequest())
        assert running.wait(5)
        server.close()
        assert call.exception(timeout=5).code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
        release.set()


def list_services(server: Server) -> set[str]:
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    with connect(server) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        answer = next(stub.ServerReflectionInfo(iter([request])))
    return {service.name for service in answer.list_services_response.service}


def test_reflection_lists_the_services(start: Start) -> None:
    assert list_services(start(reflection=True)) == {
        "matcher.v1.PhotoService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }


def test_reflection_finds_the_file_of_a_method(start: Start) -> None:
    request = reflection_pb2.ServerReflectionRequest(file_containing_symbol="matcher.v1.PhotoService.ListPhotos")
    with connect(start(reflection=True)) as channel:
        [answer] = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([request]))
    assert answer.HasField("file_descriptor_response")


def test_reflection_is_off_by_default(start: Start) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        list_services(start())
    assert raised.value.code() == grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(("size", "code"), [(MAX_MESSAGE_BYTES - 100, None), (MAX_MESSAGE_BYTES + 1, "exhausted")])
def test_a_message_above_the_limit_is_rejected(start: Start, size: int, code: str | None) -> None:
    script = Script()
    received: list[int] = []
    script.receive = lambda requests: received.extend(len(request.chunk) for request in requests)
    with connect(start(script)) as channel:
        stub = photo_pb2_grpc.PhotoServiceStub(channel)
        requests = iter([pb.AddPhotosRequest(chunk=b"x" * size)])
        if code is None:
            stub.AddPhotos(requests)
            assert received == [size]
            return
        with pytest.raises(grpc.RpcError) as raised:
            stub.AddPhotos(requests)
        assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert received == []


def test_malformed_message_bytes_are_rejected(start: Start) -> None:
    with connect(start()) as channel:
        call = channel.unary_unary("/matcher.v1.PhotoService/ListPhotos")
        with pytest.raises(grpc.RpcError) as raised:
            call(b"\xff\xff\xff")
        assert raised.value.code() == grpc.StatusCode.INTERNAL
        assert "Traceback" not in str(raised.value.details())


def test_an_unknown_method_is_unimplemented(start: Start) -> None:
    with connect(start()) as channel:
        with pytest.raises(grpc.RpcError) as raised:
            channel.unary_unary("/matcher.v1.PhotoService/Nothing")(b"")
        assert raised.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_failure_after_the_caller_left_is_not_logged_as_an_error(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    script, running, left, ended = Script(), Signal(), Signal(), Signal()

    def fail_late() -> None:
        running.set()
        left.wait(20)
        ended.set()
        raise RuntimeError

    with connect(start(script)) as channel:
        stub = photo_pb2_grpc.PhotoServiceStub(channel)
        script.unary = fail_late
        call = stub.ListPhotos.future(pb.ListPhotosRequest())
        assert running.wait(20)
        call.cancel()
        script.unary = lambda: None
        # The server has processed the cancellation when a later call on the same connection returns.
        stub.ListPhotos(pb.ListPhotosRequest())
        left.set()
        assert ended.wait(20)
        stub.ListPhotos(pb.ListPhotosRequest())
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
