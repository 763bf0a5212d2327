"""Records as Markdown, read back by a parser of GitHub's tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from synthlab.report.markdown import markdown_text
from synthlab.scenario.record import Record
from synthlab.text.escaping import MOST_CELL, shown
from synthlab.text.markdown import markdown_escaped

from . import records

READER = MarkdownIt("gfm-like", {"linkify": False})


def parts(markdown: str) -> list[tuple[str, str]]:
    """The headings and the cells of all rows, in order, with their text."""
    tokens = READER.parse(markdown)
    pairs = pairwise(tokens)
    return [
        (opening.tag, plain(text))
        for opening, text in pairs
        if opening.tag in ("h2", "h3", "th", "td") and text.children
    ]


def plain(inline: Token) -> str:
    """The text of a heading or a cell, which must contain no markup."""
    children = inline.children or []
    assert {child.type for child in children} <= {"text"}
    return "".join(child.content for child in children)


def cells(*given: Record) -> Iterator[str]:
    return (text for tag, text in parts(markdown_text(given)) if tag == "td")


def test_a_passed_run() -> None:
    """One row, and no table of expectations."""
    (heading, *_) = parts(markdown_text([records.dog()]))
    assert heading == ("h2", "✓ 1 passed")
    assert list(cells(records.dog())) == ["✓", "dog-chews-fiber", "passed", "7", "45s"]


def test_a_failed_run_shows_why() -> None:
    """Every expectation of that run with its result and the numbers that decided it."""
    text = markdown_text([records.dog(), records.failed()])
    headings = [text for tag, text in parts(text) if tag in ("h2", "h3")]
    assert headings == ["✗ 1 passed, 1 failed", "✗ dog-chews-fiber #2"]
    last = list(cells(records.failed()))[-4:]
    assert last[0] == "✗"
    assert last[1].startswith("recovers client1.video.client2.fps")
    assert last[2].startswith("did not hold within 0.1s")
    assert last[3] == "client1.video.client2.fps = 2.1 fps"


@given(st.text(max_size=60))
def test_nothing_in_a_text_is_markup(text: str) -> None:
    """A cell shows exactly the text, whatever it is."""
    header = "| a |\n| --- |\n"
    _, *found = parts(f"{header}| {markdown_escaped(text)} |\n")
    assert "".join(text for _, text in found) == shown(text, MOST_CELL).strip(" ")


def test_hostile_names() -> None:
    """A name cannot add a cell, a link, a mention or a picture."""
    name = "a | b ![x](http://evil.example) <img src=x> @team #1 `code` **bold** www.evil.example"
    (run,) = [text for text in cells(replace(records.dog(), scenario=name)) if text.startswith("a ")]
    assert run == name
