"""Acts of the audit log: actor, action, object, result, and the truncated network of the actor. Pure."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from uuid import UUID

IPV4_BITS, IPV6_BITS = 24, 48  # of an address; the other bits identify a household or a device


@dataclass(frozen=True)
class Act:
    """`actor_id`: an account; None for the service itself. `action`: a stable name. `object_id`: a member, a photo or
    another object of the event. `result`: one word. `network`: the actor's, truncated; empty if unknown."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    action: str
    object_id: UUID | None
    result: str
    network: str


@dataclass(frozen=True)
class ActQuery:
    """Requests at most `size` acts, older than `before` if given: the time and the id of an act."""

    size: int
    before: tuple[datetime, UUID] | None = None


def truncate_address(address: str) -> str:
    """The network of an address, such as 192.0.2.0/24; empty for an invalid address."""
    try:
        found = ip_address(address.partition("/")[0])
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ip_network((found, IPV4_BITS if found.version == 4 else IPV6_BITS), strict=False))
