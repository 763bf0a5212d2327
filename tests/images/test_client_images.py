"""How the images of clients are put together: packages first, our programs last, and one place says how they start."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synthlab.deploy.images import Image, all_bundled, bundled_image, in_build_order

pytestmark = pytest.mark.issue(15)

PROGRAMS = "/opt/synthlab/lib/python3.11/site-packages/syntheticnet/"
LAST = f"COPY --from=programs {PROGRAMS} {PROGRAMS}"
INSTALLS = re.compile(r"apt-get install|pip install|pip\S* --python")
STARTS = ("ENTRYPOINT", "HEALTHCHECK", "CMD")
OURS = bundled_image("syntheticnet")
FOUNDATION = bundled_image("syntheticnet:base")


def instructions(folder: Path) -> list[str]:
    """The lines of a Dockerfile that begin an instruction or continue one, without comments."""
    lines = (folder / "Dockerfile").read_text().splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def of_clients() -> dict[str, Image]:
    """The bundled images that start FROM others of ours, by folder."""
    images = in_build_order(all_bundled())
    return {image.context.name: image for image in images if any("syntheticnet" in base for base in image.bases)}


@pytest.mark.parametrize("name", sorted(of_clients().keys() - {"syntheticnet", "vnc-base"}))
def test_the_programs_come_last(name: str) -> None:
    """A change of them runs no other step again: each image is FROM one without them, and copies them at its end."""
    image = of_clients()[name]
    assert instructions(image.context)[-1] == LAST
    programs, base = image.bases
    assert (programs, base.removeprefix("syntheticnet:")) in {("syntheticnet", "base"), ("syntheticnet", "vnc-base")}


def test_the_programs_image_installs_nothing() -> None:
    """Its packages are those of its base."""
    assert OURS is not None
    assert OURS.bases == ("syntheticnet:base",)
    assert not INSTALLS.search("\n".join(instructions(OURS.context)))


def test_one_place_says_how_a_container_starts() -> None:
    """Entry point and health check are those of the base: no image of a client has its own."""
    assert FOUNDATION is not None
    mine = [line.split()[0] for line in instructions(FOUNDATION.context)]
    assert [word for word in STARTS if word in mine] == ["ENTRYPOINT", "HEALTHCHECK", "CMD"]
    assert of_clients()
    for image in of_clients().values():
        assert not [line for line in instructions(image.context) if line.split()[0] in STARTS], image.tag
