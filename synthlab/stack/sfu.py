"""Reads the `sfu:` of a stack file: a bundled server, an image, a service of a Compose file, or an external server."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from syntheticnet.conditions import RATE

from ..contract import SFU_HOST
from ..errors import did_you_mean, no_such
from .apps import SFU_APPS, SfuApp
from .compose_source import ComposeFile
from .fields import read_address, read_command, read_env, read_image, read_version
from .measured import MEASURED_KEYS, check_measured
from .mistakes import Mistakes
from .model import ExternalSfu, Sfu
from .placement import read_placement
from .yaml import Node

THIS_MACHINE = "127.0.0.1"

_PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(?:tcp|udp))?")

_KINDS = ("app", "image", "service", "external")
_OWN = ("url", *MEASURED_KEYS, "env", "command", "network", "join", "ports", "placement")

# Keys allowed with each kind, and the error for all others.
_ALLOWED = {
    "app": ("version", "bitrate", "url", *MEASURED_KEYS, "env", "command", "network", "join", "placement"),
    "image": _OWN,
    "service": ("compose", "url", *MEASURED_KEYS, "network"),
    "external": ("metrics", "http"),
}
_REASONS = {
    "app": "requires `image`: a bundled sfu publishes the ports that `join` requires",
    "image": "requires a bundled app; for an image, set the tag",
    "service": "must be set in the service's Compose file",
    "external": "does not apply to an external sfu",
}
KEYS = tuple(dict.fromkeys((*_KINDS, "version", "bitrate", "compose", *_OWN)))


def read_sfu(node: Node, compose: ComposeFile | None) -> Sfu | ExternalSfu:
    """The media server, which may be a service of the stack's Compose project. Raises WrongUse with the line."""
    keys = node.mapping(what="an sfu such as {app: janus}")
    mistakes = Mistakes()
    with mistakes.noted():
        node.refuse_unknown(KEYS)
    kinds = [kind for kind in _KINDS if kind in keys]
    if len(kinds) != 1:
        mistakes.report()  # an unknown key may be the kind with a typo: one mistake, so one message
        node.wrong(f"needs exactly one of {', '.join(_KINDS)}")
    (kind,) = kinds
    for key in KEYS:
        if key in keys and key not in (kind, *_ALLOWED[kind]):
            with mistakes.noted():
                keys[key].wrong("requires a bundled app" if key == "bitrate" else _REASONS[kind])
    mistakes.report()
    with mistakes.noted():
        check_measured(node)
    with mistakes.noted():
        if kind == "external":
            sfu: Sfu | ExternalSfu = ExternalSfu(_read_page(keys["external"]))
        elif kind == "service":
            sfu = _read_service(keys, compose)
        else:
            sfu = _read_bundled(keys) if kind == "app" else _read_image(keys)
    with mistakes.noted():
        page = read_address(keys["url"]) if "url" in keys else None
    with mistakes.noted():
        own = _read_container(keys)
    mistakes.report()
    if isinstance(sfu, ExternalSfu):
        return sfu
    return replace(sfu, page=page or sfu.page, **own)


def _read_container(keys: dict[str, Node]) -> dict[str, Any]:
    """The fields of a server in a container."""
    mistakes, values = Mistakes(), dict[str, Any]()
    with mistakes.noted():
        values["env"] = read_env(keys["env"]) if "env" in keys else {}
    with mistakes.noted():
        values["command"] = read_command(keys["command"]) if "command" in keys else ()
    with mistakes.noted():
        values["join"] = _read_join(keys["join"]) if "join" in keys else THIS_MACHINE if "ports" in keys else None
    with mistakes.noted():
        values["placement"] = read_placement(keys["placement"]) if "placement" in keys else ()
    mistakes.report()
    return values


def _read_page(node: Node) -> str:
    page = read_address(node)
    if not page.startswith(("http://", "https://")):
        node.wrong(f"{page!r} is not an http:// or https:// URL")
    return page


def _read_bundled(keys: dict[str, Node]) -> Sfu:
    name = keys["app"].text("the name of an app")
    if name not in SFU_APPS:
        keys["app"].wrong(f"no such sfu app '{name}'{did_you_mean(name, SFU_APPS)}; bundled: {', '.join(SFU_APPS)}")
    app = SFU_APPS[name]
    version = read_version(keys["version"], app.version) if "version" in keys else app.version
    bitrate = _read_bitrate(keys["bitrate"], name, app) if "bitrate" in keys else None
    return Sfu(
        app=name,
        image=f"{app.image}:{version}",
        bundled=app,
        page=app.page,
        ports=app.ports,
        bitrate_bps=bitrate,
    )


def _read_bitrate(node: Node, name: str, app: SfuApp) -> int:
    """Cap in bit/s; 0: no cap."""
    if app.least_bitrate_bps is None:
        node.wrong(f"{name} does not support a bitrate")
    written = node.text("a rate such as 2mbit, or unlimited")
    try:
        rate = RATE.parse(written)
    except ValueError:
        node.wrong(f"{written!r} is not a rate such as 2mbit, or unlimited")
    if rate < app.least_bitrate_bps:
        node.wrong(f"{written!r} is below {RATE.format(app.least_bitrate_bps)}, the server's minimum")
    return 0 if math.isinf(rate) else round(rate)


def _read_image(keys: dict[str, Node]) -> Sfu:
    if "join" in keys and "ports" not in keys:
        keys["join"].wrong("requires the `ports` the image listens on, such as [7880, 50000-50050/udp]")
    image = read_image(keys["image"])
    return Sfu(app=image, image=image, ports=_read_ports(keys["ports"]) if "ports" in keys else ())


def _read_service(keys: dict[str, Node], compose: ComposeFile | None) -> Sfu:
    if compose is None:
        keys["service"].wrong("requires the service's Compose file, such as `compose: ./compose.yaml`")
    name = keys["service"].text("the name of a service")
    if name not in compose.services:
        keys["service"].wrong(no_such("service", name, compose.services, where=f" in {compose.shown_as}"))
    if SFU_HOST in compose.services.keys() - {name}:
        keys["service"].wrong(f"clients call {name} '{SFU_HOST}': rename the other service '{SFU_HOST}'")
    return Sfu(app=name, image="", service=name)


def _read_join(node: Node) -> str:
    try:
        return str(IPv4Address(node.text("an address")))
    except AddressValueError:
        node.wrong(f"{node.written!r} is not an IPv4 address of this machine, such as 127.0.0.1 or 192.168.1.5")


def _read_ports(node: Node) -> tuple[str, ...]:
    entries = node.items("a list of ports such as [7880, 50000-50050/udp]")
    for entry in entries:
        match = _PORT.fullmatch(entry.text("a port"))
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 0 < low <= high < 65536:
            entry.wrong(f"{entry.written!r} is not a port or port range such as 7880 or 50000-50050/udp")
    return tuple(entry.written for entry in entries)
