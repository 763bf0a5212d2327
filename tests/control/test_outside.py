"""How people from outside take part in a lab, in one line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.control.outside import outside_line
from synthlab.engine.labels import PUBLISHED_PORTS
from synthlab.testing import fake_container

pytestmark = pytest.mark.issue(13)

PAGE = "http://127.0.0.1:8080/?name=you"


@pytest.mark.parametrize(
    ("open_ones", "line"),
    [
        ({}, None),
        ({"sfu": PAGE}, f"people from outside use {PAGE}; their network is not conditioned"),
        (
            {"web": PUBLISHED_PORTS, "db": PUBLISHED_PORTS},
            "people from outside use the published ports of web, db; their network is not conditioned",
        ),
        (
            {"web": PUBLISHED_PORTS, "sfu": PAGE},
            f"people from outside use {PAGE} and the published ports of web; their network is not conditioned",
        ),
    ],
)
def test_one_line(open_ones: dict[str, str], line: str | None) -> None:
    """Pages first, then all published ports; nothing if nobody can take part."""
    closed = fake_container("call", "client1")
    assert (
        outside_line([closed, *(replace(closed, client=name, outside=how) for name, how in open_ones.items())]) == line
    )
