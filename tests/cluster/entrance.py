"""The load balancer in front of the gateway: each connection goes to one of the ready pods."""

import asyncio
import contextlib
import itertools
from threading import Event, Thread
from types import TracebackType
from typing import Self

from tests.cluster.api import Api

HOST, POD_PORT = "127.0.0.1", 8000
LOOK_S = 0.3
CHUNK_BYTES = 65_536


class Entrance:
    """Listens on this machine, at `url`."""

    def __init__(self, api: Api, service: str = "gateway") -> None:
        self._api = api
        self._service = service
        self._addresses: list[str] = []
        self._turn = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._started, self._stop = Event(), Event()
        self._threads = [Thread(target=each, daemon=True) for each in (self._look, self._serve)]
        self.url = ""

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self._started.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join()

    def _look(self) -> None:
        while not self._stop.wait(LOOK_S):
            self._addresses = self._api.addresses(self._service)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connect, HOST, 0))
        self.url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
        self._started.set()
        self._loop.run_forever()
        server.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connects to the next ready pod that accepts the connection."""
        addresses, first = self._addresses, next(self._turn)
        for place in range(len(addresses)):
            try:
                theirs, ours = await asyncio.open_connection(addresses[(first + place) % len(addresses)], POD_PORT)
            except OSError:
                continue
            await asyncio.gather(_copy(reader, ours), _copy(theirs, writer))
            return
        writer.close()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(CHUNK_BYTES):
            sink.write(data)
            await sink.drain()
    sink.close()
