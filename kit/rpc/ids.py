"""UUIDs in messages, as text."""

from uuid import UUID

from kit.errors import InvalidArgument


def parse_id(text: str) -> UUID:
    """Raises InvalidArgument for anything but a UUID."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidArgument from None


def parse_optional_id(text: str) -> UUID | None:
    return parse_id(text) if text else None
