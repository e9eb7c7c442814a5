"""Runs Minois on this machine: `python -m deploy.local run` or `demo`."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy import demo
from deploy.faults import CannotStart
from deploy.processes import DEFAULT_PORTS
from deploy.sample_login import SampleLogin, prepare_sample
from deploy.system import LocalSystem
from kit.settings import load

RULE = "-" * 78


class LocalSettings(BaseSettings):
    """python -m deploy.local run [--port P]: everything on this machine; all other settings are passed on."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    minois_data: Path = Field(Path("var"), description="folder of all data")
    auth_port: int = Field(DEFAULT_PORTS["auth"], ge=1, le=65535, description="gRPC port of auth_service")
    selfie_port: int = Field(DEFAULT_PORTS["selfie"], ge=1, le=65535, description="gRPC port of selfie_service")
    matcher_port: int = Field(DEFAULT_PORTS["matcher"], ge=1, le=65535, description="gRPC port of matcher_service")
    gateway_port: int = Field(DEFAULT_PORTS["gateway"], ge=1, le=65535, description="HTTP port of the gateway")

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
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def run(config: LocalSettings) -> None:
    """Serves until a signal comes."""
    system = LocalSystem(config.minois_data, ports=config.ports(), terminal=sys.stdout)
    try:
        with system:
            print(f"Minois runs at {system.base_url}; prepares the sample event ...", flush=True)
            print(welcome(system, prepare_sample(system)), flush=True)
            while True:
                time.sleep(0.25)  # not signal.pause: the system may interrupt another thread
    except KeyboardInterrupt:
        print("Stopped. The data stays for the next start.", flush=True)


def welcome(system: LocalSystem, sample: SampleLogin) -> str:
    """What a person can do now."""
    url = system.base_url
    lines = [RULE, f"Minois runs at {url}", f"  try it in a browser   {url}/docs"]
    if sample.event_code:
        lines += [
            f"  organiser             {sample.username}",
            f"  password              {sample.password}",
            f"  event code            {sample.event_code}",
        ]
    lines += [f"  log                   {system.log_path}", f"  settings for tools    {system.env_path}", ""]
    lines += [f"The sample is not complete: {sample.fault}"] if sample.fault else []
    if sample.has_photos:
        lines += ["Its photos are read. Be a guest in another terminal:", *_guest_commands(url, system.data, sample)]
    return "\n".join([*lines, "Ctrl-C stops everything.", RULE])


def _guest_commands(url: str, data: Path, sample: SampleLogin) -> list[str]:
    user = '{"username": "ada", "email": "ada@example.org", "password": "eight cups of tea"}'
    form = f'{{"user_data": {user}, "event_code": "{sample.event_code}"}}'
    selfie = data / "sample" / "selfies" / "ada.jpg"
    bearer = '-H "Authorization: Bearer $TOKEN"'
    return [
        f"  TOKEN=$(curl -s {url}/api/register-with-event-code -H 'Content-Type: application/json' \\",
        f"    -d '{form}' \\",
        """    | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')""",
        f"  curl {url}/api/upload-selfie {bearer} -F file=@{selfie}",
        f"  curl {url}/api/my-photos {bearer}",
        "",
    ]


def stop_on_first_signal() -> None:
    """The first SIGINT or SIGTERM interrupts, further ones do not disturb the stop."""

    def interrupt(*_: object) -> NoReturn:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # not SIG_IGN, which children would inherit
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)


if __name__ == "__main__":
    main()
