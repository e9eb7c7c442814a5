"""Pages of the audit log as gRPC messages; those of all services have the same fields."""

from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from kit.audit.acts import Act, ActQuery
from kit.errors import InvalidArgument
from kit.rpc.ids import parse_id

DEFAULT_SIZE, MAX_SIZE = 50, 201
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_act_page(request: Any) -> ActQuery:
    """Raises InvalidArgument."""
    if not 0 <= request.page_size <= MAX_SIZE or bool(request.before_id) != request.HasField("before_time"):
        raise InvalidArgument
    size = request.page_size or DEFAULT_SIZE
    if not request.before_id:
        return ActQuery(size)
    try:
        before = EPOCH + timedelta(seconds=request.before_time.seconds, microseconds=request.before_time.nanos // 1000)
    except OverflowError:
        raise InvalidArgument from None
    return ActQuery(size, (before, parse_id(request.before_id)))


def show_act(act: Act) -> dict[str, Any]:
    """The fields of the message."""
    at = Timestamp()
    at.FromDatetime(act.at)
    return {
        "act_id": str(act.id),
        "act_time": at,
        "actor_id": str(act.actor_id or ""),
        "action": act.action,
        "object_id": str(act.object_id or ""),
        "result": act.result,
        "network": act.network,
    }
