"""Installs Minois by compose.yaml, from its keys to the first organiser."""

from pathlib import Path

from deploy.local.readiness import http_serves
from deploy.rest import Person
from tests.cluster.compose import read_services
from tests.cluster.images import POSTGRES, ROOT
from tests.cluster.stack import Stack
from tests.e2e.party import PASSWORD, until

COMPOSE = ROOT / "deploy" / "compose.yaml"
SERVICES = ("auth", "selfie", "matcher", "selfie-worker", "indexer")
PROCESSES = (*SERVICES, "gateway")


def new_stack(name: str, image: str, port: int, file: Path = COMPOSE) -> Stack:
    given = {"MINOIS_IMAGE": image, "POSTGRES_IMAGE": POSTGRES, "MINOIS_PORT": str(port)}
    return Stack(name, read_services(file, given))


def start_database(stack: Stack) -> None:
    """Creates keys and passwords, and starts PostgreSQL; returns when it is ready."""
    stack.run("prepare")
    stack.start("database")
    until(lambda: stack.answers("database", "pg_isready", "--host=127.0.0.1"), bool)


def start_processes(stack: Stack) -> str:
    """Migrates and starts the six processes; returns the address of the gateway when it is ready."""
    stack.run("migrate")
    for name in PROCESSES:
        stack.start(name)
    url = f"http://{stack.address('gateway')}:8000"
    until(lambda: http_serves(url), bool)
    return url


def stop_processes(stack: Stack) -> dict[str, int]:
    """Returns the exit codes."""
    return stack.stop(*PROCESSES)


def become_organiser(stack: Stack, person: Person) -> None:
    """Registers like the page /organiser, with the code from the log."""
    line = stack.wait_for_log("auth", "first_organiser")
    code = str(line["event"]).rstrip(".").rpartition(" ")[2]
    person.become_first_organiser(code, "olga", PASSWORD)
