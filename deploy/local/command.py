"""Runs Minois on this machine: `python -m deploy.local run` or `demo`."""

import argparse
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Literal, NoReturn

from pydantic import Field

from deploy import demo
from deploy.local.entrance import choose_entrance
from deploy.local.faults import CannotStart, WrongSetting
from deploy.local.narration import PhotoProgress
from deploy.local.processes import DEFAULT_PORTS
from deploy.local.system import LocalSystem
from deploy.local.welcome import welcome
from deploy.sample.login import prepare_sample
from kit.db.engine import create_db
from kit.errors import Unavailable
from kit.settings import PoolSettings, ProcessSettings, load
from kit.startup import HELP
from kit.worker import start_thread
from matcher_service.store import JobStore

PROGRESS_S = 1.0


class LocalSettings(ProcessSettings, PoolSettings):
    """python -m deploy.local run [--port P]: everything on this machine; all other settings are passed on."""

    minois_data: Path = Field(Path("var"), description="folder of all data")
    auth_port: int = Field(DEFAULT_PORTS["auth"], ge=1, le=65535, description="gRPC port of auth_service")
    selfie_port: int = Field(DEFAULT_PORTS["selfie"], ge=1, le=65535, description="gRPC port of selfie_service")
    matcher_port: int = Field(DEFAULT_PORTS["matcher"], ge=1, le=65535, description="gRPC port of matcher_service")
    gateway_port: int = Field(DEFAULT_PORTS["gateway"], ge=1, le=65535, description="HTTP port of the gateway")

    tls: bool = Field(False, description="1: HTTPS for phones on the same network, with a self-signed certificate")
    indexers: int = Field(1, ge=1, le=16, description="number of processes that index photos")
    selfie_workers: int = Field(1, ge=1, le=16, description="number of processes that examine selfies")

    def ports(self) -> dict[str, int]:
        return {service: getattr(self, f"{service}_port") for service in DEFAULT_PORTS}


def main() -> None:
    parser = argparse.ArgumentParser("deploy.local", description=__doc__, add_help=False)
    parser.add_argument("command", nargs="?", choices=("run", "demo"), default="run")
    parser.add_argument("--port", help="HTTP port of the gateway")
    chosen, options = parser.parse_known_args()
    if unknown := [option for option in options if option not in HELP]:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if chosen.port:
        os.environ["GATEWAY_PORT"] = chosen.port
    start(chosen.command)


def start(command: Literal["run", "demo"]) -> None:
    """Runs with settings from the environment; exits with a code and one line if it cannot start."""
    config = load(LocalSettings)
    stop_on_first_signal()
    try:
        if command == "demo":
            raise SystemExit(demo.run(config.minois_data / "sample"))
        run(config)
    except CannotStart as fault:
        print(f"minois: {fault}", file=sys.stderr)
        raise SystemExit(2 if isinstance(fault, WrongSetting) else 1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def run(config: LocalSettings) -> None:
    """Serves until a signal arrives."""
    entrance = choose_entrance(config.gateway_port, os.environ, tls=config.tls)
    system = LocalSystem(
        config.minois_data,
        ports=config.ports(),
        replicas={"indexer": config.indexers, "selfie-worker": config.selfie_workers},
        settings={"PUBLIC_URL": entrance.public_url} | ({"HSTS_DAYS": "0"} if config.tls else {}),
        https_names=entrance.https_names,
        terminal=sys.stdout,
    )
    try:
        with system:
            print(f"Minois is running at {system.base_url}. Preparing the sample event ...", flush=True)
            is_over = Event()
            start_thread(lambda: show_progress(system, is_over), "progress")
            try:
                print(welcome(system, prepare_sample(system), entrance.public_url), flush=True)
                while True:
                    time.sleep(0.25)  # not signal.pause: the kernel may deliver the signal to another thread
            finally:
                is_over.set()  # before the database stops
    except KeyboardInterrupt:
        print("Stopped. The data is kept for the next start.", flush=True)


def show_progress(system: LocalSystem, is_over: Event) -> None:
    """Shows how many of the photos that arrived have been read."""
    log, progress = system.log, PhotoProgress(system.log.narrator)
    store = JobStore(create_db(system.env["DATABASE_URL"], 1, 0, "minois-run"))
    while not is_over.wait(PROGRESS_S):
        with suppress(Unavailable):
            if text := progress.describe(store.read_queue()[0]):
                log.announce("indexer", text)


def stop_on_first_signal() -> None:
    """The first SIGINT or SIGTERM starts the shutdown; further ones are ignored."""

    def interrupt(*_: object) -> NoReturn:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # not SIG_IGN, which child processes would inherit
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
