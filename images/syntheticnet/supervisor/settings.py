"""PID 1's settings, read from the container's environment and checked before anything is changed."""

from __future__ import annotations

import json
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from mmap import PROT_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..allow import Allow
from ..api import qos
from ..conditions import Conditions, ConditionsError, FileContent
from ..conditions.files import Files
from ..firewall import INNERS
from .routing import DOCKERS, Routing
from .uplinks import Uplink, read_uplinks

if TYPE_CHECKING:
    from ..probes.probe import Probe

RUN = Path("/run/synthlab")
DEFAULT_ENTRY = "/opt/bin/entry"
QOS_SPEC = Path("/opt/etc/synthetic_network.json")
CONDITIONS = Path("/opt/etc/synthlab/conditions.json")
FILES = Path("/opt/etc/synthlab/files")
CERTIFICATE, TOKEN_DIGEST = Path("/run/secrets/synthlab.pem"), Path("/run/secrets/synthlab-token-digest")
API_PORT = 80
CONTROL_PORTS = (5901, 9222)
PROTOCOLS = ("ipv4", "dual", "ipv6")


class BadSettings(Exception):
    """An invalid environment variable; the message is one line."""


@dataclass(frozen=True)
class ApplicationUser:
    """The application's user; `name` is empty if the image has only the number."""

    uid: int
    gid: int
    name: str
    home: str


@dataclass(frozen=True)
class TlsSettings:
    """The control port for other machines. `certificate` is the file with certificate and key, both as PEM."""

    port: int
    certificate: Path
    token_digest: str


@dataclass(frozen=True)
class Settings:
    """How this container runs. `command` is empty if there is no application.

    `networks`: startup conditions by the name of each network, which are then conditioned one by one; empty: one
    network, with those of `startup`. `api_port` None: no API, so the startup conditions never change. `expires` is when
    the container stops (Unix time, s); None: never. With `ipv6_only` the application has no IPv4. With `self_control`
    it may change its own conditions. `screen_port` is the host's port of its screen; 0 if the engine has chosen it,
    None without a screen. `probes` are what it requests of others, to measure that. With `tls` no address is trusted,
    and whoever knows the lab's token has full access. `lan` is what a router routes for; None: this is no router.
    `uplinks` are the networks that a client can use, the first of them from the start; empty: it cannot change its
    network.
    """

    command: tuple[str, ...]
    user: ApplicationUser
    network: IPv4Network | IPv6Network | None
    startup: Conditions
    files: Mapping[str, FileContent]
    api_port: int | None
    ports: tuple[int, ...]
    name: str
    lab: str
    expires: float | None
    networks: Mapping[str, Conditions] = field(default_factory=dict)
    allow: Allow = Allow()
    ipv6_only: bool = False
    self_control: bool = False
    screen_port: int | None = None
    probes: tuple[Probe, ...] = ()
    tls: TlsSettings | None = None
    routing: Routing = DOCKERS
    lan: IPv4Network | None = None
    uplinks: tuple[Uplink, ...] = ()

    @classmethod
    def read(cls, environment: Mapping[str, str], arguments: Sequence[str]) -> Settings:
        """Read the environment and the container's command; raises BadSettings."""
        files = _files(FILES)
        api_port = _api_port(environment.get("SYNTHLAB_API_PORT", ""))
        tls = _tls(environment.get("SYNTHLAB_TLS_PORT", ""))
        return cls(
            command=_command(environment, arguments),
            user=read_user(environment),
            network=_network(environment.get("SYNTHETIC_NETWORK", "")),
            startup=_startup(environment.get("SYNTHLAB_CONDITIONS", ""), files),
            files=files.contents,
            api_port=api_port,
            ports=_ports(environment.get("SYNTHLAB_CONTROL_PORTS", ""), api_port, tls.port if tls else None),
            name=environment.get("SYNTHLAB_NAME", ""),
            lab=environment.get("SYNTHLAB_LAB", ""),
            expires=_expires(environment.get("SYNTHLAB_EXPIRES", "")),
            allow=_allow(environment.get("SYNTHLAB_ALLOW", "")),
            networks=_networks(environment.get("SYNTHLAB_NETWORKS", ""), files),
            ipv6_only=_ipv6_only(environment.get("SYNTHLAB_IP", "")),
            self_control=_self_control(environment),
            screen_port=_screen_port(environment.get("SYNTHLAB_SCREEN_PORT", "")),
            probes=_probes(environment.get("SYNTHLAB_PROBES", ""), api_port),
            tls=tls,
            routing=_routing(environment.get("SYNTHLAB_GATEWAY", ""), environment.get("SYNTHLAB_ROUTES", "")),
            lan=_lan(environment.get("SYNTHLAB_LAN", "")),
            uplinks=_uplinks(environment.get("SYNTHLAB_UPLINKS", "")),
        )


