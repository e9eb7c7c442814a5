"""Downloads that last longer than their access token, and changes of permissions during a download."""

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import grpc
import httpx2
import pytest
from sqlalchemy import Engine, text

from gateway.backends.channels import Addresses
from kit.db.notices import Notices
from kit.rpc.identity import Signer, Verifier
from matcher_service.domain import ChangeKind
from matcher_service.store.hints import HINTS_CHANNEL
from protos.matcher.v1 import photo_pb2 as pb
from protos.matcher.v1 import photo_pb2_grpc
from tests.gateway.world import LIMITS, running_gateway
from tests.harness.calls import bearer, raises_fault
from tests.matcher.world import World
from tests.selfie.world import wait_until

ORIGINAL = os.urandom(6_000_000)
PHOTOS = 6
PIECE_BYTES = 1 << 20


@dataclass
class Party:
    """An event of which Ann is in all photos, behind a gateway."""

    world: World
    event: UUID
    ann: UUID
    channel: grpc.Channel
    client: httpx2.Client
    auth: Signer
    verifier: Verifier

    def path(self) -> str:
        return f"/api/my-photos.zip?event_id={self.event}"

    def token(self, life_s: float) -> str:
        """A token that services accept for `life_s`, including the leeway of 5 s."""
        return self.auth.sign(str(self.ann), round(life_s) - 5)

    def is_over(self, token: str) -> bool:
        try:
            self.verifier.verify(token)
        except Exception:
            return True
        return False


@pytest.fixture
def party(
    make_db: Callable[[str], Engine],
    tmp_path: Path,
    serve_at: Callable[..., tuple[grpc.Channel, str]],
    signer: Callable[[str], Signer],
    keys: Path,
) -> Iterator[Party]:
    world = World(make_db("matcher"), tmp_path / "blobs")
    event = world.event()
    ann = world.join(event)
    for _ in range(PHOTOS):
        world.add(event, 1)
    assert world.rematch(event, ann, 1, 1) == "DONE"
    key = world.blobs.new_key()
    world.blobs.put(key, ORIGINAL)
    with world.db.begin() as connection:
        connection.execute(
            text("UPDATE matcher.photos SET original_key = :key, original_parts = NULL, original_bytes = :size"),
            {"key": key, "size": len(ORIGINAL)},
        )
    services = world.registrations(Notices("", HINTS_CHANNEL), signer("matcher"))
    channel, address = serve_at(*services)
    verifier = Verifier.read(keys)
    with running_gateway(Addresses(address, address, address), LIMITS, verifier) as (client, _):
        yield Party(world, event, ann, channel, client, signer("auth"), verifier)


def read_rest(answer: httpx2.Response, begun: Callable[[], None]) -> bytes:
    """Reads the body, and calls `begun` after its first piece."""
    pieces = answer.iter_bytes(PIECE_BYTES)
    body = next(pieces)
    begun()
    return body + b"".join(pieces)


def erase(party: Party) -> None:
    party.world.change(ChangeKind.USER_ERASED, user_id=party.ann)


def test_an_archive_is_complete_even_if_the_access_token_expires_meanwhile(party: Party) -> None:
    token = party.token(life_s=2)
    headers = {"authorization": f"Bearer {token}"}
    with party.client.stream("GET", party.path(), headers=headers) as answer:
        assert answer.status_code == 200
        body = read_rest(answer, lambda: wait_until(lambda: party.is_over(token)))
    assert len(body) == int(answer.headers["content-length"])
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == PHOTOS
    assert party.client.get(party.path(), headers=headers).status_code == 401, "control: it has expired"


def test_a_guest_who_leaves_the_event_gets_no_further_photos(party: Party) -> None:
    headers = {"authorization": f"Bearer {party.token(life_s=60)}"}
    with party.client.stream("GET", party.path(), headers=headers) as answer, pytest.raises(httpx2.RemoteProtocolError):
        read_rest(answer, lambda: party.world.leave(party.event, party.ann))


def test_an_erased_guest_gets_no_further_photos(party: Party) -> None:
    headers = {"authorization": f"Bearer {party.token(life_s=60)}"}
    with party.client.stream("GET", party.path(), headers=headers) as answer, pytest.raises(httpx2.RemoteProtocolError):
        read_rest(answer, lambda: erase(party))


def test_a_download_token_only_permits_pictures_that_its_user_may_see(
    party: Party, signer: Callable[[str], Signer]
) -> None:
    photos = photo_pb2_grpc.PhotoServiceStub(party.channel)
    made = photos.CreateDownloadToken(pb.CreateDownloadTokenRequest(), metadata=bearer(party.token(60)))
    by = bearer(made.token)
    (photo_id, *_) = party.world.found(party.ann)
    other = party.world.add(party.event, 2)

    def get(photo: UUID, metadata: list[tuple[str, str]]) -> int:
        request = pb.GetPhotoRequest(photo_id=str(photo), variant=pb.VARIANT_ORIGINAL)
        return sum(len(message.chunk) for message in photos.GetPhoto(request, metadata=metadata))

    assert get(photo_id, by) == len(ORIGINAL)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
        get(other, by)
    for rpc, request in (
        (photos.CreateDownloadToken, pb.CreateDownloadTokenRequest()),
        (photos.ListPhotos, pb.ListPhotosRequest(event_id=str(party.event))),
        (photos.DeletePhoto, pb.DeletePhotoRequest(photo_id=str(photo_id))),
    ):
        with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
            rpc(request, metadata=by)
    for name in ("gateway", "selfie", "auth"):
        with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
            get(photo_id, bearer(signer(name).sign_delegate(party.ann, 60)))
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_TOKEN"):
        get(photo_id, bearer(signer("gateway").sign(f"delegate:matcher:{party.ann}", 60)))
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_TOKEN"):
        get(photo_id, bearer(signer("matcher").sign_delegate(party.ann, -10)))
