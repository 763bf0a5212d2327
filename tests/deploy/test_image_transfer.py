"""Saving, loading, pushing and pulling images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from synthlab.assets import own_version
from synthlab.deploy.image_transfer import ImageStatus, kept_images, load, other_images, pull, push, remote_names, save
from synthlab.deploy.images import all_bundled, plan_images, selected, unversioned, versioned
from synthlab.engine.images import LocalImage
from synthlab.engine.process import Finished
from synthlab.errors import SynthlabError, WrongUse
from synthlab.testing import FakeEngine

VERSION = own_version()
BASE = "debian:bookworm-slim"


class EmptyEngine(FakeEngine):
    """An engine without images."""

    def image(self, tag: str) -> LocalImage | None:
        return None


class SavingEngine(FakeEngine):
    """An engine that remembers where it saved to; all tags of `syntheticnet` are one image."""

    saved: Path

    def image(self, tag: str) -> LocalImage | None:
        return LocalImage(f"id of {tag.partition(':')[0]}", "0")

    def save_images(self, tags: Sequence[str], file: Path) -> Finished:
        self.saved = file
        return super().save_images(tags, file)


def quietly(_text: str) -> None:
    pass


def test_names_with_a_version() -> None:
    """Each image has a further tag with our version, and both tags mean the same image."""
    assert versioned("syntheticnet") == f"syntheticnet:{VERSION}"
    assert versioned("synthlab/janus:1.1.2") == f"synthlab/janus:1.1.2-{VERSION}"
    for tag in ("syntheticnet:latest", "synthlab/janus:1.1.2"):
        assert unversioned(versioned(tag)) == unversioned(tag) == tag


def test_selected() -> None:
    """An image is selected by its short name, together with its bases."""
    tags = ["syntheticnet:base", "syntheticnet:latest", "synthlab/bot:latest"]
    assert [image.tag for image in selected(["bot"])] == tags
    assert sorted(image.tag for image in selected(())) == sorted(all_bundled())
    with pytest.raises(WrongUse, match=r"no bundled image 'chrom'; did you mean chrome\?"):
        selected(["chrom"])


def test_kept() -> None:
    """An image on the engine is current, stale, or missing."""
    images = selected(["bot"])
    assert {kept.state for kept in kept_images(images, EmptyEngine())} == {"missing"}
    assert {kept.state for kept in kept_images(images, FakeEngine())} == {"stale"}
    base = {BASE: LocalImage("base", None)}
    contents = {one.image.tag: one.content for one in plan_images(images, base.get)}

    class Current(FakeEngine):
        def image(self, tag: str) -> LocalImage | None:
            return base.get(tag) or LocalImage(f"id of {tag}", contents[tag], VERSION, 280_000_000)

    assert [(kept.state, kept.version, kept.size) for kept in kept_images(images, Current())] == [
        ("current", VERSION, 280_000_000)
    ] * 3


def test_others() -> None:
    """Images of other browsers and versions are listed too, each once however many tags it has."""
    browser, former = "synthlab/chrome:chromium-150.0.7871.100-1-deb12u1", "synthlab/bot:0.0.1"

    class Full(FakeEngine):
        def own_tags(self) -> list[str]:
            return [former, "synthlab/bot:former", "synthlab/bot:latest", browser, f"syntheticnet:{VERSION}"]

        def image(self, tag: str) -> LocalImage | None:
            names = {"synthlab/bot:former": former, f"syntheticnet:{VERSION}": "syntheticnet:latest"}
            return LocalImage(f"id of {names.get(tag, tag)}", "0", VERSION, 1_500_000_000)

    assert other_images(kept_images(selected(["bot"]), Full()), Full()) == [
        ImageStatus(image=tag, version=VERSION, size=1_500_000_000, state="other") for tag in (former, browser)
    ]


def test_save_and_load(tmp_path: Path) -> None:
    """The file has all tags and the base, and appears only when complete; each image is reported once."""
    file, engine, said = tmp_path / "images.tar", SavingEngine(), list[str]()
    tags = save(selected(["syntheticnet", "minimal"]), file, engine, said.append)
    assert tags == ["syntheticnet:base", BASE]
    assert said == [f"saving 2 images to {file}"]
    own = ["syntheticnet:base", "syntheticnet:latest", "syntheticnet:minimal"]
    assert engine.calls == [f"save {' '.join([*own, BASE, *map(versioned, own)])}"]
    assert engine.saved != file
    assert engine.saved.parent == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["images.tar"]
    assert load(file, engine, quietly) == tags


def test_what_is_not_there(tmp_path: Path) -> None:
    """An image that is not built cannot be saved, and a missing file cannot be loaded."""
    with pytest.raises(
        SynthlabError,
        match=r"^not built: syntheticnet:base, syntheticnet:latest, debian:bookworm-slim: build them with",
    ):
        save(selected(["syntheticnet"]), tmp_path / "x.tar", EmptyEngine(), quietly)
    with pytest.raises(SynthlabError, match="no such file"):
        load(tmp_path / "x.tar", EmptyEngine(), quietly)


def test_push_and_pull() -> None:
    """The registry has the versioned tags; after a pull the usual tags are back, and no registry tag stays."""
    ours = ["syntheticnet:base", "syntheticnet:latest"]
    there = [f"ghcr.io/acme/syntheticnet:{tag}" for tag in (f"base-{VERSION}", VERSION)] + [f"ghcr.io/acme/{BASE}"]
    engine = FakeEngine()
    assert push(selected(["syntheticnet"]), "ghcr.io/acme/", engine, quietly) == there
    assert engine.calls == [line for name in there for line in (f"push {name}", f"untag {name}")]
    engine.tagged.clear()
    assert pull(selected(["syntheticnet"]), "ghcr.io/acme", engine, quietly) == [BASE, *ours]
    assert engine.tagged == [
        (there[-1], BASE),
        *((name, tag) for name, own in zip(there, ours, strict=False) for tag in (own, versioned(own))),
    ]


def test_remote_names() -> None:
    """The port of a registry is not mistaken for a version."""
    assert remote_names(["synthlab/janus:1.1.2"], "127.0.0.1:5000") == {
        "synthlab/janus:1.1.2": f"127.0.0.1:5000/synthlab/janus:1.1.2-{VERSION}"
    }
