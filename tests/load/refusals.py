"""`python -m tests.load.refusals`: the processor time of a gateway with and without early rejection of selfies.

A gateway of each kind runs in front of scripted services, in alternating phases. Selfies arrive at five times their
capacity, each on its own connection. The processor time is that of the gateway process alone, so other work on the
machine does not count.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from protos.selfie.v1 import selfie_pb2
from tests.gateway.test_process import free_port, wait_until_ready
from tests.gateway.world import TOKEN, public_keys, running_services

SERVICE_S, AT_ONCE = 0.03, 3
RATE = round(5 * AT_ONCE / SERVICE_S)
PHASE_S = 5.0
PATIENCE_S = 20.0
SELFIE_MB = 0.05
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

# A gateway that recognises no selfie before it has parsed the request.
WITHOUT = "import gateway.http.protocol as p; p.UPLOAD = bytes(1); from gateway.__main__ import main; main()"
COMMANDS = {"with": ["-m", "gateway"], "without": ["-c", WITHOUT]}


@dataclass
class Phases:
    """The results of one kind of gateway in all of its phases."""

    processor_s: list[float] = field(default_factory=list)
    accepted_ms: list[float] = field(default_factory=list)
    refused_ms: list[float] = field(default_factory=list)
    failed: int = 0

    def describe(self) -> str:
        return (
            f"{statistics.median(self.processor_s):.2f} s of processor time for {RATE * PHASE_S:.0f} selfies; "
            f"{len(self.accepted_ms)} accepted, median {statistics.median(self.accepted_ms):.0f} ms, "
            f"p99 {statistics.quantiles(self.accepted_ms, n=100)[-1]:.0f} ms; "
            f"{len(self.refused_ms)} refused, median {statistics.median(self.refused_ms):.1f} ms; {self.failed} failed"
        )


def build_request(selfie_mb: float) -> bytes:
    file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n%s\r\n--b--\r\n'
    file %= bytes(round(selfie_mb * 1_000_000))
    head = b"POST /api/upload-selfie HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n"
    head += b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    return head % (TOKEN.encode(), len(file)) + file


async def send(port: int, request: bytes, phases: Phases) -> None:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            status = int((await reader.readline()).split()[1])
            writer.transport.abort()
    except (OSError, TimeoutError, IndexError):
        phases.failed += 1
        return
    (phases.accepted_ms if status == 202 else phases.refused_ms).append((time.perf_counter() - began) * 1000)


async def crowd(port: int, request: bytes, phases: Phases) -> None:
    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(round(RATE * PHASE_S)):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            tasks.create_task(send(port, request, phases))


def processor_s(process_id: int) -> float:
    with open(f"/proc/{process_id}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


@contextmanager
def running(kind: str, address: str) -> Iterator[tuple[int, int]]:
    """Runs a gateway; yields its process id and port."""
    port = free_port()
    settings = {f"{name}_ADDRESS": address for name in ("AUTH", "SELFIE", "MATCHER")} | {
        "MINOIS_KEYS": public_keys().name,
        "GATEWAY_PORT": str(port),
        "METRICS_PORT": str(free_port()),
        "RATE_SELFIES": "none",
        "RATE_SELFIE_MB": "none",
        "RATE_ADDRESS_SELFIES": "none",
    }
    command = [sys.executable, *COMMANDS[kind]]
    with subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until_ready(f"http://127.0.0.1:{port}")
            yield process.pid, port
        finally:
            process.kill()


def answer(_: object) -> selfie_pb2.UploadSelfieResponse:
    time.sleep(SERVICE_S)
    return selfie_pb2.UploadSelfieResponse()


def main() -> None:
    parser = argparse.ArgumentParser("refusals", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6, help="phases of each kind (default 6)")
    parser.add_argument("--selfie-mb", type=float, default=SELFIE_MB, help=f"size of a selfie (default {SELFIE_MB})")
    chosen = parser.parse_args()
    rounds, request = chosen.rounds, build_request(chosen.selfie_mb)
    with ExitStack() as stack:
        services, address = stack.enter_context(running_services())
        services.answers["UploadSelfie"] = answer
        gateways = {kind: stack.enter_context(running(kind, address)) for kind in COMMANDS}
        found = {kind: Phases() for kind in COMMANDS}
        for number in range(rounds):
            for kind in sorted(gateways, reverse=number % 2 == 1):
                process_id, port = gateways[kind]
                before = processor_s(process_id)
                asyncio.run(crowd(port, request, found[kind]))
                found[kind].processor_s.append(processor_s(process_id) - before)
                services.calls.clear()
    pairs = zip(found["without"].processor_s, found["with"].processor_s, strict=True)
    for kind, phases in found.items():
        print(f"{kind}: {phases.describe()}")
    ratio = statistics.median(without / early for without, early in pairs)
    print(f"without / with: {ratio:.2f} times the processor time")


if __name__ == "__main__":
    main()
