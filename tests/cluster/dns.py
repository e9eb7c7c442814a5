"""The DNS of a cluster: the name of a Service resolves to the addresses of its ready pods."""

import socket
import struct
from threading import Thread
from types import TracebackType
from typing import Self

from tests.cluster.api import Api

PORT = 53
TTL_S = 1
A, NO_SUCH_NAME = 1, 3


class ClusterDns:
    """Answers for `SERVICE.NAMESPACE.svc.cluster.local`."""

    def __init__(self, api: Api, host: str) -> None:
        self._api = api
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, PORT))
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def _run(self) -> None:
        while True:
            try:
                query, sender = self._socket.recvfrom(4096)
            except OSError:
                return
            Thread(target=self._answer, args=(query, sender), daemon=True).start()

    def _answer(self, query: bytes, sender: tuple[str, int]) -> None:
        labels, place = [], 12
        while length := query[place]:
            labels.append(query[place + 1 : place + 1 + length].decode().lower())
            place += 1 + length
        (kind,) = struct.unpack(">H", query[place + 1 : place + 3])
        is_service = len(labels) == 5 and labels[2:] == ["svc", "cluster", "local"]
        found = self._api.addresses(labels[0], labels[1]) if is_service else []
        records = found if kind == A else []
        head = query[:2] + struct.pack(">HHHHH", 0x8580 | (0 if found else NO_SUCH_NAME), 1, len(records), 0, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", A, 1, TTL_S, 4) + socket.inet_aton(each) for each in records)
        try:
            self._socket.sendto(head + query[12 : place + 5] + body, sender)
        except OSError:
            return
