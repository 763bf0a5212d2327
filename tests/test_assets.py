"""Data files."""

from __future__ import annotations

import pytest

from synthlab import assets
from synthlab.deploy.images import all_bundled, in_build_order

ROOT = assets.stacks().parent


def test_every_folder_is_found() -> None:
    """Templates, stacks, profiles and image folders are where `assets` looks for them."""
    assert (assets.templates() / "compose.yaml.j2").is_file()
    assert (assets.stacks() / "call.yaml").is_file()
    assert (assets.stacks() / "profiles" / "wpt.yaml").is_file()
    for image in in_build_order(all_bundled()):
        assert (image.context / "Dockerfile").is_file()


@pytest.mark.issue(11)
def test_no_folder_without_an_entry() -> None:
    """Every folder in `images/` belongs to a bundled image; otherwise it would never be built."""
    folders = {folder for folder in (ROOT / "images").iterdir() if (folder / "Dockerfile").is_file()}
    assert {image.context for image in in_build_order(all_bundled())} == folders
