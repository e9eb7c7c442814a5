"""The rematcher: sends pending rematches to the matcher, and records its responses."""

import struct
from collections.abc import Sequence
from threading import Event
from uuid import UUID

import grpc
from prometheus_client import Counter, Histogram

from kit.failpoints import reach
from kit.rpc.client import ServiceCalls
from kit.telemetry import traces
from kit.telemetry.logs import get_logger
from protos.matcher.v1 import matcher_pb2 as pb
from protos.matcher.v1.matcher_pb2_grpc import MatcherServiceStub
from selfie_service.domain import Counts, Rematch
from selfie_service.store import RematchStore

BATCH = 64

log = get_logger()
rematches = Counter("selfie_rematches_total", "Rematches that the matcher completed", ["state"])
streams = Histogram("selfie_rematch_stream_seconds", "Duration of a stream of rematches")


class Rematcher:
    """Sends one stream at a time, in one thread, with the rematches of one event.

    A stream may take `stream_s`; the claims of its rematches last twice as long.
    """

    def __init__(
        self, store: RematchStore, channel: grpc.Channel, calls: ServiceCalls, stream_s: float, stop: Event
    ) -> None:
        self._store = store
        self._stub = MatcherServiceStub(channel)
        self._calls = calls
        self._stream_s = stream_s
        self._stop = stop
        self._stream: grpc.Call | None = None

    def step(self) -> bool:
        """Returns whether there was any work."""
        batch = self._store.claim(BATCH, 2 * self._stream_s)
        if not batch:
            return False
        # A batch has each person once: its event is one, and so the id of a person can be the id of their rematch.
        unfinished = {str(rematch.person_id): rematch for rematch in batch}
        try:
            subjects = [rematch.selfie_id for rematch in batch if rematch.selfie_id]
            with streams.time(), traces.call("matcher.v1.MatcherService/Rematch", subjects):
                self._exchange(batch[0].event_id, unfinished)
        except grpc.RpcError as error:
            if not self._stop.is_set():
                code = error.code().name if isinstance(error, grpc.Call) else "UNKNOWN"
                log.warning("The matcher is unavailable.", action="rematch_stream_broke", code=code)
        give_back = self._store.release if self._stop.is_set() else self._store.postpone
        for rematch in unfinished.values():
            give_back(rematch)
        return True

    def release(self) -> None:
        """Ends the stream when the process stops, so that `step` releases the claims. May be called by any thread."""
        if stream := self._stream:
            stream.cancel()

    def _exchange(self, event_id: UUID, unfinished: dict[str, Rematch]) -> None:
        """Removes completed rematches from `unfinished`, even if the stream breaks."""
        requests = [_request(rematch_id, rematch) for rematch_id, rematch in unfinished.items()]
        stream = self._stub.Rematch(
            iter(requests),
            timeout=self._calls.timeout_s(self._stream_s),
            metadata=self._calls.metadata(x_event_id=str(event_id)),
        )
        self._stream = stream
        try:
            if self._stop.is_set():
                return
            for response in stream:
                if (rematch := unfinished.get(response.rematch_id)) and self._record(rematch, response):
                    del unfinished[response.rematch_id]
        finally:
            self._stream = None
            stream.cancel()

    def _record(self, rematch: Rematch, response: pb.RematchResponse) -> bool:
        """Returns whether it was the last snapshot."""
        reach("rematch", "before-record")
        with traces.work("rematch", rematch.selfie_id or rematch.person_id):
            return self._keep(rematch, response)

    def _keep(self, rematch: Rematch, response: pb.RematchResponse) -> bool:
        counts = Counts(response.compared_count, response.total_count, response.matched_count)
        if response.state == pb.REMATCH_STATE_RUNNING:
            self._store.record_progress(rematch, counts)
            return False
        if response.state == pb.REMATCH_STATE_DONE:
            self._store.finish(rematch, counts)
        elif response.state == pb.REMATCH_STATE_FAILED:
            self._store.fail(rematch)
            self._warn("The matcher failed to complete a rematch.", rematch, response.reason)
        elif response.state == pb.REMATCH_STATE_SUPERSEDED:
            # The matcher already has a later revision. Normally the row asks for that one, and this write changes
            # nothing; otherwise (after a database was restored) the only option is to wait.
            if self._store.postpone(rematch):
                self._warn("The matcher has a newer revision than this service.", rematch, "SUPERSEDED")
        else:
            return False
        rematches.labels(pb.RematchState.Name(response.state).removeprefix("REMATCH_STATE_").lower()).inc()
        return True

    def _warn(self, sentence: str, rematch: Rematch, reason: str) -> None:
        log.warning(
            sentence,
            action="rematch_failed",
            user_id=str(rematch.user_id),
            event_id=str(rematch.event_id),
            reason=reason,
        )


def _request(rematch_id: str, rematch: Rematch) -> pb.RematchRequest:
    return pb.RematchRequest(
        rematch_id=rematch_id,
        user_id=str(rematch.person_id),
        account_id="" if rematch.person_id == rematch.user_id else str(rematch.user_id),
        event_id=str(rematch.event_id),
        revision=rematch.revision,
        encoding=_numbers(rematch.encoding),
    )


def _numbers(encoding: bytes | None) -> Sequence[float]:
    return struct.unpack(f"<{len(encoding) // 4}f", encoding) if encoding else ()
