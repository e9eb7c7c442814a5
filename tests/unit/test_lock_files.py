"""The lock files name packages, not the places that they were fetched from."""

import re
from pathlib import Path

import pytest

ADDRESS = re.compile(r"\w+://|^--(extra-)?index-url", re.MULTILINE)


@pytest.mark.parametrize(
    "path", ["requirements.lock", "gateway/web/package-lock.json", "tests/pages/lighthouse/package-lock.json"]
)
def test_a_lock_file_holds_no_addresses(path: str) -> None:
    assert ADDRESS.findall(Path(path).read_text()) == []


@pytest.mark.parametrize("line", ['"url": "https://example.org/sponsors"', "--index-url example.org"])
def test_control_an_address_is_found(line: str) -> None:
    assert ADDRESS.search(line)
