"""Routers in stack files, and who sees whom behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from syntheticnet.conditions import Nat
from synthlab.errors import WrongUse
from synthlab.stack import Stack, read_stack
from synthlab.stack.uplinks import ends_that_see, refuse_hidden

from ..syntheticnet.builders import exactly

ROUTERS = """\
sfu: {app: janus}
routers:
  home: {nat: {kind: full-cone, hairpin: true}, network: {egress: {rate: 2mbit}}}
  flat: {uplink: home}
clients:
  ada: {app: bot, uplink: home}
  bob: {app: bot, count: 2, uplink: flat}
  out: {app: bot}
"""
UPLINKS = {"home": None, "flat": "home", "ada": "home", "bob": "flat", "out": None}


def read(folder: Path, text: str) -> Stack:
    file = folder / "lab.yaml"
    file.write_text(text)
    return read_stack(str(file), environment={})


def test_routers_are_read(tmp_path: Path) -> None:
    """Who is behind whom, with the NAT among the conditions; without one it is that of most homes."""
    stack = read(tmp_path, ROUTERS)
    assert stack.uplinks == {"ada": "home", "bob-1": "flat", "bob-2": "flat", "out": None, "home": None, "flat": "home"}
    home, flat = (stack.conditioned[name].conditions for name in ("home", "flat"))
    assert home.nat == Nat(kind="full-cone", hairpin=True)
    assert home.egress.rate_bps == 2_000_000
    assert flat.nat == Nat(kind="port-restricted")


def test_the_sfu_has_conditions_beside_routers(tmp_path: Path) -> None:
    """Its companion has the routes to lans without NAT."""
    assert read(tmp_path, ROUTERS).conditioned["sfu"].conditions.perfect
    assert "sfu" not in read(tmp_path, "sfu: {app: janus}\nclients: {a: {app: bot}}").conditioned


MISTAKES = {
    "unknown uplink of a client": (
        "routers: {home: {}}\nclients: {a: {image: x, uplink: hom}}",
        "2: clients.a.uplink: no router 'hom'; did you mean home?; there are: home",
    ),
    "no routers at all": (
        "clients: {a: {image: x, uplink: home}}",
        "1: clients.a.uplink: no router 'home'; the stack has no `routers`",
    ),
    "unknown uplink of a router": (
        "routers: {home: {uplink: isp}}\nclients: {a: {image: x}}",
        "1: routers.home.uplink: no router 'isp'; there are: home",
    ),
    "a router behind itself": (
        "routers: {home: {uplink: home}}\nclients: {a: {image: x}}",
        "1: routers.home.uplink: leads back to itself: home -> home; a chain of routers ends at one without `uplink`",
    ),
    "a cycle": (
        "routers: {home: {uplink: flat}, flat: {uplink: home}}\nclients: {a: {image: x}}",
        "1: routers.home.uplink: leads back to itself: home -> flat -> home; a chain of routers ends at one without ",
    ),
    "a client's name": (
        "routers: {a: {}}\nclients: {a: {image: x}}",
        "1: routers.a: is the name of a client, too: rename the router",
    ),
    "a name of the lab's own": (
        "routers: {sfu: {}}\nclients: {a: {image: x}}",
        "1: routers.sfu: 'sfu' is the name of the media server: rename the router",
    ),
    "unknown kind": (
        "routers: {home: {nat: symetric}}\nclients: {a: {image: x}}",
        "1: routers.home.nat: 'symetric' is not one of none, full-cone, restricted, port-restricted, symmetric; did "
        "you mean symmetric?",
    ),
    "unknown key": (
        "routers: {home: {upling: isp}}\nclients: {a: {image: x}}",
        "1: routers.home.upling: no such key; did you mean uplink?; allowed: uplink, nat, network",
    ),
    "NAT among the values of a network": (
        "clients: {a: {image: x, network: {nat: symmetric}}}",
        "1: clients.a.network.nat: no such key",
    ),
    "IPv6": (
        "ip: dual\nrouters: {home: {}}\nclients: {a: {image: x}}",
        "2: routers: routers route IPv4 only, and the stack has `ip: dual`: remove one of the two",
    ),
    "an external sfu": (
        "sfu: {external: 'https://x.example/'}\nrouters: {home: {}}\nclients: {a: {image: x}}",
        "2: routers: a lab with routers has no way to the Internet, where ",
    ),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    """Each mistake is found before anything starts, with its line and what is allowed."""
    with pytest.raises(WrongUse) as raised:
        read(tmp_path, text)
    assert raised.value.message.startswith(f"{tmp_path / 'lab.yaml'}:{message}")
    assert raised.value.details == ()


@pytest.mark.parametrize(
    ("sender", "receiver", "router"),
    [("out", "ada", "home"), ("ada", "bob", "flat"), ("out", "bob", "flat"), ("out", "flat", "home")],
)
def test_who_is_hidden(sender: str, receiver: str, router: str) -> None:
    """Nobody outside sees past a router, and everybody behind it sees all that is on the way up."""
    refuse_hidden(receiver, sender, UPLINKS)
    refuse_hidden(receiver, "sfu", UPLINKS)
    line = f"{receiver} is behind the router {router}, and {sender} does not see past it: nothing would arrive; "
    with pytest.raises(WrongUse, match=exactly(f"{line}send from {receiver} to {sender} instead")):
        refuse_hidden(sender, receiver, UPLINKS)


def test_which_end_of_a_partition_is_changed() -> None:
    """That which sees the other; if it has no conditions, the partition is refused."""
    assert ends_that_see("out", "ada", ["out", "ada"], UPLINKS) == ["ada"]
    assert ends_that_see("ada", "out", ["out", "ada"], UPLINKS) == ["ada"]
    assert ends_that_see("ada", "home", ["home", "ada"], UPLINKS) == ["ada"]
    line = "ada is behind the router home, and out does not see past it: partition home, or set an outage of ada"
    with pytest.raises(WrongUse, match=exactly(line)):
        ends_that_see("out", "ada", ["out"], UPLINKS)