def _command(environment: Mapping[str, str], arguments: Sequence[str]) -> tuple[str, ...]:
    """The application's command, prefixed with the image's launcher `SYNTHLAB_WITHIN` (such as a virtual screen)."""
    command = _own_command(environment, arguments)
    return (*environment.get("SYNTHLAB_WITHIN", "").split(), *command) if command else ()


def _own_command(environment: Mapping[str, str], arguments: Sequence[str]) -> tuple[str, ...]:
    if environment.get("ENTRY"):
        return ("/bin/sh", "-c", f"exec {environment['ENTRY']}")
    if arguments:
        return tuple(arguments)
    return (DEFAULT_ENTRY,) if Path(DEFAULT_ENTRY).exists() else ()


def read_user(environment: Mapping[str, str]) -> ApplicationUser:
    """The application's user from `SYNTHLAB_USER`; raises BadSettings."""
    name, _, group = environment.get("SYNTHLAB_USER", "root").partition(":")
    if group and not group.isdecimal():
        raise BadSettings(f"SYNTHLAB_USER: {group!r} is not a group number; use USER or USER:GID, such as 1000:1000")
    try:
        entry = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except KeyError:
        if not name.isdecimal():
            raise BadSettings(f"SYNTHLAB_USER: no user {name!r} in this image") from None
        return ApplicationUser(int(name), int(group or name), "", "/")
    return ApplicationUser(entry.pw_uid, int(group or entry.pw_gid), entry.pw_name, entry.pw_dir)


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False) if text else None
    except ValueError:
        raise BadSettings(f"SYNTHETIC_NETWORK: {text!r} is not a subnet such as 172.18.0.0/16") from None


def _lan(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text) if text else None
    except ValueError as error:
        raise BadSettings(f"SYNTHLAB_LAN: {error}") from None


def _uplinks(text: str) -> tuple[Uplink, ...]:
    try:
        return read_uplinks(text)
    except ValueError as error:
        raise BadSettings(f"SYNTHLAB_UPLINKS: {error}") from None


def _routing(gateway: str, routes: str) -> Routing:
    """A router's address, and `LAN=ROUTER` for each lan behind another one."""
    where = "SYNTHLAB_GATEWAY"
    try:
        through = IPv4Address(gateway) if gateway else None
        where = "SYNTHLAB_ROUTES"
        pairs = [route.partition("=") for route in routes.split()]
        return Routing(through, {IPv4Network(lan): IPv4Address(router) for lan, _, router in pairs})
    except ValueError as error:
        raise BadSettings(f"{where}: {error}") from None


def _networks(text: str, files: Files) -> dict[str, Conditions]:
    """The conditions of each network by name, from JSON."""
    where = "SYNTHLAB_NETWORKS"
    try:
        networks = {name: Conditions().changed(values) for name, values in json.loads(text or "{}").items()}
        for conditions in networks.values():
            files.check(conditions)
    except ConditionsError as error:
        raise BadSettings(str(error.under(where))) from None
    except (ValueError, AttributeError) as error:
        raise BadSettings(f"{where}: not a JSON object of conditions by network: {error}") from None
    if len(networks) > len(INNERS):
        raise BadSettings(f"{where}: {len(networks)} networks; at most {len(INNERS)} are supported")
    return networks


def _api_port(text: str) -> int | None:
    """The port of the API; None for `off`."""
    if text == "off":
        return None
    if text and not (text.isdecimal() and 0 < int(text) < 65536):
        raise BadSettings(f"SYNTHLAB_API_PORT: {text!r} is not a port from 1 to 65535, or off")
    return int(text or API_PORT)


