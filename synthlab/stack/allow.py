"""The `allow:` of a stack file: who, besides the host, may use the clients' control ports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network

from ..contract import SFU_HOST
from ..errors import did_you_mean
from .model import StackClient
from .yaml import Node

HOST = "host"

_ORIGIN = re.compile(r"https?://[^/?#\s@]+")


def read_allow(node: Node, clients: Mapping[str, StackClient]) -> Iterator[str]:
    """Networks, page origins and container names; a group expands to its clients."""
    for entry in node.items("a list such as [client2, 192.168.1.0/24, https://app.example]"):
        word = entry.text("a client, an address, a network or an origin")
        members = [client.name for client in clients.values() if word in (client.name, client.group)]
        if members:
            yield from members
        elif is_network(word) or _ORIGIN.fullmatch(word) or word in (HOST, SFU_HOST):
            yield word
        else:
            known = dict.fromkeys([*clients, *(client.group for client in clients.values()), HOST, SFU_HOST])
            what = "a client, an address, a network or an origin such as https://app.example"
            entry.wrong(f"{word!r} is not {what}{did_you_mean(word, known)}")


def is_network(word: str) -> bool:
    """Whether `word` is an address or a network, which may be outside this machine."""
    try:
        ip_network(word, strict=False)
    except ValueError:
        return False
    return True
