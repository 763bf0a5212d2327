"""The addresses that allow lists admit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from syntheticnet.allow import Allow
from syntheticnet.api.admitted import Admitted


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
