"""What the images cost: the time to rebuild all after a change of our programs, and their sizes."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthlab import assets
from synthlab.deploy.image_steps import ensure_built
from synthlab.deploy.images import Image, selected
from synthlab.engine.swarm_engine import SwarmEngine as Engine

from .labs import docker

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.issue(15), pytest.mark.timeout(1800)]

MOST_S = 20.0
MOST_MB = {"syntheticnet:latest": 200, "synthlab/chrome:latest": 1100, "synthlab/bot:latest": 430}
PROGRAMS = "e2e-rebuild:latest"
# Each bundled image with our programs, by folder; chrome's has two tags.
FOLDERS = ("syntheticnet", "vnc", "chrome", "chrome", "bot", "proxy")
STARTS = ("Entrypoint", "Healthcheck", "Cmd")


@pytest.fixture(scope="module", autouse=True)
def current() -> None:
    """All images as they are in this checkout, so that only the change is built."""
    ensure_built(selected(()), Engine(), print)


@pytest.fixture
def changed(tmp_path: Path) -> Iterator[list[Image]]:
    """All images with our programs, after a change of these, under tags of the test's own."""
    context = tmp_path / "syntheticnet"
    shutil.copytree(assets.image("syntheticnet"), context, ignore=shutil.ignore_patterns("__pycache__"))
    with (context / "forwarder" / "loop.py").open("a") as file:
        file.write(f"# a change at {time.time_ns()}\n")
    args = {"PROGRAMS": PROGRAMS}
    others = [
        Image(tag=f"e2e-rebuild:{number}-{folder}", context=assets.image(folder), args=args)
        for number, folder in enumerate(FOLDERS[1:])
    ]
    images = [Image(tag=PROGRAMS, context=context), Image(tag="e2e-rebuild:minimal", context=context), *others]
    yield images
    docker("rmi", *(image.tag for image in images))


def test_a_change_of_our_programs(changed: list[Image]) -> None:
    """All images are rebuilt within 20 s; each has the change, and starts as the base does."""
    start = time.monotonic()
    ensure_built(changed, Engine(), lambda line: None)
    took_s = time.monotonic() - start
    print(f"rebuilt {len(changed)} images after a change: {took_s:.1f} s")
    base = config("syntheticnet:base")
    for image in changed:
        assert {key: config(image.tag).get(key) for key in STARTS} == {key: base.get(key) for key in STARTS}
        shown = docker("run", "--rm", "--entrypoint", "tail", image.tag, "-n1", f"{module('forwarder/loop.py')}")
        assert shown.startswith("# a change at ")
    assert took_s <= MOST_S


def test_sizes() -> None:
    """No image is larger than it was asked to be."""
    sizes = {tag: int(docker("image", "inspect", "-f", "{{.Size}}", tag)) / 1e6 for tag in MOST_MB}
    print("sizes:", ", ".join(f"{tag} {size:.0f} MB" for tag, size in sizes.items()))
    assert {tag: size for tag, size in sizes.items() if size > MOST_MB[tag]} == {}


def config(tag: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(docker("image", "inspect", "-f", "{{json .Config}}", tag))
    return found


def module(name: str) -> str:
    return f"/opt/synthlab/lib/python3.11/site-packages/syntheticnet/{name}"
