"""The nftables rules of a router: what its firewall lets pass, and its NAT.

Only UDP can be answered by others than those it was sent to; connections of TCP are made from inside. What a cone maps
is in maps of nftables, because a connection tracker knows an endpoint only together with its remote: `mapped` has the
external port of each inner endpoint, `inside` the reverse. They are written behind the translation, where a packet has
the port that the kernel chose, and expire together with the tracked connections.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..conditions import CONES, Nat

NAT_TABLE = "ip synthlab_nat"
LAN_SET = "inet synthlab lan"

_ENTRIES = 65535
_UDP = "meta l4proto udp"


@dataclass(frozen=True)
class RouterPorts:
    """A router's two interfaces: `lan` by its name in the container, `uplink` with the router's own address there."""

    lan: str
    uplink: str
    address: str


def routing_rules(inside: Sequence[str], uplink: str, hosts: Sequence[str], ports: Sequence[int]) -> str:
    """What the firewall lets pass besides: packets between the interfaces in `LAN_SET` and the uplink.

    `inside` are the lan's network and those behind further routers in it; no other sender is believed to be there.
    Nobody in the lan reaches the router itself, but by ping, and the `hosts` its control `ports`. Unsolicited UDP from
    outside is dropped before the connection tracker confirms it: the entry would take its port from the next mapping.
    """
    listed, networks = (f"{{ {', '.join(map(str, values))} }}" for values in (ports, inside))
    hosts_only = "\n        ".join(f"iifname @lan ip saddr {host} tcp dport {listed} accept" for host in hosts)
    return f"""
add set {LAN_SET} {{ type ifname; }}
add rule inet synthlab from_outside iifname @lan ip saddr {networks} accept
add rule inet synthlab to_outside oifname @lan ip daddr {networks} accept
add rule inet synthlab through iifname @lan oifname "{uplink}" accept
add rule inet synthlab through iifname "{uplink}" oifname @lan accept
add rule inet synthlab through iifname @lan oifname @lan accept
table inet synthlab {{
    chain to_router {{
        type filter hook input priority 0; policy accept;
        {hosts_only}
        iifname @lan meta l4proto icmp accept
        iifname @lan drop
        iifname "{uplink}" {_UDP} ct state new drop
    }}
}}
"""


def lan_rules(name: str | None) -> str:
    """Make the interface of this name the lan, or none."""
    flush = f"flush set {LAN_SET}\n"
    return flush + (f'add element {LAN_SET} {{ "{name}" }}\n' if name else "")


def nat_rules(nat: Nat, ports: RouterPorts) -> str:
    """All of a NAT, in place of what was there, with its mappings."""
    body = "\n".join(f"    {line}" for line in _table(nat, ports))
    return f"table {NAT_TABLE}\ndelete table {NAT_TABLE}\ntable {NAT_TABLE} {{\n{body}\n}}\n"


def _table(nat: Nat, ports: RouterPorts) -> Iterator[str]:
    if nat.kind == "none":
        return
    seconds = nat.mapping_timeout_ns // 10**9
    lasts = f"{{ unreplied : {seconds}, replied : {seconds} }}"
    yield f"ct timeout mapping {{ protocol udp; l3proto ip; policy = {lasts}; }}"
    if nat.kind in CONES:
        yield from _maps(seconds)
    yield from _chain("through", "filter hook forward priority 0; policy drop;", _through(ports))
    yield from _chain("to_inside", "nat hook prerouting priority -100;", _to_inside(nat, ports))
    yield from _chain("to_outside", "nat hook postrouting priority 100;", _to_outside(nat, ports))
    yield from _chain("remember", "filter hook postrouting priority 200;", _remember(nat, ports))


def _maps(seconds: int) -> Iterator[str]:
    dynamic = f"size {_ENTRIES}; flags dynamic,timeout; timeout {seconds}s;"
    yield f"map mapped {{ type ipv4_addr . inet_service : inet_service; {dynamic} }}"
    yield f"map inside {{ type inet_service : ipv4_addr . inet_service; {dynamic} }}"
    yield f"set taken {{ type inet_service; {dynamic} }}"
    yield f"set peers {{ type inet_service . ipv4_addr; {dynamic} }}"


def _through(ports: RouterPorts) -> Iterator[str]:
    yield f'{_UDP} ct timeout set "mapping"'
    yield f'iifname "{ports.lan}" oifname "{ports.uplink}" accept'
    yield "ct state established,related accept"
    yield "ct status dnat accept"


def _to_inside(nat: Nat, ports: RouterPorts) -> Iterator[str]:
    """What leads new packets to a mapped endpoint: filtering (RFC 4787, 5) is which of them it takes."""
    to = "dnat ip to udp dport map @inside"
    outside = f'iifname "{ports.uplink}" ip daddr {ports.address}'
    if nat.kind == "full-cone":
        yield f"{outside} {to}"
    if nat.kind == "restricted":
        yield f"{outside} udp dport . ip saddr @peers {to}"
    if nat.hairpin:
        yield f'iifname "{ports.lan}" ip daddr {ports.address} {to}'


def _to_outside(nat: Nat, ports: RouterPorts) -> Iterator[str]:
    for packets in _translated(nat, ports):
        if nat.kind in CONES:
            yield f"{packets} {_UDP} snat ip to {ports.address} : ip saddr . udp sport map @mapped"
        if nat.kind in CONES and nat.port_preserving:
            yield f"{packets} udp sport != @taken snat to {ports.address}"
            yield f"{packets} meta l4proto != udp snat to {ports.address}"
        yield f"{packets} snat to {ports.address} fully-random"


def _remember(nat: Nat, ports: RouterPorts) -> Iterator[str]:
    """What packets from inside map, and keep mapped (RFC 4787, REQ-6); they have their external port here."""
    for packets in _translated(nat, ports) if nat.kind in CONES else ():
        for direction in ("original", "reply"):
            inner = f"ct {direction} ip saddr . ct {direction} proto-src"
            sent = f"{packets} ct direction {direction} {_UDP}"
            yield f"{sent} update @mapped {{ {inner} : udp sport }}"
            yield f"{sent} update @inside {{ udp sport : {inner} }}"
            yield f"{sent} update @taken {{ udp sport }}"
            yield f"{sent} update @peers {{ udp sport . ip daddr }}"


def _translated(nat: Nat, ports: RouterPorts) -> Iterator[str]:
    """Which packets leave with the router's address: forwarded ones alone, as its own have it, and their own ports."""
    yield f'iifname "{ports.lan}" oifname "{ports.uplink}"'
    if nat.hairpin:
        yield f'iifname "{ports.lan}" oifname "{ports.lan}" ct status dnat'


def _chain(name: str, hook: str, rules: Iterator[str]) -> Iterator[str]:
    lines = list(rules)
    if lines:
        yield f"chain {name} {{"
        yield f"    type {hook}"
        yield from (f"    {line}" for line in lines)
        yield "}"
