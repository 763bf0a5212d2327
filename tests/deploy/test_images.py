"""Which images are built, in which order, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.deploy.images import (
    Image,
    bundled_image,
    content_hash,
    foreign_images,
    needed_images,
    plan_images,
    read_bases,
    selected,
    unversioned,
    versioned,
)
from synthlab.engine.images import LocalImage, is_own
from synthlab.stack import read_stack
from synthlab.stack.apps import SFU_APPS, TURN_APPS, SfuApp, TurnApp

BASES = {"debian:bookworm-slim": "base"}


def nothing(_tag: str) -> None:
    """An engine without images."""


def make_image(folder: Path, tag: str, base: str) -> Image:
    context = folder / tag
    context.mkdir()
    (context / "Dockerfile").write_text(f"FROM {base}\n")
    return Image(tag=f"{tag}:latest", context=context)


def test_order_of_the_bundled_call() -> None:
    """Every image comes after its base, and none twice."""
    assert [image.tag for image in needed_images(read_stack("call"))] == [
        "synthlab/janus:1.1.2",
        "syntheticnet:base",
        "syntheticnet:latest",
        "syntheticnet:vnc-base",
        "synthlab/chrome:latest",
        "synthlab/bot:latest",
    ]


@pytest.mark.issue(10)
def test_the_tags_of_the_ancestor(tmp_path: Path) -> None:
    """`minimal`, `vnc` and `chrome` are tags of ours: selected by name, built with their bases, and listed."""
    (tmp_path / "Dockerfile").write_text("FROM syntheticnet:chrome\n")
    file = tmp_path / "s.yaml"
    file.write_text("clients: {a: {build: .}, b: {image: 'syntheticnet:minimal'}}")
    stack = read_stack(str(file))
    base = ["syntheticnet:base", "syntheticnet:latest", "syntheticnet:vnc-base"]
    assert [image.tag for image in needed_images(stack)][:-2] == [*base, "syntheticnet:chrome"]
    assert foreign_images(stack) == []
    assert [image.tag for image in selected(["vnc"])] == [*base, "syntheticnet:vnc"]
    assert [image.tag for image in selected(["chrome"])] == [*base, "syntheticnet:chrome", "synthlab/chrome:latest"]
    minimal, usual = selected(["minimal"])[-1], selected(["syntheticnet"])[-1]
    assert content_hash(minimal, BASES) == content_hash(usual, BASES)
    for tag in ("syntheticnet:vnc", "syntheticnet:latest", "synthlab/chrome:latest", "synthlab/janus:1.1.2"):
        assert unversioned(versioned(tag)) == tag


@pytest.mark.parametrize("server", [*SFU_APPS.values(), *TURN_APPS.values()], ids=lambda server: server.image)
def test_servers_have_a_folder(server: SfuApp | TurnApp) -> None:
    """The Dockerfile of each bundled server takes its version as an argument; the default is that of its entry."""
    image = bundled_image(f"{server.image}:{server.version}")
    assert image is not None
    ((argument, version),) = image.args.items()
    assert f"ARG {argument}={version}" in (image.context / "Dockerfile").read_text().splitlines()


def test_version_becomes_an_argument() -> None:
    """The media server's version is the tag of its image and an argument of its build."""
    janus = needed_images(read_stack("call"))[0]
    assert janus.args == {"JANUS_VERSION": "1.1.2"}


def test_own_and_foreign_images(tmp_path: Path) -> None:
    """A folder is built with its bases; an image from a registry is pulled; bundled ones are known by name."""
    (tmp_path / "Dockerfile").write_text("FROM syntheticnet\n")
    file = tmp_path / "s.yaml"
    file.write_text("clients: {a: {build: .}, b: {image: 'acme/app:1'}, c: {image: syntheticnet}}")
    stack = read_stack(str(file))
    own = stack.clients[0].image
    assert [image.tag for image in needed_images(stack)] == ["syntheticnet:base", "syntheticnet:latest", own]
    assert foreign_images(stack) == ["acme/app:1"]
    assert (is_own(own), is_own("acme/app:1"), is_own("syntheticnet:latest")) == (True, False, True)


@pytest.mark.parametrize(
    ("dockerfile", "bases"),
    [
        ("FROM debian:12\nRUN true\n", ("debian:12",)),
        ("ARG BASE=syntheticnet\nFROM ${BASE}\n", ("syntheticnet",)),
        ("ARG V=1\nARG BASE=a:$V\nFROM --platform=linux/amd64 b:${V} AS x\nFROM x\nFROM scratch\n", ("b:1",)),
        ("from a as one\nFROM b\nCOPY --from=one / /\nFROM a\n", ("a", "b")),
    ],
)
def test_bases(dockerfile: str, bases: tuple[str, ...]) -> None:
    """The bases come from FROM lines, with arguments substituted, without build stages."""
    assert read_bases(dockerfile, {}) == bases


def test_nothing_is_rebuilt_when_nothing_changed(tmp_path: Path) -> None:
    """An image labelled with its current content hash is current; one without it is not."""
    images = [make_image(tmp_path, "a", "debian:bookworm-slim"), make_image(tmp_path, "b", "a")]
    on_engine = {"debian:bookworm-slim": LocalImage("base", None)}
    first = plan_images(images, on_engine.get)
    assert [planned.current for planned in first] == [False, False]
    on_engine |= {planned.image.tag: LocalImage("id", planned.content) for planned in first}
    assert [planned.current for planned in plan_images(images, on_engine.get)] == [True, True]


def test_a_change_reaches_all_that_start_from_it(tmp_path: Path) -> None:
    """A changed file or base changes the hash of the image and of every image FROM it."""
    images = [make_image(tmp_path, "a", "debian:bookworm-slim"), make_image(tmp_path, "b", "a:latest")]
    before = [planned.content for planned in plan_images(images, nothing)]
    (tmp_path / "a" / "new").write_text("x")
    after = [planned.content for planned in plan_images(images, nothing)]
    rebased = [planned.content for planned in plan_images(images, lambda tag: LocalImage(f"new {tag}", None))]
    assert len({*before, *after, *rebased}) == 6


def test_what_the_hash_holds(tmp_path: Path) -> None:
    """Content, names, the executable bit and arguments count; Python caches do not."""
    image = make_image(tmp_path, "a", "x")
    file = image.context / "run"
    file.write_text("1")
    hashes = [content_hash(image, BASES)]
    (image.context / "__pycache__").mkdir()
    (image.context / "__pycache__" / "x.pyc").write_text("x")
    assert content_hash(image, BASES) == hashes[0]
    file.chmod(0o755)
    hashes.append(content_hash(image, BASES))
    file.rename(image.context / "walk")
    hashes.append(content_hash(image, BASES))
    hashes.append(content_hash(Image(tag=image.tag, context=image.context, args={"V": "1"}), BASES))
    assert len(set(hashes)) == 4
