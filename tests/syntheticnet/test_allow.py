"""Allow lists: parsing."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from syntheticnet.allow import Allow


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
