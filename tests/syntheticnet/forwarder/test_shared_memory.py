"""SharedDocument: a document survives its writer, and is replaced atomically."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.forwarder.shared_memory import SharedDocument


@pytest.fixture
def store() -> Iterator[SharedDocument]:
    made = SharedDocument.create()
    yield made
    os.close(made.fd)


def test_is_empty_at_first(store: SharedDocument) -> None:
    """Before the first document there is none."""
    assert store.load() is None


def test_another_process_reads_what_was_saved_last(store: SharedDocument) -> None:
    """The document lives in the file descriptor, not in the object."""
    store.save({"conditions": {"egress": {"loss": "5%"}}})
    store.save({"conditions": {}})
    assert SharedDocument(store.fd).load() == {"conditions": {}}


def test_an_unfinished_write_leaves_the_document_valid(store: SharedDocument, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that dies before the last small write has changed nothing."""
    documents = [{"n": "x" * size} for size in (10, 500, 3, 80)]
    write = os.pwrite
    for document, following in pairwise(documents):
        store.save(document)
        monkeypatch.setattr(os, "pwrite", lambda fd, data, at: write(fd, data, at) if at else 0)
        store.save(following)
        monkeypatch.undo()
        assert store.load() == document


@given(st.lists(st.integers(0, 5000), max_size=30))
def test_memory_stays_within_a_few_documents(sizes: list[int]) -> None:
    """Documents of any size read back, and the space of old ones is reused."""
    store = SharedDocument.create()
    try:
        for size in sizes:
            document: Any = "x" * size
            store.save(document)
            assert store.load() == document
        assert os.fstat(store.fd).st_size <= 16 + 4 * (max(sizes, default=0) + 2)
    finally:
        os.close(store.fd)
