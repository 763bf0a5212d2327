"""What the processes of every container import: each library costs CPU time at every start, and memory for good."""

from __future__ import annotations

import subprocess
import sys

import pytest

PID_1 = """
import sys
before = set(sys.modules)
import syntheticnet.supervisor.init
print(*set(sys.modules) - before)
"""
API = """
import sys
from pathlib import Path
from syntheticnet.supervisor.without_openssl import without_openssl
with without_openssl():
    import syntheticnet.api.process
print(*sys.modules, *Path("/proc/self/maps").read_text().split())
"""
AFTERWARDS = """
from syntheticnet.supervisor.without_openssl import without_openssl
with without_openssl():
    import hashlib
import ssl
print(hashlib.sha256(b"abc").hexdigest(), ssl.create_default_context().minimum_version.name)
"""
OF_THE_API = {"asyncio", "h11", "ssl", "starlette"}
WITHOUT = {"ssl", "_hashlib", "uvicorn", "click", "prometheus_client"}
SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1


def printed(program: str) -> list[str]:
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert result.stderr == ""
    return result.stdout.split()


@pytest.mark.issue(13)
def test_pid_1_imports_no_library() -> None:
    """Neither a package from PyPI, nor what only the API needs."""
    packages = {name.partition(".")[0] for name in printed(PID_1)}
    assert packages - sys.stdlib_module_names == {"syntheticnet"}
    assert not packages & OF_THE_API
    assert "_hashlib" not in packages


@pytest.mark.issue(15)
def test_the_api_does_without_openssl() -> None:
    """Nor are its libraries mapped."""
    found = printed(API)
    assert OF_THE_API - set(found) == {"ssl"}
    assert not WITHOUT & set(found)
    assert not [part for part in found if "libcrypto" in part or "libssl" in part]


@pytest.mark.issue(15)
def test_openssl_is_there_afterwards() -> None:
    """The prober can use TLS; hashes of what was imported before are right."""
    assert printed(AFTERWARDS) == [SHA256_OF_ABC, "TLSv1_2"]
