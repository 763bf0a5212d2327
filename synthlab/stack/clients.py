"""Reads the `clients:` of a stack file: each entry describes one client, or `count` clients."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import did_you_mean
from .apps import CLIENT_APPS
from .browsers import read_ca, read_extra_hosts, read_permissions, read_tabs, unfit_browser_keys, with_browser
from .fields import (
    read_address,
    read_env,
    read_flags,
    read_image,
    read_media,
    read_network,
    read_shell_command,
    read_video,
    refuse_bad_name,
    short_hash,
)
from .measured import MEASURED_KEYS, check_measured
from .mistakes import Mistakes
from .model import CLIENT_VARIABLES, ExternalSfu, Ports, Sfu, StackClient
from .placement import read_placement
from .yaml import Node

MAX_COUNT = 100

PORTS = ("api", "vnc", "cdp", "proxy", "turn")

_KINDS = ("app", "image", "build")
_ALL_KINDS = (*_KINDS, "service")

# Key of an entry -> field of StackClient, and its reader.
_READERS: dict[str, tuple[str, Callable[[Node], Any]]] = {
    "tabs": ("tabs", read_tabs),
    "flags": ("flags", read_flags),
    "permissions": ("permissions", read_permissions),
    "extra_hosts": ("extra_hosts", read_extra_hosts),
    "video": ("video", read_video),
    "command": ("command", read_shell_command),
    "self_control": ("self_control", Node.switch),
    "placement": ("placement", read_placement),
    "env": ("env", lambda node: read_env(node, reserved=CLIENT_VARIABLES)),
}

KEYS = (
    *_ALL_KINDS,
    "browser",
    "ca",
    "count",
    "url",
    "headless",
    "ports",
    "media",
    "network",
    "uplink",
    "uplinks",
    "allow",
    *_READERS,
    *MEASURED_KEYS,
)


def read_clients(
    group: str, node: Node, sfu: Sfu | ExternalSfu | None, folder: Path, reserved: Mapping[str, str]
) -> Iterator[StackClient]:
    """The clients of one entry; paths are relative to `folder`. Raises WrongUse with the line of each mistake.

    `reserved` are the names of the lab's own containers, each with what it is for.
    """
    keys = node.mapping(what="a client such as {app: chrome}")
    mistakes, count = Mistakes(), None
    with mistakes.noted():
        node.refuse_unknown(KEYS)
    # An unknown key may be a missing one with a typo: one mistake, so one message.
    complete = not mistakes
    with mistakes.noted():
        _refuse_name(group, node, reserved)
    with mistakes.noted():
        client = _read_client(group, keys, folder, sfu)
        if "count" in keys and client.ports != Ports():
            keys["ports"].wrong("cannot be combined with count: all its clients would share the ports")
    with mistakes.noted():
        check_measured(node)
    with mistakes.noted():
        count = keys["count"].whole(1, MAX_COUNT) if "count" in keys else None
    if complete:
        with mistakes.noted():
            _refuse_missing(node, keys, sfu)
    mistakes.report()
    if count is None:
        yield client
        return
    for number in range(1, count + 1):
        yield replace(client, name=f"{group}-{number}")


def _refuse_name(group: str, node: Node, reserved: Mapping[str, str]) -> None:
    refuse_bad_name(group, node)
    if group in reserved:
        node.wrong(f"'{group}' is reserved for {reserved[group]}: rename the client")


def _refuse_missing(node: Node, keys: dict[str, Node], sfu: Sfu | ExternalSfu | None) -> None:
    if len([kind for kind in _KINDS if kind in keys]) != 1:
        node.wrong(f"needs exactly one of {', '.join(_ALL_KINDS)}")
    app = CLIENT_APPS.get(str(keys["app"].value)) if "app" in keys else None
    if app and not app.proxy and "url" not in keys and not (sfu and sfu.page):
        node.wrong("requires url: the stack has no sfu with a page")


def _read_client(group: str, keys: dict[str, Node], folder: Path, sfu: Sfu | ExternalSfu | None) -> StackClient:
    mistakes = Mistakes()
    # Stands in for a client of no or an invalid kind, so that the other keys are read all the same. It has a screen:
    # without one `ports: {vnc: ...}` would be reported too.
    client = StackClient(name=group, group=group, app="", image="", headless=False)
    if any(kind in keys for kind in _KINDS):
        with mistakes.noted():
            client = _read_kind(group, keys, folder)
            _refuse_stranger(keys, sfu)
        for key, why in _unfit(client).items() if client.app else ():
            if key in keys:
                with mistakes.noted():
                    keys.pop(key).wrong(why)
    for key, put in _PUTTERS.items():
        if key in keys:
            with mistakes.noted():
                client = put(client, keys, folder)
    for key, (field, read) in _READERS.items():
        if key in keys:
            with mistakes.noted():
                client = replace(client, **{field: read(keys[key])})
    with mistakes.noted():
        client = replace(client, url=read_address(keys["url"]) if "url" in keys else sfu.page if sfu else None)
    mistakes.report()
    return client


def _unfit(client: StackClient) -> dict[str, str]:
    """The keys that this client cannot have, and why."""
    own = {
        "media": "does not apply to a proxy: its browser has your own camera",
        "command": "does not apply to a proxy",
    }
    return unfit_browser_keys(client) | (own if client.is_proxy else {})


def _with_network(client: StackClient, keys: dict[str, Node], folder: Path) -> StackClient:
    network = read_network(keys["network"], folder)
    return replace(client, conditions=network.conditions, files=network.files, translated=network.translated)


# Keys that set several fields or depend on others; applied in this order.
_PUTTERS: dict[str, Callable[[StackClient, dict[str, Node], Path], StackClient]] = {
    "headless": lambda client, keys, _: replace(client, headless=_read_headless(keys["headless"], client)),
    "browser": with_browser,
    "ca": lambda client, keys, folder: replace(client, ca=read_ca(keys["ca"], folder)),
    "media": lambda client, keys, folder: replace(client, media=read_media(keys["media"], folder)),
    "network": _with_network,
    "ports": lambda client, keys, _: replace(client, ports=_read_ports(keys["ports"], client)),
}


def _read_kind(group: str, keys: dict[str, Node], folder: Path) -> StackClient:
    if "app" in keys:
        return _read_app(group, keys["app"])
    if "build" in keys:
        return _read_build(group, keys["build"], folder)
    image = read_image(keys["image"])
    return StackClient(name=group, group=group, app=image, image=image)


def _read_app(group: str, node: Node) -> StackClient:
    name = node.text("the name of an app")
    if name not in CLIENT_APPS:
        bundled = ", ".join(CLIENT_APPS)
        node.wrong(f"no such client app '{name}'{did_you_mean(name, CLIENT_APPS)}; bundled: {bundled}")
    app = CLIENT_APPS[name]
    relay = f"lab:{os.urandom(12).hex()}" if app.proxy else None
    return StackClient(name=group, group=group, app=name, image=app.image, headless=not app.screen, relay=relay)


def _refuse_stranger(keys: dict[str, Node], sfu: Sfu | ExternalSfu | None) -> None:
    """Raise WrongUse for a bundled client whose protocol the bundled media server does not speak."""
    app = CLIENT_APPS[keys["app"].written] if "app" in keys else None
    server = sfu.bundled if isinstance(sfu, Sfu) else None
    if app and app.speaks and server and app.speaks != server.speaks:
        keys["app"].wrong(f"{keys['app'].written} speaks {app.speaks}, but the sfu speaks {server.speaks}")


def _read_build(group: str, node: Node, folder: Path) -> StackClient:
    context = (folder / node.text("a folder")).resolve()
    if not (context / "Dockerfile").is_file():
        node.wrong(f"no Dockerfile in {context}")
    # The tag includes the folder, so that stacks with groups of the same name do not overwrite each other's image.
    image = f"synthlab/own-{group}:{short_hash(bytes(context))}"
    return StackClient(name=group, group=group, app=group, image=image, build=context)


def _read_headless(node: Node, client: StackClient) -> bool:
    if client.app in CLIENT_APPS and not CLIENT_APPS[client.app].screen:
        node.wrong(f"applies only to clients with a screen, and a {client.app} has none")
    return node.switch()


def _read_ports(node: Node, client: StackClient) -> Ports:
    keys = node.mapping(PORTS, "ports such as {api: 3001, vnc: 5902, cdp: 9222}")
    if "vnc" in keys and client.headless:
        keys["vnc"].wrong("requires a screen: set `headless: false`")
    if "cdp" in keys and client.app in CLIENT_APPS and not CLIENT_APPS[client.app].browser:
        keys["cdp"].wrong(f"applies only to browsers, and {client.app} is not one")
    for kind in ("proxy", "turn"):
        if kind in keys and not client.is_proxy:
            keys[kind].wrong("requires `app: proxy`")
    ports = Ports(**{kind: entry.whole(1, 65535) for kind, entry in keys.items()})
    numbers = list(ports.given.values())
    for number in numbers:
        if numbers.count(number) > 1:
            node.wrong(f"uses port {number} twice")
    return ports
