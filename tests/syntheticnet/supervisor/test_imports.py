"""What PID 1 of every container imports: each library costs CPU time at every start, and memory for good."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.issue(13)

PROGRAM = """
import sys
before = set(sys.modules)
import syntheticnet.supervisor.init
print(*set(sys.modules) - before)
"""
OF_THE_API = {"asyncio", "prometheus_client", "ssl", "starlette", "uvicorn"}


def test_it_imports_no_library() -> None:
    """Neither a package from PyPI, nor what only the API needs."""
    result = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    packages = {name.partition(".")[0] for name in result.stdout.split()}
    assert packages - sys.stdlib_module_names == {"syntheticnet"}
    assert not packages & OF_THE_API
