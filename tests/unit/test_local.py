"""The pure functions of the local stack."""

import socket
import stat
from io import StringIO
from pathlib import Path

import pytest

from deploy.journey import Found, Report
from deploy.local.environment import check_ports, create_folders, free_ports, shared_settings, write_env_file
from deploy.local.faults import WrongSetting
from deploy.local.log import SystemLog, prefixed
from deploy.local.postgres import cluster_folder
from deploy.local.processes import DEFAULT_PORTS, PROCESSES, check_connections, needed_connections, replicated
from deploy.local.system import LocalSystem
from kit.rpc.identity import Signer, Verifier
from kit.settings import read_env_file

DATA = Path("/srv/minois")
PORTS = {service: [port] for service, port in DEFAULT_PORTS.items()}
URL = "postgresql://minois@/minois?host=/srv/minois/postgres"
URLS = {name: f"postgresql://minois_{name}@/minois" for name in ("auth", "selfie", "matcher")}


def test_every_process_with_a_database_counts_its_pool_and_its_listeners() -> None:
    assert needed_connections(PROCESSES, {}) == 3 * 12 + 2 * 7
    assert needed_connections(PROCESSES, {"DB_POOL_SIZE": "4"}) == 3 * 11 + 2 * 8


def test_the_default_pools_fit_into_postgresql() -> None:
    replicas = {"indexer": 4, "selfie-worker": 3}
    check_connections(list(replicated(PROCESSES, replicas).values()), {}, 100)


def test_pools_larger_than_postgresql_allows_are_rejected_in_one_line() -> None:
    with pytest.raises(WrongSetting) as refusal:
        check_connections(PROCESSES, {"DB_POOL_SIZE": "30", "DB_MAX_OVERFLOW": "70"}, 100)
    assert "DB_POOL_SIZE" in str(refusal.value)
    assert "510 database connections" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_replicas_are_numbered_from_two() -> None:
    names = list(replicated(PROCESSES, {"indexer": 3}))
    assert names == ["auth", "selfie", "matcher", "selfie-worker", "indexer", "indexer-2", "indexer-3", "gateway"]


def test_every_replica_counts_towards_the_connection_limit() -> None:
    processes = list(replicated(PROCESSES, {"auth": 2, "matcher": 3, "gateway": 2}).values())
    assert needed_connections(processes, {}) == (3 + 1 + 2) * 12 + 2 * 7


def test_each_gateway_replica_has_its_own_port(tmp_path: Path) -> None:
    system = LocalSystem(tmp_path, ports={"gateway": 1}, replicas={"gateway": 2, "matcher": 2, "indexer": 2})
    assert set(system.ports) == {"auth", "selfie", "matcher", "matcher-2", "gateway", "gateway-2"}
    assert len(set(system.ports.values())) == 6
    assert system.base_urls == ["http://127.0.0.1:1", f"http://127.0.0.1:{system.ports['gateway-2']}"]
    assert system.base_url == system.base_urls[0]


def test_a_mailer_runs_only_if_a_mail_server_is_configured(tmp_path: Path) -> None:
    names = [set(LocalSystem(tmp_path, settings=given)._kinds) for given in ({}, {"SMTP_URL": "smtp://localhost"})]
    assert names[1] - names[0] == {"mailer"}


def test_the_addresses_of_replicas_form_one_target() -> None:
    settings = shared_settings(DATA, URL, URLS, {"matcher": [1, 2], "auth": [3]})
    assert settings["MATCHER_ADDRESS"] == "ipv4:127.0.0.1:1,127.0.0.1:2"
    assert settings["MATCHER_PORT"] == "1"
    assert settings["AUTH_ADDRESS"] == "127.0.0.1:3"


def test_the_settings_contain_every_address_and_every_key() -> None:
    settings = shared_settings(DATA, URL, URLS, PORTS)
    assert settings["AUTH_ADDRESS"] == "127.0.0.1:50051"
    assert settings["GATEWAY_PORT"] == "8000"
    assert settings["DATABASE_URL"] == settings["LISTEN_URL"] == URL
    assert settings["BLOB_URL"] == "file:///srv/minois/blobs"
    assert settings["SELFIE_SIGNING_KEY"] == "/srv/minois/keys/selfie.key.pem"
    assert settings["GATEWAY_SIGNING_KEY"] == "/srv/minois/keys/gateway.key.pem"
    assert "SIGNING_KEY" not in settings


