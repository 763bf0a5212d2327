"""How long the help takes."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from statistics import median

SYNTHLAB = str(Path(sys.executable).with_name("synthlab"))
HEAVY = ("docker", "httpx", "jinja2", "junitparser", "plotly", "rich", "ruamel", "requests")


def test_help_imports_nothing_heavy() -> None:
    """Help is quick because the libraries that it does not need are not imported: none of them is."""
    program = (
        "import sys; from synthlab.cli import main; status = main(['--help']);"
        f"heavy = [name for name in {HEAVY} if name in sys.modules];"
        "sys.exit(' '.join(heavy) or status)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_is_quick() -> None:
    """`synthlab --help` costs less than 0.3 s of a core: the median of 10, so that a busy machine does not count."""
    seconds = []
    for _ in range(10):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([SYNTHLAB, "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert median(seconds) < 0.3
