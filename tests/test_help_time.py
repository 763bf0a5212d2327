"""How long the help takes."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("docker", "httpx", "jinja2", "rich", "ruamel", "requests")


def test_help_imports_nothing_heavy() -> None:
    """Help is quick because the libraries that it does not need are not imported: none of them is."""
    program = (
        "import sys; from synthlab.cli import main; status = main(['--help']);"
        f"heavy = [name for name in {HEAVY} if name in sys.modules];"
        "sys.exit(' '.join(heavy) or status)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
