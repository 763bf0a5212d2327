"""The configuration of the proxy's TURN server."""

from __future__ import annotations

from ipaddress import ip_interface

import pytest

from proxy.turn import configuration, read_ipv6

pytestmark = pytest.mark.issue(13)

# As the kernel prints them: loopback, an address of the lab, a link-local one.
ADDRESSES = """\
00000000000000000000000000000001 01 80 10 80       lo
fd9e98956035dba20000000000000004 03 40 00 82   synth0
fe800000000000000042c0fffea8d004 03 40 20 82   synth0
"""
DENIED = ["denied-peer-ip=0.0.0.0-255.255.255.255", "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]


def peers(lines: list[str]) -> list[str]:
    return [line for line in lines if "peer-ip" in line]


def test_it_relays_within_the_lab_alone() -> None:
    """From its own addresses to the networks that these are in, and to no other address."""
    lines = configuration("lab:secret", [ip_interface("172.21.0.3/16"), ip_interface("fd00::3/64")]).splitlines()
    assert peers(lines) == [
        "allowed-peer-ip=172.21.0.0-172.21.255.255",
        "allowed-peer-ip=fd00::-fd00::ffff:ffff:ffff:ffff",
        *DENIED,
    ]
    assert [line for line in lines if line.startswith("relay-ip")] == ["relay-ip=172.21.0.3", "relay-ip=fd00::3"]
    assert "allocation-default-address-family=keep" in lines


def test_it_requires_the_credentials() -> None:
    """There is one user, no remote control, no relaying by TCP, and no server over UDP."""
    lines = configuration("lab:secret", [ip_interface("172.21.0.3/16")]).splitlines()
    assert {"lt-cred-mech", "user=lab:secret", "no-cli", "no-tcp-relay", "no-udp"} <= set(lines)


def test_a_lab_with_ipv6_alone() -> None:
    """Relays have IPv6 addresses, though the browser's connections come by IPv4."""
    own = list(read_ipv6(ADDRESSES))
    assert own == [ip_interface("fd9e:9895:6035:dba2::4/64")]
    lines = configuration("lab:secret", own).splitlines()
    assert {"allocation-default-address-family=ipv6", "listening-ip=0.0.0.0"} <= set(lines)


def test_without_a_network() -> None:
    """It relays to nobody."""
    assert peers(configuration("lab:secret", []).splitlines()) == DENIED
