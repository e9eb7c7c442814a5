"""All of Minois on this machine: PostgreSQL, keys, migrations and the six processes, as one object."""

import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TextIO

from deploy.local import environment, lan
from deploy.local.certificate import LocalCertificate, keep_certificate
from deploy.local.encryption import encrypt_old
from deploy.local.faults import CannotStart, WrongSetting
from deploy.local.log import SystemLog
from deploy.local.postgres import Postgres, remove_cluster
from deploy.local.processes import MAILER, PROCESSES, ProcessKind, check_connections, replicated
from deploy.local.readiness import grpc_serves, http_serves
from deploy.local.supervisor import Supervised
from deploy.migrate import migrate_all
from kit.vault import create_master_key

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 60.0
STOP_GRACE_S = 15.0
LINES_OF_A_FAULT = 12


class LocalSystem:
    """Once started, serves at `base_url` until `stop()`; the data folder keeps everything for the next start.

    `ports` are those of the first replicas; a process without one gets a free port. `settings` go to every process and
    override the environment. The processes are named `auth`, `selfie`, `matcher`, `selfie-worker`, `indexer`, `gateway`
    and `postgres`; with SMTP_URL also `mailer`; with `replicas={"matcher": 2}` also `matcher-2`, with its own port.
    Without `kinds` only PostgreSQL runs, on unchanged data. With `https_names` the gateway serves other devices over
    HTTPS, with a certificate for these names. Raises CannotStart.
    """

    def __init__(
        self,
        data: Path,
        *,
        ports: Mapping[str, int] | None = None,
        settings: Mapping[str, str] | None = None,
        replicas: Mapping[str, int] | None = None,
        https_names: Sequence[str] = (),
        terminal: TextIO | None = None,
        kinds: Sequence[ProcessKind] = PROCESSES,
        max_backoff_s: float = 5.0,
    ) -> None:
        self.data = data.resolve()
        self._settings = dict(settings or {})
        if kinds and self._setting("SMTP_URL"):
            kinds = [*kinds, MAILER]
        self._kinds = replicated(kinds, replicas or {})
        self._given_ports = dict(ports or {})
        self._https_names = https_names
        self.certificate: LocalCertificate | None = None
        listening = [name for name, kind in self._kinds.items() if kind.has_port]
        self.ports = environment.free_ports(listening) | self._given_ports
        self.base_urls = [self._url(name) for name in listening if self._kinds[name].is_http]
        self._terminal = terminal
        self._max_backoff_s = max_backoff_s
        self._lock_file: IO[str] | None = None
        self._log: SystemLog | None = None
        self._postgres: Postgres | None = None
        self.processes: dict[str, Supervised] = {}
        self.env: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        return self.base_urls[0]

    @property
    def trusted(self) -> Path | None:
        """The file with the certificate that clients must trust; None for plain HTTP."""
        return self.certificate.chain if self.certificate else None

    @property
    def metrics_ports(self) -> dict[str, int]:
        """The metrics port of each process; empty if METRICS_PORT is not set."""
        first = int(self._setting("METRICS_PORT") or 0)
        return {name: first + number for number, name in enumerate(self._kinds)} if first else {}

    @property
    def log(self) -> SystemLog:
        """The log of the started system."""
        assert self._log is not None
        return self._log

    @property
    def log_path(self) -> Path:
        return self.data / "minois.log"

    @property
    def env_path(self) -> Path:
        return self.data / "env"

    def start(self) -> None:
        """Returns when everything is ready; stops everything if a process fails to start."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops every process, PostgreSQL last; may be called again."""
        for stage in sorted({kind.stage for kind in self._kinds.values()}, reverse=True):
            wave = [self.processes[name] for name in self._names(stage) if name in self.processes]
            for process in wave:
                process.ask_to_stop()
            deadline = time.monotonic() + STOP_GRACE_S
            for process in wave:
                process.stop(max(0.0, deadline - time.monotonic()))
        if self._postgres is not None:
            self._postgres.stop()
        if self._log is not None:
            self._log.close()
        if self._lock_file is not None:
            self._lock_file.close()
        self._lock_file = None
        self.processes.clear()

    def remove_data(self) -> None:
        """Removes everything that a stopped system keeps on disk."""
        remove_cluster(self.data)
        shutil.rmtree(self.data, ignore_errors=True)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends a signal to one process, which is restarted if it exits."""
        self.processes[name].send(number)

    def stop_one(self, name: str) -> None:
        """Stops one process gracefully and does not restart it."""
        self.processes[name].stop(STOP_GRACE_S)

    def start_one(self, name: str) -> None:
        """Starts a process that `stop_one` stopped, and returns when it is ready."""
        self.processes[name].start()
        self.wait_until_ready(name)

    def restart(self, name: str) -> None:
        """Restarts one process gracefully, and returns when it is ready."""
        self.stop_one(name)
        self.start_one(name)

    def wait_until_ready(self, name: str, timeout_s: float = START_TIMEOUT_S, deaths: int | None = None) -> None:
        """Waits until a process serves (a worker: runs). Raises CannotStart after the timeout, or when it has exited
        more than `deaths` times (None: no limit)."""
        process = self.processes[name]
        deadline = time.monotonic() + timeout_s
        while not self._is_ready(name):
            died = deaths is not None and process.deaths > deaths
            if died or time.monotonic() > deadline:
                raise _fault_of(name, process, died)
            time.sleep(0.05)

    def log_tail(self, count: int = 30) -> list[str]:
        """The newest lines of all processes."""
        return self._log.tail(count) if self._log else []

    def _start(self) -> None:
        self._lock_data()
        environment.check_ports(self._given_ports, is_open=bool(self._https_names))
        environment.check_metrics_ports(self.metrics_ports)
        environment.create_folders(self.data)
        if self._https_names:
            self.certificate = keep_certificate(self.data / "keys", self._https_names)
        self._log = log = SystemLog(self.log_path, self._terminal, self._setting("LOG_FORMAT") == "json")
        if os.environ.get("DATABASE_URL"):
            log.announce("local", "DATABASE_URL is ignored: this command starts its own PostgreSQL.")
        self._postgres = postgres = Postgres(self.data, log)
        self._check_connections(postgres.max_connections)
        self.processes["postgres"] = postgres.start()
        self.env = environment.shared_settings(
            self.data,
            postgres.database_url,
            postgres.service_urls,
            self._ports_by_service(),
            self._setting("BLOB_URL"),
            self._setting("MASTER_KEY"),
        )
        environment.write_env_file(self.env_path, self.env)
        if self._kinds:
            if not self._setting("MASTER_KEY"):
                create_master_key(environment.master_key_of(self.data))
            postgres.keep_service_roles()
            migrate_all(postgres.service_urls)  # in this process: starting three processes would take longer
            encrypt_old(self.env)
        for stage in sorted({kind.stage for kind in self._kinds.values()}):
            names = self._names(stage)
            for name in names:
                self.processes[name] = self._create_process(name, log)
                self.processes[name].start()
            for name in names:
                self.wait_until_ready(name, deaths=0)

    def _names(self, stage: int) -> list[str]:
        return [name for name, kind in self._kinds.items() if kind.stage == stage]

    def _lock_data(self) -> None:
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            lock_file = (self.data / "lock").open("w")
        except OSError as error:
            raise WrongSetting(f"MINOIS_DATA: {self.data} cannot be used as a folder ({error.strerror}).") from None
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock_file.close()
            raise CannotStart(f"Minois is already running with the data in {self.data}.") from None
        self._lock_file = lock_file

    def _check_connections(self, max_connections: int) -> None:
        check_connections(list(self._kinds.values()), {**os.environ, **self._settings}, max_connections)

    def _setting(self, name: str) -> str:
        return self._settings.get(name) or os.environ.get(name, "")

    def _create_process(self, name: str, log: SystemLog) -> Supervised:
        kind = self._kinds[name]
        settings = {**os.environ, **self._settings, **self.env, "PYTHONUNBUFFERED": "1"}
        settings["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), settings.get("PYTHONPATH")]))
        if kind.has_port:
            settings[environment.port_setting(kind.service)] = str(self.ports[name])
        if kind.is_http and self.certificate:
            settings["GATEWAY_HOST"] = "::" if lan.can_listen_on_ipv6() else environment.EVERYWHERE
            settings["GATEWAY_TLS_CERT"] = str(self.certificate.chain)
            settings["GATEWAY_TLS_KEY"] = str(self.certificate.key)
        if kind.has_database:
            settings["DATABASE_URL"] = settings["LISTEN_URL"] = self.env[f"{kind.service.upper()}_DATABASE_URL"]
        settings["SIGNING_KEY"] = self.env[f"{kind.service.upper()}_SIGNING_KEY"]
        if self.metrics_ports:
            settings["METRICS_PORT"] = str(self.metrics_ports[name])
        command = [sys.executable, "-m", kind.module, *kind.arguments]
        return Supervised(name, command, settings, log, max_backoff_s=self._max_backoff_s)

    def _is_ready(self, name: str) -> bool:
        if name == "postgres":
            return self._postgres is not None and self._postgres.is_ready()
        if self.processes[name].pid is None:
            return False
        kind = self._kinds[name]
        if kind.is_http:
            return http_serves(self._url(name), self.trusted)
        return not kind.has_port or grpc_serves(f"{environment.HOST}:{self.ports[name]}")

    def _url(self, name: str) -> str:
        scheme = "https" if self._https_names else "http"
        return f"{scheme}://{environment.HOST}:{self.ports[name]}"

    def _ports_by_service(self) -> dict[str, list[int]]:
        ports: dict[str, list[int]] = {}
        for name, port in self.ports.items():
            ports.setdefault(self._kinds[name].service, []).append(port)
        return ports


def _fault_of(name: str, process: Supervised, died: bool) -> CannotStart:
    """One line for an invalid setting; for anything else the last log lines of the process."""
    last = process.last_lines[-LINES_OF_A_FAULT:]
    wrong = [line.removeprefix("settings: ") for line in last if line.startswith("settings: ")]
    if died and wrong:
        return WrongSetting(f"{name}: {wrong[-1]}")
    lines = "\n".join(f"  {line}" for line in last)
    return CannotStart(f"{name} {'exited' if died else 'is not ready'}. Its last lines:\n{lines}")
