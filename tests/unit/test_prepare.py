"""Keys and passwords of a container installation."""

import stat
import sys
from pathlib import Path

import pytest

from deploy.prepare import SIGNING_SERVICES, main, prepare
from deploy.roles import SERVICES, role_of
from kit.rpc.identity import Signer, Verifier


def read_all(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_service_gets_a_key_trusted_by_all_others(tmp_path: Path) -> None:
    prepare(tmp_path)
    for folder in (tmp_path / "secrets", *(tmp_path / name for name in SIGNING_SERVICES)):
        verifier = Verifier.read(folder)
        for name in SIGNING_SERVICES:
            verifier.require_match(Signer.read(name, tmp_path / "secrets" / f"{name}.key.pem"))


def test_each_process_gets_only_its_own_private_key_and_role(tmp_path: Path) -> None:
    prepare(tmp_path)
    for name in SIGNING_SERVICES:
        private = {path.name for path in (tmp_path / name).iterdir() if not path.name.endswith(".pub.pem")}
        assert private == {f"{name}.key.pem"} | ({"pgpass"} if name in SERVICES else set())
        for key in private:
            assert stat.S_IMODE((tmp_path / name / key).stat().st_mode) == 0o600, key
    for path in (tmp_path / "secrets").iterdir():
        if not path.name.endswith(".pub.pem"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def read_passwords(path: Path) -> dict[str, str]:
    return dict(line.split(":")[3:5] for line in path.read_text().splitlines())


def test_each_role_has_its_own_password_which_migrations_receive(tmp_path: Path) -> None:
    prepare(tmp_path)
    known = read_passwords(tmp_path / "migrate" / "pgpass")
    assert set(known) == {"minois", "minois_auth", "minois_selfie", "minois_matcher"}
    assert len(set(known.values())) == 4
    for service in SERVICES:
        assert read_passwords(tmp_path / service / "pgpass") == {role_of(service): known[role_of(service)]}


def test_repeated_preparation_changes_nothing(tmp_path: Path) -> None:
    prepare(tmp_path)
    before = read_all(tmp_path)
    prepare(tmp_path)
    assert read_all(tmp_path) == before


def test_passwords_are_kept_after_an_upgrade_or_a_restore(tmp_path: Path) -> None:
    prepare(tmp_path)
    known = read_passwords(tmp_path / "migrate" / "pgpass")
    (tmp_path / "secrets" / "pgpass").write_text("*:*:*:minois:of a version with one role\n")
    (tmp_path / "auth" / "pgpass").write_text("*:*:*:minois_auth:of another installation\n")
    prepare(tmp_path)
    assert read_passwords(tmp_path / "migrate" / "pgpass") == known
    assert known["minois"] == (tmp_path / "password" / "database").read_text()
    assert min(map(len, known.values())) >= 32
    assert read_passwords(tmp_path / "auth" / "pgpass") == {"minois_auth": known["minois_auth"]}
    assert not (tmp_path / "secrets" / "pgpass").exists()


def test_an_unwritable_folder_is_reported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(sys, "argv", ["prepare", str(tmp_path / "file")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, capsys.readouterr().err.count("\n")) == (1, 1)
