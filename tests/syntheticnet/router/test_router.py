"""A router whose kernel refuses rules."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from syntheticnet.conditions import Nat
from syntheticnet.router.router import Router

from ..builders import exactly
from ..test_firewall import nft

FULL = Nat(kind="full-cone")


@pytest.fixture
def router(tmp_path: Path) -> Iterator[Router]:
    """Its nft refuses maps, as a kernel without them would."""
    lines = f"grep -q 'map mapped' {tmp_path}/rules || exit 0", "echo 'Error: no maps'", "exit 1"
    made = Router(IPv4Network("10.0.0.0/24"), "synth0", Nat(), nft(tmp_path, *lines))
    yield made
    made.server.close()


@pytest.mark.parametrize("action", ["check", "put"])
def test_what_the_kernel_refuses_changes_nothing(router: Router, action: str) -> None:
    """One line says which kind it is, and what nft says; the NAT is the one before."""
    line = "the kernel refuses the rules of full-cone; nft: Error: no maps"
    with pytest.raises(ValueError, match=exactly(line)):
        router._act("check" if action == "check" else "put", FULL)
    assert router.nat == Nat()


def test_a_check_loads_nothing(router: Router) -> None:
    """It leaves the NAT and its mappings as they are."""
    router._act("check", Nat(kind="symmetric"))
    assert router.nat == Nat()
