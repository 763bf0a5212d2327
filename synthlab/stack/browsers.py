"""Reads a stack file's browser keys: package, trusted certificates, permissions, tabs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import did_you_mean
from ..text.text_file import MB, read_text_file
from .apps import CLIENT_APPS
from .fields import read_address, short_hash
from .model import StackClient
from .yaml import Node

FOR_BROWSERS = ("browser", "tabs", "permissions", "ca")
ALL_ORIGINS = "*"
PERMISSIONS = (
    "camera",
    "microphone",
    "display-capture",
    "geolocation",
    "notifications",
    "clipboard-read",
    "clipboard-write",
    "idle-detection",
    "local-fonts",
    "midi",
    "persistent-storage",
    "screen-wake-lock",
    "storage-access",
    "window-management",
)
MOST_CA_BYTES = MB
HOST_GATEWAY = "host-gateway"

CHROMIUM = "chromium"
CHROMIUMS = (CHROMIUM, "chromium-headless-shell")

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9.+-]+(?:=[A-Za-z0-9.+~:-]+)?")
_HOST = re.compile(r"(?i:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*(?i:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)")


def read_tabs(node: Node) -> tuple[str, ...]:
    """URLs of further pages, with placeholders as in `url`."""
    return tuple(map(read_address, node.items("a list of addresses such as ['https://app.example/?name={name}']")))


def read_browser(node: Node, folder: Path) -> str | Path:
    """A Debian package, or the path, relative to `folder`, of a .deb file or a folder with a browser."""
    text = node.text("a browser")
    if "/" in text or text.endswith(".deb"):
        path = (folder / text).resolve()
        if not path.exists():
            node.wrong(f"no such file or folder: {path}")
        if path.is_file() and path.suffix != ".deb":
            node.wrong(f"'{path.name}' is not a .deb file or a folder with a browser")
        return path
    if not _PACKAGE.fullmatch(text):
        node.wrong(
            f"{text!r} is not a Debian package such as chromium or chromium=150.0.7871.100-1~deb12u1, "
            "or a path such as ./chrome.deb"
        )
    if not text.startswith(CHROMIUM):
        node.wrong(f"{text!r} is not Chromium, the only supported browser: use {', '.join(CHROMIUMS)} or a .deb file")
    return text


def read_ca(node: Node, folder: Path) -> dict[str, str]:
    """Contents of PEM files by file name; paths are relative to `folder`."""
    texts: dict[str, str] = {}
    for entry in node.items("a list of files such as [my-ca.pem]"):
        file = folder / entry.text("a file")
        if file.name in texts:
            entry.wrong(f"two files are named {file.name}; rename one of them")
        texts[file.name] = _certificates(file, entry)
    return texts


def _certificates(file: Path, node: Node) -> str:
    import ssl

    try:
        text = read_text_file(file, MOST_CA_BYTES)
    except ValueError as error:
        node.wrong(f"{file}: {error}")
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        node.wrong(f"{file}: contains no PEM certificate (-----BEGIN CERTIFICATE-----)")
    return text


def read_permissions(node: Node) -> dict[str, tuple[str, ...]]:
    """Permissions by origin; a plain list applies to all origins."""
    what = "a list such as [camera, microphone], or one for each origin such as {'https://app.example': [camera]}"
    if isinstance(node.value, list):
        return {ALL_ORIGINS: _permissions(node, what)}
    return {_origin(origin, entry): _permissions(entry, what) for origin, entry in node.mapping(what=what).items()}


def _permissions(node: Node, what: str) -> tuple[str, ...]:
    for entry in node.items(what):
        name = entry.text("a permission")
        if name not in PERMISSIONS:
            entry.wrong(
                f"no such permission '{name}'{did_you_mean(name, PERMISSIONS)}; allowed: {', '.join(PERMISSIONS)}"
            )
    return tuple(entry.written for entry in node.items(what))


def _origin(text: str, node: Node) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or text != f"{parts.scheme}://{parts.netloc}":
        node.wrong(f"{text!r} is not an origin such as https://app.example or http://localhost:8080")
    return text


def read_extra_hosts(node: Node) -> tuple[str, ...]:
    """`name:address` entries in Compose's syntax."""
    entries = node.items("a list of hosts such as ['app.example:10.0.0.5']")
    for entry in entries:
        name, _, address = entry.text("a host").partition(":")
        if not (_HOST.fullmatch(name) and _is_address(address)):
            entry.wrong(
                f"{entry.written!r} is not a host with its address such as app.example:10.0.0.5, "
                f"or app.example:{HOST_GATEWAY} for this machine"
            )
    return tuple(entry.written for entry in entries)


def _is_address(text: str) -> bool:
    try:
        return text == HOST_GATEWAY or bool(ip_address(text))
    except ValueError:
        return False


def unfit_browser_keys(client: StackClient) -> dict[str, str]:
    """The browser keys that this client cannot have, and why."""
    app = CLIENT_APPS.get(client.app)
    if app is None:
        return {"browser": "requires `app: chrome`; an image contains its own browser"}
    return {} if app.browser else dict.fromkeys(FOR_BROWSERS, f"applies only to browsers, and {client.app} is not one")


def with_browser(client: StackClient, keys: Mapping[str, Node], folder: Path) -> StackClient:
    """The client with an image tag derived from its browser, so that different browsers get different images."""
    browser = read_browser(keys["browser"], folder)
    name = browser if isinstance(browser, str) else f"{browser.stem}-{short_hash(bytes(browser))}"
    if "headless" in name and not client.headless:
        keys["browser"].wrong(f"{name} has no screen: set `headless: true`")
    if "headless" in name and "permissions" in keys:
        keys["permissions"].wrong(f"{name} does not support permissions: every page may use camera and microphone")
    tag = re.sub(r"[^A-Za-z0-9_.-]", "-", name).lstrip(".-")
    return replace(client, browser=browser, image=f"{client.image.rpartition(':')[0]}:{tag}")
