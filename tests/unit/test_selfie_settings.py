"""Settings of the selfie worker with special values."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from selfie_service.binding import TOLERANCE
from selfie_service.settings import WorkerSettings


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    (tmp_path / "key").touch()
    required = {
        "DATABASE_URL": "postgresql://localhost/minois",
        "BLOB_URL": f"file://{tmp_path}",
        "MINOIS_KEYS": str(tmp_path),
        "SIGNING_KEY": str(tmp_path / "key"),
        "MASTER_KEY": str(tmp_path / "key"),
    }
    for name, value in required.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("BINDING_TOLERANCE", raising=False)
    return monkeypatch


@pytest.mark.parametrize(("value", "tolerance"), [("", TOLERANCE), ("0.65", 0.65), ("none", None)])
def test_only_the_value_none_disables_the_binding(
    environment: pytest.MonkeyPatch, value: str, tolerance: float | None
) -> None:
    environment.setenv("BINDING_TOLERANCE", value)
    assert WorkerSettings().binding_tolerance == tolerance


@pytest.mark.parametrize("value", ["0", "off", "-1", "2.1"])
def test_an_invalid_tolerance_is_rejected(environment: pytest.MonkeyPatch, value: str) -> None:
    environment.setenv("BINDING_TOLERANCE", value)
    with pytest.raises(ValidationError, match="binding_tolerance"):
        WorkerSettings()
