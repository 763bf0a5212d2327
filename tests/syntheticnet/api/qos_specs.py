"""Specs in the `/qos` format."""

from __future__ import annotations

from hypothesis import strategies as st

PERFECT = {
    "rate": 10_000_000_000,
    "loss": 0.0,
    "latency": 0,
    "jitter": 0,
    "jitter_strength": 0.0,
    "reorder_packets": False,
}


_VALUES = st.fixed_dictionaries(
    {
        "rate": st.integers(1, 9_999_999_999) | st.just(10_000_000_000),
        "loss": st.floats(0, 1),
        "latency": st.integers(0, 60_000),
        "jitter": st.integers(0, 60_000),
        "jitter_strength": st.floats(0, 1),
        "reorder_packets": st.booleans(),
    }
)
_LINKS = st.fixed_dictionaries({"ingress": _VALUES, "egress": _VALUES})
_MATCHES = st.builds(
    lambda ip, protocol, one, other: {
        "ip": ip,
        "protocol": protocol,
        "port_min": min(one, other),
        "port_max": max(one, other),
    },
    st.just(0) | st.integers(0, 2**32 - 1),
    st.sampled_from([0, 6, 17, 132]),
    st.integers(0, 65535),
    st.integers(0, 65535),
)
_FLOWS = st.lists(
    st.fixed_dictionaries(
        {"label": st.from_regex(r"[A-Za-z0-9_]{1,9}", fullmatch=True), "flow": _MATCHES, "link": _LINKS}
    ),
    max_size=3,
    unique_by=lambda flow: str(flow["label"]),
)
SPECS = st.fixed_dictionaries({"default_link": _LINKS, "flows": _FLOWS})
