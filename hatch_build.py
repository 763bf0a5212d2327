"""Puts the folders of the bundled images into the wheel, whichever there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "syntheticnet"
"""The one image that is a package of its own; pyproject.toml says where it goes."""


class ImagesHook(BuildHookInterface[Any]):
    """Adds them to a real wheel; an editable one finds them in the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            folders = [folder for folder in (Path(self.root) / "images").iterdir() if folder.name != PACKAGE]
            build_data["force_include"] |= {str(folder): f"synthlab/images/{folder.name}" for folder in folders}
