"""The cache of converted models: any damage to it costs only another conversion."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit.faces import models


class Converter:
    """A converter that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, source: bytes) -> bytes:
        self.calls += 1
        return b"model of %d bytes" % len(source)


def load(convert: Converter, folder: Path | None) -> bytes:
    return models.load_converted(models.LANDMARKS, convert, folder)


def test_a_model_is_converted_once(tmp_path: Path) -> None:
    convert = Converter()
    first = load(convert, tmp_path / "new" / "folder")
    assert load(convert, tmp_path / "new" / "folder") == first == b"model of 9150489 bytes"
    assert convert.calls == 1


def test_another_converter_version_converts_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    convert = Converter()
    load(convert, tmp_path)
    monkeypatch.setattr(models, "CONVERTER_VERSION", models.CONVERTER_VERSION + 1)
    load(convert, tmp_path)
    assert convert.calls == 2
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damaged", [b"", b"short", bytes(32) + b"model of 9150489 bytes"])
def test_a_damaged_model_is_replaced(tmp_path: Path, damaged: bytes) -> None:
    convert = Converter()
    model = load(convert, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(damaged)
    assert load(convert, tmp_path) == load(convert, tmp_path) == model
    assert convert.calls == 2


def test_without_a_writable_folder_models_stay_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    convert = Converter()
    assert load(convert, tmp_path / "file") == load(convert, None) == b"model of 9150489 bytes"
    assert convert.calls == 2


def test_concurrent_conversions_are_safe(tmp_path: Path) -> None:
    convert = Converter()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: load(convert, tmp_path), range(24)))
    assert found == {b"model of 9150489 bytes"}
    assert len(list(tmp_path.iterdir())) == 1


def test_a_model_that_cannot_be_moved_into_place_leaves_no_file(tmp_path: Path) -> None:
    convert = Converter()
    load(convert, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.unlink()
    kept.mkdir()
    assert load(convert, tmp_path) == b"model of 9150489 bytes"
    assert list(tmp_path.iterdir()) == [kept]
