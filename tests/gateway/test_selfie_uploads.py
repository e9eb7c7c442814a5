"""Uploads of selfies, and their idempotency keys."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from kit.errors import Fault
from protos.selfie.v1 import selfie_pb2
from selfie_service.domain import IdempotencyKeyReused, RequestInProgress, UnsupportedType
from tests.gateway.world import LIMITS, SIGNED, World, problem, running_world

SELFIE = "/api/upload-selfie"
JPEG = b"\xff\xd8\xff\xe0" + b"jpeg"


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    with running_world() as world:
        yield world


@pytest.fixture
def world(shared: World) -> World:
    shared.reset()
    shared.answer(UploadSelfie=selfie_pb2.UploadSelfieResponse(selfie_id="s"))
    return shared


def send(world: World, path: str, *files: tuple[str, Any], **headers: str) -> Any:
    return world.client.post(path, files=files, headers={**SIGNED, **headers})


def test_a_selfie_is_accepted(world: World) -> None:
    answer = send(world, SELFIE, ("file", ("me.jpg", JPEG)))
    assert (answer.status_code, answer.json()["status"], answer.json()["selfie_id"]) == (202, "processing", "s")
    assert world.services.sent("UploadSelfie").image == JPEG


def test_a_large_selfie_is_forwarded_completely(world: World) -> None:
    image = JPEG + uuid.uuid4().bytes * ((LIMITS.max_selfie_bytes - len(JPEG)) // 16)
    assert send(world, SELFIE, ("file", ("me.jpg", image))).status_code == 202
    assert world.services.sent("UploadSelfie").image == image


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (RequestInProgress(), (409, "request_in_progress")),
        (IdempotencyKeyReused(), (422, "idempotency_key_reused")),
    ],
)
def test_faults_of_an_idempotency_key_are_passed_on(world: World, fault: Fault, expected: tuple[int, str]) -> None:
    world.answer(UploadSelfie=fault)
    answer = send(world, SELFIE, ("file", ("me.jpg", JPEG)), **{"idempotency-key": "my upload"})
    assert problem(answer) == expected


@pytest.mark.parametrize("key", ["3f2b8c1e-0000-4000-8000-00000000000a", "my upload", "x" * 255])
def test_the_same_idempotency_key_is_the_same_request(world: World, key: str) -> None:
    for _ in range(2):
        send(world, SELFIE, ("file", ("me.jpg", JPEG)), **{"idempotency-key": key})
    first, second = (call.request.request_id for call in world.services.calls)
    assert first == second == str(uuid.UUID(first))
    assert (first == key) == (len(key) == 36)


def test_uploads_without_a_key_are_separate_requests(world: World) -> None:
    for _ in range(2):
        send(world, SELFIE, ("file", ("me.jpg", JPEG)))
    assert len({call.request.request_id for call in world.services.calls}) == 2


def test_a_too_long_idempotency_key_is_rejected(world: World) -> None:
    answer = send(world, SELFIE, ("file", ("me.jpg", JPEG)), **{"idempotency-key": "x" * 256})
    assert problem(answer) == (400, "invalid_argument")


def test_faults_of_the_service_are_passed_on(world: World) -> None:
    world.answer(UploadSelfie=UnsupportedType())
    assert problem(send(world, SELFIE, ("file", ("a.svg", b"<svg>")))) == (415, "unsupported_type")


def test_a_too_large_selfie_never_reaches_the_service(world: World) -> None:
    image = bytes(LIMITS.max_selfie_bytes + 200_000)
    assert problem(send(world, SELFIE, ("file", ("me.jpg", image)))) == (413, "too_large")
    assert not world.services.calls
