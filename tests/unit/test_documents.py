"""Tests, settings and make targets named in the documents exist."""

import re
from pathlib import Path

import pytest

DECISIONS = sorted(map(str, Path("docs/decisions").glob("*.md")))
DOCUMENTS = ("SECURITY.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "PRIVACY.md", "RELIABILITY.md", *DECISIONS)
TEST = re.compile(r"`(?:tests/)?((?:[a-z0-9]+/)*(?:test|fuzz)_[a-z0-9_]+)(?:\.py)?`")
FOLDER = re.compile(r"`(tests/[a-z0-9_/]+)`")
TARGET = re.compile(r"`make ([a-z0-9-]+)")
THREAT = re.compile(r"^\| (?P<threat>[^|]+) \| (?P<defence>[^|]+) \| (?P<tests>[^|]+) \|$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")


def find_documents() -> list[Path]:
    return sorted([*Path().glob("*.md"), *Path("docs").rglob("*.md")])


def read_threats() -> list[tuple[str, str]]:
    """Each threat with the text about its tests."""
    table = Path("SECURITY.md").read_text().partition("## Threats and defences")[2].partition("\n## ")[0]
    rows = [(row["threat"], row["tests"]) for row in THREAT.finditer(table)]
    return rows[1:]  # without the table header


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_named_in_a_document_exists(document: str) -> None:
    text = Path(document).read_text()
    assert [name for name in TEST.findall(text) if not list(Path("tests").rglob(f"{name}.py"))] == []
    assert [folder for folder in FOLDER.findall(text) if not Path(folder).exists()] == []


@pytest.mark.parametrize("document", [*DOCUMENTS, "README.md"])
def test_every_target_named_in_a_document_exists(document: str) -> None:
    makefile = Path("Makefile").read_text()
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    assert set(TARGET.findall(Path(document).read_text())) - targets == set()


def find_dead_links(document: Path) -> list[str]:
    """Relative links of a document to files that do not exist."""
    targets = (target.partition("#")[0] for target in LINK.findall(document.read_text()))
    return [target for target in targets if target and not (document.parent / target).exists()]


@pytest.mark.parametrize("document", find_documents(), ids=str)
def test_every_relative_link_resolves(document: Path) -> None:
    assert find_dead_links(document) == []


def test_control_a_dead_link_is_detected(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("[one](a.md#here), [two](docs/gone.md), [three](https://example.org/)")
    assert find_dead_links(tmp_path / "a.md") == ["docs/gone.md"]


def test_every_threat_has_a_test() -> None:
    threats = read_threats()
    assert len(threats) > 20
    assert [threat for threat, tests in threats if not (TEST.search(tests) or FOLDER.search(tests))] == []


def test_control_a_missing_test_is_detected() -> None:
    assert TEST.findall("| a threat | a defence | `test_gone`, `e2e/test_gone_too` |") == [
        "test_gone",
        "e2e/test_gone_too",
    ]
