"""The scene, shared by all tests of a module."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from kit.rpc.identity import Signer
from kit.telemetry import logs
from tests.authorization.scene import Scene
from tests.authorization.system import running_system
from tests.harness.database_pool import DatabasePool
from tests.harness.running import clean_databases, running_servers


@pytest.fixture(scope="module")
def scene(databases: DatabasePool, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    @cache
    def sign(name: str) -> Signer:
        return Signer.read(name, keys / f"{name}.key.pem")

    logs.configure("tests", "ERROR")
    with ExitStack() as stack:
        make_db = stack.enter_context(clean_databases(databases))
        serve = stack.enter_context(running_servers(keys))
        folder = tmp_path_factory.mktemp("authorization")
        yield Scene(stack.enter_context(running_system(make_db, serve, sign, keys, folder)))


@pytest.fixture(autouse=True)
def quiet(_logs_as_before: None) -> None:
    """Silences the log lines of thousands of calls."""
    logs.configure("tests", "ERROR")