def test_a_data_folder_of_a_version_without_a_gateway_key_gets_one(tmp_path: Path) -> None:
    create_folders(tmp_path)
    keys = tmp_path / "keys"
    before = {path.name: path.read_bytes() for path in keys.iterdir() if "gateway" not in path.name}
    for path in keys.glob("gateway.*"):
        path.unlink()
    create_folders(tmp_path)
    assert {path.name: path.read_bytes() for path in keys.iterdir() if "gateway" not in path.name} == before
    Verifier.read(keys).require_match(Signer.read("gateway", keys / "gateway.key.pem"))


def test_the_env_file_is_readable_only_by_its_owner(tmp_path: Path) -> None:
    write_env_file(tmp_path / "env", {"A": "1"})
    write_env_file(tmp_path / "env", {"A": "2", "B": "x=y"})
    assert (tmp_path / "env").read_text() == "A=2\nB=x=y\n"
    assert stat.S_IMODE((tmp_path / "env").stat().st_mode) == 0o600


def test_a_tool_reads_the_env_file_with_its_own_signing_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_env_file(tmp_path / "env", shared_settings(DATA, URL, URLS, PORTS))
    environment = {"MINOIS_DATA": str(tmp_path), "AUTH_PORT": "1"}
    monkeypatch.setattr("os.environ", environment)
    read_env_file("auth")
    assert environment["SIGNING_KEY"] == "/srv/minois/keys/auth.key.pem"
    assert environment["DATABASE_URL"] == environment["LISTEN_URL"] == URLS["auth"]
    assert environment["AUTH_PORT"] == "1"


def test_a_busy_port_is_reported_in_one_line() -> None:
    ports = free_ports(["auth", "gateway"])
    assert len(set(ports.values())) == 2
    check_ports(ports)
    with socket.create_server(("127.0.0.1", ports["gateway"])), pytest.raises(WrongSetting) as refusal:
        check_ports(ports)
    assert "GATEWAY_PORT or --port" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_log_lines_are_aligned_for_every_name() -> None:
    assert prefixed("auth", "Serving.").index("|") == prefixed("selfie-worker", "Serving.").index("|")


def test_a_log_without_a_terminal_has_no_colours(tmp_path: Path) -> None:
    terminal = StringIO()
    log = SystemLog(tmp_path / "minois.log", terminal)
    log.announce("auth", "Serving.")
    log.close()
    log.write("auth", "too late")
    assert terminal.getvalue() == (tmp_path / "minois.log").read_text() == "auth           | Serving.\n"


def test_the_log_of_the_previous_start_is_kept(tmp_path: Path) -> None:
    for line in ("first", "second"):
        log = SystemLog(tmp_path / "minois.log")
        log.write("auth", line)
        log.close()
    assert log.tail(5) == ["auth           | second"]
    assert "first" in (tmp_path / "minois.log.old").read_text()


@pytest.mark.parametrize(
    ("data", "is_root", "with_the_data"),
    [
        ("/srv/minois/var", True, True),
        ("/home/admin/minois/var", True, False),
        ("/home/admin/minois/var", False, True),
    ],
)
def test_started_by_root_the_cluster_is_outside_the_home_folder(data: str, is_root: bool, with_the_data: bool) -> None:
    folder = cluster_folder(Path(data), Path("/home/admin"), is_root)
    assert (folder.parent == Path(data)) == with_the_data
    assert folder == cluster_folder(Path(data), Path("/home/admin"), is_root)


def test_the_demo_report_has_the_documented_form() -> None:
    guests = tuple(
        Found(name, expected=8, matched=8, wrong=0, upload_ms=ms, wait_s=s)
        for name, ms, s in (("Ada", 30.0, 1.0), ("Ben", 10.04, 2.005), ("Cleo", 20.0, 1.5))
    )
    assert Report(photos=16, faces=24, guests=guests).as_json() == {
        "photos": 16,
        "faces": 24,
        "guests": [{"name": name, "expected": 8, "matched": 8, "wrong": 0} for name in ("Ada", "Ben", "Cleo")],
        "upload_ms": 20.0,
        "selfie_to_matches_s": 2.0,
    }


@pytest.mark.parametrize(("matched", "wrong", "is_exact"), [(8, 0, True), (7, 0, False), (8, 1, False)])
def test_a_guest_is_exact_only_with_all_their_photos_and_no_other(matched: int, wrong: int, is_exact: bool) -> None:
    assert Found("Ada", 8, matched, wrong, 1.0, 1.0).is_exact == is_exact