def _ports(text: str, *ours: int | None) -> tuple[int, ...]:
    """Ports that are never conditioned: the API's, and the named ones, by default screen and debugger."""
    words = text.replace(",", " ").split()
    if not all(word.isdecimal() and 0 < int(word) < 65536 for word in words):
        raise BadSettings(f"SYNTHLAB_CONTROL_PORTS: {text!r} is not a list of ports such as 80,5901")
    own = {port for port in ours if port}
    return tuple(sorted(own | set(map(int, words or CONTROL_PORTS))))


def _tls(text: str) -> TlsSettings | None:
    if not text:
        return None
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise BadSettings(f"SYNTHLAB_TLS_PORT: {text!r} is not a port from 1 to 65535")
    try:
        digest = TOKEN_DIGEST.read_text(encoding="ascii").strip()
        CERTIFICATE.open("rb").close()
    except (OSError, ValueError) as error:
        raise BadSettings(f"SYNTHLAB_TLS_PORT: requires the lab's secrets: {error}") from None
    return TlsSettings(int(text), CERTIFICATE, digest)


def _expires(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise BadSettings(f"SYNTHLAB_EXPIRES: {text!r} is not a Unix time in seconds") from None


def _allow(text: str) -> Allow:
    try:
        return Allow.parse(text.split())
    except ValueError as error:
        raise BadSettings(f"SYNTHLAB_ALLOW: {error}") from None


def _ipv6_only(text: str) -> bool:
    if text not in ("", *PROTOCOLS):
        raise BadSettings(f"SYNTHLAB_IP: {text!r} is not one of {', '.join(PROTOCOLS)}")
    return text == "ipv6"


def _self_control(environment: Mapping[str, str]) -> bool:
    """From `SYNTHLAB_SELF_CONTROL`; by default on in a container that belongs to no lab."""
    # In a lab, tests and verdicts rely on conditions that only the host sets. A container on its own belongs to whoever
    # started it, and that person may be sitting at the browser inside.
    text = environment.get("SYNTHLAB_SELF_CONTROL", "")
    if text not in ("", "0", "1"):
        raise BadSettings(f"SYNTHLAB_SELF_CONTROL: {text!r} is not 0 or 1")
    return text == "1" if text else not environment.get("SYNTHLAB_LAB")


def _screen_port(text: str) -> int | None:
    if text and not (text.isdecimal() and int(text) < 65536):
        raise BadSettings(f"SYNTHLAB_SCREEN_PORT: {text!r} is not a port from 0 to 65535")
    return int(text) if text else None


def _probes(text: str, api_port: int | None) -> tuple[Probe, ...]:
    if not text:
        return ()
    from ..probes.probe import read_probes

    try:
        probes = read_probes(text)
    except ValueError as error:
        raise BadSettings(f"SYNTHLAB_PROBES: {error}") from None
    if probes and api_port is None:
        raise BadSettings("SYNTHLAB_PROBES: requires the API, which SYNTHLAB_API_PORT turns off")
    return probes


def _files(folder: Path) -> Files:
    """The traces and tables shipped by the image or the stack."""
    files = Files()
    for path in sorted(folder.glob("*")):
        try:
            files.put(path.name, _text(path))
        except (OSError, ValueError) as error:
            raise BadSettings(f"{folder}: {error}") from None
    return files


def _text(path: Path) -> FileContent:
    """The content of a text file where it lies on disk, which takes no memory; raises OSError or ValueError."""
    path.read_text(encoding="utf-8")
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, prot=PROT_READ) if path.stat().st_size else b""


def _startup(text: str, files: Files) -> Conditions:
    """Startup conditions from the environment, else from their file, else from a `/qos` spec file."""
    where = "SYNTHLAB_CONDITIONS"
    try:
        if not text and CONDITIONS.exists():
            where, text = str(CONDITIONS), CONDITIONS.read_text(encoding="utf-8")
        if not text:
            where = str(QOS_SPEC)
            return qos.parse(_json(QOS_SPEC)) if QOS_SPEC.exists() else Conditions()
        conditions = Conditions().changed(json.loads(text))
        files.check(conditions)
        return conditions
    except ConditionsError as error:
        raise BadSettings(str(error.under(where))) from None
    except ValueError as error:
        raise BadSettings(f"{where}: not JSON: {error}") from None


def _json(path: Path) -> Any:
    return json.loads(path.read_text())
