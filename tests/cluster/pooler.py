"""PgBouncer in transaction mode, which large installations run in front of PostgreSQL."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

START_S = 20.0
ACCOUNT = "nobody"  # it refuses to run as root


class Pooler:
    """Listens on `port` of all addresses, for the containers; connects to `database` with passwords in PGPASSFILE
    format."""

    def __init__(self, folder: Path, database: str, passwords: Iterable[str]) -> None:
        self._folder = folder
        with socket.create_server(("0.0.0.0", 0)) as probe:
            self.port = probe.getsockname()[1]
        users, settings = folder / "users.txt", folder / "pgbouncer.ini"
        users.write_text("".join('"{3}" "{4}"\n'.format(*line.split(":")) for line in passwords))
        settings.write_text(
            f"[databases]\nminois = host={database} port=5432\n[pgbouncer]\n"
            f"listen_addr = 0.0.0.0\nlisten_port = {self.port}\nunix_socket_dir =\nauth_type = scram-sha-256\n"
            f"auth_file = {users}\npool_mode = transaction\ndefault_pool_size = 20\nmax_client_conn = 200\n"
        )
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        command = [program, str(self._settings)]
        if os.geteuid() == 0:
            for path in (self._folder, *self._folder.iterdir()):
                os.chown(path, pwd.getpwnam(ACCOUNT).pw_uid, -1)
            command[1:1] = ["--user", ACCOUNT]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        ends_at = time.monotonic() + START_S
        while not self._answers():
            if time.monotonic() > ends_at or self._process.poll() is not None:
                raise AssertionError((self._folder / "log").read_text()[-1000:])
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True
