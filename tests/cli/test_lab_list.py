"""The table of `ls`, also for partly removed labs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.cli.lab_list import overviews_table
from synthlab.control.lab_list import overviews
from synthlab.engine.containers import Container
from synthlab.testing import fake_container

ONE = replace(fake_container("call", "client1"), created=1000)
TWO = replace(fake_container("call", "client2", index=2), created=1001)
ENDED = {"state": "exited", "status": "Exited (255) 3 minutes ago", "health": ""}


@pytest.mark.parametrize(
    ("containers", "state", "running"),
    [
        ([ONE, TWO], "up", 2),
        ([ONE, replace(TWO, health="starting")], "starting", 2),
        ([ONE, replace(TWO, **ENDED)], "broken", 1),  # type: ignore[arg-type]
        ([replace(ONE, **ENDED), replace(TWO, **ENDED)], "stopped", 0),  # type: ignore[arg-type]
        ([replace(ONE, state="created"), replace(TWO, state="created")], "stopped", 0),
        ([replace(ONE, expires=1059), replace(TWO, expires=1059)], "expired", 2),
        ([], "left over", 0),
    ],
)
def test_states(containers: list[Container], state: str, running: int) -> None:
    """A lab's state follows from its containers, also after an engine restart has stopped all of them."""
    (seen,) = overviews(["call"], containers, now=1060.0)
    assert (seen.state, seen.running, seen.clients) == (state, running, len(containers))


def test_table() -> None:
    """Every lab has a row with its age and the time it has left."""
    containers = [replace(one, expires=8260) for one in (ONE, TWO)] + [replace(ONE, lab="b", expires=1001)]
    assert overviews_table(overviews(["call", "b", "net"], containers, now=1060.0)).rows == [
        ("b", "call.yaml", "expired", "1/1", "1 min", "expired"),
        ("call", "call.yaml", "up", "2/2", "1 min", "2 h"),
        ("net", "-", "left over", "0/0", "-", "-"),
    ]


@pytest.mark.parametrize(
    ("containers", "state"),
    [
        ([], "starting"),
        ([replace(ONE, state="created"), replace(TWO, state="created")], "starting"),
        ([ONE, replace(TWO, health="starting")], "starting"),
        ([ONE, replace(TWO, **ENDED)], "broken"),  # type: ignore[arg-type]
        ([ONE, TWO], "up"),
    ],
)
def test_a_lab_that_is_being_brought_up(containers: list[Container], state: str) -> None:
    """It is listed from the first moment, also before it has a container; its lock outlives its start by a moment."""
    labs = {one.lab for one in containers}
    (seen,) = overviews(labs, containers, 1060.0, starting=["call"])
    assert (seen.lab, seen.state) == ("call", state)
