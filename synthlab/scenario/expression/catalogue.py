"""The catalogue of numbers a lab measures: valid names, their dimensions and how samples are interpreted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...contract import SFU_HOST
from ...errors import did_you_mean, no_such
from ...stack import Sfu, Stack
from ...stack.apps import NO_NUMBERS

Dimension = Literal["rate", "time", "share", "number", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How to interpret a number. A sample times `scale` is in base units: bit/s, ms, or a share of 1.

    If its name implies no unit (`bare` is false), it can only be compared with a value that has one. Samples of an
    `averaged` number are means over the previous second. A `total` only grows, but may restart from 0.
    """

    dimension: Dimension = "number"
    scale: float = 1
    bare: bool = True
    averaged: bool = False
    total: bool = False


PLAIN = Measure()
COUNT = Measure(total=True)
NET = Measure()
"""A count that can fall: late and duplicate packets are subtracted from the lost ones (RFC 3550, 6.4.1)."""
FPS = Measure(averaged=True)
KBPS = Measure(dimension="rate", scale=1000, averaged=True)
# Not averaged: `available_kbps` is the browser's estimate of the moment.
LATEST_KBPS = Measure(dimension="rate", scale=1000)
MILLISECONDS = Measure(dimension="time")
SECONDS = Measure(dimension="time", scale=1000, total=True)
WORD = Measure(dimension="text")
RATE = Measure(dimension="rate", bare=False, averaged=True)
SHARE = Measure(dimension="share", bare=False, averaged=True)
DELAY = Measure(dimension="time", bare=False)
EVENNESS = Measure(dimension="share", averaged=True)
"""Jain's index of several rates: a share of 1, as a plain number."""
OWN = Measure()
"""A number that an application, service or server publishes; its dimension is unknown."""

Tree = Mapping[str, Any]

# Keys that match any name.
PARTICIPANT, ANY, FREE = "<participant>", "<name>", "<...>"

_PICTURE = {"kbps": KBPS, "fps": FPS, "frames": COUNT, "width": PLAIN, "height": PLAIN}
_ASKED = {"nack": COUNT, "pli": COUNT, "fir": COUNT, "lost": NET}
_TIMES = {"jitter_buffer_ms": MILLISECONDS, "rtt_ms": MILLISECONDS, "first_frame_ms": MILLISECONDS}
_FREEZES = {"dropped": COUNT, "freezes": COUNT, "freeze_s": SECONDS}
_SENT_VIDEO = {**_PICTURE, **_ASKED, "limited": WORD, "layers": {ANY: _PICTURE}}
_SENT_AUDIO = {"kbps": KBPS, "lost": NET}
_ACHIEVED = {
    **{"rate": RATE, "loss": SHARE, "packets": PLAIN},
    **dict.fromkeys(("delay_p50", "delay_p99", "queue_delay_p50", "queue_delay_p95"), DELAY),
}
_COUNTED = ("packets_in", "bytes_in", "packets_out", "bytes_out", "duplicated", "originated", "dropped_bytes")
_LINK = {**_ACHIEVED, **dict.fromkeys(_COUNTED, COUNT), "queued": PLAIN, "dropped": {ANY: COUNT}}
_LINKS = {"ingress": _LINK, "egress": _LINK}
_PATH = {
    **dict.fromkeys(("state", "local", "remote", "protocol", "relay_protocol"), WORD),
    "rtt_ms": MILLISECONDS,
    "available_kbps": LATEST_KBPS,
    "ice_restarts": COUNT,
}

TRAFFIC = "traffic"
_TRAFFIC = {ANY: {"rate": RATE, "fairness": EVENNESS, "flows": {ANY: {"rate": RATE}}}}

# WebRTC stats published by clients (images/chrome/stats.py and outbound_stats.py) and forwarder measurements.
CLIENT: Tree = {
    "video": {PARTICIPANT: {**_PICTURE, **_ASKED, **_FREEZES, **_TIMES}},
    "audio": {PARTICIPANT: {"kbps": KBPS, "lost": NET, "concealed": COUNT, **_TIMES}},
    "sent": {"video": _SENT_VIDEO, "audio": _SENT_AUDIO, "rtt_ms": MILLISECONDS},
    "sent_video": {ANY: _SENT_VIDEO},
    "sent_audio": {ANY: _SENT_AUDIO},
    "connections": {ANY: _PATH},
    "console": dict.fromkeys(("errors", "warnings", "exceptions", "failures"), COUNT),
    "page": {"problem": WORD},
    **_LINKS,
    "flows": {ANY: _LINKS},
    TRAFFIC: _TRAFFIC,
    "app": {FREE: OWN},
}
PROXY: Tree = {**_LINKS, "flows": {ANY: _LINKS}, TRAFFIC: _TRAFFIC, "app": {FREE: OWN}}
METRICS = "metrics"
_PROBE = {"ms": MILLISECONDS, "p50_ms": MILLISECONDS, "p95_ms": MILLISECONDS, "errors": COUNT, "skipped": COUNT}
MEASURED: Tree = {
    "http": {**_PROBE, "requests": COUNT, "status": PLAIN},
    "tcp": {**_PROBE, "connections": COUNT},
    METRICS: {FREE: OWN},
}
"""The numbers of whatever the stack has them measured of, by kind."""


