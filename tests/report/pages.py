"""Parses a page like a browser: its elements, and the figures in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from synthlab.report.figure import script

Attributes = dict[str, str | None]


@dataclass
class Page(HTMLParser):
    """`elements` are all start tags with their attributes; `texts` is the visible text; `scripts` are executable."""

    elements: list[tuple[str, Attributes]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    _inside: tuple[str, Attributes] = ("", {})

    @classmethod
    def of(cls, text: str) -> Page:
        page = cls()
        super(cls, page).__init__()
        page.feed(text)
        page.close()
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = (tag, dict(attrs))
        self.elements.append(self._inside)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ("", {})

    def handle_data(self, data: str) -> None:
        tag, attributes = self._inside
        if tag != "script":
            self.texts += [data] if tag != "style" and data.strip() else []
        elif attributes.get("type") == "application/json":
            self.figures[str(attributes["id"])] = json.loads(data)
        else:
            self.scripts.append(data)

    @property
    def text(self) -> str:
        """All visible text, with single spaces."""
        return " ".join(" ".join(self.texts).split())


def without_plotly(page: str) -> str:
    """The page without plotly.js, which contains URLs that nothing requests."""
    library = script()
    assert library in page
    return page.replace(library, "")
