"""What hostile clients do, in a process of its own: `python -m tests.load.siege.attacks`, with a Plan as JSON.

It ends when its standard input does, and prints by attack how often each status was answered.
"""

import asyncio
import io
import json
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from PIL import Image

BOMB_SIZE = 8000, 6000
NOISE_BYTES = 10 * 1024 * 1024
JPEG = b"\xff\xd8\xff\xe0"
PAUSE_S = 1.0  # of a client between two requests
DRIP_EVERY_S = 0.5
EXCHANGE_S = 60.0
NICE = 10  # attackers have processors of their own, except here
DRIPPED = (
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Drip: ",
    b"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
    b"POST /api/upload-selfie HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer no.valid.token\r\n"
    b"Content-Length: 1000000\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n",
)
STREAMS = (b"/api/rematch-events", b"/api/updates")


@dataclass(frozen=True)
class Plan:
    """How many of each at once; `bombs` and `noise`: accounts, of those in `tokens`."""

    url: str
    tokens: tuple[str, ...]
    bombs: int = 0
    noise: int = 0
    drips: int = 0
    logins: int = 0
    streams: int = 0

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def make_bomb() -> bytes:
    """Some bytes that are 48 megapixels."""
    out = io.BytesIO()
    Image.new("RGB", BOMB_SIZE, (120, 130, 140)).save(out, "WEBP", lossless=True, method=0)
    return out.getvalue()


class Attackers:
    """All attacks of a plan, in one event loop."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        address = urlsplit(plan.url)
        self._host, self._port = str(address.hostname), address.port
        self.answers: defaultdict[str, Counter[str]] = defaultdict(Counter)

    async def run(self) -> None:
        """Until it is cancelled."""
        plan = self._plan
        tasks = []
        if plan.bombs:
            tasks += self._each("bombs", plan.bombs, self._upload(make_bomb()))
        if plan.noise:
            tasks += self._each("noise", plan.noise, self._upload(JPEG + os.urandom(NOISE_BYTES)))
        tasks += self._each("drips", plan.drips, self._drip)
        tasks += self._each("logins", plan.logins, self._log_in)
        tasks += self._each("streams", plan.streams, self._follow)
        await asyncio.gather(*tasks)

    def _each(self, kind: str, count: int, act: Callable[[int], Awaitable[str]]) -> list["asyncio.Task[None]"]:
        async def repeat(number: int) -> None:
            await asyncio.sleep(random.uniform(0, PAUSE_S))
            while True:
                try:
                    async with asyncio.timeout(EXCHANGE_S):
                        self.answers[kind][await act(number)] += 1
                except (OSError, TimeoutError, asyncio.IncompleteReadError) as fault:
                    self.answers[kind][type(fault).__name__] += 1
                await asyncio.sleep(random.uniform(0.5, 1.5) * PAUSE_S)

        return [asyncio.create_task(repeat(number)) for number in range(count)]

    def _upload(self, image: bytes) -> Callable[[int], Awaitable[str]]:
        body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="s"\r\n\r\n' + image + b"\r\n--b--\r\n"

        async def send(number: int) -> str:
            token = self._plan.tokens[number % len(self._plan.tokens)]
            head = _head(b"POST /api/upload-selfie", number, token)
            head += b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n" % len(body)
            return await self._exchange(head, body)

        return send

    async def _log_in(self, number: int) -> str:
        body = json.dumps({"username": f"nobody-{number}", "password": "not the right one"}).encode()
        head = _head(b"POST /api/login", number)
        head += b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        return await self._exchange(head, body)

    async def _follow(self, number: int) -> str:
        """All streams are those of one guest. One that is open is kept for the rest of the time."""
        head = _head(b"GET " + STREAMS[number % len(STREAMS)], 0, self._plan.tokens[0])
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(head + b"\r\n")
            status = (await reader.readuntil(b"\r\n"))[9:12].decode()
            with suppress(TimeoutError):
                while status == "200" and await asyncio.wait_for(reader.read(65536), EXCHANGE_S / 2):
                    pass
        finally:
            writer.close()
        return status

    async def _drip(self, number: int) -> str:
        """A byte at a time, until the connection is closed."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(DRIPPED[number % len(DRIPPED)])
            closed = asyncio.ensure_future(reader.read())
            while not closed.done():
                writer.write(b"x")
                await asyncio.wait([closed], timeout=DRIP_EVERY_S)
            return (await closed)[9:12].decode() or "closed"
        finally:
            writer.close()

    async def _exchange(self, head: bytes, body: bytes) -> str:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(head)
            writer.write(body)
            return (await reader.readuntil(b"\r\n"))[9:12].decode()
        finally:
            writer.close()


def _head(request: bytes, number: int, token: str = "") -> bytes:
    """Each of them comes from an address of its own, where the gateway believes it."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    more = f"Host: x\r\nConnection: close\r\nX-Forwarded-For: 203.0.113.{number % 250 + 1}\r\n{authorization}"
    return request + b" HTTP/1.1\r\n" + more.encode()


async def attack(plan: Plan) -> Attackers:
    """Until nobody holds the other end of standard input."""
    attackers = Attackers(plan)
    running = asyncio.create_task(attackers.run())
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    running.cancel()
    await asyncio.wait([running])
    return attackers


if __name__ == "__main__":
    os.nice(NICE)
    attackers = asyncio.run(attack(Plan(**json.loads(sys.stdin.readline()))))
    print(json.dumps({kind: dict(counted) for kind, counted in attackers.answers.items()}))
