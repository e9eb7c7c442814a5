"""The keys and the password of an installation in containers."""

import stat
import sys
from pathlib import Path

import pytest

from deploy.prepare import SIGNING_SERVICES, main, prepare
from kit.identity import Signer, Verifier


def read_all(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_service_gets_a_key_that_all_others_trust(tmp_path: Path) -> None:
    prepare(tmp_path)
    for folder in (tmp_path / "secrets", tmp_path / "gateway"):
        verifier = Verifier.read(folder)
        for name in SIGNING_SERVICES:
            verifier.require_match(Signer.read(name, tmp_path / "secrets" / f"{name}.key.pem"))


def test_the_gateway_gets_its_own_private_key_alone(tmp_path: Path) -> None:
    prepare(tmp_path)
    private = {path.name for path in (tmp_path / "gateway").iterdir() if not path.name.endswith(".pub.pem")}
    assert private == {"gateway.key.pem"}
    own = tmp_path / "secrets"
    assert {path.name for path in own.glob("*.key.pem")} == {f"{name}.key.pem" for name in SIGNING_SERVICES}
    for path in (*own.glob("*.key.pem"), own / "pgpass", tmp_path / "gateway" / "gateway.key.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_preparing_again_changes_nothing(tmp_path: Path) -> None:
    prepare(tmp_path)
    before = read_all(tmp_path)
    prepare(tmp_path)
    assert read_all(tmp_path) == before


def test_the_services_have_the_password_of_the_database_also_after_a_restore(tmp_path: Path) -> None:
    prepare(tmp_path)
    (tmp_path / "secrets" / "pgpass").write_text("*:*:*:minois:of another installation\n")
    prepare(tmp_path)
    password = (tmp_path / "password" / "database").read_text()
    assert len(password) >= 32
    assert (tmp_path / "secrets" / "pgpass").read_text() == f"*:*:*:minois:{password}\n"


def test_a_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(sys, "argv", ["prepare", str(tmp_path / "file")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, capsys.readouterr().err.count("\n")) == (1, 1)
