"""Whether the first organiser is still missing; requested by every page without a session."""

import time

import grpc

from gateway.backends.channels import Backends
from protos.auth.v1 import auth_pb2 as pb

KEEP_S = 60.0
TIMEOUT_S = 1.0  # a page waits for this before it shows anything


class FirstOrganiserCheck:
    """Remembers for a minute that it is not possible, which changes only when the last organiser is erased."""

    def __init__(self) -> None:
        self._impossible_until = 0.0

    async def is_possible(self, backend: Backends) -> bool:
        """False also if that is currently unknown."""
        if time.monotonic() < self._impossible_until:
            return False
        try:
            answer = await backend.auth.CheckFirstOrganiser(pb.CheckFirstOrganiserRequest(), timeout=TIMEOUT_S)
        except grpc.aio.AioRpcError:
            return False
        if not answer.possible:
            self._impossible_until = time.monotonic() + KEEP_S
        return bool(answer.possible)
