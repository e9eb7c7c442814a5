"""The documents name tests, settings and make targets that exist."""

import re
from pathlib import Path

import pytest

DOCUMENTS = ("SECURITY.md", "ARCHITECTURE.md", "PRIVACY.md", "RELIABILITY.md")
TEST = re.compile(r"`(?:[a-z0-9]+/)*((?:test|fuzz)_[a-z0-9_]+)(?:\.py)?`")
FOLDER = re.compile(r"`(tests/[a-z0-9_/]+)`")
TARGET = re.compile(r"`make ([a-z0-9-]+)")
THREAT = re.compile(r"^\| (?P<threat>[^|]+) \| (?P<defence>[^|]+) \| (?P<tests>[^|]+) \|$", re.MULTILINE)


def read_threats() -> list[tuple[str, str]]:
    """Each threat with what is said of its tests."""
    table = Path("SECURITY.md").read_text().partition("## Threats and defences")[2].partition("\n## ")[0]
    rows = [(row["threat"], row["tests"]) for row in THREAT.finditer(table)]
    return rows[1:]  # without the head


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_a_document_names_exists(document: str) -> None:
    text = Path(document).read_text()
    files = {path.stem for path in Path("tests").rglob("*.py")}
    assert set(TEST.findall(text)) - files == set()
    assert [folder for folder in FOLDER.findall(text) if not Path(folder).exists()] == []


@pytest.mark.parametrize("document", [*DOCUMENTS, "README.md"])
def test_every_target_that_a_document_names_exists(document: str) -> None:
    makefile = Path("Makefile").read_text()
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    assert set(TARGET.findall(Path(document).read_text())) - targets == set()


def test_every_threat_has_a_test() -> None:
    threats = read_threats()
    assert len(threats) > 20
    assert [threat for threat, tests in threats if not (TEST.search(tests) or FOLDER.search(tests))] == []


def test_control_a_test_that_is_gone_is_found() -> None:
    assert TEST.findall("| a threat | a defence | `test_gone`, `e2e/test_gone_too` |") == ["test_gone", "test_gone_too"]
