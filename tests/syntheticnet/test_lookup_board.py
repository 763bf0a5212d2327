"""The board between forwarder and resolver."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

import pytest

from syntheticnet.lookup_board import LookupBoard, SharedNote

pytestmark = pytest.mark.issue(17)

DNS = {"app.example": {"delay": "3s"}}


@pytest.fixture
def board() -> Iterator[LookupBoard]:
    board = LookupBoard()
    yield board
    board.close()


def rings(board: LookupBoard) -> bool:
    return bool(select.select([board.rung], [], [], 0)[0])


def test_only_a_change_rings(board: LookupBoard) -> None:
    """Nothing is started where `dns` is never set, and nobody is woken by what is in force already."""
    board.request({})
    assert not rings(board)
    board.request(DNS)
    assert rings(board)
    assert board.requested() == DNS
    assert not rings(board)
    board.request(DNS)
    assert not rings(board)
    board.request({})
    assert rings(board)
    assert board.requested() == {}


def test_several_networks() -> None:
    """What their forwarders request holds together; of a name in both, what the first network says."""
    board = LookupBoard(2)
    board.request({"a.example": {"delay": "1s"}, "b.example": {"delay": "1s"}}, 1)
    board.request({"a.example": {"answer": "nxdomain"}}, 0)
    assert board.requested() == {"a.example": {"answer": "nxdomain"}, "b.example": {"delay": "1s"}}
    board.request({}, 0)
    assert board.requested()["a.example"] == {"delay": "1s"}
    board.close()


def test_an_unread_board_never_blocks(board: LookupBoard) -> None:
    """Only what was requested last counts."""
    for number in range(3000):
        board.request({"app.example": {"delay": f"{number}ms"}})
    assert board.requested() == {"app.example": {"delay": "2999ms"}}
    assert not rings(board)


def test_nothing_is_published_at_first(board: LookupBoard) -> None:
    assert board.published() is None
    board.publish({"lookups": 3})
    assert board.published() == {"lookups": 3}


def test_a_reader_never_sees_half_a_note() -> None:
    """While another process writes as fast as it can."""
    note = SharedNote()
    values = [{"text": letter * length} for letter, length in (("a", 50), ("b", 5000), ("c", 50_000))]
    note.write(values[0])
    writer = os.fork()
    if not writer:
        while True:
            for value in values:
                note.write(value)
    try:
        seen = [note.read() for _ in range(2000)]
    finally:
        os.kill(writer, 9)
        os.waitpid(writer, 0)
    assert all(value in values for value in seen)
