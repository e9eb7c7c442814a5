"""Checks of the packages installed in production: vulnerabilities, licences, and no test tools."""

import json
import re
import subprocess
import tomllib
from collections.abc import Sequence
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.supply import audit, licences
from tests.supply.audit import Advisory, NotAudited
from tests.supply.licences import Package

RUNTIME_LOCKS = ("requirements.image.lock", "requirements.build.lock")
# Dependencies of test tools; those named in pyproject.toml are found there.
BROUGHT = {"flask", "werkzeug", "gevent", "pytest", "coverage", "virtualenv", "selenium", "pip-api", "pyee"}
# An extra of the image that tests need as well.
ALSO_AT_RUN_TIME = {"pillow-heif"}


def names_in(lock: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)==", Path(lock).read_text(), re.MULTILINE))


def list_test_tools() -> set[str]:
    groups = tomllib.loads(Path("pyproject.toml").read_text())["dependency-groups"]
    return {re.split(r"[^a-z0-9-]", tool)[0] for tool in groups["dev"]} | BROUGHT


@pytest.mark.parametrize("lock", RUNTIME_LOCKS)
def test_no_test_tool_is_in_a_production_lock_file(lock: str) -> None:
    assert (list_test_tools() - ALSO_AT_RUN_TIME) & names_in(lock) == set()


def test_control_the_development_lock_file_has_them() -> None:
    tools = list_test_tools()
    assert {"locust", "playwright", "pytest", "schemathesis", "flask"} <= tools & names_in("requirements.lock")


# Licences.


def test_every_production_package_has_an_allowed_licence() -> None:
    packages = [*licences.read_image(), *licences.read_pages()]
    assert len(packages) > 60
    assert [package for package in packages if not package.is_allowed] == []


def test_the_licences_page_is_up_to_date() -> None:
    assert licences.PAGE.read_text() == licences.render(), "make licences"


@pytest.mark.parametrize(
    ("licence", "is_allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 AND BSD-2-Clause", True),
        ("AGPL-3.0-only OR MIT", True),
        ("(MIT OR CC0-1.0)", True),
        ("MIT AND GPL-3.0-or-later", False),
        ("AGPL-3.0-only", False),
        ("Commercial, ask us", False),
        ("", False),
    ],
)
def test_only_listed_licences_are_allowed(licence: str, is_allowed: bool) -> None:
    assert Package("one", "1", licence).is_allowed is is_allowed


class Said(Message):
    """Package metadata."""

    def __init__(self, **fields: Any) -> None:
        super().__init__()
        self.json = fields


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"license_expression": "MIT", "license": "see LICENSE"}, "MIT"),
        ({"classifier": ["License :: OSI Approved :: MIT License", "Topic :: Software"]}, "MIT"),
        ({"classifier": "License :: OSI Approved", "license": "SIL OFL V1.1"}, "OFL-1.1"),
        ({"license": "Made up\nwith terms"}, "Made up"),
        ({}, ""),
    ],
)
def test_a_licence_is_read_from_every_metadata_field(fields: dict[str, Any], licence: str) -> None:
    assert licences.licence_of(Said(**fields)) == licence  # type: ignore[arg-type]


def test_a_missing_package_is_not_reported_as_lacking_a_licence(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("nobody-has-written-this==1.0 \\\n    --hash=sha256:0\n")
    with pytest.raises(metadata.PackageNotFoundError):
        licences.read_image(lock)


def test_dependencies_of_other_systems_are_not_in_the_image(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    elsewhere, here = "sys_platform == 'win32'", "python_version >= '3.12' and sys_platform != 'win32'"
    lines = [f"nobody-has-written-this==1.0 ; {elsewhere}", f"packaging==9.1 ; {here}", "click==9.2"]
    lock.write_text("".join(f"{line} \\\n    --hash=sha256:0\n" for line in lines))
    assert [(one.name, one.version) for one in licences.read_image(lock)] == [("packaging", "9.1"), ("click", "9.2")]


# Vulnerabilities.

FLAW = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["1.1"], "description": "..."}


def answer(*packages: dict[str, Any], returns: int = 0, says: str = "") -> audit.Run:
    """Fakes a pip-audit run that found these packages."""
    text = json.dumps({"dependencies": packages, "fixes": []}) if packages else ""

    def run(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.CompletedProcess(command, returns, text, says)

    return run


def package(name: str, *flaws: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": flaws}


def test_a_known_vulnerability_fails_the_audit(capsys: pytest.CaptureFixture[str]) -> None:
    run = answer(package("good"), package("bad", FLAW), returns=1)
    assert audit.audit("pypi", run) == [Advisory("bad", "1.0", "PYSEC-2026-1", ("1.1",))]
    assert audit.report(lambda: audit.audit("pypi", run), is_offline_fine=True) == 1
    assert "bad 1.0: PYSEC-2026-1, fixed in 1.1" in capsys.readouterr().out


def test_an_audit_without_vulnerabilities_succeeds() -> None:
    assert audit.report(lambda: audit.audit("pypi", answer(package("good"))), is_offline_fine=False) == 0


def test_an_accepted_vulnerability_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ACCEPTED", {"CVE-2026-1": "only on Windows"})
    assert audit.audit("pypi", answer(package("bad", FLAW), returns=1)) == []


NOT_AUDITED = {
    "a mirror": answer({"name": "one", "skip_reason": "Dependency not found on PyPI and could not be audited"}),
    "no network": answer(returns=1, says="...\nrequests.exceptions.ConnectionError: Failed to resolve 'api.osv.dev'"),
    "a crash": answer(returns=1, says="Traceback ... KeyError"),
    "nothing": answer(returns=1),
}


@pytest.mark.parametrize("case", NOT_AUDITED)
def test_a_failed_lookup_is_reported_in_one_line_and_fails(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    def look() -> list[Advisory]:
        return audit.audit("pypi", NOT_AUDITED[case])

    assert audit.report(look, is_offline_fine=False) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert audit.report(look, is_offline_fine=True) == 0


def test_control_pip_audit_reports_success_for_skipped_packages() -> None:
    """It exits with 0 and an empty list of vulnerabilities."""
    done = NOT_AUDITED["a mirror"]([])
    assert done.returncode == 0
    assert [flaw for found in json.loads(done.stdout)["dependencies"] for flaw in found.get("vulns", ())] == []
    with pytest.raises(NotAudited):
        audit.audit("pypi", NOT_AUDITED["a mirror"])
