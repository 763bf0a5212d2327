"""The small projects that `init --template` writes: their files, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from .. import assets
from ..errors import WrongUse, no_such
from ..text.atomic_file import write_whole

TEMPLATES: Mapping[str, str] = {
    "bare": "two light clients, no media server",
    "compose": "a Compose project, with what synthlab adds in a file of its own",
    "playwright": "a test in a browser, for Playwright Test",
    "pytest": "a test of a call, for pytest",
    "ci": "a scenario with its report, for GitHub Actions and GitLab CI",
}
"""Each template and what it is."""

_PACKED: Mapping[str, Mapping[str, str]] = {
    "playwright": {"vendor/synthlab.tgz": "synthlab", "vendor/synthlab-playwright.tgz": "playwright"},
}
"""The npm packages that a template brings along, since they are not on npm."""


def files_of(template: str) -> dict[str, bytes]:
    """Its files by their path. Raises WrongUse."""
    if template not in TEMPLATES:
        raise WrongUse(f"--template: {no_such('template', template, TEMPLATES)}")
    folder = assets.templates() / "init" / template
    # pip compiles what it installs
    found = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.parent.name != "__pycache__"]
    written = {str(file.relative_to(folder)): file.read_bytes() for file in found}
    return written | {path: npm_tarball(package) for path, package in _PACKED.get(template, {}).items()}


def next_steps(template: str) -> list[str]:
    """The commands to go on with, with a comment each."""
    return (assets.templates() / "init" / f"{template}.txt").read_text(encoding="utf-8").splitlines()


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write them below the folder; if one exists, raises WrongUse and writes none."""
    if existing := [path for path in files if (folder / path).exists()]:
        verb = "exists" if len(existing) == 1 else "exist"
        raise WrongUse(f"{', '.join(existing)} {verb}: nothing was written; choose an empty folder")
    for path, content in files.items():
        try:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_whole(folder / path, content)
        except OSError as error:
            raise WrongUse(f"{path}: {error.strerror}") from None


def npm_tarball(package: str) -> bytes:
    """One of our npm packages as `npm pack` would make it, always the same to the byte."""
    import gzip
    import io
    import tarfile

    folder = assets.npm_package(package)
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for file in _published(folder):
            entry = tarfile.TarInfo(f"package/{file.name}")
            entry.size = file.stat().st_size
            archive.addfile(entry, io.BytesIO(file.read_bytes()))
    return gzip.compress(content.getvalue(), mtime=0)


def _published(folder: Path) -> Iterator[Path]:
    """The files that npm would publish."""
    import json
    from fnmatch import fnmatch

    patterns = ["package.json", *json.loads((folder / "package.json").read_text(encoding="utf-8"))["files"]]
    for file in sorted(folder.iterdir()):
        if any(fnmatch(file.name, pattern) for pattern in patterns):
            yield file
