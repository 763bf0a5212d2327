"""Locates synthlab's version and data files: inside the package, or next to it in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

DISTRIBUTION = "synthlab-rtc"  # `synthlab` on PyPI is another project

_PACKAGE = Path(__file__).resolve().parent


@cache
def own_version() -> str:
    """The version of the installed distribution: `0.2.0`."""
    from importlib.metadata import version

    return version(DISTRIBUTION)


def templates() -> Path:
    """The folder of Compose templates; contains `report/`, and `init/` with those of projects."""
    return _folder("templates")


def stacks() -> Path:
    """The folder of bundled stack files; contains `profiles/`."""
    return _folder("stacks")


def image(name: str) -> Path:
    """The build context of a bundled image; for `syntheticnet` it is the installed package."""
    if name == "syntheticnet":
        import syntheticnet.conditions  # the only module of it the host may import

        return Path(syntheticnet.conditions.__file__).resolve().parents[1]
    return _folder("images") / name


def npm_package(name: str) -> Path:
    """The folder of one of our npm packages: `synthlab` or `playwright`."""
    return _folder("javascript") / name


def _folder(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
