"""The processes of Minois on one machine, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.faults import CannotStart

LISTEN_CONNECTIONS = 2  # beside its pool, a worker waits for NOTIFY on connections of its own
RESERVED_CONNECTIONS = 8  # PostgreSQL's three for superusers, and room for psql and the command-line tools


@dataclass(frozen=True)
class ProcessKind:
    """`service` names its key, schema and port setting; it starts when all of a lower `stage` are ready, and ends
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
DEFAULT_PORTS = {"auth": 50051, "selfie": 50052, "matcher": 50053, "gateway": 8000}


def replicated(kinds: Sequence[ProcessKind], replicas: Mapping[str, int]) -> dict[str, ProcessKind]:
    """The processes by name; the second replica of `indexer` is `indexer-2`."""
    processes = {}
    for kind in kinds:
        for number in range(1, replicas.get(kind.name, 1) + 1):
            processes[kind.name if number == 1 else f"{kind.name}-{number}"] = kind
    return processes


def needed_connections(processes: Sequence[ProcessKind], pool_size: int, max_overflow: int) -> int:
    """The database connections that all processes may hold at the same time."""
    return sum(pool_size + max_overflow + LISTEN_CONNECTIONS for process in processes if process.has_database)


def check_connections(
    processes: Sequence[ProcessKind], pool_size: int, max_overflow: int, max_connections: int
) -> None:
    """Raises CannotStart for pools that PostgreSQL could not serve at their peak."""
    needed = needed_connections(processes, pool_size, max_overflow)
    available = max_connections - RESERVED_CONNECTIONS
    if needed > available:
        count = sum(process.has_database for process in processes)
        raise CannotStart(
            f"{count} processes with DB_POOL_SIZE={pool_size} and DB_MAX_OVERFLOW={max_overflow} may hold "
            f"{needed} connections, PostgreSQL serves {available}: lower one of the two."
        )
