"""Places a stack's containers: servers on the right of the lab's network, all others on the left of their own.

All lengths are CSS pixels; `y` is the middle of what it places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...stack import Stack
from .members import TopologyMember, members_of, servers_of

BOX_WIDTH, BOX_HEIGHT = 172, 48
ROW = 66
LINE = 212
"""From a box to the network on its right: room for the values of the link."""
STUB = 28
"""From a network to the router on its right."""
COLUMN = BOX_WIDTH + LINE + STUB
MARGIN, HEAD = 20, 28


@dataclass(frozen=True, slots=True)
class Box:
    member: TopologyMember
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class TopologyLink:
    """A line between a box and a network; `values` are written from `text_x` on."""

    x: float
    to: float
    y: float
    text_x: float = 0
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """A bar; whoever is linked to it reaches all others. Only the lab's own has a name."""

    x: float
    top: float
    bottom: float
    name: str = ""


@dataclass(slots=True)
class Layout:
    """Where everything is; `width` and `height` are of the whole."""

    width: float = 0
    height: float = 0
    boxes: list[Box] = field(default_factory=list)
    links: list[TopologyLink] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)


def laid_out(stack: Stack) -> Layout:
    """The places of everything in a stack."""
    return _Placing(members_of(stack), list(servers_of(stack)), stack.name).layout


class _Placing:
    """Walks the tree of uplinks from the lab's network down; each leaf takes the next row."""

    def __init__(self, members: Sequence[TopologyMember], servers: Sequence[TopologyMember], lab: str) -> None:
        self._members = members
        self._uplinks = {one.name: one.uplink for one in members}
        self._columns = max(map(self._depth, self._uplinks), default=1)
        self._rows = 0
        self.layout = Layout()
        self._place(servers, lab)

    def _depth(self, name: str) -> int:
        """How many networks are between it and the servers, the lab's included."""
        above = self._uplinks[name]
        return 1 if above is None else 1 + self._depth(above)

    def _place(self, servers: Sequence[TopologyMember], lab: str) -> None:
        network_x = MARGIN + self._columns * COLUMN - STUB
        ends = [self._place_member(one, network_x) for one in self._members if one.uplink is None]
        rows = max(self._rows, len(servers), 1)
        top = MARGIN + HEAD
        first = top + (rows - len(servers) + 1) * ROW / 2
        server_x = network_x + (LINE if any(one.values for one in servers) else STUB)
        for number, server in enumerate(servers):
            ends.append(self._place_server(server, network_x, server_x, first + number * ROW))
        middle = top + rows * ROW / 2
        low, high = min(ends, default=middle), max(ends, default=middle)
        self.layout.networks.append(Network(network_x, min(low, high - ROW / 2) - ROW / 4, high + ROW / 4, lab))
        self.layout.width = max([network_x, *(box.x + BOX_WIDTH for box in self.layout.boxes)]) + MARGIN
        self.layout.height = top + rows * ROW + MARGIN

    def _place_member(self, member: TopologyMember, network_x: float) -> float:
        """Place it, whoever is behind it, and its link to the network at `network_x`; returns its y."""
        y = self._place_router(member) if member.kind == "router" else self._next_row()
        x = self._x(member)
        self.layout.boxes.append(Box(member, x, y))
        self.layout.links.append(TopologyLink(x + BOX_WIDTH, network_x, y, x + BOX_WIDTH + 8, member.values))
        return y

    def _place_router(self, router: TopologyMember) -> float:
        """Place the network of a router and whoever is in it; returns the router's y."""
        x = self._x(router)
        inside = [one for one in self._members if one.uplink == router.name]
        ends = [self._place_member(one, x - STUB) for one in inside] or [self._next_row()]
        y = (ends[0] + ends[-1]) / 2
        self.layout.links.append(TopologyLink(x - STUB, x, y))
        self.layout.networks.append(Network(x - STUB, min(ends) - ROW / 4, max(ends) + ROW / 4))
        return y

    def _place_server(self, server: TopologyMember, network_x: float, x: float, y: float) -> float:
        self.layout.boxes.append(Box(server, x, y))
        self.layout.links.append(TopologyLink(network_x, x, y, network_x + 10, server.values))
        return y

    def _next_row(self) -> float:
        self._rows += 1
        return MARGIN + HEAD + (self._rows - 0.5) * ROW

    def _x(self, member: TopologyMember) -> float:
        """Each network has a column on its left, the lab's the last one."""
        return MARGIN + (self._columns - self._depth(member.name)) * COLUMN
