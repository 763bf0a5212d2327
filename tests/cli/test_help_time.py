"""Imports that help must not wait for."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("docker", "hashlib", "httpx", "jinja2", "junitparser", "rich", "ruamel", "requests", "ssl")
MOST_MODULES = 350
"""Of which half are Python's and typer's own. `make bench` is where speed is measured."""


def modules(program: str) -> set[str]:
    """The modules a program has imported at its end."""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(result.stdout.splitlines()[-1].split())


def test_help_imports_little() -> None:
    """Help is fast because it imports none of the heavy libraries, and few modules in total."""
    loaded = modules("import sys; from synthlab.cli.main import main; main(['--help']); print(*sys.modules)")
    assert loaded & set(HEAVY) == set()
    assert len(loaded) < MOST_MODULES


@pytest.mark.issue(11)
def test_a_command_imports_only_itself() -> None:
    """Another command's module is not imported, and neither is what httpx only uses for others."""
    start = "import sys; sys.argv[1:] = ['profile', 'list', '--json']; from synthlab.cli.main import main; main()"
    loaded = modules(f"{start}; import httpx; print('\\n', *[name for name, one in sys.modules.items() if one])")
    assert "synthlab.cli.commands.profiles" in loaded
    assert not {"synthlab.cli.commands.images", "synthlab.cli.commands.run", "trio", "httpx._main"} & loaded
