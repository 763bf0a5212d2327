"""What is installed: its version, and its files that are not code, inside the package or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

DISTRIBUTION = "synthlab-rtc"  # on PyPI `synthlab` is somebody else's

_PACKAGE = Path(__file__).resolve().parent


def own_version() -> str:
    """The version of the installed distribution: `0.2.0`."""
    from importlib.metadata import version

    return version(DISTRIBUTION)


def templates() -> Path:
    """The folder of Compose templates, with `report/` in it."""
    return _folder("templates")


def stacks() -> Path:
    """The folder of bundled stack files, with `profiles/` in it."""
    return _folder("stacks")


def image(name: str) -> Path:
    """The build context of a bundled image; that of `syntheticnet` is the installed package itself."""
    if name == "syntheticnet":
        import syntheticnet.conditions  # the one module of it that may be imported

        return Path(syntheticnet.conditions.__file__).resolve().parents[1]
    return _folder("images") / name


def _folder(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
