"""What the middleware adds to every answer."""

from __future__ import annotations

import time

from syntheticnet.firewall import CONTROL_PORT

from ..site import Site


def test_every_answer_carries_times(site: Site) -> None:
    """Headers carry the monotonic times the request arrived and the answer left."""
    before = time.monotonic_ns()
    answer = site.ask("GET", "/v1/state")
    came, left = (int(answer.headers[f"x-synthlab-{word}-ns"]) for word in ("received", "answered"))
    assert before < came < answer.json()["monotonic_ns"] < left < time.monotonic_ns()


def test_the_control_port_is_the_host(site: Site) -> None:
    """Whoever got past the firewall to the host's control port may change everything, although it is on loopback."""
    state = f"http://localhost:{CONTROL_PORT}/v1/state"
    assert site.ask("GET", state, "127.0.0.1").json()["may_change"] is True
    assert site.ask("PATCH", f"http://localhost:{CONTROL_PORT}/v1/conditions", "127.0.0.1", json={}).is_success
