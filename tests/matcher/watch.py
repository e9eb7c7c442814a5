"""An event whose hints are recorded."""

from uuid import UUID, uuid4

from matcher_service.store.hints import hint
from protos.matcher.v1 import matcher_pb2 as pb
from protos.matcher.v1 import matcher_pb2_grpc
from tests.harness.calls import Metadata
from tests.harness.watching import Watch
from tests.matcher.world import World

MARK = uuid4()
Heard = list[tuple[UUID, set[UUID], bool]]


class Party:
    """An event with one guest who is in a photo and one who is in none, watched."""

    def __init__(self, world: World, stub: matcher_pb2_grpc.MatcherServiceStub, metadata: Metadata) -> None:
        self.world = world
        self.event = world.event()
        self.ann, self.bob = world.join(self.event), world.join(self.event)
        self.photo = world.add(self.event, 1)
        for guest, who in ((self.ann, 1), (self.bob, 2)):
            assert world.rematch(self.event, guest, 1, who) == "DONE"
        self.watch = Watch(
            stub.WatchMatches, pb.WatchMatchesRequest(), metadata, self.mark, lambda heard: heard.event_id == str(MARK)
        )

    def mark(self) -> None:
        with self.world.db.begin() as connection:
            hint(connection, MARK, [MARK])

    def heard(self) -> Heard:
        """The hints for guests."""
        return [hint for hint in self.heard_by_organisers() if hint[1]]

    def heard_by_organisers(self) -> Heard:
        return [
            (UUID(one.event_id), {UUID(user_id) for user_id in one.user_ids}, one.event_deleted)
            for one in self.watch.heard()
        ]
