"""synthlab installed from its wheel, in an environment of its own: what its users have, far from any checkout."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def install_wheel(folder: Path) -> Path:
    """Build the wheel and install it into a fresh environment in `folder`; the folder of its programs.

    The dependencies are those of the environment that runs the tests: nothing is downloaded.
    """
    wheel = build_wheel(folder)
    environment = folder / "environment"
    _run("-m", "venv", "--without-pip", str(environment))
    _run("-m", "pip", "--python", str(environment / "bin" / "python"), "install", "--no-deps", str(wheel))
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin"


def build_wheel(folder: Path) -> Path:
    """Build the wheel into `folder`."""
    _run("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    return wheel


def _run(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
