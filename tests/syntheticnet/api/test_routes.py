"""The API's table, read without serving it."""

from __future__ import annotations

import socket
from collections import Counter

from syntheticnet.api.control_client import ControlClient
from syntheticnet.api.endpoint import Endpoint
from syntheticnet.api.routes import endpoints
from syntheticnet.api.state_answer import Identity
from syntheticnet.conditions import Conditions


def table() -> tuple[Endpoint, ...]:
    with socket.socket() as end:
        return endpoints(ControlClient(end), Identity("client1", "call", Conditions()))


def test_a_request_has_one_endpoint() -> None:
    """No method and path are listed twice: the router would never reach the second."""
    assert [row for row, count in Counter((one.method, one.path) for one in table()).items() if count > 1] == []


def test_every_endpoint_describes_itself() -> None:
    """Each has a summary; each but a redirect describes its answer; only methods that send one have a body."""
    for one in table():
        assert one.summary, one
        assert one.answer or one.path in ("/", "/control.html"), one
        assert not one.body or one.method in ("PATCH", "POST", "PUT"), one
