"""Only settings and `__main__` modules read the environment."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("kit", "auth_service", "selfie_service", "matcher_service", "gateway")
READERS = {"settings.py", "mail_settings.py", "__main__.py"}


def environment_reads(source: str) -> list[int]:
    """The lines that use `os.environ` or `os.getenv`, except assignments to a variable, which read nothing."""
    tree = ast.parse(source)
    written = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    }
    names = {"environ", "environb", "getenv", "getenvb"}
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in names and id(node) not in written)
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and names & {name.name for name in node.names})
    ]


def test_only_settings_and_main_modules_read_the_environment() -> None:
    modules = [
        path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "node_modules" not in path.parts
    ]

    assert len(modules) > 200
    assert {
        str(path.relative_to(ROOT)): lines
        for path in modules
        if path.name not in READERS and (lines := environment_reads(path.read_text()))
    } == {}


@pytest.mark.parametrize(
    "source",
    ["import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ", "import os\nf(**os.environ)"],
)
def test_control_a_read_is_found(source: str) -> None:
    assert environment_reads(source)


def test_control_an_assignment_is_not_a_read() -> None:
    assert environment_reads("import os\nos.environ['A'] = '1'") == []
