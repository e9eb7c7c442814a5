"""MatcherService and PhotoService behind one server, and the callers' tokens."""

from collections.abc import Callable
from uuid import UUID

import grpc
import numpy as np

from kit.rpc.identity import Signer
from protos.matcher.v1 import matcher_pb2 as pb
from protos.matcher.v1 import matcher_pb2_grpc, photo_pb2, photo_pb2_grpc
from tests.harness.calls import Metadata, as_user, bearer
from tests.matcher.scripted_photos import person
from tests.matcher.world import World


class Service:
    """Both services behind one server, with stubs that call them as different users."""

    def __init__(self, world: World, channel: grpc.Channel, signer: Callable[[str], Signer]) -> None:
        self.world = world
        self.matcher = matcher_pb2_grpc.MatcherServiceStub(channel)
        self.photos = photo_pb2_grpc.PhotoServiceStub(channel)
        self._signer = signer

    def by(self, user_id: UUID) -> Metadata:
        return as_user(self._signer("auth"), user_id)

    def by_selfie(self, event_id: UUID) -> Metadata:
        return bearer(self._signer("selfie").sign_service(), x_event_id=str(event_id))

    def rematch(self, event_id: UUID, *requests: pb.RematchRequest) -> list[pb.RematchResponse]:
        return list(self.matcher.Rematch(iter(requests), metadata=self.by_selfie(event_id), timeout=10))

    def upload(self, user_id: UUID, *parts: photo_pb2.AddPhotosRequest) -> list[photo_pb2.AddedPhoto]:
        answer = self.photos.AddPhotos(iter(parts), metadata=self.by(user_id), timeout=10)
        return list(answer.photos)

    def list_matches(self, user_id: UUID, **fields: object) -> pb.ListMatchesResponse:
        answer: pb.ListMatchesResponse = self.matcher.ListMatches(
            pb.ListMatchesRequest(**fields),  # type: ignore[arg-type]
            metadata=self.by(user_id),
        )
        return answer


def request(event_id: UUID, user_id: UUID, revision: int, who: int | None, name: str = "r") -> pb.RematchRequest:
    encoding = [] if who is None else np.frombuffer(person(who), dtype="<f4")
    return pb.RematchRequest(
        rematch_id=name, user_id=str(user_id), event_id=str(event_id), revision=revision, encoding=encoding
    )
