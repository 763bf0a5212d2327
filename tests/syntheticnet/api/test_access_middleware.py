"""What the middleware adds to every answer."""

from __future__ import annotations

import time

from ..site import Site


def test_every_answer_carries_times(site: Site) -> None:
    """Headers carry the monotonic times the request arrived and the answer left."""
    before = time.monotonic_ns()
    answer = site.ask("GET", "/v1/state")
    came, left = (int(answer.headers[f"x-synthlab-{word}-ns"]) for word in ("received", "answered"))
    assert before < came < answer.json()["monotonic_ns"] < left < time.monotonic_ns()
