"""What the environment of the container asks of PID 1, checked before anything is touched."""

from __future__ import annotations

import json
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from . import qos
from .conditions import Conditions, ConditionsError

DEFAULT_ENTRY = "/opt/bin/entry"
QOS_SPEC = Path("/opt/etc/synthetic_network.json")
CONTROL_PORTS = (80, 5901, 9222)


class BadSettings(Exception):
    """The environment asks for something that cannot be; reads as one line."""


@dataclass(frozen=True)
class User:
    """Who runs the application; `name` is empty where the image knows the number only."""

    uid: int
    gid: int
    name: str
    home: str


@dataclass(frozen=True)
class Settings:
    """How this container runs. `command` is empty where there is no application."""

    command: tuple[str, ...]
    user: User
    network: IPv4Network | IPv6Network | None
    startup: Conditions
    ports: tuple[int, ...]
    name: str
    lab: str

    @classmethod
    def read(cls, environment: Mapping[str, str], arguments: Sequence[str]) -> Settings:
        """From the environment and the container's command; raises BadSettings."""
        return cls(
            command=_command(environment, arguments),
            user=_user(environment.get("SYNTHLAB_USER", "root")),
            network=_network(environment.get("SYNTHETIC_NETWORK", "")),
            startup=_startup(environment.get("SYNTHLAB_CONDITIONS", "")),
            ports=_ports(environment.get("SYNTHLAB_CONTROL_PORTS", "")),
            name=environment.get("SYNTHLAB_NAME", ""),
            lab=environment.get("SYNTHLAB_LAB", ""),
        )


def _command(environment: Mapping[str, str], arguments: Sequence[str]) -> tuple[str, ...]:
    if environment.get("ENTRY"):
        return ("/bin/sh", "-c", f"exec {environment['ENTRY']}")
    if arguments:
        return tuple(arguments)
    return (DEFAULT_ENTRY,) if Path(DEFAULT_ENTRY).exists() else ()


def _user(text: str) -> User:
    name, _, group = text.partition(":")
    if group and not group.isdecimal():
        raise BadSettings(f"SYNTHLAB_USER: {group!r} is not the number of a group")
    try:
        entry = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except KeyError:
        if not name.isdecimal():
            raise BadSettings(f"SYNTHLAB_USER: no user {name!r} in this image") from None
        return User(int(name), int(group or name), "", "/")
    return User(entry.pw_uid, int(group or entry.pw_gid), entry.pw_name, entry.pw_dir)


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False) if text else None
    except ValueError:
        raise BadSettings(f"SYNTHETIC_NETWORK: {text!r} is not a subnet such as 172.18.0.0/16") from None


def _ports(text: str) -> tuple[int, ...]:
    words = text.replace(",", " ").split()
    if not all(word.isdecimal() and 0 < int(word) < 65536 for word in words):
        raise BadSettings(f"SYNTHLAB_CONTROL_PORTS: {text!r} is not a list of ports such as 80,5901")
    return tuple(sorted({80, *map(int, words)})) if words else CONTROL_PORTS


def _startup(text: str) -> Conditions:
    """Native conditions from the environment, or else a `/qos` spec from its file."""
    where = "SYNTHLAB_CONDITIONS" if text else str(QOS_SPEC)
    try:
        if text:
            return Conditions.from_dict(json.loads(text))
        return qos.parse(_json(QOS_SPEC)) if QOS_SPEC.exists() else Conditions()
    except ConditionsError as error:
        raise BadSettings(str(error.under(where))) from None
    except ValueError as error:
        raise BadSettings(f"{where}: not JSON: {error}") from None


def _json(path: Path) -> Any:
    return json.loads(path.read_text())
