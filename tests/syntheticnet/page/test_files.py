"""The files that the pages are made of: vendored libraries as their authors published them, profiles, imports."""

from __future__ import annotations

import hashlib
import json
import re
import runpy
from pathlib import Path

import pytest

import syntheticnet

ROOT = Path(__file__).parents[3]
WEB = Path(syntheticnet.__path__[0]) / "web"
DASHBOARD = ROOT / "synthlab" / "dashboard" / "web"
VENDORS = {"control page": WEB / "vendor", "dashboard": DASHBOARD / "vendor"}
IMPORTED = re.compile(r"(?:from|import) \"(\.[^\"]+)\"")
OWN = sorted(file for web in (WEB, DASHBOARD) for file in web.rglob("*.js") if "vendor" not in file.parts)


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_vendored_files_are_unmodified(vendor: Path) -> None:
    """Every vendored file has the hash that the manifest lists, with the licence of its package beside it."""
    packages = json.loads((vendor / "manifest.json").read_text())
    listed: dict[str, str] = {}
    for package in packages.values():
        assert package["version"]
        assert package["licence"]
        assert [path for path in package["files"] if path.endswith("/LICENSE")]
        listed |= {path: file["sha256"] for path, file in package["files"].items()}
    found = {
        str(file.relative_to(vendor)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in vendor.rglob("*")
        if file.is_file() and file.name != "manifest.json"
    }
    assert found == listed


def test_profiles_are_those_of_the_stacks() -> None:
    """The page's list has every bundled profile as it is; `.ci/profiles` writes it."""
    listed: str = runpy.run_path(str(ROOT / ".ci" / "profiles"))["listed"]()
    assert (WEB / "profiles.json").read_text() == listed


@pytest.mark.parametrize("file", OWN, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_exist(file: Path) -> None:
    """What a module imports by path is there: nothing else builds or checks these files."""
    for name in IMPORTED.findall(file.read_text()):
        assert (file.parent / name).is_file(), name


@pytest.mark.parametrize("file", OWN, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_says_what_it_is_for(file: Path) -> None:
    """The first line of every module is a comment."""
    assert file.read_text().startswith("// ")
