"""The images that a stack needs, their build order, and the hash of what each is built from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .. import assets
from ..contract import SYNTHETICNET
from ..engine.images import LocalImage
from ..errors import SynthlabError, WrongUse, no_such
from ..stack import Sfu, Stack
from ..stack.apps import CLIENT_APPS, SFU_APPS, TURN_APPS

FAMILY = {
    **{"latest": "syntheticnet", "minimal": "syntheticnet", "vnc": "vnc", "chrome": "chrome"},
    **{"base": "base", "vnc-base": "vnc-base"},
}
"""The tags of `syntheticnet`, and the folder each is built from.

The first four are Synthetic Network's. The others hold packages without our programs: images with more packages start
FROM one of them and copy the programs last, so that a change of ours installs no package again.
"""

_FROM = re.compile(r"^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE | re.MULTILINE)
_ARG = re.compile(r"^ARG\s+(\w+)=(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image that synthlab builds from a folder.

    `dockerfile` is None for the folder's own; `parts` limits the build context to these files.
    """

    tag: str
    context: Path
    args: Mapping[str, str] = field(default_factory=dict)
    dockerfile: Path | None = None
    parts: tuple[str, ...] | None = None

    @property
    def bases(self) -> tuple[str, ...]:
        """The images in the FROM lines of its Dockerfile."""
        dockerfile = self.dockerfile or self.context / "Dockerfile"
        try:
            return read_bases(dockerfile.read_text(encoding="utf-8"), self.args)
        except OSError as error:
            raise SynthlabError(f"{self.tag}: {dockerfile} cannot be read: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """An image, the hash of its sources, and whether the engine has it built from exactly these."""

    image: Image
    content: str
    current: bool


def full_tag(tag: str) -> str:
    """`tag` with the `:latest` that Docker implies."""
    return tag if ":" in tag.rpartition("/")[2] else f"{tag}:latest"


def versioned(tag: str) -> str:
    """The tag that names our version too: `syntheticnet:0.2.0`, `synthlab/janus:1.1.2-0.2.0`."""
    name, _, own = full_tag(tag).rpartition(":")
    return f"{name}:{assets.own_version()}" if own == "latest" else f"{name}:{own}-{assets.own_version()}"


def unversioned(tag: str) -> str:
    """The inverse of `versioned`, for tags of this version."""
    name, _, own = full_tag(tag).rpartition(":")
    if own == assets.own_version():
        return f"{name}:latest"
    return f"{name}:{own.removesuffix('-' + assets.own_version())}"


def bundled_image(tag: str) -> Image | None:
    """The image bundled with synthlab under this tag, if any."""
    tag = unversioned(tag)
    name, _, release = tag.rpartition(":")
    if name == "syntheticnet" and release in FAMILY:
        return Image(tag=tag, context=assets.image(FAMILY[release]))
    for app, server in (SFU_APPS | TURN_APPS).items():
        if name == server.image:
            return Image(tag=tag, context=assets.image(app), args={f"{app.upper()}_VERSION": release})
    apps = [app for app, client in CLIENT_APPS.items() if client.image == tag]
    return Image(tag=tag, context=assets.image(apps[0])) if apps else None


def is_bundled(image: Image) -> bool:
    """Whether the image is bundled with synthlab, rather than defined by a stack."""
    return bundled_image(image.tag) == image


def all_bundled() -> list[str]:
    """The tags of all bundled images."""
    servers = [f"{app.image}:{app.version}" for app in (SFU_APPS | TURN_APPS).values()]
    family = [f"syntheticnet:{release}" for release in FAMILY]
    return [*family, *(app.image for app in CLIENT_APPS.values()), *servers]


def bundled_names() -> dict[str, list[str]]:
    """The tags of all bundled images by short name: `chrome`, `vnc`, `janus`."""
    names: dict[str, list[str]] = {}
    for tag in all_bundled():
        name, _, release = full_tag(tag).rpartition(":")
        short = release if name == "syntheticnet" and release != "latest" else name.rpartition("/")[2]
        names.setdefault(short, []).append(tag)
    return names


def selected(names: Iterable[str]) -> list[Image]:
    """The bundled images of these short names (all if there are none), preceded by their bases.

    Raises WrongUse with the closest match for an unknown name.
    """
    short = bundled_names()
    wanted = list(names)
    for name in wanted:
        if name not in short:
            raise WrongUse(no_such("bundled image", name, short))
    return in_build_order([tag for name in wanted or short for tag in short[name]])


def foreign_images(stack: Stack) -> list[str]:
    """The tags in a stack that synthlab does not build: a registry must have them."""
    tags = dict.fromkeys(named_tags(stack))
    own = _own_images(stack)
    return [tag for tag in tags if tag not in own and bundled_image(tag) is None]


def needed_images(stack: Stack) -> list[Image]:
    """The images to build for `stack`, each after its bases."""
    return in_build_order(named_tags(stack), _own_images(stack))


def in_build_order(tags: list[str], own: Mapping[str, Image] | None = None) -> list[Image]:
    """The images of `tags` and all their bases, without third-party ones."""
    ordered: dict[str, Image] = {}
    for tag in tags:
        image = (own or {}).get(tag) or bundled_image(tag)
        if image and image.tag not in ordered:
            ordered |= {base.tag: base for base in in_build_order(list(image.bases))}
            ordered[image.tag] = image
    return list(ordered.values())


def plan_images(images: list[Image], on_engine: Callable[[str], LocalImage | None]) -> list[PlannedImage]:
    """Each image with its content hash; `current` if `on_engine(tag)` was built from the same content."""
    contents: dict[str, str] = {}
    planned = []
    for image in images:
        # A base of ours may not be built yet, or be about to change, so its planned content counts. Others have only an
        # id.
        bases = {base: contents.get(full_tag(base)) or _id(on_engine(base)) for base in image.bases}
        content = content_hash(image, bases)
        contents[image.tag] = content
        present = on_engine(image.tag)
        planned.append(PlannedImage(image, content, current=present is not None and present.content == content))
    return planned


def cache_key(images: list[Image]) -> str:
    """A hash that changes with the sources of any of the images, and with this machine's architecture.

    It needs no engine: the version of a third-party base is not in it.
    """
    import hashlib
    import platform

    contents = [planned.content for planned in plan_images(images, lambda tag: None)]
    return hashlib.sha256(repr((platform.machine(), sorted(contents))).encode()).hexdigest()[:32]


def content_hash(image: Image, bases: Mapping[str, str]) -> str:
    """A hash of an image's sources: files with their executable bit, build arguments, and the hashes of its bases."""
    import hashlib

    digest = hashlib.sha256(repr((sorted(image.args.items()), sorted(bases.items()))).encode())
    for name, file in _files(image):
        # Git keeps no other mode bit: the rest differs between checkouts of the same files.
        executable = bool(file.stat().st_mode & 0o100)
        data = file.read_bytes()
        # With its length before it, no file's end can be taken for the beginning of the next.
        digest.update(repr((name, executable, len(data))).encode() + data)
    return digest.hexdigest()[:32]


def read_bases(dockerfile: str, args: Mapping[str, str]) -> tuple[str, ...]:
    """The images in the FROM lines, in order, without build stages and `scratch`."""
    values = dict(_ARG.findall(dockerfile)) | dict(args)
    stages = {"scratch"}
    bases: dict[str, None] = {}
    for written, stage in _FROM.findall(dockerfile):
        base = re.sub(r"\$\{?(\w+)\}?", lambda name: values.get(name[1], name[0]), written)
        if base not in stages:
            bases[base] = None
        stages.add(stage)
    return tuple(bases)


def _id(image: LocalImage | None) -> str:
    return image.id if image else "absent"


def named_tags(stack: Stack) -> list[str]:
    """The tags that containers of a stack start from."""
    sfu = [stack.sfu.image] if isinstance(stack.sfu, Sfu) and stack.sfu.image else []
    companions = [SYNTHETICNET] if stack.conditioned else []
    turn = [stack.turn.image] if stack.turn else []
    return sfu + companions + turn + [client.image for client in stack.clients]


def _own_images(stack: Stack) -> dict[str, Image]:
    """The images of this stack alone, by tag: built from a folder, or ours with another browser."""
    own = {}
    for client in stack.clients:
        if client.build:
            own[client.image] = Image(tag=client.image, context=client.build)
        elif client.browser:
            own[client.image] = _browser_image(client.image, client.browser)
    return own


def _browser_image(tag: str, browser: str | Path) -> Image:
    chrome = assets.image("chrome")
    if isinstance(browser, str):
        return Image(tag=tag, context=chrome, args={"BROWSER": browser})
    dockerfile = chrome / "own.Dockerfile"
    if browser.is_dir():
        return Image(tag=tag, context=browser, dockerfile=dockerfile)
    args = {"SOURCE": browser.name, "BROWSER": f"/opt/browser/{browser.name}"}
    return Image(tag=tag, context=browser.parent, args=args, dockerfile=dockerfile, parts=(browser.name,))


def _files(image: Image) -> Iterator[tuple[str, Path]]:
    if image.dockerfile:
        yield "Dockerfile", image.dockerfile
    found = sorted(image.context.rglob("*")) if image.parts is None else [image.context / part for part in image.parts]
    for file in found:
        # Running Python or git changes these, and would make every image look changed.
        if file.is_file() and not {"__pycache__", ".git"} & set(file.parts):
            yield file.relative_to(image.context).as_posix(), file
