"""The npm packages in javascript/, without a lab: their logic, their types, and what is published of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from javascript.write_types import FILE, types

from .node import PACKAGES, ROOT, compiles, node_modules, succeeds

TESTS = Path(__file__).parent


@pytest.mark.parametrize("file", sorted(TESTS.glob("*.mjs")), ids=lambda file: file.name)
def test_logic(file: Path) -> None:
    """Every test in the file passes."""
    node_modules()
    succeeds("node", "--test", file)


def test_types() -> None:
    """With strict types, what is right compiles, and what is wrong does not: `100kb` is no rate."""
    compiles(TESTS / "types" / "tsconfig.json")


def test_types_of_conditions() -> None:
    """The types of conditions are those of the schema; `python javascript/write_types.py` writes them again."""
    assert FILE.read_text() == types()


def test_versions() -> None:
    """Both packages have the version of synthlab, and one requires exactly the other."""
    synthlab, playwright = (json.loads((package / "package.json").read_text()) for package in PACKAGES)
    assert f'\nversion = "{synthlab["version"]}"\n' in (ROOT / "pyproject.toml").read_text()
    assert playwright["version"] == synthlab["version"] == playwright["dependencies"]["synthlab"]


def test_nothing_else_is_loaded() -> None:
    """`synthlab` requires no other package at run time."""
    synthlab = json.loads((PACKAGES[0] / "package.json").read_text())
    assert "dependencies" not in synthlab
