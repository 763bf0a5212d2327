"""Readers of value types used in several places of a stack file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Container
from dataclasses import replace
from pathlib import Path

from syntheticnet.conditions import DIRECTIONS, Conditions

from ..errors import did_you_mean
from . import profiles
from .local_files import take_local
from .mistakes import Mistakes
from .model import Media, StackNetwork
from .netem import KEY
from .netem_keys import expand_network, translations
from .yaml import Node

MAX_NAME = 40
PLACES = ("name", "sfu", "lab", "turn")
NETWORK_KEYS = ("profile", KEY, *DIRECTIONS, "muted", "flows", "states", "state", "dns", "seed")
"""No `order`, which only a change has: in a file, flows match in the order in which they are written."""
MEDIA_SUFFIXES = {"video": (".y4m", ".mjpeg"), "audio": (".wav",)}

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?(?:@sha256:[0-9a-f]{64})?")
_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_VIDEO = re.compile(r"[1-9]\d{1,3}x[1-9]\d{1,3}@[1-9]\d?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_name(name: str) -> None:
    """Raise ValueError unless `name` can name a lab or a client: it becomes a host name."""
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise ValueError(f"{name!r} is not a name: use at most {MAX_NAME} lower-case letters, digits, - and _")


def refuse_bad_name(name: str, node: Node) -> None:
    """Raise WrongUse at `node` if `check_name` rejects the name."""
    try:
        check_name(name)
    except ValueError as error:
        node.wrong(str(error))


def read_address(node: Node) -> str:
    """A URL with optional placeholders {name}, {sfu}, {lab} and {turn}."""
    address = node.text("an address")
    if not _ADDRESS.fullmatch(address):
        node.wrong(f"{address!r} is not an address such as https://app.example/room?name={{name}}")
    refuse_unknown_places(node, address)
    return address


def refuse_unknown_places(node: Node, text: str) -> None:
    """Raise WrongUse for an unknown `{placeholder}` in `text`."""
    for placeholder in re.findall(r"\{(\w*)\}", text):
        if placeholder not in PLACES:
            allowed = ", ".join(f"{{{name}}}" for name in PLACES)
            node.wrong(f"unknown placeholder {{{placeholder}}}{did_you_mean(placeholder, PLACES)}; allowed: {allowed}")


def read_image(node: Node) -> str:
    """The name of a Docker image."""
    image = node.text("the name of an image")
    if not _IMAGE.fullmatch(image):
        node.wrong(f"{image!r} is not the name of an image such as acme/app:1.2")
    return image


def read_version(node: Node, example: str) -> str:
    """The version of a bundled app, which its image's tag starts with."""
    version = node.text("a version")
    if not _VERSION.fullmatch(version):
        node.wrong(f"{version!r} is not a version such as '{example}'")
    return version


def read_env(node: Node, reserved: Container[str] = ()) -> dict[str, str]:
    """Environment variables; those in `reserved` are set by synthlab and rejected."""
    variables: dict[str, str] = {}
    for name, value in node.mapping(what="a mapping from variables to their values").items():
        if not _VARIABLE.fullmatch(name):
            value.wrong(f"{name!r} is not the name of a variable")
        if name in reserved:
            value.wrong("is reserved: synthlab sets it")
        if isinstance(value.value, dict | list) or value.value is None:
            value.wrong(f"{value.quoted()} is not text or a number; write '' for an empty value")
        variables[name] = value.written
    return variables


def read_command(node: Node) -> tuple[str, ...]:
    """A command as a string, split as a shell would, or as a list of words."""
    if isinstance(node.value, list):
        return tuple(word.text("a word of a command") for word in node.items("a command"))
    try:
        return tuple(shlex.split(node.text("a command")))
    except ValueError as error:
        node.wrong(f"{node.written!r} is not a command: {error}")


def read_shell_command(node: Node) -> str:
    """A command as one shell line: a string is used unchanged, a list is quoted."""
    return shlex.join(read_command(node)) if isinstance(node.value, list) else node.text("a command")


def read_flags(node: Node) -> tuple[str, ...]:
    """Flags for the application; each must start with `-`."""
    entries = node.items("a list of flags such as [--lang=de]")
    for entry in entries:
        if not entry.text("a flag").startswith("-"):
            entry.wrong(f"{entry.written!r} is not a flag: flags start with -")
    return tuple(entry.written for entry in entries)


def read_media(node: Node, folder: Path) -> Media:
    """Files that replace camera and microphone; paths are relative to `folder`."""
    keys = node.mapping(MEDIA_SUFFIXES, "media such as {video: talking.y4m, audio: talking.wav}")
    return Media(**{kind: _media_file(entry, folder, MEDIA_SUFFIXES[kind]) for kind, entry in keys.items()})


def read_network(node: Node, folder: Path) -> StackNetwork:
    """Conditions, applied on top of their `profile` and of what `netem` means, and the local files they name.

    Paths are relative to `folder`; in the conditions they are replaced by the plain file names that the client uses.
    """
    keys = node.mapping(what="a network such as {profile: wpt/3g, egress: {rate: 1mbit}}")
    files: dict[str, str] = {}
    conditions, mistakes, given = Conditions(), Mistakes(), node
    with mistakes.noted():
        node.refuse_unknown(NETWORK_KEYS)
    with mistakes.noted():
        if "profile" in keys:
            profile = profiles.named_by(keys["profile"], folder)
            conditions, files = profile.conditions, dict(profile.files)
        node = take_local(expand_network(node), folder, files)
        own = {key: value for key, value in node.mapping().items() if key in NETWORK_KEYS and key != "profile"}
        conditions = profiles.read_conditions(replace(node, value=own), conditions)
    mistakes.report()
    lines = [line for place, meant in translations(given) for line in meant.lines(place)]
    return StackNetwork(conditions=conditions, files=files, translated=tuple(lines))


def read_video(node: Node) -> str:
    """Size and frame rate, such as 320x240@15."""
    video = node.text("a size and rate such as 320x240@15")
    if not _VIDEO.fullmatch(video):
        node.wrong(f"{video!r} is not a size and rate such as 320x240@15 (at most 99 frames per second)")
    return video


def _media_file(node: Node, folder: Path, suffixes: tuple[str, ...]) -> Path:
    file = folder / node.text("a file")
    if file.suffix not in suffixes:
        node.wrong(f"'{file.name}' does not end with {' or '.join(suffixes)}")
    if not file.is_file():
        node.wrong(f"no such file: {file}")
    return file.resolve()


def short_hash(path: bytes) -> str:
    """Eight hex digits that identify a path in an image name."""
    import hashlib

    return hashlib.sha256(path).hexdigest()[:8]
