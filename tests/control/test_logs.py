"""Logs of several containers as one stream."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from synthlab.control.logs import read_lines
from synthlab.engine.containers import Container, LogQuery
from synthlab.errors import SynthlabError
from synthlab.testing import FakeEngine, fake_container

WRITTEN = {"client1": [("1", "a"), ("3", "c")], "client2": [("2", "b"), ("4", "d")]}


class Writing(FakeEngine):
    """An engine with container logs."""

    def read_log(self, container: Container, query: LogQuery) -> Iterator[tuple[str, str]]:
        if container.client not in WRITTEN:
            raise SynthlabError("gone")
        yield from WRITTEN[container.client]


CONTAINERS = [fake_container("call", name) for name in WRITTEN]


def test_in_the_order_of_time() -> None:
    """Lines of several containers are ordered by time, each with its writer."""
    lines = read_lines(Writing(), CONTAINERS, LogQuery())
    assert [(line.writer, line.text) for line in lines] == [
        ("client1", "a"),
        ("client2", "b"),
        ("client1", "c"),
        ("client2", "d"),
    ]


def test_following_ends_with_the_containers() -> None:
    """With `follow`, all lines arrive, and the stream ends when all containers have."""
    assert sorted(line.text for line in read_lines(Writing(), CONTAINERS, LogQuery(follow=True))) == [
        "a",
        "b",
        "c",
        "d",
    ]


@pytest.mark.parametrize("follow", [False, True])
def test_failure(follow: bool) -> None:
    """An engine's error is raised, with and without `follow`."""
    with pytest.raises(SynthlabError, match="gone"):
        list(read_lines(Writing(), [fake_container("call", "x")], LogQuery(follow=follow)))