@dataclass(frozen=True, slots=True)
class Known:
    """The names that expressions may use. `participants` is None if pages choose participant names freely.

    `conditioned` are the servers and services with conditions, `services` the latter alone. `proxies` are the clients
    without numbers of WebRTC. `numbers` are the probes and metrics that the stack has, such as `web.http`. If `own` is
    set, names without a client prefix refer to that client.
    """

    clients: tuple[str, ...]
    groups: tuple[str, ...] = ()
    participants: tuple[str, ...] | None = None
    conditioned: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    own: str = ""

    @classmethod
    def of(cls, stack: Stack) -> Known:
        clients = tuple(client.name for client in stack.clients)
        groups = tuple(dict.fromkeys(group for name, group in stack.groups.items() if group != name))
        sfu = stack.sfu if isinstance(stack.sfu, Sfu) else None
        # Only our own page names its participants after clients, and with `join` people from outside take part.
        alone = sfu is not None and sfu.bundled and not sfu.join
        return cls(
            clients,
            groups,
            participants=clients if alone else None,
            conditioned=tuple(stack.conditioned),
            services=tuple(
                name for service in stack.services if service.name != SFU_HOST for name in service.network_names
            ),
            proxies=tuple(client.name for client in stack.clients if client.is_proxy),
            numbers=stack.numbers,
        )

    @property
    def everyone(self) -> tuple[str, ...]:
        """What `all` means: the clients, and the conditioned services of a Compose project."""
        return self.clients + self.services

    @property
    def servers(self) -> tuple[str, ...]:
        """What can have numbers besides the clients: the media server, and all that is conditioned or measured."""
        measured = [number.rpartition(".")[0] for number in self.numbers]
        return tuple(
            dict.fromkeys((SFU_HOST, *self.conditioned, *(one for one in measured if one not in self.clients)))
        )

    def measured(self, name: str) -> Tree:
        """The numbers that the stack has measured of a client, service or server."""
        return {kind: tree for kind, tree in MEASURED.items() if f"{name}.{kind}" in self.numbers}


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a dotted name; a `quoted` one is not checked."""

    text: str
    quoted: bool = False


def whole(segments: tuple[Segment, ...], known: Known) -> tuple[Segment, ...]:
    """The full name, starting with a client or server."""
    if not known.own or segments[0].text in (*known.clients, *known.groups, *known.servers):
        return segments
    return (Segment(known.own), *segments)


def dotted(segments: Iterable[Segment]) -> str:
    """The name under which samples are recorded: without quotes."""
    return ".".join(segment.text for segment in segments)


def measure_of(segments: tuple[Segment, ...], known: Known) -> Measure:
    """The measure of a number; raises ValueError for a name that cannot exist, with the closest match."""
    first, rest = segments[0].text, segments[1:]
    if first in known.servers:
        tree = _server_tree(first, known, dotted(segments))
    elif first in known.clients:
        tree = {**_client_tree(first, known, segments), **known.measured(first)}
    else:
        _refuse_first(first, known)
    return _Walk(dotted(segments), first, known).into(tree, rest)


def _client_tree(client: str, known: Known, segments: tuple[Segment, ...]) -> Tree:
    if client not in known.proxies:
        return CLIENT
    if len(segments) > 1 and segments[1].text in CLIENT.keys() - PROXY.keys():
        raise ValueError(f"no such number '{dotted(segments)}'; {client} is a proxy: {NO_NUMBERS}")
    return PROXY


def _server_tree(server: str, known: Known, name: str) -> Tree:
    tree = {**(_LINKS if server in known.conditioned else {}), **known.measured(server)}
    if not tree:
        raise ValueError(f"no such number '{name}'; {server} has no `network`, probe or `metrics` in the stack")
    return tree


@dataclass(frozen=True, slots=True)
class _Walk:
    """Looks up one name in a tree."""

    name: str
    client: str
    known: Known

    def into(self, tree: Tree, rest: tuple[Segment, ...]) -> Measure:
        if not rest:
            raise ValueError(f"'{self.name}' is incomplete; append one of {_listed(tree)}")
        below = self._below(tree, rest[0])
        if isinstance(below, Measure):
            if len(rest) > 1 and FREE not in tree:
                raise ValueError(f"'{self.name}' is too long; remove '.{dotted(rest[1:])}'")
            return below
        return self.into(below, rest[1:])

    def _below(self, tree: Tree, segment: Segment) -> Any:
        if segment.text in tree:
            return tree[segment.text]
        if PARTICIPANT in tree:
            self._check_participant(segment)
        for wild in (PARTICIPANT, ANY, FREE):
            if wild in tree:
                return tree[wild]
        hint = did_you_mean(segment.text, tree)
        raise ValueError(f"no such number '{self.name}'{hint}; '{segment.text}' is not one of {_listed(tree)}")

    def _check_participant(self, segment: Segment) -> None:
        others = self.known.participants
        if segment.quoted or others is None:
            return
        if segment.text == self.client:
            raise ValueError(f"no such number '{self.name}': {self.client} does not receive itself")
        if segment.text not in others:
            raise ValueError(no_such("participant", segment.text, others))


def _listed(tree: Tree) -> str:
    return ", ".join(tree)


def _refuse_first(first: str, known: Known) -> Any:
    if first in known.groups:
        members = ", ".join(name for name in known.clients if name.startswith(f"{first}-"))
        raise ValueError(f"'{first}' is a group; name one of its clients: {members}")
    names = (*known.clients, *known.servers)
    raise ValueError(no_such("client", first, names))
