"""Runs Minois on this machine: `python -m deploy.local run` or `demo`."""

import argparse
import io
import os
import shlex
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import segno
from pydantic import Field

from deploy import demo
from deploy.faults import CannotStart, WrongSetting
from deploy.narration import PhotoProgress
from deploy.processes import DEFAULT_PORTS
from deploy.sample_login import SampleLogin, prepare_sample
from deploy.system import LocalSystem
from kit.db import create_db
from kit.errors import Unavailable
from kit.settings import PoolSettings, ProcessSettings, load
from kit.worker import start_thread
from matcher_service.store import JobStore

RULE = "-" * 78
PROGRESS_S = 1.0


class LocalSettings(ProcessSettings, PoolSettings):
    """python -m deploy.local run [--port P]: everything on this machine; all other settings are passed on."""

    minois_data: Path = Field(Path("var"), description="folder of all data")
    auth_port: int = Field(DEFAULT_PORTS["auth"], ge=1, le=65535, description="gRPC port of auth_service")
    selfie_port: int = Field(DEFAULT_PORTS["selfie"], ge=1, le=65535, description="gRPC port of selfie_service")
    matcher_port: int = Field(DEFAULT_PORTS["matcher"], ge=1, le=65535, description="gRPC port of matcher_service")
    gateway_port: int = Field(DEFAULT_PORTS["gateway"], ge=1, le=65535, description="HTTP port of the gateway")

    indexers: int = Field(1, ge=1, le=16, description="processes that read photos")
    selfie_workers: int = Field(1, ge=1, le=16, description="processes that examine selfies")

    def ports(self) -> dict[str, int]:
        return {service: getattr(self, f"{service}_port") for service in DEFAULT_PORTS}


def main() -> None:
    parser = argparse.ArgumentParser("deploy.local", description=__doc__, add_help=False)
    parser.add_argument("command", nargs="?", choices=("run", "demo"), default="run")
    parser.add_argument("--port", help="HTTP port of the gateway")
    chosen, _ = parser.parse_known_args()
    if chosen.port:
        os.environ["GATEWAY_PORT"] = chosen.port
    config = load(LocalSettings)
    stop_on_first_signal()
    try:
        if chosen.command == "demo":
            raise SystemExit(demo.run(config.minois_data / "sample"))
        run(config)
    except CannotStart as fault:
        print(f"minois: {fault}", file=sys.stderr)
        raise SystemExit(2 if isinstance(fault, WrongSetting) else 1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def run(config: LocalSettings) -> None:
    """Serves until a signal comes."""
    replicas = {"indexer": config.indexers, "selfie-worker": config.selfie_workers}
    system = LocalSystem(config.minois_data, ports=config.ports(), replicas=replicas, terminal=sys.stdout)
    try:
        with system:
            print(f"Minois is running at {system.base_url}. Preparing the sample event ...", flush=True)
            start_thread(lambda: show_progress(system), "progress")
            print(welcome(system, prepare_sample(system)), flush=True)
            while True:
                time.sleep(0.25)  # not signal.pause: the system may interrupt another thread
    except KeyboardInterrupt:
        print("Stopped. The data stays for the next start.", flush=True)


def show_progress(system: LocalSystem) -> None:
    """Shows how many of the photos that arrived have been read; ends with the process."""
    log, progress = system.log, PhotoProgress(system.log.narrator)
    store = JobStore(create_db(system.env["DATABASE_URL"], 1, 0, "minois-run"))
    while True:
        with suppress(Unavailable):
            if text := progress.describe(store.read_queue()[0]):
                log.announce("indexer", text)
        time.sleep(PROGRESS_S)


def welcome(system: LocalSystem, sample: SampleLogin) -> str:
    """What a person can do now."""
    url = system.base_url
    lines = [RULE, f"Minois is running at {url}", f"  REST interface        {url}/docs"]
    if sample.event_code:
        lines[2:2] = [f"  guest page            {guest_page(system, sample)}"]
        lines += [
            f"  organiser             {sample.username}",
            f"  password              {sample.password}",
            f"  event code            {sample.event_code}",
        ]
    lines += [f"  log                   {system.log_path}", f"  settings for tools    {system.env_path}"]
    lines += [f"  metrics               {_describe_metrics(system)}", ""]
    lines += [f"The sample is not complete: {sample.fault}"] if sample.fault else []
    if sample.has_photos:
        lines += ["The sample photos are ready. Be a guest: open the guest page and choose one of the selfies in", ""]
        lines += [f"  {system.data / 'sample' / 'selfies'}", ""]
        if os.environ.get("PUBLIC_URL"):  # another device reaches no address of this machine's own
            lines += [draw_code(guest_page(system, sample))]
        lines += ["Or paste this into another terminal.", ""]
        lines += [*guest_commands(url, system.data, sample), ""]
    return "\n".join([*lines, "Ctrl-C stops everything.", RULE])


def guest_page(system: LocalSystem, sample: SampleLogin) -> str:
    return f"{os.environ.get('PUBLIC_URL', '').rstrip('/') or system.base_url}/e/{sample.event_code}"


def draw_code(address: str) -> str:
    """A QR code of characters."""
    drawn = io.StringIO()
    segno.make_qr(address).terminal(drawn, compact=True, border=2)
    return drawn.getvalue()


def guest_commands(url: str, data: Path, sample: SampleLogin) -> list[str]:
    """Registers (the second time: logs in), uploads a selfie, waits for the result, and lists the photos."""
    account = '"username": "ada", "password": "eight cups of tea"'
    form = f'{{"user_data": {{{account}, "email": "ada@example.org"}}, "event_code": "{sample.event_code}"}}'
    selfie = data / "sample" / "selfies" / "ada.jpg"
    post = "-H 'Content-Type: application/json' -d"
    bearer = '-H "Authorization: Bearer $TOKEN"'
    return [
        f"  TOKEN=$( (curl -sf {url}/api/register-with-event-code {post} '{form}' \\",
        f"    || curl -s {url}/api/login {post} '{{{account}}}') \\",
        """    | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')""",
        f"  curl -sS {url}/api/upload-selfie {bearer} -F file=@{shlex.quote(str(selfie))}; echo",
        f"  curl -sSN {url}/api/rematch-events {bearer}; curl -sS {url}/api/my-photos {bearer}; echo",
    ]


def _describe_metrics(system: LocalSystem) -> str:
    if not system.metrics_ports:
        return "off; METRICS_PORT=9100 serves them from that port on, one for each process"
    host = os.environ.get("METRICS_HOST") or "127.0.0.1"
    first, *_, last = system.metrics_ports.values()
    return f"http://{host}:{first}/metrics to :{last}/metrics ({', '.join(system.metrics_ports)})"


def stop_on_first_signal() -> None:
    """The first SIGINT or SIGTERM interrupts, further ones do not disturb the shutdown."""

    def interrupt(*_: object) -> NoReturn:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # not SIG_IGN, which children would inherit
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)


if __name__ == "__main__":
    main()
