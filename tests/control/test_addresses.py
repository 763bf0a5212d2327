"""Addresses of a client."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.control.addresses import control_page, far_away, screen, shown_page
from synthlab.errors import SynthlabError
from synthlab.testing import fake_container

CLIENT = replace(fake_container("call", "client1"), ports={80: 3000, 5901: 5902})
SFU = replace(fake_container("call", ""), role="sfu", address="172.18.0.2")


def test_addresses() -> None:
    """The control page and the screen are on the host's own address."""
    assert (control_page(CLIENT), screen(CLIENT)) == ("http://127.0.0.1:3000/", "vnc://127.0.0.1:5902")


def test_shown_page() -> None:
    """The URL of a page on the lab's own server gets an address that the host can reach; others are unchanged."""
    own, other = "http://sfu:8080/?name=client1", "https://app.example/room?a=b"
    assert shown_page(CLIENT, {"SYNTHLAB_URL": own}, [SFU, CLIENT]) == "http://172.18.0.2:8080/?name=client1"
    assert shown_page(CLIENT, {"SYNTHLAB_URL": other}, [SFU, CLIENT]) == other


def test_what_there_is_not() -> None:
    """A client that is not running, has no screen or shows no page gives an error."""
    ended = replace(CLIENT, state="exited", status="Exited (1)", ports={})
    with pytest.raises(
        SynthlabError, match=r"client1 is not running \(Exited \(1\)\): start it with `synthlab restart client1`"
    ):
        control_page(ended)
    with pytest.raises(SynthlabError, match="is not running"):
        screen(ended)
    with pytest.raises(SynthlabError, match="client1 has no screen"):
        screen(fake_container("call", "client1"))
    with pytest.raises(SynthlabError, match="client1 shows no page"):
        shown_page(CLIENT, {}, [])


def test_an_address_that_leads_nowhere() -> None:
    """A local engine's client is closed by its `allow`, or not really local; another machine's needs a tunnel."""
    local = far_away(CLIENT, "http://127.0.0.1:3000/", "unix:///var/run/docker.sock").message
    assert "if `allow` in the stack names a network, add `host` to it" in local
    remote = far_away(CLIENT, "http://127.0.0.1:3000/", "ssh://me@big-machine").message
    assert "is on the engine's machine (ssh://me@big-machine)" in remote
    assert "`ssh -N -L 3000:127.0.0.1:3000 MACHINE`" in remote
