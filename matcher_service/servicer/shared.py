"""Conversions that both services share."""

from collections.abc import Mapping

from kit.errors import InvalidArgument
from matcher_service.domain import PhotoOrder, Variant
from protos.matcher.v1 import photo_pb2 as pb

# By number, which is the same in PhotoOrder and MatchOrder.
ORDERS: dict[int, PhotoOrder] = {
    pb.PHOTO_ORDER_UNSPECIFIED: PhotoOrder.UPLOADED,
    pb.PHOTO_ORDER_UPLOADED: PhotoOrder.UPLOADED,
    pb.PHOTO_ORDER_TAKEN: PhotoOrder.TAKEN,
}


def parse_order(order: int) -> PhotoOrder:
    """Raises InvalidArgument."""
    if order not in ORDERS:
        raise InvalidArgument
    return ORDERS[order]


def name_versions(versions: Mapping[Variant, str]) -> dict[str, str]:
    return {f"{variant.value}_version": version for variant, version in versions.items()}
