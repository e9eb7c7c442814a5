"""Times on the wire: seconds since 1970."""

from google.protobuf.message import Message


def epoch_s(message: Message, field: str) -> int | None:
    """The epoch seconds of a field; None if it is not set."""
    return int(getattr(message, field).seconds) if message.HasField(field) else None
