"""Node and its packages, for the tests of javascript/."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = (ROOT / "javascript" / "synthlab", ROOT / "javascript" / "playwright")


@cache
def node_modules() -> Path:
    """The folder of the installed npm packages; installs them first if the lockfile is new."""
    assert shutil.which("node"), "these tests need Node and npm: install nodejs and npm, or run .ci/node"
    done = subprocess.run([ROOT / ".ci" / "node-modules"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ROOT / done.stdout.strip()


def succeeds(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """The output of a command; fails with all it said if its status is not 0."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def compiles(project: Path) -> None:
    """Check a TypeScript project, given by its tsconfig.json."""
    succeeds("node", node_modules() / "typescript" / "lib" / "tsc.js", "--project", project)
