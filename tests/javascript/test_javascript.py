"""The npm packages in javascript/, without a lab: their logic, their types, and what is published of them."""

from __future__ import annotations

import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from javascript import write_types
from synthlab.cli.starters import npm_tarball

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


def test_examples(tmp_path: Path) -> None:
    """Each example in TypeScript compiles, and each one in JavaScript can be read."""
    page = (ROOT / "docs" / "javascript.md").read_text()
    blocks = re.findall(r"```(ts|js)\n(.*?)```", page, re.DOTALL)
    assert len(blocks) > 5
    for number, (language, text) in enumerate(blocks):
        if language == "ts":
            (tmp_path / f"example-{number}.mts").write_text(text)
        else:
            script = tmp_path / f"example-{number}.{'cjs' if 'require(' in text else 'mjs'}"
            script.write_text(text if script.suffix == ".mjs" else f"async () => {{ {text} }};")
            succeeds("node", "--check", script)
    base = json.loads((TESTS / "types" / "tsconfig.json").read_text())["compilerOptions"]
    here = {"typeRoots": ["node_modules/@types"], "paths": {}, "skipLibCheck": True}
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": base | here, "include": ["*.mts"]}))
    (tmp_path / "node_modules").symlink_to(node_modules())
    compiles(tmp_path)


def test_generated_types() -> None:
    """Types of conditions and answers are those of the code; `python javascript/write_types.py` writes them again."""
    node_modules()
    assert write_types.CONDITIONS.read_text() == write_types.conditions()
    assert write_types.ANSWERS.read_text() == write_types.answers()


def test_versions() -> None:
    """Both packages have the version of synthlab, and one requires exactly the other."""
    synthlab, playwright = (json.loads((package / "package.json").read_text()) for package in PACKAGES)
    assert f'\nversion = "{synthlab["version"]}"\n' in (ROOT / "pyproject.toml").read_text()
    assert playwright["version"] == synthlab["version"] == playwright["dependencies"]["synthlab"]


def test_nothing_else_is_loaded() -> None:
    """`synthlab` requires no other package at run time."""
    synthlab = json.loads((PACKAGES[0] / "package.json").read_text())
    assert "dependencies" not in synthlab


@pytest.mark.issue(13)
@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_tarballs_of_ours(package: Path) -> None:
    """The tarball that `init --template playwright` writes has the files that npm would publish."""
    (packed,) = json.loads(succeeds("npm", "pack", "--json", "--dry-run", cwd=package))
    with tarfile.open(fileobj=io.BytesIO(npm_tarball(package.name))) as archive:
        assert sorted(archive.getnames()) == sorted(f"package/{file['path']}" for file in packed["files"])
