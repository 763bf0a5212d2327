"""A router's part of PID 1: what its firewall lets pass, and its NAT, by nftables in the container's own namespace."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network

from ..conditions import Nat
from ..firewall import NFT, put_rules, refusal_of
from .connections import forget_connections
from .control import NatServer, RouterAction
from .rules import RouterPorts, lan_rules, nat_rules, routing_rules


class Router:
    """Routes between the lan and the uplink, with the NAT that is in force.

    Docker may take an interface away and bring it back under another name: `see` follows it.
    """

    def __init__(self, lan_network: IPv4Network, uplink: str, startup: Nat, nft: str = NFT) -> None:
        self.lan_network = lan_network
        self.nat = startup
        self.server = NatServer(self._act)
        self._nft = nft
        self._ports = RouterPorts(lan="", uplink=uplink, address="")

    def start(self, hosts: Sequence[str], ports: Sequence[int], further: Iterable[IPv4Network] = ()) -> None:
        """Open the firewall for the lan; nothing is routed before `see`. Raises NoFirewall.

        `further` networks are behind other routers in the lan.
        """
        inside = [str(network) for network in (self.lan_network, *further)]
        put_rules(routing_rules(inside, self._ports.uplink, hosts, ports), self._nft)

    def see(self, lan: str | None, address: str | None) -> None:
        """Route between the interface `lan` and the uplink, where the router has `address`. Raises NoFirewall."""
        ports = dataclasses.replace(self._ports, lan=lan or "", address=address or "")
        if ports == self._ports:
            return
        put_rules(lan_rules(None), self._nft)
        self._ports = ports
        if lan and address:
            put_rules(nat_rules(self.nat, ports), self._nft)
            forget_connections()
            put_rules(lan_rules(lan), self._nft)

    def _act(self, action: RouterAction, nat: Nat) -> None:
        """Raises ValueError with one line, and changes nothing, if the kernel refuses."""
        said = refusal_of(nat_rules(nat, self._known()), self._nft, only_check=action == "check")
        if said is not None:
            raise ValueError(f"the kernel refuses the rules of {nat.kind}; nft: {said}")
        if action != "check":
            self.nat = nat
            forget_connections()

    def _known(self) -> RouterPorts:
        """The present interfaces; while one is away, names that rules can be checked with."""
        if self._ports.lan and self._ports.address:
            return self._ports
        return RouterPorts(lan="none", uplink=self._ports.uplink, address=str(self.lan_network[1]))
