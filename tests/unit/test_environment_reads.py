"""Only settings and `__main__` modules read the environment."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("kit", "auth_service", "selfie_service", "matcher_service", "gateway")
READERS = {"settings.py", "mail_settings.py", "__main__.py"}
NAMES = {"environ", "environb", "getenv", "getenvb"}


def environment_reads(source: str) -> list[int]:
    """The lines that use `os.environ` or `os.getenv`, except assignments to a variable, which read nothing."""
    nodes = list(ast.walk(ast.parse(source)))
    written = {id(node.value) for node in nodes if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)}
    return [
        node.lineno
        for node in nodes
        if (isinstance(node, ast.Attribute) and node.attr in NAMES and id(node) not in written)
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and NAMES & {name.name for name in node.names})
    ]


def test_only_settings_and_main_modules_read_the_environment() -> None:
    modules = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    others = [path for path in modules if path.name not in READERS and "node_modules" not in path.parts]

    assert len(others) > 200
    found = {str(path.relative_to(ROOT)): environment_reads(path.read_text()) for path in others}
    assert {module: lines for module, lines in found.items() if lines} == {}


@pytest.mark.parametrize("read", ["os.environ['A']", "os.getenv('A')", "from os import environ", "f(**os.environ)"])
def test_control_a_read_is_found(read: str) -> None:
    assert environment_reads(f"import os\n{read}") == [2]


def test_control_an_assignment_is_not_a_read() -> None:
    assert environment_reads("import os\nos.environ['A'] = '1'") == []
