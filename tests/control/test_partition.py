"""Flows that a partition leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from synthlab.control.partition import still_passing
from synthlab.control.state import ClientState
from synthlab.testing import FakeClientApi

pytestmark = pytest.mark.issue(13)

CUT = {"ingress": {"outage": True}, "egress": {"outage": True}}
SLOW = {"egress": {"latency": "50ms"}}


def state(**flows: dict[str, Any]) -> ClientState:
    return FakeClientApi("web", {"flows": {name.replace("_", ":"): flow for name, flow in flows.items()}}).state()


@pytest.mark.parametrize(
    ("flows", "open_ones"),
    [
        ({"db": CUT}, []),
        ({"db_tcp_80": SLOW, "db": CUT}, ["db:tcp:80"]),
        ({"*_udp": SLOW, "db": CUT}, ["*:udp"]),
        ({"cache_tcp": SLOW, "db": CUT}, []),
        ({"db_tcp": {"ingress": {"reject": "reset"}, "egress": {"outage": True}}, "db": CUT}, []),
        ({"db_tcp": {"egress": {"outage": True}}, "db": CUT}, ["db:tcp"]),
        ({"db_tcp": {"egress": {"outage": True}}, "db": {"egress": {"outage": True}}}, []),
        ({"db_tcp": SLOW | {"muted": True}, "db": CUT}, []),
        ({"db_tcp": SLOW}, []),
    ],
)
def test_an_older_flow_is_named(flows: dict[str, Any], open_ones: list[str]) -> None:
    """A flow that is matched before the partition's and is not blocked itself; both for a service and its networks."""
    for name in ("web", "web@front"):
        lines = list(still_passing({name: state(**flows)}, "web", "db"))
        assert [line.split(": ")[1].split(" is ")[0] for line in lines] == open_ones
