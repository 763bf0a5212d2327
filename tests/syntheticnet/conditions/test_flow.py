"""Flow expressions: what they match, their written form, and shadowing."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.conditions import ConditionsError, FlowMatch
from syntheticnet.conditions.flow import ALLOWED, MEDIA, WITH_PORTS

from ..builders import exactly

PROTOCOL = "icmp, tcp, udp, icmpv6, sctp, stun, dtls, turn-channel, rtp, rtcp, a number up to 255, or *"


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
        ("*:rtcp", FlowMatch(protocol=17, media="rtcp")),
        ("*:STUN", FlowMatch(protocol=17, media="stun")),
        ("sfu:turn-channel", FlowMatch(name="sfu", protocol=17, media="turn-channel")),
        ("10.0.0.1:rtp:5004", FlowMatch(ip_network("10.0.0.1/32"), None, 17, 5004, 5004, "rtp")),
        ("[2001:db8::1]:dtls", FlowMatch(ip_network("2001:db8::1/128"), protocol=17, media="dtls")),
        ("*:rtp,pt=96", FlowMatch(protocol=17, media="rtp", payload_type=96)),
        ("*:rtp,ssrc=0x1234abcd", FlowMatch(protocol=17, media="rtp", ssrc=0x1234ABCD)),
        ("*:rtcp, SSRC = 305441741", FlowMatch(protocol=17, media="rtcp", ssrc=305441741)),
        ("*:rtp:*,pt=0,ssrc=0", FlowMatch(protocol=17, media="rtp", payload_type=0, ssrc=0)),
        ("*:rtp:5004,ssrc=1,pt=127", FlowMatch(None, None, 17, 5004, 5004, "rtp", 127, 1)),
    ],
)
def test_reads_every_form(expression: str, match: FlowMatch) -> None:
    """Host, protocol and ports are parsed in all documented forms."""
    assert FlowMatch.parse(expression) == match


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        (17, f"17 is not a flow: {ALLOWED}"),
        ("", f"'' is not a flow: {ALLOWED}"),
        ("2001:db8::1", f"'2001:db8::1' is not a flow: {ALLOWED}; did you mean [2001:db8::1]?"),
        ("*:udp:1:2", f"'*:udp:1:2' is not a flow: {ALLOWED}"),
        ("*:quic", f"'quic' is not a protocol: {PROTOCOL}"),
        ("*:256", f"'256' is not a protocol: {PROTOCOL}; did you mean *:*:256?"),
        ("*:srtp", f"'srtp' is not a protocol (did you mean rtp?): {PROTOCOL}"),
        ("*:turn", f"'turn' is not a protocol (did you mean turn-channel?): {PROTOCOL}"),
        (f"*:{'9' * 5000}", f"'{'9' * 5000}' is not a protocol: {PROTOCOL}"),
        ("*:rtp,pt=72", "'72' is not a payload type of RTP: 0 to 63 or 96 to 127 (RFC 5761)"),
        ("*:rtp,pt=128", "'128' is not a payload type of RTP: 0 to 63 or 96 to 127 (RFC 5761)"),
        ("*:rtp,pt", "'' is not a payload type of RTP: 0 to 63 or 96 to 127 (RFC 5761)"),
        ("*:rtp,ssrc=0x", "'0x' is not an SSRC: 0 to 4294967295, or as 0x1234abcd"),
        ("*:rtp,ssrc=4294967296", "'4294967296' is not an SSRC: 0 to 4294967295, or as 0x1234abcd"),
        ("*:rtp,sscr=1", "'sscr=1' is not a packet mark (did you mean ssrc?); expected pt=N or ssrc=N"),
        ("*:rtp,", "'' is not a packet mark; expected pt=N or ssrc=N"),
        ("*:rtp,pt=1,pt=2", "'pt=2' repeats pt; give it once"),
        ("*:rtcp,pt=96", "pt requires rtp, such as *:rtp,pt=96"),
        ("*,ssrc=96", "ssrc requires rtp or rtcp, such as *:rtp,ssrc=96"),
        ("*,pt=96:rtp", "pt requires rtp, such as *:rtp,pt=96"),
        ("*:tcp:x", "'x' is not a port or a range of ports from 0 to 65535, such as 443 or 1-1000"),
        ("*:tcp:9-1", "'9-1' is not a port or a range of ports from 0 to 65535, such as 443 or 1-1000"),
        ("*:tcp:65536", "'65536' is not a port or a range of ports from 0 to 65535, such as 443 or 1-1000"),
        ("*:icmp:80", "'icmp' has no ports; only tcp, udp and sctp do"),
        (
            "10.0.0.1/8",
            "'10.0.0.1/8' is not an address, network or name (10.0.0.1/8 has host bits set); did you mean 10.0.0.0/8?",
        ),
        (
            "10.0.0.256",
            "'10.0.0.256' is not an address, network or name "
            "('10.0.0.256' does not appear to be an IPv4 or IPv6 network)",
        ),
        ("-a", "'-a' is not an address, network or name ('-a' does not appear to be an IPv4 or IPv6 network)"),
    ],
)
def test_refuses_what_is_no_flow(expression: object, line: str) -> None:
    """Each error names the invalid part and what is allowed there."""
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
        ("*", "*:rtp", True),
        ("*:udp", "*:rtp", True),
        ("*:udp:5000-6000", "*:rtp:5004,pt=96", True),
        ("*:udp:5000", "*:rtp", False),
        ("*:tcp", "*:rtp", False),
        ("*:rtp", "*:udp", False),
        ("*:rtp", "*:rtcp", False),
        ("*:rtp", "*:rtp:5004,pt=96,ssrc=1", True),
        ("*:rtp,pt=96", "*:rtp", False),
        ("*:rtp,pt=96", "*:rtp,pt=97", False),
        ("*:rtp,pt=96", "*:rtp,pt=96,ssrc=1", True),
        ("*:rtp,ssrc=1", "*:rtp,pt=96,ssrc=1", True),
        ("*:rtp,ssrc=1", "*:rtcp,ssrc=1", False),
    ],
)
def test_knows_which_flow_hides_another(wide: str, narrow: str, covers: bool) -> None:
    """`covers` is true only if every packet of the other flow also matches."""
    assert FlowMatch.parse(wide).covers(FlowMatch.parse(narrow)) is covers


_NETWORKS = st.one_of(
    st.none(),
    st.builds(lambda a, n: IPv4Network((a, n), strict=False), st.integers(0, 2**32 - 1), st.integers(0, 32)),
    st.builds(lambda a, n: IPv6Network((a, n), strict=False), st.integers(0, 2**128 - 1), st.integers(0, 128)),
)


@pytest.mark.parametrize(
    ("expression", "shortest"),
    [
        ("*:rtp:*,ssrc=0x1234ABCD,pt=096", "*:rtp,pt=96,ssrc=305441741"),
        ("10.0.0.1/32:RTP:5004-5004", "10.0.0.1:rtp:5004"),
        ("[2001:db8:0::1]:rtcp:*", "[2001:db8::1]:rtcp"),
        ("*:17", "*:udp"),
    ],
)
def test_is_written_in_its_shortest_form(expression: str, shortest: str) -> None:
    """Two ways to write the same flow have one canonical form."""
    assert str(FlowMatch.parse(expression)) == shortest


_NAMES = st.one_of(st.none(), st.sampled_from(["sfu", "client-2.lab"]))


@st.composite
def _matches(draw: st.DrawFn) -> FlowMatch:
    """All valid flows."""
    network = draw(_NETWORKS)
    name = draw(_NAMES) if network is None else None
    media = draw(st.sampled_from([None, *MEDIA]))
    protocol = 17 if media else draw(st.sampled_from([None, 1, 6, 17, 47, 132]))
    low, high = sorted((draw(st.integers(0, 65535)), draw(st.integers(0, 65535))))
    if protocol not in (None, *WITH_PORTS):
        low, high = 0, 65535
    payload_type = draw(st.none() | st.integers(0, 63) | st.integers(96, 127)) if media == "rtp" else None
    ssrc = draw(st.none() | st.integers(0, 2**32 - 1)) if media in ("rtp", "rtcp") else None
    return FlowMatch(network, name, protocol, low, high, media, payload_type, ssrc)


@given(_matches())
def test_what_is_written_reads_back(match: FlowMatch) -> None:
    """`parse(str(match))` is the same match."""
    assert FlowMatch.parse(str(match)) == match


@given(st.text("*:,=-./[]0189afx srtpcud", max_size=20) | st.text(max_size=10))
def test_any_text_is_read_or_refused(text: str) -> None:
    """For any text the only error is a one-line ConditionsError, and a parsed flow can be written."""
    try:
        match = FlowMatch.parse(text)
    except ConditionsError as error:
        line = str(error)
    else:
        line = str(match)
        assert FlowMatch.parse(line) == match
    assert line.isprintable()


@pytest.mark.issue(10)
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("udp", "; did you mean *:udp?"),
        ("RTP", "; did you mean *:rtp?"),
        ("tcp:443", "; did you mean *:tcp:443?"),
        ("udp:53", "; did you mean *:udp:53?"),
        ("udp:1000-2000", "; did you mean *:udp:1000-2000?"),
        (":3478", "; did you mean *:*:3478?"),
        (":udp", "; did you mean *:udp?"),
        ("443", "; did you mean *:*:443?"),
        ("443/tcp", "; did you mean *:tcp:443?"),
        ("sfu/udp", "; did you mean sfu:udp?"),
        ("sfu udp 3478", "; did you mean sfu:udp:3478?"),
        ("sfu:443", "; did you mean sfu:*:443?"),
        ("10.0.0.1:443", "; did you mean 10.0.0.1:*:443?"),
        ("*:udp:1000,2000", "; these are 2 flows: *:udp:1000 and *:udp:2000"),
        ("tcp:443, 8443-8444", "; these are 2 flows: *:tcp:443 and *:tcp:8443-8444"),
        ("tcp,udp", "; these are 2 flows: *:tcp and *:udp"),
    ],
)
def test_what_is_meant(written: str, meant: str) -> None:
    """A common mistake is an error that suggests the intended flow."""
    with pytest.raises(ConditionsError) as refused:
        FlowMatch.parse(written)
    assert str(refused.value).endswith(meant)


def test_a_host_called_as_a_protocol() -> None:
    """Before a colon `udp` can be a host name, and its flow reads back."""
    match = FlowMatch.parse("udp:*")
    assert (match.name, str(match)) == ("udp", "udp:*")
    assert FlowMatch.parse(str(match)) == match
