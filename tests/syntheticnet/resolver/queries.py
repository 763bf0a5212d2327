"""Queries and answers of DNS as the tests send and read them, written apart from the code that they test."""

from __future__ import annotations

import socket
from struct import pack, unpack_from
from typing import NamedTuple

A, AAAA, MX, HTTPS = 1, 28, 15, 65
OPT = b"\0" + pack("!HHIH", 41, 4096, 0, 0)


class Reply(NamedTuple):
    """What a resolver answered: result code, addresses, whether with EDNS, and TTL of the last address."""

    code: int
    addresses: list[str]
    edns: bool = False
    ttl: int = 0


def encoded(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def query(name: str, kind: int = A, number: int = 7, edns: bool = False) -> bytes:
    question = encoded(name) + pack("!HH", kind, 1)
    return pack("!HHHHHH", number, 0x0100, 1, 0, 0, int(edns)) + question + (OPT if edns else b"")


def answered(asked: bytes, addresses: list[str], more: bytes = b"") -> bytes:
    """A server's answer to a query without EDNS, with these IPv4 addresses and a TTL of 600 s."""
    rows = [pack("!HHHIH", 0xC00C, A, 1, 600, 4) + socket.inet_aton(address) for address in addresses]
    return asked[:2] + pack("!HHHHH", 0x8180, 1, len(rows), 0, 0) + asked[12:] + b"".join(rows) + more


def read(asked: bytes, message: bytes) -> Reply:
    """Check that a message answers the query, and read it."""
    number, flags, questions, answers, authorities, additional = unpack_from("!HHHHHH", message)
    end = 12 + len(asked[12:].partition(b"\0")[0]) + 5
    assert (number, questions, authorities) == (unpack_from("!H", asked)[0], 1, 0)
    assert flags & 0xFFF0 == 0x8180  # a response to a query with recursion desired, from a server that offers it
    assert message[12:end] == asked[12:end]
    addresses, ttl = [], 0
    for _ in range(answers):
        pointer, kind, family, ttl, length = unpack_from("!HHHIH", message, end)
        assert (pointer, family) == (0xC00C, 1)
        version = {A: socket.AF_INET, AAAA: socket.AF_INET6}[kind]
        addresses.append(socket.inet_ntop(version, message[end + 12 : end + 12 + length]))
        end += 12 + length
    edns = message[end : end + 3] == b"\0\0\x29"
    assert additional == edns
    return Reply(flags & 15, addresses, edns, ttl)
