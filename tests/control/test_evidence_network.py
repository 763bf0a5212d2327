"""Whose packets can be captured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.control.evidence_network import network_of
from synthlab.errors import SynthlabError, WrongUse
from synthlab.testing import fake_container


def test_whose_network() -> None:
    """A media server's network is held by a container beside it; one that is not conditioned has none to capture."""
    client = fake_container("call", "client1")
    server = replace(client, id="server", role="sfu", client="")
    companion = replace(client, id="companion", role="network", client="network")
    members = [server, companion, client]
    assert network_of("call", members, "sfu") is companion
    assert network_of("call", members, "client1") is client
    with pytest.raises(WrongUse, match="no client 'sfu' in lab 'call' has a network that can be captured"):
        network_of("call", [server, client], "sfu")
    with pytest.raises(SynthlabError, match="client1 does not run"):
        network_of("call", [replace(client, state="exited")], "client1")
