"""`make pages-load`: measures the CPU use of the gateway of an idle system with many open pages."""

import argparse
import asyncio
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console

from deploy.local.system import LocalSystem
from deploy.rest import Person, add_organiser

ORGANISER, PASSWORD = "pages-organiser", "only for this run"
MAX_CORES = 0.1
SETTLE_S = 5.0  # after the last page was opened
REQUEST = "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
ORGANISER_PAGES = 4  # as many as one user may open
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

console = Console(width=110)


def main() -> None:
    parser = argparse.ArgumentParser("make pages-load", description=__doc__)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--time", type=float, default=30, help="how long to measure, in seconds")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="minois-pages-", dir="/tmp"))
    settings = {"LOG_LEVEL": "WARNING", "RATE_GUESTS": "none"}
    system = LocalSystem(folder / "data", settings=settings)
    try:
        with system:
            pages = make_pages(system, chosen.pages)
            raise SystemExit(asyncio.run(measure(system, pages, chosen.time)))
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


def make_pages(system: LocalSystem, count: int) -> list[tuple[str, str]]:
    """Paths and access tokens of an event's guests and of its organiser."""
    add_organiser(system.data, system.env, ORGANISER, PASSWORD)
    with Person(system.base_url) as organiser:
        organiser.login(ORGANISER, PASSWORD)
        event = organiser.create_event("Pages")
    form = {"event_code": event["event_code"], "display_name": "Gina", "consent_version": "1"}
    with httpx2.Client(base_url=system.base_url, timeout=30) as client:
        login = client.post("/api/login", json={"username": ORGANISER, "password": PASSWORD}).json()
        live = [(f"/api/events/{event['id']}/updates", login["access_token"])] * ORGANISER_PAGES
        guests = (client.post("/api/guest-sessions", json=form).json()["access_token"] for _ in range(count))
        return live + [("/api/updates", guest) for guest in guests]


async def measure(system: LocalSystem, addresses: list[tuple[str, str]], idle_s: float) -> int:
    """Prints how many cores each process uses; returns the exit code, 0 below MAX_CORES for the gateway."""
    port = system.ports["gateway"]
    pages = [await open_page(port, path, token) for path, token in addresses]
    console.print(f"{len(pages)} pages are open; measuring for {idle_s:g} s ...")
    await asyncio.sleep(SETTLE_S)
    before, started = used_s(system), time.monotonic()
    received = await asyncio.gather(*(receive(reader, idle_s) for reader, _ in pages))
    elapsed_s, after = time.monotonic() - started, used_s(system)
    cores = {name: round((after[name] - before[name]) / elapsed_s, 4) for name in before}
    for _, writer in pages:
        writer.close()
    reached = cores["gateway"] < MAX_CORES and all(received)
    verdict = "reached" if reached else "MISSED"
    console.print(f"The gateway uses {cores['gateway']:.4f} of a core, less than {MAX_CORES}: {verdict}.")
    result: dict[str, Any] = {"pages": len(pages), "seconds": round(elapsed_s, 1), "cores": cores}
    result["gateway_mb"] = memory_mb(system)
    print(json.dumps({**result, "kept_alive": sum(map(bool, received))}))
    return 0 if reached else 1


async def open_page(port: int, path: str, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Opens a page and waits for its first event."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST.format(path=path, token=token).encode())
    head = await reader.readuntil(b"event: ")
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(head.decode())
    return reader, writer


async def receive(reader: asyncio.StreamReader, duration_s: float) -> int:
    """The number of received bytes; 0 for a page that was closed."""
    count = 0
    ends_at = asyncio.get_running_loop().time() + duration_s
    try:
        async with asyncio.timeout_at(ends_at):
            while received := await reader.read(4096):
                count += len(received)
        return 0
    except TimeoutError:
        return count


def used_s(system: LocalSystem) -> dict[str, float]:
    """Processor time of each process so far."""
    processes = ((name, process.pid) for name, process in system.processes.items() if name != "postgres")
    return {name: _cpu_s(pid) for name, pid in processes if pid}


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def memory_mb(system: LocalSystem) -> float:
    """Resident memory of the gateway."""
    pages = int(Path(f"/proc/{system.processes['gateway'].pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


if __name__ == "__main__":
    main()
