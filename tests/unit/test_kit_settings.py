"""Settings: read from the environment, with errors reported in one line."""

import re
import sys
from pathlib import Path

import pytest
from pydantic import Field

from kit import settings
from kit.settings import DatabaseSettings, KeySettings, ProcessSettings, ServerSettings, TlsSettings


class Everything(ProcessSettings, DatabaseSettings, KeySettings, ServerSettings):
    """python -m something: does something."""

    minois_password: str = Field("", max_length=5, description="a secret")


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The required variables, and nothing else."""
    key = tmp_path / "key.pem"
    key.touch()
    values = {"DATABASE_URL": "postgresql://host/name", "MINOIS_KEYS": str(tmp_path), "SIGNING_KEY": str(key)}
    for name in Everything.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["something"])
    return monkeypatch


def test_unset_settings_have_defaults() -> None:
    config = settings.load(Everything)
    assert (config.log_level, config.db_pool_size, config.tls_ca) == ("INFO", 5, None)


def test_an_empty_setting_counts_as_unset(environment: pytest.MonkeyPatch) -> None:
    for name in ("LOG_LEVEL", "DB_POOL_SIZE", "TLS_CERT", "TLS_KEY", "TLS_CA", "METRICS_PORT", "GRACE_S"):
        environment.setenv(name, "")
    config = settings.load(Everything)
    assert (config.log_level, config.db_pool_size, config.tls_cert, config.grace_s) == ("INFO", 5, None, 10)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DATABASE_URL", "", "DATABASE_URL: Field required"),
        ("DATABASE_URL", "sqlite:///x", "DATABASE_URL: String should match pattern"),
        ("SIGNING_KEY", "/nowhere", "SIGNING_KEY: Path does not point to a file"),
        ("MINOIS_KEYS", "/nowhere", "MINOIS_KEYS: Path does not point to a directory"),
        ("DB_POOL_SIZE", "0", "DB_POOL_SIZE: Input should be greater than or equal to 1"),
        ("DB_MAX_OVERFLOW", "many", "DB_MAX_OVERFLOW: Input should be a valid integer"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("METRICS_PORT", "65536", "METRICS_PORT: Input should be less than or equal to 65535"),
        ("REFLECTION", "perhaps", "REFLECTION: Input should be a valid boolean"),
        ("TLS_CERT", __file__, "TLS_CERT, TLS_KEY and TLS_CA go together"),
        ("TLS_CA", __file__, "TLS_CERT, TLS_KEY and TLS_CA go together"),
    ],
)
def test_an_invalid_setting_is_reported_in_one_line(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, message: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        settings.load(Everything)
    line = capsys.readouterr().err
    assert ended.value.code == 2
    assert message in line
    assert re.fullmatch(r"settings: .+ \(--help lists them all\)\n", line)


def test_all_invalid_settings_are_reported_together_without_values(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("MINOIS_PASSWORD", "hunter2")
    environment.setenv("DATABASE_URL", "mysql://gina:hunter2@host")
    with pytest.raises(SystemExit):
        settings.load(Everything)
    line = capsys.readouterr().err
    assert "DATABASE_URL" in line
    assert "MINOIS_PASSWORD" in line
    assert "hunter2" not in line


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_lists_every_setting_with_its_default(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    environment.setattr(sys, "argv", ["something", word])
    with pytest.raises(SystemExit) as ended:
        settings.load(Everything)
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert text.startswith("python -m something: does something.\n")
    for name, field in Everything.model_fields.items():
        line = re.search(rf"^  {name.upper()} +\S.*\((required|default .*)\)$", text, re.MULTILINE)
        assert line, name
        assert (line[1] == "required") is field.is_required()


def test_tls_settings_must_be_set_together() -> None:
    file = Path(__file__)
    assert TlsSettings(tls_cert=file, tls_key=file, tls_ca=file).tls_ca == file
    with pytest.raises(ValueError, match="go together"):
        TlsSettings(tls_cert=file, tls_key=file)
