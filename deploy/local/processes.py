"""The processes of Minois on one machine, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from deploy.local.faults import WrongSetting
from kit.settings import PoolSettings, WorkerPoolSettings, describe

LISTEN_CONNECTIONS = 2  # a worker also holds connections for LISTEN, outside its pool
RESERVED_CONNECTIONS = 8  # three that PostgreSQL reserves for superusers, and some for psql and the command-line tools


@dataclass(frozen=True)
class ProcessKind:
    """`service` names its key, schema and port setting. A process starts when all lower stages are ready, and stops
    before they do."""

    name: str
    module: str
    service: str
    stage: int
    arguments: tuple[str, ...] = ()
    has_database: bool = True

    @property
    def has_port(self) -> bool:
        return not self.arguments

    @property
    def pool(self) -> type[PoolSettings]:
        return WorkerPoolSettings if self.arguments else PoolSettings

    @property
    def is_http(self) -> bool:
        return not self.has_database


PROCESSES = (
    ProcessKind("auth", "auth_service", "auth", stage=0),
    ProcessKind("selfie", "selfie_service", "selfie", stage=1),
    ProcessKind("matcher", "matcher_service", "matcher", stage=1),
    ProcessKind("selfie-worker", "selfie_service", "selfie", stage=1, arguments=("worker",)),
    ProcessKind("indexer", "matcher_service", "matcher", stage=1, arguments=("indexer",)),
    ProcessKind("gateway", "gateway", "gateway", stage=2, has_database=False),
)
MAILER = ProcessKind("mailer", "auth_service", "auth", stage=2, arguments=("mailer",))  # only if SMTP_URL is set
DEFAULT_PORTS = {"auth": 50051, "selfie": 50052, "matcher": 50053, "gateway": 8000}


def replicated(kinds: Sequence[ProcessKind], replicas: Mapping[str, int]) -> dict[str, ProcessKind]:
    """The processes by name; the second replica of `indexer` is `indexer-2`."""
    processes = {}
    for kind in kinds:
        for number in range(1, replicas.get(kind.name, 1) + 1):
            processes[kind.name if number == 1 else f"{kind.name}-{number}"] = kind
    return processes


def needed_connections(processes: Sequence[ProcessKind], settings: Mapping[str, str]) -> int:
    """The database connections that all processes may hold at the same time."""
    return sum(_connections(process, settings) for process in processes if process.has_database)


def check_connections(processes: Sequence[ProcessKind], settings: Mapping[str, str], max_connections: int) -> None:
    """Raises CannotStart if the pools could exceed PostgreSQL's max_connections."""
    needed = needed_connections(processes, settings)
    available = max_connections - RESERVED_CONNECTIONS
    if needed > available:
        count = sum(process.has_database for process in processes)
        raise WrongSetting(
            f"{count} processes may hold {needed} database connections at once, but PostgreSQL accepts {available}: "
            "lower DB_POOL_SIZE, DB_MAX_OVERFLOW, INDEXERS or SELFIE_WORKERS."
        )


def _connections(process: ProcessKind, settings: Mapping[str, str]) -> int:
    """Raises WrongSetting."""
    given = {name: settings[name.upper()] for name in PoolSettings.model_fields if settings.get(name.upper())}
    try:
        pool = process.pool.model_validate(given)
    except ValidationError as error:
        raise WrongSetting(describe(error)) from None
    return pool.db_pool_size + pool.db_max_overflow + LISTEN_CONNECTIONS
