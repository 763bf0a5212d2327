"""Flow expressions: what they match, how they are written, and which hide others."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.conditions import ConditionsError, FlowMatch
from syntheticnet.conditions.flow import ALLOWED

from .builders import exactly


@pytest.mark.parametrize(
    ("expression", "match"),
    [
        ("*", FlowMatch()),
        ("*:udp", FlowMatch(protocol=17)),
        ("*:tcp:80", FlowMatch(protocol=6, port_min=80, port_max=80)),
        ("*:UDP:1-1000", FlowMatch(protocol=17, port_min=1, port_max=1000)),
        ("10.0.0.1", FlowMatch(ip_network("10.0.0.1/32"))),
        ("10.0.0.0/8:icmp", FlowMatch(ip_network("10.0.0.0/8"), protocol=1)),
        ("[2001:db8::1]:udp", FlowMatch(ip_network("2001:db8::1/128"), protocol=17)),
        ("[2001:db8::/32]", FlowMatch(ip_network("2001:db8::/32"))),
        ("sfu:*:443", FlowMatch(name="sfu", port_min=443, port_max=443)),
        ("client-2.lab:132", FlowMatch(name="client-2.lab", protocol=132)),
        (" *:udp ", FlowMatch(protocol=17)),
    ],
)
def test_reads_every_form(expression: str, match: FlowMatch) -> None:
    """Host, protocol and ports are read in all the forms that are promised."""
    assert FlowMatch.parse(expression) == match


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        (17, f"17 is not a flow: {ALLOWED}"),
        ("", f"'' is not a flow: {ALLOWED}"),
        ("2001:db8::1", f"'2001:db8::1' is not a flow: {ALLOWED}"),
        ("*:udp:1:2", f"'*:udp:1:2' is not a flow: {ALLOWED}"),
        ("*:quic", "'quic' is not a protocol: icmp, tcp, udp, icmpv6, sctp, a number up to 255, or *"),
        ("*:256", "'256' is not a protocol: icmp, tcp, udp, icmpv6, sctp, a number up to 255, or *"),
        ("*:tcp:x", "'x' is not a port or a range of ports from 0 to 65535, such as 443 or 1-1000"),
        ("*:tcp:9-1", "'9-1' is not a port or a range of ports from 0 to 65535, such as 443 or 1-1000"),
        ("*:tcp:65536", "'65536' is not a port or a range of ports from 0 to 65535, such as 443 or 1-1000"),
        ("*:icmp:80", "'icmp' has no ports; those of tcp, udp and sctp can be given"),
        ("10.0.0.1/8", "'10.0.0.1/8' is not an address, network or name (10.0.0.1/8 has host bits set)"),
        (
            "10.0.0.256",
            "'10.0.0.256' is not an address, network or name "
            "('10.0.0.256' does not appear to be an IPv4 or IPv6 network)",
        ),
        ("-a", "'-a' is not an address, network or name ('-a' does not appear to be an IPv4 or IPv6 network)"),
    ],
)
def test_refuses_what_is_no_flow(expression: object, line: str) -> None:
    """Each refusal names the part that is wrong and what is allowed there."""
    with pytest.raises(ConditionsError, match=exactly(line)):
        FlowMatch.parse(expression)


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        ("*", "*:udp", True),
        ("*:udp", "*", False),
        ("*:udp", "*:udp:5000", True),
        ("*:udp:1-100", "*:udp:50-100", True),
        ("*:udp:1-100", "*:udp:50-101", False),
        ("*:*:80", "*:icmp", False),
        ("10.0.0.0/8", "10.1.0.0/16:tcp", True),
        ("10.1.0.0/16", "10.0.0.0/8", False),
        ("10.0.0.0/8", "*", False),
        ("0.0.0.0/0", "[::1]", False),
        ("[2001:db8::/32]", "[2001:db8::1]", True),
        ("sfu", "sfu:udp", True),
        ("sfu", "janus", False),
        ("*", "sfu", True),
        ("10.0.0.1", "sfu", False),
    ],
)
def test_knows_which_flow_hides_another(wide: str, narrow: str, covers: bool) -> None:
    """`covers` is true only where every packet of the other is also its own."""
    assert FlowMatch.parse(wide).covers(FlowMatch.parse(narrow)) is covers


_NETWORKS = st.one_of(
    st.none(),
    st.builds(lambda a, n: IPv4Network((a, n), strict=False), st.integers(0, 2**32 - 1), st.integers(0, 32)),
    st.builds(lambda a, n: IPv6Network((a, n), strict=False), st.integers(0, 2**128 - 1), st.integers(0, 128)),
)


@given(_NETWORKS, st.one_of(st.none(), st.sampled_from([6, 17, 132])), st.integers(0, 65535), st.integers(0, 65535))
def test_what_is_written_reads_back(
    network: IPv4Network | IPv6Network | None, protocol: int | None, one: int, other: int
) -> None:
    """`parse(str(match))` is the same match."""
    match = FlowMatch(network, None, protocol, min(one, other), max(one, other))
    assert FlowMatch.parse(str(match)) == match
