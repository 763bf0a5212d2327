"""Which module may import what: the direction of imports, held by a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SYNTHLAB = ROOT / "synthlab"
SYNTHETICNET = ROOT / "images" / "syntheticnet"

# Each library has one place that knows it.
ONLY_IN = {
    "rich": SYNTHLAB / "console.py",
    "jinja2": SYNTHLAB / "render.py",
    "docker": SYNTHLAB / "engine.py",
    "httpx": SYNTHLAB / "remote.py",
    "ruamel": SYNTHLAB / "yamltree.py",
    "plotly": SYNTHLAB / "report" / "figure.py",
    "junitparser": SYNTHLAB / "junit.py",
    "pyroute2": SYNTHETICNET / "netdev.py",
}

LEAVES = (
    "errors.py",
    "labels.py",
    "apps.py",
    "assets.py",
    "interpolation.py",
    "interrupts.py",
    "numbers.py",
    "shown.py",
)


def sources() -> list[Path]:
    found = [*SYNTHLAB.rglob("*.py"), *SYNTHETICNET.rglob("*.py")]
    assert len(found) > 40
    return found


def imported(file: Path) -> Iterator[str]:
    """The full names of the modules that a file imports from outside its own package."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def own(file: Path) -> Iterator[str]:
    """The modules of its own package that a file imports when it is imported itself."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node.module or ""


@pytest.mark.parametrize("library", ONLY_IN)
def test_one_place_knows_the_library(library: str) -> None:
    """Each outside library is imported in one file, so that it can be replaced there."""
    users = {file for file in sources() for name in imported(file) if name.split(".")[0] == library}
    assert users <= {ONLY_IN[library]}


def test_the_one_bridge() -> None:
    """synthlab takes nothing of syntheticnet but the schema of conditions."""
    used = {name for file in SYNTHLAB.rglob("*.py") for name in imported(file) if name.startswith("syntheticnet")}
    assert used == {"syntheticnet.conditions"}


def test_the_container_knows_nothing_of_the_host() -> None:
    """syntheticnet never imports synthlab."""
    used = {name for file in SYNTHETICNET.rglob("*.py") for name in imported(file)}
    assert not {name for name in used if name.split(".")[0] == "synthlab"}


def test_nobody_imports_the_roots() -> None:
    """Commands and the CLI are the top: no noun knows them."""
    nouns = [file for file in SYNTHLAB.rglob("*.py") if file.parent.name != "commands" and file.name != "cli.py"]
    assert not {(file.name, name) for file in nouns for name in own(file) if name.split(".")[0] in ("cli", "commands")}


@pytest.mark.parametrize("leaf", LEAVES)
def test_leaves_import_nothing_of_ours(leaf: str) -> None:
    """What everything uses imports nothing of ours, but for how the text of an error is shown."""
    assert list(own(SYNTHLAB / leaf)) == (["shown"] if leaf == "errors.py" else [])
