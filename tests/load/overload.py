"""`make overload`: uploads selfies alongside slow clients, then at five times the capacity: accepted uploads must stay
fast, and every rejection must have a Retry-After header."""

import argparse
import asyncio
import json
import math
import os
import shutil
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import uvloop
from rich.console import Console
from rich.table import Table

from deploy.local.system import LocalSystem
from deploy.rest import Person, add_organiser
from deploy.sample.event import load_selfies

SIZES_MB = (0.1, 2.5)
CLIENTS = 4
GUESTS = 50
MEASURE_S = 10.0
FACTOR = 5
PATIENCE_S = 30.0
DRIPS = 500
DRIP_EVERY_S = 0.5
MAX_DRIP_S = 10.0
MAX_P99_RATIO = 2.0
MIN_GOODPUT = 0.9
DRIPPED = (
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Drip: ",
    b"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
    b"POST /api/upload-selfie HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer no.valid.token\r\n"
    b"Content-Length: 1000000\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n",
)
ORGANISER, PASSWORD = "load-organiser", "only for this run"

console = Console(width=110)


@dataclass
class Outcome:
    """The results of the uploads of one phase."""

    accepted_ms: list[float] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    elapsed_s: float = 0.0

    @property
    def per_s(self) -> float:
        return len(self.accepted_ms) / self.elapsed_s

    def p(self, share: float) -> float:
        ordered = sorted(self.accepted_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Uploads:
    """Uploads the same selfie as many guests, with one connection per upload."""

    def __init__(self, url: str, tokens: list[str], jpeg: bytes) -> None:
        address = urlsplit(url)
        self._host, self._port = str(address.hostname), address.port
        body = (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="selfie.jpg"\r\n\r\n'
            + jpeg
            + b"\r\n--b--\r\n"
        )
        self._requests = [
            b"POST /api/upload-selfie HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n"
            % (token.encode(), len(body))
            + body
            for token in tokens
        ]

    async def send(self, number: int, outcome: Outcome) -> None:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await self._exchange(self._requests[number % len(self._requests)])
        except (OSError, TimeoutError) as error:
            outcome.failed[type(error).__name__] += 1
            return
        status = int(answer[9:12] or 0)
        if status == 202:
            outcome.accepted_ms.append((time.perf_counter() - started) * 1000)
        elif status in (429, 503):
            outcome.refused[status] += 1
            outcome.without_retry_after += b"\r\nretry-after: " not in answer.lower()
        else:
            outcome.failed[str(status)] += 1

    async def _exchange(self, request: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        transport, exchange = await loop.create_connection(lambda: _Exchange(request), self._host, self._port)
        try:
            return await exchange.answer
        finally:
            transport.close()

    async def closed_loop(self, clients: int, duration_s: float = math.inf, count: float = math.inf) -> Outcome:
        """Each client sends one upload after the other, until the time or count is reached."""
        outcome, started = Outcome(), time.perf_counter()

        async def repeat(first: int) -> None:
            number = first
            while number < count and time.perf_counter() - started < duration_s:
                await self.send(number, outcome)
                number += clients

        await asyncio.gather(*(repeat(first) for first in range(clients)))
        outcome.elapsed_s = time.perf_counter() - started
        return outcome

    async def open_loop(self, per_s: float, duration_s: float) -> Outcome:
        """Starts uploads at a constant rate, regardless of earlier responses."""
        outcome, started = Outcome(), time.perf_counter()
        async with asyncio.TaskGroup() as sending:
            for number in range(int(per_s * duration_s)):
                late_s = time.perf_counter() - started - number / per_s
                if late_s < 0:
                    await asyncio.sleep(-late_s)
                sending.create_task(self.send(number, outcome))
                await asyncio.sleep(0)
            outcome.elapsed_s = time.perf_counter() - started
        return outcome


class _Exchange(asyncio.Protocol):
    """One request and its whole response; minimal, since the client shares the processors with the measured system."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._received = b""
        self._transport: asyncio.Transport
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data

    def eof_received(self) -> None:
        """The response is complete; the rest of the request is not sent."""
        self._transport.abort()

    def connection_lost(self, fault: Exception | None) -> None:
        if self.answer.cancelled():
            return
        if fault is None:
            self.answer.set_result(self._received)
        else:
            self.answer.set_exception(fault)


class Drips:
    """Clients that send headers, a body or an upload without a valid token byte by byte until the server closes."""

    def __init__(self, url: str, count: int) -> None:
        address = urlsplit(url)
        self._host, self._port = str(address.hostname), address.port
        self._count = count
        self.lives_s: list[float] = []

    async def run(self) -> None:
        await asyncio.gather(*(self._drip(DRIPPED[number % len(DRIPPED)]) for number in range(self._count)))

    async def _drip(self, opening: bytes) -> None:
        started = time.perf_counter()
        reader, writer = await asyncio.open_connection(self._host, self._port)
        with suppress(OSError):
            writer.write(opening)
            closed = asyncio.ensure_future(reader.read())
            while not closed.done():
                writer.write(b"x")
                await asyncio.wait([closed], timeout=DRIP_EVERY_S)
            await closed
        writer.close()
        self.lives_s.append(time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser("make overload", description=__doc__)
    parser.add_argument("--time", type=float, default=60, help="seconds for each selfie size")
    parser.add_argument("--sizes", type=float, nargs="+", default=SIZES_MB, help="selfie sizes in millions of bytes")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="minois-overload-", dir="/tmp"))
    unlimited = dict.fromkeys(("RATE_SELFIES", "RATE_SELFIE_MB", "RATE_ADDRESS_SELFIES"), "none")
    system = LocalSystem(folder / "data", settings={"LOG_LEVEL": "WARNING", **unlimited})
    try:
        with system:
            _, jpeg = next(iter(load_selfies(Path(os.environ.get("MINOIS_DATA", "var")) / "sample")))
            tokens, peak_of = register_guests(system), system.processes["gateway"].pid or 0
            reports = []
            for size_mb in chosen.sizes:
                uploads = Uploads(system.base_url, tokens, pad(jpeg, size_mb))
                result = uvloop.run(measure(uploads, Drips(system.base_url, DRIPS), chosen.time))
                reports.append(report({"selfie_mb": size_mb, **result, "gateway_peak_mb": peak_mb(peak_of)}))
        raise SystemExit(max(reports))
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


def pad(jpeg: bytes, size_mb: float) -> bytes:
    """The same picture as a file of the given size, in millions of bytes; decoders ignore what follows the image."""
    return jpeg + os.urandom(max(0, round(size_mb * 1_000_000) - len(jpeg)))


def register_guests(system: LocalSystem) -> list[str]:
    """The tokens of new guests of one event."""
    add_organiser(system.data, system.env, ORGANISER, PASSWORD)
    with Person(system.base_url) as organiser:
        organiser.login(ORGANISER, PASSWORD)
        code = organiser.create_event("Overload")["event_code"]
    tokens = []
    for _ in range(GUESTS):
        name = f"guest-{uuid4().hex[:12]}"
        user = {"username": name, "email": f"{name}@example.org", "password": uuid4().hex}
        form = {"user_data": user, "event_code": code}
        answer = httpx2.post(f"{system.base_url}/api/register-with-event-code", json=form, timeout=PATIENCE_S)
        tokens.append(answer.raise_for_status().json()["access_token"])
    return tokens


async def measure(uploads: Uploads, drips: Drips, duration_s: float) -> dict[str, float]:
    await uploads.closed_loop(1, 2)  # warm
    unloaded = await uploads.closed_loop(1, MEASURE_S)
    dripping = asyncio.create_task(drips.run())
    during_drips = await uploads.closed_loop(1, MEASURE_S)
    await dripping
    capacity = await uploads.closed_loop(CLIENTS, MEASURE_S)
    loaded = await uploads.open_loop(FACTOR * capacity.per_s, duration_s)
    return {
        "capacity_per_s": round(capacity.per_s, 1),
        "unloaded_p50_ms": round(unloaded.p(0.5), 1),
        "unloaded_p99_ms": round(unloaded.p(0.99), 1),
        "p99_during_drips_ms": round(during_drips.p(0.99), 1),
        "p99_during_drips_ratio": round(during_drips.p(0.99) / unloaded.p(0.99), 2),
        "longest_drip_s": round(max(drips.lives_s), 1),
        "capacity_p99_ms": round(capacity.p(0.99), 1),
        "offered_per_s": round(FACTOR * capacity.per_s, 1),
        "accepted": len(loaded.accepted_ms),
        "accepted_p50_ms": round(loaded.p(0.5), 1),
        "accepted_p99_ms": round(loaded.p(0.99), 1),
        "p99_ratio": round(loaded.p(0.99) / unloaded.p(0.99), 2),
        "goodput": round(loaded.per_s / capacity.per_s, 2),
        "refused": loaded.refused.total(),
        "refused_without_retry_after": loaded.without_retry_after,
        "other_failures": loaded.failed.total() + capacity.failed.total() + unloaded.failed.total(),
        "sending_took_s": round(loaded.elapsed_s, 1),
    }


def peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024, 1)


def report(result: dict[str, float]) -> int:
    """Prints the figures; returns the exit code, 0 if the targets are reached."""
    table = Table(title=f"Selfies at {FACTOR} times the capacity", title_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right")
    for name, figure in result.items():
        table.add_row(name, f"{figure:g}")
    console.print(table)
    reached = {
        f"p99 of the accepted under {MAX_P99_RATIO:g} times the unloaded": result["p99_ratio"] < MAX_P99_RATIO,
        f"goodput at least {MIN_GOODPUT:g} of the capacity": result["goodput"] >= MIN_GOODPUT,
        f"p99 alongside {DRIPS} slow clients within {MAX_P99_RATIO:g}x": result["p99_during_drips_ratio"]
        <= MAX_P99_RATIO,
        f"slow clients closed within {MAX_DRIP_S:g} s": result["longest_drip_s"] <= MAX_DRIP_S,
        "only rejections with Retry-After": not result["other_failures"] and not result["refused_without_retry_after"],
    }
    for target, is_reached in reached.items():
        console.print(f"{target}: {'reached' if is_reached else 'MISSED'}.")
    print(json.dumps(result))
    return 0 if all(reached.values()) else 1


if __name__ == "__main__":
    main()
