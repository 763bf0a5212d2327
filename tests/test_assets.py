"""Files that are not code."""

from __future__ import annotations

from synthlab import assets
from synthlab.deploy.images import all_bundled, in_build_order


def test_every_folder_is_found() -> None:
    """Templates, stacks, profiles and the folder of every bundled image are where `assets` says."""
    assert (assets.templates() / "compose.yaml.j2").is_file()
    assert (assets.stacks() / "call.yaml").is_file()
    assert (assets.stacks() / "profiles" / "wpt.yaml").is_file()
    for image in in_build_order(all_bundled()):
        assert (image.context / "Dockerfile").is_file()
