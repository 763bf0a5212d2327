"""Imports that help must not wait for."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("docker", "hashlib", "httpx", "jinja2", "junitparser", "plotly", "rich", "ruamel", "requests", "ssl")
MOST_MODULES = 310
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
