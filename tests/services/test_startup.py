"""Every process reports an unusable setting in one line and ends with exit code 2."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from kit.rpc.identity import create_key_pair
from kit.vault import create_master_key
from tests.services.forks import Forks, run_forks

PROCESSES = {
    "auth": ("auth_service",),
    "selfie": ("selfie_service",),
    "selfie worker": ("selfie_service", "worker"),
    "matcher": ("matcher_service",),
    "indexer": ("matcher_service", "indexer"),
    "gateway": ("gateway",),
    "check": ("matcher_service", "check"),
    "add-organiser": ("auth_service", "add-organiser", "--username", "o", "--email", "o@example.org"),
    "auth migrate": ("auth_service", "migrate"),
    "selfie migrate": ("selfie_service", "migrate"),
    "matcher migrate": ("matcher_service", "migrate"),
}
SERVERS = ("auth", "selfie", "matcher", "gateway")
SERVING = (*SERVERS, "selfie worker", "indexer")
FACE_PROCESSES = ("selfie", "selfie worker", "matcher", "indexer")
BLOB_PROCESSES = ("selfie", "selfie worker", "matcher", "indexer", "check")
OWNERS = {"indexer": "matcher", "check": "matcher", "add-organiser": "auth"}
UNREACHABLE = "postgresql://minois:hunter2@127.0.0.1:1/minois"
# (the setting, its invalid value, text of the line, the processes that read it)
WRONG = [
    ("PORT", "{busy}", "cannot listen on 127.0.0.1:{busy}: Address already in use", SERVERS),
    ("METRICS_PORT", "{busy}", "cannot listen on 127.0.0.1:{busy}: Address already in use", SERVING),
    ("METRICS_HOST", "192.0.2.1", "cannot listen on 192.0.2.1:{free}: Cannot assign requested address", SERVING),
    ("SIGNING_KEY", "{garbage}", "SIGNING_KEY: {garbage} contains no", (*SERVERS, "selfie worker")),
    ("SIGNING_KEY", "{stranger}", "SIGNING_KEY: it is not the private half of", SERVERS),
    ("SIGNING_KEY", "/nowhere", "SIGNING_KEY: Path does not point to a file", SERVERS),
    ("MINOIS_KEYS", "{empty}", "MINOIS_KEYS: {empty} contains no auth.pub.pem", ("auth", "selfie", "matcher")),
    ("MINOIS_KEYS", "{keys}", "auth.pub.pem contains no public Ed25519 key", ("auth", "selfie", "matcher")),
    ("MASTER_KEY", "{garbage}", "MASTER_KEY: {garbage} must have a line of 32 bytes in base64", FACE_PROCESSES),
    ("MASTER_KEY", "/nowhere", "MASTER_KEY: Path does not point to a file", FACE_PROCESSES),
    ("BLOB_URL", "/var/photos", "BLOB_URL: must be file:///path or s3://bucket", BLOB_PROCESSES),
    ("BLOB_URL", "file://{empty}/a/b", "BLOB_URL: {empty}/a does not exist", BLOB_PROCESSES),
    ("BLOB_URL", "{file_url}", "BLOB_URL: {garbage} is not a folder", BLOB_PROCESSES),
    ("AUTH_ADDRESS", "auth", "AUTH_ADDRESS: must be host:port", ("selfie", "matcher", "gateway")),
    ("AUTH_ADDRESS", "http://auth:50051", "AUTH_ADDRESS: must be host:port", ("gateway",)),
    ("MATCHER_ADDRESS", "localhost:99999", "MATCHER_ADDRESS: must be host:port", ("selfie worker", "gateway")),
    ("RATE_LOGINS", "many", "RATE_LOGINS: must be like 10/minute", ("gateway",)),
    ("RATE_LOGINS", "5/minute;0/hour", "RATE_LOGINS: must be like 10/minute", ("gateway",)),
    ("TLS_CERT", "{garbage}", "TLS_CERT: {garbage} holds no certificate (PEM)", (*SERVERS, "selfie worker")),
    ("DB_POOL_SIZE", "abc", "DB_POOL_SIZE: Input should be a valid integer", ("auth", "selfie worker", "indexer")),
    (
        "DATABASE_URL",
        UNREACHABLE,
        '"127.0.0.1", port 1 failed: Connection refused',
        ("auth migrate", "selfie migrate", "matcher migrate", "add-organiser", "check"),
    ),
]


@pytest.fixture
def places(tmp_path: Path, keys: Path) -> Iterator[dict[str, str]]:
    """The values of the placeholders in the table above."""
    (tmp_path / "garbage").write_text("no key and no certificate")
    strangers = tmp_path / "strangers"
    for folder in ("empty", "keys", "strangers"):
        (tmp_path / folder).mkdir()
    create_key_pair(strangers, "auth")
    create_master_key(tmp_path / "master.key")
    (tmp_path / "keys" / "auth.pub.pem").write_text("no key")
    with socket.create_server(("127.0.0.1", 0)) as busy, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield {
            "busy": str(busy.getsockname()[1]),
            "free": str(free.getsockname()[1]),
            "garbage": str(tmp_path / "garbage"),
            "file_url": f"file://{tmp_path}/garbage",
            "empty": str(tmp_path / "empty"),
            "keys": str(tmp_path / "keys"),
            "stranger": str(strangers / "auth.key.pem"),
            "all_keys": str(keys),
            "master_key": str(tmp_path / "master.key"),
            "blobs": f"file://{tmp_path}/blobs",
        }


Run = Callable[[Sequence[str], Mapping[str, str]], tuple[int, str]]


def run_python(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Runs a module with its arguments; returns its exit code and output."""
    python = [sys.executable, "-m", *command]
    done = subprocess.run(python, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with run_forks(tmp_path_factory.mktemp("forks")) as started:
        yield started


def start(run: Run, process: str, places: dict[str, str], name: str, value: str) -> tuple[int, str]:
    """Runs a process with one invalid setting; returns its exit code and output."""
    settings = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": UNREACHABLE,
        "MINOIS_KEYS": places["all_keys"],
        "SIGNING_KEY": f"{places['all_keys']}/{OWNERS.get(process.split()[0], process.split()[0])}.key.pem",
        "MASTER_KEY": places["master_key"],
        "BLOB_URL": places["blobs"],
        "MINOIS_PASSWORD": "eight cups of tea",
        "MINOIS_DATA": places["empty"],
        **{f"{service.upper()}_PORT": "0" for service in SERVERS},
        **{f"{service.upper()}_ADDRESS": "127.0.0.1:1" for service in SERVERS},
    }
    if name == "PORT":
        name = f"{process.upper()}_PORT"
    if name.startswith("TLS"):
        settings |= {"TLS_KEY": settings["SIGNING_KEY"], "TLS_CA": places["garbage"]}
    if name == "METRICS_HOST":
        settings["METRICS_PORT"] = places["free"]
    settings[name] = value
    return run(PROCESSES[process], settings)


CASES = [
    pytest.param(process, name, value, line, id=f"{process}-{name}-{value[:12]}")
    for name, value, line, processes in WRONG
    for process in processes
]
FIRST = {process: name for name, _, _, processes in reversed(WRONG) for process in processes}


@pytest.mark.parametrize(("process", "name", "value", "line"), CASES)
def test_an_unusable_setting_stops_the_start_with_one_line(
    places: dict[str, str], forks: Forks, process: str, name: str, value: str, line: str
) -> None:
    run = run_python if FIRST[process] == name else forks.run
    code, output = start(run, process, places, name, value.format(**places))
    assert line.format(**places) in output
    assert (code, output.count("\n")) == (2, 1), output
    assert "hunter2" not in output
