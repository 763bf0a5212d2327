"""Allow lists: parsing, and the addresses they admit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from syntheticnet.allow import Admitted, Allow


def test_words() -> None:
    """Networks, names and origins are recognised."""
    allow = Allow.parse(["192.168.1.0/24", "10.0.0.1", "fd00::/8", "client2", "https://app.example:8443"])
    assert allow.networks == tuple(map(ip_network, ("192.168.1.0/24", "10.0.0.1", "fd00::/8")))
    assert allow.names == ("client2",)
    assert allow.origins == ("https://app.example:8443",)
    assert not Allow.parse([])


@pytest.mark.parametrize("word", ["-", "https://", "a b", "https://app.example/page", "10.0.0.0/99"])
def test_other_words_are_refused(word: str) -> None:
    """The error quotes the invalid word."""
    with pytest.raises(ValueError, match="is not an address, a network, a container name, host or an origin"):
        Allow.parse([word])


@pytest.mark.parametrize(
    ("words", "host"),
    [((), True), (("client2",), True), (("10.0.0.0/8",), False), (("host", "10.0.0.0/8"), True)],
)
def test_the_host_beside_networks(words: Sequence[str], host: bool) -> None:
    """With networks allowed the host must be listed, because containers then appear with its address."""
    allow = Allow.parse(words)
    assert allow.host is host
    assert "host" not in allow.names


def test_who_is_admitted() -> None:
    """The host and the addresses in an allowed network are admitted."""
    admitted = Admitted(["172.18.0.1"], Allow.parse(["10.0.0.0/8"]))
    found = {peer for peer in ("172.18.0.1", "172.18.0.2", "10.1.2.3", "", "fd00::1") if peer in admitted}
    assert found == {"172.18.0.1", "10.1.2.3"}


class PageParameter:
    """A forwarder that stops the lookup loop after the first result."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    async def ask(self, op: str, *, addresses: Sequence[str]) -> object:
        self.addresses = list(addresses)
        raise asyncio.CancelledError


def test_names_are_looked_up() -> None:
    """The forwarder gets the addresses of names; one that does not resolve has none."""
    result, admitted = PageParameter(), Admitted([], Allow.parse(["127.0.0.1.invalid", "localhost"]))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(admitted.follow(result))
    assert "127.0.0.1" in result.addresses
    assert "127.0.0.1" in admitted
